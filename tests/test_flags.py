"""What is odd about an option with words of one's own, told to whoever works with the answers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Desk, an_instance
from web_helpers import add_user, make_app, sign_in

from forms.answers import Flag
from webapp.dataset.accounts import Role
from webapp.dataset.answers import Item
from webapp.dataset.instance import Instance
from webapp.dataset.pages import Action, Choice
from webapp.results.exports import ExportFormat, export
from webapp.results.tables import TOGETHER, results

WITHOUT_TEXT, WITHOUT_OTHER = Flag.OTHER_WITHOUT_TEXT.value, Flag.TEXT_WITHOUT_OTHER.value


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Four sheets: nothing odd, "other" without words, words without "other", and words that turned out to be none."""
    with an_instance(tmp_path / "i") as instance:
        made = Desk(instance, sheets=4)
        sheets = (("annat", "en vän"), ("annat", ""), ("ja", "en vän"), ("ja", ""))
        for serial, (option, words) in zip(made.serials, sheets, strict=True):
            ink = {("fick", "annat"): None} if words or option == "ja" else {}
            made.take(1, serial, {"fick": [option]}, ink)
            made.take(2, serial)
            if ink:
                done = Choice(Action.TEXT, text=words) if words else Choice(Action.BLANK)
                made.decide(next(i for i in made.waiting() if i.serial == serial), done)
        made.whole()
        yield made


def test_the_results_count_both_beside_the_other_bases(desk: Desk) -> None:
    tables = results(desk.instance, desk.survey, all_channels=True)
    bases = {t.question.id: t.bases[TOGETHER] for t in tables.questions}
    assert (bases["fick"].other_without_text, bases["fick"].text_without_other, bases["fick"].given) == (1, 1, 4)
    assert (bases["bra"].other_without_text, bases["bra"].text_without_other) == (0, 0)


def test_the_results_page_says_it_where_there_is_something_to_say(desk: Desk) -> None:
    add_user(desk.instance, "robin", Role.AUDITOR)
    client = make_app(desk.instance).test_client()
    sign_in(client, "robin")
    page = client.get("/desk/prov/results").text
    for line in ("– alternativ för egna ord kryssat, men inga ord", "– egna ord vid ett alternativ utan kryss"):
        assert page.count(line) == 1


@pytest.mark.parametrize("wanted", ExportFormat)
def test_an_export_has_a_column_of_flags_where_any_is_set(desk: Desk, wanted: ExportFormat) -> None:
    data, *_, book = export(desk.instance, desk.survey, wanted)
    if wanted is ExportFormat.CSV:
        rows = list(csv.DictReader(io.StringIO(data.content.decode("utf-8-sig"), newline="")))
    else:
        rows = json.loads(data.content)["responses"]
    found = sorted((row["fick"], row["fick__annat__text"], row["fick__flags"]) for row in rows)
    assert found == [
        *(("annat", "", WITHOUT_TEXT), ("annat", "en vän", "")),
        *(("ja", "", ""), ("ja", "en vän", WITHOUT_OTHER)),
    ]
    (flags,) = (v for v in json.loads(book.content)["variables"] if v["name"].endswith("__flags"))
    assert (flags["question"], flags["kind"]) == ("fick", "flags")
    assert [v["value"] for v in flags["values"]] == [WITHOUT_TEXT, WITHOUT_OTHER, f"{WITHOUT_TEXT} {WITHOUT_OTHER}"]


def test_a_dataset_from_before_the_flags_were_counted_gets_their_counts(desk: Desk) -> None:
    path, survey = desk.instance.path, desk.survey
    counts = desk.instance.responses.counts(survey)
    items = (Item.OTHER_WITHOUT_TEXT.value, Item.TEXT_WITHOUT_OTHER.value)
    db = desk.instance.store.db
    db.write(lambda: db.execute("DELETE FROM counts WHERE item IN (?, ?)", items))
    db.write(lambda: db.execute("DELETE FROM _sqlite_migrations WHERE name = 'flag_counts'"))
    desk.instance.close()
    with Instance.open(path) as again:
        assert again.responses.counts(survey) == counts
        assert {counts["paper", "fick", item] for item in items} == {1}
        assert again.verifier.verify() == ()
