"""What in particular was wrong with a refused page, and what helps then.

The reader says it in an English sentence, which stands in its readings; here each such sentence is known by a pattern.
What is told of it stands here in English; the desk brings its translation along.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


def _(text: str) -> str:
    """Mark a text for the catalogues of the interface."""
    return text


@dataclass(frozen=True, slots=True)
class Particular:
    """What is told of one thing that can be wrong.

    Attributes:
        pattern: Matches the reader's whole sentence; its groups are the values to fill in.
        words: The sentence for the coordinator.
        remedy: What helps in this case; empty where the remedy of the refusal's code does.
        alone: Whether the sentence says it all: what the code says in general would mislead beside it.
    """

    pattern: str
    words: str
    remedy: str = ""
    alone: bool = False


_SIZE = r"(?P<width>[\d,]+) × (?P<height>[\d,]+)"


_ONE_PAGE_ALONE = _("Scan one page at a time, so that nothing of another sheet is in the picture.")
_SMOOTH_IT = _("Smooth the paper out and scan it again, or photograph it lying flat, straight from above.")
_SPLIT_IT = _("Split it into several files.")

PARTICULARS = (
    Particular(
        "There are several page codes in the picture.",
        _("There are several page codes in the picture, so nobody can tell which page is meant."),
        _ONE_PAGE_ALONE,
        alone=True,
    ),
    Particular(
        "The corner marks belong to different pages.",
        _("The corner marks in the picture belong to different pages."),
        _ONE_PAGE_ALONE,
        alone=True,
    ),
    Particular(
        r"The code says page (?P<code>\d+), the corner marks say page (?P<marks>\d+).",
        _("The page code says page %(code)s, the corner marks say page %(marks)s."),
        _(
            "Two pages probably lay over each other: part them and scan each alone. If it is one page, enter it by"
            " hand from the picture."
        ),
        alone=True,
    ),
    Particular(
        "The code belongs to a page of another size.",
        _("The page code belongs to a page of another size than the corner marks."),
        _("Scan slips and whole sheets apart, so that none lies over another."),
        alone=True,
    ),
    Particular(
        r"(?P<count>\d) of 4 were found.",
        _("Of the four corner marks %(count)s could be found, so nothing on the page can be placed."),
        alone=True,
    ),
    Particular(
        "2 of 4 were found, and the print doesn't show where the page lies.",
        _("Only two of the four corner marks could be found, and the print does not show where the page lies."),
        alone=True,
    ),
    Particular(
        "Those found don't lie as on a sheet.",
        _("Corner marks were found, but they don't lie as on a flat sheet."),
        _SMOOTH_IT,
        alone=True,
    ),
    Particular(
        "Those found don't lie as on a flat slip.",
        _("Corner marks were found, but they don't lie as on a flat slip."),
        _SMOOTH_IT,
        alone=True,
    ),
    Particular(
        r"Its page code names the layout (?P<layout>\S+).",
        _("Its page code names the printed form %(layout)s."),
    ),
    Particular(r"It is page (?P<page>\d+) of a sheet.", _("It is page %(page)s of a sheet.")),
    Particular(r"It is (?P<width>\d+) pixels wide.", _("It is %(width)s pixels wide.")),
    Particular(f"It has {_SIZE} pixels.", _("It has %(width)s × %(height)s pixels.")),
    Particular(r"It has (?P<dpi>\d+) dpi.", _("It has %(dpi)s dpi.")),
    Particular(
        r"Reading this image made the reader stop, or kept it busy for more than (?P<seconds>\d+) seconds.",
        _("Reading this picture made the reader stop, or kept it busy for more than %(seconds)s seconds."),
        _("Scan the page again, or save the file in another format, such as PNG."),
        alone=True,
    ),
    Particular(
        "It is a HEIC photo, and this program was installed without its extra for those.",
        _("It is a HEIC photo, and Kryssklick was installed here without its extra for those."),
        _("Set the phone to its most compatible format, or ask whoever runs the computer to install the extra “heic”."),
        alone=True,
    ),
    Particular(
        f"It is a HEIC photo of {_SIZE} pixels.",
        _("It is a HEIC photo of %(width)s × %(height)s pixels."),
        _("Take the photo with at most 24 megapixels, or scan the page at 300 dpi."),
    ),
    Particular(
        f"It is a progressive JPEG of {_SIZE} pixels.",
        _("It is a progressive JPEG of %(width)s × %(height)s pixels."),
        _("Save it as an ordinary JPEG (baseline) or smaller, or scan the page at 300 dpi."),
    ),
    Particular(
        f"It is a TIFF of {_SIZE} pixels in colour or gray.",
        _("It is a TIFF of %(width)s × %(height)s pixels in colour or gray."),
    ),
    Particular(
        r"It has more than (?P<pages>[\d,]+) pages, the most that is read of one file.",
        _("It has more than %(pages)s pages, the most that is read of one file."),
        _SPLIT_IT,
    ),
    Particular(
        r"The file has (?P<size>\d+) MB.",
        _("The file has %(size)s MB."),
        _SPLIT_IT,
    ),
    Particular("It has no bytes at all.", _("It is empty.")),
    Particular("It has no pixels.", _("There is no picture in it.")),
    Particular("It is a PDF without a page.", _("It is a PDF without a page.")),
    Particular("This page of the PDF can't be opened.", _("This page of the PDF can't be opened.")),
    Particular("This page of the PDF has no size.", _("This page of the PDF has no size.")),
    Particular("This page of the TIFF can't be found.", _("This page of the TIFF can't be found.")),
    Particular("It begins as a TIFF but breaks off.", _("It begins as a TIFF but breaks off.")),
    Particular("It begins as a HEIC photo but breaks off.", _("It begins as a HEIC photo but breaks off.")),
    Particular("The picture breaks off before its end.", _("The picture breaks off before its end.")),
    Particular(
        "Its pixels are other than its header tells.",
        _("The picture has another size than the file says."),
    ),
)
"""Every sentence of the reader; a test walks all that it can say."""


def in_particular(
    detail: str, what: str, remedy: str, say: Callable[[str], str] = str, figure: Callable[[str], str] = str
) -> tuple[str, str]:
    """Put what was wrong in particular into what is told of a refusal.

    Args:
        detail: The reader's sentence; empty where the code says it all.
        what: What the code says in general.
        remedy: What helps in general.
        say: Translates a text.
        figure: Writes a number, which has commas between its thousands, as the language does.

    Returns:
        What is told, and what helps. A sentence that is not known here, as of a later reader, is told as it is.
    """
    for one in PARTICULARS:
        found = re.fullmatch(one.pattern, detail)
        if found is not None:
            said = say(one.words) % {name: figure(value) for name, value in found.groupdict().items()}
            return said if one.alone else f"{what} {said}", say(one.remedy) if one.remedy else remedy
    return f"{what} {detail}".strip(), remedy
