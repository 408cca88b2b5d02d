"""The law: answers → sheet → picture → distortion → reading gives the same answers, or a review, or a refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import simulator
import simulator_clean
import simulator_sheets
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from simulator import Cross, Hand, Pen, Printer, Scanner, Style

from forms.answers import Mark, route
from forms.layout import FieldKind
from omr import interpret
from omr.images import PageImage
from omr.markers import black_level, find_markers
from omr.measure import measure
from omr.outlines import place_boxes
from omr.policy import POLICY
from omr.reader import examine
from omr.readings import PageReading, Refusal, RefusalCode
from omr.register import Floats, Laid, register

DATA, LAYOUT = simulator_sheets.sheets()
PAGES = simulator.printed(DATA, LAYOUT)[0]
INSTRUMENT = simulator_sheets.instrument()

hands = st.builds(
    Hand,
    st.builds(Pen, st.floats(0.3, 1.2), st.floats(0.3, 0.97), st.just((1.0, 0.95, 0.6))),
    off=st.floats(0, 0.6),
    tremor=st.floats(0.01, 0.12),
    size=st.floats(0.7, 1.4),
)
scanners = st.builds(
    Scanner,
    dpi=st.sampled_from([150, 200, 300]),
    mode=st.sampled_from(["gray", "gray", "colour", "bilevel"]),
    skew_deg=st.floats(-5, 5),
    quarter_turns=st.integers(0, 3),
    stretch=st.floats(0.985, 1.015),
    x=st.floats(-3, 3),
    y=st.floats(-3, 3),
    blur=st.floats(0.02, 0.13),
    noise=st.floats(0, 8),
    white=st.integers(190, 255),
    black=st.integers(0, 70),
    threshold=st.floats(0.2, 0.5),
    quality=st.integers(40, 95),
    printer=st.builds(Printer, scale=st.floats(0.94, 1.03), black=st.floats(0.6, 1.0)),
)


BROAD_AND_PALE = Hand(Pen(1.0, 0.375, (1.0, 0.95, 0.6)), off=0.0, tremor=0.0625, size=1.0)
COARSE = Scanner(
    dpi=150,
    mode="bilevel",
    skew_deg=0.0,
    quarter_turns=0,
    stretch=1.0,
    x=0.0,
    y=0.0,
    blur=0.125,
    noise=0.0,
    white=190,
    black=0,
    threshold=0.34375,
    quality=40,
    printer=Printer(scale=1.0, black=1.0),
)
"""Here all but one of a page's strokes are whole, and of that one hardly anything is left."""


