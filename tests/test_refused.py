"""Refused pages and what people say of them: which page one is, that nothing is on it, and taking that back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Clock, a_run, a_survey, an_instance, reading, take, two_page_layout

from forms.answers import Status
from forms.layout import Layout
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
    desk.read(1, "D0WNL0", {"fick": ["ja"]}, kind="D")
    page = desk.refuse(b"page 2, torn")
    with pytest.raises(DatasetError) as error:
        desk.assign(page, 3, "D0WNL0", large.id)
    assert error.value.code == "other-form"
    desk.assign(page, 2, "D0WNL0")
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
