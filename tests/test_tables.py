"""A section as a table: what may be one, how it stands on paper, and that it is nothing but looks."""

import io
from dataclasses import replace
from itertools import pairwise

import pytest
from builders import PARAMETERS, YES_PARTLY_NO, if_, instrument, option, question, text
from openpyxl import load_workbook
from pyxform.xls2xform import convert
from xlsform_books import imported

from forms.blocks import LARGE, NORMAL
from forms.compose import Sheet, compose
from forms.definition import read
from forms.drawing import Words
from forms.layout import Field, FieldKind
from forms.model import Instrument, Kind, Question, Section, Text
from forms.pages import FOLD_MM, FOLD_ROOM_MM
from forms.tables import MOST_LINES
from forms.tomlwrite import write
from forms.typeface import width_mm
from forms.xlsform import read as read_xlsform
from forms.xlsform_write import write as write_xlsform

VERSION_WITHOUT_TABLES = "d59f2268"
"""Version of `table()` without the flag, as it was before there were tables."""

NO_TEXT = Text()

ANSWERS = ["ja", "delvis", "nej", "vet_inte"]


def rows(many: int = 5, *, hint: Text = NO_TEXT, sensitive: bool = False) -> tuple[Question, ...]:
    more = {"max_length": 200, "hint": hint, "sensitive": sensitive}
    return tuple(
        question(f"r{n}", YES_PARTLY_NO, Kind.SINGLE, wording=f"Fungerar steg {n}?", **more) for n in range(many)
    )


def wide_labels() -> tuple[Question, ...]:
    options = tuple(option(o.id, f"{o.id.capitalize()} stämmer så") for o in YES_PARTLY_NO)
    return tuple(replace(q, options=options) for q in rows())


def table(*questions: Question, before: tuple[Question, ...] = ()) -> Instrument:
    first = [Section("forst", text("Först"), before)] if before else []
    sections = [*first, Section("steg", text("Stegen"), questions or rows(), table=True)]
    return replace(instrument(parameters=(("support", True),)), sections=tuple(sections))


def boxes(sheet: Sheet, question_id: str) -> list[Field]:
    return [f for f in sheet.layout.fields if f.question == question_id and f.kind is FieldKind.BOX]


def is_table(sheet: Sheet, form: Instrument) -> bool:
    """Whether each question's boxes stand right of its wording, in one line."""
    return all(
        len({b.y for b in boxes(sheet, q.id)}) == 1 and boxes(sheet, q.id)[0].x > NORMAL.body + 45
        for q in form.questions
    )


def test_every_box_has_its_label_beside_it_in_every_row() -> None:
    form = table()
    sheet = compose(form, PARAMETERS, "sv")
    assert is_table(sheet, form)
    words = {(f.question, f.option): f for f in sheet.layout.fields if f.kind is FieldKind.WORDS}
    printed = [d for page in sheet.pages for d in page if isinstance(d, Words)]
    for row in form.questions:
        assert [b.option for b in boxes(sheet, row.id)] == ANSWERS
        for box in boxes(sheet, row.id):
            label = words[row.id, box.option]
            assert 0 < label.x - box.x - box.w < 4
            assert label.y < box.y + box.h / 2 < label.y + label.h
            said = row.option(box.option or "").label.to("sv")
            assert any(
                d.text == said and abs(d.x - label.x) < 0.01 and label.y < d.y < label.y + label.h for d in printed
            )
            assert label.x + label.w <= NORMAL.right + 0.01
        wording = next(d for d in printed if d.text == row.wording.default.to("sv"))
        assert wording.x + width_mm(wording.text, wording.size_pt, wording.face) < boxes(sheet, row.id)[0].x - 3
    for name in ANSWERS:
        assert len({b.x for q in form.questions for b in boxes(sheet, q.id) if b.option == name}) == 1


@pytest.mark.parametrize("many", range(2, 12))
def test_rows_keep_apart_and_off_the_fold(many: int) -> None:
    before = tuple(question(f"q{n}", (), Kind.TEXT, lines=1 + n % 3) for n in range(many % 5))
    sheet = compose(table(*rows(40), before=before), PARAMETERS, "sv")
    areas = [f for f in sheet.layout.fields if f.kind is FieldKind.AREA]
    for one, other in pairwise(areas):
        assert one.page < other.page or one.y + one.h <= other.y
    for row in rows(40):
        area = next(a for a in areas if a.question == row.id)
        for box in boxes(sheet, row.id):
            assert (box.page, area.y <= box.y, box.y + box.h <= area.y + area.h) == (area.page, True, True)
            assert box.y + box.h <= FOLD_MM - FOLD_ROOM_MM + 0.01 or box.y >= FOLD_MM + FOLD_ROOM_MM - 0.01
    lefts = sorted((b.page, b.y) for q in rows(40) for b in boxes(sheet, q.id)[:1])
    assert all(page < other or y + NORMAL.box + 3 <= below for (page, y), (other, below) in pairwise(lefts))


