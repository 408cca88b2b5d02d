"""What a scanner or copier took for paper: traces, torn strokes, pages whose ink fades."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from measured_helpers import box, judged, marked, places, states_of

from forms.answers import Mark
from omr.interpret import states
from omr.policy import POLICY


def test_ink_in_many_pieces_is_uncertain() -> None:
    broken = replace(box(0.8, 0.08, 1.2), pieces=np.array([5.0]))
    assert states(broken, places(), POLICY)[0][0] is Mark.UNCERTAIN
    # So much ink in few pieces is a frayed stroke; in many, or covering most of a box, it may be left of a fill.
    assert states_of(marked(10, pieces=np.array([5.0] + [1.0] * 9))).count(Mark.CROSSED) == 10
    assert states_of(marked(10, pieces=np.array([13.0] + [1.0] * 9))).count(Mark.CROSSED) == 9
    covering = {"pieces": np.array([5.0] + [1.0] * 9), "cover": np.array([0.6] + [0.4] * 9)}
    assert states_of(marked(10, **covering)).count(Mark.CROSSED) == 9


@pytest.mark.parametrize(("faintest", "broken", "fades"), [(0.0, 5, True), (0.0, 1, False), (2.0, 5, False)])
def test_a_page_whose_ink_fades_is_uncertain_as_a_whole(faintest: float, broken: int, fades: bool) -> None:
    """Where marks fall to pieces and some nearly vanish, others may have: an empty box proves nothing then."""
    pieces = np.where(np.arange(11) < broken, 6.0, 1.0)
    evidence = np.array([1.2, 1.5, 4, 5, 5, 0.5, 0.4, 2, 3, max(faintest, 0.1), 0.0])
    page = marked(
        11, pieces=pieces, evidence_mm2=np.maximum(evidence, faintest), ink_mm2=np.maximum(evidence, faintest)
    )
    if faintest:
        page = replace(page, evidence_mm2=page.evidence_mm2 + 1.0)
    assert (set(states_of(page)) == {Mark.UNCERTAIN}) is fades
    # In black and white nobody could tell from the picture what the others were; in gray they would show.
    assert judged(page, two_toned=True).lost is fades
    assert not judged(page).lost


def test_one_dot_is_dust_unless_another_mark_of_the_page_frays() -> None:
    """An empty box with a crumb beside marks that a scanner has torn apart may hold what is left of a mark."""
    crumbs = np.array([0.0] * 10 + [1])
    full = np.array([5.0] * 10 + [0])
    dust = {"crumbs": crumbs, "evidence_mm2": full, "ink_mm2": full}
    assert states_of(marked(11, **dust))[10] is Mark.EMPTY
    frayed = {**dust, "pieces": np.array([5.0] + [1.0] * 10)}
    found = states_of(marked(11, **frayed))
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
    page = marked(
        24,
        evidence_mm2=evidence,
        dark=np.array([dark] * 10 + [0.0] * 14),
        pieces=np.array([pieces] * 2 + [4.0 if pieces > 2 else 1.0] * 8 + [0.0] * 14),
        cover=np.array([0.45] * 10 + [0.05] * 6 + [0.0] * 8),
    )
    found = states_of(page, two_toned=True)
    assert (Mark.UNCERTAIN not in found) is sound


def test_beside_solid_marks_what_holds_more_than_specks_still_waits() -> None:
    """A broad stroke may be solid or gone: a third of a square millimetre, or a line far thicker, may be its rest."""
    evidence = np.array([5.0] * 10 + [0.0] * 14)
    ink = np.array([5.0] * 10 + [0.3, 0.0, 0.1] + [0.0] * 11)
    cover = np.array([0.45] * 10 + [0.02, 0.1, 0.04] + [0.03] * 3 + [0.0] * 8)
    page = marked(
        24,
        evidence_mm2=evidence,
        ink_mm2=ink,
        cover=cover,
        crumbs=np.array([0.0] * 12 + [1.0] * 12),
        dark=np.array([1.0] * 10 + [0.0] * 14),
    )
    found = states_of(page, two_toned=True)
    assert [n for n, state in enumerate(found) if state is Mark.UNCERTAIN] == [10, 11]


@pytest.mark.parametrize(("shreds", "waits"), [(5, True), (3, False)])
def test_where_a_copier_leaves_shreds_pale_ink_is_no_stain_and_a_broad_cross_may_be_a_fill(
    shreds: int, waits: bool
) -> None:
    """Compact PDFs keep dark parts of a pencil's strokes and show pale rests of others, on paper that has its grain."""
    evidence = np.array([2.0] * 9 + [6.0, 1.0])
    page = marked(
        11,
        evidence_mm2=evidence,
        dark=np.array([0.9] * 10 + [0.15]),
        cover=np.array([0.2] * 9 + [0.6, 0.06]),
        pieces=np.array([3.0] * shreds + [1.0] * (11 - shreds)),
        noise=np.full(11, 0.015),
    )
    found = states_of(page)
    assert found[:9] == [Mark.CROSSED] * 9
    assert found[9:] == ([Mark.UNCERTAIN] * 2 if waits else [Mark.CROSSED, Mark.EMPTY])


