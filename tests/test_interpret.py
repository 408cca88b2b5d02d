"""Numbers → states, and readings → what was given at each question."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given as example
from hypothesis import strategies as st

from forms.answers import Mark
from omr.interpret import Judged, chances, given, judge_boxes, states
from omr.measure import Measurements
from omr.outlines import Places
from omr.policy import POLICY
from omr.readings import Chances, MarkReading, PageReading, Quality, StrayInk, TextReading
from omr.register import Floats

QUAD = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def box(
    evidence: float = 0.0, cover: float = 0.0, gap: float = 9.0, beside: float = 0.0, crumbs: int = 0
) -> Measurements:
    """Return the measurements of one box."""
    one = np.ones(1)
    return Measurements(
        evidence_mm2=evidence * one,
        ink_mm2=evidence * one,
        cover=cover * one,
        grown=cover * one,
        gap_mm=gap * one,
        depth_mm=one,
        pieces=one,
        length_mm=3 * one,
        beside_mm2=beside * one,
        dark=one,
        white=240 * one,
        streak=0 * one,
        runs_on=0 * one,
        crumbs=crumbs * one,
        noise=0 * one,
        between=0 * one,
        beside_dark=one,
        spots=0 * one,
        width_mm=0.5 * one,
        lighter_mm=0 * one,
        faint_mm=0 * one,
        steep=2 * one,
    )


def places(sure: bool = True, scatter: float = 0.0) -> Places:
    return Places(np.zeros((1, 2)), np.ones(1), np.array([sure]), scatter, np.eye(3))


@pytest.mark.parametrize(
    ("measured", "state"),
    [
        pytest.param(box(), Mark.EMPTY, id="nothing"),
        pytest.param(box(0.1, 0.01, 2.5), Mark.EMPTY, id="speck"),
        pytest.param(box(crumbs=1), Mark.EMPTY, id="one dot"),
        pytest.param(box(crumbs=2), Mark.UNCERTAIN, id="dots that a stroke may have left"),
        pytest.param(box(0.33, 0.03, 2.2), Mark.UNCERTAIN, id="dash"),
        pytest.param(box(1.0, 0.1, 1.9), Mark.CROSSED, id="short stroke"),
        pytest.param(box(5.0, 0.45, 0.9), Mark.CROSSED, id="cross"),
        pytest.param(box(7.6, 0.72, 0.6), Mark.CROSSED, id="felt tip's cross"),
        pytest.param(box(8.6, 0.83, 0.42), Mark.UNCERTAIN, id="very heavy cross"),
        pytest.param(box(9.8, 0.95, 0.6), Mark.UNCERTAIN, id="fill with a corner left white"),
        pytest.param(box(7.0, 0.7, 0.2), Mark.UNCERTAIN, id="dense hatching"),
        pytest.param(box(10.5, 1.0, 0.0), Mark.FILLED, id="fill"),
        pytest.param(box(10.3, 0.97, 0.15), Mark.FILLED, id="fill with pinholes"),
        pytest.param(box(beside=1.2), Mark.UNCERTAIN, id="mark beside the box"),
        pytest.param(box(5.0, 0.45, 0.9, beside=2.0), Mark.CROSSED, id="cross beyond its box"),
    ],
)
def test_states(measured: Measurements, state: Mark) -> None:
    ((found, p),) = states(measured, places(), POLICY)
    assert found is state
    assert p.empty + p.crossed + p.filled == pytest.approx(1)


@pytest.mark.parametrize(
    ("spots", "gap", "state"),
    [
        pytest.param(4.0, 0.52, Mark.CROSSED, id="a heavy cross and four white triangles"),
        pytest.param(1.0, 0.52, Mark.UNCERTAIN, id="a hasty fill that left a corner"),
        pytest.param(2.0, 0.52, Mark.UNCERTAIN, id="a hasty fill that left a strip and a corner"),
        pytest.param(4.0, 0.4, Mark.UNCERTAIN, id="four small holes"),
        pytest.param(9.0, 0.52, Mark.UNCERTAIN, id="a fill full of holes"),
    ],
)
def test_paper_between_the_arms_of_a_heavy_cross_lies_in_three_or_four_spots(
    spots: float, gap: float, state: Mark
) -> None:
    for cover in (0.92, 0.84):
        heavy = replace(box(9.8, cover, gap), spots=np.array([spots]))
        assert states(heavy, places(), POLICY)[0][0] is state


def test_a_box_that_is_not_surely_there_is_uncertain() -> None:
    for where in (places(sure=False), places(scatter=1.0)):
        assert states(box(), where, POLICY)[0][0] is Mark.UNCERTAIN
        assert states(box(5.0, 0.45, 0.9), where, POLICY)[0][0] is Mark.UNCERTAIN


def test_ink_in_many_pieces_is_uncertain() -> None:
    broken = replace(box(0.8, 0.08, 1.2), pieces=np.array([5.0]))
    assert states(broken, places(), POLICY)[0][0] is Mark.UNCERTAIN
    # So much ink in few pieces is a frayed stroke; in many, or covering most of a box, it may be left of a fill.
    assert _states(_marked(10, pieces=np.array([5.0] + [1.0] * 9))).count(Mark.CROSSED) == 10
    assert _states(_marked(10, pieces=np.array([13.0] + [1.0] * 9))).count(Mark.CROSSED) == 9
    covering = {"pieces": np.array([5.0] + [1.0] * 9), "cover": np.array([0.6] + [0.4] * 9)}
    assert _states(_marked(10, **covering)).count(Mark.CROSSED) == 9


def test_a_streak_through_a_box_is_no_mark() -> None:
    through = replace(box(2.0, 0.2, 1.3), streak=np.ones(1))
    assert states(through, places(), POLICY)[0][0] is Mark.UNCERTAIN


@pytest.mark.parametrize(("streaks", "doubted"), [(1, False), (2, True)])
@pytest.mark.parametrize(("dark", "depth"), [(0.7, 2.1), (1.0, 1.4)])
def test_on_a_page_of_streaks_one_may_fade_within_a_box(streaks: int, doubted: bool, dark: float, depth: float) -> None:
    page = _marked(
        10,
        streak=np.array([1.0] * streaks + [0.0] * (10 - streaks)),
        dark=np.array([1.0] * 9 + [dark]),
        depth_mm=np.array([2.1] * 9 + [depth]),
        width_mm=np.array([0.5] * 9 + [0.34]),
    )
    usual = [Mark.UNCERTAIN] * streaks + [Mark.CROSSED] * (9 - streaks)
    assert _states(page) == [*usual, Mark.UNCERTAIN if doubted else Mark.CROSSED]
    # As broad as the page's strokes, and with edges as steep, it is one of them.
    assert _states(replace(page, width_mm=0.5 * np.ones(10))) == [*usual, Mark.CROSSED]


@pytest.mark.parametrize(("faintest", "broken", "fades"), [(0.0, 5, True), (0.0, 1, False), (2.0, 5, False)])
def test_a_page_whose_ink_fades_is_uncertain_as_a_whole(faintest: float, broken: int, fades: bool) -> None:
    """Where marks fall to pieces and some nearly vanish, others may have: an empty box proves nothing then."""
    pieces = np.where(np.arange(11) < broken, 6.0, 1.0)
    evidence = np.array([1.2, 1.5, 4, 5, 5, 0.5, 0.4, 2, 3, max(faintest, 0.1), 0.0])
    page = _marked(
        11, pieces=pieces, evidence_mm2=np.maximum(evidence, faintest), ink_mm2=np.maximum(evidence, faintest)
    )
    if faintest:
        page = replace(page, evidence_mm2=page.evidence_mm2 + 1.0)
    assert (set(_states(page)) == {Mark.UNCERTAIN}) is fades
    # In black and white nobody could tell from the picture what the others were; in gray they would show.
    assert _judged(page, two_toned=True).lost is fades
    assert not _judged(page).lost


def test_one_dot_is_dust_unless_another_mark_of_the_page_frays() -> None:
    """An empty box with a crumb beside marks that a scanner has torn apart may hold what is left of a mark."""
    crumbs = np.array([0.0] * 10 + [1])
    full = np.array([5.0] * 10 + [0])
    dust = {"crumbs": crumbs, "evidence_mm2": full, "ink_mm2": full}
    assert _states(_marked(11, **dust))[10] is Mark.EMPTY
    frayed = {**dust, "pieces": np.array([5.0] + [1.0] * 10)}
    found = _states(_marked(11, **frayed))
    assert [n for n, state in enumerate(found) if state is Mark.UNCERTAIN] == [10]


@pytest.mark.parametrize(
    ("dark", "pieces", "least", "sound"),
    [
        pytest.param(1.0, 2.0, 3.0, True, id="solid"),
        pytest.param(0.9, 2.0, 3.0, False, id="gray"),
        pytest.param(1.0, 4.0, 3.0, False, id="torn"),
        pytest.param(1.0, 2.0, 0.4, False, id="one next to nothing"),
    ],
)
def test_specks_of_a_copier_are_no_traces_beside_solid_marks(
    dark: float, pieces: float, least: float, sound: bool
) -> None:
    """Ten solid crosses, thickened lines and specks in empty boxes: the copier's, unless the marks look worn too."""
    evidence = np.array([5.0] * 9 + [least] + [0.1] * 6 + [0.0] * 8)
    page = _marked(
        24,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        dark=np.array([dark] * 10 + [0.0] * 14),
        pieces=np.array([pieces] * 2 + [4.0 if pieces > 2 else 1.0] * 8 + [0.0] * 14),
        cover=np.array([0.45] * 10 + [0.05] * 6 + [0.0] * 8),
    )
    found = _states(page, two_toned=True)
    assert (Mark.UNCERTAIN not in found) is sound


