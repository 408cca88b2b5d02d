"""Page image → PageReading or Refusal: the pipeline, to be read from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forms.answers import Mark
from forms.layout import Field, FieldKind, Layout
from forms.qr import QUIET_MODULES, SIDE_MODULES
from omr.glance import glance
from omr.handwriting import Crop, Suggestion, crops, suggest
from omr.identify import Identity, identify
from omr.images import PageImage
from omr.interpret import judge_boxes
from omr.markers import Found, black_level, find_markers
from omr.measure import Measurements, measure
from omr.outlines import PROVEN, Places, settle
from omr.pair import place
from omr.policy import POLICY, Policy
from omr.readings import (
    Chances,
    MarkReading,
    Outcome,
    PageReading,
    Quad,
    Quality,
    Refusal,
    RefusalCode,
    StrayInk,
    TextReading,
)
from omr.register import Floats, Laid, Registration
from omr.samples import is_two_toned
from omr.slips import Slip, find_slips, is_slip
from omr.stray import InkAt, corners_mm, ink_outside
from omr.streaks import without_streaks
from omr.strikes import struck_out
from omr.testpage import is_test_page, test_page_refusal
from omr.zones import MM_PER_PX, unprinted, zones_of

READER = "0.3.18"
"""Version of the reader, stored with each reading; it changes with whatever may change a reading."""


NOT_FLAT = "Those found don't lie as on a sheet."
"""Detail of a refusal."""

NOT_BORNE_OUT = "2 of 4 were found, and the print doesn't show where the page lies."
"""The same."""

STREAK_MM = 3.0
"""Ink in a text field that is narrower than this may be a streak."""

LEAST_SIDE_PX = 400
"""Shorter side under which no search begins: 48 dpi for A4, where a marker's module is less than two pixels."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A page that was read, and the text fields that are worth a guess.

    Attributes:
        outcome: The reading, without suggestions, or why there is none.
        crops: Upright pictures of text fields with ink, by their place in `outcome.texts`.
        part: Which slip of the image it is, from 1; None for a page that is none.
    """

    outcome: Outcome
    crops: Mapping[int, Crop]
    part: int | None = None


def read_page(image: PageImage, layouts: Mapping[str, Layout], policy: Policy = POLICY) -> Outcome:
    """Read one page image.

    Args:
        image: The page image.
        layouts: The layouts known, by id.
        policy: Thresholds.

    Returns:
        What stands on the page, or why it can't be read.
    """
    examined = examine(image, layouts, policy)
    numbers = list(examined.crops)
    guesses = suggest([examined.crops[n] for n in numbers], policy)
    return with_suggestions(examined.outcome, dict(zip(numbers, guesses, strict=True)))


def examine(image: PageImage, layouts: Mapping[str, Layout], policy: Policy) -> Examined:
    """Read one page image except for what its text fields may say, so that many pages' fields are guessed at once.

    Args:
        image: The page image.
        layouts: The layouts known, by id.
        policy: Thresholds.
    """
    if min(image.size_px) < LEAST_SIDE_PX:
        width, height = image.size_px
        return Examined(Refusal(RefusalCode.TOO_COARSE, f"It has {width} × {height} pixels.", image.sha256), {})
    found = find_markers(image.gray)
    if is_test_page(found):
        return Examined(test_page_refusal(image, found, policy), {})
    identity = identify(image, found, layouts, policy)
    if isinstance(identity, Refusal):
        return Examined(identity, {})
    return _examine_placed(image, identity, found, policy)


def examine_all(image: PageImage, layouts: Mapping[str, Layout], policy: Policy) -> tuple[Examined, ...]:
    """Read whatever is on one image: a page, or slips, each on its own.

    Args:
        image: The page image.
        layouts: The layouts known, by id; slips are looked for only where one of them is that of a slip.
        policy: Thresholds.

    Returns:
        One entry for a page; one a slip, in reading order, with its `part`.
    """
    slips = [is_slip(layout) for layout in layouts.values()]
    if not any(slips) or min(image.size_px) < LEAST_SIDE_PX:
        return (examine(image, layouts, policy),)
    whole = None if all(slips) else examine(image, layouts, policy)
    if whole is not None and _is_settled(whole.outcome, layouts):
        return (whole,)
    parts = find_slips(image, layouts, policy)
    if parts:
        return tuple(_examine_slip(image, slip, part, policy) for part, slip in enumerate(parts, 1))
    whole = whole or examine(image, layouts, policy)
    return (replace(whole, part=1) if isinstance(whole.outcome, PageReading) else whole,)


def _is_settled(outcome: Outcome, layouts: Mapping[str, Layout]) -> bool:
    """Tell whether an image holds a whole page that was read, or a sheet that nobody may look at further."""
    if isinstance(outcome, Refusal):
        return outcome.code in (RefusalCode.SIGN_UP_SHEET, RefusalCode.TEST_PAGE)
    return not is_slip(layouts[outcome.layout])


def _examine_slip(image: PageImage, slip: Slip, part: int, policy: Policy) -> Examined:
    if isinstance(slip.identity, Refusal):
        whole = slip.identity.code is RefusalCode.SIGN_UP_SHEET
        return Examined(slip.identity, {}, None if whole else part)
    return replace(_examine_placed(image, slip.identity, slip.found, policy), part=part)


def _examine_placed(image: PageImage, identity: Identity, found: Sequence[Found], policy: Policy) -> Examined:
    """Read one page whose code and markers are known, wherever it lies in the image."""
    layout, number = identity.layout, identity.code.page
    page = _lies(identity, found, policy)
    if page is None:
        return Examined(Refusal(RefusalCode.NO_MARKERS, NOT_FLAT, image.sha256), {})
    dpi = page.px_per_mm * 25.4 * image.shrink
    if dpi < policy.least_dpi:
        return Examined(Refusal(RefusalCode.TOO_COARSE, f"It has {dpi:.0f} dpi.", image.sha256), {})

    laid = Laid(image.gray, page, black_level(image.gray, found))
    boxes = layout.on_page(number, FieldKind.BOX)
    seen = _look(laid, layout, number, policy)
    if seen.streaked:
        cleaned = without_streaks(seen.laid, unprinted(layout, number), MM_PER_PX)
        if cleaned is not None:
            again = replace(laid, gray=cleaned)
            seen = _look(again, layout, number, policy, before=seen.measured)
    if seen.laid.bend is None and page.markers < PROVEN:
        return Examined(Refusal(RefusalCode.NO_MARKERS, NOT_BORNE_OUT, image.sha256), {})
    if seen.laid.bend is None and page.residual_mm > policy.worst_fit_mm:
        return Examined(Refusal(RefusalCode.NO_MARKERS, NOT_FLAT, image.sha256), {})
    if seen.lost:
        return Examined(Refusal(RefusalCode.TOO_PALE, f"It is page {number} of a sheet.", image.sha256), {})

    laid, places, outside = seen.laid, seen.places, seen.outside
    fields = layout.on_page(number, FieldKind.TEXT)
    inked = {ink.field: ink for ink in outside}
    texts = tuple(_text(f, inked.get(f), laid, image.shrink) for f in fields)
    left_mm = places.scatter_mm if laid.bend is not None else max(page.residual_mm, places.scatter_mm)
    quality = Quality(dpi, left_mm, page.rotation_deg, page.markers)
    reading = PageReading(
        layout=layout.id,
        instrument=layout.instrument,
        version=layout.version,
        page=number,
        serial=identity.code.serial,
        kind=identity.code.kind.value,
        reader=READER,
        policy=policy.name,
        sha256=image.sha256,
        quality=quality,
        marks=_marks(boxes, seen.judged, _quads(seen.at_mm, replace(laid, page=page), image.shrink)),
        texts=texts,
        stray_ink=_stray(outside, laid, image.shrink),
        page_px=_quad(corners_mm((0.0, 0.0, *layout.page_size_mm)), laid, image.shrink),
    )
    written = {n: inked[f] for n, f in enumerate(fields) if f in inked}
    return Examined(reading, crops(image, laid, written))


def _lies(identity: Identity, found: Sequence[Found], policy: Policy) -> Registration | None:
    """Say where a page lies, by its markers and, where two are lost, by its page code as well."""
    layout, number = identity.layout, identity.code.page
    code = None
    if identity.corners_px is not None:
        at = next(c for c in layout.codes if c.page == number)
        quiet = at.size * QUIET_MODULES / (SIDE_MODULES + 2 * QUIET_MODULES)
        inner = at.size - 2 * quiet
        code = corners_mm((at.x + quiet, at.y + quiet, inner, inner)), identity.corners_px
    return place(found, [m for m in layout.markers if m.page == number], policy.worst_bent_mm, code)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What a look at a page told.

    Attributes:
        laid: The image and where the page lies in it, by markers and outlines.
        places: Where the boxes stand.
        at_mm: The boxes there, where the markers alone put the page, N × 4.
        judged: State and chances of each box.
        lost: Marks may be gone from the picture altogether.
        outside: Ink in no box.
        streaked: Whether some of it may be a streak.
        measured: What was measured in the boxes.
    """

    laid: Laid
    places: Places
    at_mm: Floats
    judged: tuple[tuple[Mark, Chances], ...]
    lost: bool
    outside: tuple[InkAt, ...]
    streaked: bool
    measured: Measurements


