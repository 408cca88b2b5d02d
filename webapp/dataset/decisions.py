"""What waits for a person, and what people decided: added to the log, never written over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, islice

from forms.answers import Reason
from webapp.dataset.choices import ALLOWED, bad_choice, checked_options, checked_text
from webapp.dataset.database import Row
from webapp.dataset.errors import DatasetError
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.materialise import ImageStatus, Materialiser, choice_of, payload_of
from webapp.dataset.pages import Action, Aspect, Choice, aspect_of, page_of_questions
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys

_WAITING = "SELECT waiting.*, images.layout FROM waiting JOIN images ON images.id = waiting.image"
_ORDER = "waiting.serial, waiting.copy, position, question, option, reason"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits for a person.

    Attributes:
        id: Names it in addresses; stable as long as it waits.
        survey: Slug of the survey.
        serial: The sheet's serial.
        copy: Which of the papers with this serial, from 1; 0 where just that is the question.
        page: Page of the sheet.
        question: Question id; empty where pages must be paired.
        option: Option id; None: the whole question or its own field.
        reason: Why it waits.
        image: The page image to look at.
        reading: Log number of the reading that is judged; None for a page that the machine could not read.
        version: Version of the instrument that the sheet was printed with.
        aspect: What of the question it is about.
        suggestions: What the machine thinks is written, by every picture of the page; empty where it does not guess.
    """

    id: str
    survey: str
    serial: str
    copy: int
    page: int
    question: str
    option: str | None
    reason: Reason
    image: str
    reading: int | None
    version: str
    aspect: Aspect
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided.

    Attributes:
        seq: Its number in the log.
        item: The item's id.
        serial: The sheet's serial.
        copy: Which of the papers with this serial.
        question: Question id; empty for paired pages.
        option: Option id; None: the whole question or its own field.
        aspect: What it is about.
        choice: What was decided; action UNDO: it waits again.
        by: Name of the person.
        at: When, ISO 8601.
        reading: Log number of the reading it judged.
    """

    seq: int
    item: str
    serial: str
    copy: int
    question: str
    option: str | None
    aspect: Aspect
    choice: Choice
    by: str
    at: str
    reading: int | None


class AlreadyDecided(DatasetError):
    """Somebody else was faster.

    Attributes:
        decision: What they decided.
    """

    def __init__(self, decision: Decision) -> None:
        what = f"This was decided already, by {decision.by or 'somebody'}."
        super().__init__("already-decided", what, "Look at what was decided; undo it if it is wrong.")
        self.decision = decision


@dataclass(frozen=True, slots=True)
class CopiedPage:
    """One page image of a serial that stands on more than one paper.

    Attributes:
        image: The page image.
        page: Page of the sheet.
        copy: The paper that the machine put it with, from 1.
        file: Name of the delivered file.
        number: Page image in it.
        part: Slip on the image, from 1; None where the image holds one page only.
    """

    image: str
    page: int
    copy: int
    file: str
    number: int
    part: int | None = None


class Decisions:
    """What waits and what was decided in one instance."""

    def __init__(self, store: Store, log: Log, surveys: Surveys, materialiser: Materialiser) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._materialiser = materialiser

    def count(self, survey: Survey) -> int:
        """Return how many items wait."""
        return int(self._store.db.value("SELECT count(*) FROM waiting WHERE survey = ?", (survey.slug,)))

    def waiting(self, survey: Survey) -> tuple[Item, ...]:
        """Return all that waits, in an order that stays: by serial, paper, and place on the sheet."""
        sql = f"{_WAITING} WHERE waiting.survey = ? ORDER BY {_ORDER}"
        return tuple(self._item(survey, row) for row in self._store.db.rows(sql, (survey.slug,)))

    def item(self, survey: Survey, item_id: str) -> Item:
        """Return one waiting item with the machine's suggestions.

        Raises:
            AlreadyDecided: It was decided.
            DatasetError: `unknown-item`: it never waited, or its sheet was read otherwise since.
        """
        serial, copy, question, option, aspect = _parse(item_id)
        rows = self._store.db.rows(
            f"{_WAITING} WHERE waiting.survey = ? AND waiting.serial = ? AND waiting.copy = ?"
            " AND question = ? AND option = ?",
            (survey.slug, serial, copy, question, option),
        )
        for row in rows:
            found = self._item(survey, row)
            if found.aspect is not aspect:
                continue
            if aspect is not Aspect.TEXT:
                return found
            guessed = self._materialiser.suggestions(survey, serial, copy, question, found.option)
            return replace(found, suggestions=guessed)
        decision = self._latest(survey, (serial, copy, question, option, aspect))
        if decision is not None and decision.choice.action is not Action.UNDO:
            raise AlreadyDecided(decision)
        remedy = "Go back to the list of what waits."
        raise DatasetError("unknown-item", "This does not wait for a decision.", remedy)

    def decide(self, survey: Survey, item_id: str, choice: Choice, *, by: str) -> Decision:
        """Decide about a waiting item.

        Args:
            survey: The survey.
            item_id: The item.
            choice: What is decided.
            by: Name of the person.

        Raises:
            AlreadyDecided: Somebody else was faster.
            DatasetError: `unknown-item`, `bad-choice`, `survey-final`.
        """

        def change() -> Decision:
            current = self._surveys.changeable(survey)
            item = self.item(current, item_id)
            good = self._checked(current, item, choice)
            key = (item.serial, item.copy, item.question, item.option or "", item.aspect)
            seq = self._record(current, key, good, (self._judged(current, item), item.reading), by)
            if item.aspect is Aspect.PAIRING:
                self._pair(current, item.serial, good)
            self._materialiser.sheet(current, item.serial)
            return self._decision(seq, item.copy)

        return self._store.db.write(change)

    def undo(self, survey: Survey, item_id: str, *, by: str) -> Decision:
        """Take a decision back by a new one; the item waits again if there is still a reason.

        Raises:
            DatasetError: `nothing-to-undo`, `survey-final`.
        """

        def change() -> Decision:
            current = self._surveys.changeable(survey)
            key = _parse(item_id)
            latest = self._latest(current, key)
            if latest is None or latest.choice.action is Action.UNDO:
                remedy = "Go back to the list of what waits."
                raise DatasetError("nothing-to-undo", "Nothing is decided about this.", remedy)
            judged = self._store.db.value("SELECT judged FROM decisions WHERE seq = ?", (latest.seq,)).split()
            seq = self._record(current, key, Choice(Action.UNDO), (judged, latest.reading), by)
            if key[4] is Aspect.PAIRING:
                self._unpair(current, key[0])
            self._materialiser.sheet(current, key[0])
            return self._decision(seq, key[1])

        return self._store.db.write(change)

    def undo_page(self, survey: Survey, serial: str, image: str, *, by: str) -> None:
        """Take back all that was decided about a page image; only inside a transaction that makes its sheet anew."""
        sql = "SELECT seq, judged, reading FROM decisions WHERE survey = ? AND serial = ?"
        for row in self._store.db.rows(sql, (survey.slug, serial)):
            judged = row["judged"].split()
            made = self._holds(survey, row["seq"], serial, judged) if image in judged else None
            if made is not None:
                self._record(survey, _parse(made.item), Choice(Action.UNDO), (judged, row["reading"]), by)

    def made(self, survey: Survey, limit: int = 100, *, before: int | None = None) -> tuple[Decision, ...]:
        """Return what holds of what was decided, newest first; undone decisions left out.

        Args:
            survey: The survey.
            limit: The most to return.
            before: Only what was decided before the decision with this log number.
        """
        return tuple(islice(self._made(survey, before), limit))

    def _made(self, survey: Survey, before: int | None) -> Iterator[Decision]:
        sql = "SELECT seq, serial, judged FROM decisions WHERE survey = ? AND (? IS NULL OR seq < ?) ORDER BY seq DESC"
        for row in self._store.db.rows(sql, (survey.slug, before, before)):
            found = self._holds(survey, row["seq"], row["serial"], row["judged"].split())
            if found is not None:
                yield found

    def _holds(self, survey: Survey, seq: int, serial: str, judged: list[str]) -> Decision | None:
        """Return a decision if it is the latest about what these page images show, and none that takes one back."""
        copy = self._copy(judged)
        if copy is None or seq not in self._materialiser.decided(survey, serial, copy).values():
            return None
        found = self._decision(seq, copy)
        return None if found.choice.action is Action.UNDO else found

    def _copy(self, judged: list[str]) -> int | None:
        """Return the paper that all page images which a decision judged are of now.

        0 for one about the pages' pairing; None where its pages are of different papers or set aside, so that it does
        not hold.
        """
        copies = {self._store.db.value("SELECT copy FROM images WHERE id = ?", (image,)) for image in judged}
        if len(copies) == 1:
            return next(iter(copies)) or None
        return None if copies else 0

    def copied_pages(self, survey: Survey, serial: str) -> tuple[CopiedPage, ...]:
        """Return the page images of a serial that must be paired, in the order they came."""
        return tuple(
            CopiedPage(
                row["id"],
                row["page"],
                row["copy"],
                row["file"],
                row["image"],
                row["part"] if row["parts"] > 1 else None,
            )
            for row in self._materialiser.images(survey, serial)
            if row["status"] != ImageStatus.DOUBLE.value
        )

    def separate_sheets(self, survey: Survey, serial: str) -> Choice:
        """Return the choice that the papers of a serial are as the machine put them: a sheet each."""
        return Choice(Action.PAIR, pairs=tuple((p.image, p.copy) for p in self.copied_pages(survey, serial)))

    def same_sheet(self, survey: Survey, serial: str) -> Choice:
        """Return the choice that all page images of a serial are of one paper; where they disagree, that waits."""
        return Choice(Action.PAIR, pairs=tuple((p.image, 1) for p in self.copied_pages(survey, serial)))

    def _checked(self, survey: Survey, item: Item, choice: Choice) -> Choice:
        """Return the choice in its final form, or say why it can't be."""
        if choice.action not in ALLOWED[item.aspect]:
            raise bad_choice("That can't be decided about this item.")
        if item.aspect is Aspect.PAIRING:
            images = {p.image for p in self.copied_pages(survey, item.serial)}
            if {i for i, _ in choice.pairs} != images or any(n < 0 for _, n in choice.pairs):
                raise bad_choice("Every page must be put with a sheet, or set aside.")
            return choice
        question = self._surveys.instrument(survey, item.version).by_id[item.question]
        if choice.action is Action.TEXT:
            return Choice(Action.TEXT, text=checked_text(question, item.option, choice.text))
        if choice.action is Action.CHOOSE and item.option is None:
            return Choice(Action.CHOOSE, options=checked_options(question, choice.options))
        return Choice(choice.action)

    def _record(
        self,
        survey: Survey,
        key: tuple[str, int, str, str, Aspect],
        choice: Choice,
        about: tuple[list[str], int | None],
        by: str,
    ) -> int:
        """Log what was decided about these page images and this reading; return its log number."""
        serial, copy, question, option, aspect = key
        judged, reading = about
        payload = payload_of(choice) | {
            "serial": serial,
            "copy": copy,
            "question": question,
            "option": option,
            "aspect": aspect.value,
            "judged": judged,
            "reading": reading,
            "page": self._page(survey, serial, question),
            "by": by,
            "at": self._store.now().isoformat(timespec="seconds"),
        }
        seq = self._log.append(EntryKind.DECISION, payload, survey.random_id)
        self._store.db.execute(
            "INSERT OR REPLACE INTO decisions (survey, serial, judged, question, option, aspect, seq, reading)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (survey.slug, serial, " ".join(judged), question, option, aspect.value, seq, reading),
        )
        return seq

    def _judged(self, survey: Survey, item: Item) -> list[str]:
        """Return the page images that are judged with an item; doubles show nothing else and follow them."""
        if item.aspect is Aspect.PAIRING:
            return []
        rows = self._materialiser.images(survey, item.serial, item.copy)
        own = [r["id"] for r in rows if r["page"] == item.page and r["status"] != ImageStatus.DOUBLE.value]
        return sorted(own or [item.image])

    def _page(self, survey: Survey, serial: str, question: str) -> int:
        layout_id = self._store.db.value(
            "SELECT layout FROM sheets WHERE survey = ? AND serial = ?", (survey.slug, serial)
        )
        return page_of_questions(self._materialiser.layout(layout_id)).get(question, 0) if layout_id else 0

    def _pair(self, survey: Survey, serial: str, choice: Choice) -> None:
        """Put each page image with its paper; doubles follow the page that they double."""
        moved = dict(choice.pairs)
        for row in self._materialiser.images(survey, serial):
            copy = moved.get(row["doubles"] or row["id"])
            if copy is not None:
                sql = "UPDATE images SET machine_copy = coalesce(machine_copy, copy), copy = ? WHERE id = ?"
                self._store.db.execute(sql, (copy, row["id"]))

    def _unpair(self, survey: Survey, serial: str) -> None:
        """Put each page image back with the paper that the machine took it for, doubles with the page they double.

        What came while a pairing held may have been given the number of a paper that was part of another then: it gets
        one that no earlier image of its page has.
        """
        back: dict[str, int] = {}
        taken: set[tuple[int, int]] = set()
        for row in sorted(self._materialiser.images(survey, serial), key=lambda row: row["doubles"] != ""):
            copy = back.get(row["doubles"])
            if copy is None:
                numbers = (n for n in chain((row["machine_copy"] or row["copy"],), count(1)) if n)
                copy = next(n for n in numbers if (row["page"], n) not in taken)
                taken.add((row["page"], copy))
            back[row["id"]] = copy
            sql = "UPDATE images SET copy = ?, machine_copy = NULL WHERE id = ?"
            self._store.db.execute(sql, (copy, row["id"]))

    def _latest(self, survey: Survey, key: tuple[str, int, str, str, Aspect]) -> Decision | None:
        serial, copy, question, option, aspect = key
        seq = self._materialiser.decided(survey, serial, copy).get((question, option, aspect))
        return None if seq is None else self._decision(seq, copy)

    def _decision(self, seq: int, copy: int) -> Decision:
        """Return a decision, as one about this paper: the one that its pages are of now."""
        plain = self._log.payload(seq)
        key = (plain["serial"], copy, plain["question"], plain["option"], Aspect(plain["aspect"]))
        return Decision(
            seq=seq,
            item=_name(*key),
            serial=plain["serial"],
            copy=copy,
            question=plain["question"],
            option=plain["option"] or None,
            aspect=key[4],
            choice=choice_of(plain),
            by=plain["by"],
            at=plain["at"],
            reading=plain["reading"],
        )

    def _item(self, survey: Survey, row: Row) -> Item:
        reason = Reason(row["reason"])
        version = self._materialiser.layout(row["layout"]).version
        aspect = aspect_of(reason, self._surveys.instrument(survey, version).by_id.get(row["question"]))
        return Item(
            id=_name(row["serial"], row["copy"], row["question"], row["option"], aspect),
            survey=row["survey"],
            serial=row["serial"],
            copy=row["copy"],
            page=row["page"],
            question=row["question"],
            option=row["option"] or None,
            reason=reason,
            image=row["image"],
            reading=row["reading"],
            version=version,
            aspect=aspect,
        )


def _name(serial: str, copy: int, question: str, option: str, aspect: Aspect) -> str:
    return ".".join((serial, str(copy), aspect.value, question, option))


def _parse(item_id: str) -> tuple[str, int, str, str, Aspect]:
    parts = item_id.split(".")
    try:
        serial, copy, aspect, question, option = parts
        return serial, int(copy), question, option, Aspect(aspect)
    except ValueError as error:
        remedy = "Go back to the list of what waits."
        raise DatasetError("unknown-item", "This does not name anything that waits.", remedy) from error
