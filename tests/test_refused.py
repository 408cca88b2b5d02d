"""Refused pages and what people say of them: which page one is, that nothing is on it, and taking that back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Clock, a_run, a_survey, an_instance, reading, take, two_page_layout

from forms.answers import Reason, Status
from forms.layout import Layout
from forms.pagecode import PageCode, SheetKind
from omr.readings import Refusal, RefusalCode
from webapp.dataset.answers import Channel, Response
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.intake import RefusedPage, Taken
from webapp.dataset.pages import Action, Choice
from webapp.dataset.refused import Assignment, HandledPage
from webapp.dataset.surveys import Survey


class Desk:
    """A survey with printed sheets, and somebody who looks at refused pages."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.survey: Survey = a_survey(instance)
        run, self.layout = a_run(instance, self.survey)
        self.serials = run.serials

    def read(self, page: int, serial: str, marks: dict[str, list[str]] | None = None, kind: str = "S") -> None:
        take(self.instance, self.survey, reading(self.layout, page, serial, marks, kind=kind))

    def refuse(self, picture: bytes) -> RefusedPage:
        take(self.instance, self.survey, Refusal(RefusalCode.NO_PAGE_CODE), picture)
        return self.instance.intake.refused(self.survey)[-1]

    def assign(self, page: RefusedPage, number: int, serial: str | None = None, layout: str | None = None) -> str:
        where = Assignment(self.layout.id if layout is None else layout, number, serial)
        return self.instance.refused.assign(self.survey, page.id, where, by="Ada")

    def waits(self) -> list[str]:
        return [p.id for p in self.instance.intake.refused(self.survey)]

    def responses(self) -> list[Response]:
        return [r for r in self.instance.responses.all(self.survey) if r.channel is Channel.PAPER]

    def whole(self) -> None:
        assert self.instance.verifier.verify() == ()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with an_instance(tmp_path / "i", Clock()) as instance:
        yield Desk(instance)


def large_form(desk: Desk) -> tuple[Layout, str]:
    """Print the same questions in another form, where “vilka” stands on the second of three pages."""
    plain = two_page_layout(desk.survey)
    pages = {"fick": 1, "bra": 2, "vilka": 2}
    fields = tuple(dataclasses.replace(f, page=pages.get(f.question, 3)) for f in plain.fields)
    large = dataclasses.replace(plain, id="", pages=3, fields=fields).with_id(desk.survey.random_id)
    run = desk.instance.runs.add(desk.survey, large, 1, {"size": "large"})
    return large, run.serials[0]


# Printed as


def test_a_page_is_never_put_with_a_sheet_that_was_printed_in_another_form(desk: Desk) -> None:
    large, _ = large_form(desk)
    one = desk.serials[0]
    page = desk.refuse(b"page 2, torn")
    with pytest.raises(DatasetError) as error:
        desk.assign(page, 3, one, large.id)
    assert error.value.code == "other-form"
    assert desk.layout.id in error.value.remedy
    assert desk.waits() == [page.id]
    # As it should be: what was read well on the other page counts.
    desk.assign(page, 2, one)
    desk.read(1, one, {"fick": ["ja"], "vilka": ["vard"]})
    (response,) = desk.responses()
    vilka = next(a for a in response.answers if a.question == "vilka")
    assert (vilka.status, vilka.options) == (Status.ANSWERED, ("vard",))
    desk.whole()


def test_the_form_of_a_sheet_that_is_not_listed_is_that_of_its_other_pages(desk: Desk) -> None:
    large, _ = large_form(desk)
    desk.read(1, "D0WN10", {"fick": ["ja"]}, kind="D")
    page = desk.refuse(b"page 2, torn")
    with pytest.raises(DatasetError) as error:
        desk.assign(page, 3, "D0WN10", large.id)
    assert error.value.code == "other-form"
    desk.assign(page, 2, "D0WN10")
    assert len(desk.responses()) == 1