def test_beside_solid_marks_what_holds_more_than_specks_still_waits() -> None:
    """A broad stroke may be solid or gone: a third of a square millimetre, or a line far thicker, may be its rest."""
    evidence = np.array([5.0] * 10 + [0.0] * 14)
    ink = np.array([5.0] * 10 + [0.3, 0.0, 0.1] + [0.0] * 11)
    cover = np.array([0.45] * 10 + [0.02, 0.1, 0.04] + [0.03] * 3 + [0.0] * 8)
    page = _marked(
        24,
        evidence_mm2=evidence,
        ink_mm2=ink,
        cover=cover,
        crumbs=np.array([0.0] * 12 + [1.0] * 12),
        dark=np.array([1.0] * 10 + [0.0] * 14),
    )
    found = _states(page, two_toned=True)
    assert [n for n, state in enumerate(found) if state is Mark.UNCERTAIN] == [10, 11]


@pytest.mark.parametrize(("shreds", "waits"), [(5, True), (3, False)])
def test_where_a_copier_leaves_shreds_pale_ink_is_no_stain_and_a_broad_cross_may_be_a_fill(
    shreds: int, waits: bool
) -> None:
    """Compact PDFs keep dark parts of a pencil's strokes and show pale rests of others, on paper that has its grain."""
    evidence = np.array([2.0] * 9 + [6.0, 1.0])
    page = _marked(
        11,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        dark=np.array([0.9] * 10 + [0.15]),
        cover=np.array([0.2] * 9 + [0.6, 0.06]),
        pieces=np.array([3.0] * shreds + [1.0] * (11 - shreds)),
        noise=np.full(11, 0.015),
    )
    found = _states(page)
    assert found[:9] == [Mark.CROSSED] * 9
    assert found[9:] == ([Mark.UNCERTAIN] * 2 if waits else [Mark.CROSSED, Mark.EMPTY])


