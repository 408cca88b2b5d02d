"""What must agree within a definition: references, conditions, languages and parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from forms.conditions import can_be_met
from forms.draft import WELL_KNOWN, Draft
from forms.model import PARAMETER, Both, Condition, Either, Instrument, Is, Not, Question, Text, fallbacks
from forms.tomllines import Place
from forms.tomltable import Report, close_to

_BRACE = re.compile(r"\{[^{}]*\}?|\}")


def check_consistency(draft: Draft) -> None:
    """Note in the draft's report whatever does not agree within it."""
    if draft.instrument is None:
        return
    for place, title, text in draft.texts:
        _languages(draft.report, draft.instrument, place, title, text)
    _parameters(draft)
    earlier: list[Question] = []
    for question in draft.instrument.questions:
        place = draft.questions[question.id]
        for condition, where, title in _conditions(question, place):
            _Checked(draft, question, earlier, where, title).check(condition)
        earlier.append(question)


def _languages(report: Report, instrument: Instrument, place: Place, title: str, text: Text) -> None:
    """A text must exist in every language of the instrument, or in one that it falls back on."""
    if not text:
        return
    for language in instrument.languages:
        if not text.has(language):
            report.error(place, "missing-language", f"{title} is missing in {language}.", f'Add {language} = "…".')
    wanted = {tag for language in instrument.languages for tag in fallbacks(language)}
    for language, _ in text.translations:
        if language not in wanted:
            what = f'{title} has a text in "{language}", which is not one of the languages.'
            remedy = "Correct the tag, or add it to languages." + close_to(language, wanted)
            report.error((*place, language), "undeclared-language", what, remedy)


def _parameters(draft: Draft) -> None:
    declared = dict(draft.instrument.parameters) if draft.instrument is not None else {}
    used: set[str] = set()
    for place, title, text in draft.texts:
        for language, words in text.translations:
            for found in _BRACE.finditer(words):
                match = PARAMETER.fullmatch(found[0])
                where = (*place, language)
                if match is None:
                    what = f"{title} holds “{found[0]}”, which is not a parameter."
                    remedy = "Write a parameter as {name} with small letters, digits and _; a text can't hold { or }."
                    draft.report.error(where, "bad-parameter", what, remedy)
                elif match[1] not in declared:
                    what = f"{title} uses the parameter {found[0]}, which is not declared."
                    known = {*declared, *WELL_KNOWN}
                    remedy = f"Add {match[1]} = true under [parameters]." + close_to(match[1], known)
                    draft.report.error(where, "undeclared-parameter", what, remedy)
                else:
                    used.add(match[1])
    for name in declared:
        if name not in used and name not in WELL_KNOWN:
            what = f"No text uses the parameter {{{name}}}."
            draft.report.error(("parameters", name), "unused-parameter", what, "Delete it, or use it in a text.")


def _conditions(question: Question, place: Place) -> Iterator[tuple[Condition, Place, str]]:
    """Yield the conditions of a question, each with its place and what it is called."""
    if question.asked_if is not None:
        yield question.asked_if, (*place, "asked_if"), f'"asked_if" of question "{question.id}"'
    for number, (condition, _) in enumerate(question.wording.variants):
        yield condition, (*place, "variants", number, "if"), f'Variant {number + 1} of question "{question.id}"'


class _Checked:
    """One condition under examination."""

    def __init__(self, draft: Draft, question: Question, earlier: Sequence[Question], place: Place, title: str) -> None:
        self.draft = draft
        self.report = draft.report
        self.question = question
        self.earlier = earlier
        self.known = {q.id: q for q in earlier}
        self.place = place
        self.title = title
        self.sound = True

    def check(self, condition: Condition) -> None:
        """Note unknown and forward references, and otherwise whether the condition can ever be met."""
        self._references(condition, self.place)
        if not self.sound:
            return
        asked_if = self.question.asked_if if condition is not self.question.asked_if else None
        possible = can_be_met(condition, self.earlier, asked_if)
        if possible is False:
            what = f"{self.title} can never be met: no answers to the questions it depends on lead there."
            remedy = "Look at the conditions of those questions as well, and correct one of them."
            self.report.error(self.place, "never-met", what, remedy)
        elif possible is None:
            what = f"{self.title} depends on too many answers to find out whether it can be met."
            self.report.warning(self.place, "too-wide", what, "Make the condition simpler.")

    def _references(self, condition: Condition, place: Place) -> None:
        match condition:
            case Is(question, options):
                self._reference(question, options, place)
            case Both(of) | Either(of):
                key = "all" if isinstance(condition, Both) else "any"
                for number, part in enumerate(of):
                    self._references(part, (*place, key, number))
            case Not(part):
                self._references(part, (*place, "not"))

    def _error(self, place: Place, code: str, what: str, remedy: str) -> None:
        self.sound = False
        self.report.error(place, code, f"{self.title} {what}", remedy)

    def _reference(self, question: str, options: tuple[str, ...], place: Place) -> None:
        where = (*place, "question")
        if question == self.question.id:
            self._error(where, "condition-on-itself", "looks at the question itself.", "Name an earlier question.")
        elif question not in self.known and question in self.draft.questions:
            remedy = "Move that question before this one, or name an earlier one."
            self._error(where, "condition-forwards", f'looks at "{question}", which comes later.', remedy)
        elif question not in self.known:
            remedy = "Name a question that exists." + close_to(question, self.known)
            self._error(where, "unknown-question", f'looks at "{question}", which does not exist.', remedy)
        else:
            known = [o.id for o in self.known[question].options]
            for option in options:
                if not known:
                    what = f'looks at an option of "{question}", which has none.'
                    self._error(where, "unknown-option", what, "Only questions with options can be looked at.")
                elif option not in known:
                    what = f'looks at option "{option}", which "{question}" does not have.'
                    remedy = f"Use one of {', '.join(known)}." + close_to(option, known)
                    self._error((*place, "is"), "unknown-option", what, remedy)
