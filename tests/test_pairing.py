"""Whose decision is it: what people decided stays with the page images that they judged, however pages are paired."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from dataset_helpers import Clock, an_instance, take
from test_decisions import CHOOSE_YES, Desk

from forms.answers import Mark, Reason
from omr.readings import Refusal, RefusalCode
from webapp.dataset import intake
from webapp.dataset.decisions import CopiedPage
from webapp.dataset.instance import DATASET, Instance
from webapp.dataset.intake import Taken
from webapp.dataset.log import Log
from webapp.dataset.pages import Action, Choice
from webapp.dataset.refused import Assignment


def pages(desk: Desk, serial: str) -> dict[bytes, CopiedPage]:
    """Return the page images that can be paired, by the picture that they were taken in with."""
    decisions, pictures = desk.instance.decisions, desk.instance.pictures
    return {pictures.load(desk.survey, p.image): p for p in decisions.copied_pages(desk.survey, serial)}


def pair(desk: Desk, serial: str, **sheets: int) -> None:
    """Put each page with a sheet, by its picture."""
    (item,) = (i for i in desk.waiting() if i.reason is Reason.COPIED_SHEET)
    images = pages(desk, serial)
    desk.decide(item, Choice(Action.PAIR, pairs=tuple((images[p.encode()].image, n) for p, n in sheets.items())))


def texts(desk: Desk) -> dict[tuple[str, ...], str]:
    """Return what each person wrote, by what they answered to the first question."""
    by_question = [{a.question: a for a in r.answers} for r in desk.responses()]
    return {answers["fick"].options: answers["ord"].own_text for answers in by_question}


def mixed(desk: Desk) -> str:
    """A first page of one person's copy and a second page of another's come first; their words are written out."""
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja"]}, picture=b"A1")
    desk.take(2, one, {}, {("ord", None): None}, picture=b"B2")
    (item,) = desk.waiting()
    desk.decide(item, Choice(Action.TEXT, text="words of B"))
    desk.take(1, one, {"fick": ["nej"]}, picture=b"B1")
    desk.take(2, one, {}, {("ord", None): None}, picture=b"A2")
    return one


def test_words_stay_with_the_page_that_they_were_read_from(desk: Desk) -> None:
    one = mixed(desk)
    pair(desk, one, A1=1, A2=1, B1=2, B2=2)
    assert texts(desk) == {("ja",): "", ("nej",): "words of B"}
    (item,) = desk.waiting()
    assert (item.reason, item.image) == (Reason.TRANSCRIBE, pages(desk, one)[b"A2"].image)
    desk.decide(item, Choice(Action.TEXT, text="words of A"))
    assert texts(desk) == {("ja",): "words of A", ("nej",): "words of B"}
    assert {(d.choice.text, d.copy) for d in desk.instance.decisions.made(desk.survey)[:-1]} >= {("words of A", 1)}
    desk.whole()


def test_a_decision_that_moved_with_its_page_is_found_and_taken_back(desk: Desk) -> None:
    one = mixed(desk)
    pair(desk, one, A1=1, A2=1, B1=2, B2=2)
    made = {d.choice.text: d for d in desk.instance.decisions.made(desk.survey)}
    assert (made["words of B"].copy, made["words of B"].by) == (2, "Ada")
    desk.instance.decisions.undo(desk.survey, made["words of B"].item, by="Bo")
    assert texts(desk) == {("ja",): "", ("nej",): ""}
    assert {(i.question, i.copy) for i in desk.waiting()} == {("ord", 1), ("ord", 2)}
    desk.whole()


def test_a_page_that_takes_the_place_of_another_is_not_decided_by_it(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": {"ja": Mark.UNCERTAIN}}, picture=b"A1")
    desk.take(2, one, picture=b"A2")
    desk.decide(desk.waiting()[0], CHOOSE_YES)
    desk.take(1, one, {"fick": ["nej"], "vilka": ["vard"]}, picture=b"B1")
    pair(desk, one, A1=0, B1=1, A2=1)
    assert desk.answer("fick")[1] == ("nej",)
    (pairing,) = desk.instance.decisions.made(desk.survey)
    desk.whole()
    # The other way round it holds again.
    desk.instance.decisions.undo(desk.survey, pairing.item, by="Bo")
    pair(desk, one, A1=1, B1=0, A2=1)
    assert desk.answer("fick")[1] == ("ja",)
    assert desk.waiting() == ()
    desk.whole()


def test_what_two_pictures_were_judged_to_say_holds_only_while_they_are_of_one_sheet(desk: Desk) -> None:
    one = desk.serials[0]
    desk.take(1, one, {"fick": ["ja"]}, picture=b"A1")
    desk.take(2, one, picture=b"A2")
    desk.take(1, one, {"fick": ["nej"]}, picture=b"B1")
    desk.decide(desk.waiting()[0], desk.instance.decisions.same_sheet(desk.survey, one))
    (item,) = desk.waiting()
    assert item.reason is Reason.TWO_IMAGES
    desk.decide(item, Choice(Action.CHOOSE, options=("nej",)))
    assert desk.answer("fick")[1] == ("nej",)
    desk.take(1, one, {"fick": ["annat"]}, picture=b"C1")
    pair(desk, one, A1=1, A2=1, B1=0, C1=0)
    assert desk.answer("fick")[1] == ("ja",)
    desk.whole()


def as_it_was(path: Path, copies: dict[str, int]) -> None:
    """Give a dataset the decisions of earlier versions: by the paper's number, without the images that were judged."""
    with sqlite3.connect(path / DATASET) as db:
        rows = db.execute("SELECT survey, serial, question, option, aspect, seq, reading FROM decisions").fetchall()
        for table in ("decisions", "stale_sheets"):
            db.execute(f"DROP TABLE {table}")
        db.execute(
            "CREATE TABLE decisions (survey TEXT NOT NULL, serial TEXT NOT NULL, copy INTEGER NOT NULL,"
            " question TEXT NOT NULL, option TEXT NOT NULL, aspect TEXT NOT NULL, seq INTEGER NOT NULL,"
            " reading INTEGER, PRIMARY KEY (survey, serial, copy, question, option, aspect)) STRICT, WITHOUT ROWID"
        )
        old = [(*row[:2], copies[row[4]], *row[2:]) for row in rows]
        db.executemany("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", old)
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'judged'")
    db.close()