@pytest.mark.parametrize(("boxes", "doubted"), [(6, True), (5, False)])
def test_where_print_shines_through_short_pieces_tell_and_a_mark_nearly_as_dark_as_the_pen_waits(
    boxes: int, doubted: bool
) -> None:
    """A fold across a cross on the back is as dark as pencil; bits of print as long as 0.7 mm show that it is there."""
    evidence = np.array([4.0] * 9 + [2.9] + [0.2] * 6)
    page = _marked(
        16,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        dark=np.array([0.34] * 9 + [0.28] + [0.14] * boxes + [0.02] * (6 - boxes)),
        length_mm=np.array([3.0] * 10 + [0.8] * boxes + [0.0] * (6 - boxes)),
        depth_mm=np.full(16, 1.2),
        width_mm=np.array([0.5] * 9 + [0.34] * 7),
        noise=np.full(16, 0.006),
    )
    assert (_states(page)[9] is Mark.UNCERTAIN) is doubted
    # Neither does a blurred line of the box, which reaches less deep, nor is a cross as broad as the pen's a fold.
    assert _states(replace(page, depth_mm=np.array([2.0] * 10 + [0.8] * 6)))[9] is Mark.CROSSED
    assert _states(replace(page, width_mm=0.5 * np.ones(16)))[9] is Mark.CROSSED


def test_the_pen_is_as_dark_as_the_darkest_marks_be_they_ever_so_few_among_what_shines_through() -> None:
    """Of 112 boxes with ink 84 may show the crosses of the back; they are far paler than 28 of the pen."""
    dark = np.array([0.85] * 28 + [0.21] * 84)
    page = _marked(112, dark=dark, noise=np.full(112, 0.026), pieces=np.array([1.0] * 28 + [4.0] * 84))
    assert _states(page) == [Mark.CROSSED] * 28 + [Mark.UNCERTAIN] * 84


@pytest.mark.parametrize(("between", "state"), [(0.23, Mark.UNCERTAIN), (0.05, Mark.CROSSED)])
def test_one_dark_spot_does_not_hide_that_a_pale_fill_stands_behind_a_cross(between: float, state: Mark) -> None:
    page = _marked(
        10,
        dark=np.array([0.33] * 9 + [0.6]),
        between=np.array([0.0] * 9 + [between]),
        noise=np.full(10, 0.012),
    )
    assert _states(page)[9] is state


@pytest.mark.parametrize(("scatter", "outline", "state"), [(0.1, 0.1, Mark.UNCERTAIN), (0.02, 0.1, Mark.CROSSED)])
def test_on_uneven_paper_a_box_without_an_outline_may_be_elsewhere(scatter: float, outline: float, state: Mark) -> None:
    clear = np.array([0.6] * 9 + [outline])
    where = Places(np.zeros((10, 2)), clear, np.ones(10, np.bool_), scatter, np.eye(3))
    found = [found for found, _ in states(_marked(10), where, POLICY)]
    assert found == [Mark.CROSSED] * 9 + [state]


@pytest.mark.parametrize(("two_toned", "state"), [(False, Mark.UNCERTAIN), (True, Mark.CROSSED)])
def test_where_there_are_grays_little_ink_that_is_far_paler_than_the_pen_waits(two_toned: bool, state: Mark) -> None:
    """A letter of the back on paper that a scanner has made white; in black and white it only looks pale."""
    evidence = np.array([5.0] * 10 + [1.1])
    page = _marked(
        11,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        dark=np.array([0.86] * 10 + [0.144]),
        cover=np.array([0.4] * 10 + [0.048]),
    )
    assert _states(page, two_toned=two_toned)[10] is state


def test_on_gray_paper_only_boxes_with_a_trace_wait_where_ink_fades() -> None:
    """A 1-bit scan may leave nothing of a stroke; a gray one shows something, be it never so pale."""
    evidence = np.array([1.2, 1.5, 4, 5, 5, 0.5, 0.4, 2, 3, 0.1, 0.0, 0.0, 0.0])
    dark = np.array([0.9] * 9 + [0.2, 0.09, 0.03, 0.0])
    page = _marked(13, evidence_mm2=evidence, ink_mm2=evidence, dark=dark, pieces=np.array([6.0] * 5 + [1.0] * 8))
    assert set(_states(page, two_toned=True)) == {Mark.UNCERTAIN}
    assert _states(page)[-4:] == [Mark.UNCERTAIN] * 2 + [Mark.EMPTY] * 2


