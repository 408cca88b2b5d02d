"""What a scanned printer test page shows, and what that means for the sheets, in words.

`omr.testpage` measures; here are the values, their judgement and their JSON. The web has its own translation by code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from forms.answers import Mark

RIGHT_PERCENT = 1.0
"""So far from 100 % a print is right: no ruler at home shows less."""

READABLE_PERCENT = (94.0, 103.0)
"""Prints between these are read (DESIGN.md section 12)."""

STRETCH_PERCENT = 1.5
"""Difference of both directions from which on paper slips or is pulled; a feeder stretches by less."""

SAFE_MM = 8
"""Lines up to so far from the edge must be seen: the corner marks begin at 12 mm and need white around them."""

BLACK = 0.6
"""Least darkness of solid black: with less, pale pens can't be told from print any more."""

SKEW_DEG = 2.0
"""From here on a page is told to be askew; pages are read up to 5°."""

COARSE_DPI = 190.0
"""Below this a scan is told to be coarse; 150 dpi is the lower limit."""


class FindingCode(StrEnum):
    """One thing that a test page tells."""

    SCALE_RIGHT = "scale-right"
    SCALE_OFF = "scale-off"
    SCALE_BAD = "scale-bad"
    SCALE_UNKNOWN = "scale-unknown"
    STRETCHED = "stretched"
    EDGES_FINE = "edges-fine"
    EDGES_CUT = "edges-cut"
    CORNERS_LOST = "corners-lost"
    BLACK_FINE = "black-fine"
    BLACK_PALE = "black-pale"
    BLACK_UNEVEN = "black-uneven"
    SKEWED = "skewed"
    COARSE = "coarse"
    BOXES_WRONG = "boxes-wrong"
    PEN_FINE = "pen-fine"
    PEN_WRONG = "pen-wrong"


FINE = frozenset({FindingCode.SCALE_RIGHT, FindingCode.EDGES_FINE, FindingCode.BLACK_FINE, FindingCode.PEN_FINE})
"""Findings after which nothing is to be done."""

_WORDS: Mapping[FindingCode, str] = {
    FindingCode.SCALE_RIGHT: "The print has the right size: {across} % across, {down} % down.",
    FindingCode.SCALE_OFF: (
        "The print has {across} % of its size across and {down} % down. Sheets printed so can still be read; set the"
        " print dialogue to “Actual size” or 100 %."
    ),
    FindingCode.SCALE_BAD: (
        "The print has {across} % of its size across and {down} % down. Sheets printed so can't be read reliably: set"
        " the print dialogue to “Actual size” or 100 %, not “Fit to page”."
    ),
    FindingCode.SCALE_UNKNOWN: (
        "The picture does not say how large the print is, as a photo doesn't: measure the 100 mm lines, or scan."
    ),
    FindingCode.STRETCHED: (
        "It is stretched by {percent} % more in one direction than in the other: paper may slip in the printer or"
        " the scanner."
    ),
    FindingCode.EDGES_FINE: "Nothing that matters is cut off at the edges.",
    FindingCode.EDGES_CUT: (
        "At these edges line {line} is missing: {edges}. Switch off margins in the print dialogue, or see whether the"
        " scanner cuts the edges."
    ),
    FindingCode.CORNERS_LOST: (
        "Only {count} of its four corner marks are in the picture, so it can't be measured. Scan the whole page, flat;"
        " if the print itself lacks corners, the printer cuts them off."
    ),
    FindingCode.BLACK_FINE: "Black is dark and even.",
    FindingCode.BLACK_PALE: "Black has {percent} % of its darkness: change the toner or ink, or scan darker.",
    FindingCode.BLACK_UNEVEN: "Black has stripes or pale spots: change the toner or ink, or clean the printer.",
    FindingCode.SKEWED: "The page lies askew by {degrees}°: lay the paper against the guides.",
    FindingCode.COARSE: "It was scanned at {dpi} dpi: choose 300, at least 200.",
    FindingCode.BOXES_WRONG: "The printed boxes with a cross, filled and empty could not be told apart.",
    FindingCode.PEN_FINE: "The pen is read well: the cross as a cross, the filled box as filled.",
    FindingCode.PEN_WRONG: "The pen was tried, but not both boxes were read as meant: take a darker pen.",
}
"""What each finding says."""

EDGES = ("top", "right", "bottom", "left")
"""Edges of a page, in the order of `PrintTest.reach_mm`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a test page tells.

    Attributes:
        code: What.
        values: Names and values for its words; edges are names of `EDGES` with commas between.
    """

    code: FindingCode
    values: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        """The finding as a sentence or two."""
        return _WORDS[self.code].format(**dict(self.values))


