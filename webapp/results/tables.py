"""What a survey came to: for each question its bases and counts, by channel and together.

Everything is taken from the counts that the dataset keeps, so it costs the same for ten responses as for a million.
Bases of a question (DESIGN.md section 5): all responses = asked + passed over; asked = answered + blank + unclear +
not returned; beside them, answered although passed over. Shares are over all answers given, those included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median_low

from forms import places
from forms.model import Instrument, Kind, Question, Text
from webapp.dataset.answers import Channel, Item
from webapp.dataset.instance import Instance
from webapp.dataset.responses import Counts
from webapp.dataset.surveys import Survey

TOGETHER = "together"
"""Column over all channels."""


@dataclass(frozen=True, slots=True)
class Bases:
    """Of how many a question tells, in one column.

    Attributes:
        responses: All responses: asked + passed over.
        asked: Answered + blank + unclear + not returned.
        passed_over: The routing did not lead there.
        answered: Asked and answered.
        blank: Asked and left empty.
        unclear: Asked; what was meant can't be told, or waits for a person.
        not_returned: Asked; the page never came.
        although: Answered although passed over.
        given: All answers given: answered + although. The base of shares.
        waiting: Responses in which something at this question waits for a person.
        words_alone: Among the answers given, own words beside a box that was not crossed: they count under no option.
        other_without_text: Among them, an option for words of one's own is crossed, and no words stand there.
        text_without_other: Among them, words beside such an option that is not crossed; all of `words_alone` are such.
        unsettled: Among the answers given, those where an option of a multiple choice is unclear: it waits, or it can't
            be settled. They count under that option neither as chosen nor as not chosen.
    """

    responses: int
    asked: int
    passed_over: int
    answered: int
    blank: int
    unclear: int
    not_returned: int
    although: int
    given: int
    waiting: int
    words_alone: int = 0
    other_without_text: int = 0
    text_without_other: int = 0
    unsettled: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        id: Option id, code of a place, or a number as digits.
        label: What it is called.
        counts: How many, by column.
        group: Subregion of a place; else empty.
        current: False for an option that only an earlier version had.
    """

    id: str
    label: Text
    counts: Mapping[str, int]
    group: str = ""
    current: bool = True


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """Numbers in one column.

    Attributes:
        n: How many.
        least: The least.
        median: The lower middle one: a number that somebody gave.
        greatest: The greatest.
    """

    n: int
    least: int
    median: int
    greatest: int


@dataclass(frozen=True)
class QuestionTable:
    """One question.

    Attributes:
        question: The question in the newest version.
        number: Its printed number.
        columns: Channels that have responses, then `together`.
        bases: By column.
        options: One row an option, in the instrument's order.
        places: One row a place that was named, by region, subregion and name; for other kinds empty.
        subregions: One row a subregion that was named.
        texts: Number of texts by option id (None: the question's own field) and column.
        numbers: Summary by column; columns without numbers are missing.
        values: One row a number that was given, ascending.
    """

    question: Question
    number: int
    columns: tuple[str, ...]
    bases: Mapping[str, Bases]
    options: tuple[Row, ...]
    places: tuple[Row, ...]
    subregions: tuple[Row, ...]
    texts: Mapping[str | None, Mapping[str, int]]
    numbers: Mapping[str, NumberSummary]
    values: tuple[Row, ...]

    def share(self, row: Row, column: str) -> float | None:
        """Return a row's share of all answers given, 0 to 1; None where nobody answered.

        Shares of a multiple choice add up to more than 1.
        """
        given = self.bases[column].given
        return row.counts.get(column, 0) / given if given else None


@dataclass(frozen=True)
class Results:
    """All tables of a survey.

    Attributes:
        survey: The survey.
        columns: Channels that have responses, in the order of `Channel`, then `together`.
        responses: Number of responses by column.
        questions: In the instrument's order.
    """

    survey: Survey
    columns: tuple[str, ...]
    responses: Mapping[str, int]
    questions: tuple[QuestionTable, ...]

    @cached_property
    def by_id(self) -> Mapping[str, QuestionTable]:
        """Tables by question id."""
        return {table.question.id: table for table in self.questions}


def results(instance: Instance, survey: Survey, *, all_channels: bool = False) -> Results:
    """Make all tables of a survey from its counts as they are now.

    Args:
        instance: The instance.
        survey: The survey.
        all_channels: Web and paper have a column each even where they have no response.
    """
    with instance.store.db.snapshot():
        counts = instance.responses.counts(survey)
        older = [instance.surveys.instrument(survey, v) for v in survey.versions[:-1]]
    return tabulate(survey, counts, older, all_channels=all_channels)


