"""An instance with a small survey, a clock that tests move, and page readings without pictures to read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from forms.answers import Given, Mark, Status
from forms.layout import Field, FieldKind, Layout, Reads
from forms.model import Kind
from omr.images import Picture
from omr.readings import Chances, MarkReading, PageReading, Quality, StrayInk, TextReading
from webapp.dataset.answers import Channel, Response
from webapp.dataset.decisions import Item
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Place, Taken
from webapp.dataset.pages import Choice
from webapp.dataset.runs import Run
from webapp.dataset.surveys import Settings, Survey
from webapp.dataset.tray import Acknowledgement, new_submission_id, parse_submission_id

DEFINITION = """
id = "prov"
languages = ["sv", "en"]
title = { sv = "Ett prov", en = "A try" }
intro = { sv = "{organisation} frågar.", en = "{organisation} asks." }
thanks = { sv = "Tack.", en = "Thanks." }
support = { sv = "Ring {support}.", en = "Call {support}." }

[parameters]
organisation = true
support = true

[[section]]
id = "forst"
title = { sv = "Först", en = "First" }

[[section.question]]
id = "fick"
kind = "single"
text = { sv = "Fick du en plan?", en = "Did you get a plan?" }
options = [
  { id = "ja", label = { sv = "Ja", en = "Yes" } },
  { id = "nej", label = { sv = "Nej", en = "No" } },
  { id = "annat", label = { sv = "Annat", en = "Other" }, other = true },
]

[[section.question]]
id = "bra"
kind = "scale"
text = { sv = "Hur bra var den?", en = "How good was it?" }
points = 5
low = { sv = "Inte bra", en = "Not good" }
high = { sv = "Mycket bra", en = "Very good" }
asked_if = { question = "fick", is = ["ja"] }

[[section.question]]
id = "vilka"
kind = "multiple"
text = { sv = "Vilka var med?", en = "Who took part?" }
options = [
  { id = "vard", label = { sv = "Vården", en = "Health care" } },
  { id = "kommun", label = { sv = "Kommunen", en = "The municipality" } },
  { id = "ingen", label = { sv = "Ingen", en = "Nobody" }, exclusive = true },
]

[[section]]
id = "sedan"
title = { sv = "Sedan", en = "Then" }

[[section.question]]
id = "antal"
kind = "number"
text = { sv = "Hur många möten?", en = "How many meetings?" }
minimum = 0
maximum = 99

[[section.question]]
id = "ort"
kind = "place"
text = { sv = "Vilken kommun?", en = "Which municipality?" }
places = "kommuner"

