"""The respondent's page as values: what the template shows, ready filled in, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from forms.answers import NOTHING, Given, Mark, SubmissionFault
from forms.model import Instrument, Kind, Question, Section, Text, fill
from forms.phrases import Phrases, phrases, support_words
from forms.places import Place, places
from forms.routing import END, Routing, routing, tell
from webapp.language import gettext, isolated, readable
from webapp.views.posted import CHOSEN, WRITTEN


@dataclass(frozen=True, slots=True)
class OptionView:
    """One row: a box and its label.

    Attributes:
        value: What is posted.
        label: What the person reads.
        field: Id of the box on the page.
        chosen: Whether it is crossed.
        text_name: Name of the field for own words; empty where the option asks for none.
        text: What was written there.
        go: Where to go on after this answer, in words; empty where that is the next question.
        go_to: Anchor of the question to go on with.
    """

    value: str
    label: str
    field: str
    chosen: bool = False
    text_name: str = ""
    text: str = ""
    go: str = ""
    go_to: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A help line.

    Attributes:
        text: What it says.
        ours: It is the interface's own, so in the interface's language where the survey has another one.
        reminder: It says when the question is meant; a screen that asks only what is meant has no need of it.
    """

    text: str
    ours: bool = False
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question with what was answered so far.

    Attributes:
        id: Question id; the anchor is `q-` and it.
        number: Its printed number.
        kind: What sort of answer.
        wording: The question.
        hints: Help lines under it.
        name: Name of the field for options.
        text_name: Name of the question's own field.
        field: Id of the first thing to fill in: where a fault's link leads.
        options: Its rows.
        groups: Place: names of subregions and their places, ready to choose.
        text: What was written in its own field.
        lines: Text: lines to write on.
        max_length: Text: longest answer in characters.
        minimum: Number: least value.
        maximum: Number: greatest value.
        ends: Scale: what the lowest and the highest point mean.
        wrong: What to mend, in words; empty where nothing is wrong.
        support: Whom to turn to, shown before the question; empty where it stirs nothing up.
    """

    id: str
    number: int
    kind: Kind
    wording: str
    hints: tuple[Line, ...]
    name: str
    text_name: str
    field: str
    options: tuple[OptionView, ...]
    groups: tuple[tuple[str, tuple[OptionView, ...]], ...]
    text: str
    lines: int
    max_length: int
    minimum: int
    maximum: int
    ends: tuple[str, str]
    wrong: tuple[str, ...]
    support: str

    @property
    def points(self) -> tuple[OptionView, ...]:
        """The points of a scale, without its ways out."""
        return tuple(o for o in self.options if o.value.isdigit()) if self.kind is Kind.SCALE else ()

    @property
    def rows(self) -> tuple[OptionView, ...]:
        """The options that stand as rows: all but the points of a scale."""
        points = self.points
        return tuple(o for o in self.options if o not in points)


@dataclass(frozen=True, slots=True)
class SectionView:
    """Questions under one heading."""

    title: str
    intro: str
    questions: tuple[QuestionView, ...]


@dataclass(frozen=True, slots=True)
class FormView:
    """The whole page.

    Attributes:
        language: Tag of the language that the questions stand in.
        title: Name of the questionnaire.
        intro: What stands before the first question.
        support: Whom to turn to.
        support_ours: Those words are the standard ones, in the interface's language.
        sections: In order.
        count: Number of questions.
        faults: Anchor, number and words of what has to be mended, in the instrument's order.
    """

    language: str
    title: str
    intro: str
    support: str
    support_ours: bool
    sections: tuple[SectionView, ...]
    count: int
    faults: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Maker:
    """What every question is shown with."""

    instrument: Instrument
    parameters: Mapping[str, str]
    language: str
    given: Mapping[str, Given]
    wrong: Mapping[str, tuple[str, ...]]
    said: Phrases
    routed: Routing

    def words(self, text: Text) -> str:
        return text_words(text, self.language, self.parameters)

    @property
    def support(self) -> str:
        values = isolated(self.parameters, self.language)
        return readable(support_words(self.instrument, values, self.language), self.language)

    def section(self, section: Section) -> SectionView:
        stirring = self.instrument.stirring
        views = tuple(self.question(q, support=q.id in stirring) for q in section.questions)
        return SectionView(self.words(section.title), self.words(section.intro), views)

    def question(self, question: Question, *, support: bool) -> QuestionView:
        given = self.given.get(question.id, NOTHING)
        options = tuple(self.option(question, o.id, given) for o in question.options)
        own = question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE)
        first = f"f-{question.id}" if own or not options else options[0].field
        return QuestionView(
            id=question.id,
            number=self.instrument.numbers[question.id],
            kind=question.kind,
            wording=self.words(question.wording.default),
            hints=self.hints(question),
            name=CHOSEN + question.id,
            text_name=WRITTEN + question.id,
            field=first,
            options=options,
            groups=self.places(question, given) if question.kind is Kind.PLACE else (),
            text=given.texts.get(None) or "",
            lines=question.lines,
            max_length=question.max_length,
            minimum=question.minimum,
            maximum=question.maximum,
            ends=(self.words(question.low), self.words(question.high)),
            wrong=self.wrong.get(question.id, ()),
            support=self.support if support else "",
        )

    def hints(self, question: Question) -> tuple[Line, ...]:
        """The definition's own hint, when the question is meant, and what its kind asks for."""
        lines = []
        if question.id in self.routed.reminders:
            condition = tell(self.routed.reminders[question.id], self.instrument, self.language, self.said.saying)
            lines.append(Line(self.said.only_if.format(condition=condition), ours=True, reminder=True))
        lines.append(Line(self.words(question.hint)))
        if question.kind is Kind.MULTIPLE:
            lines.append(Line(self.said.several, ours=True))
        if question.kind is Kind.TEXT:
            lines.append(Line(self.said.no_names, ours=True))
        if question.kind is Kind.NUMBER:
            low, high = question.minimum, question.maximum
            told = gettext("A whole number from %(low)d to %(high)d.", low=low, high=high)
            lines.append(Line(told, ours=True))
        return tuple(line for line in lines if line.text)

    def option(self, question: Question, option_id: str, given: Given) -> OptionView:
        option = question.option(option_id)
        target = self.routed.jumps.get((question.id, option_id))
        go = go_to = ""
        if target == END:
            go, go_to = self.said.jump_to_end, "end"
        elif target is not None:
            go, go_to = self.said.jump.format(number=self.instrument.numbers[target]), f"q-{target}"
        return OptionView(
            value=option.id,
            label=self.words(option.label),
            field=f"f-{question.id}-{option.id}",
            chosen=given.marks.get(option.id) is Mark.CROSSED,
            text_name=f"{WRITTEN}{question.id}.{option.id}" if option.other else "",
            text=given.texts.get(option.id) or "",
            go=go,
            go_to=go_to,
        )

    def places(self, question: Question, given: Given) -> tuple[tuple[str, tuple[OptionView, ...]], ...]:
        """Places by subregion in the Swedish alphabet, the survey's own region alone where the list has it."""
        shown = places(question.places, self.parameters.get("region"))
        several_regions = len({p.region for p in shown}) > 1
        chosen = given.texts.get(None)

        def group(place: Place) -> str:
            return f"{place.region}: {place.subregion}" if several_regions else place.subregion

        ordered = sorted(shown, key=group)
        return tuple(
            (name, tuple(OptionView(p.code, p.name, "", p.code == chosen) for p in members))
            for name, members in groupby(ordered, key=group)
        )


