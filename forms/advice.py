"""What is unwise in a questionnaire: advice that `check` gives beside the faults.

The rules are those of Nationell patientenkät, SCB and those who write for people with reading difficulties; README,
"Writing questions", says them in words. Only signs that rarely mislead are looked for: who is warned in vain twice
reads no third warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forms.draft import Draft
from forms.model import Kind, Question, fallbacks
from forms.phrases import speaks

MOST_WORDS = 15
"""Words of a question that most people take in at once."""

MOST_QUESTIONS = 25
"""Questions that everybody is asked; Nationell patientenkät keeps to 20 to 25."""

CLOSED = (Kind.SINGLE, Kind.MULTIPLE, Kind.SCALE)
"""Kinds whose answer is one of the options."""

_SLASH = re.compile(r"\w/\w")
_SECOND_CLAUSE = re.compile(
    r"\b(?:och|samt|men)\s+(?:var|fick|kunde|hade|är|blev|kände|tyckte|får|kan|har)\s+(?:du|ni|det|den|de|hen)\b"
    r"|\b(?:and|but)\s+(?:did|was|were|had|could|is|are|do|does|have|can)\s+(?:you|it|they|he|she|the)\b",
    re.IGNORECASE,
)
_NEGATION = {
    "sv": re.compile(r"\b(?:inte|ej|icke|aldrig|ingen|inget|inga|ingenting|varken)\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:not|never|no|nobody|nothing|none|neither|cannot)\b|n['’]t\b", re.IGNORECASE),
}
_SUBORDINATE = {
    "sv": re.compile(r"\b(?:att|varför|när|om|som|eftersom|därför|fast|trots)\b", re.IGNORECASE),
    "en": re.compile(r"\b(?:that|why|when|if|which|who|because|although|whether)\b", re.IGNORECASE),
}
_ASKS_FOR_MORE = {
    "sv": re.compile(r"\W*(?:varför|vad|vilken|vilket|vilka|vem|vems)\b", re.IGNORECASE),
    "en": re.compile(r"\W*(?:why|what|which|who|whose)\b", re.IGNORECASE),
}
_LEADING = {
    "sv": re.compile(
        r"^\W*visst\b|\b(?:naturligtvis|självklart|givetvis|tycker du inte|håller du inte med|håller du med)\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:surely|of course|obviously|do you agree|don['’]t you|wouldn['’]t you|isn['’]t it)\b", re.IGNORECASE
    ),
}


def advise(found: Draft) -> None:
    """Note in a draft's report what is unwise in it."""
    if found.instrument is None:
        return
    for question in found.instrument.questions:
        _way_out(found, question)
        _wording(found, question)
    _support(found)
    _length(found)
    _own_words(found)


def _way_out(found: Draft, question: Question) -> None:
    """Every question with options needs one for who has no answer."""
    if question.kind in CLOSED and question.options and not any(o.way_out for o in question.options):
        what = f'The options of question "{question.id}" have no way out.'
        remedy = "Add “don't know” or “not relevant” with way_out = true, so that nobody must guess."
        found.report.warning((*found.questions[question.id], "options"), "no-way-out", what, remedy)


def _wording(found: Draft, question: Question) -> None:
    place = found.questions[question.id]
    for where, title, text in found.texts:
        if where[: len(place)] == place and where[-1] == "text":
            for language, words in text.translations:
                for code, what, remedy in _stumbling(words, language, closed=question.kind in CLOSED):
                    found.report.warning((*where, language), code, f"{title} {what}", remedy)


def _stumbling(words: str, language: str, *, closed: bool) -> Iterator[tuple[str, str, str]]:
    """Yield what makes a question hard: code, what, remedy."""
    known = next((tag for tag in fallbacks(language) if tag in _NEGATION), None)
    count = len(words.split())
    if known == "sv" and count > MOST_WORDS:
        yield "long-question", f"has {count} words.", f"Say it in {MOST_WORDS}, or move a part into the hint."
    if words.count("?") > 1 or _SECOND_CLAUSE.search(words):
        yield "double-question", "asks more than once.", "Make it two questions."
    if _SLASH.search(words):
        yield "slash", "joins words with a slash.", "Ask one thing, or word it by role with variants."
    if known is None:
        return
    leading = _LEADING[known].search(words)
    if leading:
        yield "leading", f"leads to an answer with “{leading[0].strip()}”.", "Ask so that every answer is as welcome."
    negation = _negation(words, known) if closed and not leading else ""
    if negation:
        what = f"asks with a negation, “{negation}”: people can't tell what a yes would mean."
        yield "negation", what, "Ask what was so, not what wasn't."


def _negation(words: str, known: str) -> str:
    """Return the negation that turns a question round; empty where there is none.

    “Were you told why there was no plan?” asks something positive about what was not, and “What did not work?” is
    answered by more than yes and no: both are left alone.
    """
    found = _NEGATION[known].search(words)
    if found is None or _ASKS_FOR_MORE[known].match(words):
        return ""
    clause = _SUBORDINATE[known].search(words, 1)
    return "" if clause is not None and clause.start() < found.start() else found[0]


def _support(found: Draft) -> None:
    """Who stirs something up says whom to turn to."""
    if found.instrument is None or found.instrument.support:
        return
    first = next((q for q in found.instrument.questions if q.sensitive), None)
    if first is not None:
        what = f'Question "{first.id}" is sensitive, and the instrument has no words of support of its own.'
        remedy = "Write [support]: whom to talk to ({support}), 112, 1177. Until then standard words stand there."
        found.report.warning((*found.questions[first.id], "sensitive"), "no-support", what, remedy)


def _length(found: Draft) -> None:
    if found.instrument is None:
        return
    everybody = sum(q.asked_if is None for q in found.instrument.questions)
    if everybody > MOST_QUESTIONS:
        what = f"Everybody is asked {everybody} questions."
        remedy = f"Keep to {MOST_QUESTIONS}: what nobody will use need not be asked."
        found.report.warning(("section",), "many-questions", what, remedy)


def _own_words(found: Draft) -> None:
    """What sheet and page say beside the questions exists in few languages."""
    if found.instrument is None:
        return
    for language in found.instrument.languages:
        if not speaks(language):
            what = f"What stands around the questions, such as how to cross and to send, is in Swedish in {language}."
            remedy = "Say in the intro what a reader needs to know of it."
            found.report.warning(("languages",), "words-around", what, remedy)
