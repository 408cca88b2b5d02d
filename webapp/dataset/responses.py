"""The responses of a survey and the counts that are kept beside them."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from forms.answers import Answer, Status
from forms.model import Instrument
from webapp.dataset.answers import Channel, OwnWords, Response, decode, encode, tally
from webapp.dataset.database import Row
from webapp.dataset.store import Store, canonical
from webapp.dataset.surveys import Survey, Surveys

KEY_BYTES = 16
LANES = 1024
"""16-bit lanes of the digest over all web responses (LtHash16: Bellare and Micciancio's AdHash with lattice lanes)."""

Counts = Mapping[tuple[str, str, str], int]
"""Numbers by channel, question and item."""


def new_key() -> bytes:
    """Return a random key for a response: it tells no order."""
    return secrets.token_bytes(KEY_BYTES)


class Responses:
    """The responses of one instance."""

    def __init__(self, store: Store, surveys: Surveys) -> None:
        self._store = store
        self._surveys = surveys

    def put(self, survey: Survey, response: Response, instrument: Instrument) -> None:
        """Keep a response, in the place of an earlier one with the same key; only inside a transaction."""
        coded, words = encode(instrument, response.answers)
        old = self._coded(survey, response.key)
        if old is not None:
            same = old["answers"] == coded and old["channel"] == response.channel.value
            if same and old["version"] == response.version and self._words(survey, response.key) == words:
                return
            self.remove(survey, response.key)
        self._store.db.execute(
            "INSERT INTO responses (survey, key, channel, version, language, answers) VALUES (?, ?, ?, ?, ?, ?)",
            (survey.slug, response.key, response.channel.value, response.version, response.language, coded),
        )
        for (question, option), text in words.items():
            self._store.db.execute(
                "INSERT INTO texts (survey, response, question, option, raw) VALUES (?, ?, ?, ?, ?)",
                (survey.slug, response.key, question, option, self._hide(survey, response.key, question, option, text)),
            )
        self._count(survey, response.channel.value, tally(instrument, coded), 1)

    def remove(self, survey: Survey, key: bytes) -> None:
        """Take a response out with its texts and counts; only inside a transaction."""
        old = self._coded(survey, key)
        if old is None:
            return
        instrument = self._surveys.instrument(survey, old["version"])
        self._count(survey, old["channel"], tally(instrument, old["answers"]), -1)
        self._store.db.execute("DELETE FROM texts WHERE survey = ? AND response = ?", (survey.slug, key))
        self._store.db.execute("DELETE FROM responses WHERE survey = ? AND key = ?", (survey.slug, key))

    def get(self, survey: Survey, key: bytes) -> Response | None:
        """Return a response, None where there is none."""
        row = self._coded(survey, key)
        return None if row is None else self._response(survey, row, self._words(survey, key))

    def all(self, survey: Survey, channel: Channel | None = None) -> Iterator[Response]:
        """Yield the responses of a survey in the order of their random keys, texts opened.

        Args:
            survey: The survey.
            channel: Only those that came this way; None: all.
        """
        words: dict[bytes, OwnWords] = {}
        sql = "SELECT response, question, option, raw FROM texts WHERE survey = ?"
        for row in self._store.db.rows(sql, (survey.slug,)):
            text = self._show(survey, row)
            words.setdefault(row["response"], {})[row["question"], row["option"]] = text
        for row in self.coded(survey, channel):
            yield self._response(survey, row, words.get(row["key"], {}))

    def coded(self, survey: Survey, channel: Channel | None = None) -> Iterator[Row]:
        """Yield the rows of a survey's responses without texts, in the order of their random keys."""
        sql = "SELECT key, channel, version, language, answers FROM responses WHERE survey = ?"
        values: tuple[object, ...] = (survey.slug,)
        if channel is not None:
            sql, values = f"{sql} AND channel = ?", (*values, channel.value)
        cursor = self._store.db.here().conn.execute(f"{sql} ORDER BY key", values)
        names = [d[0] for d in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))

    def counts(self, survey: Survey) -> Counts:
        """Return the kept counts of a survey."""
        rows = self._store.db.rows("SELECT channel, question, item, n FROM counts WHERE survey = ?", (survey.slug,))
        return {(r["channel"], r["question"], r["item"]): r["n"] for r in rows}

    def recount(self, survey: Survey) -> Counts:
        """Count all responses anew; equals `counts` unless the dataset was damaged."""
        total: Counter[tuple[str, str, str]] = Counter()
        for row in self.coded(survey):
            instrument = self._surveys.instrument(survey, row["version"])
            for (question, item), n in tally(instrument, row["answers"]).items():
                total[row["channel"], question, item] += n
        return total

    def count_anew(self, survey: Survey) -> None:
        """Put the counts that follow from the responses in the place of those kept; only inside a transaction."""
        counts = self.recount(survey)
        self._store.db.execute("DELETE FROM counts WHERE survey = ?", (survey.slug,))
        for channel in Channel:
            self._count(
                survey, channel.value, Counter({(q, i): n for (c, q, i), n in counts.items() if c == channel}), 1
            )

    def number(self, survey: Survey) -> dict[Channel, int]:
        """Return the number of responses by channel; only channels that have any."""
        sql = "SELECT channel, n FROM counts WHERE survey = ? AND question = '' AND item = ''"
        return {Channel(r["channel"]): r["n"] for r in self._store.db.rows(sql, (survey.slug,))}

    def texts(self, survey: Survey, question: str) -> Iterator[tuple[str, str]]:
        """Yield (option, text) of what was written at a question, where it is answered, shuffled."""
        sql = (
            "SELECT response, question, option, raw FROM texts t JOIN responses r ON r.survey = t.survey"
            " AND r.key = t.response WHERE t.survey = ? AND question = ? AND json_extract(answers, ?) = ?"
        )
        rows = self._store.db.rows(sql, (survey.slug, question, f'$."{question}".s', Status.ANSWERED.value))
        secrets.SystemRandom().shuffle(rows)
        for row in rows:
            yield row["option"], self._show(survey, row)

    def element(self, survey: Survey, row: Row) -> bytes:
        """Return what one response contributes to the digest over all web responses, as 2048 bytes."""
        words = sorted((q, o, t) for (q, o), t in self._words(survey, row["key"]).items())
        content = canonical([row["key"].hex(), row["channel"], row["version"], row["language"], row["answers"], words])
        return hashlib.shake_256(content).digest(LANES * 2)

    def element_of(self, survey: Survey, key: bytes) -> bytes:
        """Return `element` for a key that exists."""
        row = self._coded(survey, key)
        if row is None:
            raise KeyError(key.hex())
        return self.element(survey, row)

    def _count(self, survey: Survey, channel: str, counts: Counter[tuple[str, str]], sign: int) -> None:
        conn = self._store.db.here().conn
        conn.executemany(
            "INSERT INTO counts (survey, channel, question, item, n) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET n = n + excluded.n",
            [(survey.slug, channel, question, item, sign * n) for (question, item), n in counts.items()],
        )
        if sign < 0:
            conn.execute("DELETE FROM counts WHERE survey = ? AND n = 0", (survey.slug,))

    def _coded(self, survey: Survey, key: bytes) -> Row | None:
        return self._store.db.row(
            "SELECT key, channel, version, language, answers FROM responses WHERE survey = ? AND key = ?",
            (survey.slug, key),
        )

    def _words(self, survey: Survey, key: bytes) -> OwnWords:
        sql = "SELECT response, question, option, raw FROM texts WHERE survey = ? AND response = ?"
        rows = self._store.db.rows(sql, (survey.slug, key))
        return {(row["question"], row["option"]): self._show(survey, row) for row in rows}

    def _response(self, survey: Survey, row: Row, words: OwnWords) -> Response:
        instrument = self._surveys.instrument(survey, row["version"])
        answers: tuple[Answer, ...] = decode(instrument, row["answers"], words)
        return Response(row["key"], Channel(row["channel"]), row["version"], row["language"], answers)

    def _hide(self, survey: Survey, key: bytes, question: str, option: str, text: str) -> bytes:
        return self._store.hide(survey.random_id, text.encode(), _place(key, question, option))

    def _show(self, survey: Survey, row: Row) -> str:
        place = _place(row["response"], row["question"], row["option"])
        return self._store.show(survey.random_id, row["raw"], place).decode()


def _place(key: bytes, question: str, option: str) -> str:
    return f"text {key.hex()} {question} {option}"


def combine(digest: bytes, element: bytes, sign: int = 1) -> bytes:
    """Add an element to a digest, or take it out: the same set gives the same digest in any order."""
    lanes = np.frombuffer(digest, dtype="<u2").astype(np.uint32)
    more = np.frombuffer(element, dtype="<u2").astype(np.uint32)
    total = lanes + more if sign > 0 else lanes + (0x10000 - more)
    return (total & 0xFFFF).astype("<u2").tobytes()


EMPTY_DIGEST = bytes(LANES * 2)
"""The digest over no response at all."""
