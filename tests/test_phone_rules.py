"""One rulebook for both sides: the phone's script judges as the server does, on generated instruments and answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phone_helpers import engine_page, run_module
from playwright.sync_api import Page
from strategies import instruments, on_screen

from forms.answers import clean, from_payload, met, route, submission_faults, to_payload, without_passed_over
from forms.definition import read
from forms.model import Instrument, Kind
from forms.places import codes
from forms.rules import rules_of
from webapp.views.posted import read_given

SHIPPED = sorted((Path(__file__).parent.parent / "forms" / "instruments").glob("*.toml"))

BOTH = """
const { rules, answers } = v;
const routed = m.route(rules, answers);
const without = m.withoutPassedOver(rules, answers);
return {
  routed: Object.values(routed).map((a) => [a.question, a.status, a.options, a.asked]),
  asked: m.askedQuestions(rules, answers),
  wordings: rules.questions.map((q) => m.wordingOf(q, routed)),
  faults: m.faults(rules, answers).map((f) => [f.question, f.code, f.detail]),
  kept: m.payload(without.kept),
  gone: without.gone,
  payload: m.payload(answers),
};
"""

NASTY = (
    "", " ", "\n", "\x1c", "\ufeff", "\x85", "\u2003", "\x00", " 5", "5\n", "007", "0", "٣", "²", "1e3", "-1", "+2",
    "3.0", "1" * 12, "1" * 13, "0" * 20 + "7", "\ufeff7", "\x1f7", "7\x85", "a\u0301", "å", "a\u030a", "😀", "𝔸" * 81,
    "__proto__", "\r\n", "\u200fشكرا",
)  # fmt: skip

LONG = tuple(sign * count + more for sign in "x😀" for count in (199, 200, 201, 2000, 2001) for more in ("", "😀"))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with engine_page() as page:
        yield page


@st.composite
def messy(draw: st.DrawFn, instrument: Instrument) -> dict[str, object]:
    """Anything that JSON of the right form can hold: unknown ids, doubles, texts where none belong."""
    found: dict[str, object] = {}
    for question in instrument.questions:
        if not draw(st.booleans()):
            continue
        ids = [o.id for o in question.options]
        options = draw(st.lists(st.sampled_from([*ids, *ids, "finnsinte"]), max_size=4))
        fields = ["", "", *ids, *(3 * [o.id for o in question.options if o.other]), "finnsinte"]
        words = st.one_of(st.sampled_from(NASTY), st.sampled_from(LONG))
        if question.kind is Kind.NUMBER:
            words = st.one_of(words, st.integers(-2, 3000).map(str))
        if question.kind is Kind.PLACE:
            words = st.one_of(words, st.sampled_from(sorted(codes()[question.places])))
        texts = draw(st.dictionaries(st.sampled_from(fields), words, max_size=2))
        found[question.id] = {"options": options, "texts": texts}
    if draw(st.integers(0, 9)) == 0:
        found[draw(st.sampled_from(["okand", "😀" * 81, "constructor"]))] = {"options": ["x"], "texts": {}}
    return found


def on_server(instrument: Instrument, payload: dict[str, object]) -> dict[str, object]:
    """Return what the server makes of it, in the form of the script."""
    answers = from_payload(payload)
    routed = route(instrument, answers)
    by_id = {a.question: a for a in routed}
    kept, gone = without_passed_over(instrument, answers)
    variants = [
        next((n for n, (c, _) in enumerate(q.wording.variants, 1) if met(c, by_id) is True), 0)
        for q in instrument.questions
    ]
    return {
        "routed": [[a.question, a.status.value, list(a.options), a.asked] for a in routed],
        "asked": [a.question for a in routed if a.asked],
        "wordings": variants,
        "faults": sorted([f.question, f.code, f.detail] for f in submission_faults(instrument, answers, codes())),
        "kept": to_payload(kept),
        "gone": list(gone),
        "payload": to_payload(answers),
    }


def on_phone(page: Page, instrument: Instrument, payload: dict[str, object]) -> dict[str, object]:
    value = {"rules": rules_of(instrument, codes()), "answers": payload}
    found = run_module(page, "rules", BOTH, value)
    assert isinstance(found, dict)
    return found | {"faults": sorted(found["faults"])}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_sides_judge_anything_alike(page: Page, data: st.DataObject) -> None:
    instrument = data.draw(instruments())
    payload = data.draw(messy(instrument))
    assert on_phone(page, instrument, payload) == on_server(instrument, payload)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_page_lets_through_is_good_on_both_sides(page: Page, data: st.DataObject) -> None:
    instrument = data.draw(instruments())
    payload = to_payload(data.draw(on_screen(instrument)))
    found = on_phone(page, instrument, payload)
    assert found == on_server(instrument, payload)
    assert found["faults"] == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: f.stem)
def test_shipped_instruments_ask_the_same_questions(page: Page, file: Path) -> None:
    instrument, _ = read(file.read_text(encoding="utf-8"), file.name)
    assert instrument is not None
    for question in instrument.questions:
        for option in question.options:
            payload: dict[str, object] = {question.id: {"options": [option.id], "texts": {}}}
            assert on_phone(page, instrument, payload) == on_server(instrument, payload)


def test_texts_are_cleaned_alike(page: Page) -> None:
    """Every sign that either side could take for a blank or a control sign, alone and around a letter."""
    signs = [chr(n) for n in range(0x3100) if not chr(n).isalnum()] + ["\ufeff", "\U000e0020"]
    texts = [made for sign in signs for made in (sign, f"{sign}a{sign}b{sign}")]
    found = run_module(page, "rules", "return v.map((t) => [m.clean(t), m.strip(t), m.lengthOf(t)])", texts)
    assert found == [[clean(t), t.strip(), len(t)] for t in texts]
    assert any(unicodedata.category(s) == "Cc" for s in signs)


@st.composite
def posted(draw: st.DrawFn, instrument: Instrument) -> list[tuple[str, str]]:
    """Pairs of name and value as a form may hold them, and some that no form of ours holds."""
    ids = [q.id for q in instrument.questions]
    names = st.builds(
        lambda start, question, rest: start + question + rest,
        st.sampled_from(["a.", "t.", "a.", "t.", "", "x."]),
        st.sampled_from([*ids, "okand"]),
        st.sampled_from(["", "", ".o0", ".o1", ".", ".o0.x"]),
    )
    values = st.sampled_from(["o0", "o1", "1", "=o0", "=", "", " ", "\x1c", "\ufeff", "ord\r\nord", "1480", "=1480"])
    return draw(st.lists(st.tuples(names, values), max_size=12))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_form_is_read_alike(page: Page, data: st.DataObject) -> None:
    instrument = data.draw(instruments())
    fields = data.draw(posted(instrument))
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    # A browser gives fields in the order of the page; the server has gathered them by name.
    entries = [[name, value] for name, several in values.items() for value in several]
    sent = {"rules": rules_of(instrument, codes()), "entries": entries}
    code = "const { payload } = await import('/rules.js'); return payload(m.givenFrom(v.rules, v.entries))"
    assert run_module(page, "fields", code, sent) == to_payload(read_given(instrument, values))


def test_half_a_character_never_leaves_the_phone(page: Page) -> None:
    sent = {"q": {"options": [], "texts": {"": "a\ud800b\udc00 😀"}}}
    assert run_module(page, "rules", "return m.payload(v)", sent) == {
        "q": {"options": [], "texts": {"": "a\ufffdb\ufffd 😀"}}
    }


CHOOSING = [
    ({"kind": "single", "options": ["a", "b"]}, ["a"], "b", ["b"]),
    ({"kind": "single", "options": ["a", "b"]}, ["a"], "a", []),
    ({"kind": "scale", "options": ["1", "2", "vet_inte"]}, ["2"], "vet_inte", ["vet_inte"]),
    ({"kind": "multiple", "options": ["a", "b", "x"], "exclusive": ["x"]}, ["b"], "a", ["a", "b"]),
    ({"kind": "multiple", "options": ["a", "b", "x"], "exclusive": ["x"]}, ["a", "b"], "x", ["x"]),
    ({"kind": "multiple", "options": ["a", "b", "x"], "exclusive": ["x"]}, ["x"], "a", ["a"]),
    ({"kind": "multiple", "options": ["a", "b", "x"], "exclusive": ["x"]}, ["a", "b"], "a", ["b"]),
]


@pytest.mark.parametrize(("question", "before", "tapped", "after"), CHOOSING)
def test_a_tap_leaves_only_what_can_stand_together(
    page: Page, question: dict[str, object], before: list[str], tapped: str, after: list[str]
) -> None:
    value = {"q": {"id": "q", **question}, "before": {"options": before, "texts": {"a": "ord"}}, "tapped": tapped}
    found = run_module(page, "rules", "return m.choose(v.q, v.before, v.tapped)", value)
    assert found == {"options": after, "texts": {"a": "ord"}}


def test_a_way_out_beside_a_list_of_places_replaces_the_place(page: Page) -> None:
    value = {"q": {"id": "q", "kind": "place", "options": ["annan"]}, "before": {"options": [], "texts": {"": "1480"}}}
    found = run_module(page, "rules", "return m.choose(v.q, v.before, 'annan')", value)
    assert found == {"options": ["annan"], "texts": {}}
