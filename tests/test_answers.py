import json
from dataclasses import replace

import pytest
from builders import YES_PARTLY_NO, if_, instrument, option, question
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import conditions, instruments, on_paper, on_screen

from forms import answers, places
from forms.answers import Answer, Flag, Given, Mark, Reason, Status, SubmissionFault, Waiting
from forms.conditions import can_be_met
from forms.model import Both, Condition, Either, Instrument, Kind, Not

E, C, F, U = Mark.EMPTY, Mark.CROSSED, Mark.FILLED, Mark.UNCERTAIN

SINGLE = question("q", (option("ja"), option("nej"), option("annat", other=True)))
MULTIPLE = question(
    "q",
    (option("a"), option("b"), option("annat", other=True), option("inget", exclusive=True)),
    Kind.MULTIPLE,
)
TEXT = question("q", (), Kind.TEXT)
NUMBER = question("q", (), Kind.NUMBER, minimum=2, maximum=40)
PLACE = question("q", (option("annan", way_out=True),), Kind.PLACE, places="kommuner")


def marks(**states: Mark) -> Given:
    return Given(states)


def waits(reason: Reason, option_id: str | None = None) -> tuple[Waiting, ...]:
    return (Waiting(option_id, reason),)


# One row a row of the table in DESIGN.md section 5: what was done, and what it comes to.
TABLE = {
    "single, one crossed": (SINGLE, marks(ja=C), Status.ANSWERED, ("ja",), ()),
    "single, one crossed, the rest filled": (SINGLE, marks(ja=F, nej=C, annat=F), Status.ANSWERED, ("nej",), ()),
    "single, several crossed": (SINGLE, marks(ja=C, nej=C), Status.UNCLEAR, (), waits(Reason.SEVERAL)),
    "single, several crossed, one filled": (
        SINGLE,
        Given({"ja": C, "nej": C, "annat": F}),
        Status.UNCLEAR,
        (),
        waits(Reason.SEVERAL),
    ),
    "single, only filled": (SINGLE, marks(ja=F), Status.UNCLEAR, (), waits(Reason.ONLY_WITHDRAWN)),
    "single, several filled": (SINGLE, marks(ja=F, nej=F), Status.UNCLEAR, (), waits(Reason.ONLY_WITHDRAWN)),
    "single, one uncertain": (SINGLE, marks(ja=U), Status.UNCLEAR, (), waits(Reason.UNCLEAR)),
    "single, one crossed, one uncertain": (SINGLE, marks(ja=C, nej=U), Status.UNCLEAR, (), waits(Reason.UNCLEAR)),
    "single, one filled, one uncertain": (SINGLE, marks(ja=F, nej=U), Status.UNCLEAR, (), waits(Reason.UNCLEAR)),
    "multiple, several crossed": (MULTIPLE, marks(b=C, a=C), Status.ANSWERED, ("a", "b"), ()),
    "multiple, one uncertain": (MULTIPLE, marks(a=C, b=U), Status.ANSWERED, ("a",), waits(Reason.UNCLEAR, "b")),
    "multiple, only one uncertain": (MULTIPLE, marks(b=U), Status.UNCLEAR, (), waits(Reason.UNCLEAR, "b")),
    "multiple, crossed and withdrawn": (MULTIPLE, marks(a=C, b=F), Status.ANSWERED, ("a",), ()),
    "multiple, only filled": (MULTIPLE, marks(a=F), Status.UNCLEAR, (), waits(Reason.ONLY_WITHDRAWN)),
    "exclusive with others": (MULTIPLE, marks(a=C, inget=C), Status.UNCLEAR, (), waits(Reason.SEVERAL)),
    "exclusive alone": (MULTIPLE, marks(inget=C), Status.ANSWERED, ("inget",), ()),
    "exclusive, others withdrawn": (MULTIPLE, marks(a=F, inget=C), Status.ANSWERED, ("inget",), ()),
    "ink at words, single, crossed": (
        SINGLE,
        Given({"ja": C}, stray=frozenset({"ja"})),
        Status.UNCLEAR,
        (),
        waits(Reason.OUTSIDE),
    ),
    "ink at words, single, nothing crossed": (
        SINGLE,
        Given(stray=frozenset({"nej"})),
        Status.UNCLEAR,
        (),
        waits(Reason.OUTSIDE),
    ),
    "ink at words, single, another crossed": (
        SINGLE,
        Given({"ja": C}, stray=frozenset({"nej"})),
        Status.UNCLEAR,
        (),
        waits(Reason.OUTSIDE),
    ),
    "ink at words, multiple": (
        MULTIPLE,
        Given({"a": C, "b": C}, stray=frozenset({"b"})),
        Status.ANSWERED,
        ("a",),
        waits(Reason.OUTSIDE, "b"),
    ),
    "ink elsewhere, nothing marked": (
        SINGLE,
        Given(stray=frozenset({None})),
        Status.UNCLEAR,
        (),
        waits(Reason.OUTSIDE),
    ),
    "ink elsewhere, something marked": (
        SINGLE,
        Given({"ja": C}, stray=frozenset({None})),
        Status.ANSWERED,
        ("ja",),
        (),
    ),
    "nothing": (SINGLE, Given(), Status.BLANK, (), ()),
    "nothing, multiple": (MULTIPLE, Given(), Status.BLANK, (), ()),
    "nothing, text": (TEXT, Given(), Status.BLANK, (), ()),
    "two images": (SINGLE, Given({"ja": C}, disagreement=True), Status.UNCLEAR, (), waits(Reason.TWO_IMAGES)),
    "page missing": (SINGLE, Given({"ja": C}, returned=False), Status.NOT_RETURNED, (), ()),
    "ink in a text field": (TEXT, Given(texts={None: None}), Status.UNCLEAR, (), waits(Reason.TRANSCRIBE)),
    "ink in the field of other": (
        SINGLE,
        Given({"annat": C}, {"annat": None}),
        Status.ANSWERED,
        ("annat",),
        waits(Reason.TRANSCRIBE, "annat"),
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_the_table_of_marks(row: str) -> None:
    asked, done, status, options, waiting = TABLE[row]
    answer = answers.judge(asked, done)
    assert (answer.status, answer.options, answer.waiting) == (status, options, waiting)
    assert answer.flags == ()


@pytest.mark.parametrize(
    ("done", "flags"),
    [
        (Given({"annat": C}), (Flag.OTHER_WITHOUT_TEXT,)),
        (Given({"annat": C}, {"annat": "  "}), (Flag.OTHER_WITHOUT_TEXT,)),
        (Given({"annat": C}, {"annat": "granne"}), ()),
        (Given({"ja": C}, {"annat": "granne"}), (Flag.TEXT_WITHOUT_OTHER,)),
        (Given({}, {"annat": "granne"}), (Flag.TEXT_WITHOUT_OTHER,)),
        (Given({"ja": C}, {"annat": None}), (Flag.TEXT_WITHOUT_OTHER,)),
    ],
)
def test_other_and_its_text(done: Given, flags: tuple[Flag, ...]) -> None:
    assert answers.judge(SINGLE, done).flags == flags


def test_texts_are_kept_without_blanks_around() -> None:
    answer = answers.judge(TEXT, Given(texts={None: "  två  ord \n"}))
    assert (answer.status, answer.own_text) == (Status.ANSWERED, "två  ord")
    assert answers.judge(TEXT, Given(texts={None: "  "})).status is Status.BLANK


# Routing

FORM = instrument(
    question("fore"),
    question("latt", asked_if=if_("fore", "ja")),
    question("varfor", asked_if=if_("latt", "nej")),
    question("sist", asked_if=Not(if_("fore", "ja"))),
)


def routed(**done: Given) -> dict[str, Answer]:
    return {a.question: a for a in answers.route(FORM, done)}


def asked_of(**done: Given) -> list[str]:
    return [q for q, a in routed(**done).items() if a.asked]


def test_a_met_condition_asks_and_an_unmet_one_passes_over() -> None:
    assert asked_of(fore=marks(ja=C), latt=marks(nej=C)) == ["fore", "latt", "varfor"]
    assert asked_of(fore=marks(ja=C), latt=marks(ja=C)) == ["fore", "latt"]
    assert asked_of(fore=marks(nej=C)) == ["fore", "sist"]


@pytest.mark.parametrize("done", [Given(), marks(ja=C, nej=C), Given(returned=False), marks(ja=F), marks(ja=U)])
def test_what_cannot_be_known_asks(done: Given) -> None:
    assert asked_of(fore=done) == ["fore", "latt", "varfor", "sist"]


def test_what_was_passed_over_decides_nothing() -> None:
    found = routed(fore=marks(nej=C), latt=marks(nej=C))
    assert [q for q, a in found.items() if a.asked] == ["fore", "sist"]
    assert found["latt"].options == ("nej",)
    assert found["latt"].flags == (Flag.ALTHOUGH_PASSED_OVER,)
    assert found["varfor"].flags == ()


def test_an_unclear_answer_to_a_question_passed_over_is_flagged_too() -> None:
    found = routed(fore=marks(nej=C), latt=marks(ja=C, nej=C))
    assert found["latt"].status is Status.UNCLEAR
    assert Flag.ALTHOUGH_PASSED_OVER in found["latt"].flags


T, N, X = if_("t", "ja"), if_("t", "nej"), if_("u", "ja")
"""True, false and unknown where `t` was answered yes and `u` was left empty."""


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        (T, True),
        (N, False),
        (X, None),
        (Not(T), False),
        (Not(N), True),
        (Not(X), None),
        (Both((T, T)), True),
        (Both((T, N)), False),
        (Both((T, X)), None),
        (Both((X, N)), False),
        (Either((N, N)), False),
        (Either((N, T)), True),
        (Either((X, N)), None),
        (Either((X, T)), True),
    ],
)
def test_three_valued_conditions(condition: Condition, outcome: bool | None) -> None:
    known = {"t": Answer("t", Status.ANSWERED, ("ja",)), "u": Answer("u", Status.BLANK)}
    assert answers.met(condition, known) is outcome


