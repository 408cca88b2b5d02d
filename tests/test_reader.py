"""The pipeline on whole pages: marks, stray ink, text fields, positions in the stored picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Action, Circle, Cross, Hand, Note, Pen, Scanner, Strike, Style, Write

from forms.answers import Answer, Given, Mark, Reason, Status, judge
from forms.layout import Field, FieldKind, Reads
from omr import handwriting, images
from omr.handwriting import Crop, Suggestion
from omr.images import Gray, PageImage, Picture
from omr.interpret import given
from omr.policy import POLICY
from omr.reader import READER, examine, read_page, with_suggestions
from omr.readings import MarkReading, PageReading, Refusal, RefusalCode

DATA, LAYOUT = simulator_sheets.sheets()
PAGES = simulator.printed(DATA, LAYOUT)[0]
PLAIN = Scanner(dpi=200)
NEAT = Hand(Pen(0.5, 0.9), off=0.1)


def page_of(question: str) -> int:
    return next(f.page for f in LAYOUT.fields if f.question == question)


def field_of(question: str, option: str | None, kind: FieldKind) -> Field:
    return next(f for f in LAYOUT.fields if (f.question, f.option, f.kind) == (question, option, kind))


def read(
    actions: Sequence[Action], page: int = 1, scanner: Scanner = PLAIN, hand: Hand = NEAT, seed: int = 1
) -> PageReading:
    """Fill a page in, scan it and read it."""
    rng = np.random.default_rng(seed)
    return read_pixels(simulator.scan(simulator.fill_in(PAGES[page - 1], actions, hand, rng), scanner, rng), scanner)


def read_pixels(pixels: Gray, scanner: Scanner) -> PageReading:
    """Read a scan."""
    image = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
    assert isinstance(image, PageImage)
    outcome = read_page(image, {LAYOUT.id: LAYOUT})
    assert isinstance(outcome, PageReading), outcome
    return outcome


def states(reading: PageReading) -> dict[tuple[str, str], Mark]:
    return {(m.question, m.option): m.state for m in reading.marks}


def expected(actions: Sequence[Action], page: int) -> dict[tuple[str, str], Mark]:
    own = {(f.question, f.option) for f in LAYOUT.on_page(page, FieldKind.BOX)}
    return {box: state for box, state in simulator.truth(LAYOUT, actions).items() if box in own}


@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(dpi=300),
        Scanner(dpi=300, mode="colour", skew_deg=-2),
        Scanner(dpi=200, skew_deg=5, quarter_turns=1),
        Scanner(dpi=200, mode="bilevel", skew_deg=-5, quarter_turns=2),
        Scanner(dpi=150, quarter_turns=3, stretch=1.015),
    ],
    ids=str,
)
@pytest.mark.parametrize("page", [1, 2])
def test_nothing_is_found_on_an_empty_sheet(scanner: Scanner, page: int) -> None:
    reading = read([], page, scanner)
    assert set(states(reading).values()) == {Mark.EMPTY}
    assert reading.stray_ink == ()
    assert [t.ink for t in reading.texts] == [False] * len(LAYOUT.on_page(page, FieldKind.TEXT))


def test_every_style_of_mark() -> None:
    styles = [Style.CROSS, Style.TICK, Style.SLASH, Style.DOT, Style.SCRIBBLE, Style.FILL]
    actions = [Cross(f"q{n}", "abcd"[n % 4], style) for n, style in enumerate(styles, 1)]
    actions.append(Cross("q6", "a"))
    reading = read(actions)
    assert states(reading) == expected(actions, 1)
    assert reading.stray_ink == ()
    assert (reading.reader, reading.policy) == (READER, POLICY.name)


@pytest.mark.parametrize("mode", ["bilevel", "gray"])
def test_no_mark_is_sure_where_a_damaged_picture_is_black(mode: str) -> None:
    """A broken line of a fax picture blackens what comes after it: a cross there is gone, and so is the box's line."""
    actions = [Cross("q1", "b"), Cross("q2", "c")]
    scanner = Scanner(dpi=200, mode=mode, noise=0)
    pixels = simulator.scan(
        simulator.fill_in(PAGES[0], actions, NEAT, np.random.default_rng(1)), scanner, np.random.default_rng(1)
    )
    whole = read_pixels(pixels, scanner)
    assert states(whole) == expected(actions, 1)
    box = np.array(next(m.box_px for m in whole.marks if (m.question, m.option) == ("q1", "b")))
    (left, top), (right, low) = box.min(0).astype(int) - 40, box.max(0).astype(int) + 40
    pixels[top:low, left:right] = pixels.min()
    damaged = states(read_pixels(pixels, scanner))
    assert damaged["q1", "b"] is Mark.UNCERTAIN
    assert damaged["q2", "c"] is Mark.CROSSED


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("dpi", [300, 200])
def test_positions_are_those_of_the_stored_picture(turns: int, dpi: int) -> None:
    """A filled box is black inside and white outside exactly where the reading says it is."""
    scanner = Scanner(dpi=dpi, skew_deg=3, quarter_turns=turns, noise=0, quality=95)
    rng = np.random.default_rng(1)
    pixels = simulator.scan(PAGES[0], scanner, rng)
    image = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
    assert isinstance(image, PageImage)
    reading = read_page(image, {LAYOUT.id: LAYOUT})
    assert isinstance(reading, PageReading)
    assert reading.quality.rotation_deg == pytest.approx(90 * turns + 3, abs=0.1)
    for mark in reading.marks:
        quad = np.array(mark.box_px)
        middle = quad.mean(0)
        for share, dark in ((0.965, True), (0.8, False), (1.15, False)):
            corners = middle + (quad - middle) * share
            edge = np.concatenate([np.linspace(a, b, 9) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)])
            at = edge.astype(int)
            values = pixels[at[:, 1], at[:, 0]]
            assert bool(np.median(values) < 140) is dark, (mark, share)