[[section.question]]
id = "ord"
kind = "text"
text = { sv = "Vad vill du säga?", en = "What do you want to say?" }
lines = 3
"""

PARAMETERS = {"organisation": "Föreningen Exempel", "contact": "exempel@example.org", "support": "0771-22 00 60"}
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRST_PAGE = ("fick", "bra", "vilka")


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@contextmanager
def an_instance(path: Path, clock: Clock | None = None) -> Iterator[Instance]:
    with Instance.create(path, clock or Clock()) as instance:
        yield instance


def a_survey(instance: Instance, slug: str = "prov", *, opened: bool = True, **settings: object) -> Survey:
    survey = instance.surveys.create(
        slug,
        DEFINITION,
        "prov.toml",
        parameters=PARAMETERS,
        settings=Settings(**settings),  # type: ignore[arg-type]
    )
    return instance.surveys.open(slug) if opened else survey


def given(fick: str | None = None, **texts: str) -> dict[str, Given]:
    answers = {"fick": Given({fick: Mark.CROSSED})} if fick else {}
    return answers | {question: Given({}, {None: text}) for question, text in texts.items()}


def send(
    instance: Instance, survey: Survey, answers: Mapping[str, Given], number: str | None = None
) -> Acknowledgement:
    submission = parse_submission_id(number or new_submission_id())
    return instance.tray.submit(survey, submission, instance.tray.seal_on_arrival(survey, submission, answers, "sv"))


def two_page_layout(survey: Survey, language: str = "sv") -> Layout:
    """Make a layout of two pages without drawing anything."""
    fields = []
    for number, question in enumerate(survey.instrument.questions):
        page, y = (1 if question.id in FIRST_PAGE else 2), 40.0 + 30 * number
        fields.append(Field(question.id, None, page, FieldKind.AREA, 20, y, 170, 28))
        for n, option in enumerate(question.options):
            fields.append(Field(question.id, option.id, page, FieldKind.BOX, 20, y + 5 * n, 4.5, 4.5))
            if option.other:
                fields.append(Field(question.id, option.id, page, FieldKind.TEXT, 60, y + 5 * n, 80, 5, Reads.FREE))
        reads = {Kind.TEXT: Reads.FREE, Kind.NUMBER: Reads.DIGITS, Kind.PLACE: Reads.PLACE}.get(question.kind)
        if reads:
            fields.append(Field(question.id, None, page, FieldKind.TEXT, 20, y + 10, 120, 9, reads))
    plain = Layout("", "prov", survey.instrument.version, language, (210, 297), 2, (), (), tuple(fields), ())
    return plain.with_id(survey.random_id)


def a_run(instance: Instance, survey: Survey, sheets: int = 3, language: str = "sv") -> tuple[Run, Layout]:
    layout = two_page_layout(survey, language)
    return instance.runs.add(survey, layout, sheets, {"language": language}), layout


_QUAD = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


def reading(  # noqa: PLR0917
    layout: Layout,
    page: int,
    serial: str,
    marks: Mapping[str, Mapping[str, Mark] | Sequence[str]] | None = None,
    texts: Mapping[tuple[str, str | None], str | None] | None = None,
    stray: Sequence[tuple[str, str | None]] = (),
    *,
    kind: str = "S",
) -> PageReading:
    """Make the reading of a page: `marks` are crossed options, or states by option; `texts` are fields with ink."""
    states: dict[tuple[str, str], Mark] = {}
    for question, options in (marks or {}).items():
        pairs = options.items() if isinstance(options, Mapping) else ((o, Mark.CROSSED) for o in options)
        states |= {(question, option): state for option, state in pairs}
    boxes = [f for f in layout.on_page(page, FieldKind.BOX) if f.option is not None]
    fields = layout.on_page(page, FieldKind.TEXT)
    known = {(f.question, f.option) for f in (*boxes, *fields)}
    assert {*states, *(texts or {})} <= known, "a test names a box or field that is not on the page"
    return PageReading(
        layout=layout.id,
        instrument=layout.instrument,
        version=layout.version,
        page=page,
        serial=serial,
        kind=kind,
        reader="test",
        policy="test",
        sha256="",
        quality=Quality(300.0, 0.1, 0.0, 4),
        marks=tuple(
            MarkReading(f.question, f.option or "", states.get((f.question, f.option or ""), Mark.EMPTY), _P, _QUAD)
            for f in boxes
        ),
        texts=tuple(
            TextReading(
                f.question,
                f.option,
                (f.question, f.option) in (texts or {}),
                (texts or {}).get((f.question, f.option)),
                0.9 if (texts or {}).get((f.question, f.option)) else None,
                _QUAD,
            )
            for f in fields
        ),
        stray_ink=tuple(StrayInk(q, o, _QUAD) for q, o in stray),
    )


_P = Chances(0.1, 0.8, 0.1)
_numbers = count(1)


def take(
    instance: Instance, survey: Survey, outcome: object, picture: bytes | None = None, *, place: Place | None = None
) -> Taken:
    """Take an outcome in; each call is another image, with another picture unless one is given."""
    where = place or Place("job", 1, "pile.pdf", next(_numbers))
    data = secrets.token_bytes(40) if picture is None else picture
    return instance.intake.take(survey, where, outcome, Picture(data, "image/png"))  # type: ignore[arg-type]


def take_sheet(instance: Instance, survey: Survey, layout: Layout, serial: str, fick: str = "ja") -> None:
    """Take in both pages of a sheet that answers the first question."""
    take(instance, survey, reading(layout, 1, serial, {"fick": [fick]}))
    take(instance, survey, reading(layout, 2, serial))


class Desk:
    """A survey with printed sheets, ready to be scanned."""

    def __init__(self, instance: Instance, sheets: int = 3) -> None:
        self.instance = instance
        self.survey: Survey = a_survey(instance)
        run, self.layout = a_run(instance, self.survey, sheets)
        self.serials = run.serials

    def take(self, page: int, serial: str, marks: object = None, texts: object = None, **more: object) -> Taken:
        stray = more.pop("stray", ())
        outcome = reading(self.layout, page, serial, marks, texts, stray, kind=str(more.pop("kind", "S")))  # type: ignore[arg-type]
        return take(self.instance, self.survey, outcome, **more)  # type: ignore[arg-type]

    def waiting(self) -> tuple[Item, ...]:
        return self.instance.decisions.waiting(self.survey)

    def decide(self, item: Item, choice: Choice, by: str = "Ada") -> None:
        self.instance.decisions.decide(self.survey, item.id, choice, by=by)

    def responses(self) -> list[Response]:
        return list(self.instance.responses.all(self.survey))

    def number(self) -> int:
        return self.instance.responses.number(self.survey).get(Channel.PAPER, 0)

    def answer(self, question: str, nth: int = 0) -> tuple[Status, tuple[str, ...], str]:
        answer = next(a for a in self.responses()[nth].answers if a.question == question)
        return answer.status, answer.options, answer.own_text

    def texts(self, question: str) -> dict[str | None, str]:
        return dict(next(a for a in self.responses()[0].answers if a.question == question).texts)

    def whole(self) -> None:
        assert self.instance.verifier.verify() == ()
