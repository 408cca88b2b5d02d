"""Notes beside the questions: shown at the desk with their pictures, also where they leave no answer in doubt."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_helpers import a_run, a_survey, an_instance, reading, take
from flask.testing import FlaskClient
from simulator import Pixels
from web_helpers import add_user, make_app, make_instance, sign_in
from web_paper import CLEAR, SCANNER, scanned, write_pile

from forms.layout import FieldKind, Layout
from omr.readings import PageReading
from webapp.dataset.accounts import Role
from webapp.dataset.instance import DATASET, Instance
from webapp.dataset.pages import Action, Choice
from webapp.jobs import Delivery, Jobs
from webapp.views import notes as module


def scribbled(image: Pixels, layout: Layout, question: str) -> Pixels:
    """Return a page with a few words, as it were, at the right of a question."""
    area = next(f for f in layout.fields if f.question == question and f.kind is FieldKind.AREA)
    px_per_mm, x0, y0 = SCANNER.dpi / 25.4, area.x + area.w - 40, area.y + area.h - 8
    wave = [((x0 + t) * px_per_mm, (y0 + 2 * np.sin(2.4 * t)) * px_per_mm) for t in np.arange(0, 25, 0.2)]
    drawn = image.copy()
    cv2.polylines(drawn, [np.array(wave, np.int32)], False, (30, 30, 30), 3)
    return drawn


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, Instance]]:
    folder = tmp_path_factory.mktemp("notes")
    with make_instance(folder / "instance") as instance:
        for name, role in (("robin", Role.AUDITOR), ("kim", Role.COORDINATOR)):
            add_user(instance, name, role)
        survey = instance.surveys.get("prov")
        images = scanned(instance, [CLEAR, CLEAR])
        (layout,) = instance.runs.layouts(survey).values()
        pile = write_pile(folder / "bunt.pdf", [scribbled(images[0], layout, "vilka"), *images[1:]])
        jobs = Jobs(instance)
        jobs.run(jobs.enqueue(survey, [Delivery("bunt.pdf", pile)]).id)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        yield client, instance


def test_a_note_beside_a_clear_answer_is_shown(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    survey = instance.surveys.get("prov")
    assert not [i for i in instance.decisions.waiting(survey) if i.question == "vilka"]
    queue = client.get("/desk/prov/review?list=1").text
    assert 'href="/desk/prov/notes">Anteckningar bredvid frågorna</a>' in queue
    page = client.get("/desk/prov/notes").text
    assert page.count("<figure") == 1
    assert "3. Vilka var med?" in page
    assert "ändrar inget svar" in page
    assert '<a href="/desk/prov/review" aria-current="true">' in page
    assert "<form" not in page[page.index("<main") :]
    [note] = instance.notes.list(survey)
    assert f"Blankett {note.serial}, sida 1." in page
    found = re.search(r'<img src="([^"]+)"', page)
    assert found is not None
    picture = client.get(found[1].replace("&amp;", "&"))
    assert picture.headers["Cache-Control"] == "no-store"
    crop = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert crop is not None
    assert (crop[:, -300:] < 100).any()


def test_it_changes_no_answer(served: tuple[FlaskClient, Instance]) -> None:
    _, instance = served
    survey = instance.surveys.get("prov")
    [note] = instance.notes.list(survey)
    answers = instance.materialiser.of_sheet(survey, note.serial, 1).answers
    assert next(a for a in answers if a.question == "vilka").options == ("vard", "kommun")
    assert instance.verifier.verify() == ()


def test_only_who_may_see_papers_comes_in(served: tuple[FlaskClient, Instance]) -> None:
    client, _ = served
    other = client.application.test_client()
    assert other.get("/desk/prov/notes").status_code == 303
    sign_in(other, "kim")
    assert other.get("/desk/prov/notes").status_code == 403


def test_it_is_told_in_english_too(served: tuple[FlaskClient, Instance]) -> None:
    client, _ = served
    with client.session_transaction() as session:
        session["lang"] = "en"
    page = client.get("/desk/prov/notes").text
    with client.session_transaction() as session:
        session["lang"] = "sv"
    assert "Notes beside the questions" in page
    assert "changes no answer" in page


def beside(layout: Layout, serial: str, *questions: str) -> PageReading:
    return reading(layout, 1, serial, {"fick": ["ja"], "vilka": ["vard"]}, stray=[(q, None) for q in questions])


def test_the_list_comes_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ON_A_PAGE", 2)
    with make_instance(tmp_path / "instance") as instance:
        add_user(instance, "robin", Role.AUDITOR)
        survey = instance.surveys.get("prov")
        run, layout = a_run(instance, survey, 3)
        client = make_app(instance).test_client()
        sign_in(client, "robin")
        assert "Inga anteckningar har hittats" in client.get("/desk/prov/notes").text
        for serial in run.serials:
            take(instance, survey, beside(layout, serial, "fick"))
        first, last = client.get("/desk/prov/notes").text, client.get("/desk/prov/notes?page=2").text
        assert (first.count("<figure"), last.count("<figure")) == (2, 1)
        assert 'rel="next"' in first
        assert 'rel="prev"' not in first
        assert 'rel="prev"' in last
        assert "sida 2 av 2" in last
        for beyond in ("9", "0", "-1", "x", "٣", "9" * 5000):
            page = client.get(f"/desk/prov/notes?page={beyond}")
            assert page.status_code == 200
            assert page.text.count("<figure") == (1 if beyond == "9" else 2)


def test_what_somebody_is_or_was_asked_about_is_not_listed_twice(tmp_path: Path) -> None:
    with an_instance(tmp_path / "instance") as instance:
        survey = a_survey(instance)
        run, layout = a_run(instance, survey)
        first, second, third = sorted(run.serials)
        take(instance, survey, beside(layout, first, "fick", "fick", "bra", "vilka"))
        take(instance, survey, beside(layout, second, "vilka"))
        take(instance, survey, reading(layout, 2, third))
        listed = [(n.serial, n.question) for n in instance.notes.list(survey)]
        # Nothing is crossed in "bra": that waits.
        assert listed == [(first, "fick"), (first, "vilka"), (second, "vilka")]
        [item] = instance.decisions.waiting(survey)
        instance.decisions.decide(survey, item.id, Choice(Action.BLANK), by="robin")
        assert [(n.serial, n.question) for n in instance.notes.list(survey)] == listed


def test_a_sheet_that_somebody_copied_is_paired_first(tmp_path: Path) -> None:
    with an_instance(tmp_path / "instance") as instance:
        survey = a_survey(instance)
        run, layout = a_run(instance, survey)
        take(instance, survey, beside(layout, run.serials[0], "fick"))
        other = reading(layout, 1, run.serials[0], {"fick": ["nej"], "vilka": ["ingen"]}, stray=[("fick", None)])
        assert len(instance.notes.list(survey)) == 1
        take(instance, survey, other)
        assert instance.notes.list(survey) == ()


def test_readings_from_before_are_looked_through_and_deleted_ones_passed_over(tmp_path: Path) -> None:
    with an_instance(tmp_path / "instance") as instance:
        survey = a_survey(instance)
        run, layout = a_run(instance, survey)
        take(instance, survey, beside(layout, run.serials[0], "fick"))
    with sqlite3.connect(tmp_path / "instance" / DATASET) as db:
        db.execute("ALTER TABLE images DROP COLUMN stray_ink")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'stray_ink'")
    db.close()
    with Instance.open(tmp_path / "instance") as instance:
        [note] = instance.notes.list(survey)
        assert (note.serial, note.question) == (run.serials[0], "fick")
        [row] = instance.store.db.rows("SELECT reading FROM images")
        instance.store.db.write(lambda: instance.log.forget(row["reading"]))
        assert instance.notes.list(survey) == ()