def test_an_option_that_waits_leaves_a_condition_open() -> None:
    known = {"m": Answer("m", Status.ANSWERED, ("a",), waiting=(Waiting("b", Reason.UNCLEAR),))}
    assert answers.met(if_("m", "b"), known) is None
    assert answers.met(if_("m", "a", "b"), known) is True
    assert answers.met(if_("m", "c"), known) is False


# Submissions

CODES = places.codes()


def faults(done: Given, asked=SINGLE) -> list[str]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return [f.code for f in answers.submission_faults(instrument(asked), {"q": done}, CODES)]


def test_what_a_screen_may_not_send() -> None:
    assert faults(marks(ja=C)) == []
    assert faults(marks(ja=C, nej=C)) == ["several"]
    assert faults(marks(kanske=C)) == ["unknown-option"]
    assert faults(marks(a=C, inget=C), MULTIPLE) == ["several"]
    assert faults(Given(texts={None: "x"})) == ["unexpected-text"]
    assert faults(Given(texts={"ja": "x"})) == ["unexpected-text"]
    assert faults(Given(texts={"kanske": "x"})) == ["unexpected-text"]
    assert faults(Given({"annat": C}, {"annat": "x" * 2000})) == []
    assert faults(Given({"annat": C}, {"annat": "x" * 2001})) == ["too-long"]
    unknown = answers.submission_faults(instrument(SINGLE), {"z": Given()}, CODES)
    assert unknown == (SubmissionFault("z", "unknown-question", "z"),)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", []),
        (" 7 ", []),
        ("2", []),
        ("40", []),
        ("007", []),
        ("1", ["out-of-range"]),
        ("41", ["out-of-range"]),
        ("9" * 150, ["out-of-range"]),
        ("sju", ["not-a-number"]),
        ("-3", ["not-a-number"]),
        ("3.5", ["not-a-number"]),
        ("٣", ["not-a-number"]),
        ("²", ["not-a-number"]),
    ],
)
def test_numbers(text: str, codes: list[str]) -> None:
    assert faults(Given(texts={None: text}), NUMBER) == codes


