"""What is too long, too many or too little for paper: laid out by the rules, or refused with what is meant and how to
mend it, at checking and at printing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from builders import PARAMETERS, YES_PARTLY_NO, if_, instrument, option, question, text
from click.testing import CliRunner, Result
from sheet_rules import Order, broken

from forms import check, typeface
from forms.blocks import Size
from forms.compose import MOST_PAGES, Sheet, compose
from forms.drawing import Words
from forms.errors import Fault, LayoutError, Severity
from forms.layout import FieldKind
from forms.model import Instrument, Kind, Option, Text
from webapp.cli import main

WORD = "Vårdsamordningsersättningshandläggningsrutinbeskrivningsdokumentationskravspecifikation" * 3
"""Wider than any line."""


def laid_out(made: Instrument, size: Size = Size.NORMAL, **more: str) -> Sheet:
    """Compose a sheet, which must keep all rules."""
    values = PARAMETERS | more
    sheet = compose(made, values, "sv", style=size.style)
    assert broken(Order(made, values, "sv", size), sheet) == []
    return sheet


def refused(made: Instrument, size: Size = Size.NORMAL, **more: str) -> LayoutError:
    with pytest.raises(LayoutError) as error:
        compose(made, PARAMETERS | more, "sv", style=size.style)
    assert error.value.remedy
    return error.value


def options(count: int, label: str = "Val {}") -> tuple[Option, ...]:
    return tuple(option(f"o{n}", label.format(n)) for n in range(count))


def with_section_intro(made: Instrument, words: str) -> Instrument:
    return replace(made, sections=(replace(made.sections[0], intro=text(words)),))


@pytest.mark.parametrize("size", Size)
def test_words_that_can_not_be_broken_are_broken(size: Size) -> None:
    long = (option("x", WORD), option("y", f"{WORD}2"), option("z", WORD[:60], other=True))
    made = instrument(
        question("a", long, wording=WORD[:87]),
        question("b", asked_if=if_("a", "x")),
        question("c", (), Kind.TEXT, hint=text(WORD)),
        title=text(WORD),
        intro=text(WORD),
        thanks=text(WORD[:87]),
        support=text(f"{WORD[:87]} {{support}}"),
    )
    laid_out(with_section_intro(made, WORD[:87]), size)
    laid_out(made, size, support=WORD[:87], contact=WORD[:87], deadline=WORD[:87], region=WORD)


def test_a_word_without_end_costs_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: the letters whose width is asked for."""
    letters = 0
    real = typeface.width_mm

    def counted(said: str, size_pt: float, face: str = typeface.REGULAR) -> float:
        nonlocal letters
        letters += len(said)
        return real(said, size_pt, face)

    monkeypatch.setattr(typeface, "width_mm", counted)
    word = "m" * 10_000
    lines = typeface.wrap(word, 138.0, 12.0)
    assert "".join(lines) == word
    assert max(real(line, 12.0) for line in lines) <= 138.0
    assert letters < 300 * len(word)


def test_no_room_at_all_takes_a_letter_a_line() -> None:
    assert typeface.wrap("ab c", 0.5, 12.0) == ("a", "b", "c")
    assert typeface.wrap("ab", -1.0, 12.0) == ("a", "b")


@pytest.mark.parametrize("size", Size)
def test_two_hundred_options_are_refused_by_name(size: Size) -> None:
    error = refused(instrument(question("kort"), question("lang", options(200))), size)
    assert (error.code, error.about) == ("too-tall", ("question", "lang"))
    assert '"lang"' in error.message
    assert "fewer options" in error.remedy
    assert ("normal size" in error.remedy) is (size is Size.LARGE)