@pytest.mark.parametrize(
    ("what", "value", "doubted"),
    [
        pytest.param("dark", 0.5, True, id="paler than the pen"),
        pytest.param("dark", 0.7, False, id="nearly as dark as the pen"),
        pytest.param("evidence_mm2", 0.8, True, id="a hair"),
        pytest.param("length_mm", 0.9, True, id="a speck of dirt"),
        pytest.param("between", 0.2, True, id="a pale fill behind strokes"),
    ],
)
def test_what_is_unlike_the_page_s_other_marks_is_uncertain(what: str, value: float, doubted: bool) -> None:
    usual = getattr(_marked(10), what)
    page = _marked(10, **{what: np.append(usual[:9], value)})
    assert (_states(page)[9] is Mark.UNCERTAIN) is doubted
    assert _states(page)[:9] == [Mark.CROSSED] * 9


def test_a_trace_waits_where_ink_fades_and_clean_boxes_do_not() -> None:
    """Where marks fray but lie well above nothing, only what holds a trace may be left of a mark."""
    evidence = np.array([2.0, 2.0, 2.2, 2.5, 3.0, 0.9, 2.0, 2.0, 0.1, 0.0, 0.0])
    pieces = np.array([6.0, 6, 6, 1, 1, 1, 1, 1, 1, 0, 0])
    page = _marked(11, evidence_mm2=evidence, ink_mm2=evidence, pieces=pieces)
    found = _states(page)
    assert found[:3] == [Mark.UNCERTAIN] * 3
    assert found[3:5] == [Mark.CROSSED] * 2
    assert found[8:] == [Mark.UNCERTAIN, Mark.EMPTY, Mark.EMPTY]


def test_a_pen_whose_strokes_are_whole_is_far_from_the_threshold_whatever_specks_there_are() -> None:
    """A copier's specks in empty boxes are not what is left of marks where ten crosses are whole."""
    evidence = np.array([5.0] * 10 + [0.1] * 8 + [0.0] * 4)
    page = _marked(
        22,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        crumbs=np.array([0.0] * 10 + [1.0] * 8 + [0.0] * 4),
        dark=np.array([1.0] * 10 + [0.0] * 12),
    )
    assert _states(page) == [Mark.CROSSED] * 10 + [Mark.EMPTY] * 12


@pytest.mark.parametrize(
    ("what", "value", "doubted"),
    [
        pytest.param("width_mm", 0.1, True, id="a hair"),
        pytest.param("spots", 20.0, True, id="a fill that a threshold left full of spots"),
        pytest.param("spots", 6.0, False, id="a cross and the paper between its arms"),
        pytest.param("between", 0.5, True, id="a pale fill behind a cross"),
    ],
)
def test_a_cross_that_may_be_none_is_uncertain(what: str, value: float, doubted: bool) -> None:
    page = _marked(10, **{what: np.append(getattr(_marked(9), what), value)})
    assert (_states(page)[9] is Mark.UNCERTAIN) is doubted


@pytest.mark.parametrize(
    ("length", "width", "doubted"),
    [(1.1, 0.9, True), (1.5, 1.3, True), (1.5, 0.6, False), (2.2, 1.5, False)],
)
def test_a_round_spot_may_be_dust_and_a_short_stroke_is_a_mark(length: float, width: float, doubted: bool) -> None:
    spot = {"length_mm": np.array([3.0] * 9 + [length]), "width_mm": np.array([0.6] * 9 + [width])}
    assert _states(_marked(10, **spot)) == [Mark.CROSSED] * 9 + [Mark.UNCERTAIN if doubted else Mark.CROSSED]


@pytest.mark.parametrize(
    ("width", "evidence", "doubted"),
    [
        pytest.param(0.35, 4.0, True, id="a long line, far thinner than the page's strokes"),
        pytest.param(0.45, 1.9, True, id="a line as thin as a fine pen's that holds far less than a cross"),
        pytest.param(0.45, 4.0, False, id="a thin cross"),
        pytest.param(0.6, 1.9, False, id="a slash as broad as the others' strokes"),
    ],
)
def test_a_line_thinner_than_the_page_s_strokes_may_be_a_hair(width: float, evidence: float, doubted: bool) -> None:
    page = _marked(
        10,
        width_mm=np.array([0.6] * 9 + [width]),
        evidence_mm2=np.array([5.0] * 9 + [evidence]),
        steep=np.array([2.0] * 9 + [2.8]),
    )
    assert _states(page) == [Mark.CROSSED] * 9 + [Mark.UNCERTAIN if doubted else Mark.CROSSED]


def test_lines_as_thin_in_three_boxes_are_the_page_s_pen() -> None:
    thin = np.array([0.6] * 7 + [0.35] * 3)
    page = _marked(10, width_mm=thin, steep=np.array([2.0] * 7 + [2.8] * 3))
    assert _states(page) == [Mark.CROSSED] * 10
    thin[7] = 0.6
    assert _states(replace(page, width_mm=thin)) == [Mark.CROSSED] * 8 + [Mark.UNCERTAIN] * 2


