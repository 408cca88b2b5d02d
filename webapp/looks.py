"""What templates share: languages, filters and the addresses of static files."""

from __future__ import annotations

import re
from datetime import date, datetime

from flask import Flask, g, request
from flask_babel import Babel, format_date
from markupsafe import Markup

from webapp.headers import asset_url
from webapp.language import INTERFACE_LANGUAGES, NAMES, TRANSLATIONS, current_language, direction, gettext, translations

_PARAGRAPH = re.compile(r"\n\s*\n")
_BLANKS = re.compile(r"[ \t]+")


def paragraphs(text: str) -> list[Markup]:
    """Split a text at blank lines; a line stays a line, as easy texts need, and what must not break does not."""
    parts = (_BLANKS.sub(" ", part.strip()) for part in _PARAGRAPH.split(text))
    return [Markup("<br>").join(line.strip() for line in part.split("\n")) for part in parts if part]


def day(moment: date | datetime, today: date | None = None) -> str:
    """Say a date as people do: "today", "21 November", with the year where it is another one."""
    local = moment.astimezone() if isinstance(moment, datetime) else moment
    that = local.date() if isinstance(local, datetime) else local
    now = today or datetime.now().astimezone().date()
    pattern = "d MMMM" if that.year == now.year else "d MMMM y"
    said = gettext("today") if that == now else str(format_date(that, pattern))
    if isinstance(local, datetime):
        return gettext("%(day)s at %(time)s", day=said, time=f"{local:%H:%M}")
    return said


def moment(text: str) -> str:
    """Say a moment that is stored as `2026-05-04T12:00:00+00:00`."""
    return day(datetime.fromisoformat(text))


def isoday(text: str) -> str:
    """Say a date that is stored as `2026-05-04`."""
    return day(date.fromisoformat(text))


def share(part: int, whole: int) -> str:
    """Say a share in whole per cent; a dash where there is nothing to share."""
    return f"{round(100 * part / whole)} %" if whole else "–"


def prepare(app: Flask) -> None:
    """Give an app its languages and its templates their filters."""
    Babel(
        app,
        default_locale=INTERFACE_LANGUAGES[0],
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=current_language,
    )
    # Templates speak as the code does, variants of a language included.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: translations().gettext(text),
        ngettext=lambda one, many, num: translations().ngettext(one, many, num),
        newstyle=True,
    )
    app.jinja_env.filters.update(paragraphs=paragraphs, day=day, isoday=isoday, moment=moment, share=share)
    app.jinja_env.filters.update(direction=direction)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def _shared() -> dict[str, object]:
        return {
            "asset": lambda name: asset_url(app, name),
            "lang": current_language(),
            "language_names": NAMES,
            "home": "/",
            "user": g.get("user"),
            "here": request.full_path.rstrip("?"),
        }
