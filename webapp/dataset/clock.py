"""The time, handed in wherever a rule depends on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware of its time zone."""


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime) -> date:
    """Return the date that people here have at a moment: deadlines are dates of the place, not of UTC."""
    return moment.astimezone().date()