def text_words(text: Text, language: str, parameters: Mapping[str, str]) -> str:
    """Return a text as the screen shows it in a language, with the survey's parameters in it."""
    return readable(fill(text.to(language), isolated(parameters, language)), language)


def form_view(
    instrument: Instrument,
    parameters: Mapping[str, str],
    language: str,
    given: Mapping[str, Given] | None = None,
    faults: Sequence[SubmissionFault] = (),
) -> FormView:
    """Build the respondent's page.

    Args:
        instrument: The instrument.
        parameters: The survey's parameters.
        language: One of the survey's languages.
        given: What was answered so far; nothing by default.
        faults: What has to be mended in it.

    Returns:
        The page, in the order of the instrument.
    """
    wrong: dict[str, tuple[str, ...]] = {}
    for fault in faults:
        told = fault_words(instrument, fault, language, parameters)
        if told not in wrong.get(fault.question, ()):
            wrong[fault.question] = (*wrong.get(fault.question, ()), told)
    maker = _Maker(instrument, parameters, language, given or {}, wrong, phrases(language), routing(instrument))
    sections = [maker.section(section) for section in instrument.sections]
    views = {q.id: q for s in sections for q in s.questions}
    summary = tuple((v.field, v.number, told) for v in views.values() for told in v.wrong)
    general = tuple(("", 0, told) for q, all_told in wrong.items() if q not in views for told in all_told)
    return FormView(
        language=language,
        title=maker.words(instrument.title),
        intro=maker.words(instrument.intro),
        support=maker.support,
        support_ours=not instrument.support,
        sections=tuple(sections),
        count=len(views),
        faults=general + summary,
    )


def _several_words(question: Question, language: str, parameters: Mapping[str, str]) -> str:
    """Say which of several answers can't stand together."""
    alone = [text_words(o.label, language, parameters) for o in question.options if o.exclusive]
    if question.chooses_one or not alone:
        return gettext("Choose only one answer here.")
    return gettext("“%(answer)s” can't stand beside other answers. Keep one or the other.", answer=" / ".join(alone))


def fault_words(instrument: Instrument, fault: SubmissionFault, language: str, parameters: Mapping[str, str]) -> str:
    """Say what is wrong with an answer and how to mend it, in the page's language."""
    question = instrument.by_id.get(fault.question)
    if question is None:
        return gettext(
            "The form held an answer to a question that is not asked here. Check your answers and send again."
        )
    told = {
        "several": _several_words(question, language, parameters),
        "too-long": gettext(
            "The text is too long: %(length)s characters. At most %(most)d fit. Shorten it.",
            length=fault.detail,
            most=question.max_length,
        ),
        "not-a-number": gettext("Write the number with digits only, for example 3."),
        "out-of-range": gettext(
            "Write a number from %(low)d to %(high)d.", low=question.minimum, high=question.maximum
        ),
        "unknown-place": gettext("Choose a place from the list."),
        "unknown-option": gettext("The answer is not one of those that can be chosen. Choose again."),
        "unexpected-text": gettext("There is a text that does not belong to any answer. Choose again."),
    }
    return told.get(fault.code) or gettext("This answer could not be taken. Answer again.")


def answer_words(question: Question, given: Given, language: str, parameters: Mapping[str, str]) -> list[str]:
    """Put into words what a person chose and wrote at one question; what the question does not have is left out."""
    said = [
        text_words(o.label, language, parameters) for o in question.options if given.marks.get(o.id) is Mark.CROSSED
    ]
    named = {p.code: p.name for p in places(question.places)} if question.places else {}
    for where, text in given.texts.items():
        if text:
            said.append(named.get(text, text) if where is None else text)
    return said
