from dataclasses import dataclass, fields, replace

import pytest
from builders import YES_PARTLY_NO, if_, instrument, option, question, text
from hypothesis import given, settings
from strategies import instruments

from forms.model import (
    Both,
    Comparison,
    Either,
    Instrument,
    Kind,
    Not,
    Question,
    Section,
    Source,
    Text,
    Wording,
    fallbacks,
    fill,
    questions_in,
    texts_of,
)


@pytest.mark.parametrize(
    ("language", "tags"),
    [
        ("sv", ("sv",)),
        ("sv-x-lattlast", ("sv-x-lattlast", "sv")),
        ("en-GB", ("en-GB", "en")),
        ("zh-Hant-TW", ("zh-Hant-TW", "zh-Hant", "zh")),
    ],
)
def test_fallbacks(language: str, tags: tuple[str, ...]) -> None:
    assert fallbacks(language) == tags


def test_a_text_falls_back_in_the_stated_order() -> None:
    both = Text((("sv", "svensk"), ("en", "engelsk"), ("sv-x-lattlast", "lätt")))
    assert both.to("sv-x-lattlast") == "lätt"
    assert both.to("sv-FI") == "svensk"
    assert both.to("en-GB") == "engelsk"
    assert both.to("fi") == "svensk"
    assert both.has("sv-FI")
    assert not both.has("fi")
    assert Text().to("sv") == ""
    assert not Text()
    assert not Text((("sv", ""),))


def test_filling_leaves_what_has_no_value_to_be_seen() -> None:
    assert fill("Vi i {region} och {ort}, {{x}", {"region": "Gävleborg"}) == "Vi i Gävleborg och {ort}, {{x}"
    assert fill("{region}", {"region": "{ort}", "ort": "x"}) == "{ort}"


def test_questions_in_a_condition() -> None:
    condition = Both((if_("a", "x"), Either((if_("b", "x"), Not(if_("a", "y"))))))
    assert list(questions_in(condition)) == ["a", "b", "a"]
    assert list(questions_in(None)) == []


def test_numbers_run_through_the_sections() -> None:
    form = instrument(question("a"), question("b"))
    form = replace(form, sections=(*form.sections, Section("s", text("S"), (question("c"),))))
    assert form.numbers == {"a": 1, "b": 2, "c": 3}
    assert [q.id for q in form.questions] == list(form.by_id) == ["a", "b", "c"]


BASE = question("a", asked_if=None, hint=text("Tips"), source=Source("VG", "vg2018/a", Comparison.SAME))
FORM = instrument(BASE)


def version_with(**changes: object) -> str:
    return instrument(replace(BASE, **changes)).version  # type: ignore[arg-type]


def test_the_version_is_eight_hex_digits_and_stable() -> None:
    assert len(FORM.version) == 8
    assert int(FORM.version, 16) >= 0
    assert FORM.version == instrument(BASE).version


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "b"},
        {"kind": Kind.MULTIPLE},
        {"wording": Wording(text("Annat"))},
        {"wording": replace(BASE.wording, default=text(BASE.wording.default.to("sv"), "In English"))},
        {"wording": replace(BASE.wording, variants=((if_("z", "ja"), text("Variant")),))},
        {"hint": Text()},
        {"options": YES_PARTLY_NO[:3]},
        {"options": YES_PARTLY_NO[::-1]},
        {"options": (*YES_PARTLY_NO[:3], option("vet_inte", "Vet ej", way_out=True))},
        {"options": (*YES_PARTLY_NO[:3], option("vet_inte", "Vet inte"))},
        {"asked_if": if_("z", "ja")},
        {"asked_if": Not(if_("z", "ja"))},
        {"lines": 2},
        {"max_length": 10},
        {"minimum": 1},
        {"maximum": 1},
        {"low": text("lågt")},
        {"high": text("högt")},
        {"places": "kommuner"},
        {"sensitive": True},
    ],
    ids=str,
)
def test_what_people_read_or_what_changes_meaning_makes_a_new_version(changes: dict[str, object]) -> None:
    assert version_with(**changes) != FORM.version


def test_texts_around_the_questions_make_a_new_version() -> None:
    changed = [
        replace(FORM, **{name: text("Annat")})  # type: ignore[arg-type]
        for name in ("title", "intro", "thanks", "support")
    ]
    section = FORM.sections[0]
    changed += [
        replace(FORM, sections=(replace(section, title=text("Ny")),)),
        replace(FORM, sections=(replace(section, intro=text("Ny")),)),
        replace(FORM, languages=("sv",)),
        replace(FORM, id="annan"),
    ]
    versions = [form.version for form in changed]
    assert len({*versions, FORM.version}) == len(versions) + 1


def test_what_only_explains_keeps_the_version() -> None:
    assert version_with(source=None) == FORM.version
    assert version_with(source=Source("Annan")) == FORM.version
    assert replace(FORM, parameters=(("region", True),)).version == FORM.version


def test_the_version_stays_when_a_later_program_knows_more_of_a_question() -> None:
    @dataclass(frozen=True, slots=True)
    class Later(Question):
        new: str = ""

    def later(**changes: str) -> str:
        known = {f.name: getattr(BASE, f.name) for f in fields(BASE)}
        return instrument(Later(**known | changes)).version

    Later.__name__ = "Question"
    assert later() == FORM.version
    assert later(new="something") != FORM.version


def test_the_version_is_the_one_that_stored_surveys_name() -> None:
    """Answers under way name it: where this fails, every open survey would put its web answers into quarantine."""
    assert FORM.version == "dc31a782"


def test_a_text_of_two_conditions_is_not_mixed_up() -> None:
    """Conditions of different sorts over the same parts are different instruments."""
    parts = (if_("z", "ja"), if_("y", "ja"))
    assert version_with(asked_if=Both(parts)) != version_with(asked_if=Either(parts))


@given(instruments(4))
@settings(max_examples=25, deadline=None)
def test_texts_of_an_instrument_are_all_there(form: Instrument) -> None:
    found = list(texts_of(form))
    for asked in form.questions:
        assert all(t in found for t in (*asked.wording.texts(), asked.hint, *(o.label for o in asked.options)))
    assert found[0] == form.title
    assert found[-1] == form.thanks
