"""The codebook: what every column of an export means. One object behind every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from forms import places
from forms.model import Instrument, Kind, Option, Question, Text, fill
from forms.places import Place
from webapp.dataset.answers import ABOUT_OTHER
from webapp.dataset.surveys import Survey

SEPARATOR = "__"
"""Between the parts of a column's name; statistics programs take it, unlike a dot or a slash."""


_NO_LABEL = Text()


ValuesIn = Callable[[str], Mapping[str, str]]
"""Gives the parameters of the texts in a language."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One column.

    Attributes:
        name: Name of the column.
        kind: `response`, `channel`, `language`, `version`, `choice`, `flag`, `number`, `place`, `text`, `status`,
            `flags`.
        question: Question id; empty for what belongs to the response as a whole.
        number: Printed number of the question; 0 without one.
        option: Option id, for the columns of one option.
        label: The question, with the option for its columns; by language.
        values: What a cell may hold and what it means, by language; empty where anything may stand.
        compares_with: What it may be compared with, such as `vg2018/info_fore`.
        comparison: How.
    """

    name: str
    kind: str
    question: str = ""
    number: int = 0
    option: str = ""
    label: Text = _NO_LABEL
    values: tuple[tuple[str, Text], ...] = ()
    compares_with: str = ""
    comparison: str = ""


@dataclass(frozen=True, slots=True)
class Codebook:
    """All columns of an export, in order.

    Attributes:
        survey: Slug.
        instrument: Instrument id.
        version: Newest version.
        languages: Languages of the labels.
        title: Name of the survey.
        variables: The columns.
    """

    survey: str
    instrument: str
    version: str
    languages: tuple[str, ...]
    title: Text
    variables: tuple[Variable, ...]


_WITHOUT_TEXT, _WITHOUT_OTHER = (flag.value for flag in ABOUT_OTHER)

STATUSES = (
    ("unclear", "Vad som menades går inte att avgöra", "What was meant can't be told"),
    ("passed over", "Frågan ställdes inte", "The question was not asked"),
    ("not returned", "Sidan kom aldrig", "The page never came"),
    ("answered although passed over", "Besvarad fast den inte ställdes", "Answered although it was not asked"),
    ("unclear although passed over", "Oklart svar fast frågan inte ställdes", "Unclear, and it was not asked"),
)
"""What a status column may hold; empty: asked, and answered or left blank."""

FLAGS = (
    (
        _WITHOUT_TEXT,
        "Alternativ för egna ord kryssat, men inga ord",
        "An option for own words is crossed, without words",
    ),
    (_WITHOUT_OTHER, "Egna ord vid ett alternativ utan kryss", "Own words beside an option that is not crossed"),
    (f"{_WITHOUT_TEXT} {_WITHOUT_OTHER}", "Båda delarna, vid olika alternativ", "Both, at different options"),
)
"""What a flags column may hold; empty: nothing to know about the answer."""

_CHANNELS = (
    ("web", "Webben", "Web"),
    ("paper", "Papper", "Paper"),
    ("interview", "Intervju", "Interview"),
    ("phone", "Telefon", "Phone"),
)


_CHOSEN = (("0", "Inte vald", "Not chosen"), ("1", "Vald", "Chosen"))


def codebook(
    survey: Survey,
    parameters: ValuesIn,
    with_status: frozenset[str] | None = None,
    with_flags: frozenset[str] = frozenset(),
) -> Codebook:
    """Describe the columns of a survey's export.

    Args:
        survey: The survey; its newest version is described.
        parameters: Gives the values for the texts in a language.
        with_status: Ids of the questions that need a status column; None: all.
        with_flags: Ids of the questions that need a column of flags.
    """
    instrument = survey.instrument
    variables = [*_head()]
    for question in instrument.questions:
        variables += _of_question(instrument, question, parameters)
        if with_status is None or question.id in with_status:
            variables.append(_variable(instrument, question, parameters, "status", "status", values=_pairs(STATUSES)))
        if question.id in with_flags:
            variables.append(_variable(instrument, question, parameters, "flags", "flags", values=_pairs(FLAGS)))
    return Codebook(
        survey.slug, instrument.id, instrument.version, survey.languages, instrument.title, tuple(variables)
    )


def _head() -> Iterator[Variable]:
    yield Variable("response", "response", label=_two("Svarets slumpnyckel", "Random key of the response"))
    yield Variable("channel", "channel", label=_two("Väg", "Channel"), values=_pairs(_CHANNELS))
    yield Variable("language", "language", label=_two("Språk", "Language"))
    yield Variable("version", "version", label=_two("Frågeformulärets version", "Version of the instrument"))


def _of_question(instrument: Instrument, question: Question, parameters: ValuesIn) -> Iterator[Variable]:
    def variable(kind: str, *parts: str, option: Option | None = None, values: _Values = ()) -> Variable:
        return _variable(instrument, question, parameters, kind, *parts, option=option, values=values)

    ways = tuple((o.id, o.label) for o in question.options)
    match question.kind:
        case Kind.SINGLE | Kind.SCALE:
            yield variable("choice", values=ways)
        case Kind.MULTIPLE:
            for option in question.options:
                yield variable("flag", option.id, option=option, values=_pairs(_CHOSEN))
        case Kind.PLACE:
            listed = places.lists().get(question.places, ())
            yield variable("place", values=(*((p.code, _name(p)) for p in listed), *ways))
            yield variable("text", "text")
        case Kind.NUMBER:
            yield variable("number", values=ways)
            yield variable("text", "text")
        case Kind.TEXT:
            yield variable("text")
    for option in question.options:
        if option.other:
            yield variable("text", option.id, "text", option=option)


_Values = tuple[tuple[str, Text], ...]


def _variable(  # noqa: PLR0913 (the parts of one column)
    instrument: Instrument,
    question: Question,
    parameters: ValuesIn,
    kind: str,
    *parts: str,
    option: Option | None = None,
    values: _Values = (),
) -> Variable:
    wording = _filled(question.wording.default, parameters)
    label = wording if option is None else _joined(wording, option.label)
    source = question.source
    return Variable(
        name=SEPARATOR.join((question.id, *parts)),
        kind=kind,
        question=question.id,
        number=instrument.numbers[question.id],
        option=option.id if option else "",
        label=label,
        values=values,
        compares_with=source.compares_with or "" if source else "",
        comparison=source.comparison.value if source and source.comparison else "",
    )


def _filled(text: Text, parameters: ValuesIn) -> Text:
    return Text(tuple((tag, fill(words, parameters(tag))) for tag, words in text.translations))


def _joined(question: Text, option: Text) -> Text:
    return Text(tuple((tag, f"{words} – {option.to(tag)}") for tag, words in question.translations))


def _two(swedish: str, english: str) -> Text:
    return Text((("sv", swedish), ("en", english)))


def _pairs(rows: tuple[tuple[str, str, str], ...]) -> _Values:
    return tuple((value, _two(swedish, english)) for value, swedish, english in rows)


def _name(place: Place) -> Text:
    return Text((("sv", place.name),))
