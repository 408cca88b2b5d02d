"""The pen of a page: what is unlike its other strokes waits for a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured_helpers import marked, states_of, unlike

from forms.answers import Mark
from omr.interpret import states
from omr.outlines import Places
from omr.policy import POLICY


@pytest.mark.parametrize(("boxes", "doubted"), [(6, True), (5, False)])
def test_where_print_shines_through_short_pieces_tell_and_a_mark_nearly_as_dark_as_the_pen_waits(
    boxes: int, doubted: bool
) -> None:
    """A fold across a cross on the back is as dark as pencil; bits of print as long as 0.7 mm show that it is there."""
    evidence = np.array([4.0] * 9 + [2.9] + [0.2] * 6)
    page = marked(
        16,
        evidence_mm2=evidence,
        dark=np.array([0.34] * 9 + [0.28] + [0.14] * boxes + [0.02] * (6 - boxes)),
        length_mm=np.array([3.0] * 10 + [0.8] * boxes + [0.0] * (6 - boxes)),
        depth_mm=np.full(16, 1.2),
        width_mm=np.array([0.5] * 9 + [0.34] * 7),
        noise=np.full(16, 0.006),
    )
    assert (states_of(page)[9] is Mark.UNCERTAIN) is doubted
    # Neither does a blurred line of the box, which reaches less deep, nor is a cross as broad as the pen's a fold.
    assert states_of(replace(page, depth_mm=np.array([2.0] * 10 + [0.8] * 6)))[9] is Mark.CROSSED
    assert states_of(replace(page, width_mm=0.5 * np.ones(16)))[9] is Mark.CROSSED


def test_the_pen_is_as_dark_as_the_darkest_marks_be_they_ever_so_few_among_what_shines_through() -> None:
    """Of 112 boxes with ink 84 may show the crosses of the back; they are far paler than 28 of the pen."""
    dark = np.array([0.85] * 28 + [0.21] * 84)
    page = marked(112, dark=dark, noise=np.full(112, 0.026), pieces=np.array([1.0] * 28 + [4.0] * 84))
    assert states_of(page) == [Mark.CROSSED] * 28 + [Mark.UNCERTAIN] * 84


@pytest.mark.parametrize(("between", "state"), [(0.23, Mark.UNCERTAIN), (0.05, Mark.CROSSED)])
def test_one_dark_spot_does_not_hide_that_a_pale_fill_stands_behind_a_cross(between: float, state: Mark) -> None:
    page = marked(
        10,
        dark=np.array([0.33] * 9 + [0.6]),
        between=np.array([0.0] * 9 + [between]),
        noise=np.full(10, 0.012),
    )
    assert states_of(page)[9] is state


@pytest.mark.parametrize(("two_toned", "state"), [(False, Mark.UNCERTAIN), (True, Mark.CROSSED)])
def test_where_there_are_grays_little_ink_that_is_far_paler_than_the_pen_waits(two_toned: bool, state: Mark) -> None:
    """A letter of the back on paper that a scanner has made white; in black and white it only looks pale."""
    evidence = np.array([5.0] * 10 + [1.1])
    page = marked(
        11,
        evidence_mm2=evidence,
        dark=np.array([0.86] * 10 + [0.144]),
        cover=np.array([0.4] * 10 + [0.048]),
    )
    assert states_of(page, two_toned=two_toned)[10] is state


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
    page = unlike(**{what: value})
    assert (states_of(page)[9] is Mark.UNCERTAIN) is doubted
    assert states_of(page)[:9] == [Mark.CROSSED] * 9


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
    page = marked(
        10,
        width_mm=np.array([0.6] * 9 + [width]),
        evidence_mm2=np.array([5.0] * 9 + [evidence]),
        steep=np.array([2.0] * 9 + [2.8]),
    )
    assert states_of(page) == [Mark.CROSSED] * 9 + [Mark.UNCERTAIN if doubted else Mark.CROSSED]


def test_lines_as_thin_in_three_boxes_are_the_page_s_pen() -> None:
    thin = np.array([0.6] * 7 + [0.35] * 3)
    page = marked(10, width_mm=thin, steep=np.array([2.0] * 7 + [2.8] * 3))
    assert states_of(page) == [Mark.CROSSED] * 10
    thin[7] = 0.6
    assert states_of(replace(page, width_mm=thin)) == [Mark.CROSSED] * 8 + [Mark.UNCERTAIN] * 2


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
    page = marked(10, dark=np.array([0.4] * 9 + [dark]), steep=edges, noise=np.full(10, 0.01))
    assert (states_of(page)[9] is Mark.UNCERTAIN) is doubted
    assert states_of(page)[:9] == [Mark.CROSSED] * 9


@pytest.mark.parametrize(("noise", "steep", "waits"), [(0.0, 2.0, False), (0.0, 1.7, True), (0.01, 2.0, True)])
def test_faint_ink_as_sharp_as_the_pen_s_is_a_mark_where_paper_was_smoothed(
    noise: float, steep: float, waits: bool
) -> None:
    """Compact PDFs make a soft pencil as pale as what shines through; but paper that they smooth shows none of it."""
    page = marked(
        10,
        dark=np.array([0.25] * 9 + [0.19]),
        steep=np.array([2.0] * 9 + [steep]),
        noise=np.full(10, noise),
    )
    assert (states_of(page)[9] is Mark.UNCERTAIN) is waits


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
    page = marked(
        12,
        evidence_mm2=evidence,
        ink_mm2=np.array([3.0] * 10 + [0.0, last["ink_mm2"]]),
        dark=np.array([0.3] * 10 + [0.0, last["dark"]]),
        steep=np.array([2.0] * 10 + [0.0, last["steep"]]),
        noise=np.full(12, 0.01),
    )
    assert states_of(page)[:11] == [Mark.CROSSED] * 10 + [Mark.EMPTY]
    assert (states_of(page)[11] is Mark.UNCERTAIN) is waits


@pytest.mark.parametrize(("traces", "dark", "waits"), [(6, 0.12, False), (5, 0.12, True), (6, 0.16, True)])
def test_what_shines_through_into_many_boxes_is_no_end_of_a_stroke(traces: int, dark: float, waits: bool) -> None:
    page = marked(
        10 + traces,
        evidence_mm2=np.array([3.0] * 10 + [0.02] * traces),
        ink_mm2=np.array([3.0] * 10 + [0.2] * traces),
        dark=np.array([0.3] * 10 + [dark] * traces),
        steep=np.full(10 + traces, 2.0),
        noise=np.full(10 + traces, 0.01),
    )
    assert states_of(page) == [Mark.CROSSED] * 10 + [Mark.UNCERTAIN if waits else Mark.EMPTY] * traces


def test_beside_a_pale_pencil_s_broad_strokes_a_thin_line_as_dark_may_be_a_crease() -> None:
    width = np.array([1.0] * 9 + [0.55])
    assert states_of(marked(10, dark=np.full(10, 0.35), width_mm=width))[9] is Mark.UNCERTAIN
    # Creases are not so dark as ink.
    assert states_of(marked(10, width_mm=width))[9] is Mark.CROSSED


def test_the_pen_s_edges_are_told_by_its_own_strokes_be_they_few_among_what_shines_through() -> None:
    dark = np.array([0.9] * 6 + [0.25] * 30)
    page = marked(36, dark=dark, steep=np.array([2.0] * 6 + [1.5] * 30), noise=np.full(36, 0.01))
    assert states_of(page) == [Mark.CROSSED] * 6 + [Mark.UNCERTAIN] * 30


def test_on_a_blurred_page_all_crosses_show_some_gray_between_their_strokes() -> None:
    evidence = np.array([5.0] * 10 + [0.0] * 6)
    page = marked(
        16,
        evidence_mm2=evidence,
        cover=np.array([0.45] * 10 + [0.2] * 6),
        between=np.array([0.3] * 9 + [0.44] + [0.0] * 6),
        noise=np.full(16, 0.01),
    )
    assert states_of(page)[:10] == [Mark.CROSSED] * 10
    assert states_of(replace(page, between=np.array([0.3] * 9 + [0.5] + [0.0] * 6)))[9] is Mark.UNCERTAIN
    # On a sharp one so much is a fill behind a cross.
    assert states_of(replace(page, cover=np.array([0.45] * 10 + [0.02] * 6)))[9] is Mark.UNCERTAIN


def test_on_pages_of_a_fine_pen_thin_lines_are_crosses() -> None:
    assert states_of(marked(10, width_mm=0.35 * np.ones(10))) == [Mark.CROSSED] * 10
    # Of two marks alone nobody knows how thin the pen is.
    assert states_of(marked(2, width_mm=0.35 * np.ones(2))) == [Mark.UNCERTAIN] * 2


@pytest.mark.parametrize(("shown", "state"), [(5, Mark.CROSSED), (6, Mark.UNCERTAIN)])
def test_where_the_back_shines_through_what_is_paler_than_the_pen_may_be_a_smear_over_it(
    shown: int, state: Mark
) -> None:
    """Print that shines through with a thumb's smear over it is darker than either."""
    dark = np.array([0.38] * 20 + [0.3] + [0.18] * shown)
    width = np.array([0.5] * 20 + [0.34] * (1 + shown))
    count = 21 + shown
    page = marked(count, dark=dark, noise=np.full(count, 0.01), width_mm=width, depth_mm=np.full(count, 2.0))
    found = states_of(page)
    assert found[:20] == [Mark.CROSSED] * 20
    assert found[20] is state