@pytest.mark.parametrize(
    ("dark", "steep", "doubted"),
    [
        pytest.param(0.3, 1.6, True, id="a coffee stain on a page of soft pencil"),
        pytest.param(0.3, 1.8, False, id="a pencil's stroke, a little softer than others"),
        pytest.param(0.6, 1.6, False, id="nothing that shines through or was spilt is so dark"),
        pytest.param(0.3, 2.8, True, id="a crease, sharper than any pen"),
        pytest.param(0.4, 2.8, False, id="a stroke as dark as the pen's, and sharp"),
    ],
)
def test_pale_ink_with_softer_edges_than_the_pen_s_is_uncertain(dark: float, steep: float, doubted: bool) -> None:
    edges = np.array([2.0] * 9 + [steep])
    page = _marked(10, dark=np.array([0.4] * 9 + [dark]), steep=edges, noise=np.full(10, 0.01))
    assert (_states(page)[9] is Mark.UNCERTAIN) is doubted
    assert _states(page)[:9] == [Mark.CROSSED] * 9


@pytest.mark.parametrize(("noise", "steep", "waits"), [(0.0, 2.0, False), (0.0, 1.7, True), (0.01, 2.0, True)])
def test_faint_ink_as_sharp_as_the_pen_s_is_a_mark_where_paper_was_smoothed(
    noise: float, steep: float, waits: bool
) -> None:
    """Compact PDFs make a soft pencil as pale as what shines through; but paper that they smooth shows none of it."""
    page = _marked(
        10,
        dark=np.array([0.25] * 9 + [0.19]),
        steep=np.array([2.0] * 9 + [steep]),
        noise=np.full(10, noise),
    )
    assert (_states(page)[9] is Mark.UNCERTAIN) is waits


@pytest.mark.parametrize(
    ("what", "value", "waits"),
    [
        pytest.param("ink_mm2", 0.1, True, id="the end of a stroke beside a corner"),
        pytest.param("ink_mm2", 0.09, False, id="a speck"),
        pytest.param("steep", 1.6, False, id="coffee"),
        pytest.param("steep", 3.0, False, id="a hair's end"),
        pytest.param("dark", 0.06, False, id="far paler than the pen"),
    ],
)
def test_a_little_ink_in_an_empty_box_that_is_as_sharp_as_the_pen_s_waits(what: str, value: float, waits: bool) -> None:
    evidence = np.array([3.0] * 10 + [0.02] * 2)
    last = {"ink_mm2": 0.2, "steep": 2.0, "dark": 0.12} | {what: value}
    page = _marked(
        12,
        evidence_mm2=evidence,
        ink_mm2=np.array([3.0] * 10 + [0.0, last["ink_mm2"]]),
        dark=np.array([0.3] * 10 + [0.0, last["dark"]]),
        steep=np.array([2.0] * 10 + [0.0, last["steep"]]),
        noise=np.full(12, 0.01),
    )
    assert _states(page)[:11] == [Mark.CROSSED] * 10 + [Mark.EMPTY]
    assert (_states(page)[11] is Mark.UNCERTAIN) is waits


def test_beside_a_pale_pencil_s_broad_strokes_a_thin_line_as_dark_may_be_a_crease() -> None:
    width = np.array([1.0] * 9 + [0.55])
    assert _states(_marked(10, dark=np.full(10, 0.35), width_mm=width))[9] is Mark.UNCERTAIN
    # Creases are not so dark as ink.
    assert _states(_marked(10, width_mm=width))[9] is Mark.CROSSED


@pytest.mark.parametrize(("gap", "state"), [(0.21, Mark.UNCERTAIN), (0.15, Mark.FILLED)])
def test_a_fill_with_paper_in_it_may_be_a_cross(gap: float, state: Mark) -> None:
    assert states(box(10.3, 0.99, gap), places(), POLICY)[0][0] is state


@pytest.mark.parametrize(("blur", "state"), [(0.2, Mark.UNCERTAIN), (0.02, Mark.FILLED)])
def test_on_a_blurred_page_a_scribble_may_look_like_an_uneven_fill(blur: float, state: Mark) -> None:
    evidence = np.array([10.0] + [0.0] * 5)
    page = _marked(
        6,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        cover=np.array([1.0] + [blur] * 5),
        gap_mm=np.array([0.1] + [9.0] * 5),
        dark=np.array([0.7] + [0.0] * 5),
        lighter_mm=np.array([0.4] + [0.0] * 5),
    )
    assert _states(page)[0] is state


def test_the_pen_s_edges_are_told_by_its_own_strokes_be_they_few_among_what_shines_through() -> None:
    dark = np.array([0.9] * 6 + [0.25] * 30)
    page = _marked(36, dark=dark, steep=np.array([2.0] * 6 + [1.5] * 30), noise=np.full(36, 0.01))
    assert _states(page) == [Mark.CROSSED] * 6 + [Mark.UNCERTAIN] * 30