def test_the_number_alone_says_in_which_form_a_sheet_was_printed(desk: Desk) -> None:
    large, third = large_form(desk)
    desk.assign(desk.refuse(b"page 3, torn"), 3, third, layout="")
    (waits,) = desk.instance.intake.incomplete(desk.survey)
    assert (waits.serial, waits.missing, waits.pages) == (third, (1, 2), large.pages)
    with pytest.raises(DatasetError) as error:
        desk.assign(desk.refuse(b"page 3 of an ordinary sheet"), 3, desk.serials[0], layout="")
    assert error.value.code == "no-such-page"


def test_without_a_number_the_form_must_be_chosen(desk: Desk) -> None:
    with pytest.raises(DatasetError) as error:
        desk.assign(desk.refuse(b"torn"), 1, layout="")
    assert error.value.code == "form-needed"


# Numbers as people type them


@pytest.mark.parametrize(
    ("typed", "code"), [("OOOOO!", "bad-number"), ("7QK2M", "bad-number"), ("7QK2MU", "bad-number")]
)
def test_what_can_not_be_a_number_is_not_taken_for_one(desk: Desk, typed: str, code: str) -> None:
    page = desk.refuse(b"torn")
    with pytest.raises(DatasetError) as error:
        desk.assign(page, 1, typed)
    assert error.value.code == code
    assert desk.waits() == [page.id]


def test_letters_that_no_number_holds_are_the_digits_they_look_like(desk: Desk) -> None:
    desk.read(2, "7Q0M12", kind="D")
    assert desk.assign(desk.refuse(b"torn"), 1, " 7qo mi2 ") == "7Q0M12"
    assert len(desk.responses()) == 1
    desk.whole()


def test_a_number_that_nobody_printed_is_refused(desk: Desk) -> None:
    page = desk.refuse(b"torn")
    strange = next(s for s in ("000000", "000001", "000002", "000003") if s not in desk.serials)
    for serial in (strange, _of_another_survey(desk.instance)):
        with pytest.raises(DatasetError) as error:
            desk.assign(page, 1, serial)
        assert error.value.code == "unknown-number"
    assert desk.waits() == [page.id]


def _of_another_survey(instance: Instance) -> str:
    run, _ = a_run(instance, a_survey(instance, "annan"))
    return run.serials[0]


@pytest.mark.parametrize("kind", [SheetKind.SHEET, SheetKind.DOWNLOAD])
def test_a_number_that_is_not_listed_is_known_by_its_check_digits(desk: Desk, kind: SheetKind) -> None:
    code = str(PageCode(kind, desk.layout.instrument_hash, desk.layout.id, 1, "D0WN10"))
    first, second = desk.refuse(b"torn 1"), desk.refuse(b"torn 2")
    wrong = f"{code[-8:-2]}{(int(code[-2:]) + 1) % 97:02d}"
    for page, typed in ((first, wrong), (second, code[-8:])):
        # The digits stand for the page as well: those of page 1 are not those of page 2.
        with pytest.raises(DatasetError) as error:
            desk.assign(page, 1 if page is first else 2, typed)
        assert error.value.code == "check-digits"
    assert desk.assign(first, 1, f"{code[-8:-2]} {code[-2:]}") == "D0WN10"
    # Now the sheet is known, and its number alone will do.
    assert desk.assign(second, 2, "DOWNLO") == "D0WN10"
    assert len(desk.responses()) == 1
    desk.whole()


def test_check_digits_of_a_listed_number_are_looked_at_too(desk: Desk) -> None:
    one = desk.serials[0]
    code = str(PageCode(SheetKind.SHEET, desk.layout.instrument_hash, desk.layout.id, 2, one))
    page = desk.refuse(b"torn")
    with pytest.raises(DatasetError) as error:
        desk.assign(page, 1, code[-8:], layout="")
    assert error.value.code == "check-digits"
    assert desk.assign(page, 2, code[-8:], layout="") == one


