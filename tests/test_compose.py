"""How an instrument is set on paper: nothing overlaps, nothing is parted, nothing is lost."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from builders import PARAMETERS, YES_PARTLY_NO, if_, instrument, option, question, text
from hypothesis import given
from hypothesis import strategies as st

from forms.blocks import LEAST_TO_WRITE_MM, NORMAL, WIDE_SERIAL, Size
from forms.compose import Sheet, compose
from forms.corners import PAGE_MM
from forms.definition import load, shipped
from forms.drawing import Stroke, Words
from forms.errors import LayoutError
from forms.layout import Field, FieldKind, Reads
from forms.markers import marker_id
from forms.model import Kind, Section, Text
from forms.pagecode import SheetKind
from forms.pages import BOTTOM_MM, FOLD_MM, FOLD_ROOM_MM, TOP_MM
from forms.typeface import width_mm, wrap


def everything() -> Sheet:
    many = (*(option(f"k{n}", f"Källa nummer {n}") for n in range(9)), option("annat", "Annat, nämligen", other=True))
    return compose(
        instrument(
            question("roll", (option("jag", "Jag har fått en plan"), option("annan", "Någon annan", other=True))),
            question("kommun", (option("annan", "En annan kommun"),), Kind.PLACE, places="kommuner"),
            question("fick", (option("ja"), option("nej"), option("vet_inte", "Vet inte"))),
            question("kalla", many, Kind.MULTIPLE, asked_if=if_("fick", "ja")),
            *(question(f"q{n}") for n in range(12)),
            question("betyg", tuple(option(str(n), str(n)) for n in range(1, 6)), Kind.SCALE),
            question("antal", (), Kind.NUMBER, maximum=99),
            question("mer", (), Kind.TEXT, lines=4),
        ),
        PARAMETERS,
        "sv",
    )


def of_kind(sheet: Sheet, kind: FieldKind) -> list[Field]:
    return [f for f in sheet.layout.fields if f.kind is kind]


def test_every_option_has_one_box_and_its_words_right_beside_it() -> None:
    sheet = everything()
    words = {(f.question, f.option): f for f in of_kind(sheet, FieldKind.WORDS)}
    boxes = of_kind(sheet, FieldKind.BOX)
    assert len({(f.question, f.option) for f in boxes}) == len(boxes) == len(words) == 2 + 1 + 3 + 10 + 48 + 5
    for box in boxes:
        label = words[box.question, box.option]
        assert label.page == box.page
        assert 0 < label.x - (box.x + box.w) < 4
        assert label.y < box.y + box.h / 2 < label.y + label.h


def test_boxes_stand_apart_and_inside_the_page() -> None:
    sheet = everything()
    boxes = of_kind(sheet, FieldKind.BOX)
    for n, one in enumerate(boxes):
        assert one.w == one.h == NORMAL.box
        assert one.x >= 20
        assert one.x + one.w <= 190
        assert one.y >= TOP_MM
        assert one.y + one.h <= BOTTOM_MM
        for other in boxes[n + 1 :]:
            if one.page == other.page:
                apart_x = max(other.x - one.x - one.w, one.x - other.x - other.w)
                apart_y = max(other.y - one.y - one.h, one.y - other.y - other.h)
                assert max(apart_x, apart_y) >= 3


def test_areas_hold_their_fields_and_do_not_overlap() -> None:
    sheet = everything()
    areas = of_kind(sheet, FieldKind.AREA)
    assert [a.question for a in areas] == [
        "roll", "kommun", "fick", "kalla", *(f"q{n}" for n in range(12)), "betyg", "antal", "mer"
    ]  # fmt: skip
    for field in sheet.layout.fields:
        area = next(a for a in areas if a.question == field.question)
        assert field.page == area.page
        assert area.x <= field.x
        assert field.x + field.w <= area.x + area.w
        assert area.y <= field.y
        assert field.y + field.h <= area.y + area.h + 0.02
    for one, other in pairwise(areas):
        assert one.page < other.page or one.y + one.h <= other.y


def test_no_box_lies_on_the_fold() -> None:
    for filler in range(14):
        sheet = compose(
            instrument(question("inledning", (), Kind.TEXT, lines=1 + filler), *(question(f"q{n}") for n in range(9))),
            PARAMETERS,
            "sv",
        )
        for box in of_kind(sheet, FieldKind.BOX):
            assert box.y + box.h <= FOLD_MM - FOLD_ROOM_MM + 0.01 or box.y >= FOLD_MM + FOLD_ROOM_MM - 0.01


def test_every_corner_of_every_page_has_its_marker_and_every_page_a_code() -> None:
    sheet = everything()
    assert sheet.layout.pages == len(sheet.pages) > 1
    for page in range(1, sheet.layout.pages + 1):
        markers = [m for m in sheet.layout.markers if m.page == page]
        assert [m.id for m in markers] == [marker_id(page, corner) for corner in range(4)]
        assert [(m.x < PAGE_MM[0] / 2, m.y < PAGE_MM[1] / 2) for m in markers] == [
            (True, True), (False, True), (False, False), (True, False)
        ]  # fmt: skip
        assert sum(c.page == page for c in sheet.layout.codes) == 1


def test_text_fields_say_what_they_hold() -> None:
    reads = {(f.question, f.option): f.reads for f in of_kind(everything(), FieldKind.TEXT)}
    assert reads == {
        ("roll", "annan"): Reads.FREE,
        ("kommun", None): Reads.PLACE,
        ("kalla", "annat"): Reads.FREE,
        ("antal", None): Reads.DIGITS,
        ("mer", None): Reads.FREE,
    }


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("instrument_id", sorted(shipped()))
def test_every_line_of_what_ships_stays_inside_the_margins_in_either_size(instrument_id: str, size: Size) -> None:
    made = load(shipped()[instrument_id])
    values = dict.fromkeys((name for name, _ in made.parameters), "Föreningen Exempel") | PARAMETERS
    for language in made.languages:
        sheet = compose(made, values, language, style=size.style, kind=SheetKind.PRACTICE)
        for page in sheet.pages:
            for words in page:
                if isinstance(words, Words):
                    text = words.text.replace("{serial}", WIDE_SERIAL)
                    assert words.x + width_mm(text, words.size_pt, words.face) <= 190.5, (language, words.text)


def words_of(sheet: Sheet) -> str:
    return " ".join(d.text for page in sheet.pages for d in page if isinstance(d, Words))


def test_the_jump_stands_beside_its_option() -> None:
    sheet = everything()
    jump = next(d for d in sheet.pages[0] if isinstance(d, Words) and d.text == "Gå till fråga 5")
    no = next(f for f in of_kind(sheet, FieldKind.WORDS) if f.question == "fick" and f.option == "nej")
    assert no.y < jump.y < no.y + no.h + 1
    arrow = next(d for d in sheet.pages[0] if isinstance(d, Stroke) and no.y < d.y1 == d.y2 < no.y + no.h)
    assert 2 < arrow.x1 - (no.x + no.w) < 4
    assert 1 < jump.x - arrow.x2 < 3


def test_the_jumps_of_one_question_stand_in_a_column() -> None:
    made = instrument(question("a"), question("b", asked_if=if_("a", "ja")), question("c"))
    draws = compose(made, PARAMETERS, "sv").pages[0]
    jumps = [d for d in draws if isinstance(d, Words) and d.text == "Gå till fråga 3"]
    assert len(jumps) > 1
    assert len({d.x for d in jumps}) == 1
    assert len({d.y for d in jumps}) == len(jumps)


@pytest.mark.parametrize("label", ["Annat", "Något helt annat som tar större delen av en rad:"])
def test_a_jump_stands_outside_the_frame_to_write_in(label: str) -> None:
    other = (option("ja"), option("annat", label, other=True))
    made = instrument(question("a", other), question("b", asked_if=if_("a", "ja")), question("c"))
    sheet = compose(made, PARAMETERS, "sv")
    frame = next(f for f in of_kind(sheet, FieldKind.TEXT) if f.option == "annat")
    jump = next(d for d in sheet.pages[0] if isinstance(d, Words) and d.text == "Gå till fråga 3")
    assert frame.w >= LEAST_TO_WRITE_MM
    assert jump.x > frame.x + frame.w or jump.y > frame.y + frame.h
    following = next(f for f in of_kind(sheet, FieldKind.AREA) if f.question == "b")
    assert jump.y < following.y


def test_no_lone_word_ends_a_paragraph() -> None:
    words = "ett två tre fyra fem sex sju åtta nio tio elva tolv"
    for many in range(20, 45):
        said = " ".join((words.split() * 4)[:many])
        page = compose(instrument(question("a"), intro=text(said)), PARAMETERS, "sv").pages[0]
        paragraph = [d.text for d in page if isinstance(d, Words) and d.x == NORMAL.left and d.text in said]
        assert " ".join(paragraph) == said
        assert len(paragraph[-1].split()) > 1


@pytest.mark.parametrize(
    "together", ["ring 112", "Call 112", "samtal till 1177", "tel. +46 000 00 00", "Ring 000-00 00 00", "phone 000 00"]
)
@given(before=st.lists(st.sampled_from(["och", "vid", "fara", "för", "liv,"]), max_size=12), room_mm=st.floats(48, 140))
def test_a_number_stands_on_the_line_that_says_to_call_it(together: str, before: list[str], room_mm: float) -> None:
    held = " ".join(together.split()[-2:]) if "till" in together else together
    lines = wrap(" ".join([*before, together, "när som helst."]), room_mm, 12)
    assert any(held in line for line in lines), lines


def test_what_is_too_wide_together_breaks_before_the_number_and_then_within_it() -> None:
    assert wrap("ring 000-00 00 00", 30, 12) == ("ring", "000-00 00 00")
    assert wrap("ring 000-00 00 00", 18, 12) == ("ring", "000-00", "00 00")


@given(st.text(alphabet="0123 7a\n\u00a0", max_size=60), st.floats(8, 60))
def test_lines_lose_no_sign_and_break_no_number_that_fits(said: str, room_mm: float) -> None:
    lines = wrap(said, room_mm, 12)
    assert "".join("".join(lines).split()) == "".join(said.split())
    assert all(width_mm(line, 12) <= room_mm for line in lines)
    whole = re.findall(r"\d+(?: +\d+)*", said)
    if all(width_mm(word, 12) <= room_mm for word in re.split(r"(?<!\d)[ \n]|[ \n](?!\d)", said)):
        assert all(any(number in line for line in lines) for number in whole)


def test_the_sheet_says_its_frame() -> None:
    said = words_of(everything())
    phrases = ["Sida 1 av", "Nummer {serial}", "Det visar inte vem du är", "Exempelgatan 1", "15 juni 2026"]
    phrases += ["Du får hoppa över frågor", "0771-22 00 60", "1 september 2026"]
    phrases += ["1 mars 2027", "Du kan sätta flera kryss"]
    for phrase in phrases:
        assert phrase in said
    assert "PROVBLANKETT" not in said
    assert "PROVBLANKETT" in words_of(compose(instrument(question("a")), PARAMETERS, "sv", kind=SheetKind.PRACTICE))
    assert "Go to question" in words_of(
        compose(instrument(question("a"), question("b", asked_if=if_("a", "ja")), question("c")), PARAMETERS, "en")
    )


def test_a_heading_never_stands_alone_at_the_foot() -> None:
    for filler in range(1, 22):
        sheet = compose(instrument(question("a", (), Kind.TEXT, lines=filler), question("b")), PARAMETERS, "sv")
        for page in sheet.pages:
            texts = [d for d in page if isinstance(d, Words) and d.y < 281]
            assert texts[-1].text != "Frågor"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: question("lång", tuple(option(f"o{n}", f"Val {n}" + " ord" * 30) for n in range(40))), "too-tall"),
        (lambda: question("tom", (option("a", " "),)), "empty-label"),
    ],
)
def test_what_finds_no_place_is_refused_with_its_name(made: object, code: str) -> None:
    bad = made()  # type: ignore[operator]
    with pytest.raises(LayoutError) as refused:
        compose(instrument(bad), PARAMETERS, "sv")
    assert refused.value.code == code
    assert bad.id in refused.value.message


def test_more_pages_than_markers_are_refused() -> None:
    with pytest.raises(LayoutError) as refused:
        compose(instrument(*(question(f"q{n}", YES_PARTLY_NO) for n in range(600))), PARAMETERS, "sv")
    assert refused.value.code == "too-many-pages"


def test_words_of_care_stand_once_before_each_run_and_say_whom_to_turn_to() -> None:
    care, support = "Det som kommer nu kan väcka känslor.", "Ring 0771-22 00 60 om du vill prata."
    first = (question("a"), question("b", sensitive=True), question("c", sensitive=True))
    second = (question("d", sensitive=True), question("e"), question("f", sensitive=True))
    made = instrument()
    made = replace(made, sections=(Section("en", text("En"), first), Section("tva", text("Två"), second)))
    assert made.stirring == {"b", "f"}
    sheet = compose(made, PARAMETERS, "sv")
    said = [(page, d.y, d.text) for page, draws in enumerate(sheet.pages, 1) for d in draws if isinstance(d, Words)]
    notes = [(page, y) for page, y, words in said if words.startswith(care)]
    assert len(notes) == 2
    areas = {f.question: (f.page, f.y) for f in of_kind(sheet, FieldKind.AREA)}
    assert areas["a"] < notes[0] < areas["b"]
    assert areas["e"] < notes[1] < areas["f"]
    turned = [(page, y) for page, y, words in said if words == support]
    assert len(turned) == 3
    assert notes[0] < turned[0] < areas["b"]
    assert notes[1] < turned[1] < areas["f"] < turned[2]


def test_nobody_is_left_without_words_of_support() -> None:
    made = replace(instrument(question("a", sensitive=True)), support=Text())
    for language, call in (("sv", "ring 112"), ("sv-x-lattlast", "Ring 112"), ("en", "call 112")):
        said = words_of(compose(made, PARAMETERS, language))
        assert said.count(call) == 2, language
        assert said.count(PARAMETERS["support"]) == 2