def test_what_lies_beside_a_box_and_is_far_paler_than_the_pen_is_no_mark_that_missed_it() -> None:
    evidence = np.array([5.0] * 9 + [0.0])
    beside = np.array([0.0] * 9 + [1.5])
    page = marked(10, evidence_mm2=evidence, beside_mm2=beside, noise=0.02 * np.ones(10))
    assert states_of(page)[9] is Mark.UNCERTAIN
    pale = replace(page, beside_dark=np.array([0.0] * 9 + [0.3]))
    assert states_of(pale)[9] is Mark.EMPTY
    # In black and white nothing is pale.
    where = Places(np.zeros((10, 2)), np.ones(10), np.ones(10, np.bool_), 0.0, np.eye(3))
    assert states(pale, where, POLICY, two_toned=True)[9][0] is Mark.UNCERTAIN


def test_a_faint_line_counts_where_the_page_s_pen_is_pale_itself() -> None:
    evidence = np.array([5.0] * 9 + [0.0])
    page = marked(10, evidence_mm2=evidence, faint_mm=np.array([0.0] * 9 + [2.8]))
    assert states_of(page)[9] is Mark.EMPTY
    assert states_of(replace(page, dark=0.3 * np.ones(10)))[9] is Mark.UNCERTAIN


def test_nothing_is_far_paler_than_a_pale_pencil() -> None:
    pale = np.array([0.34] * 9 + [0.13])
    assert states_of(marked(10, dark=pale, noise=0.006 * np.ones(10)))[9] is Mark.UNCERTAIN