def test_on_a_blurred_page_all_crosses_show_some_gray_between_their_strokes() -> None:
    evidence = np.array([5.0] * 10 + [0.0] * 6)
    page = _marked(
        16,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        cover=np.array([0.45] * 10 + [0.2] * 6),
        between=np.array([0.3] * 9 + [0.44] + [0.0] * 6),
        noise=np.full(16, 0.01),
    )
    assert _states(page)[:10] == [Mark.CROSSED] * 10
    assert _states(replace(page, between=np.array([0.3] * 9 + [0.5] + [0.0] * 6)))[9] is Mark.UNCERTAIN
    # On a sharp one so much is a fill behind a cross.
    assert _states(replace(page, cover=np.array([0.45] * 10 + [0.02] * 6)))[9] is Mark.UNCERTAIN


@pytest.mark.parametrize(("shown", "waits"), [(12, False), (8, True)])
def test_pale_crumbs_in_most_empty_boxes_shine_through_and_are_not_left_of_marks(shown: int, waits: bool) -> None:
    """A scanner that makes paper white makes crumbs of what shines through; of marks there are not so many."""
    evidence = np.array([4.0] * 10 + [0.0] * 20)
    page = _marked(
        30,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        dark=np.array([0.7] * 10 + [0.12] * 20),
        crumbs=np.array([0.0] * 10 + [2.0] * shown + [0.0] * (20 - shown)),
    )
    assert (_states(page)[10] is Mark.UNCERTAIN) is waits


def test_on_pages_of_a_fine_pen_thin_lines_are_crosses() -> None:
    assert _states(_marked(10, width_mm=0.35 * np.ones(10))) == [Mark.CROSSED] * 10
    # Of two marks alone nobody knows how thin the pen is.
    assert _states(_marked(2, width_mm=0.35 * np.ones(2))) == [Mark.UNCERTAIN] * 2


@pytest.mark.parametrize(("shown", "state"), [(5, Mark.CROSSED), (6, Mark.UNCERTAIN)])
def test_where_the_back_shines_through_what_is_paler_than_the_pen_may_be_a_smear_over_it(
    shown: int, state: Mark
) -> None:
    """Print that shines through with a thumb's smear over it is darker than either."""
    dark = np.array([0.38] * 20 + [0.3] + [0.18] * shown)
    width = np.array([0.5] * 20 + [0.34] * (1 + shown))
    count = 21 + shown
    page = _marked(count, dark=dark, noise=np.full(count, 0.01), width_mm=width, depth_mm=np.full(count, 2.0))
    found = _states(page)
    assert found[:20] == [Mark.CROSSED] * 20
    assert found[20] is state


def test_a_box_with_no_paper_around_it_is_never_sure() -> None:
    """A damaged picture that is black all over a box hides its cross, and its black looks like the box's line."""
    evidence = np.array([5.0] * 5 + [0.0] * 5)
    page = _marked(10, evidence_mm2=evidence, ink_mm2=evidence)
    clear = [Mark.CROSSED] * 5 + [Mark.EMPTY] * 5
    assert _states(page) == clear
    hidden = replace(page, white=np.array([240.0] * 9 + [0.0]))
    assert _states(hidden) == [*clear[:9], Mark.UNCERTAIN]
    # Not where most of the page is black, either.
    assert _states(replace(page, white=np.array([0.0] * 9 + [240.0]))) == [Mark.UNCERTAIN] * 9 + [Mark.EMPTY]
    # A hand's shadow is far lighter.
    assert _states(replace(page, white=np.array([200.0] * 5 + [90.0] * 5))) == clear


@pytest.mark.parametrize(("pieces", "fades"), [((2, 3, 3, 2), True), ((1, 1, 3, 1), False)])
def test_where_most_of_few_crosses_are_torn_an_empty_box_proves_nothing(pieces: tuple[int, ...], fades: bool) -> None:
    """Specks in clean boxes hide how large a share of the marks has frayed; the marks themselves tell."""
    evidence = np.array([0.75, 1.42, 1.7, 0.8] + [0.1] * 4 + [0.0] * 4)
    counts = np.array([*pieces, *[1] * 4, *[0] * 4], np.float64)
    crumbs = np.array([0.0, 2.0, 0.0, 0.0] + [1.0] * 4 + [0.0] * 4)
    width = 0.8 * np.ones(12)
    page = _marked(12, evidence_mm2=evidence, ink_mm2=evidence, pieces=counts, crumbs=crumbs, width_mm=width)
    assert (set(_states(page)[8:]) == {Mark.UNCERTAIN}) is fades


def test_a_cross_that_was_smeared_full_is_no_fill() -> None:
    full = box(10.5, 1.0, 0.0)
    assert states(full, places(), POLICY)[0][0] is Mark.FILLED
    assert states(replace(full, lighter_mm=np.array([0.4])), places(), POLICY)[0][0] is Mark.UNCERTAIN
    # A pencil's fill is uneven by itself.
    pencil = replace(full, lighter_mm=np.array([0.4]), dark=np.array([0.6]))
    assert states(pencil, places(), POLICY)[0][0] is Mark.FILLED


