"""Numbers → states, and readings → what was given at each question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as example
from hypothesis import strategies as st
from measured_helpers import box, marked, places, states_of, unlike

from forms.answers import Mark
from omr.interpret import chances, given, judge_boxes, states
from omr.measure import Measurements
from omr.outlines import Places
from omr.policy import POLICY
from omr.readings import Chances, MarkReading, PageReading, Quality, StrayInk, TextReading

QUAD = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


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


def test_a_streak_through_a_box_is_no_mark() -> None:
    through = replace(box(2.0, 0.2, 1.3), streak=np.ones(1))
    assert states(through, places(), POLICY)[0][0] is Mark.UNCERTAIN


@pytest.mark.parametrize(("streaks", "doubted"), [(1, False), (2, True)])
@pytest.mark.parametrize(("dark", "depth"), [(0.7, 2.1), (1.0, 1.4)])
def test_on_a_page_of_streaks_one_may_fade_within_a_box(streaks: int, doubted: bool, dark: float, depth: float) -> None:
    page = marked(
        10,
        streak=np.array([1.0] * streaks + [0.0] * (10 - streaks)),
        dark=np.array([1.0] * 9 + [dark]),
        depth_mm=np.array([2.1] * 9 + [depth]),
        width_mm=np.array([0.5] * 9 + [0.34]),
    )
    usual = [Mark.UNCERTAIN] * streaks + [Mark.CROSSED] * (9 - streaks)
    assert states_of(page) == [*usual, Mark.UNCERTAIN if doubted else Mark.CROSSED]
    # As broad as the page's strokes, and with edges as steep, it is one of them.
    assert states_of(replace(page, width_mm=0.5 * np.ones(10))) == [*usual, Mark.CROSSED]


@pytest.mark.parametrize(("scatter", "outline", "state"), [(0.1, 0.1, Mark.UNCERTAIN), (0.02, 0.1, Mark.CROSSED)])
def test_on_uneven_paper_a_box_without_an_outline_may_be_elsewhere(scatter: float, outline: float, state: Mark) -> None:
    clear = np.array([0.6] * 9 + [outline])
    where = Places(np.zeros((10, 2)), clear, np.ones(10, np.bool_), scatter, np.eye(3))
    found = [found for found, _ in states(marked(10), where, POLICY)]
    assert found == [Mark.CROSSED] * 9 + [state]


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
    page = unlike(**{what: value})
    assert (states_of(page)[9] is Mark.UNCERTAIN) is doubted


@pytest.mark.parametrize(
    ("length", "width", "doubted"),
    [(1.1, 0.9, True), (1.5, 1.3, True), (1.5, 0.6, False), (2.2, 1.5, False)],
)
def test_a_round_spot_may_be_dust_and_a_short_stroke_is_a_mark(length: float, width: float, doubted: bool) -> None:
    spot = {"length_mm": np.array([3.0] * 9 + [length]), "width_mm": np.array([0.6] * 9 + [width])}
    assert states_of(marked(10, **spot)) == [Mark.CROSSED] * 9 + [Mark.UNCERTAIN if doubted else Mark.CROSSED]


@pytest.mark.parametrize(("gap", "state"), [(0.21, Mark.UNCERTAIN), (0.15, Mark.FILLED)])
def test_a_fill_with_paper_in_it_may_be_a_cross(gap: float, state: Mark) -> None:
    assert states(box(10.3, 0.99, gap), places(), POLICY)[0][0] is state


@pytest.mark.parametrize(("blur", "state"), [(0.2, Mark.UNCERTAIN), (0.02, Mark.FILLED)])
def test_on_a_blurred_page_a_scribble_may_look_like_an_uneven_fill(blur: float, state: Mark) -> None:
    evidence = np.array([10.0] + [0.0] * 5)
    page = marked(
        6,
        evidence_mm2=evidence,
        cover=np.array([1.0] + [blur] * 5),
        gap_mm=np.array([0.1] + [9.0] * 5),
        dark=np.array([0.7] + [0.0] * 5),
        lighter_mm=np.array([0.4] + [0.0] * 5),
    )
    assert states_of(page)[0] is state


def test_a_box_with_no_paper_around_it_is_never_sure() -> None:
    """A damaged picture that is black all over a box hides its cross, and its black looks like the box's line."""
    evidence = np.array([5.0] * 5 + [0.0] * 5)
    page = marked(10, evidence_mm2=evidence)
    clear = [Mark.CROSSED] * 5 + [Mark.EMPTY] * 5
    assert states_of(page) == clear
    hidden = replace(page, white=np.array([240.0] * 9 + [0.0]))
    assert states_of(hidden) == [*clear[:9], Mark.UNCERTAIN]
    # Not where most of the page is black, either.
    assert states_of(replace(page, white=np.array([0.0] * 9 + [240.0]))) == [Mark.UNCERTAIN] * 9 + [Mark.EMPTY]
    # A hand's shadow is far lighter.
    assert states_of(replace(page, white=np.array([200.0] * 5 + [90.0] * 5))) == clear