def judged(question: str, actions: Sequence[Action], seed: int = 1) -> Answer:
    """Read what was done at a question and let the rulebook judge it."""
    reading = read(actions, page_of(question), seed=seed)
    found = given([reading])
    return judge(simulator_sheets.instrument().by_id[question], found.get(question, Given()))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("deed", [Strike, Circle])
def test_words_struck_out_or_circled_wait_for_a_person(deed: type[Strike | Circle], seed: int) -> None:
    """Whatever is crossed: "Ja" crossed and struck out must not count as Ja."""
    actions: list[Action] = [Cross(f"q{n}", "a") for n in range(1, 9)]
    actions += [deed(f"q{n}", "abcd"[n % 4]) for n in range(1, 8)]
    reading = read(actions, seed=seed)
    found = given([reading])
    for n in range(1, 9):
        answer = judge(simulator_sheets.instrument().by_id[f"q{n}"], found[f"q{n}"])
        assert [w.reason for w in answer.waiting] == ([Reason.OUTSIDE] if n < 8 else []), n
    assert [(s.question, s.option) for s in reading.stray_ink] == [(f"q{n}", "abcd"[n % 4]) for n in range(1, 8)]


def test_only_the_struck_option_of_a_multiple_choice_waits() -> None:
    answer = judged("several", [Cross("several", "a"), Cross("several", "b"), Strike("several", "b")])
    assert answer.options == ("a",)
    assert [(w.option, w.reason) for w in answer.waiting] == [("b", Reason.OUTSIDE)]


def test_a_note_at_a_question_without_a_mark_waits() -> None:
    area = field_of("q4", None, FieldKind.AREA)
    note = Note(1, area.x + area.w - 40, area.y + 3.2, 30)
    assert [w.reason for w in judged("q4", [note]).waiting] == [Reason.OUTSIDE]
    assert judged("q4", [note, Cross("q4", "b")]).options == ("b",)
    assert judged("q5", [note]).status is Status.BLANK


def test_a_cross_beside_its_box_is_not_lost() -> None:
    """Somebody who misses the box by its own width must not count as having left the question out."""
    box = field_of("q2", "c", FieldKind.BOX)
    reading = read([Note(1, box.x - 4.5, box.y + box.h / 2, 4.0)])
    answer = judge(simulator_sheets.instrument().by_id["q2"], given([reading])["q2"])
    assert answer.waiting or answer.options == ("c",)


def test_overshoot_of_a_cross_is_no_stray_ink() -> None:
    big = Hand(Pen(0.6, 0.9), off=0.3, size=1.45, spread=0.05)
    actions = [Cross(f"q{n}", "abcd"[n % 4]) for n in range(1, 9)]
    reading = read(actions, hand=big)
    assert states(reading) == expected(actions, 1)
    assert reading.stray_ink == ()


def test_text_fields_have_ink_or_none() -> None:
    actions = [Write("words", None, "en ganska lång berättelse"), Write("several", "f", "en lapp")]
    reading = read(actions, page_of("words"))
    ink = {(t.question, t.option): t.ink for t in reading.texts}
    assert ink == {("words", None): True, ("several", "f"): True, ("place", None): False, ("number", None): False}
    assert [t.suggestion for t in reading.texts] == [None] * 4
    assert reading.stray_ink == ()


def test_words_that_run_over_the_edge_belong_to_the_field_and_widen_it() -> None:
    field = field_of("place", None, FieldKind.TEXT)
    page = page_of("place")
    reading = read([Note(page, field.x + field.w - 16, field.y + field.h - 1, 17)], page)
    text = next(t for t in reading.texts if t.question == "place")
    assert text.ink
    plain = next(t for t in read([], page).texts if t.question == "place")
    grown = np.ptp(np.array(text.box_px), axis=0) - np.ptp(np.array(plain.box_px), axis=0)
    assert grown.max() > 3
    assert [s for s in reading.stray_ink if s.question == "place"] == []


needs_tesseract = pytest.mark.skipif(not handwriting.available(), reason="Tesseract is not installed")