def test_print_that_shines_through_is_none_where_the_pen_is_known_and_no_mark_anywhere() -> None:
    pen, grain = np.ones(10), 0.02 * np.ones(10)
    pale = np.append(pen[:9], 0.16)
    assert states_of(marked(10, dark=pale, noise=grain))[9] is Mark.EMPTY
    assert set(states_of(marked(2, dark=np.array([0.16, 0.17]), noise=grain[:2]))) == {Mark.UNCERTAIN}


def test_the_dark_part_of_something_pale_is_no_stroke_of_the_page_s_pen() -> None:
    """A copier keeps as writing where a pencil's fill lies over its cross, and makes the rest of the fill paler."""
    page = marked(10, dark=np.array([0.25] * 9 + [0.9]))
    assert states_of(page) == [Mark.CROSSED] * 9 + [Mark.UNCERTAIN]


@pytest.mark.parametrize(
    ("cover", "between", "state"), [(0.44, 0.12, Mark.UNCERTAIN), (0.44, 0.03, Mark.CROSSED), (0.3, 0.12, Mark.CROSSED)]
)
def test_a_box_far_fuller_than_the_page_s_crosses_and_gray_between_may_be_left_of_a_fill(
    cover: float, between: float, state: Mark
) -> None:
    """A compact PDF kept a fine pencil's cross as writing and made specks of the fill over it."""
    page = marked(
        10,
        cover=np.array([0.16] * 9 + [cover]),
        between=np.array([0.01] * 9 + [between]),
        noise=np.full(10, 0.01),
    )
    assert states_of(page)[9] is state