def test_a_sheet_that_got_its_number_here_takes_further_pages_by_it(desk: Desk) -> None:
    serial = desk.assign(desk.refuse(b"torn 1"), 1)
    assert desk.assign(desk.refuse(b"torn 2"), 2, serial.lower()) == serial
    assert len(desk.responses()) == 1


# Taking back


def tables(desk: Desk) -> dict[str, list[dict[str, object]]]:
    """Return all that is kept of the survey's paper; random keys and what the log tells are left out."""
    names = ("images", "sheets", "waiting", "counts", "responses")
    kept = {name: desk.instance.store.db.rows(f"SELECT * FROM {name}") for name in names}
    new = ("response", "key", "answers")
    return {
        name: sorted(({k: v for k, v in row.items() if k not in new} for row in rows), key=str)
        for name, rows in kept.items()
    }


def take_back(desk: Desk, page: RefusedPage) -> None:
    desk.instance.refused.take_back(desk.survey, page.id, by="Bo")


def settle(desk: Desk, question: str, choice: Choice) -> None:
    item = next(i for i in desk.instance.decisions.waiting(desk.survey) if i.question == question)
    desk.instance.decisions.decide(desk.survey, item.id, choice, by="Ada")


def log_of_pages(desk: Desk) -> list[tuple[str, str]]:
    rows = desk.instance.store.db.rows("SELECT seq FROM log WHERE kind = 'page' ORDER BY seq")
    plain = [desk.instance.log.payload(row["seq"]) for row in rows]
    return [(p["action"], p["by"]) for p in plain]


YES = Choice(Action.CHOOSE, options=("ja",))


def test_nothing_to_count_can_be_taken_back(desk: Desk) -> None:
    page = desk.refuse(b"torn")
    before = tables(desk)
    desk.instance.refused.dismiss(desk.survey, page.id, by="Ada")
    # The same picture again is a double of what was decided, and stays one.
    take_back(desk, page)
    assert desk.waits() == [page.id]
    assert tables(desk) == before
    assert log_of_pages(desk) == [("dismiss", "Ada"), ("take-back", "Bo")]
    desk.assign(page, 1)
    desk.whole()


@pytest.mark.parametrize("others", [(), (2,)])
def test_where_a_page_was_put_can_be_taken_back(desk: Desk, others: tuple[int, ...]) -> None:
    one = desk.serials[0]
    for other in others:
        desk.read(other, one)
    page = desk.refuse(b"torn")
    before = tables(desk)
    desk.assign(page, 1, one)
    settle(desk, "fick", YES)
    take_back(desk, page)
    assert tables(desk) == before
    assert log_of_pages(desk) == [("assign", "Ada"), ("take-back", "Bo")]
    desk.whole()


def test_what_was_entered_from_a_page_does_not_become_another_persons_answer(desk: Desk) -> None:
    one = desk.serials[0]
    page = desk.refuse(b"torn, of somebody else")
    desk.assign(page, 1, one)
    settle(desk, "fick", YES)
    take_back(desk, page)
    assert desk.instance.decisions.made(desk.survey) == ()
    desk.read(1, one, {"fick": ["nej"]})
    desk.read(2, one)
    (response,) = desk.responses()
    assert response.answers[0].options == ("nej",)
    desk.whole()


def test_what_was_decided_about_other_pages_stays(desk: Desk) -> None:
    one = desk.serials[0]
    take(desk.instance, desk.survey, reading(desk.layout, 2, one, {}, {("antal", None): None}))
    settle(desk, "antal", Choice(Action.TEXT, text="7"))
    page = desk.refuse(b"torn")
    desk.assign(page, 1, one)
    settle(desk, "fick", YES)
    take_back(desk, page)
    (left,) = desk.instance.decisions.made(desk.survey)
    assert left.question == "antal"
    desk.whole()


