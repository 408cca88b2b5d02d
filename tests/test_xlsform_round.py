"""Out and in again: what an XLSForm can say comes back equal, and pyxform takes every file."""

import io
from dataclasses import replace

import pytest
import strategies
from builders import YES_PARTLY_NO, instrument, option, question, text
from hypothesis import given, settings
from openpyxl import load_workbook
from pyxform.xls2xform import convert

from forms.definition import find, load, shipped
from forms.errors import FormsError
from forms.model import Both, Either, Instrument, Is, Kind, Not, Section, Text, Wording
from forms.xlsform import read
from forms.xlsform_write import sayable, write

DECLARED = (("support", True),)


def back(wanted: Instrument) -> Instrument | None:
    again = read(write(wanted, "prov.toml").data, "prov.xlsx")
    assert not [str(f) for f in again.faults if f.severity == "error"]
    return again.instrument


def without_variants(wanted: Instrument) -> Instrument:
    sections = tuple(
        replace(s, questions=tuple(replace(q, wording=Wording(q.wording.default)) for q in s.questions))
        for s in wanted.sections
    )
    return replace(wanted, sections=sections)


@given(strategies.instruments())
@settings(max_examples=25)
def test_an_instrument_comes_back_as_an_xlsform_can_say_it(wanted: Instrument) -> None:
    assert back(wanted) == sayable(wanted)


@given(strategies.instruments())
@settings(max_examples=60)
def test_what_an_xlsform_can_say_is_all_but_variants_and_the_form_of_conditions(wanted: Instrument) -> None:
    said = sayable(wanted)
    assert sayable(said) == said
    plain = without_variants(wanted)
    for before, after in zip(plain.questions, said.questions, strict=True):
        assert replace(before, asked_if=None) == replace(after, asked_if=None)
        assert (before.asked_if is None) == (after.asked_if is None)
    assert replace(said, sections=()) == replace(plain, sections=())


@given(strategies.instruments(4, ("sv",)))
@settings(max_examples=10)
def test_one_language_is_enough(wanted: Instrument) -> None:
    assert back(wanted) == sayable(wanted)


@given(strategies.instruments())
@settings(max_examples=15)
def test_pyxform_converts_whatever_is_exported(wanted: Instrument) -> None:
    converted = convert(io.BytesIO(write(wanted, "prov.toml").data), validate=False)
    assert converted.warnings == []
    for asked in wanted.questions:
        assert f"/{asked.id}" in converted.xform


@pytest.mark.parametrize("name", sorted(shipped()))
def test_what_ships_goes_out_and_in(name: str) -> None:
    wanted = load(find(name))
    assert back(wanted) == sayable(wanted)
    warnings = convert(io.BytesIO(write(wanted, name).data), validate=False).warnings
    # pyxform knows no private language tag.
    assert [w for w in warnings if "machine-readable" not in w] == []


def test_difficult_texts_come_back() -> None:
    hard = '=1+1 är "ingen" <b>formel</b> & \\ ’ \N{NO-BREAK SPACE}#'
    wanted = instrument(
        question(
            "a", (option("ja", "=A1"), option("1", "#N/A"), option("nej", "_x0041_")), wording=hard, max_length=200
        ),
        intro=text("# Rubrik?\n\n=SUM(A1)\n\n+46"),
        title=text("'Titel", "@Title"),
        parameters=DECLARED,
    )
    assert back(wanted) == sayable(wanted) == wanted


def test_no_cell_is_a_formula() -> None:
    wanted = instrument(question("a", (option("ja", "=A1"), option("nej", "=B1"))), intro=text("=1+1"))
    for sheet in load_workbook(io.BytesIO(write(wanted, "x").data)):
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n"}, row
            assert all(isinstance(cell.value, str | None) for cell in row)


def test_an_easy_variant_falls_back_and_others_are_filled_in() -> None:
    both = Text((("sv", "Svårt"), ("sv-x-lattlast", "Lätt")))
    plain = Text((("sv", "Samma"),))
    repeated = Text((("sv", "Samma"), ("sv-x-lattlast", "Samma")))
    asked = replace(
        question("a", (option("ja"), option("nej")), max_length=200),
        wording=Wording(both),
        hint=repeated,
        options=tuple(replace(o, label=Text((("sv", o.id),))) for o in (option("ja"), option("nej"))),
    )
    wanted = Instrument(
        "prov", ("sv", "sv-x-lattlast"), both, plain, repeated, Text(), (Section("s", plain, (asked,)),)
    )
    again = back(wanted)
    assert again == sayable(wanted)
    assert again is not None
    assert again.questions[0].hint == plain
    sheet = load_workbook(io.BytesIO(write(wanted, "x").data))["choices"]
    assert [cell.value for cell in sheet[2]][:4] == ["a", "ja", "ja", "ja"]


def test_names_that_meet_are_parted() -> None:
    other = (option("a"), option("b", other=True))
    wanted = instrument(
        question("intro", other, max_length=50),
        question("intro_b", kind=Kind.TEXT, options=(), lines=2),
        question("support", max_length=200),
        question("title", max_length=200),
        parameters=DECLARED,
    )
    wanted = replace(wanted, sections=(replace(wanted.sections[0], id="support", intro=text("Mer")),))
    written = write(wanted, "x.toml")
    assert "renamed" in {f.code for f in written.faults}
    again = back(wanted)
    assert again == sayable(wanted)
    assert again is not None
    assert again.sections[0].id == "support_2"
    assert replace(again, sections=()) == replace(wanted, sections=())
    assert again.questions == wanted.questions
    convert(io.BytesIO(written.data), validate=False)


def test_conditions_keep_their_meaning_through_parentheses() -> None:
    several = (option("x"), option("y"), option("z", exclusive=True))
    condition = Both(
        (
            Either((Is("a", ("ja",)), Is("b", ("x", "y")), Is("a", ("nej",)))),
            Not(Both((Is("a", ("ja",)), Not(Is("b", ("z",)))))),
        )
    )
    wanted = instrument(
        question("a", YES_PARTLY_NO, max_length=200),
        question("b", several, Kind.MULTIPLE, max_length=200),
        question("c", max_length=200, asked_if=condition),
        parameters=DECLARED,
    )
    again = back(wanted)
    assert again is not None
    assert again.by_id["b"] == wanted.by_id["b"]
    assert again.by_id["c"].asked_if == Both(
        (
            Either((Is("a", ("ja", "nej")), Is("b", ("x", "y")))),
            Not(Both((Is("a", ("ja",)), Not(Is("b", ("z",)))))),
        )
    )


def test_variants_are_told() -> None:
    faults = write(load(find("sip-erfarenhet")), "sip.toml").faults
    assert sum(f.code == "variants" for f in faults) == 4
    assert all(f.remedy and f.severity == "warning" for f in faults)


def test_a_text_that_no_cell_can_hold_is_refused() -> None:
    with pytest.raises(FormsError, match="longer than a cell"):
        write(instrument(question("a"), intro=text("x" * 40_000)), "x.toml")


def test_the_same_instrument_gives_the_same_sheets() -> None:
    wanted = instrument(question("a"))
    one, two = (load_workbook(io.BytesIO(write(wanted, "x").data)) for _ in range(2))
    assert one.properties.modified.year == two.properties.modified.year
    for name in ("survey", "choices", "settings"):
        assert list(one[name].values) == list(two[name].values)