def test_a_long_list_of_short_options_stands_in_three_columns() -> None:
    sheet = laid_out(instrument(question("lang", options(60))))
    boxes = [f for f in sheet.layout.fields if f.kind is FieldKind.BOX]
    assert len({f.x for f in boxes}) == 3
    assert len({f.page for f in boxes}) == 1
    # Read downwards, as a list is.
    assert [f.option for f in sorted(boxes, key=lambda f: (f.x, f.y))] == [f"o{n}" for n in range(60)]


def test_a_hundred_questions() -> None:
    made = instrument(*(question(f"q{n}") for n in range(100)))
    assert 5 < laid_out(made).layout.pages < 12
    assert 8 < laid_out(made, Size.LARGE).layout.pages < 20


def test_more_pages_than_markers_can_number() -> None:
    # The title and the end take a page each beside these.
    tall = [question(f"q{n}", (), Kind.TEXT, lines=20) for n in range(MOST_PAGES - 1)]
    most = laid_out(instrument(*tall[:-1]))
    assert most.layout.pages == MOST_PAGES
    assert max(m.id for m in most.layout.markers) == 4 * MOST_PAGES - 1
    error = refused(instrument(*tall))
    assert (error.code, error.about) == ("too-many-pages", ())
    assert f"{MOST_PAGES + 1} pages; {MOST_PAGES} is the most" in error.message


@pytest.mark.parametrize("what", ["hint", "wording", "label"])
def test_two_thousand_letters_fit_a_page_and_six_thousand_are_refused(what: str) -> None:
    def made(words: int) -> Instrument:
        said = "ord " * words
        if what == "label":
            return instrument(question("a", (option("x", said), option("y"))))
        return instrument(question("a", wording=said) if what == "wording" else question("a", hint=text(said)))

    laid_out(made(500))
    error = refused(made(1500))
    assert (error.code, error.about) == ("too-tall", ("question", "a"))
    assert "Shorten" in error.remedy


@pytest.mark.parametrize(
    ("made", "about", "named"),
    [
        (instrument(question("a"), intro=text("ord " * 1000)), ("intro",), "introduction"),
        (instrument(question("a"), thanks=text("ord " * 1000)), ("thanks",), "end of the sheet"),
        (instrument(question("a"), support=text("ord " * 1000)), ("support",), "support text"),
        (with_section_intro(instrument(question("a")), "ord " * 1000), ("section", "del"), "“Frågor”"),
        (instrument(question("a", (), Kind.TEXT, lines=40)), ("question", "a"), '"a"'),
    ],
    ids=["intro", "thanks", "support", "section", "lines"],
)
def test_what_is_too_tall_is_named(made: Instrument, about: tuple[str, ...], named: str) -> None:
    error = refused(made)
    assert (error.code, error.about) == ("too-tall", about)
    assert named in error.message
    assert ("lines to write on" in error.remedy) is (about == ("question", "a"))


def test_a_heading_that_leaves_no_room_for_its_question_is_to_blame() -> None:
    tall = question("a", options(14, "Ett långt svar som står på en rad för sig självt {}"))
    error = refused(with_section_intro(instrument(tall), "ord " * 500))
    assert error.about == ("section", "del")
    assert 'together with what must follow it there: Question "a"' in error.message
    laid_out(instrument(tall))


def test_an_end_that_fits_no_page_with_the_address_is_torn_before_it() -> None:
    made = instrument(question("a"), thanks=text("ord " * 320), support=text("ord " * 300))
    sheet = laid_out(made, freezing="", purging="")
    address = PARAMETERS["return_address"].split("\n")
    assert sheet.layout.pages > 1
    shown = [n for n, page in enumerate(sheet.pages, 1) for d in page if isinstance(d, Words) and d.text in address]
    assert shown == [sheet.layout.pages] * len(address)
    assert refused(replace(made, thanks=text("ord " * 600))).about == ("thanks",)


def test_a_label_without_text_is_refused() -> None:
    error = refused(instrument(question("tom", (option("x", " "), option("y")))))
    assert (error.code, error.about) == ("empty-label", ("question", "tom"))
    assert '"x"' in error.message