def _look(laid: Laid, layout: Layout, number: int, policy: Policy, *, before: Measurements | None = None) -> _Seen:
    """Find the boxes of a page, measure and judge them, and look for ink elsewhere."""
    boxes_mm = _rectangles(layout.on_page(number, FieldKind.BOX))
    laid, places = settle(laid, boxes_mm, layout.print[number - 1], layout.page_size_mm)
    at_mm = places.boxes(boxes_mm)
    measured = measure(laid, at_mm)
    two_toned = is_two_toned(laid.gray)
    thought = judge_boxes(measured, places, policy, two_toned=two_toned, before=before)
    judged = thought.states()
    laid = replace(laid, page=places.page(laid.page))
    zones = zones_of(layout, number)
    first = glance(laid, zones)
    outside: tuple[InkAt, ...] = ()
    if first is not None:
        outside = ink_outside(laid, zones, first, [state for state, _ in judged], policy)
        found = {ink.field for ink in outside}
        words = layout.on_page(number, FieldKind.WORDS)
        outside += tuple(ink for ink in struck_out(laid, first, words) if ink.field not in found)
    streaked = bool((measured.streak >= 1).any()) or any(_may_be_streak(i) for i in outside)
    return _Seen(laid, places, at_mm, judged, thought.lost, outside, streaked, measured)