def test_answers_come_back_or_wait_or_are_refused() -> None:
    """Never another answer, whatever pen, hand, printer and scanner."""
    read = []

    @settings(max_examples=14, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @example(0, BROAD_AND_PALE, COARSE)
    @given(st.integers(0, 2**32), hands, scanners)
    def law(seed: int, hand: Hand, scanner: Scanner) -> None:
        rng = np.random.default_rng(seed)
        actions = simulator_sheets.answers(rng)
        truth = simulator.truth(LAYOUT, actions)
        readings = []
        for page in PAGES:
            pixels = simulator.scan(simulator.fill_in(page, actions, hand, rng), scanner, rng)
            image = simulator_clean.page_image(pixels, scanner)
            outcome = examine(image, {LAYOUT.id: LAYOUT}, POLICY).outcome
            if isinstance(outcome, PageReading):
                readings.append(outcome)
                assert (outcome.page, outcome.serial, outcome.layout) == (page.number, "7QK2M4", LAYOUT.id)
                for mark in outcome.marks:
                    assert mark.state in (truth[mark.question, mark.option], Mark.UNCERTAIN), mark
        read.append(len(readings))
        found = interpret.given(readings)
        meant = _meant(truth)
        for answer in route(INSTRUMENT, found):
            if answer.question in found and not answer.waiting:
                assert set(answer.options) == meant[answer.question]

    law()
    # A law that refuses everything would hold as well.
    assert sum(read) >= 1.6 * len(read)


def _meant(truth: dict[tuple[str, str], Mark]) -> dict[str, set[str]]:
    """Return the options that were crossed, by question."""
    return {q.id: {o.id for o in q.options if truth[q.id, o.id] is Mark.CROSSED} for q in INSTRUMENT.questions}


@pytest.mark.parametrize("kind", [k for k in simulator_clean.KINDS if k != simulator_clean.PALE])
def test_a_sample_of_each_kind_of_clean_scan(kind: str) -> None:
    """No silent misread, no refusal, no stray ink, nothing missed in a text field; the count is in the script."""
    tally = simulator_clean.Tally()
    for seed in range(2):
        tally.add(simulator_clean.one(kind, 77_000 + seed))
    silent = {pair: n for pair, n in tally.marks.items() if pair[1] not in (pair[0], Mark.UNCERTAIN)}
    assert silent == {}
    assert not tally.refused
    assert tally.stray == []
    assert all(written is ink for written, ink in tally.texts)
    unsure = sum(n for (_, state), n in tally.marks.items() if state is Mark.UNCERTAIN)
    assert unsure <= 2
    assert sum(tally.marks.values()) == 2 * len(simulator.truth(LAYOUT, []))


def test_pencil_at_the_threshold_of_a_bilevel_scanner_is_doubted_not_guessed() -> None:
    tally = simulator_clean.Tally()
    for seed in range(3):
        tally.add(simulator_clean.one(simulator_clean.PALE, 5_000 + seed))
    silent = [pair for pair in tally.marks if pair[1] not in (pair[0], Mark.UNCERTAIN)]
    assert silent == []
    assert tally.marks[Mark.CROSSED, Mark.UNCERTAIN] > 10


def test_a_correction_reads_as_what_was_meant() -> None:
    """Filled and then crossed elsewhere: the darkest box is the one that does not count."""
    rng = np.random.default_rng(8)
    actions = [
        Cross("q1", "a", Style.FILL),
        Cross("q1", "c"),
        Cross("q2", "d", Style.FILL),
        Cross("q2", "a", Style.TICK),
    ]
    pixels = simulator.scan(simulator.fill_in(PAGES[0], actions, Hand(), rng), Scanner(dpi=200), rng)
    image = simulator_clean.page_image(pixels, Scanner(dpi=200))
    outcome = examine(image, {LAYOUT.id: LAYOUT}, POLICY).outcome
    assert isinstance(outcome, PageReading)
    answers = {a.question: a.options for a in route(INSTRUMENT, interpret.given([outcome]))}
    assert (answers["q1"], answers["q2"]) == (("c",), ("a",))


@pytest.mark.parametrize(
    ("style", "scanner"),
    [
        (Style.CROSS, Scanner(dpi=300, mode="bilevel", skew_deg=-5)),
        (Style.DOT, Scanner(dpi=200, skew_deg=5)),
        (Style.FILL, Scanner(dpi=150, skew_deg=2)),
    ],
)
def test_the_same_mark_is_read_alike_everywhere_and_at_every_quarter_turn(style: Style, scanner: Scanner) -> None:
    """Nobody's answer may weigh less because it stands at the edge of a page or the page lay upside down."""
    inked = PAGES[0]
    for box in LAYOUT.on_page(1, FieldKind.BOX):
        mark = [Cross(box.question, box.option or "", style)]
        inked = simulator.fill_in(inked, mark, Hand(Pen(0.5, 0.8), off=0, spread=0), np.random.default_rng(11))
    evidence = []
    for turns in range(4):
        turned = replace(scanner, quarter_turns=turns)
        image = simulator_clean.page_image(simulator.scan(inked, turned, np.random.default_rng(1)), turned)
        outcome = examine(image, {LAYOUT.id: LAYOUT}, POLICY).outcome
        assert isinstance(outcome, PageReading)
        assert {m.state for m in outcome.marks} == {Mark.FILLED if style is Style.FILL else Mark.CROSSED}
        evidence.append(_evidence(image))
    assert np.ptp(evidence) < 0.15 * np.mean(evidence)
    assert np.ptp(np.mean(evidence, axis=1)) < 0.02 * np.mean(evidence)


def _evidence(image: PageImage) -> Floats:
    """Return what is measured in each box of the first page."""
    found = find_markers(image.gray)
    page = register(found, [m for m in LAYOUT.markers if m.page == 1], POLICY.worst_fit_mm)
    assert page is not None
    laid = Laid(image.gray, page, black_level(image.gray, found))
    boxes_mm = np.array([[f.x, f.y, f.w, f.h] for f in LAYOUT.on_page(1, FieldKind.BOX)])
    return measure(laid, place_boxes(laid, boxes_mm).boxes(boxes_mm)).evidence_mm2


@pytest.mark.parametrize("seed", [3000044, 3000067])
def test_a_mark_of_which_a_threshold_left_only_dots_is_not_taken_for_an_empty_box(seed: int) -> None:
    """Each of these sheets once had a box read as empty whose stroke was cut down to a dot or two."""
    tally = simulator_clean.one(simulator_clean.PALE, seed)
    assert not tally.misread
    assert tally.unsure or tally.refused[RefusalCode.TOO_PALE]


@pytest.mark.parametrize(("dark", "threshold"), [(0.45, 0.47), (0.5, 0.5)], ids=["in pieces", "as hairs"])
def test_a_page_whose_pencil_a_threshold_took_away_is_refused_and_reads_in_gray(dark: float, threshold: float) -> None:
    """Nobody could tell from such a picture which boxes are empty; the scanner's other setting keeps it all."""
    rng = np.random.default_rng(8)
    actions = [Cross(f"q{n}", "abc"[n % 3]) for n in range(1, 6)]
    pencil = Hand(Pen(0.5, dark, (1.0, 0.95, 0.6)), off=0.1)
    paper = simulator.fill_in(PAGES[0], actions, pencil, rng)
    black_and_white = Scanner(dpi=300, mode="bilevel", threshold=threshold, blur=0.08, noise=2)
    gray = replace(black_and_white, mode="gray")
    outcomes = [
        examine(
            simulator_clean.page_image(simulator.scan(paper, scanner, rng), scanner), {LAYOUT.id: LAYOUT}, POLICY
        ).outcome
        for scanner in (black_and_white, gray)
    ]
    assert isinstance(outcomes[0], Refusal)
    assert (outcomes[0].code, outcomes[0].detail) == (RefusalCode.TOO_PALE, "It is page 1 of a sheet.")
    assert isinstance(outcomes[1], PageReading)
    truth = simulator.truth(LAYOUT, actions)
    assert {(m.question, m.option): m.state for m in outcomes[1].marks} == {
        (m.question, m.option): truth[m.question, m.option] for m in outcomes[1].marks
    }
