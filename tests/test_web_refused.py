"""Refused pages over HTTP: which page one is, in whose words it is refused, and how it is taken back."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_helpers import take, two_page_layout
from flask.testing import FlaskClient
from web_helpers import add_user, csrf_token, make_app, make_instance, sign_in

from forms.layout import instrument_hash
from forms.pagecode import PageCode, SheetKind
from omr.readings import Refusal, RefusalCode
from webapp.dataset.accounts import Role
from webapp.dataset.answers import Channel
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Survey

PAGE = "/desk/prov/refused"


@dataclass
class Desk:
    """A served instance with sheets in two forms, and an auditor signed in."""

    instance: Instance
    survey: Survey
    client: FlaskClient
    ordinary: str
    large: str
    serials: tuple[str, ...]

    def refuse(self, gray: int) -> str:
        """Deliver a page that can't be read; return its image."""
        done, picture = cv2.imencode(".png", np.full((40, 30), gray, np.uint8))
        assert done
        take(self.instance, self.survey, Refusal(RefusalCode.NO_PAGE_CODE), picture.tobytes())
        return self.instance.intake.refused(self.survey)[-1].id

    def post(self, image: str, **data: str) -> str:
        """Send a form of the page; return the page that follows, as plain words."""
        token = csrf_token(self.client.get(PAGE))
        answer = self.client.post(f"{PAGE}/{image}", data={"csrf_token": token, **data}, follow_redirects=True)
        assert answer.status_code == 200
        return answer.text

    def assign(self, image: str, page: str, serial: str, layout: str = "") -> str:
        """Say which page an image shows."""
        return self.post(image, action="assign", layout=layout, page=page, serial=serial)

    def waits(self) -> list[str]:
        """Return the images that wait."""
        return [p.id for p in self.instance.intake.refused(self.survey)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with make_instance(tmp_path / "instance") as instance:
        add_user(instance, "robin", Role.AUDITOR)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        survey = instance.surveys.get("prov")
        ordinary = two_page_layout(survey)
        large = dataclasses.replace(ordinary, id="", pages=3).with_id(survey.random_id)
        run = instance.runs.add(survey, ordinary, 2, {"language": "sv"})
        instance.runs.add(survey, large, 1, {"language": "sv", "size": "large"})
        yield Desk(instance, survey, client, ordinary.id, large.id, run.serials)


def test_the_number_says_in_which_form_a_sheet_was_printed(desk: Desk) -> None:
    image = desk.refuse(1)
    page = desk.client.get(PAGE).text
    assert re.search(r'<select id="l-[^>]*>\s*<option value="">Som numret säger</option>', page)
    said = desk.assign(image, "1", desk.serials[0], desk.large)
    assert "trycktes i en annan form" in said
    assert "Välj ”Som numret säger” under ”Tryckt som”" in said
    assert "Inget nummer säger" in desk.assign(image, "1", "")
    assert desk.waits() == [image]
    assert f"hör nu till blankett {desk.serials[0]}" in desk.assign(image, "1", desk.serials[0])
    assert desk.waits() == []


def test_a_page_without_a_number_is_put_in_the_form_that_was_chosen(desk: Desk) -> None:
    assert "hör nu till blankett" in desk.assign(desk.refuse(1), "3", "", desk.large)
    (waits,) = desk.instance.intake.incomplete(desk.survey)
    assert (waits.missing, waits.pages) == ((1, 2), 3)


def test_a_number_as_people_type_it_is_understood_or_refused_in_words(desk: Desk) -> None:
    image = desk.refuse(1)
    assert "inte numret på en blankett" in desk.assign(image, "1", "OOOOO!")
    unknown = next(s for s in ("000000", "000001", "000002") if s not in desk.serials)
    said = desk.assign(image, "1", unknown, desk.ordinary)
    assert "Ingen blankett i undersökningen är känd med det numret" in said
    assert "lägg till de två sista siffrorna" in said
    code = str(PageCode(SheetKind.DOWNLOAD, instrument_hash("prov"), desk.ordinary, 1, unknown))
    assert "hör inte till det här numret och den här sidan" in desk.assign(image, "2", code[-8:], desk.ordinary)
    assert desk.waits() == [image]
    typed = f"{unknown.replace('0', 'o')} {code[-2:]}"
    assert f"hör nu till blankett {unknown}" in desk.assign(image, "1", typed, desk.ordinary)


def handled(desk: Desk) -> str:
    """Return the part of the page that tells what was said."""
    return desk.client.get(PAGE).text.partition('id="handled"')[2]


def test_what_was_said_of_a_page_is_listed_and_taken_back(desk: Desk) -> None:
    assert handled(desk) == ""
    image = desk.refuse(1)
    desk.post(image, action="dismiss")
    assert "Inget på den att räkna" in handled(desk)
    assert "robin" in handled(desk)
    assert desk.client.get(f"{PAGE}/{image}.jpg").mimetype == "image/jpeg"
    assert "sidan väntar igen" in desk.post(image, action="take-back")
    assert desk.waits() == [image]
    assert handled(desk) == ""
    desk.assign(image, "1", desk.serials[0])
    assert f"Sida 1 av blankett {desk.serials[0]}" in handled(desk)
    assert "åt sidan</button>" not in handled(desk)
    assert desk.client.get(f"{PAGE}/{image}.jpg").mimetype == "image/jpeg"
    desk.post(image, action="take-back")
    assert desk.waits() == [image]
    assert "inget sagt om sidan" in desk.post(image, action="take-back")
    assert "inget sagt om sidan" in desk.post("nosuchimage", action="take-back")


def test_a_sheet_that_was_entered_by_hand_is_set_aside_and_put_back(desk: Desk) -> None:
    first, second = desk.refuse(1), desk.refuse(2)
    found = re.search(r"hör nu till blankett (\w{6})", desk.assign(first, "1", "", desk.ordinary))
    assert found is not None
    serial = found[1]
    desk.assign(second, "2", serial)
    assert handled(desk).count(f"Lägg blankett {serial} åt sidan") == 2
    assert desk.instance.responses.number(desk.survey)[Channel.PAPER] == 1
    assert f"Blankett {serial} är lagd åt sidan" in desk.post(second, action="set-aside", serial=serial)
    assert desk.instance.responses.number(desk.survey).get(Channel.PAPER, 0) == 0
    assert f"Sida 2 av blankett {serial}, lagd åt sidan" in handled(desk)
    assert "blanketten finns igen" in desk.post(first, action="take-back")
    assert desk.instance.responses.number(desk.survey)[Channel.PAPER] == 1
    assert "Hela den blanketten är inte inskriven för hand" in desk.post(first, action="set-aside", serial="AAAAAA")