def _may_be_streak(ink: InkAt) -> bool:
    """Tell whether a streak may be all there is: where something is written as well, it does no harm."""
    return ink.field.kind is not FieldKind.TEXT or min(ink.box_mm[2:]) < STREAK_MM


def with_suggestions(outcome: Outcome, guesses: Mapping[int, Suggestion | None]) -> Outcome:
    """Return a reading with what its text fields may say.

    Args:
        outcome: A reading without suggestions; a refusal stays as it is.
        guesses: By the place of the text in the reading; None where no guess is worth making.
    """
    if isinstance(outcome, Refusal):
        return outcome
    texts = list(outcome.texts)
    for at, guess in guesses.items():
        if guess is not None:
            texts[at] = replace(texts[at], suggestion=guess.text, confidence=guess.confidence)
    return replace(outcome, texts=tuple(texts))


def _rectangles(fields: Sequence[Field]) -> Floats:
    return np.array([[f.x, f.y, f.w, f.h] for f in fields], np.float64).reshape(-1, 4)


def _quads(boxes_mm: Floats, laid: Laid, shrink: int) -> list[Quad]:
    """Return the corners of boxes in the stored picture."""
    corners = boxes_mm[:, None, :2] + boxes_mm[:, None, 2:] * np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]])
    found: list[list[list[float]]] = (laid.to_px(corners) * shrink).tolist()
    return [((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1])) for a, b, c, d in found]


def _quad(corners: Floats, laid: Laid, shrink: int) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in laid.to_px(corners) * shrink)
    return a, b, c, d


def _marks(
    boxes: Sequence[Field], judged: Sequence[tuple[Mark, Chances]], quads: Sequence[Quad]
) -> tuple[MarkReading, ...]:
    return tuple(
        MarkReading(box.question, box.option or "", state, p, quad)
        for box, (state, p), quad in zip(boxes, judged, quads, strict=True)
    )


def _text(field: Field, ink: InkAt | None, laid: Laid, shrink: int) -> TextReading:
    """Say whether something is written in a text field; its corners take in whatever is written across its edges."""
    left, top, right, low = field.x, field.y, field.x + field.w, field.y + field.h
    if ink is not None:
        x, y, w, h = ink.box_mm
        left, top, right, low = min(left, x), min(top, y), max(right, x + w), max(low, y + h)
    quad = _quad(corners_mm((left, top, right - left, low - top)), laid, shrink)
    return TextReading(field.question, field.option, ink is not None, None, None, quad)


def _stray(outside: Sequence[InkAt], laid: Laid, shrink: int) -> tuple[StrayInk, ...]:
    return tuple(
        StrayInk(i.field.question, i.field.option, _quad(corners_mm(i.box_mm), laid, shrink))
        for i in outside
        if i.field.kind is not FieldKind.TEXT
    )
