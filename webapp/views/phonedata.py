"""What a survey's page tells the script on the phone: rules, key, dates and the words for what has to be mended."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from flask import url_for

from forms.answers import SubmissionFault
from forms.model import Instrument, Kind, Question
from forms.places import codes
from forms.rules import rules_of
from webapp.dataset.surveys import Survey, SurveyState
from webapp.phonefiles import WHOLE, build
from webapp.views.formview import fault_words, text_words
from webapp.views.here import instance
from webapp.views.phonewords import form_words
from webapp.wording import spoken_date, text_parameters

LENGTH = "{length}"
"""Stands for the length of a text in the words for a text that is too long; the script puts it in."""


@dataclass(frozen=True, slots=True)
class Until:
    """The moments that a phone has to know, as milliseconds since 1970; None where there is no end.

    Attributes:
        begin: From then on no new answer is begun.
        counts: From then on nothing that arrives counts.
        last_day: The last day on which what arrives counts; None where there is no end.
    """

    begin: int | None
    counts: int | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class Phone:
    """What the templates need for the script.

    Attributes:
        data: JSON for the script; see `phone`.
        script: Address of the script.
        manifest: Address of what a phone needs to put the survey among its programs.
        send_by: The last day on which what arrives counts, in words; empty where there is no end.
        thanks: What stands after the last question.
    """

    data: dict[str, object]
    script: str
    manifest: str
    send_by: str
    thanks: str


def until(survey: Survey) -> Until:
    """Return the moments after which a survey takes no new answers, or none at all, as the server's own rules have it.

    Source: `Survey.begins` and `Survey.counts_at`.
    """
    settings = survey.settings
    if survey.state is SurveyState.CLOSED and survey.closed_at is not None:
        end = survey.closed_at + timedelta(days=settings.grace_days)
        return Until(_ms(survey.closed_at), _ms(end), end.astimezone().date())
    if survey.state is SurveyState.OPEN and settings.deadline is not None and not survey.demo:
        last = settings.deadline + timedelta(days=settings.grace_days)
        return Until(_ms(_after(settings.deadline)), _ms(_after(last)), last)
    return Until(None, None, None)


def _after(day: date) -> datetime:
    """Return the first moment after a day, in the time of the place."""
    return datetime.combine(day + timedelta(days=1), time()).astimezone()


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def phone(survey: Survey, instrument: Instrument, language: str, *, begins: bool, again: bool = False) -> Phone:
    """Return what a page of a survey tells the script.

    Args:
        survey: The survey.
        instrument: The version that the page shows.
        language: The language of the page.
        begins: A new answer may be begun.
        again: The page shows an answer again that is under way: its number stands in the page and is kept.

    Returns:
        Its `data`: `slug`, `key` (the survey's public key, base64), `language`, `languages`, `begins`, `begin_until`
        and `counts_until` (milliseconds since 1970 or null), `again`, `offline` (address of the list of what to keep),
        `rules` (see forms/rules.py), `words` (question → code of a fault → how to mend it), and what
        `phonewords.form_words` adds.
    """
    ends, parameters = until(survey), text_parameters(survey, language)
    key = base64.b64encode(instance().tray.public_key(survey)).decode()
    data: dict[str, object] = {
        "slug": survey.slug,
        "key": key,
        "language": language,
        "languages": list(survey.languages),
        "begins": begins,
        "begin_until": ends.begin,
        "counts_until": ends.counts,
        "again": again,
        "offline": url_for("phone.offline", slug=survey.slug),
        "rules": _rules(instrument),
        "words": _words(instrument, language, parameters),
        **form_words(instrument, language, parameters),
    }
    thanks = text_words(instrument.thanks, language, parameters)
    manifest = url_for("phone.manifest", slug=survey.slug, lang=language)
    return Phone(
        data, script_address(), manifest, spoken_date(ends.last_day, language) if ends.last_day else "", thanks
    )


def script_address() -> str:
    """Return the address of the script; it names the hash of what it holds."""
    return url_for("phone.script", build_id=build().id, filename=WHOLE)


@lru_cache(maxsize=64)
def _rules(instrument: Instrument) -> dict[str, object]:
    return rules_of(instrument, codes())


def _words(instrument: Instrument, language: str, parameters: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the words for whatever a person can do wrong at each question."""
    found = {}
    for question in instrument.questions:
        faults = [SubmissionFault(question.id, code, LENGTH) for code in _possible(question)]
        found[question.id] = {f.code: fault_words(instrument, f, language, parameters) for f in faults}
    return found


def _possible(question: Question) -> list[str]:
    """Return the faults that a person can bring about in the page as it is."""
    possible = []
    if question.options and not (question.kind is not Kind.PLACE and question.chooses_one):
        possible.append("several")
    if question.kind is Kind.TEXT or any(o.other for o in question.options):
        possible.append("too-long")
    if question.kind is Kind.NUMBER:
        possible += ["not-a-number", "out-of-range"]
    if question.kind is Kind.PLACE:
        possible.append("unknown-place")
    return possible
