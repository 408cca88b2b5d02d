"""Review over HTTP of what is rarer: copied sheets, several options at once, one option alone, pages by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Clock, Desk, a_run, an_instance, reading, take
from flask.testing import FlaskClient
from web_helpers import add_user, csrf_token, make_app, make_instance, sign_in
from web_paper import CLEAR, CONTRADICTION, COPIED, ODD, scanned, write_pile
from werkzeug.test import TestResponse

from forms.answers import Reason
from omr.readings import Refusal, RefusalCode
from webapp.dataset.accounts import Role
from webapp.dataset.answers import Channel
from webapp.dataset.decisions import Item
from webapp.dataset.instance import Instance
from webapp.dataset.pages import Action, Choice
from webapp.dataset.refused import Assignment
from webapp.jobs import Delivery, Jobs
from webapp.language import use_language
from webapp.views import review
from webapp.views.words import reason_words


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, Instance]]:
    folder = tmp_path_factory.mktemp("review")
    with make_instance(folder / "instance") as instance:
        add_user(instance, "robin", Role.AUDITOR)
        images = scanned(instance, [CLEAR, ODD, CONTRADICTION], copied=COPIED)
        torn = images[0].copy()
        torn[: torn.shape[0] // 3] = 244
        pile = write_pile(folder / "bunt.pdf", [*images, torn])
        jobs = Jobs(instance)
        jobs.run(jobs.enqueue(instance.surveys.get("prov"), [Delivery("bunt.pdf", pile)]).id)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        yield client, instance


def waiting(instance: Instance, reason: Reason) -> list[Item]:
    return [i for i in instance.decisions.waiting(instance.surveys.get("prov")) if i.reason is reason]


def decide(client: FlaskClient, item: Item, **data: object) -> TestResponse:
    """Send what the page of an item sends, with this answer."""
    address = f"/desk/prov/review/{item.id}"
    page = client.get(address)
    hidden = {"csrf_token": csrf_token(page), "shown": re.findall(r'name="shown" value="(\w+)"', page.text)}
    return client.post(address, data=hidden | data)


def papers(instance: Instance) -> int:
    return instance.responses.number(instance.surveys.get("prov")).get(Channel.PAPER, 0)


def test_a_copied_sheet_is_two_people_one_sheet_or_paired_by_hand(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    [item] = waiting(instance, Reason.COPIED_SHEET)
    page = client.get(f"/desk/prov/review/{item.id}").text
    assert f"Blankett {item.serial} kom mer än en gång" in page
    pages = instance.decisions.copied_pages(instance.surveys.get("prov"), item.serial)
    assert all(f'name="sheet.{p.image}"' in page for p in pages)
    before = papers(instance)
    half = decide(client, item, action="pair")
    assert half.status_code == 422
    assert "vilken blankett den hör till" in half.text
    by_hand = {f"sheet.{p.image}": str(p.copy) for p in pages}
    undo = f"/desk/prov/review/{item.id}/undo"
    for choice in ({"action": "pair"} | by_hand, {"action": "separate"}):
        assert decide(client, item, **choice).status_code == 303
        assert papers(instance) == before + 2
        token = csrf_token(client.get("/desk/prov/review?list=1"))
        assert client.post(undo, data={"csrf_token": token}).location == f"/desk/prov/review/{item.id}"
        assert papers(instance) == before
    assert decide(client, item, action="same").status_code == 303
    assert papers(instance) == before + 1
    # Two pictures of one sheet that say different things: that waits in its turn.
    differing = waiting(instance, Reason.TWO_IMAGES)[0]
    shown = client.get(f"/desk/prov/review/{differing.id}").text
    assert shown.count("<figure") == 2


@pytest.mark.parametrize("action", ["same", "separate"])
def test_a_page_that_came_while_somebody_looked_is_not_paired_unseen(tmp_path: Path, action: str) -> None:
    with an_instance(tmp_path / "i", Clock()) as instance:
        desk = Desk(instance)
        add_user(instance, "robin", Role.AUDITOR)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        for option in ("ja", "nej"):
            desk.take(1, desk.serials[0], {"fick": [option]})
        [item] = desk.waiting()
        address = f"/desk/prov/review/{item.id}"
        page = client.get(address)
        shown = re.findall(r'name="shown" value="(\w+)"', page.text)
        assert len(shown) == 2
        desk.take(1, desk.serials[0], {"fick": ["annat"]})
        late = client.post(address, data={"csrf_token": csrf_token(page), "shown": shown, "action": action})
        assert late.status_code == 422
        assert "En sida till av blanketten har kommit" in late.text
        assert late.text.count('name="shown"') == 3
        assert [i.reason for i in desk.waiting()] == [Reason.COPIED_SHEET]
        assert decide(client, item, action=action).status_code == 303
        assert Reason.COPIED_SHEET not in [i.reason for i in desk.waiting()]


def test_what_was_decided_long_ago_can_be_found_and_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "LATEST", 2)
    with an_instance(tmp_path / "i", Clock()) as instance:
        desk = Desk(instance)
        add_user(instance, "robin", Role.AUDITOR)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        serials = [serial for _ in range(2) for serial in a_run(instance, desk.survey)[0].serials][:5]
        for serial in serials:
            desk.take(1, serial, {"fick": ["ja", "nej"]})
            desk.decide(desk.waiting()[0], Choice(Action.CHOOSE, options=("ja",)))
        # A decision that was taken back leaves no gap.
        undone = next(d for d in instance.decisions.made(desk.survey) if d.serial == serials[3])
        instance.decisions.undo(desk.survey, undone.item, by="robin")
        pages, address = [], "/desk/prov/review?list=1"
        while address:
            text = client.get(address).text
            pages.append([serial for serial in serials if f'<th scope="row">{serial}</th>' in text])
            found = re.search(r'href="([^"]+)" rel="next"', text)
            address = html.unescape(found[1]) if found else ""
        assert pages == [[serials[2], serials[4]], [serials[0], serials[1]]]
        assert "Beslutat tidigare" in text
        first = next(d for d in instance.decisions.made(desk.survey) if d.serial == serials[0])
        assert f"/desk/prov/review/{first.item}/undo" in text
        for before, shown in (("1", 0), ("9" * 30, 2), ("x", 2)):
            text = client.get(f"/desk/prov/review?list=1&before={before}").text
            assert text.count('<th scope="row">') == shown


def test_several_options_at_once(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    [item] = waiting(instance, Reason.SEVERAL)
    page = client.get(f"/desk/prov/review/{item.id}").text
    assert page.count('type="checkbox" name="option"') == 3
    assert decide(client, item, action="choose", option=["vard", "ingen"]).status_code == 422
    assert decide(client, item, action="choose", option=["vard", "kommun"]).status_code == 303
    made = instance.decisions.made(instance.surveys.get("prov"))[0]
    assert made.choice.options == ("vard", "kommun")
    assert made.by == "robin"


def test_one_option_alone(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    [item] = waiting(instance, Reason.OUTSIDE)
    assert item.option == "kommun"
    page = client.get(f"/desk/prov/review/{item.id}").text
    assert "Det gäller:" in page
    assert "Kommunen" in page
    assert "option=kommun" in page
    assert decide(client, item, choose="kommun").status_code == 303
    assert "fråga 3, Kommunen: menat" in client.get("/desk/prov/review?list=1").text


def test_a_refused_page_is_entered_by_hand(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    survey = instance.surveys.get("prov")
    [torn] = instance.intake.refused(survey)
    layout = next(iter(instance.runs.layouts(survey)))
    token = csrf_token(client.get("/desk/prov/refused"))
    data = {"csrf_token": token, "action": "assign", "layout": layout, "page": "1", "serial": ""}
    assert client.post(f"/desk/prov/refused/{torn.id}", data=data).location == "/desk/prov/refused"
    assert instance.intake.refused(survey) == ()
    by_hand = [i for i in instance.decisions.waiting(survey) if i.image == torn.id]
    assert by_hand
    for item in by_hand:
        page = client.get(f"/desk/prov/review/{item.id}")
        assert page.status_code == 200
        assert f"/{torn.id}.jpg" in page.text
    picture = client.get(f"/desk/prov/review/picture/{by_hand[0].serial}/{torn.id}.jpg?question=fick")
    assert picture.mimetype == "image/jpeg"
    first = next(i for i in by_hand if i.question == "fick")
    assert decide(client, first, choose="ja").status_code == 303


def test_the_reason_fits_the_kind_of_question(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    survey = instance.surveys.get("prov")
    by_id = instance.surveys.instrument(survey, survey.instrument.version).by_id
    with client.application.test_request_context():
        use_language("sv")
        said = [reason_words(Reason.SEVERAL, by_id[q])[0] for q in ("fick", "vilka", "kommun")]
        assert reason_words(Reason.UNCLEAR, None)[0] == reason_words(Reason.UNCLEAR, by_id["fick"])[0]
    assert said == [
        "Flera svar är kryssade, men bara ett räknas här.",
        "Ett svar som bara kan stå ensamt är kryssat ihop med andra.",
        "En ruta är kryssad, och något är skrivet i fältet. Bara det ena räknas här.",
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[FlaskClient, Desk]]:
    """A survey whose pages come as readings."""
    with an_instance(tmp_path / "instance") as instance:
        add_user(instance, "robin", Role.AUDITOR)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        yield client, Desk(instance)


def test_words_that_one_of_two_pictures_shows_are_typed_with_both_in_sight(desk: tuple[FlaskClient, Desk]) -> None:
    client, paper = desk
    one = paper.serials[0]
    paper.take(1, one, {"fick": ["ja"]})
    for seen in ({("antal", None): "1"}, {("antal", None): "17", ("ord", None): None, ("ort", None): "molndal"}):
        paper.take(2, one, {}, seen)
    paper.decide(paper.waiting()[0], paper.instance.decisions.same_sheet(paper.survey, one))
    antal, ort, ordet = paper.waiting()
    for item in (antal, ort, ordet):
        page = client.get(f"/desk/prov/review/{item.id}").text
        assert page.count("<figure") == 2
        assert "Det finns 2 bilder av sidan" in page
        assert 'name="text"' in page
        assert "Tomt: inget är skrivet där" in page
    shown = client.get(f"/desk/prov/review/{antal.id}").text
    assert [f'name="suggested" value="{n}"' in shown for n in ("1", "17")] == [True, True]
    assert decide(client, antal, suggested="17").status_code == 303
    assert decide(client, ort, action="text", text="mölndal").status_code == 303
    assert decide(client, ordet, action="text", text="  ").status_code == 422
    assert decide(client, ordet, action="text", text="Det gick bra.").status_code == 303
    assert [paper.answer(q)[2] for q in ("antal", "ort", "ord")] == ["17", "1481", "Det gick bra."]


def test_who_enters_a_page_by_hand_types_the_words_of_an_option_right_after_choosing_it(
    desk: tuple[FlaskClient, Desk],
) -> None:
    client, paper = desk
    paper.take(2, paper.serials[0])
    take(paper.instance, paper.survey, Refusal(RefusalCode.NO_PAGE_CODE))
    [refused] = paper.instance.intake.refused(paper.survey)
    where = Assignment(paper.layout.id, 1, paper.serials[0])
    paper.instance.refused.assign(paper.survey, refused.id, where, by="robin")
    chosen = decide(client, paper.waiting()[0], choose="annat")
    words = paper.waiting()[0]
    assert chosen.location.startswith(f"/desk/prov/review/{words.id}?")
    page = client.get(chosen.location).text
    assert "Maskinen kunde inte läsa den här sidan." in page
    assert "Annat" in page
    assert decide(client, words, action="text", text="min syster").status_code == 303
    assert paper.texts("fick") == {"annat": "min syster"}


SUGGESTED = {"kommun": ("Mölndal", "1481"), "antal": ("7", "7"), "mer": ("Tack för hjälpen", "Tack för hjälpen")}
"""What the machine reads in the fields of a page, and what the answer is once somebody has taken it over."""


@pytest.fixture
def read_by_machine(tmp_path: Path) -> Iterator[tuple[FlaskClient, Instance]]:
    """A sheet on whose second page the machine suggests what every text field says."""
    with make_instance(tmp_path / "instance") as instance:
        add_user(instance, "robin", Role.AUDITOR)
        survey = instance.surveys.get("prov")
        run, layout = a_run(instance, survey, 1)
        texts: dict[tuple[str, str | None], str | None] = {(q, None): words for q, (words, _) in SUGGESTED.items()}
        take(instance, survey, reading(layout, 1, run.serials[0], {"fick": ["annat"]}, {("fick", "annat"): None}))
        take(instance, survey, reading(layout, 2, run.serials[0], texts=texts))
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        yield client, instance


def text(instance: Instance, item: Item) -> str:
    """Return what the text field of an item counts as."""
    answers = instance.materialiser.of_sheet(instance.surveys.get("prov"), item.serial, item.copy).answers
    return next(a.own_text for a in answers if a.question == item.question)


@pytest.mark.parametrize("question", SUGGESTED)
def test_what_the_machine_reads_is_shown_and_taken_over(
    read_by_machine: tuple[FlaskClient, Instance], question: str
) -> None:
    client, instance = read_by_machine
    survey = instance.surveys.get("prov")
    [item] = [i for i in waiting(instance, Reason.TRANSCRIBE) if i.question == question]
    page = client.get(f"/desk/prov/review/{item.id}").text
    shown, taken = SUGGESTED[question]
    assert f"Maskinen läser: {shown}" in page
    assert f'name="suggested" value="{shown}"' in page
    # A suggestion counts only once a person has taken it.
    assert text(instance, item) == ""
    assert decide(client, item, suggested=shown).status_code == 303
    assert item.id not in {i.id for i in instance.decisions.waiting(survey)}
    assert text(instance, item) == taken
    [made] = instance.decisions.made(survey)
    assert (made.question, made.by) == (question, "robin")
    assert shown in client.get("/desk/prov/review?list=1").text


def test_where_the_machine_reads_nothing_nothing_is_suggested(
    read_by_machine: tuple[FlaskClient, Instance],
) -> None:
    client, instance = read_by_machine
    [item] = [i for i in waiting(instance, Reason.TRANSCRIBE) if i.option == "annat"]
    page = client.get(f"/desk/prov/review/{item.id}").text
    assert "Maskinen läser" not in page
    assert 'name="suggested"' not in page
    assert decide(client, item, action="suggested").status_code == 422


def test_nobody_decides_about_a_page_that_is_another_than_the_one_they_saw(desk: tuple[FlaskClient, Desk]) -> None:
    client, paper = desk
    one = paper.serials[0]
    paper.take(1, one, {"fick": ["ja", "nej"]})
    paper.take(2, one)
    (item,) = paper.waiting()
    seen = client.get(f"/desk/prov/review/{item.id}")
    shown = re.findall(r'name="shown" value="(\w+)"', seen.text)
    assert len(shown) == 1
    wrong = client.post(
        f"/desk/prov/review/{item.id}",
        data={"csrf_token": csrf_token(seen), "shown": ["0" * len(shown[0])], "choose": "ja"},
    )
    assert wrong.status_code == 422
    assert "Bilderna av sidan är andra än de du såg" in wrong.text
    assert paper.waiting() == (item,)
    assert decide(client, item, choose="ja").status_code == 303