def test_control_signs_are_not_kept() -> None:
    text = question("q", (), Kind.TEXT)
    assert (
        answers.judge(text, Given({}, {None: " Hej\x00 \x1b[31mdu\nså\tlångt\r "})).own_text == "Hej [31mdu\nså\tlångt"
    )
    assert answers.judge(text, Given({}, {None: "\x00"})).status is Status.BLANK


def test_a_number_too_long_for_python_is_out_of_range() -> None:
    assert [f.code for f in answers.own_field_faults(NUMBER, "9" * 10_000, CODES)] == ["out-of-range"]
    assert [f.code for f in answers.own_field_faults(NUMBER, "0" * 10_000 + "7", CODES)] == []


def test_places_are_codes_of_the_list() -> None:
    assert faults(Given(texts={None: "1481"}), PLACE) == []
    assert faults(Given(texts={None: "Mölndal"}), PLACE) == ["unknown-place"]
    assert faults(marks(annan=C), PLACE) == []


def test_a_place_beside_a_crossed_way_out_waits_for_a_person() -> None:
    both = Given({"annan": C}, {None: "1481"})
    assert answers.judge(PLACE, both).waiting == (answers.Waiting(None, Reason.SEVERAL),)
    assert faults(both, PLACE) == ["several"]
    assert answers.judge(PLACE, Given({"annan": C}, {None: None})).status is Status.UNCLEAR


def test_what_became_unreachable_is_taken_out_and_named() -> None:
    done = {"fore": marks(nej=C), "latt": marks(nej=C), "sist": marks(ja=C)}
    left, gone = answers.without_passed_over(FORM, done)
    assert gone == ("latt",)
    assert left == {"fore": done["fore"], "sist": done["sist"]}


def test_a_lonely_text_of_other_is_taken_out_as_well() -> None:
    form = instrument(question("fore"), question("q", SINGLE.options, asked_if=if_("fore", "ja")))
    done = {"fore": marks(nej=C), "q": Given({}, {"annat": "granne"})}
    assert answers.without_passed_over(form, done)[1] == ("q",)