def test_on_gray_paper_only_boxes_with_a_trace_wait_where_ink_fades() -> None:
    """A 1-bit scan may leave nothing of a stroke; a gray one shows something, be it never so pale."""
    evidence = np.array([1.2, 1.5, 4, 5, 5, 0.5, 0.4, 2, 3, 0.1, 0.0, 0.0, 0.0])
    dark = np.array([0.9] * 9 + [0.2, 0.09, 0.03, 0.0])
    page = marked(13, evidence_mm2=evidence, dark=dark, pieces=np.array([6.0] * 5 + [1.0] * 8))
    assert set(states_of(page, two_toned=True)) == {Mark.UNCERTAIN}
    assert states_of(page)[-4:] == [Mark.UNCERTAIN] * 2 + [Mark.EMPTY] * 2


def test_a_trace_waits_where_ink_fades_and_clean_boxes_do_not() -> None:
    """Where marks fray but lie well above nothing, only what holds a trace may be left of a mark."""
    evidence = np.array([2.0, 2.0, 2.2, 2.5, 3.0, 0.9, 2.0, 2.0, 0.1, 0.0, 0.0])
    pieces = np.array([6.0, 6, 6, 1, 1, 1, 1, 1, 1, 0, 0])
    page = marked(11, evidence_mm2=evidence, pieces=pieces)
    found = states_of(page)
    assert found[:3] == [Mark.UNCERTAIN] * 3
    assert found[3:5] == [Mark.CROSSED] * 2
    assert found[8:] == [Mark.UNCERTAIN, Mark.EMPTY, Mark.EMPTY]


def test_a_pen_whose_strokes_are_whole_is_far_from_the_threshold_whatever_specks_there_are() -> None:
    """A copier's specks in empty boxes are not what is left of marks where ten crosses are whole."""
    evidence = np.array([5.0] * 10 + [0.1] * 8 + [0.0] * 4)
    page = marked(
        22,
        evidence_mm2=evidence,
        crumbs=np.array([0.0] * 10 + [1.0] * 8 + [0.0] * 4),
        dark=np.array([1.0] * 10 + [0.0] * 12),
    )
    assert states_of(page) == [Mark.CROSSED] * 10 + [Mark.EMPTY] * 12


@pytest.mark.parametrize(("shown", "waits"), [(12, False), (8, True)])
def test_pale_crumbs_in_most_empty_boxes_shine_through_and_are_not_left_of_marks(shown: int, waits: bool) -> None:
    """A scanner that makes paper white makes crumbs of what shines through; of marks there are not so many."""
    evidence = np.array([4.0] * 10 + [0.0] * 20)
    page = marked(
        30,
        evidence_mm2=evidence,
        dark=np.array([0.7] * 10 + [0.12] * 20),
        crumbs=np.array([0.0] * 10 + [2.0] * shown + [0.0] * (20 - shown)),
    )
    assert (states_of(page)[10] is Mark.UNCERTAIN) is waits


@pytest.mark.parametrize(("pieces", "fades"), [((2, 3, 3, 2), True), ((1, 1, 3, 1), False)])
def test_where_most_of_few_crosses_are_torn_an_empty_box_proves_nothing(pieces: tuple[int, ...], fades: bool) -> None:
    """Specks in clean boxes hide how large a share of the marks has frayed; the marks themselves tell."""
    evidence = np.array([0.75, 1.42, 1.7, 0.8] + [0.1] * 4 + [0.0] * 4)
    counts = np.array([*pieces, *[1] * 4, *[0] * 4], np.float64)
    crumbs = np.array([0.0, 2.0, 0.0, 0.0] + [1.0] * 4 + [0.0] * 4)
    width = 0.8 * np.ones(12)
    page = marked(12, evidence_mm2=evidence, pieces=counts, crumbs=crumbs, width_mm=width)
    assert (set(states_of(page)[8:]) == {Mark.UNCERTAIN}) is fades