@pytest.mark.parametrize("size", Size)
def test_as_little_as_can_be(size: Size) -> None:
    bare = instrument(question("a"), title=Text(), intro=Text(), thanks=Text(), support=Text())
    bare = replace(bare, sections=(replace(bare.sections[0], title=Text()),))
    sheet = compose(bare, {}, "sv", style=size.style)
    assert broken(Order(bare, {}, "sv", size), sheet) == []
    ways_out = tuple(replace(o, way_out=True) for o in YES_PARTLY_NO)
    laid_out(instrument(question("a", ways_out), question("b", ways_out, Kind.MULTIPLE)), size)
    laid_out(instrument(question("a", (option("x"),)), question("b", wording="")), size)


# ---- what a person meets ----

HEAD = """
id = "prov"
languages = ["sv"]
title = { sv = "Prov" }
intro = { sv = "Vi undrar." }
thanks = { sv = "Tack." }
support = { sv = "Prata med {support}." }
[parameters]
support = true
contact = true
region = false
return_address = false
[[section]]
id = "del"
title = { sv = "Del i {region}" }
"""
WAY_OUT = '{ id = "vet_inte", label = { sv = "Vet inte" }, way_out = true }'


def asked(id_: str, count: int, label: str = "Val", hint: str = "") -> str:
    listed = ", ".join(f'{{ id = "o{n}", label = {{ sv = "{label} {n}" }} }}' for n in range(count))
    said = f'id = "{id_}"\nkind = "single"\ntext = {{ sv = "Hur gick det?" }}\n'
    said += f'hint = {{ sv = "{hint}" }}\n' if hint else ""
    return f"[[section.question]]\n{said}options = [{listed}, {WAY_OUT}]\n"


def only(definition: str) -> Fault:
    (fault,) = check.check_text(definition, "prov.toml")
    return fault


def test_check_tells_the_line_of_what_finds_no_place() -> None:
    definition = HEAD + asked("kort", 3) + asked("lang", 200)
    fault = only(definition)
    assert (fault.severity, fault.code) == (Severity.ERROR, "too-tall")
    assert fault.line == definition[: definition.rindex("[[section.question]]")].count("\n") + 1
    assert 'On paper in sv: Question "lang"' in fault.what
    whole = definition.replace('"Del i {region}" }', '"Del i {region}" }\nintro = { sv = "' + "ord " * 1000 + '" }')
    fault = only(whole.replace(asked("lang", 200), ""))
    assert fault.line == whole[: whole.index('intro = { sv = "ord')].count("\n") + 1


def test_check_warns_of_what_finds_no_place_in_the_large_size() -> None:
    fault = only(HEAD + asked("lang", 3, hint="ord " * 500))
    assert (fault.severity, fault.code) == (Severity.WARNING, "too-tall")
    assert "in the large size" in fault.what


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments), "--instance", str(tmp_path / "i")])

    assert invoke("init").exit_code == 0
    return invoke


def test_printing_refuses_what_a_survey_gave_too_much_of(run: Callable[..., Result], tmp_path: Path) -> None:
    """The command says what is meant, and writes nothing."""
    definition, out = tmp_path / "prov.toml", tmp_path / "ark.pdf"
    definition.write_text(HEAD + asked("a", 3), encoding="utf-8")
    created = run("survey", "create", definition, "--slug", "prov", "--param", f"return_address={'Gata ' * 200}")
    assert created.exit_code == 0, created.output
    made = run("print", "prov", "--sheets", 1, "--out", out)
    assert (made.exit_code, out.exists()) == (1, False)
    assert "return address" in made.stderr
    assert run("survey", "create", definition, "--slug", "lang", "--param", f"region={'Gata ' * 1500}").exit_code == 0
    made = run("print", "lang", "--sheets", 1, "--out", out)
    assert (made.exit_code, out.exists()) == (1, False)
    assert "does not fit on one page" in made.stderr
