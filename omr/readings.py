"""What the machine saw on one page image: values between the reader and everything after it, and their JSON.

The JSON is the contract "Readings" of DESIGN.md section 4. Pixels are those of the stored picture before any
rotation: x to the right, y downwards, (0, 0) the outer corner of the first pixel, so that a square printed on the
pixels 10 to 19 reaches from 10.0 to 20.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from forms.answers import Mark
from omr import printtest
from omr.errors import OmrError
from omr.printtest import PrintTest

Point = tuple[float, float]
"""A place in the stored picture, px."""

Quad = tuple[Point, Point, Point, Point]
"""Four corners in the stored picture, px: those that are top left, top right, bottom right, bottom left on paper."""


class RefusalCode(StrEnum):
    """Why a page image was not read."""

    NO_MARKERS = "no-markers"
    NO_PAGE_CODE = "no-page-code"
    UNKNOWN_FORM = "unknown-form"
    OTHER_VERSION = "other-version"
    BLANK_PAGE = "blank-page"
    SIGN_UP_SHEET = "sign-up-sheet"
    TOO_COARSE = "too-coarse"
    TOO_PALE = "too-pale"
    NOT_AN_IMAGE = "not-an-image"
    DAMAGED_FILE = "damaged-file"
    TOO_LARGE = "too-large"
    LOCKED_PDF = "locked-pdf"
    TEST_PAGE = "test-page"


REFUSAL_TEXTS: Mapping[RefusalCode, tuple[str, str]] = {
    RefusalCode.NO_MARKERS: (
        "The corner marks don't show where the page lies: too few were found, or they don't lie as on a flat sheet.",
        "Scan the page again, flat and whole, with all corners visible; or enter it by hand from the picture.",
    ),
    RefusalCode.NO_PAGE_CODE: (
        "The page code at the top could not be read, or it contradicts the corner marks.",
        "Scan the page again at 300 dpi; if the code is covered or torn, enter the page by hand from the picture.",
    ),
    RefusalCode.UNKNOWN_FORM: (
        "The page belongs to another survey.",
        "Give it to the survey it belongs to, or name that survey's layout file when you read it.",
    ),
    RefusalCode.OTHER_VERSION: (
        "The page belongs to this questionnaire, but to sheets that were printed from another version of it.",
        "Name the layout file of those sheets as well; it was written when they were printed.",
    ),
    RefusalCode.BLANK_PAGE: (
        "The page is blank.",
        "Nothing to do if it is the back of a sheet; otherwise check that the pile was not fed the wrong way round.",
    ),
    RefusalCode.SIGN_UP_SHEET: (
        "The page is a sign-up sheet with contact details. Its picture was not kept.",
        "Put the paper in its envelope and hand it to the contact keeper unread.",
    ),
    RefusalCode.TOO_COARSE: (
        "The picture is too coarse to tell a mark from a speck.",
        "Scan the page again at 200 dpi or more; 300 dpi is best.",
    ),
    RefusalCode.TOO_PALE: (
        "The scanner made the picture black and white, and took part of what was written for paper.",
        "Scan the page again in gray, the original if this is a copy; or enter it by hand from the paper, "
        "not from the picture.",
    ),
    RefusalCode.NOT_AN_IMAGE: (
        "The file is not a picture or PDF that can be read.",
        "Deliver PDF, TIFF, JPEG or PNG. A phone that saves HEIC can be set to its most compatible format.",
    ),
    RefusalCode.DAMAGED_FILE: (
        "The file is damaged, cut off or empty.",
        "Copy or send the file again, or scan the page again.",
    ),
    RefusalCode.TOO_LARGE: (
        "The picture has more pixels, or the file more pages, than any scan of a sheet needs.",
        "Scan at 300 dpi and deliver piles of at most 5,000 pages.",
    ),
    RefusalCode.LOCKED_PDF: (
        "The PDF is locked with a password.",
        "Save it without a password, or take the password off in the scanner's settings, and deliver it again.",
    ),
    RefusalCode.TEST_PAGE: (
        "The page is a printer test page, which is no answer.",
        "Change what is named above, print the test page anew and scan it again.",
    ),
}
"""Message and remedy of each refusal; the web has its own translation by code."""

NOTHING_TO_MEND = "Nothing to do: sheets that are printed and scanned like this page can be read."
"""Remedy of a test page on which all is well."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page image that was not read, and why.

    Attributes:
        code: Why.
        detail: What in particular, as a sentence; empty where the code says it all.
        sha256: SHA-256 of the picture, hex; empty where there is none.
        test: What was measured, if it is a printer test page.
    """

    code: RefusalCode
    detail: str = ""
    sha256: str = ""
    test: PrintTest | None = None

    @property
    def message(self) -> str:
        """What is wrong, for the coordinator."""
        found = " ".join(f.words for f in self.test.findings) if self.test is not None else ""
        return " ".join(words for words in (REFUSAL_TEXTS[self.code][0], self.detail, found) if words)

    @property
    def remedy(self) -> str:
        """What the coordinator can do about it."""
        if self.test is not None and self.test.good:
            return NOTHING_TO_MEND
        return REFUSAL_TEXTS[self.code][1]


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each state of a box is; together 1. Calibrated on simulated marks, not on real paper.

    Attributes:
        empty: Chance that nothing was meant.
        crossed: Chance that the box was meant.
        filled: Chance that a cross was withdrawn.
    """

    empty: float
    crossed: float
    filled: float


