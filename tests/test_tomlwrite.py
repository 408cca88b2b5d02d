"""A written definition reads back as the same instrument, and looks like one that a person wrote."""

import strategies
from builders import YES_PARTLY_NO, if_, instrument, option, question, text
from hypothesis import given, settings

from forms.definition import find, load, read
from forms.model import Instrument, Kind
from forms.tomlwrite import write

SUPPORT = (("support", True),)


@given(strategies.instruments())
@settings(max_examples=60)
def test_reading_what_was_written_gives_the_same(wanted: Instrument) -> None:
    again, faults = read(write(wanted, heading="Två\nrader"), "prov.toml")
    assert again == wanted, faults


def test_what_ships_survives() -> None:
    wanted = load(find("sip-erfarenhet"))
    assert read(write(wanted), "sip.toml")[0] == wanted


def test_difficult_signs_survive() -> None:
    hard = 'Ett "citat" \\ och """ tre, \\n inget radslut. ' + "ord " * 60 + '"'
    paragraphs = f"{hard.strip()}\n\n# ingen kommentar\n\n{hard.strip()}"
    wanted = instrument(
        question("a", wording=hard.strip(), max_length=200),
        intro=text(paragraphs),
        title=text('"Rubrik"'),
        parameters=SUPPORT,
    )
    assert read(write(wanted), "x.toml")[0] == wanted


def test_shared_lists_stand_once_under_their_names() -> None:
    others = (option("x"), option("y"))
    wanted = instrument(
        question("a", max_length=200),
        question("b", others, max_length=200),
        question("c", max_length=200),
        question("d", others, max_length=200),
        question("e", others[::-1], max_length=200),
        parameters=SUPPORT,
    )
    written = write(wanted, {YES_PARTLY_NO: "svar", others: "svar"})
    assert written.count('id = "delvis"') == 1
    assert 'options = "svar"' in written
    assert 'options = "svar_2"' in written
    assert read(written, "x.toml")[0] == wanted


def test_lines_of_running_text_are_short() -> None:
    wanted = instrument(question("a", kind=Kind.TEXT, options=(), asked_if=None), intro=text("ett två tre " * 40))
    written = write(wanted)
    assert max(map(len, written.splitlines())) <= 120


def test_a_condition_reads_as_in_the_handbook() -> None:
    wanted = instrument(
        question("a"), question("b", asked_if=if_("a", "ja")), question("c", asked_if=if_("a", "ja", "nej"))
    )
    written = write(wanted)
    assert 'asked_if = { question = "a", is = "ja" }' in written
    assert 'asked_if = { question = "a", is = ["ja", "nej"] }' in written