# Laws


@st.composite
def submissions(draw: st.DrawFn) -> tuple[Instrument, dict[str, Given]]:
    form = draw(instruments())
    return form, draw(on_screen(form))


@given(submissions())
@settings(max_examples=50, deadline=None)
def test_a_good_submission_has_no_fault_and_nothing_waits(drawn: tuple[Instrument, dict[str, Given]]) -> None:
    form, done = drawn
    assert answers.submission_faults(form, done, CODES) == ()
    for answer in answers.route(form, done):
        assert answer.waiting == ()
        assert answer.status in (Status.ANSWERED, Status.BLANK)
        assert set(answer.options) == set(done.get(answer.question, Given()).crossed())


@given(submissions())
@settings(max_examples=50, deadline=None)
def test_the_payload_comes_back(drawn: tuple[Instrument, dict[str, Given]]) -> None:
    form, done = drawn
    payload = answers.to_payload(done)
    back = answers.from_payload(json.loads(json.dumps(payload)))
    assert answers.to_payload(back) == payload
    assert answers.route(form, back) == answers.route(form, done)
    assert all(q in payload for q, g in done.items() if g.crossed() or any(g.texts.values()))


@given(submissions())
@settings(max_examples=50, deadline=None)
def test_taking_out_what_was_passed_over_is_final(drawn: tuple[Instrument, dict[str, Given]]) -> None:
    form, done = drawn
    left, gone = answers.without_passed_over(form, done)
    assert set(left) | set(gone) == set(done)
    assert answers.without_passed_over(form, left) == (left, ())
    before = {a.question: a.asked for a in answers.route(form, done)}
    assert {a.question: a.asked for a in answers.route(form, left)} == before


@given(submissions(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_paper_and_screen_are_judged_alike(drawn: tuple[Instrument, dict[str, Given]], chance: object) -> None:
    """The same answers as clean crosses, with every box named and corrections by filling, come to the same."""
    form, done = drawn
    paper = {}
    for asked in form.questions:
        what = done.get(asked.id, Given())
        crossed = what.crossed()
        other = F if crossed and chance.random() < 0.5 else E  # type: ignore[attr-defined]
        paper[asked.id] = replace(what, marks={o.id: C if o.id in crossed else other for o in asked.options})
    assert answers.route(form, paper) == answers.route(form, done)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Instrument, dict[str, Given]]:
    form = draw(instruments())
    return form, draw(on_paper(form))


@given(sheets())
@settings(max_examples=80, deadline=None)
def test_nothing_is_invented_or_lost(drawn: tuple[Instrument, dict[str, Given]]) -> None:
    form, done = drawn
    found = answers.route(form, done)
    assert [a.question for a in found] == [q.id for q in form.questions]
    for answer, asked in zip(found, form.questions, strict=True):
        what = done[asked.id]
        crossed = [o.id for o in asked.options if what.marks[o.id] is C]
        assert set(answer.options) <= set(crossed)
        if not what.returned:
            assert answer == Answer(asked.id, Status.NOT_RETURNED, asked=answer.asked)
            continue
        if not any(w.reason is not Reason.TRANSCRIBE for w in answer.waiting):
            assert list(answer.options) == crossed
            assert answer.status is not Status.BLANK or not (crossed or dict(answer.texts).get(None))
        if asked.chooses_one:
            assert len(answer.options) <= 1
        assert (answer.status is Status.UNCLEAR) <= bool(answer.waiting)
        assert {f for f, t in answer.texts} == {f for f, t in what.texts.items() if t}


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_condition_that_is_met_can_be_met(data: st.DataObject) -> None:
    """The search for impossible conditions agrees with what the rulebook does with real answers."""
    form = data.draw(instruments())
    if not any(q.options for q in form.questions):
        return
    condition = data.draw(conditions(form.questions))
    known = {a.question: a for a in answers.route(form, data.draw(on_screen(form)))}
    if answers.met(condition, known) is True:
        assert can_be_met(condition, form.questions) is True


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "x",
        {"q": []},
        {"q": {"options": "ja"}},
        {"q": {"options": [1]}},
        {"q": {"texts": []}},
        {"q": {"texts": {"": 3}}},
        {"q": {"options": [], "more": 1}},
    ],
)
def test_a_payload_of_another_form_is_refused(payload: object) -> None:
    with pytest.raises(ValueError, match="answers"):
        answers.from_payload(payload)


def test_scale_counts_as_single() -> None:
    scale = question("q", tuple(option(str(n)) for n in range(1, 6)) + YES_PARTLY_NO[3:], Kind.SCALE)
    assert answers.judge(scale, Given({"2": C, "3": F})).options == ("2",)
    assert answers.judge(scale, Given({"2": C, "3": C})).waiting == waits(Reason.SEVERAL)
