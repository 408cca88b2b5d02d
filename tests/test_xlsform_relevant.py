"""Conditions of an XLSForm: what is written reads back, what is read means the same, nothing else gets through."""

import pytest
import strategies
from builders import if_
from hypothesis import assume, given
from hypothesis import strategies as st

from forms.answers import met, route
from forms.model import Both, Condition, Either, Instrument, Is, Kind, Not, Question
from forms.xlsform_relevant import RelevantError, normal, parse, say

CHOICES = {"a": Kind.SINGLE, "b": Kind.MULTIPLE, "c": Kind.SCALE}
QUESTIONS = {name: Question(name, kind, None) for name, kind in CHOICES.items()}  # type: ignore[arg-type]


def conditions() -> st.SearchStrategy[Condition]:
    options = st.lists(st.sampled_from(["1", "2", "ja", "nej"]), min_size=1, max_size=3).map(tuple)
    simple: st.SearchStrategy[Condition] = st.builds(Is, st.sampled_from(sorted(CHOICES)), options)

    def larger(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(parts, min_size=1, max_size=3).map(tuple)
        return st.one_of(several.map(Both), several.map(Either), parts.map(Not))

    return st.recursive(simple, larger, max_leaves=8)


@given(conditions())
def test_what_is_said_reads_back_in_normal_form(condition: Condition) -> None:
    assert parse(say(condition, QUESTIONS), multiple=["b"]) == normal(condition)
    assert normal(normal(condition)) == normal(condition)


@given(st.data(), strategies.instruments())
def test_the_normal_form_is_met_by_the_same_answers(data: st.DataObject, instrument: Instrument) -> None:
    assume(any(q.options for q in instrument.questions))
    part = strategies.conditions(instrument.questions)
    parts = data.draw(st.lists(part, min_size=1, max_size=4).map(tuple))
    condition = data.draw(
        st.sampled_from([Both(parts), Either(parts), Not(Either(parts)), Either((Both(parts), *parts))])
    )
    answers = {a.question: a for a in route(instrument, data.draw(strategies.on_paper(instrument)))}
    assert met(condition, answers) is met(normal(condition), answers)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("${a} = 'ja'", if_("a", "ja")),
        ("  ${ a }='ja' ", if_("a", "ja")),
        ('${a} = "ja"', if_("a", "ja")),
        ("'ja' = ${a}", if_("a", "ja")),
        ("${a} = 1", if_("a", "1")),
        ("${a}\N{NO-BREAK SPACE}!= 'ja'", Not(if_("a", "ja"))),
        ("selected(${b}, 'ja')", if_("b", "ja")),
        ("selected( ${a} , 'ja' )", if_("a", "ja")),
        ("not(selected(${b}, 'ja'))", Not(if_("b", "ja"))),
        ("not (${a} = 'ja')", Not(if_("a", "ja"))),
        ("((${a} = 'ja'))", if_("a", "ja")),
        ("${a} = 'ja' or ${a} = 'nej'", if_("a", "ja", "nej")),
        # "and" binds tighter than "or".
        ("${a} = 'ja' or ${b2} = 'x' and ${c} = '1'", Either((if_("a", "ja"), Both((if_("b2", "x"), if_("c", "1")))))),
        (
            "(${a} = 'ja' or ${b2} = 'x') and ${c} = '1'",
            Both((Either((if_("a", "ja"), if_("b2", "x"))), if_("c", "1"))),
        ),
        ("${a} = 'ja'\nor ${c} = '2'", Either((if_("a", "ja"), if_("c", "2")))),
        ("${Namn-1.b} = 'Ja/Nej'", if_("Namn-1.b", "Ja/Nej")),
    ],
)
def test_people_write_conditions_in_many_ways(text: str, meaning: Condition) -> None:
    assert parse(text, multiple=["b"]) == meaning


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "ends too early"),
        ("${a}", "ends too early"),
        ("${a} = ", "ends too early"),
        ("${a} = 'ja", 'from "'),
        ("${a} > 3", '"> 3"'),
        ("${a} = 1.5", '"1.5"'),
        ("${a} = 'ja' och ${c} = '1'", '"och ${c}'),
        ("${a} = 'ja')", '")"'),
        ("(${a} = 'ja'", "ends too early"),
        ("count-selected(${b}) > 1", "count-selected"),
        ("string-length(${a}) = 1", "string-length"),
        ("${a} = ${c}", '"${c}"'),
        ("'a' = 'b'", "'b'"),
        (". = 'ja'", '". ='),
        ("${a} = 'ja' and", "ends too early"),
        ("not ${a} = 'ja'", '"${a} ='),
        ("${a} = ''", "answered at all"),
        ("''!=${a}", "answered at all"),
        ("${b} = 'ja'", "takes several options"),
        ("${b} != 'ja'", "takes several options"),
        ("(" * 60 + "${a} = 'ja'" + ")" * 60, "too deep"),
        ("not(" * 2000 + "${a} = 'ja'" + ")" * 2000, "too deep"),
    ],
)
def test_what_is_not_understood_is_named(text: str, where: str) -> None:
    with pytest.raises(RelevantError) as caught:
        parse(text, multiple=["b"])
    assert where in caught.value.message
    assert caught.value.remedy


@given(st.text(st.sampled_from("${}ab ='\"()!,1.<>ornotadselct\n\t²٣")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except RelevantError:
        return
    assert normal(found) == found
