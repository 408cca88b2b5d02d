"""A survey's dates against each other and against today: what would contradict what its pages promise is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from webapp.dataset.errors import DatasetError

if TYPE_CHECKING:
    from webapp.dataset.surveys import Settings, Survey


def refuse_contradictions(settings: Settings) -> None:
    """Refuse dates of which one undoes another; the same day is none.

    Args:
        settings: The dates; those that are not given contradict nothing.

    Raises:
        DatasetError: `freeze-before-deadline`, `freeze-in-grace`, `purge-before-freeze`, `purge-before-deadline`; names
            both dates as they are given.
    """
    end, freeze, purge = settings.deadline, settings.freeze_on, settings.purge_on
    last = end + timedelta(days=settings.grace_days) if end is not None else None
    if end is not None and freeze is not None and freeze < end:
        what = f"freeze_on={freeze} is before deadline={end}: the dataset would be final while people still answer."
        raise DatasetError("freeze-before-deadline", what, f"Give freeze_on={last} or later, or an earlier deadline.")
    if last is not None and freeze is not None and freeze < last:
        what = (
            f"freeze_on={freeze} is before {last}, when the {settings.grace_days} days of grace_days after"
            f" deadline={end} end: answers that were begun in time could still arrive."
        )
        raise DatasetError("freeze-in-grace", what, f"Give freeze_on={last} or later, or fewer grace_days.")
    if freeze is not None and purge is not None and purge < freeze:
        what = f"purge_on={purge} is before freeze_on={freeze}: answers would be destroyed before they are final."
        raise DatasetError("purge-before-freeze", what, f"Give purge_on={freeze} or later.")
    if last is not None and purge is not None and purge < last:
        what = f"purge_on={purge} is before {last}, the last day on which answers count."
        raise DatasetError("purge-before-deadline", what, f"Give purge_on={last} or later.")


def passed(settings: Settings, today: date) -> Iterator[tuple[str, date]]:
    """Yield the dates that are over, by the names of their parameters."""
    named = (("deadline", settings.deadline), ("freeze_on", settings.freeze_on), ("purge_on", settings.purge_on))
    yield from ((name, day) for name, day in named if day is not None and day < today)


def refuse_passed(slug: str, settings: Settings, today: date) -> None:
    """Refuse to open a survey with a date that is over already.

    Raises:
        DatasetError: `date-passed`; names each.
    """
    over = [f"{name}={day}" for name, day in passed(settings, today)]
    if over:
        raise DatasetError(
            "date-passed",
            f"“{slug}” can't open: {' and '.join(over)} {'has' if len(over) == 1 else 'have'} passed.",
            f"Give a later day: kryssklick survey set {slug} --param {over[0].partition('=')[0]}=…",
        )


def given(survey: Survey, values: Mapping[str, str]) -> dict[str, str]:
    """Return what a survey was given as KEY=VALUE, its dates among it, after some of it is changed.

    Args:
        survey: The survey as it is.
        values: What is given now; an empty value takes away what was there.
    """
    dates = survey.settings
    before = {
        **survey.parameters,
        "deadline": str(dates.deadline or ""),
        "grace_days": str(dates.grace_days),
        "freeze_on": str(dates.freeze_on or ""),
        "purge_on": str(dates.purge_on or ""),
    }
    return {name: value for name, value in (before | dict(values)).items() if value.strip()}
