"""How answers stand in the dataset, and what is counted of them.

A response's coded answers are one canonical JSON text; words of people's own stand encrypted in the table `texts`.
Both follow from `forms.answers.route`, whatever the channel.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from forms import places
from forms.answers import Answer, Flag, Reason, Status, Waiting, own_field_faults, plain_number
from forms.model import Instrument, Kind
from webapp.dataset.store import canonical

OwnWords = dict[tuple[str, str], str]
"""Texts by question and option; the option is empty for the question's own field."""


class Channel(StrEnum):
    """The way an answer came."""

    WEB = "web"
    PAPER = "paper"
    INTERVIEW = "interview"
    PHONE = "phone"


ABOUT_OTHER = (Flag.OTHER_WITHOUT_TEXT, Flag.TEXT_WITHOUT_OTHER)
"""Flags about an option with words of one's own; the third flag is counted as an item with another name."""


class Item(StrEnum):
    """What is counted of a question; options, texts, places and numbers have items of their own, see `tally`."""

    ASKED = "asked"
    PASSED_OVER = "passed over"
    ANSWERED = "answered"
    BLANK = "blank"
    UNCLEAR = "unclear"
    NOT_RETURNED = "not returned"
    ALTHOUGH_PASSED_OVER = "answered although passed over"
    GIVEN = "given"
    WORDS_ALONE = "own words alone"
    OTHER_WITHOUT_TEXT = Flag.OTHER_WITHOUT_TEXT.value
    TEXT_WITHOUT_OTHER = Flag.TEXT_WITHOUT_OTHER.value
    WAITING = "waiting"
    UNSETTLED = "an option unclear"


@dataclass(frozen=True, slots=True)
class Response:
    """One person's answers.

    Attributes:
        key: 16 random bytes.
        channel: The way it came.
        version: Version of the instrument that it answers.
        language: Language that it was given in.
        answers: One a question, in the instrument's order.
    """

    key: bytes
    channel: Channel
    version: str
    language: str
    answers: tuple[Answer, ...]


def encode(instrument: Instrument, answers: tuple[Answer, ...]) -> tuple[str, OwnWords]:
    """Part answers into the coded JSON and the words of people's own.

    Questions that were asked and left blank are left out. Numbers in range and codes of places are coded values;
    everything else that was written is words.

    Args:
        instrument: The version that was answered.
        answers: One a question.

    Returns:
        Canonical JSON and the texts.
    """
    codes = places.codes()
    plain: dict[str, object] = {}
    words: OwnWords = {}
    for answer in answers:
        question = instrument.by_id[answer.question]
        entry: dict[str, object] = {}
        if answer.status is not Status.BLANK:
            entry["s"] = answer.status.value
        if answer.options:
            entry["o"] = list(answer.options)
        for option, text in answer.texts:
            coded = question.kind in (Kind.NUMBER, Kind.PLACE) and option is None
            if coded and not any(own_field_faults(question, text, codes)):
                entry["v"] = text
            else:
                words[answer.question, option or ""] = text
                entry.setdefault("t", []).append(option or "")  # type: ignore[attr-defined]
        if answer.waiting:
            entry["w"] = [[w.option, w.reason.value] for w in answer.waiting]
        if answer.unsettled:
            entry["u"] = list(answer.unsettled)
        if answer.flags:
            entry["f"] = [f.value for f in answer.flags]
        if not answer.asked:
            entry["a"] = 0
        if entry:
            plain[answer.question] = entry
    return canonical(plain).decode(), words


def decode(instrument: Instrument, coded: str, words: Mapping[tuple[str, str], str]) -> tuple[Answer, ...]:
    """Put back together what `encode` parted; a text that is not in `words` any more (purged) is left out."""
    plain = _entries(instrument, coded)
    answers = []
    for question in instrument.questions:
        entry = plain.get(question.id, {})
        texts: list[tuple[str | None, str]] = [(None, entry["v"])] if "v" in entry else []
        texts += [(o or None, words[question.id, o]) for o in entry.get("t", ()) if (question.id, o) in words]
        answers.append(
            Answer(
                question=question.id,
                status=Status(entry.get("s", Status.BLANK.value)),
                options=tuple(entry.get("o", ())),
                texts=tuple(texts),
                waiting=tuple(Waiting(o, Reason(r)) for o, r in entry.get("w", ())),
                flags=tuple(Flag(f) for f in entry.get("f", ())),
                asked=bool(entry.get("a", 1)),
                unsettled=tuple(entry.get("u", ())),
            )
        )
    return tuple(answers)


def tally(instrument: Instrument, coded: str) -> Counter[tuple[str, str]]:
    """Count one response: 1 for each (question, item) that holds.

    Items are those of `Item` and, where the question is answered, `option:ID`, `text:OPTION`, `place:CODE` and
    `number:VALUE`: what stands at a question that is unclear is no answer given. The pair of two empty
    strings counts the response itself. `given` are all answers given, those although passed over included: the base
    of shares.
    """
    plain = _entries(instrument, coded)
    counts: Counter[tuple[str, str]] = Counter({("", ""): 1})
    for question in instrument.questions:
        for item in _items(question.kind, plain.get(question.id, {})):
            counts[question.id, item] += 1
    return counts


def _entries(instrument: Instrument, coded: str) -> dict[str, dict[str, Any]]:
    """Read coded answers; numbers that an earlier version of the program kept as "07" are "7"."""
    plain: dict[str, dict[str, Any]] = json.loads(coded)
    for question in instrument.questions:
        if question.kind is Kind.NUMBER and "v" in (entry := plain.get(question.id, {})):
            entry["v"] = plain_number(entry["v"])
    return plain


def _items(kind: Kind, entry: Mapping[str, Any]) -> Iterator[str]:
    status = Status(entry.get("s", Status.BLANK.value))
    asked = bool(entry.get("a", 1))
    yield Item.ASKED.value if asked else Item.PASSED_OVER.value
    if asked:
        yield Item(status.value).value
    if status is Status.ANSWERED:
        yield Item.GIVEN.value
        if not asked:
            yield Item.ALTHOUGH_PASSED_OVER.value
        if kind in (Kind.SINGLE, Kind.MULTIPLE, Kind.SCALE) and not entry.get("o"):
            yield Item.WORDS_ALONE.value
        if entry.get("u"):
            yield Item.UNSETTLED.value
        yield from (f.value for f in ABOUT_OTHER if f.value in entry.get("f", ()))
        yield from (f"option:{o}" for o in entry.get("o", ()))
        yield from (f"text:{o}" for o in entry.get("t", ()))
        if "v" in entry:
            yield f"{kind.value}:{entry['v']}"
    if entry.get("w"):
        yield Item.WAITING.value
