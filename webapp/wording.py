"""A survey's parameters as its texts need them: dates spelled out as people say them."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from webapp.dataset.parameters import in_language
from webapp.dataset.surveys import Survey
from webapp.language import locale_of

_NO_BREAK = "\N{NO-BREAK SPACE}"


def spoken_date(day: date, language: str) -> str:
    """Return a date as people say it, such as “15 juni 2018”; it does not break over two lines.

    In a language whose dates nobody has told us it stands as 2018-06-15, which reads the same everywhere.
    """
    locale = locale_of(language)
    return format_date(day, "long", locale=locale).replace(" ", _NO_BREAK) if locale is not None else day.isoformat()


def text_parameters(survey: Survey, language: str) -> dict[str, str]:
    """Return the values for a survey's texts in one language.

    Its dates are added in words: `deadline`; `freezing`, the last day on which a paper answer can be taken back; and
    `purging`, by when the paper is destroyed.
    """
    values = in_language(survey.parameters, language)
    dates = survey.settings
    for name, day in (("deadline", dates.deadline), ("freezing", dates.freeze_on), ("purging", dates.purge_on)):
        if day is not None:
            values[name] = spoken_date(day, language)
    return values