def test_a_cross_that_was_smeared_full_is_no_fill() -> None:
    full = box(10.5, 1.0, 0.0)
    assert states(full, places(), POLICY)[0][0] is Mark.FILLED
    assert states(replace(full, lighter_mm=np.array([0.4])), places(), POLICY)[0][0] is Mark.UNCERTAIN
    # A pencil's fill is uneven by itself.
    pencil = replace(full, lighter_mm=np.array([0.4]), dark=np.array([0.6]))
    assert states(pencil, places(), POLICY)[0][0] is Mark.FILLED


def test_a_ring_s_edge_through_a_corner_is_uncertain() -> None:
    edge = replace(box(1.2, 0.15, 2.2), runs_on=np.array([2.0]), depth_mm=np.array([1.2]))
    assert states(edge, places(), POLICY)[0][0] is Mark.UNCERTAIN


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


def test_a_box_that_lost_more_than_a_streak_when_it_was_painted_over_waits() -> None:
    """Painting over a broad band, a fold's shadow, may take a stroke away that lies within it."""
    evidence = np.array([3.0] * 5 + [0.0] * 5)
    page = marked(10, evidence_mm2=evidence)
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
    page = marked(
        10,
        cover=np.array([usual] * 9 + [0.86]),
        gap_mm=np.array([0.9] * 9 + [0.6]),
        spots=np.array([4.0] * 10),
        dark=np.array([dark] * 10),
    )
    assert states_of(page)[9] is state


@pytest.mark.parametrize(
    ("between", "beside", "state"), [(0.7, 8.0, Mark.UNCERTAIN), (0.7, 2.0, Mark.FILLED), (0.95, 8.0, Mark.FILLED)]
)
def test_a_fill_with_gray_in_it_and_much_ink_around_may_be_a_cross_smeared_over(
    between: float, beside: float, state: Mark
) -> None:
    smeared = replace(box(10.5, 1.0, 0.0, beside=beside), between=np.array([between]))
    assert states(smeared, places(), POLICY)[0][0] is state


@pytest.mark.parametrize(
    ("streaks", "runs_on", "dark", "waits"),
    [
        (2, 1, 0.3, True),
        (1, 1, 0.3, False),
        (2, 0, 0.3, False),
        (2, 1, 0.4, False),
    ],
)
def test_on_a_creased_page_a_paler_stroke_that_leaves_its_box_may_be_a_crease(
    streaks: int, runs_on: int, dark: float, waits: bool
) -> None:
    """As sharp and as broad as the page's strokes, it would pass for one."""
    page = marked(
        12,
        dark=np.array([0.45] * 11 + [dark]),
        streak=np.array([1.0] * streaks + [0.0] * (12 - streaks)),
        runs_on=np.array([0.0] * 11 + [runs_on]),
        depth_mm=np.full(12, 2.2),
        noise=np.full(12, 0.01),
    )
    assert (states_of(page)[11] is Mark.UNCERTAIN) is waits