def test_what_lies_beside_a_box_and_is_far_paler_than_the_pen_is_no_mark_that_missed_it() -> None:
    evidence = np.array([5.0] * 9 + [0.0])
    beside = np.array([0.0] * 9 + [1.5])
    page = _marked(10, evidence_mm2=evidence, ink_mm2=evidence, beside_mm2=beside, noise=0.02 * np.ones(10))
    assert _states(page)[9] is Mark.UNCERTAIN
    pale = replace(page, beside_dark=np.array([0.0] * 9 + [0.3]))
    assert _states(pale)[9] is Mark.EMPTY
    # In black and white nothing is pale.
    where = Places(np.zeros((10, 2)), np.ones(10), np.ones(10, np.bool_), 0.0, np.eye(3))
    assert states(pale, where, POLICY, two_toned=True)[9][0] is Mark.UNCERTAIN


def test_a_faint_line_counts_where_the_page_s_pen_is_pale_itself() -> None:
    evidence = np.array([5.0] * 9 + [0.0])
    page = _marked(10, evidence_mm2=evidence, ink_mm2=evidence, faint_mm=np.array([0.0] * 9 + [2.8]))
    assert _states(page)[9] is Mark.EMPTY
    assert _states(replace(page, dark=0.3 * np.ones(10)))[9] is Mark.UNCERTAIN


def test_nothing_is_far_paler_than_a_pale_pencil() -> None:
    pale = np.array([0.34] * 9 + [0.13])
    assert _states(_marked(10, dark=pale, noise=0.006 * np.ones(10)))[9] is Mark.UNCERTAIN


def test_a_ring_s_edge_through_a_corner_is_uncertain() -> None:
    edge = replace(box(1.2, 0.15, 2.2), runs_on=np.array([2.0]), depth_mm=np.array([1.2]))
    assert states(edge, places(), POLICY)[0][0] is Mark.UNCERTAIN


def test_print_that_shines_through_is_none_where_the_pen_is_known_and_no_mark_anywhere() -> None:
    pen, grain = np.ones(10), 0.02 * np.ones(10)
    pale = np.append(pen[:9], 0.16)
    assert _states(_marked(10, dark=pale, noise=grain))[9] is Mark.EMPTY
    assert set(_states(_marked(2, dark=np.array([0.16, 0.17]), noise=grain[:2]))) == {Mark.UNCERTAIN}


def _marked(count: int, **other: Floats) -> Measurements:
    """Return the measurements of boxes with a clear cross each, but for what is given."""
    one = box(5.0, 0.45, 0.9)
    return Measurements(**{f.name: getattr(one, f.name) * np.ones(count) for f in fields(one)} | other)


def _states(page: Measurements, *, two_toned: bool = False) -> list[Mark]:
    return [state for state, _ in _judged(page, two_toned=two_toned).states()]


def _judged(page: Measurements, *, two_toned: bool = False) -> Judged:
    count = len(page)
    where = Places(np.zeros((count, 2)), np.ones(count), np.ones(count, np.bool_), 0.0, np.eye(3))
    return judge_boxes(page, where, POLICY, two_toned=two_toned)


numbers = st.floats(0, 12)


@example(numbers, numbers, st.floats(0, 1), st.floats(0, 3))
def test_more_ink_never_makes_a_box_emptier(low: float, more: float, cover: float, gap: float) -> None:
    first = chances(box(low, cover, gap), POLICY)[0]
    second = chances(box(low + more, cover, gap), POLICY)[0]
    assert second[0] <= first[0] + 1e-12
    assert first.sum() == pytest.approx(1)


@example(st.floats(0.5, 12), st.floats(0, 1), st.floats(0, 1), st.floats(0, 3), st.floats(0, 3))
def test_more_cover_and_smaller_gaps_never_make_a_fill_less_likely(
    evidence: float, cover: float, more: float, gap: float, less: float
) -> None:
    first = chances(box(evidence, cover, gap), POLICY)[0]
    second = chances(box(evidence, min(1, cover + more), max(0, gap - less)), POLICY)[0]
    assert second[2] >= first[2] - 1e-12


@example(st.floats(0, 12), st.floats(0, 1), st.floats(0, 3))
def test_a_stricter_policy_only_makes_more_uncertain(evidence: float, cover: float, gap: float) -> None:
    measured = box(evidence, cover, gap)
    usual = states(measured, places(), POLICY)[0][0]
    strict = states(measured, places(), replace(POLICY, name="strict", sure=0.999))[0][0]
    assert strict in (usual, Mark.UNCERTAIN)


def reading(page: int, **what: object) -> PageReading:
    """Return a reading with the parts given."""
    empty = {"marks": (), "texts": (), "stray_ink": ()}
    quality = Quality(300, 0.1, 0, 4)
    head = ("9c41e07b", "prov", "3f9a1c20", page, "7QK2M4", "S", "1", "a", "00")
    return PageReading(*head, quality, **(empty | what))  # type: ignore[arg-type]


def test_given_brings_pages_together() -> None:
    p = Chances(0, 1, 0)
    first = reading(
        1,
        marks=(
            MarkReading("one", "a", Mark.EMPTY, p, QUAD),
            MarkReading("one", "b", Mark.CROSSED, p, QUAD),
            MarkReading("other", "x", Mark.FILLED, p, QUAD),
        ),
        texts=(
            TextReading("other", "x", True, "gissning", 0.99, QUAD),
            TextReading("own", None, False, None, None, QUAD),
        ),
        stray_ink=(StrayInk("one", "b", QUAD), StrayInk("one", None, QUAD)),
    )
    second = reading(2, marks=(MarkReading("two", "a", Mark.UNCERTAIN, p, QUAD),))
    result = given([first, second])
    assert set(result) == {"one", "other", "own", "two"}
    assert result["one"].marks == {"a": Mark.EMPTY, "b": Mark.CROSSED}
    assert result["one"].stray == {"b", None}
    # A suggestion is not an answer: the text stays unread until a person has taken it.
    assert result["other"].texts == {"x": None}
    assert result["own"].texts == {}
    assert result["two"].marks == {"a": Mark.UNCERTAIN}
    assert all(g.returned and not g.disagreement for g in result.values())


