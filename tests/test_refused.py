"""Refused pages and what people say of them: which page one is, that nothing is on it, and taking that back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Clock, a_run, a_survey, an_instance, reading, take, two_page_layout

from forms.answers import Status
from forms.layout import Layout
from forms.pagecode import PageCode, SheetKind
from omr.readings import Refusal, RefusalCode
from webapp.dataset.answers import Channel, Response
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.intake import RefusedPage
from webapp.dataset.refused import Assignment
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