@dataclass(frozen=True, slots=True)
class MarkReading:
    """The state of one box.

    Attributes:
        question: Question id.
        option: Option id.
        state: Empty, crossed, filled or uncertain.
        p: How likely each state is.
        box_px: Where the box was found.
    """

    question: str
    option: str
    state: Mark
    p: Chances
    box_px: Quad


@dataclass(frozen=True, slots=True)
class TextReading:
    """One text field.

    Attributes:
        question: Question id.
        option: Option id; None for the question's own field.
        ink: Whether anything is written there.
        suggestion: What it may say; None where no guess is worth making.
        confidence: How likely the suggestion is right, 0 to 1; None without one.
        box_px: The field, widened to whatever is written across its edges.
    """

    question: str
    option: str | None
    ink: bool
    suggestion: str | None
    confidence: float | None
    box_px: Quad


@dataclass(frozen=True, slots=True)
class StrayInk:
    """Ink that is no mark and no text in a field.

    Attributes:
        question: Question id.
        option: The option at whose words it is; None elsewhere in the question's area.
        box_px: Where.
    """

    question: str
    option: str | None
    box_px: Quad


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the page lay.

    Attributes:
        dpi: Picture pixels per printed inch, measured.
        residual_mm: How far the corner marks, and the boxes' outlines after the local fit, are from where they should
            be: the larger of the two, root mean square.
        rotation_deg: How far the page is turned in the picture, clockwise, 0 to under 360.
        markers: Number of corner marks found, 2 to 4.
    """

    dpi: float
    residual_mm: float
    rotation_deg: float
    markers: int


@dataclass(frozen=True, slots=True)
class PageReading:
    """What the machine saw on one page image; never changed afterwards.

    Attributes:
        layout: Layout id.
        instrument: Instrument id.
        version: Version of the instrument.
        page: Page of the sheet, from 1.
        serial: The sheet's serial.
        kind: The sheet's kind, one letter of the page code.
        reader: Version of the reader.
        policy: Name of the policy.
        sha256: SHA-256 of the picture, hex.
        quality: How well the page lay.
        marks: One entry a box of the page, in the layout's order.
        texts: One entry a text field of the page, in the layout's order.
        stray_ink: Ink elsewhere.
        page_px: Where the page's own corners lie; None in readings of older readers.
    """

    layout: str
    instrument: str
    version: str
    page: int
    serial: str
    kind: str
    reader: str
    policy: str
    sha256: str
    quality: Quality
    marks: tuple[MarkReading, ...]
    texts: tuple[TextReading, ...]
    stray_ink: tuple[StrayInk, ...]
    page_px: Quad | None = None


Outcome = PageReading | Refusal
"""What came of one page image."""


def to_json(outcome: Outcome, file: str, image: int, part: int | None = None) -> dict[str, object]:
    """Turn an outcome into the object of the contract.

    Args:
        outcome: A reading or a refusal.
        file: Name of the delivered file.
        image: Page image in it, from 1.
        part: Slip on the image, from 1; None where the image holds no slips.
    """
    head: dict[str, object] = {"file": file, "image": image} | ({} if part is None else {"part": part})
    if isinstance(outcome, Refusal):
        head |= {"status": "refused", "code": outcome.code.value}
        head |= {"message": outcome.message, "remedy": outcome.remedy}
        if outcome.detail:
            head["detail"] = outcome.detail
        if outcome.test is not None:
            head["test_page"] = printtest.to_json(outcome.test)
        return head | ({"sha256": outcome.sha256} if outcome.sha256 else {})
    names = ("layout", "instrument", "version", "page", "serial", "kind", "reader", "policy", "sha256")
    quality = outcome.quality
    return (
        head
        | {"status": "read"}
        | {name: getattr(outcome, name) for name in names}
        | {
            "quality": {
                "dpi": round(quality.dpi, 1),
                "residual_mm": round(quality.residual_mm, 3),
                "rotation_deg": round(quality.rotation_deg, 2) % 360.0,
                "markers": quality.markers,
            },
            **({} if outcome.page_px is None else {"page_px": _quad(outcome.page_px)}),
            "marks": [_mark(m) for m in outcome.marks],
            "texts": [_text(t) for t in outcome.texts],
            "stray_ink": [
                {"question": s.question, "option": s.option, "box_px": _quad(s.box_px)} for s in outcome.stray_ink
            ],
        }
    )


def _mark(mark: MarkReading) -> dict[str, object]:
    chances = {"empty": mark.p.empty, "crossed": mark.p.crossed, "filled": mark.p.filled}
    return {
        "question": mark.question,
        "option": mark.option,
        "state": mark.state.value,
        "p": {state: round(p, 4) for state, p in chances.items()},
        "box_px": _quad(mark.box_px),
    }


def _text(text: TextReading) -> dict[str, object]:
    return {
        "question": text.question,
        "option": text.option,
        "ink": text.ink,
        "suggestion": text.suggestion,
        "confidence": None if text.confidence is None else round(text.confidence, 2),
        "box_px": _quad(text.box_px),
    }


def _quad(quad: Quad) -> list[list[float]]:
    return [[round(x, 1), round(y, 1)] for x, y in quad]


def from_json(plain: Mapping[str, object]) -> Outcome:
    """Read back what `to_json` wrote; file and image are left to the caller.

    Args:
        plain: One object of the contract, of this version or a later one that added keys.

    Raises:
        OmrError: `bad-reading`: a key is missing or has another type; says which.
    """
    try:
        return _outcome(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"it misses {error}" if isinstance(error, KeyError) else str(error)
        raise OmrError(
            "bad-reading",
            f"This is not a reading: {what}.",
            "Use the lines that `kryssklick read` wrote, unchanged.",
        ) from error


def _outcome(plain: Mapping[str, object]) -> Outcome:
    reading: Mapping[str, object] = plain
    if reading["status"] == "refused":
        code = RefusalCode(str(reading["code"]))
        test = printtest.from_json(_object(reading["test_page"])) if "test_page" in reading else None
        return Refusal(code, str(reading.get("detail", "")), str(reading.get("sha256", "")), test)
    if reading["status"] != "read":
        raise ValueError(f"its status is {reading['status']!r}")
    quality = _object(reading["quality"])
    return PageReading(
        layout=str(reading["layout"]),
        instrument=str(reading["instrument"]),
        version=str(reading["version"]),
        page=_whole(reading["page"]),
        serial=str(reading["serial"]),
        kind=str(reading.get("kind", "")),
        reader=str(reading["reader"]),
        policy=str(reading["policy"]),
        sha256=str(reading["sha256"]),
        quality=Quality(
            _number(quality["dpi"]),
            _number(quality["residual_mm"]),
            _number(quality["rotation_deg"]),
            _whole(quality["markers"]),
        ),
        marks=tuple(_mark_back(_object(m)) for m in _list(reading["marks"])),
        texts=tuple(_text_back(_object(t)) for t in _list(reading["texts"])),
        stray_ink=tuple(_stray_back(_object(s)) for s in _list(reading["stray_ink"])),
        page_px=_quad_back(reading["page_px"]) if "page_px" in reading else None,
    )


def _mark_back(plain: Mapping[str, object]) -> MarkReading:
    p = _object(plain["p"])
    return MarkReading(
        str(plain["question"]),
        str(plain["option"]),
        Mark(str(plain["state"])),
        Chances(_number(p["empty"]), _number(p["crossed"]), _number(p["filled"])),
        _quad_back(plain["box_px"]),
    )


def _text_back(plain: Mapping[str, object]) -> TextReading:
    if not isinstance(plain["ink"], bool):
        raise TypeError("ink is neither true nor false")
    return TextReading(
        str(plain["question"]),
        _maybe(plain["option"]),
        plain["ink"],
        _maybe(plain["suggestion"]),
        None if plain["confidence"] is None else _number(plain["confidence"]),
        _quad_back(plain["box_px"]),
    )


def _stray_back(plain: Mapping[str, object]) -> StrayInk:
    return StrayInk(str(plain["question"]), _maybe(plain["option"]), _quad_back(plain["box_px"]))


def _quad_back(plain: object) -> Quad:
    a, b, c, d = ((_number(_list(p)[0]), _number(_list(p)[1])) for p in _list(plain))
    return a, b, c, d


def _object(plain: object) -> Mapping[str, object]:
    if not isinstance(plain, Mapping):
        raise TypeError(f"{str(plain)[:40]!r} is not an object")
    return plain


def _list(plain: object) -> list[object]:
    if not isinstance(plain, list):
        raise TypeError(f"{str(plain)[:40]!r} is not a list")
    return plain


def _number(plain: object) -> float:
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise TypeError(f"{str(plain)[:40]!r} is not a number")
    return float(plain)


def _whole(plain: object) -> int:
    if isinstance(plain, bool) or not isinstance(plain, int):
        raise TypeError(f"{str(plain)[:40]!r} is not a whole number")
    return plain


def _maybe(plain: object) -> str | None:
    return None if plain is None else str(plain)
