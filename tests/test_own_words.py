"""Words of people's own on paper: none vanishes, whichever picture shows them and whoever enters the page."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from dataset_helpers import Desk, take

from forms.answers import Flag, Given, Mark, Reason, Status, judge
from forms.model import Kind, Option, Question, Text, Wording
from omr.readings import Refusal, RefusalCode
from webapp.dataset import intake
from webapp.dataset.errors import DatasetError
from webapp.dataset.pages import Action, Aspect, Choice, apply, judged_blind, merged
from webapp.dataset.refused import Assignment

BLANK = Choice(Action.BLANK)
UNCLEAR = Choice(Action.UNCLEAR)
OTHER = Choice(Action.CHOOSE, options=("annat",))

MARKS = {"fick": ["annat"], "vilka": ["vard", "kommun"], "bra": ["3"]}
"""Enough on a page for the reader to know one paper by, where two scans of it differ in one place."""

Texts = Mapping[tuple[str, str | None], str | None]


def text(words: str) -> Choice:
    return Choice(Action.TEXT, text=words)


def pictures_of_page_2(desk: Desk, *texts: Texts) -> None:
    """Scan one paper several times; somebody says that it is one."""
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja"]})
    for seen in texts:
        desk.take(2, one, {}, seen)
    if any(i.reason is Reason.COPIED_SHEET for i in desk.waiting()):
        desk.decide(desk.waiting()[0], desk.instance.decisions.same_sheet(desk.survey, one))


def first_page_twice(desk: Desk, *texts: Texts) -> None:
    """Scan one paper twice, as the reader takes it for a double."""
    one = desk.serials[0]
    desk.take(2, one)
    for seen in texts:
        desk.take(1, one, MARKS, seen)


@pytest.mark.parametrize("seen_in", [0, 1, 2])
@pytest.mark.parametrize(
    ("question", "words", "stored"), [("ord", "Det gick bra.", ""), ("antal", "7", ""), ("ort", "Mölndal", "1481")]
)
def test_ink_in_one_picture_alone_is_written_out(
    desk: Desk, seen_in: int, question: str, words: str, stored: str
) -> None:
    pictures_of_page_2(desk, *({(question, None): None} if n == seen_in else {} for n in range(3)))
    (item,) = desk.waiting()
    assert (item.question, item.reason, item.aspect) == (question, Reason.TWO_IMAGES, Aspect.TEXT)
    shown = desk.instance.materialiser.reading(item.reading or 0)
    assert [t.question for t in shown.texts if t.ink] == [question]
    for _ in range(2):
        desk.decide(item, text(words))
        assert desk.answer(question) == (Status.ANSWERED, (), stored or words)
        assert desk.waiting() == ()
        desk.whole()
        desk.instance.decisions.undo(desk.survey, item.id, by="Bo")
        assert desk.waiting() == (item,)
        assert desk.answer(question)[0] is Status.UNCLEAR


@pytest.mark.parametrize(("choice", "status"), [(BLANK, Status.BLANK), (UNCLEAR, Status.UNCLEAR)])
def test_ink_in_one_picture_can_be_nothing_or_past_settling(desk: Desk, choice: Choice, status: Status) -> None:
    pictures_of_page_2(desk, {}, {("ord", None): None})
    (item,) = desk.waiting()
    with pytest.raises(DatasetError, match="can't be decided"):
        desk.decide(item, OTHER)
    desk.decide(item, choice)
    assert desk.waiting() == ()
    assert desk.answer("ord")[0] is status
    desk.whole()


def test_what_the_machine_reads_is_suggested_from_every_picture(desk: Desk) -> None:
    pictures_of_page_2(desk, {("ort", None): "Mölndal"}, {("ort", None): "Möl"}, {("ort", None): "Mölndal"})
    (item,) = desk.waiting()
    assert desk.instance.decisions.item(desk.survey, item.id).suggestions == ("Mölndal", "Möl")


@pytest.mark.usefixtures("one_paper")
@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("choice", [OTHER, BLANK, UNCLEAR])
def test_words_beside_an_option_are_written_out_whatever_becomes_of_its_box(
    desk: Desk, second: bool, choice: Choice
) -> None:
    seen: Texts = {("fick", "annat"): None}
    first_page_twice(desk, *(({}, seen) if second else (seen, {})))
    boxes, words = desk.waiting()
    assert (boxes.option, boxes.reason) == (None, Reason.TWO_IMAGES)
    assert (words.option, words.reason) == ("annat", Reason.TRANSCRIBE)
    desk.decide(boxes, choice)
    assert desk.waiting() == (words,)
    desk.decide(words, text("min syster"))
    assert desk.waiting() == ()
    assert desk.texts("fick") == {"annat": "min syster"}
    desk.whole()


@pytest.mark.usefixtures("one_paper")
def test_a_picture_that_comes_after_the_decisions_still_has_its_words_written_out(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, MARKS | {"fick": {"annat": Mark.UNCERTAIN}})
    desk.take(2, one)
    desk.decide(desk.waiting()[0], OTHER)
    desk.take(1, one, MARKS, {("fick", "annat"): "syster"})
    (words,) = desk.waiting()
    assert (words.option, words.reason) == ("annat", Reason.TRANSCRIBE)
    assert desk.instance.decisions.item(desk.survey, words.id).suggestions == ("syster",)
    assert desk.answer("fick")[:2] == (Status.ANSWERED, ("annat",))
    desk.whole()


@pytest.mark.usefixtures("one_paper")
@pytest.mark.parametrize("choice", [BLANK, UNCLEAR])
def test_what_was_said_of_ink_holds_when_it_is_scanned_again(desk: Desk, choice: Choice) -> None:
    seen: Texts = {("fick", "annat"): None}
    first_page_twice(desk, seen, seen)
    desk.decide(desk.waiting()[0], choice)
    desk.take(1, desk.serials[0], MARKS, seen)
    assert desk.waiting() == ()
    desk.whole()


def by_hand(desk: Desk, page: int) -> None:
    """Enter a page that the machine refused; the other page of its sheet was read."""
    desk.take(3 - page, desk.serials[0])
    assert take(desk.instance, desk.survey, Refusal(RefusalCode.NO_PAGE_CODE)) is intake.Taken.REFUSED
    (refused,) = desk.instance.intake.refused(desk.survey)
    where = Assignment(desk.layout.id, page, desk.serials[0])
    desk.instance.refused.assign(desk.survey, refused.id, where, by="Ada")


def test_who_chooses_an_option_with_words_on_a_page_entered_by_hand_is_asked_for_them(desk: Desk) -> None:
    by_hand(desk, 1)
    before = desk.waiting()
    assert all(i.reason is Reason.UNCLEAR for i in before)
    fick = before[0]
    desk.decide(fick, Choice(Action.CHOOSE, options=("ja",)))
    assert len(desk.waiting()) == len(before) - 1
    desk.instance.decisions.undo(desk.survey, fick.id, by="Ada")
    desk.decide(fick, OTHER)
    words = desk.waiting()[0]
    assert (words.question, words.option, words.reason) == ("fick", "annat", Reason.TRANSCRIBE)
    desk.decide(words, text("min syster"))
    assert desk.answer("fick")[:2] == (Status.ANSWERED, ("annat",))
    assert desk.texts("fick") == {"annat": "min syster"}
    desk.whole()


def test_words_that_are_not_there_on_a_page_entered_by_hand_are_said_to_be_missing(desk: Desk) -> None:
    by_hand(desk, 1)
    desk.decide(desk.waiting()[0], OTHER)
    desk.decide(desk.waiting()[0], BLANK)
    assert "fick" not in {i.question for i in desk.waiting()}
    answer = next(a for a in desk.responses()[0].answers if a.question == "fick")
    assert (answer.options, answer.texts, answer.flags) == (("annat",), (), (Flag.OTHER_WITHOUT_TEXT,))
    desk.whole()


def test_a_later_picture_asks_for_words_that_the_refused_one_did_not_show(desk: Desk) -> None:
    by_hand(desk, 1)
    desk.decide(desk.waiting()[0], OTHER)
    desk.decide(desk.waiting()[0], BLANK)
    desk.take(1, desk.serials[0], {"fick": ["annat"]}, {("fick", "annat"): None})
    desk.decide(desk.waiting()[0], desk.instance.decisions.same_sheet(desk.survey, desk.serials[0]))
    (words,) = desk.waiting()
    assert (words.question, words.option) == ("fick", "annat")
    desk.decide(words, text("min syster"))
    assert desk.texts("fick") == {"annat": "min syster"}
    assert desk.waiting() == ()
    desk.whole()


def test_writing_outside_the_field_of_a_question_without_boxes_can_be_typed(desk: Desk) -> None:
    desk.take(1, desk.serials[0])
    desk.take(2, desk.serials[0], stray=(("ord", None),))
    (item,) = desk.waiting()
    assert (item.reason, item.aspect) == (Reason.OUTSIDE, Aspect.TEXT)
    desk.decide(item, text("Skrivet i kanten."))
    assert desk.answer("ord") == (Status.ANSWERED, (), "Skrivet i kanten.")
    assert desk.waiting() == ()
    desk.whole()


def test_words_that_stand_outside_their_field_are_asked_for_with_the_option_they_belong_to(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["annat"]}, stray=(("fick", "annat"),))
    desk.take(2, one)
    (boxes,) = desk.waiting()
    desk.decide(boxes, Choice(Action.CHOOSE, options=("ja",)))
    assert desk.waiting() == ()
    desk.instance.decisions.undo(desk.survey, boxes.id, by="Ada")
    desk.decide(boxes, OTHER)
    (words,) = desk.waiting()
    assert (words.option, words.reason) == ("annat", Reason.TRANSCRIBE)
    desk.decide(words, text("skrivet i kanten"))
    assert desk.texts("fick") == {"annat": "skrivet i kanten"}
    desk.whole()


TOWN = Question("ort", Kind.PLACE, Wording(Text()), places="kommuner", options=(Option("annan", Text(), way_out=True),))


@pytest.mark.parametrize(
    ("stray", "choice", "asked"),
    [
        ((None,), BLANK, (None,)),
        ((None,), Choice(Action.CHOOSE, options=("annan",)), ()),
        ((), BLANK, ()),
    ],
)
def test_a_place_that_stands_beside_its_field_is_asked_for_where_no_box_is_meant(
    stray: tuple[None, ...], choice: Choice, asked: tuple[str | None, ...]
) -> None:
    seen = Given({"annan": Mark.UNCERTAIN}, stray=frozenset(stray))
    told = judge(TOWN, apply(TOWN, seen, {("ort", "", Aspect.MARKS): choice}))
    assert tuple(w.option for w in told.waiting if w.reason is Reason.TRANSCRIBE) == asked
    assert {w.reason for w in told.waiting} <= {Reason.TRANSCRIBE}


@pytest.mark.parametrize("second", [False, True])
def test_writing_outside_the_field_that_one_picture_shows_is_asked_for_as_well(*, second: bool) -> None:
    bare = {"ort": Given({"annan": Mark.EMPTY})}
    inked = {"ort": Given({"annan": Mark.EMPTY}, stray=frozenset({None}))}
    seen = merged((bare, inked) if second else (inked, bare))["ort"]
    assert [w.reason for w in judge(TOWN, seen).waiting] == [Reason.TWO_IMAGES]
    told = judge(TOWN, apply(TOWN, seen, {("ort", "", Aspect.MARKS): BLANK}))
    assert [(w.option, w.reason) for w in told.waiting] == [(None, Reason.TRANSCRIBE)]


@pytest.mark.parametrize(
    ("choice", "later", "anew"),
    [
        (Choice(Action.CHOOSE, options=("annan",)), True, True),
        (Choice(Action.CHOOSE, options=("annan",)), False, False),
        (BLANK, True, False),
    ],
)
def test_a_box_beside_a_place_is_asked_about_anew_where_the_place_was_not_seen(
    choice: Choice, *, later: bool, anew: bool
) -> None:
    assert judged_blind(TOWN, ("ort", "", Aspect.MARKS), choice, later) is anew
