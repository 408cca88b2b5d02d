import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import instruments, toml_of

from forms import check
from forms.errors import Fault, FormsError, Severity
from forms.model import Instrument

HEAD = """
id = "prov"
languages = ["sv"]
title = { sv = "Prov" }
intro = { sv = "Vi undrar." }
thanks = { sv = "Tack." }
[[section]]
id = "del"
title = { sv = "Del" }
"""

WAY_OUT = '{ id = "vet_inte", label = { sv = "Vet inte" }, way_out = true }'


def question(text: str = "Hur gick det?", options: str | None = None, rest: str = "") -> str:
    chosen = options or f'{{ id = "ja", label = {{ sv = "Ja" }} }}, {WAY_OUT}'
    return (
        f'[[section.question]]\nid = "a"\nkind = "single"\noptions = [{chosen}]\ntext = {{ sv = "{text}" }}\n{rest}\n'
    )


def found(text: str) -> list[Fault]:
    return list(check.check_text(text, "prov.toml"))


def codes(text: str) -> list[tuple[str, Severity]]:
    return [(f.code, f.severity) for f in found(text)]


def test_a_good_definition_has_nothing_to_say() -> None:
    assert found(HEAD + question()) == []


def test_letters_that_the_font_lacks() -> None:
    text = HEAD + question(rest='hint = { sv = "Привет ☒" }')
    faults = found(text)
    assert [(f.code, f.severity) for f in faults] == [("missing-letter", Severity.ERROR)]
    assert "“☒” (U+2612)" in faults[0].what
    assert faults[0].line == text[: text.index("hint")].count("\n") + 1


@pytest.mark.parametrize(
    ("words", "tag"),
    [
        ("Czy personel cię słuchał, żeby źle ćwiczyć?", "pl"),
        ("Toplantıda seni dinlediler mi? Çığ, şöför, güneş.", "tr"),
        ("Shaqaaluhu ma ku dhegeysteen?", "so"),
        ("Kuuntelivatko he sinua, ja mitä mieltä olet?", "fi"),
        ("Da li su vas slušali? Čćžšđ", "bs"),
        ("Karmendan guh da te? Êîûşç", "ku"),
    ],
)
def test_languages_of_the_font_are_printed(words: str, tag: str) -> None:
    text = (HEAD + question(words)).replace('["sv"]', f'["{tag}"]').replace("{ sv =", f"{{ {tag} =")
    assert [c for c, _ in codes(text)] == ["words-around"]


@pytest.mark.parametrize(
    ("words", "tag"),
    [
        ("Вас послухали?", "uk"),
        ("هل استمعوا إليك؟", "ar"),
        ("Họ có lắng nghe bạn không?", "vi"),
        ("ሰራሕተኛታት ሰሚዖምኹም ዶ?", "ti"),
        ("Σας άκουσαν;", "el"),
    ],
)
def test_a_language_without_letters_on_paper_is_asked_on_screen_only(words: str, tag: str) -> None:
    text = (HEAD + question()).replace('["sv"]', f'["sv", "{tag}"]')
    text = re.sub(r'sv = "[^"]+"', lambda m: f'{m[0]}, {tag} = "{words}"', text).replace(
        f'"Vet inte", {tag} = "{words}"', f'"Vet inte", {tag} = "{words[:-1]}"'
    )
    faults = found(text)
    assert [(f.code, f.severity) for f in faults] == [
        ("screen-only", Severity.WARNING),
        ("words-around", Severity.WARNING),
    ]
    assert "Print sheets in sv." in faults[0].remedy
    alone = re.sub(r'sv = "[^"]+", ', "", text).replace('["sv", ', "[")
    assert "No language is left" in next(f for f in found(alone) if f.code == "screen-only").remedy


def test_one_turkish_capital_is_a_letter_to_mend_and_not_a_language_to_give_up() -> None:
    text = (HEAD + question("İyi mi?")).replace('["sv"]', '["tr"]').replace("{ sv =", "{ tr =")
    assert ("missing-letter", Severity.ERROR) in codes(text)


