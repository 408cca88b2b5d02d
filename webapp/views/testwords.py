"""What a scanned printer test page showed, in the words of the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from omr.printtest import FINE, Finding, FindingCode, PrintTest
from webapp.language import current_language, gettext

Words = Callable[[Mapping[str, str]], str]

_EDGES: Mapping[str, Callable[[], str]] = {
    "top": lambda: gettext("the upper edge"),
    "right": lambda: gettext("the right edge"),
    "bottom": lambda: gettext("the lower edge"),
    "left": lambda: gettext("the left edge"),
}

_WORDS: Mapping[FindingCode, Words] = {
    FindingCode.SCALE_RIGHT: lambda v: gettext(
        "The print has the right size: %(across)s %% across, %(down)s %% down.", **v
    ),
    FindingCode.SCALE_OFF: lambda v: gettext(
        "The print has %(across)s %% of its size across and %(down)s %% down. Sheets printed so can still be read; set"
        " the print dialogue to “Actual size” or 100 %%.",
        **v,
    ),
    FindingCode.SCALE_BAD: lambda v: gettext(
        "The print has %(across)s %% of its size across and %(down)s %% down. Sheets printed so can't be read reliably:"
        " set the print dialogue to “Actual size” or 100 %%, not “Fit to page”.",
        **v,
    ),
    FindingCode.SCALE_UNKNOWN: lambda v: gettext(
        "The picture does not say how large the print is, as a photo doesn't: measure the 100 mm lines, or scan."
    ),
    FindingCode.STRETCHED: lambda v: gettext(
        "It is stretched by %(percent)s %% more in one direction than in the other: paper may slip in the printer or"
        " the scanner.",
        **v,
    ),
    FindingCode.EDGES_FINE: lambda v: gettext("Nothing that matters is cut off at the edges."),
    FindingCode.EDGES_CUT: lambda v: gettext(
        "Line %(line)s is missing at %(edges)s. Switch off margins in the print dialogue, or see whether the scanner"
        " cuts the edges.",
        line=v["line"],
        edges=", ".join(_EDGES[edge]() for edge in v["edges"].split(", ")),
    ),
    FindingCode.CORNERS_LOST: lambda v: gettext(
        "Only %(count)s of its four corner marks are in the picture, so it can't be measured. Scan the whole page,"
        " flat; if the print itself lacks corners, the printer cuts them off.",
        **v,
    ),
    FindingCode.BLACK_FINE: lambda v: gettext("Black is dark and even."),
    FindingCode.BLACK_PALE: lambda v: gettext(
        "Black has %(percent)s %% of its darkness: change the toner or ink, or scan darker.", **v
    ),
    FindingCode.BLACK_UNEVEN: lambda v: gettext(
        "Black has stripes or pale spots: change the toner or ink, or clean the printer."
    ),
    FindingCode.SKEWED: lambda v: gettext(
        "The page lies askew by %(degrees)s°: lay the paper against the guides.", **v
    ),
    FindingCode.COARSE: lambda v: gettext("It was scanned at %(dpi)s dpi: choose 300, at least 200.", **v),
    FindingCode.BOXES_WRONG: lambda v: gettext(
        "The printed boxes with a cross, filled and empty could not be told apart."
    ),
    FindingCode.PEN_FINE: lambda v: gettext("The pen is read well: the cross as a cross, the filled box as filled."),
    FindingCode.PEN_WRONG: lambda v: gettext(
        "The pen was tried, but not both boxes were read as meant: take a darker pen."
    ),
}
"""Each finding; figures come with a decimal point."""


def test_words(test: PrintTest | None) -> list[tuple[str, bool]]:
    """Return what a test page showed: sentences, and whether each is fine as it is. Empty for any other page."""
    return [(_said(f), f.code in FINE) for f in test.findings] if test is not None else []


def _said(finding: Finding) -> str:
    values = dict(finding.values)
    if current_language() == "sv":
        values = {name: value.replace(".", ",") for name, value in values.items()}
    return _WORDS[finding.code](values)
