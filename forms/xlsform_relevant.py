"""What stands in a `relevant` cell: text to condition and back.

The part of XPath that is understood: `${question} = 'option'`, `!=`, `selected(${question}, 'option')`, `and`, `or`,
`not( … )` and parentheses. Anything else is an error that names the place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from forms.errors import FormsError
from forms.model import Both, Condition, Either, Is, Kind, Not, Question

DEEPEST = 40
"""Levels of parentheses; a condition that a person can follow has three."""

_TOKEN = re.compile(
    r"""\s*(?:\$\{\s*(?P<question>[^{}\s]+)\s*\}|'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<number>\d+)(?![\w.])"""
    r"""|(?P<sign>!=|=|\(|\)|,)|(?P<word>[A-Za-z][\w-]*))"""
)

_REMEDY = "Use =, !=, selected(), and, or, not() on questions with options, or take the condition out."


class RelevantError(FormsError):
    """A condition that is not understood."""

    def __init__(self, what: str, remedy: str = _REMEDY) -> None:
        super().__init__("relevant", what, remedy)


@dataclass(frozen=True, slots=True)
class _Token:
    """A sign, word, name or value; `rest` is the text from it on, for messages."""

    kind: str
    text: str
    rest: str


def parse(text: str, multiple: Collection[str] = ()) -> Condition:
    """Read a condition.

    Args:
        text: The cell. Names of questions and options are taken as they stand.
        multiple: Names of the questions that take several options. Comparing one of them with `=` asks whether an
            option was chosen *alone*, which a condition here can't say.

    Returns:
        The condition in its normal form; see `normal`.

    Raises:
        RelevantError: It is not understood; the message says from where.
    """
    return normal(_Parser(text, multiple).whole())


class _Parser:
    """Recursive descent; `at` is the number of the next token."""

    def __init__(self, text: str, multiple: Collection[str]) -> None:
        self.multiple = multiple
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    def whole(self) -> Condition:
        found = self.either()
        if self.at < len(self.tokens):
            raise self.unexpected()
        return found

    def unexpected(self) -> RelevantError:
        if self.at >= len(self.tokens):
            return RelevantError("The condition ends too early.")
        return RelevantError(f'The condition is not understood from "{self.tokens[self.at].rest}" on.')

    def sees(self, text: str, *kinds: str) -> bool:
        """Tell whether the next token is this sign or word."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else _Token("", "", "")
        return token.text == text and token.kind in (kinds or ("sign", "word"))

    def take(self, *texts: str) -> None:
        for text in texts:
            if not self.sees(text):
                raise self.unexpected()
            self.at += 1

    def value(self, *kinds: str) -> str:
        """Take a token of one of these kinds and return what it says."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in kinds:
            raise self.unexpected()
        self.at += 1
        return self.tokens[self.at - 1].text

    def either(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise RelevantError("The condition stands too deep in parentheses.", "Make it simpler.")
        parts = [self.both()]
        while self.sees("or"):
            self.take("or")
            parts.append(self.both())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self) -> Condition:
        parts = [self.single()]
        while self.sees("and"):
            self.take("and")
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def single(self) -> Condition:
        if self.sees("not"):
            self.take("not", "(")
            inner = self.either()
            self.take(")")
            return Not(inner)
        if self.sees("("):
            self.take("(")
            inner = self.either()
            self.take(")")
            return inner
        if self.sees("selected"):
            self.take("selected", "(")
            question = self.value("question")
            self.take(",")
            option = self.option()
            self.take(")")
            return Is(question, (option,))
        return self.comparison()

    def comparison(self) -> Condition:
        turned = self.at < len(self.tokens) and self.tokens[self.at].kind != "question"
        option = self.option() if turned else ""
        question = "" if turned else self.value("question")
        sign = "!=" if self.sees("!=") else "="
        self.take(sign)
        if turned:
            question = self.value("question")
        else:
            option = self.option()
        if question in self.multiple:
            what = f"The condition compares {question}, which takes several options, with {sign}."
            raise RelevantError(what, f"Write selected(${{{question}}}, '{option}').")
        found = Is(question, (option,))
        return found if sign == "=" else Not(found)

    def option(self) -> str:
        option = self.value("option")
        if not option:
            what = "The condition asks whether a question was answered at all."
            raise RelevantError(what, "Name the options it shall be asked after.")
        return option


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    # A non-breaking blank, as word processors like to put in, is a blank.
    text = text.replace("\xa0", " ").strip()
    while at < len(text):
        rest = text[at : at + 40].strip()
        match = _TOKEN.match(text, at)
        if match is None:
            # Told where the parser comes to it, so that the first thing wrong is the one that is named.
            return [*found, _Token("unknown", "", rest)]
        at = match.end()
        kind = match.lastgroup or ""
        found.append(_Token("option" if kind in ("single", "double", "number") else kind, match[kind], rest))
    return found


def normal(condition: Condition) -> Condition:
    """Return a condition in the form that reading it back gives; it is met by the same answers.

    Nested alternatives are joined, alternatives on one question become one, a list of one part becomes the part.
    """
    match condition:
        case Is(question, options):
            return Is(question, tuple(dict.fromkeys(options)))
        case Not(part):
            return Not(normal(part))
        case Both(of):
            both = [p for part in map(normal, of) for p in (part.of if isinstance(part, Both) else (part,))]
            return both[0] if len(both) == 1 else Both(tuple(both))
    parts = [p for part in map(normal, condition.of) for p in (part.of if isinstance(part, Either) else (part,))]
    merged: list[Condition] = []
    places: dict[str, int] = {}
    for part in parts:
        if isinstance(part, Is) and part.question in places:
            first = merged[places[part.question]]
            options = (*(first.options if isinstance(first, Is) else ()), *part.options)
            merged[places[part.question]] = Is(part.question, tuple(dict.fromkeys(options)))
        else:
            if isinstance(part, Is):
                places[part.question] = len(merged)
            merged.append(part)
    return merged[0] if len(merged) == 1 else Either(tuple(merged))


def say(condition: Condition, questions: Mapping[str, Question]) -> str:
    """Write a condition as a `relevant` cell.

    Args:
        condition: The condition.
        questions: The questions it looks at, by id: a multiple choice is asked with `selected()`.
    """
    match condition:
        case Is(question, options):
            several = questions[question].kind is Kind.MULTIPLE
            form = "selected(${{{}}}, '{}')" if several else "${{{}}} = '{}'"
            return " or ".join(form.format(question, option) for option in options)
        case Both(of):
            return " and ".join(_in_parentheses(part, questions) for part in of)
        case Either(of):
            return " or ".join(_in_parentheses(part, questions) for part in of)
        case Not(part):
            return f"not({say(part, questions)})"


def _in_parentheses(condition: Condition, questions: Mapping[str, Question]) -> str:
    said = say(condition, questions)
    alone = isinstance(condition, Not) or (isinstance(condition, Is) and len(condition.options) == 1)
    return said if alone else f"({said})"