def test_swedish_and_its_signs_are_in_the_font() -> None:
    signs = "ÅÄÖåäöéÉüÜ ”citat” – … “quoted” ’ & % ½ 1–2 §"
    assert found(HEAD + question(rest=f'hint = {{ sv = "{signs}" }}')) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton?", "long-question"),
        ("Behövde du mer? Vad?", "double-question"),
        ("Fungerar din/hennes plan?", "slash"),
    ],
)
def test_wordings_that_people_stumble_over(text: str, code: str) -> None:
    assert codes(HEAD + question(text)) == [(code, Severity.WARNING)]


def test_fifteen_words_are_fine() -> None:
    assert found(HEAD + question("Ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton?")) == []


@pytest.mark.parametrize("kind", ["single", "multiple"])
def test_options_without_a_way_out(kind: str) -> None:
    options = '{ id = "ja", label = { sv = "Ja" } }, { id = "nej", label = { sv = "Nej" } }'
    text = (HEAD + question(options=options)).replace('"single"', f'"{kind}"')
    assert codes(text) == [("no-way-out", Severity.WARNING)]
    assert found(text)[0].line == text[: text.index("options =")].count("\n") + 1


def test_a_question_that_fits_on_no_page() -> None:
    many = ", ".join(f'{{ id = "o{n}", label = {{ sv = "{"Ett långt svar " * 6}{n}" }} }}' for n in range(60))
    text = HEAD + question() + question(options=f"{many}, {WAY_OUT}").replace('"a"', '"lang"')
    faults = found(text)
    assert [f.code for f in faults] == ["too-tall"]
    assert '"lang"' in faults[0].what
    assert faults[0].line == text[: text.rindex("[[section.question]]")].count("\n") + 1


def test_an_intro_that_fits_on_no_page() -> None:
    text = (HEAD + question()).replace("Vi undrar.", "Vi undrar mycket. " * 400)
    faults = found(text)
    assert [f.code for f in faults] == ["too-tall"]
    assert faults[0].line == 5


def test_own_words_without_room_beside_their_label_stand_below_it() -> None:
    long = "Något helt annat som vi inte har tänkt på men som du nu kan skriva här:"
    options = f'{{ id = "annat", label = {{ sv = "{long}" }}, other = true }}, {WAY_OUT}'
    assert found(HEAD + question(options=options)) == []


def test_an_instruction_without_room_beside_its_label_stands_below_it() -> None:
    first = question(options=f'{{ id = "ja", label = {{ sv = "Ja {"m" * 38} {"m" * 40}" }} }}, {WAY_OUT}')
    second = question(rest='asked_if = { question = "a", is = "vet_inte" }').replace('id = "a"', 'id = "b"')
    assert found(HEAD + first + second + question().replace('id = "a"', 'id = "c"')) == []


def test_faults_of_definition_and_of_paper_come_together_by_line() -> None:
    text = HEAD + question("Ett? Två?", rest='hint = { sv = "☒" }\nlines = 3')
    faults = found(text)
    assert [f.code for f in faults] == ["double-question", "missing-letter", "not-for-kind"]
    assert [f.line for f in faults] == sorted(f.line for f in faults)


def test_a_fault_reads_as_one_line() -> None:
    fault = found(HEAD + question("Ett? Två?"))[0]
    assert str(fault) == f"prov.toml:{fault.line}: warning: {fault.what} {fault.remedy}"
    assert "\n" not in str(fault)


def test_check_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "prov.toml"
    path.write_text(HEAD + question("Ett? Två?"), encoding="utf-8")
    assert [(f.file, f.code) for f in check.check(path)] == [(str(path), "double-question")]
    with pytest.raises(FormsError):
        check.check(tmp_path / "saknas.toml")


@given(instruments())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_valid_instrument_finds_its_place(instrument: Instrument) -> None:
    """What the strategies call valid is free of errors, on paper too."""
    assert [f for f in check.check_text(toml_of(instrument), "x") if f.severity is Severity.ERROR] == []