def test_a_dataset_of_an_earlier_version_keeps_its_decisions_each_with_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Log.append

    def as_before(self: Log, kind: object, payload: dict[str, object], survey: str) -> int:
        return append(self, kind, {k: v for k, v in payload.items() if k != "judged"}, survey)  # type: ignore[arg-type]

    monkeypatch.setattr(Log, "append", as_before)
    with an_instance(tmp_path / "i", Clock()) as instance:
        desk = Desk(instance)
        one, other = mixed(desk), desk.serials[1]
        pair(desk, one, A1=1, A2=1, B1=2, B2=2)
        desk.take(2, other)
        take(instance, desk.survey, Refusal(RefusalCode.NO_PAGE_CODE), b"torn")
        (refused,) = instance.intake.refused(desk.survey)
        instance.refused.assign(desk.survey, refused.id, Assignment(desk.layout.id, 1, other), by="Ada")
        desk.decide(next(i for i in desk.waiting() if i.question == "fick"), Choice(Action.CHOOSE, options=("annat",)))

        # Stands for an answer that the earlier version kept and that does not follow any more.
        def spoil() -> None:
            instance.store.db.execute("UPDATE sheets SET state = 'empty' WHERE serial = ?", (one,))

        instance.store.db.write(spoil)
    as_it_was(tmp_path / "i", {"text": 1, "marks": 1, "pairing": 0})
    for _ in range(2):
        with Instance.open(tmp_path / "i", Clock()) as instance:
            desk.instance = instance
            assert texts(desk) == {("ja",): "", ("nej",): "words of B", ("annat",): ""}
            assert [i.copy for i in desk.waiting() if i.question == "ord"] == [1]
            desk.whole()
            assert len(instance.decisions.made(desk.survey)) == 3


def where(desk: Desk, serial: str) -> dict[bytes, int]:
    """Return the sheet of each page image, those of doubles included, by the picture that it was taken in with."""
    rows, pictures = desk.instance.materialiser.images(desk.survey, serial), desk.instance.pictures
    return {pictures.load(desk.survey, row["id"]): row["copy"] for row in rows}


def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures show the same strokes where they begin with the same letter and number."""
    monkeypatch.setattr(intake, "same_ink", lambda _, one, __, other: one[:2] == other[:2])


def three_papers(desk: Desk) -> str:
    """Two people's first pages, one of them twice, are taken for one sheet; then a third person's comes."""
    one = desk.serials[0]
    desk.take(2, one, picture=b"A2")
    desk.take(1, one, {"fick": ["ja"], "vilka": ["vard"]}, picture=b"A1")
    desk.take(1, one, {"fick": ["ja"], "vilka": ["vard"]}, picture=b"A1 again")
    desk.take(1, one, {"fick": ["nej"]}, picture=b"B1")
    desk.decide(desk.waiting()[0], desk.instance.decisions.same_sheet(desk.survey, one))
    assert desk.take(1, one, {"fick": ["annat"]}, picture=b"C1") is Taken.COPIED
    return one


def test_a_double_follows_its_own_page_when_pages_are_paired_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    by_name(monkeypatch)
    one = three_papers(desk)
    pair(desk, one, A2=1, A1=1, B1=2, C1=3)
    assert where(desk, one) == {b"A2": 1, b"A1": 1, b"A1 again": 1, b"B1": 2, b"C1": 3}
    assert not [i for i in desk.waiting() if i.reason is Reason.TWO_IMAGES]
    desk.whole()


def test_a_pairing_taken_back_puts_no_two_papers_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    by_name(monkeypatch)
    one = three_papers(desk)
    pair(desk, one, A2=1, A1=1, B1=2, C1=3)
    newest = desk.instance.decisions.made(desk.survey)[0]
    desk.instance.decisions.undo(desk.survey, newest.item, by="Bo")
    assert where(desk, one) == {b"A2": 1, b"A1": 1, b"A1 again": 1, b"B1": 2, b"C1": 3}
    (item,) = desk.waiting()
    desk.decide(item, desk.instance.decisions.separate_sheets(desk.survey, one))
    assert where(desk, one) == {b"A2": 1, b"A1": 1, b"A1 again": 1, b"B1": 2, b"C1": 3}
    desk.whole()


def test_a_dataset_of_an_earlier_version_knows_what_its_doubles_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_name(monkeypatch)
    with an_instance(tmp_path / "i", Clock()) as instance:
        desk = Desk(instance)
        one = three_papers(desk)
    with sqlite3.connect(tmp_path / "i" / DATASET) as db:
        db.execute("ALTER TABLE images DROP COLUMN doubles")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'doubles'")
    db.close()
    with Instance.open(tmp_path / "i", Clock()) as instance:
        desk.instance = instance
        pair(desk, one, A2=1, A1=1, B1=2, C1=3)
        assert where(desk, one)[b"A1 again"] == 1
        desk.whole()