def test_a_hint_stands_under_its_wording_and_a_long_wording_takes_lines() -> None:
    long = replace(rows(1)[0], wording=replace(rows(1)[0].wording, default=text("Fungerar " + "det bra " * 7 + "här?")))
    form = table(long, *rows(3, hint=text("Tänk på ett helt år."))[1:])
    sheet = compose(form, PARAMETERS, "sv")
    assert is_table(sheet, form)
    hints = [d for d in sheet.pages[0] if isinstance(d, Words) and d.text == "Tänk på ett helt år."]
    assert len(hints) == 2
    assert all(d.x == NORMAL.body for d in hints)


@pytest.mark.parametrize(
    "questions",
    [
        pytest.param(rows(1), id="one row"),
        pytest.param(wide_labels(), id="labels"),
        pytest.param((*rows(2), question("lang", wording="Va " * 20 * MOST_LINES + "?")), id="wording"),
        pytest.param((*rows(2), question("lang", wording="Öppenvårdsmottagningsverksamhetsutveckling?")), id="word"),
        pytest.param((*rows(2), question("sedan", asked_if=if_("r0", "ja"))), id="jump"),
        pytest.param((*rows(2), question("kansligt", sensitive=True)), id="care"),
    ],
)
def test_what_does_not_fit_in_rows_stands_as_ordinary_questions(questions: tuple[Question, ...]) -> None:
    form = table(*questions)
    plain = replace(form, sections=(replace(form.sections[0], table=False),))
    sheet, ordinary = compose(form, PARAMETERS, "sv"), compose(plain, PARAMETERS, "sv")
    assert not is_table(sheet, form)
    assert sheet.layout.fields == ordinary.layout.fields


def test_large_type_has_ordinary_questions() -> None:
    form = table()
    assert not is_table(compose(form, PARAMETERS, "sv", style=LARGE), form)


def test_care_stands_before_the_whole_table() -> None:
    sheet = compose(table(*rows(3, sensitive=True)), PARAMETERS, "sv")
    said = [d for d in sheet.pages[0] if isinstance(d, Words)]
    care = [d for d in said if d.text.startswith("Det som kommer nu")]
    assert len(care) == 1
    assert care[0].y < boxes(sheet, "r0")[0].y


def test_the_flag_is_part_of_the_version_and_its_absence_is_not() -> None:
    form = table()
    plain = replace(form, sections=(replace(form.sections[0], table=False),))
    assert plain.version != form.version
    # What was hashed before there were tables.
    assert plain.version == VERSION_WITHOUT_TABLES


def test_a_definition_comes_back_from_toml_and_from_an_xlsform() -> None:
    form = table()
    written = write(form)
    assert "table = true" in written
    assert read(written, "prov.toml")[0] == form
    exported = write_xlsform(form, "prov.toml").data
    assert read_xlsform(exported, "prov.xlsx").instrument == form
    survey = load_workbook(io.BytesIO(exported))["survey"]
    assert "table-list" in [cell.value for row in survey.iter_rows() for cell in row]
    assert "list-nolabel" in convert(io.BytesIO(exported), file_type=".xlsx").xform


def test_a_group_that_can_be_no_table_is_told_of() -> None:
    survey = """
        | type              | name | label  | appearance |
        | note              | n    | Hej.   |            |
        | begin_group       | g    | Stegen | table-list |
        | select_one ja_nej | a    | Va?    |            |
        | {}                | b    | Hur?   |            |
        | end_group         |      |        |            |
        """
    good, bad = imported(survey.format("select_one ja_nej")), imported(survey.format("text"))
    assert good.instrument is not None
    assert good.instrument.sections[0].table
    assert not {"appearance", "no-table"} & {f.code for f in good.faults}
    assert bad.instrument is not None
    assert not bad.instrument.sections[0].table
    (told,) = [f for f in bad.faults if f.code == "no-table"]
    assert (told.line, "g" in told.what) == (3, True)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (question("sist", (), Kind.TEXT), 'of kind "text"'),
        (question("sist", (*YES_PARTLY_NO[:2], option("annat", other=True))), "text of its own"),
        (question("sist", YES_PARTLY_NO[:2]), 'other options than "r0"'),
    ],
)
def test_questions_that_differ_are_a_fault_with_a_remedy(last: Question, words: str) -> None:
    _, faults = read(write(table(*rows(2), last)), "prov.toml")
    found = [f for f in faults if f.code == "not-in-table"]
    assert len(found) == 1
    assert words in found[0].what
    assert found[0].remedy
    assert found[0].line > 0