@dataclass(frozen=True, slots=True)
class PrintTest:
    """What was measured on a scanned test page.

    Attributes:
        corners: Corner marks found, of 4. With fewer than 3 nothing else is known.
        across_percent: Width of the print, 100 is right; None where the picture doesn't say its own resolution.
        down_percent: Height of the print, likewise.
        skew_deg: How far the page lies askew, clockwise, -45 to 45.
        dpi: Resolution of the picture on paper as printed.
        black: Darkness of solid print, 0 (paper) to 1; None for a picture in black and white only.
        even: Whether the black field is even.
        reach_mm: For each of `EDGES` the least distance at which a line is seen; None where none is.
        samples: What the boxes printed crossed, filled and empty were read as.
        pen: What the boxes to be crossed and to be filled by hand were read as.
    """

    corners: int
    across_percent: float | None = None
    down_percent: float | None = None
    skew_deg: float = 0.0
    dpi: float = 0.0
    black: float | None = None
    even: bool = True
    reach_mm: tuple[int | None, ...] = ()
    samples: tuple[Mark, ...] = ()
    pen: tuple[Mark, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What it means, the most important first."""
        if self.corners < 3:
            return (Finding(FindingCode.CORNERS_LOST, (("count", str(self.corners)),)),)
        return (*self._size(), *self._edges(), *self._black(), *self._rest())

    @property
    def good(self) -> bool:
        """Whether nothing is to be done."""
        return all(f.code in FINE for f in self.findings)

    def _size(self) -> tuple[Finding, ...]:
        if self.across_percent is None or self.down_percent is None:
            return (Finding(FindingCode.SCALE_UNKNOWN),)
        # Judged as told: nobody should read “94.0 %” and hear that it is less than 94.
        both = (round(self.across_percent, 1), round(self.down_percent, 1))
        low, high = READABLE_PERCENT
        code = FindingCode.SCALE_OFF
        if all(abs(p - 100) <= RIGHT_PERCENT for p in both):
            code = FindingCode.SCALE_RIGHT
        elif not all(low <= p <= high for p in both):
            code = FindingCode.SCALE_BAD
        size = Finding(code, (("across", f"{both[0]:.1f}"), ("down", f"{both[1]:.1f}")))
        apart = abs(both[0] - both[1])
        return (
            (size, Finding(FindingCode.STRETCHED, (("percent", f"{apart:.1f}"),)))
            if apart > STRETCH_PERCENT
            else (size,)
        )

    def _edges(self) -> tuple[Finding, ...]:
        cut = [edge for edge, reach in zip(EDGES, self.reach_mm, strict=True) if reach is None or reach > SAFE_MM]
        if not cut:
            return (Finding(FindingCode.EDGES_FINE),)
        return (Finding(FindingCode.EDGES_CUT, (("line", str(SAFE_MM)), ("edges", ", ".join(cut)))),)

    def _black(self) -> tuple[Finding, ...]:
        found = []
        if self.black is not None and self.black < BLACK:
            found.append(Finding(FindingCode.BLACK_PALE, (("percent", f"{100 * self.black:.0f}"),)))
        if not self.even:
            found.append(Finding(FindingCode.BLACK_UNEVEN))
        return tuple(found) or (Finding(FindingCode.BLACK_FINE),)

    def _rest(self) -> tuple[Finding, ...]:
        found = []
        if abs(self.skew_deg) > SKEW_DEG:
            found.append(Finding(FindingCode.SKEWED, (("degrees", f"{abs(self.skew_deg):.1f}"),)))
        if self.dpi < COARSE_DPI:
            found.append(Finding(FindingCode.COARSE, (("dpi", f"{self.dpi:.0f}"),)))
        if self.samples != (Mark.CROSSED, Mark.FILLED, Mark.EMPTY):
            found.append(Finding(FindingCode.BOXES_WRONG))
        if self.pen == (Mark.CROSSED, Mark.FILLED):
            found.append(Finding(FindingCode.PEN_FINE))
        elif any(mark is not Mark.EMPTY for mark in self.pen):
            found.append(Finding(FindingCode.PEN_WRONG))
        return tuple(found)


def to_json(test: PrintTest) -> dict[str, object]:
    """Turn what was measured into JSON."""

    def rounded(value: float | None, digits: int) -> float | None:
        return None if value is None else round(value, digits)

    return {
        "corners": test.corners,
        "across_percent": rounded(test.across_percent, 2),
        "down_percent": rounded(test.down_percent, 2),
        "skew_deg": round(test.skew_deg, 2),
        "dpi": round(test.dpi, 1),
        "black": rounded(test.black, 3),
        "even": test.even,
        "reach_mm": list(test.reach_mm),
        "samples": [m.value for m in test.samples],
        "pen": [m.value for m in test.pen],
    }


def from_json(plain: Mapping[str, object]) -> PrintTest:
    """Read back what `to_json` wrote.

    Raises:
        KeyError: Something is missing.
        TypeError: Something has another type.
        ValueError: Something has a value that can't be.
    """

    def number(value: object) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{value!r} is no number")
        return float(value)

    def items(value: object) -> list[object]:
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is no list")
        return value

    reach = [number(mm) for mm in items(plain["reach_mm"])]
    return PrintTest(
        corners=int(number(plain["corners"]) or 0),
        across_percent=number(plain["across_percent"]),
        down_percent=number(plain["down_percent"]),
        skew_deg=number(plain["skew_deg"]) or 0.0,
        dpi=number(plain["dpi"]) or 0.0,
        black=number(plain["black"]),
        even=bool(plain["even"]),
        reach_mm=tuple(None if mm is None else int(mm) for mm in reach),
        samples=tuple(Mark(str(m)) for m in items(plain["samples"])),
        pen=tuple(Mark(str(m)) for m in items(plain["pen"])),
    )
