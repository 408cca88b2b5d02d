"""What in particular was wrong with a refused page, and what helps then, in the page's language.

The reader says it in an English sentence, which stands in its readings; here each such sentence is known by a pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webapp.language import current_language, gettext


@dataclass(frozen=True, slots=True)
class Particular:
    """What is told of one thing that can be wrong.

    Attributes:
        pattern: Matches the reader's whole sentence; its groups are the values to fill in.
        words: The sentence for the coordinator.
        remedy: What helps in this case; None where the remedy of the refusal's code does.
        alone: Whether the sentence says it all: what the code says in general would mislead beside it.
    """

    pattern: str
    words: Callable[[Mapping[str, str]], str]
    remedy: Callable[[], str] | None = None
    alone: bool = False


_SIZE = r"(?P<width>[\d,]+) × (?P<height>[\d,]+)"


def _one_page_alone() -> str:
    return gettext("Scan one page at a time, so that nothing of another sheet is in the picture.")


def _smooth_it() -> str:
    return gettext("Smooth the paper out and scan it again, or photograph it lying flat, straight from above.")


PARTICULARS = (
    Particular(
        "There are several page codes in the picture.",
        lambda _: gettext("There are several page codes in the picture, so nobody can tell which page is meant."),
        _one_page_alone,
        alone=True,
    ),
    Particular(
        "The corner marks belong to different pages.",
        lambda _: gettext("The corner marks in the picture belong to different pages."),
        _one_page_alone,
        alone=True,
    ),
    Particular(
        r"The code says page (?P<code>\d+), the corner marks say page (?P<marks>\d+).",
        lambda v: gettext("The page code says page %(code)s, the corner marks say page %(marks)s.", **v),
        lambda: gettext(
            "Two pages probably lay over each other: part them and scan each alone. If it is one page, enter it by"
            " hand from the picture."
        ),
        alone=True,
    ),
    Particular(
        "The code belongs to a page of another size.",
        lambda _: gettext("The page code belongs to a page of another size than the corner marks."),
        lambda: gettext("Scan slips and whole sheets apart, so that none lies over another."),
        alone=True,
    ),
    Particular(
        r"(?P<count>\d) of 4 were found.",
        lambda v: gettext(
            "Of the four corner marks %(count)s could be found, so nothing on the page can be placed.", **v
        ),
        alone=True,
    ),
    Particular(
        "2 of 4 were found, and the print doesn't show where the page lies.",
        lambda _: gettext(
            "Only two of the four corner marks could be found, and the print does not show where the page lies."
        ),
        alone=True,
    ),
    Particular(
        "Those found don't lie as on a sheet.",
        lambda _: gettext("Corner marks were found, but they don't lie as on a flat sheet."),
        _smooth_it,
        alone=True,
    ),
    Particular(
        "Those found don't lie as on a flat slip.",
        lambda _: gettext("Corner marks were found, but they don't lie as on a flat slip."),
        _smooth_it,
        alone=True,
    ),
    Particular(
        r"Its page code names the layout (?P<layout>\S+).",
        lambda v: gettext("Its page code names the printed form %(layout)s.", **v),
    ),
    Particular(r"It is page (?P<page>\d+) of a sheet.", lambda v: gettext("It is page %(page)s of a sheet.", **v)),
    Particular(r"It is (?P<width>\d+) pixels wide.", lambda v: gettext("It is %(width)s pixels wide.", **v)),
    Particular(f"It has {_SIZE} pixels.", lambda v: gettext("It has %(width)s × %(height)s pixels.", **v)),
    Particular(r"It has (?P<dpi>\d+) dpi.", lambda v: gettext("It has %(dpi)s dpi.", **v)),
    Particular(
        r"Reading this image made the reader stop, or kept it busy for more than (?P<seconds>\d+) seconds.",
        lambda v: gettext(
            "Reading this picture made the reader stop, or kept it busy for more than %(seconds)s seconds.", **v
        ),
        lambda: gettext("Scan the page again, or save the file in another format, such as PNG."),
        alone=True,
    ),
    Particular(
        "It is a HEIC photo, and this program was installed without its extra for those.",
        lambda _: gettext("It is a HEIC photo, and Kryssklick was installed here without its extra for those."),
        lambda: gettext(
            "Set the phone to its most compatible format, or ask whoever runs the computer to install the extra “heic”."
        ),
        alone=True,
    ),
    Particular(
        f"It is a HEIC photo of {_SIZE} pixels.",
        lambda v: gettext("It is a HEIC photo of %(width)s × %(height)s pixels.", **v),
        lambda: gettext("Take the photo with at most 24 megapixels, or scan the page at 300 dpi."),
    ),
    Particular(
        f"It is a progressive JPEG of {_SIZE} pixels.",
        lambda v: gettext("It is a progressive JPEG of %(width)s × %(height)s pixels.", **v),
        lambda: gettext("Save it as an ordinary JPEG (baseline) or smaller, or scan the page at 300 dpi."),
    ),
    Particular(
        f"It is a TIFF of {_SIZE} pixels in colour or gray.",
        lambda v: gettext("It is a TIFF of %(width)s × %(height)s pixels in colour or gray.", **v),
    ),
    Particular(
        r"It has more than (?P<pages>[\d,]+) pages, the most that is read of one file.",
        lambda v: gettext("It has more than %(pages)s pages, the most that is read of one file.", **v),
        lambda: gettext("Split it into several files."),
    ),
    Particular(
        r"The file has (?P<size>\d+) MB.",
        lambda v: gettext("The file has %(size)s MB.", **v),
        lambda: gettext("Split it into several files."),
    ),
    Particular("It has no bytes at all.", lambda _: gettext("It is empty.")),
    Particular("It has no pixels.", lambda _: gettext("There is no picture in it.")),
    Particular("It is a PDF without a page.", lambda _: gettext("It is a PDF without a page.")),
    Particular("This page of the PDF can't be opened.", lambda _: gettext("This page of the PDF can't be opened.")),
    Particular("This page of the PDF has no size.", lambda _: gettext("This page of the PDF has no size.")),
    Particular("This page of the TIFF can't be found.", lambda _: gettext("This page of the TIFF can't be found.")),
    Particular("It begins as a TIFF but breaks off.", lambda _: gettext("It begins as a TIFF but breaks off.")),
    Particular(
        "It begins as a HEIC photo but breaks off.", lambda _: gettext("It begins as a HEIC photo but breaks off.")
    ),
    Particular("The picture breaks off before its end.", lambda _: gettext("The picture breaks off before its end.")),
    Particular(
        "Its pixels are other than its header tells.",
        lambda _: gettext("The picture has another size than the file says."),
    ),
)
"""Every sentence of the reader; a test walks all that it can say."""


def in_particular(detail: str, what: str, remedy: str) -> tuple[str, str]:
    """Put what was wrong in particular into what is told of a refusal.

    Args:
        detail: The reader's sentence; empty where the code says it all.
        what: What the code says in general.
        remedy: What helps in general.

    Returns:
        What is told, and what helps. A sentence that is not known here, as of a later reader, is told as it is.
    """
    for one in PARTICULARS:
        found = re.fullmatch(one.pattern, detail)
        if found is not None:
            said = one.words({name: _figure(value) for name, value in found.groupdict().items()})
            return said if one.alone else f"{what} {said}", one.remedy() if one.remedy is not None else remedy
    return f"{what} {detail}".strip(), remedy


def _figure(value: str) -> str:
    """Return a number as the page's language writes it: in Swedish thousands are parted by a space."""
    return value.replace(",", "\N{NO-BREAK SPACE}") if current_language() == "sv" else value