@needs_tesseract
@pytest.mark.parametrize("seed", [2, 3])
def test_typed_digits_are_suggested_from_gray_paper(seed: int) -> None:
    scanner = Scanner(dpi=300, skew_deg=2)
    reading = read([Write("number", None, "17", typed=True)], page_of("number"), scanner, seed=seed)
    assert [t.suggestion for t in reading.texts if t.question == "number"] == ["17"]


@needs_tesseract
def test_typed_places_digits_and_words_are_suggested() -> None:
    actions = [
        Write("place", None, "Mölndal", typed=True),
        Write("number", None, "12", typed=True),
        Write("words", None, "Det var ett bra möte", typed=True),
    ]
    words = []
    for skew in (2.0, 2.1, 2.2, 2.3):
        reading = read(actions, page_of("place"), Scanner(dpi=300, skew_deg=skew))
        found = {t.question: (t.suggestion, t.confidence) for t in reading.texts if t.suggestion}
        assert found["place"][0] == "Mölndal"
        assert found["number"][0] == "12"
        words.append(found.get("words", (None, 0))[0])
        assert all(c is not None and POLICY.suggest <= c < 1 for _, c in found.values())
    # Of whole sentences Tesseract is less sure: just enough or just not enough, as the pixels lie.
    assert set(words) <= {"Det var ett bra möte", None}
    assert len([w for w in words if w]) >= 2


@needs_tesseract
def test_handwriting_gets_no_suggestion_rather_than_a_wrong_one() -> None:
    actions = [Write("place", None, "Göteborg"), Write("number", None, "17"), Write("words", None, "hej hopp igen")]
    reading = read(actions, page_of("place"), Scanner(dpi=300))
    assert [t.suggestion for t in reading.texts] == [None] * 4


def test_without_tesseract_there_are_no_suggestions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handwriting, "available", lambda: False)
    reading = read([Write("place", None, "Mölndal", typed=True)], page_of("place"))
    assert [t.suggestion for t in reading.texts] == [None] * 4
    assert next(t for t in reading.texts if t.question == "place").ink


def test_a_tesseract_that_fails_means_no_suggestions(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    broken = f"{tmp_path}/no-such-program"
    monkeypatch.setattr(handwriting, "available", lambda: True)
    monkeypatch.setattr(handwriting.pytesseract.pytesseract, "tesseract_cmd", broken)
    crop = Crop(np.full((90, 300), 255, np.uint8), Reads.DIGITS)
    assert handwriting.suggest([crop, crop], POLICY) == [None, None]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Mölndal", "Mölndal"), ("MOLNDAL", "Mölndal"), ("Goteborg", "Göteborg"), ("Xyzzy", None), ("", None)],
)
def test_a_place_is_matched_with_the_list(text: str, name: str | None) -> None:
    found = handwriting._worth(text, 0.95, Reads.PLACE)
    assert (found.text if found else None) == name


def test_suggestions_leave_a_refusal_as_it_is() -> None:
    refusal = Refusal(RefusalCode.BLANK_PAGE)
    assert with_suggestions(refusal, {0: Suggestion("x", 1.0)}) is refusal


def test_the_same_picture_gives_the_same_reading() -> None:
    actions = simulator_sheets.answers(np.random.default_rng(5))
    assert read(actions, 2) == read(actions, 2)


@pytest.mark.parametrize("typed", [True, False])
def test_crops_are_only_made_of_fields_with_ink(typed: bool) -> None:
    rng = np.random.default_rng(1)
    page = page_of("place")
    filled = simulator.fill_in(PAGES[page - 1], [Write("place", None, "Borås", typed=typed)], NEAT, rng)
    picture = Picture(simulator.encode_jpeg(simulator.scan(filled, Scanner(), rng), Scanner()), "image/jpeg")
    image = images.decode(picture)
    assert isinstance(image, PageImage)
    examined = examine(image, {LAYOUT.id: LAYOUT}, POLICY)
    assert isinstance(examined.outcome, PageReading)
    (place,) = examined.crops
    assert examined.outcome.texts[place].question == "place"
    crop = examined.crops[place].gray
    whole = round((10 - 1.2) / 25.4 * 300), round((100 - 1.2) / 25.4 * 300)
    # Of what no program could read only the ink is looked at.
    assert examined.crops[place].hopeless is not typed
    assert crop.shape == whole if typed else crop.shape < whole and crop.shape[1] < whole[1] / 2
    assert crop.min() < 120
    # The printed frame is not in it: its edges are paper.
    assert np.median(crop[0]) > 200
    assert np.median(crop[:, 0]) > 200


def test_marks_come_in_the_layout_s_order() -> None:
    reading = read([])
    order = [(m.question, m.option) for m in reading.marks]
    assert order == [(f.question, f.option) for f in LAYOUT.on_page(1, FieldKind.BOX)]
    assert all(isinstance(m, MarkReading) and m.p.empty > 0.99 for m in reading.marks)