def test_the_dark_part_of_something_pale_is_no_stroke_of_the_page_s_pen() -> None:
    """A copier keeps as writing where a pencil's fill lies over its cross, and makes the rest of the fill paler."""
    page = _marked(10, dark=np.array([0.25] * 9 + [0.9]))
    assert _states(page) == [Mark.CROSSED] * 9 + [Mark.UNCERTAIN]


def test_a_box_that_lost_more_than_a_streak_when_it_was_painted_over_waits() -> None:
    """Painting over a broad band, a fold's shadow, may take a stroke away that lies within it."""
    evidence = np.array([3.0] * 5 + [0.0] * 5)
    page = _marked(10, evidence_mm2=evidence, ink_mm2=evidence)
    where = Places(np.zeros((10, 2)), np.ones(10), np.ones(10, np.bool_), 0.0, np.eye(3))
    before = replace(
        page,
        evidence_mm2=evidence + np.array([2.0] * 5 + [0.9, 1.1, 0.9, 2.9, 3.1]),
        streak=np.array([0.0] * 7 + [1.0] * 3),
    )
    found = [state for state, _ in judge_boxes(page, where, POLICY, before=before).states()]
    empty, waits = Mark.EMPTY, Mark.UNCERTAIN
    assert found == [*[Mark.CROSSED] * 5, empty, waits, empty, empty, waits]


@pytest.mark.parametrize(
    ("dark", "usual", "state"),
    [
        pytest.param(1.0, 0.7, Mark.CROSSED, id="a felt tip's cross among its like"),
        pytest.param(1.0, 0.4, Mark.UNCERTAIN, id="no cross of so thin a pen covers so much"),
        pytest.param(0.66, 0.7, Mark.UNCERTAIN, id="nor one of a pale pen"),
    ],
)
def test_a_box_covered_as_no_cross_of_the_pen_covers_it_may_be_a_hasty_fill(
    dark: float, usual: float, state: Mark
) -> None:
    page = _marked(
        10,
        cover=np.array([usual] * 9 + [0.86]),
        gap_mm=np.array([0.9] * 9 + [0.6]),
        spots=np.array([4.0] * 10),
        dark=np.array([dark] * 10),
    )
    assert _states(page)[9] is state


@pytest.mark.parametrize(
    ("between", "beside", "state"), [(0.7, 8.0, Mark.UNCERTAIN), (0.7, 2.0, Mark.FILLED), (0.95, 8.0, Mark.FILLED)]
)
def test_a_fill_with_gray_in_it_and_much_ink_around_may_be_a_cross_smeared_over(
    between: float, beside: float, state: Mark
) -> None:
    smeared = replace(box(10.5, 1.0, 0.0, beside=beside), between=np.array([between]))
    assert states(smeared, places(), POLICY)[0][0] is state


def test_on_a_page_of_streaks_one_that_fades_at_a_box_waits_as_well() -> None:
    half = np.array([1.0] + [0.0] * 8 + [0.5])
    assert _states(_marked(10, streak=half))[9] is Mark.UNCERTAIN
    # Alone it is a stroke that is upright.
    assert _states(_marked(10, streak=half * (half < 1))) == [Mark.CROSSED] * 10


@pytest.mark.parametrize(
    ("cover", "between", "state"), [(0.44, 0.12, Mark.UNCERTAIN), (0.44, 0.03, Mark.CROSSED), (0.3, 0.12, Mark.CROSSED)]
)
def test_a_box_far_fuller_than_the_page_s_crosses_and_gray_between_may_be_left_of_a_fill(
    cover: float, between: float, state: Mark
) -> None:
    """A compact PDF kept a fine pencil's cross as writing and made specks of the fill over it."""
    page = _marked(
        10,
        cover=np.array([0.16] * 9 + [cover]),
        between=np.array([0.01] * 9 + [between]),
        noise=np.full(10, 0.01),
    )
    assert _states(page)[9] is state


@pytest.mark.parametrize(("steep", "beside", "state"), [(5.0, 1.5, Mark.UNCERTAIN), (1.6, 1.5, Mark.EMPTY)])
def test_a_tick_of_which_little_is_in_its_box_is_no_stain(steep: float, beside: float, state: Mark) -> None:
    """So little ink tells nothing of how dark it is; but it is sharp, and most of it lies beside the box."""
    evidence = np.array([4.0] * 9 + [0.6])
    page = _marked(
        10,
        evidence_mm2=evidence,
        ink_mm2=evidence,
        dark=np.array([0.5] * 9 + [0.17]),
        steep=np.array([2.0] * 9 + [steep]),
        beside_mm2=np.array([0.0] * 9 + [beside]),
        beside_dark=np.array([0.0] * 10),
        noise=np.full(10, 0.01),
    )
    assert _states(page)[9] is state