def tabulate(
    survey: Survey, counts: Counts, older: Iterable[Instrument] = (), *, all_channels: bool = False
) -> Results:
    """Make the tables out of counts by channel, question and item.

    Args:
        survey: The survey; its newest version gives the frame.
        counts: As the dataset keeps them.
        older: Earlier versions, oldest first: they name options that the newest does not have.
        all_channels: Web and paper have a column each in any case.
    """
    always = {Channel.WEB, Channel.PAPER} if all_channels else set()
    channels = [c for c in Channel if c in always or counts.get((c.value, "", ""))]
    columns = (*(c.value for c in channels), TOGETHER)
    table: dict[str, dict[str, dict[str, int]]] = {}
    for (channel, question, item), n in counts.items():
        row = table.setdefault(question, {}).setdefault(item, dict.fromkeys(columns, 0))
        row[channel] = row.get(channel, 0) + n
        row[TOGETHER] += n
    responses = table.get("", {}).get("", dict.fromkeys(columns, 0))
    frame = _Frame(survey.instrument, tuple(older), columns, responses)
    questions = tuple(frame.table(q, table.get(q.id, {})) for q in survey.instrument.questions)
    return Results(survey, columns, responses, questions)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all tables of a survey share."""

    instrument: Instrument
    older: tuple[Instrument, ...]
    columns: tuple[str, ...]
    responses: Mapping[str, int]

    def table(self, question: Question, items: Mapping[str, Mapping[str, int]]) -> QuestionTable:
        place_rows = self._places(question, items)
        values = self._values(items)
        return QuestionTable(
            question=question,
            number=self.instrument.numbers[question.id],
            columns=self.columns,
            bases={column: self._bases(column, items) for column in self.columns},
            options=self._options(question, items),
            places=place_rows,
            subregions=self._subregions(place_rows),
            texts={
                item.removeprefix("text:") or None: counts for item, counts in items.items() if item.startswith("text:")
            },
            numbers={c: s for c in self.columns if (s := _summary(values, c)) is not None},
            values=values,
        )

    def _bases(self, column: str, items: Mapping[str, Mapping[str, int]]) -> Bases:
        def n(item: Item) -> int:
            return items.get(item.value, {}).get(column, 0)

        return Bases(
            responses=self.responses.get(column, 0),
            asked=n(Item.ASKED),
            passed_over=n(Item.PASSED_OVER),
            answered=n(Item.ANSWERED),
            blank=n(Item.BLANK),
            unclear=n(Item.UNCLEAR),
            not_returned=n(Item.NOT_RETURNED),
            although=n(Item.ALTHOUGH_PASSED_OVER),
            given=n(Item.GIVEN),
            words_alone=n(Item.WORDS_ALONE),
            other_without_text=n(Item.OTHER_WITHOUT_TEXT),
            text_without_other=n(Item.TEXT_WITHOUT_OTHER),
            waiting=n(Item.WAITING),
            unsettled=n(Item.UNSETTLED),
        )

    def _options(self, question: Question, items: Mapping[str, Mapping[str, int]]) -> tuple[Row, ...]:
        nothing = dict.fromkeys(self.columns, 0)
        rows = [Row(o.id, o.label, items.get(f"option:{o.id}", nothing)) for o in question.options]
        known = {o.id for o in question.options}
        for item, counts in sorted(items.items()):
            option = item.removeprefix("option:")
            if item.startswith("option:") and option not in known:
                rows.append(Row(option, self._old_label(question.id, option), counts, current=False))
        return tuple(rows)

    def _old_label(self, question: str, option: str) -> Text:
        for instrument in reversed(self.older):
            if question in instrument.by_id:
                for candidate in instrument.by_id[question].options:
                    if candidate.id == option:
                        return candidate.label
        return Text(((self.instrument.languages[0], option),))

    @staticmethod
    def _places(question: Question, items: Mapping[str, Mapping[str, int]]) -> tuple[Row, ...]:
        if question.kind is not Kind.PLACE:
            return ()
        known = {place.code: place for place in places.lists().get(question.places, ())}
        found = [(known[code], n) for item, n in items.items() if (code := item.removeprefix("place:")) in known]
        found.sort(key=lambda pair: [places.alphabetical(part) for part in (pair[0].subregion, pair[0].name)])
        return tuple(Row(p.code, Text((("sv", p.name),)), n, group=p.subregion) for p, n in found)

    def _subregions(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            total = found.setdefault(row.group, dict.fromkeys(self.columns, 0))
            for column in self.columns:
                total[column] += row.counts.get(column, 0)
        return tuple(Row(name, Text((("sv", name),)), counts) for name, counts in found.items())

    @staticmethod
    def _values(items: Mapping[str, Mapping[str, int]]) -> tuple[Row, ...]:
        numbers = {item.removeprefix("number:"): n for item, n in items.items() if item.startswith("number:")}
        return tuple(Row(v, Text((("sv", v),)), numbers[v]) for v in sorted(numbers, key=int))


def _summary(values: tuple[Row, ...], column: str) -> NumberSummary | None:
    given = [int(row.id) for row in values for _ in range(row.counts.get(column, 0))]
    return NumberSummary(len(given), min(given), median_low(given), max(given)) if given else None
