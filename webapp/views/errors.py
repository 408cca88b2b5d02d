"""Error pages: what happened and what to do about it, in the page's language and in the other one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, make_response, render_template, request
from flask_babel import force_locale
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from webapp.dataset.errors import DatasetError
from webapp.language import INTERFACE_LANGUAGES, current_language, gettext
from webapp.views.told import told as told_words


@dataclass(frozen=True, slots=True)
class Told:
    """An error page in one language.

    Attributes:
        lang: The language.
        heading: What it is.
        what: What happened.
        remedy: What to do about it.
    """

    lang: str
    heading: str
    what: str
    remedy: str


def _texts(status: int) -> tuple[str, str, str]:
    """Return heading, what happened and what to do, in the language in force."""
    texts: dict[int, Callable[[], tuple[str, str, str]]] = {
        400: lambda: (
            gettext("The page did not understand what was sent"),
            gettext("Something in the request was missing or damaged."),
            gettext("Go back, load the page again and try once more. What was stored before is still there."),
        ),
        403: lambda: (
            gettext("This page is not for your role"),
            gettext("You are not allowed to see or do this."),
            gettext("Ask a coordinator or whoever runs the computer to give you the role, or go back."),
        ),
        404: lambda: (
            gettext("There is no such page"),
            gettext("The address leads nowhere. It may be mistyped, or the survey may have been removed."),
            gettext("Check the address letter by letter, or start from the first page."),
        ),
        405: lambda: (
            gettext("This can't be done at this address"),
            gettext("The page exists but does not take this kind of request."),
            gettext("Go back to the page you came from and use its buttons."),
        ),
        409: lambda: (
            gettext("Somebody was there first"),
            gettext("What you acted on has changed since the page was loaded."),
            gettext("Load the page again and look at what it says now."),
        ),
        413: lambda: (
            gettext("That was too large"),
            gettext("The server does not take that much at once. Nothing of it was stored."),
            gettext("Send less at a time: shorten long texts, or split a pile of scans into several files."),
        ),
        429: lambda: (
            gettext("Too many attempts"),
            gettext("There were too many attempts in a short time."),
            gettext("Wait a little and try again."),
        ),
        500: lambda: (
            gettext("Something went wrong here"),
            gettext("The fault is ours. What was stored before is still there."),
            gettext("Try again in a moment. If it goes wrong again, tell whoever runs the computer what you did."),
        ),
    }
    return texts.get(status if status in texts else 400 if status < 500 else 500, texts[500])()


def told(status: int, language: str) -> Told:
    """Return the error page's words for a status in one language."""
    with force_locale(language):
        return Told(language, *_texts(status))


def error_page(
    status: int, *, what: str | None = None, remedy: str | None = None, heading: str | None = None
) -> Response:
    """Build an error page.

    Args:
        status: The HTTP status.
        what: What happened, in the page's language, where more is known than the status says.
        remedy: What to do, likewise.
        heading: What it is, likewise.

    Returns:
        The page; with own words only in the page's language, otherwise in every language of the interface.
    """
    language = current_language()
    first = told(status, language)
    others = [told(status, tag) for tag in INTERFACE_LANGUAGES if tag != language] if what is None else []
    body = render_template(
        "error.html",
        heading=heading or first.heading,
        what=what or first.what,
        remedy=remedy or first.remedy,
        others=others,
        status=status,
    )
    return make_response(body, status)


def _too_large(limit_bytes: int | None) -> Response:
    if limit_bytes is None or request.endpoint != "upload.upload":
        return error_page(413)
    limit = f"{limit_bytes // (1024 * 1024)} MB"
    return error_page(
        413,
        what=gettext("The files are larger than %(limit)s together. Nothing of them was stored.", limit=limit),
        remedy=gettext(
            "Upload fewer files at a time, scan in gray at 300 dpi, or split the pile. "
            "For very large piles use the command: kryssklick scan SURVEY FILE"
        ),
    )


def register(app: Flask) -> None:
    """Let every error end in a page of ours."""

    @app.errorhandler(DatasetError)
    def on_dataset(error: DatasetError) -> Response:
        # Views tell what they expect themselves; what arrives here is the state of the machine, such as a full disk.
        app.logger.error("%s: %s", error.code, error.message)
        what, remedy = told_words(error)
        return error_page(503, heading=gettext("This does not work right now"), what=what, remedy=remedy)

    @app.errorhandler(HTTPException)
    def on_http(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        if isinstance(error, CSRFError):
            return error_page(
                400,
                heading=gettext("The page was too old"),
                what=gettext("The form had been open too long or came from elsewhere, so nothing was done."),
                remedy=gettext("Go back, load the page again and repeat what you did."),
            )
        if error.code == 413:
            return _too_large(request.max_content_length)
        page = error_page(error.code or 500)
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                page.headers[name] = value
        return page
