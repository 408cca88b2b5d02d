"""One thing decided after another, and pages read again afterwards: the last word of a person holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import web_helpers
from dataset_helpers import Clock, a_run, an_instance, two_page_layout
from test_decisions import Desk

from forms.answers import Mark, Reason, Status
from webapp.dataset.decisions import Item
from webapp.dataset.intake import Taken
from webapp.dataset.pages import Action, Choice

MEANT, BLANK, UNCLEAR = Choice(Action.CHOOSE), Choice(Action.BLANK), Choice(Action.UNCLEAR)
PAGE = {"fick": ["ja"], "bra": ["3"]}


def chosen(*options: str) -> Choice:
    return Choice(Action.CHOOSE, options=options)


def item(desk: Desk, question: str, option: str | None = None, reason: Reason | None = None) -> Item:
    found = (i for i in desk.waiting() if (i.question, i.option) == (question, option))
    return next(i for i in found if reason in (None, i.reason))


def one_page(desk: Desk) -> str:
    """Print the questions on a single page instead of two."""
    two = two_page_layout(desk.survey)
    fields = tuple(replace(field, page=1) for field in two.fields)
    desk.layout = replace(two, id="", pages=1, fields=fields).with_id(desk.survey.random_id)
    return desk.instance.runs.add(desk.survey, desk.layout, 1, {}).serials[0]


def test_the_whole_question_decided_last_is_the_answer(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"vilka": {"vard": Mark.UNCERTAIN, "ingen": Mark.CROSSED}})
    desk.take(2, one)
    desk.decide(item(desk, "vilka", "vard"), MEANT)
    desk.decide(item(desk, "vilka", None, Reason.SEVERAL), chosen("ingen"))
    assert desk.waiting() == ()
    assert desk.answer("vilka") == (Status.ANSWERED, ("ingen",), "")
    desk.whole()
    # Taken back, it waits as it did after the first decision.
    made = desk.instance.decisions.made(desk.survey)
    desk.instance.decisions.undo(desk.survey, made[0].item, by="Bo")
    assert [(i.option, i.reason) for i in desk.waiting()] == [(None, Reason.SEVERAL)]
    desk.whole()


@pytest.mark.usefixtures("one_paper")
def test_no_option_is_added_to_the_whole_question_decided_last(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, PAGE | {"vilka": {"vard": Mark.UNCERTAIN}})
    desk.take(2, one)
    desk.decide(item(desk, "vilka", "vard"), MEANT)
    desk.take(1, one, PAGE | {"vilka": {"kommun": Mark.UNCERTAIN}})
    desk.decide(item(desk, "vilka", None, Reason.TWO_IMAGES), chosen("kommun"), by="Bo")
    assert desk.answer("vilka")[1] == ("kommun",)
    desk.whole()


def test_an_option_said_not_to_be_meant_can_be_the_answer_after_all(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja"], "vilka": {"vard": Mark.UNCERTAIN, "kommun": Mark.FILLED}})
    desk.take(2, one)
    desk.decide(item(desk, "vilka", "vard"), BLANK)
    desk.decide(item(desk, "vilka", None, Reason.ONLY_WITHDRAWN), chosen("vard"))
    assert desk.answer("vilka")[:2] == (Status.ANSWERED, ("vard",))
    desk.whole()


def test_the_box_of_a_place_can_be_chosen_after_its_words_were_written_out(tmp_path: Path) -> None:
    with an_instance(tmp_path / "i", Clock()) as instance:
        instance.surveys.create("prov", web_helpers.DEFINITION, "prov.toml", parameters=web_helpers.PARAMETERS)
        desk = Desk.__new__(Desk)
        desk.instance, desk.survey = instance, instance.surveys.open("prov")
        run, desk.layout = a_run(instance, desk.survey)
        desk.take(1, run.serials[0], {"fick": ["ja"]})
        desk.take(2, run.serials[0], {"kommun": ["annan"]}, {("kommun", None): None})
        desk.decide(item(desk, "kommun", None, Reason.TRANSCRIBE), Choice(Action.TEXT, text="Göteborg"))
        desk.decide(item(desk, "kommun", None, Reason.SEVERAL), chosen("annan"))
        assert desk.waiting() == ()
        assert desk.answer("kommun") == (Status.ANSWERED, ("annan",), "")
        desk.whole()


@pytest.mark.usefixtures("one_paper")
@pytest.mark.parametrize("again", [Mark.CROSSED, Mark.EMPTY, Mark.FILLED])
@pytest.mark.parametrize(
    ("choice", "options"), [(MEANT, ("vard", "kommun")), (BLANK, ("kommun",)), (UNCLEAR, ("kommun",))]
)
def test_a_second_scan_that_sees_a_decided_option_otherwise_asks_nobody(
    desk: Desk, choice: Choice, options: tuple[str, ...], again: Mark
) -> None:
    one = desk.serials[0]
    desk.take(1, one, PAGE | {"vilka": {"vard": Mark.UNCERTAIN, "kommun": Mark.CROSSED}})
    desk.take(2, one)
    desk.decide(item(desk, "vilka", "vard"), choice)
    assert desk.take(1, one, PAGE | {"vilka": {"vard": again, "kommun": Mark.CROSSED}}) is Taken.DOUBLE
    assert desk.waiting() == ()
    assert desk.answer("vilka")[:2] == (Status.ANSWERED, options)
    desk.whole()


@pytest.mark.usefixtures("one_paper")
@pytest.mark.parametrize(
    ("choice", "answer"),
    [
        (Choice(Action.TEXT, text="7"), (Status.ANSWERED, (), "7")),
        (BLANK, (Status.BLANK, (), "")),
        (UNCLEAR, (Status.UNCLEAR, (), "")),
    ],
)
def test_a_second_scan_without_a_faint_text_takes_back_nothing_that_was_decided(
    desk: Desk, choice: Choice, answer: tuple[Status, tuple[str, ...], str]
) -> None:
    one = one_page(desk)
    marks = PAGE | {"vilka": ["vard", "kommun"]}
    assert desk.take(1, one, marks, {("antal", None): None}) is Taken.READ
    desk.decide(item(desk, "antal"), choice)
    assert desk.take(1, one, marks) is Taken.DOUBLE
    assert desk.answer("antal") == answer
    assert desk.waiting() == ()
    desk.whole()


@pytest.mark.usefixtures("one_paper")
def test_what_a_second_scan_sees_beside_a_decided_option_still_waits(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, PAGE | {"vilka": {"vard": Mark.UNCERTAIN}})
    desk.take(2, one)
    desk.decide(item(desk, "vilka", "vard"), MEANT)
    desk.take(1, one, PAGE | {"vilka": {"vard": Mark.UNCERTAIN, "kommun": Mark.UNCERTAIN}})
    assert [(i.question, i.reason) for i in desk.waiting()] == [("vilka", Reason.TWO_IMAGES)]
    desk.whole()