def test_the_page_that_came_after_one_in_its_place_is_the_sheets_own(desk: Desk) -> None:
    one = desk.serials[0]
    page = desk.refuse(b"torn, of somebody else")
    desk.assign(page, 1, one)
    desk.read(1, one, {"fick": ["nej"]})
    desk.read(2, one)
    assert [i.reason for i in desk.instance.decisions.waiting(desk.survey)] == [Reason.COPIED_SHEET]
    take_back(desk, page)
    assert desk.instance.decisions.waiting(desk.survey) == ()
    (response,) = desk.responses()
    assert response.answers[0].options == ("nej",)
    sheets = desk.instance.store.db.rows("SELECT serial, copy, state FROM sheets")
    assert sheets == [{"serial": one, "copy": 1, "state": "counted"}]
    desk.whole()


def test_a_page_that_somebody_paired_is_taken_back_after_the_pairing(desk: Desk) -> None:
    one = desk.serials[0]
    page = desk.refuse(b"torn")
    desk.assign(page, 1, one)
    desk.read(1, one, {"fick": ["nej"]})
    desk.read(2, one)
    (item,) = desk.instance.decisions.waiting(desk.survey)
    same = desk.instance.decisions.same_sheet(desk.survey, one)
    desk.instance.decisions.decide(desk.survey, item.id, same, by="Ada")
    with pytest.raises(DatasetError) as error:
        take_back(desk, page)
    assert error.value.code == "paired"
    desk.instance.decisions.undo(desk.survey, item.id, by="Ada")
    take_back(desk, page)
    assert len(desk.responses()) == 1
    desk.whole()


def test_a_picture_that_came_again_belongs_to_the_sheet_no_longer(desk: Desk) -> None:
    page = desk.refuse(b"torn")
    desk.assign(page, 1, desk.serials[0])
    again = Refusal(RefusalCode.NO_PAGE_CODE)
    assert take(desk.instance, desk.survey, again, b"torn") is Taken.DOUBLE
    take_back(desk, page)
    assert desk.instance.store.db.rows("SELECT 1 FROM images WHERE serial IS NOT NULL") == []


def test_a_page_that_waits_or_was_read_since_is_not_taken_back(desk: Desk) -> None:
    page = desk.refuse(b"torn")
    with pytest.raises(DatasetError) as error:
        take_back(desk, page)
    assert error.value.code == "nothing-to-take-back"
    desk.instance.refused.dismiss(desk.survey, page.id, by="Ada")
    take(desk.instance, desk.survey, reading(desk.layout, 1, desk.serials[0]), b"torn")
    with pytest.raises(DatasetError) as error:
        take_back(desk, page)
    assert error.value.code == "nothing-to-take-back"


# Setting a sheet aside


def by_hand(desk: Desk) -> tuple[RefusedPage, RefusedPage, str]:
    """Enter both pages of a leaf whose number nobody could read."""
    first = desk.refuse(b"creased 1")
    serial = desk.assign(first, 1)
    second = desk.refuse(b"creased 2")
    desk.assign(second, 2, serial)
    settle(desk, "fick", YES)
    return first, second, serial


def test_a_leaf_that_was_entered_by_hand_and_scanned_flat_later_counts_once(desk: Desk) -> None:
    _, second, serial = by_hand(desk)
    one = desk.serials[0]
    desk.read(1, one, {"fick": ["ja"]})
    desk.read(2, one)
    assert len(desk.responses()) == 2
    before = tables(desk)
    desk.instance.refused.set_aside(desk.survey, serial, by="Bo")
    (response,) = desk.responses()
    assert response.answers[0].options == ("ja",)
    assert desk.instance.decisions.waiting(desk.survey) == ()
    assert (desk.waits(), desk.instance.intake.incomplete(desk.survey)) == ([], ())
    with pytest.raises(DatasetError) as error:
        desk.assign(desk.refuse(b"creased 3"), 1, serial)
    assert error.value.code == "unknown-number"
    desk.instance.refused.dismiss(desk.survey, desk.waits()[0], by="Ada")
    desk.whole()
    # Taken back by either page, it is as before, with all that was entered.
    take_back(desk, second)
    assert [r for r in tables(desk)["images"] if r["sha256"] in {i["sha256"] for i in before["images"]}] == before[
        "images"
    ]
    assert {k: v for k, v in tables(desk).items() if k != "images"} == {
        k: v for k, v in before.items() if k != "images"
    }
    assert log_of_pages(desk)[2:] == [
        ("set-aside", "Bo"),
        ("set-aside", "Bo"),
        ("dismiss", "Ada"),
        ("take-back", "Bo"),
        ("take-back", "Bo"),
    ]
    desk.whole()