def test_a_streak_or_a_crease_that_fades_at_a_box_waits_as_well() -> None:
    half = np.array([1.0] + [0.0] * 8 + [0.5])
    waiting = [Mark.CROSSED] * 8 + [Mark.UNCERTAIN]
    assert states_of(marked(10, streak=half)) == [Mark.UNCERTAIN, *waiting]
    assert states_of(marked(10, streak=half * (half < 1))) == [Mark.CROSSED, *waiting]


@pytest.mark.parametrize(("steep", "beside", "state"), [(5.0, 1.5, Mark.UNCERTAIN), (1.6, 1.5, Mark.EMPTY)])
def test_a_tick_of_which_little_is_in_its_box_is_no_stain(steep: float, beside: float, state: Mark) -> None:
    """So little ink tells nothing of how dark it is; but it is sharp, and most of it lies beside the box."""
    evidence = np.array([4.0] * 9 + [0.6])
    page = marked(
        10,
        evidence_mm2=evidence,
        dark=np.array([0.5] * 9 + [0.17]),
        steep=np.array([2.0] * 9 + [steep]),
        beside_mm2=np.array([0.0] * 9 + [beside]),
        beside_dark=np.array([0.0] * 10),
        noise=np.full(10, 0.01),
    )
    assert states_of(page)[9] is state


@pytest.mark.parametrize(("peak", "state"), [(0.4, Mark.UNCERTAIN), (0.2, Mark.EMPTY)])
def test_a_dot_or_a_small_tick_is_no_stain_where_its_darkest_part_is_nearly_as_dark_as_the_pen(
    peak: float, state: Mark
) -> None:
    """Of a box's inside it covers so little that its 95th percentile is hardly ink any more."""
    page = marked(
        10,
        evidence_mm2=np.array([4.0] * 9 + [0.33]),
        dark=np.array([0.5] * 9 + [0.16]),
        peak=np.array([0.5] * 9 + [peak]),
        noise=np.full(10, 0.01),
    )
    assert states_of(page)[9] is state


@pytest.mark.parametrize(("lines", "state"), [(2, Mark.UNCERTAIN), (1, Mark.CROSSED)])
def test_where_strokes_run_on_they_tell_that_what_shines_through_is_no_mark(lines: int, state: Mark) -> None:
    """An overshooting hand's strokes leave their boxes at both ends, and are far darker than the back of the page."""
    through = [0.21] * 8
    page = marked(
        8 + lines,
        dark=np.array(through + [0.65] * lines),
        runs_on=np.array([0.0] * 8 + [2.0] * lines),
        noise=np.full(8 + lines, 0.02),
    )
    assert set(states_of(page)[:8]) == {state}


@pytest.mark.parametrize(
    ("pieces", "evidence", "state"), [(3, 1.3, Mark.UNCERTAIN), (2, 1.3, Mark.CROSSED), (3, 2.0, Mark.CROSSED)]
)
def test_black_crumbs_of_dirt_are_less_than_a_cross_and_lie_apart(pieces: int, evidence: float, state: Mark) -> None:
    page = marked(9, evidence_mm2=np.array([4.0] * 8 + [evidence]), pieces=np.array([1.0] * 8 + [pieces]))
    assert states_of(page, two_toned=True)[8] is state
    assert states_of(page)[8] is Mark.CROSSED


@pytest.mark.parametrize(
    ("beside", "usual", "state"), [(7.0, 0.8, Mark.UNCERTAIN), (3.0, 0.8, Mark.FILLED), (7.0, 0.4, Mark.FILLED)]
)
def test_a_black_box_among_heavy_crosses_may_be_one_whose_wet_ink_ran(beside: float, usual: float, state: Mark) -> None:
    page = marked(
        9,
        cover=np.array([usual] * 8 + [0.99]),
        gap_mm=np.array([0.9] * 8 + [0.1]),
        beside_mm2=np.array([0.5] * 8 + [beside]),
        between=np.array([0.0] * 8 + [1.0]),
        spots=np.array([4.0] * 8 + [0.0]),
    )
    assert states_of(page, two_toned=True)[8] is state
