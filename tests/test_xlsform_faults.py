"""What is wrong with an XLSForm is said where it stands, with a remedy, and never as a traceback."""

import io
import zipfile
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula
from xlsform_books import SETTINGS, YES_NO, imported, saved, workbook

from forms.errors import Fault, FormsError
from forms.xlsform import Imported, read, read_file
from forms.xlsform_cells import MOST_BYTES, MOST_ROWS
from forms.xlsform_write import sayable, write

SMALL = "| type | name | label |\n| note | n | Hej. |\n| text | a | Va? |\n| note | t | Tack. |"


def errors(found: Imported) -> list[Fault]:
    return [f for f in found.faults if f.severity == "error"]


def changed(part: str, old: bytes, new: bytes) -> bytes:
    """Return a small sound file with something changed inside its zip."""
    out = io.BytesIO()
    sound = io.BytesIO(saved(workbook(survey=SMALL, settings=SETTINGS)))
    with zipfile.ZipFile(sound) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in parts.namelist():
            content = parts.read(name)
            assert name != part or old in content
            target.writestr(name, content.replace(old, new, 1) if name == part else content)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for number in range(3):
            target.writestr(f"xl/{number}.xml", b" " * 9_000_000)
    return out.getvalue()


def many_parts() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for number in range(600):
            target.writestr(f"{number}.xml", b"<a/>")
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "not-xlsx", "not an .xlsx file"),
        (b"type,name,label\ntext,a,Va?\n", "not-xlsx", "not an .xlsx file"),
        (b"\xd0\xcf\x11\xe0" + bytes(2000), "not-xlsx", "password"),
        (bytes(MOST_BYTES + 1), "too-large", "5 MB"),
        (bomb(), "too-large", "Unpacked"),
        (many_parts(), "too-large", "Unpacked"),
        (changed("xl/workbook.xml", b"<workbook", b"<other"), "not-xlsx", "not an .xlsx file"),
        (changed("[Content_Types].xml", b"sheet.main", b"sheet.else"), "not-xlsx", "no workbook"),
        (changed(SHEET, b"</sheetData>", b""), "not-xlsx", "not an .xlsx file"),
        (changed(SHEET, b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet'), "entities", "entities"),
        (
            changed(SHEET, b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
            "merged",
            "span",
        ),
        (
            changed(SHEET, b"</sheetData>", b'</sheetData><hyperlinks><hyperlink ref="A1:XFD99999"/></hyperlinks>'),
            "merged",
            "links",
        ),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, code: str, said: str) -> None:
    found = read(data, "x.xlsx")
    assert [f.code for f in found.faults] == [code]
    assert said in found.faults[0].what
    assert found.faults[0].remedy
    assert (found.instrument, found.definition, found.faults[0].line) == (None, "", 0)


def test_files_that_lie_about_their_size_are_refused() -> None:
    data = bytearray(saved(workbook(survey=SMALL)))
    # The size once unpacked stands at byte 24 of each entry of the central directory.
    start = data.index(b"PK\x01\x02")
    while data[start : start + 4] == b"PK\x01\x02":
        data[start + 24 : start + 28] = (10).to_bytes(4, "little")
        start += 46 + sum(int.from_bytes(data[start + n : start + n + 2], "little") for n in (28, 30, 32))
    assert [f.code for f in read(bytes(data), "x.xlsx").faults] == ["not-xlsx"]


@pytest.mark.parametrize("rows", [MOST_ROWS + 1, 10_000])
def test_far_too_many_rows_are_refused(rows: int) -> None:
    table = [["type", "name", "label"], *(["text", f"q{n}", "Va?"] for n in range(rows))]
    [fault] = read(saved(workbook(survey=table)), "x.xlsx").faults
    assert (fault.code, fault.line) == ("too-many-rows", MOST_ROWS + 1)
    assert f"C{rows + 1}" in fault.what


def test_many_rows_become_an_instrument_that_paper_refuses() -> None:
    table = [["type", "name", "label"], *(["text", f"q{n}", "Va?"] for n in range(400))]
    found = read(saved(workbook(survey=table)), "x.xlsx")
    assert found.instrument is not None
    assert len(found.instrument.questions) == 400
    assert "pages" in errors(found)[0].what


@pytest.mark.parametrize("cell", ["XFD1048576", "CX2"])
def test_a_cell_far_away_costs_nothing(cell: str) -> None:
    book = workbook(survey=SMALL)
    book["survey"][cell] = "x"
    assert [f.code for f in read(saved(book), "x.xlsx").faults] == ["too-many-rows"]


def test_cells_that_are_no_text_are_named() -> None:
    book = workbook(survey=SMALL, choices=YES_NO, settings=SETTINGS)
    sheet = book["survey"]
    sheet["C3"] = '=CONCATENATE("Va","?")'
    sheet["D3"] = ArrayFormula("D3:D4", "=A1:A2")
    sheet["D1"] = "hint"
    book["choices"]["C2"] = date(2026, 6, 1)
    book["settings"]["A2"] = "#REF!"
    sheet["A9"] = "text"
    sheet["B9"], sheet["C9"] = "b", "Va\x7f?"
    sheet.merge_cells("A6:B7")
    found = read(saved(book), "x.xlsx")
    assert found.instrument is None
    told = {(f.what.split('"')[1], f.line, f.code) for f in errors(found)}
    assert {
        ("survey", 3, "formula"),
        ("survey", 6, "merged"),
        ("survey", 9, "control-character"),
        ("choices", 2, "date"),
        ("settings", 2, "cell-error"),
    } <= told
    assert "C3" in next(f.what for f in found.faults if f.code == "formula")
    assert all(f.remedy for f in found.faults)


def test_errors_of_one_sort_are_not_told_a_thousand_times() -> None:
    table = [["type", "name", "label"], *(["text", f"q{n}", "=A1"] for n in range(500))]
    found = [f for f in read(saved(workbook(survey=table)), "x.xlsx").faults if f.code == "formula"]
    assert len(found) == 30
    assert "more" in found[-1].what


SURVEYS = [
    ("| type | name |\n| text | a |", 2, "missing-cell", "no label"),
    ("| type | name | label |\n| text | | Va? |", 2, "missing-cell", "no name"),
    ("| type | name | label |\n| | a | Va? |", 2, "missing-cell", "no type"),
    ("| type | name | label |\n| tex | a | Va? |", 2, "unknown-type", 'Did you mean "text"'),
    ("| type | name | label |\n| geopoint | a | Va? |", 2, "unknown-type", "geopoint"),
    ("| type | name | label |\n| date | a | Va? |", 2, "unknown-type", "spans of time"),
    ("| type | name | label |\n| decimal | a | Va? |", 2, "unknown-type", "integer"),
    ("| type | name | label |\n| begin_repeat | a | Va? |", 2, "unknown-type", "once for each turn"),
    ("| type | name | label |\n| calculate | a | |", 2, "unknown-type", "Take the row out"),
    ("| type | name | label |\n| select_one | a | Va? |", 2, "missing-list", "names no list"),
    ("| type | name | label |\n| select_one ja_nen | a | Va? |", 2, "missing-list", 'Did you mean "ja_nej"'),
    ("| type | name | label |\n| select_one_from_file x.csv | a | Va? |", 2, "unknown-type", "x.csv"),
    ("| type | name | label |\n| text | a | Va? |\n| text | a | Hur? |", 3, "duplicate-name", "row 2"),
    ("| type | name | label | label |\n| text | a | Va? | x |", 1, "duplicate-column", "label"),
    ("| type | name | label::Klingon |\n| text | a | Va? |", 1, "bad-language", "Svenska (sv)"),
    ("| type | name | label | label::Svenska (sv) |\n| text | a | Va? | Va? |", 2, "duplicate-column", "two texts"),
    (
        "| type | name | label::sv | label::en |\n| text | a | Va? | |\n| text | b | Hur? | How? |",
        2,
        "missing-language",
        "en",
    ),
    ("| type | name | label |\n| text | a | Va {Du}? |", 2, "bad-parameter", "{Du}"),
    ("| type | name | label |\n| text | a | Va? |\n| text | b | Sa du ${a}? |", 3, "answer-in-text", "${"),
    ("| type | name | label |\n| end_group | | |\n| text | a | Va? |", 2, "end-without-begin", "begin_group"),
    ("| type | name | label |\n| begin_group | g | Del |\n| text | a | Va? |", 2, "open-group", "end_group"),
    ("| type | name | label |\n| note | n | Hej |", 1, "no-questions", "at least one"),
    (
        "| type | name | label | choice_filter |\n| select_one ja_nej | a | Va? | name = 'ja' |",
        2,
        "choice-filter",
        "list of its own",
    ),
    ("| type | name | label | relevant |\n| text | a | Va? | ${b} = 'x' |", 2, "relevant", "no question"),
    ("| type | name | label | relevant |\n| text | a | Va? | ${a} = 'x' |", 2, "relevant", "comes later"),
    (
        "| type | name | label | relevant |\n| text | a | Va? | |\n| text | b | Hur? | ${a} = 'x' |",
        3,
        "relevant",
        "no choices at all",
    ),
    (
        "| type | name | label | relevant |\n| select_one ja_nej | a | Va? | |\n| text | b | Hur? | ${a} = 'vett' |",
        3,
        "relevant",
        'Did you mean "vet"',
    ),
    (
        "| type | name | label | relevant |\n| select_one ja_nej | a | Va? | |\n| text | b | Hur? | ${a} > 1 |",
        3,
        "relevant",
        '"> 1"',
    ),
    (
        "| type | name | label | relevant |\n| select_one ja_nej | a | Va? | |\n| note | b | Hör. | ${a} = 'ja' |\n"
        "| text | c | Hur? | |",
        3,
        "conditional-note",
        "hint",
    ),
    (
        "| type | name | label | relevant |\n| select_one ja_nej | a | Va? | |\n"
        "| text | c | Hur? | ${a} = 'ja' and ${a} = 'nej' |",
        3,
        "never-met",
        "never be met",
    ),
    (
        "| type | name | label | constraint |\n"
        "| select_multiple ja_nej | a | Va? | not(selected(., 'x') and count-selected(.) > 1) |",
        2,
        "constraint",
        "none of its choices",
    ),
    ("| type | name | label | constraint |\n| integer | a | Va? | . >= 5 and . <= 5 |", 2, "bad-range", "no choice"),
]


@pytest.mark.parametrize(("survey", "row", "code", "said"), SURVEYS)
def test_what_would_be_lost_stops_the_import(survey: str, row: int, code: str, said: str) -> None:
    found = imported(survey, YES_NO)
    assert found.instrument is None
    assert found.definition == ""
    fault = next(f for f in errors(found) if f.code == code)
    assert (fault.file, fault.line) == ("besok.xlsx", row)
    assert 'Sheet "survey"' in fault.what
    assert said in f"{fault.what} {fault.remedy}"
    assert fault.remedy


@pytest.mark.parametrize(
    ("choices", "row", "code"),
    [
        ("| list_name | name | label |\n| l | a | A |\n| l | a | B |", 3, "duplicate-option"),
        ("| list_name | name | label |\n| l | a | |\n| l | b | B |", 2, "missing-cell"),
        ("| list_name | name | label |\n| | a | A |", 2, "missing-cell"),
        ("| list_name | name | label |\n| l | | A |", 2, "missing-cell"),
    ],
)
def test_faults_of_choices_are_told_there(choices: str, row: int, code: str) -> None:
    found = imported("| type | name | label |\n| select_one l | a | Va? |", choices)
    assert found.instrument is None
    fault = next(f for f in errors(found) if f.code == code)
    assert (fault.line, fault.what.split('"')[1]) == (row, "choices")


def test_faults_of_the_whole_definition_are_told_by_row() -> None:
    choices = "| list_name | name | label |\n| l | a | Samma |\n| l | b | samma |\n| m | a | A |"
    survey = "| type | name | label |\n| text | x | Va? |\n| select_one l | a | Va? |\n| select_multiple m | b | Va? |"
    found = imported(survey, choices)
    assert {(f.line, f.code) for f in errors(found)} == {(3, "same-label"), (4, "too-few-options")}


def test_what_only_paper_lacks_is_an_error_beside_a_definition() -> None:
    survey = "| type | name | label |\n| note | n | Hej. |\n| text | a | Va? |\n| text | b | \N{SNOWMAN}? |"
    found = imported(survey)
    assert found.instrument is not None
    assert found.definition
    assert [(f.line, f.code) for f in errors(found)] == [(4, "missing-letter")]


def test_a_language_without_usual_words_must_bring_its_own() -> None:
    found = imported("| type | name | label::Suomi (fi) |\n| text | a | Mikä? |")
    assert {f.code for f in errors(found)} == {"no-intro", "no-thanks"}
    notes = "| note | n | Hei. |\n| text | a | Mikä? |\n| note | k | Kiitos. |"
    whole = imported(f"| type | name | label::Suomi (fi) |\n{notes}")
    assert whole.instrument is not None
    assert whole.instrument.languages == ("fi",)


def test_sheets_that_are_missing_or_not_read_are_named() -> None:
    found = read(saved(workbook(Enkät=SMALL)), "x.xlsx")
    assert [f.code for f in found.faults] == ["unread-sheet", "no-survey"]
    assert "Enkät" in found.faults[1].what
    found = read(saved(workbook(survey=SMALL, choice=YES_NO)), "x.xlsx")
    assert 'Did you mean "choices"' in next(f.remedy for f in found.faults if f.code == "unread-sheet")


def test_cells_without_a_heading_are_told_once() -> None:
    found = imported(SMALL.replace("| label |", "| |").replace("Va? |", "Va? | mer |"))
    assert [f.line for f in found.faults if f.code == "no-heading"] == [2, 3]


def test_a_missing_file_has_a_remedy(tmp_path: Path) -> None:
    for path in (tmp_path / "finns-inte.xlsx", tmp_path):
        with pytest.raises(FormsError) as caught:
            read_file(path)
        assert caught.value.remedy


@given(st.integers(0, 100_000))
def test_a_damaged_file_never_ends_in_a_traceback(seed: int) -> None:
    chance = Random(seed)
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as parts:
        part = chance.choice([SHEET, *parts.namelist()])
        content = bytearray(parts.read(part))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(content))
            if chance.random() < 0.5:
                content[place] = chance.choice(b'0123456789<>"&aA=/')
            else:
                del content[place : place + chance.randint(1, 30)]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as target:
            for name in parts.namelist():
                target.writestr(name, bytes(content) if name == part else parts.read(name))
    found = read(out.getvalue(), "x.xlsx")
    assert (found.instrument is not None) or errors(found)
    assert all(f.what and f.remedy for f in found.faults)


WHOLE = saved(workbook(survey=SMALL, choices=YES_NO, settings=SETTINGS))


CELLS = {
    "type": [
        "text",
        "begin_group",
        "end_group",
        "select_one m",
        "select_one l or_other",
        "date",
        "calculate",
        "start",
        "",
    ],
    "name": ["a", "b", "c", "a_x", "b_x", "A", "Å!", "", "title", "support", "intro", "x" * 60],
    "label": ["Va?", "# Rubrik", "X", "{region}", "{", "${a}", "**F**", "", "Ett\n\nTvå", "1 = X"],
    "label::en": ["What?", "", "X", "1 = X"],
    "hint": ["", "Tänk.", "{"],
    "relevant": ["", "${a} = 'x'", "selected(${b}, 'x')", "${a} = 'x' or not(${b} = 'y')", "${z} = 1", "${a", "not("],
    "constraint": ["", ". > 3", ". >= 1 and . <= 9999999999", "string-length(.) <= 0", "regex(., 'a')"],
    "appearance": ["", "likert", "multiline", "w1 likert"],
    "rows": ["", "5", "-1", "x", "99999999999999999999"],
    "source": ["", "Ord"],
    "compares_with": ["", "f/a", "A"],
    "comparison": ["", "same", "alike"],
}
CHOICE_CELLS = {
    "list_name": ["l", "m", "bra", "", "Å Ä"],
    "name": ["x", "y", "1", "2", "3", "X", "", "ja!"],
    "label": ["X", "Y", "1 = X", "2", "3 = Z", "Vet inte", ""],
    "label::en": ["X", "Y", "1 = X", "2", "3 = Z", ""],
    "way_out": ["", "yes"],
}


GOOD_TYPES = ["text", "integer", "note", "select_one l", "select_multiple l", "select_one bra"]
GOOD_CHOICES = [["l", "x", "X"], ["l", "y", "Y"], ["bra", "1", "1 = X"], ["bra", "2", "2"], ["bra", "3", "3 = Z"]]


def any_form(seed: int) -> bytes:
    """Return a form of which any part may be odd; in every other form nearly all is sound."""
    chance = Random(seed)
    odd = chance.choice([0.01, 0.15])

    def table(cells: dict[str, list[str]], good: list[list[str]]) -> list[list[str]]:
        columns = [c for n, c in enumerate(cells) if n < 3 or chance.random() < 0.5 * (c != "label::en" or odd > 0.1)]
        rows = [[*row, *(cells[c][0] for c in columns[3:])] for row in good]
        return [
            columns,
            *(
                [chance.choice(cells[columns[n]]) if chance.random() < odd else v for n, v in enumerate(r)]
                for r in rows
            ),
        ]

    asked = [
        [chance.choice(GOOD_TYPES), f"{chance.choice('abc')}{n or ''}", f"Va {n}?"] for n in range(chance.randint(1, 9))
    ]
    for place in range(1, len(asked)):
        if chance.random() < 0.3:
            asked[place] = ["text", f"{asked[place - 1][1]}_x", "X"]
    return saved(workbook(survey=table(CELLS, asked), choices=table(CHOICE_CELLS, GOOD_CHOICES)))


@given(st.integers(0, 1_000_000))
def test_any_table_is_read_or_its_faults_are_told(seed: int) -> None:
    found = read(any_form(seed), "x.xlsx")
    assert (found.instrument is not None) or errors(found)
    assert all(f.what and f.remedy and f.file == "x.xlsx" for f in found.faults)
    if found.instrument is not None:
        again = read(write(found.instrument, "x.toml").data, "x.xlsx")
        assert again.instrument == sayable(found.instrument)


def test_faults_of_titles_and_shared_choices_are_told_where_they_stand() -> None:
    survey = "| type | name | label |\n| select_one l | a | Va? |\n| select_one l | b | Hur? |"
    choices = "| list_name | name | label |\n| l | a | A |\n| l | b | \N{SNOWMAN} |"
    settings = "| form_title |\n| \N{SNOWMAN} |"
    found = imported(survey, choices, settings)
    told = {(f.line, f.what.split('"')[1] if f.line else "") for f in errors(found)}
    assert told == {(0, ""), (3, "choices")}