def test_only_a_sheet_that_got_its_number_here_is_set_aside(desk: Desk) -> None:
    one = desk.serials[0]
    desk.assign(desk.refuse(b"torn"), 1, one)
    for serial in (one, "000000", ""):
        with pytest.raises(DatasetError) as error:
            desk.instance.refused.set_aside(desk.survey, serial, by="Bo")
        assert error.value.code == "not-by-hand"


def test_what_people_said_of_refused_pages_is_listed_newest_first(desk: Desk) -> None:
    first, second, serial = by_hand(desk)
    third = desk.refuse(b"torn")
    desk.assign(third, 1, desk.serials[0])
    fourth = desk.refuse(b"nothing")
    desk.instance.refused.dismiss(desk.survey, fourth.id, by="Bo")
    told = [(h.page.id, h.page.handled.value, h.serial, h.number, h.by, h.by_hand) for h in listed(desk)]
    assert told == [
        (fourth.id, "dismissed", "", 0, "Bo", False),
        (third.id, "assigned", desk.serials[0], 1, "Ada", False),
        (second.id, "assigned", serial, 2, "Ada", True),
        (first.id, "assigned", serial, 1, "Ada", True),
    ]
    assert all(h.at.startswith("2026-03-02T") for h in listed(desk))
    desk.instance.refused.set_aside(desk.survey, serial, by="Bo")
    take_back(desk, fourth)
    assert [(h.page.handled.value, h.serial, h.by_hand) for h in listed(desk)] == [
        ("set-aside", serial, False),
        ("set-aside", serial, False),
        ("assigned", desk.serials[0], False),
    ]


def listed(desk: Desk) -> tuple[HandledPage, ...]:
    return desk.instance.refused.handled(desk.survey)


def test_a_decision_about_a_sheet_that_is_set_aside_holds_and_can_be_undone_when_it_is_put_back(desk: Desk) -> None:
    first, _, serial = by_hand(desk)
    decisions = desk.instance.decisions
    (before,) = decisions.made(desk.survey)
    desk.instance.refused.set_aside(desk.survey, serial, by="Bo")
    assert decisions.made(desk.survey) == ()
    assert desk.responses() == []
    desk.whole()
    take_back(desk, first)
    (made,) = decisions.made(desk.survey)
    assert made == before
    assert len(desk.responses()) == 1
    decisions.undo(desk.survey, made.item, by="Bo")
    assert "fick" in {i.question for i in decisions.waiting(desk.survey)}
    desk.whole()


def test_a_page_of_a_sheet_that_is_set_aside_can_be_read_after_all(desk: Desk) -> None:
    first, second, serial = by_hand(desk)
    desk.instance.refused.set_aside(desk.survey, serial, by="Bo")
    one = desk.serials[0]
    take(desk.instance, desk.survey, reading(desk.layout, 1, one, {"fick": ["ja"]}), b"creased 1")
    take(desk.instance, desk.survey, reading(desk.layout, 2, one), b"creased 2")
    assert len(desk.responses()) == 1
    for page in (first, second):
        with pytest.raises(DatasetError) as error:
            take_back(desk, page)
        assert error.value.code == "nothing-to-take-back"
    desk.whole()
