"""Checks that the log is whole and that answers and counts are what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag

from forms.errors import FormsError
from webapp.dataset.answers import Channel, encode
from webapp.dataset.errors import DatasetError
from webapp.dataset.log import EntryKind, Log, LogFault
from webapp.dataset.materialise import Materialiser, SheetState
from webapp.dataset.pages import Aspect
from webapp.dataset.responses import EMPTY_DIGEST, Responses, combine
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys, SurveyState
from webapp.dataset.verify_tables import TableVerifier

UNREADABLE = (FormsError, ValueError, LookupError, TypeError, AttributeError)
"""What comes of rows that the program never wrote; found on the way to an answer, they are named and not raised."""


class Verifier:
    """Verifies one instance."""

    def __init__(
        self, store: Store, log: Log, surveys: Surveys, responses: Responses, materialiser: Materialiser
    ) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._responses = responses
        self._materialiser = materialiser
        self._tables = TableVerifier(store, log)

    def verify(self, head: str | None = None) -> tuple[LogFault, ...]:
        """Recompute chain, payloads, answers and counts.

        Args:
            head: A head of the chain as printed earlier, which must be found in it.

        Returns:
            What is wrong; empty where nothing is.
        """
        with self._store.db.snapshot():
            faults = list(self._log.verify(head))
            surveys = []
            for row in self._store.db.rows("SELECT slug FROM surveys ORDER BY slug"):
                try:
                    surveys.append(self._surveys.get(row["slug"]))
                except UNREADABLE as error:
                    faults.append(LogFault(f"survey {row['slug']}", f"It was changed: it can't be read ({error})."))
            faults += self._missing_payloads(surveys)
            faults += self._tables.faults()
            for survey in surveys:
                if survey.state is SurveyState.PURGED:
                    continue
                try:
                    for check in (self._web_faults, self._sheet_faults, self._count_faults):
                        faults += check(survey)
                except DatasetError as error:
                    faults.append(LogFault(f"survey {survey.slug}", f"{error.message} {error.remedy}"))
                except InvalidTag:
                    faults.append(LogFault(f"survey {survey.slug}", "A stored text was changed: it can't be opened."))
                except UNREADABLE as error:
                    what = f"What is stored of it was changed and can't be read ({error!r})."
                    faults.append(LogFault(f"survey {survey.slug}", what))
        return tuple(faults)

    def _missing_payloads(self, surveys: Iterable[Survey]) -> Iterator[LogFault]:
        """Find payloads that are gone although nothing the program does takes them away.

        It deletes those of earlier lots, those of a draft's tests at opening, and all of a purged survey.
        """
        opened = {s.random_id: self._opening(s) for s in surveys}
        newest_lots = {row["seq"] for row in self._store.db.rows("SELECT seq FROM web_digests WHERE seq IS NOT NULL")}
        sql = "SELECT seq, kind, survey FROM log WHERE seq NOT IN (SELECT seq FROM payloads) ORDER BY seq"
        for row in self._store.db.rows(sql):
            earlier_lot = row["kind"] == EntryKind.LOT.value and row["seq"] not in newest_lots
            test = row["kind"] != EntryKind.SURVEY.value and row["seq"] < opened.get(row["survey"], 0)
            if not earlier_lot and not test and not self._purged(row["survey"]):
                yield LogFault(f"log {row['seq']}", "The payload was deleted.")

    def _purged(self, random_id: str) -> bool:
        state = self._store.db.value("SELECT state FROM surveys WHERE random_id = ?", (random_id,))
        return bool(state == SurveyState.PURGED.value)

    def _opening(self, survey: Survey) -> int:
        """Return the log number at which a survey was opened; 0 for a draft."""
        sql = (
            "SELECT seq FROM log WHERE survey = ? AND kind = ? AND seq IN (SELECT seq FROM payloads) ORDER BY seq DESC"
        )
        for row in self._store.db.rows(sql, (survey.random_id, EntryKind.SURVEY.value)):
            try:
                if self._log.payload(row["seq"])["action"] == "opened":
                    return int(row["seq"])
            except (InvalidTag, DatasetError):
                continue
        return 0

    def _web_faults(self, survey: Survey) -> Iterator[LogFault]:
        place = f"survey {survey.slug}"
        digest, number = EMPTY_DIGEST, 0
        for row in self._responses.coded(survey, Channel.WEB):
            digest, number = combine(digest, self._responses.element(survey, row)), number + 1
        seq = self._store.db.value("SELECT seq FROM web_digests WHERE survey = ?", (survey.slug,))
        newest = self._newest_lot(survey)
        if seq != newest:
            yield LogFault(place, f"The newest lot in the log is {newest or 'none'}, the dataset says {seq or 'none'}.")
        if newest is None:
            if number:
                yield LogFault(place, f"The dataset has {number} web responses, the log knows of none.")
            return
        try:
            payload = self._log.payload(newest)
        except (DatasetError, InvalidTag):
            return  # told by the log's own check
        if payload["responses"] != number:
            yield LogFault(place, f"The log says {payload['responses']} web responses, the dataset has {number}.")
        elif payload["digest"] != hashlib.sha256(digest).hexdigest():
            yield LogFault(place, "At least one web response is not what entered the dataset.")

    def _newest_lot(self, survey: Survey) -> int | None:
        sql = "SELECT max(seq) FROM log WHERE survey = ? AND kind = ? AND seq > ?"
        found = self._store.db.value(sql, (survey.random_id, EntryKind.LOT.value, self._opening(survey)))
        return None if found is None else int(found)

    def _sheet_faults(self, survey: Survey) -> Iterator[LogFault]:
        seen: set[bytes] = set()
        for row in self._store.db.rows("SELECT * FROM sheets WHERE survey = ? ORDER BY serial, copy", (survey.slug,)):
            place = f"sheet {row['serial']}" + (f" ({row['copy']})" if row["copy"] != 1 else "")
            try:
                came = self._materialiser.of_sheet(survey, row["serial"], row["copy"])
            except (DatasetError, InvalidTag):
                yield LogFault(place, "Its readings or decisions can't be opened.")
                continue
            response = self._responses.get(survey, row["response"]) if row["response"] else None
            if row["state"] != came.state.value:
                yield LogFault(place, f"It is kept as {row['state']} but follows as {came.state.value}.")
            if (came.state is SheetState.COUNTED) != (response is not None):
                yield LogFault(place, "Whether it is counted does not follow from its pages.")
            elif response is not None:
                seen.add(response.key)
                instrument = self._surveys.instrument(survey, response.version)
                if encode(instrument, response.answers) != encode(instrument, came.answers):
                    yield LogFault(place, "Its answers are not what follows from readings and decisions.")
        extra = sum(row["key"] not in seen for row in self._responses.coded(survey, Channel.PAPER))
        if extra:
            yield LogFault(f"survey {survey.slug}", f"{extra} paper responses belong to no sheet.")
        yield from self._index_faults(survey)

    def _index_faults(self, survey: Survey) -> Iterator[LogFault]:
        """See that every decision and reading in the log is the one that the tables point to."""
        latest: dict[tuple[object, ...], int] = {}
        sql = "SELECT seq FROM log WHERE survey = ? AND kind = ? AND seq IN (SELECT seq FROM payloads) ORDER BY seq"
        for row in self._store.db.rows(sql, (survey.random_id, EntryKind.DECISION.value)):
            try:
                plain = self._log.payload(row["seq"])
            except InvalidTag:
                continue
            key = (plain["serial"], self._judged(survey, plain), *(plain[k] for k in ("question", "option", "aspect")))
            latest[key] = row["seq"]
        stored = {
            (r["serial"], r["judged"], r["question"], r["option"], r["aspect"]): r["seq"]
            for r in self._store.db.rows("SELECT * FROM decisions WHERE survey = ?", (survey.slug,))
        }
        for key in sorted({*latest, *stored}, key=str):
            if latest.get(key) != stored.get(key):
                yield LogFault(f"sheet {key[0]}", "A decision in the log is not the one that is used.")
        sql = (
            "SELECT seq FROM log WHERE survey = ? AND kind = ? AND seq IN (SELECT seq FROM payloads)"
            " AND seq NOT IN (SELECT reading FROM images WHERE reading IS NOT NULL)"
        )
        for row in self._store.db.rows(sql, (survey.random_id, EntryKind.READING.value)):
            yield LogFault(f"log {row['seq']}", "The reading belongs to no page image any more.")

    def _judged(self, survey: Survey, plain: Mapping[str, Any]) -> str:
        """Return the page images that a logged decision judged, as the table names them.

        Earlier versions logged the reading alone; without one, the page had been entered by hand.
        """
        if "judged" in plain:
            return " ".join(plain["judged"])
        if plain["aspect"] == Aspect.PAIRING.value:
            return ""
        sql = "SELECT id FROM images WHERE survey = ? AND serial = ? AND"
        read = self._store.db.value(f"{sql} reading = ?", (survey.slug, plain["serial"], plain["reading"]))
        by_hand = f"{sql} status = 'assigned' AND page = ?"
        return read or self._store.db.value(by_hand, (survey.slug, plain["serial"], plain["page"])) or ""

    def _count_faults(self, survey: Survey) -> Iterator[LogFault]:
        kept, counted = dict(self._responses.counts(survey)), dict(self._responses.recount(survey))
        wrong = sorted(k for k in {*kept, *counted} if kept.get(k, 0) != counted.get(k, 0))
        for channel, question, item in wrong[:20]:
            key = (channel, question, item)
            what = f"{item or 'responses'} is kept as {kept.get(key, 0)} but is {counted.get(key, 0)}."
            yield LogFault(f"counts {survey.slug} {channel} {question}".rstrip(), what)
