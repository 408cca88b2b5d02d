"""What the script on a phone talks to: sealed answers, the list of what to keep for use without network, the scripts.

No session, no cookie. A sealed answer is never refused for what is in it; the tray opens it later, and what turns out
invalid waits in quarantine. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from forms.model import Instrument
from webapp.asbrowsers import as_browsers_write
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.sealing import HEAD_BYTES, SIZES, TAG_BYTES
from webapp.dataset.surveys import Survey, SurveyState
from webapp.dataset.tray import parse_submission_id
from webapp.headers import DOCUMENT, asset_url
from webapp.language import direction, interface_language, use_language
from webapp.phonefiles import JAVASCRIPT, ServedFile, build
from webapp.views.formview import text_words
from webapp.views.here import instance, survey_or_404
from webapp.views.phonedata import phone, script_address, until
from webapp.views.respond import first_page, from_own_page, page_values
from webapp.wording import text_parameters

blueprint = Blueprint("phone", __name__)

LARGEST = HEAD_BYTES + SIZES[-1] + TAG_BYTES
"""Bytes of the largest sealed answer."""

RECEIPT_FORMAT = "kryssklick-receipt/1"
OFFLINE_FORMAT = "kryssklick-offline/1"

NUMBER = "Kryssklick-Number"
"""Header that holds the submission id. Another site can't send it without asking first, and is never allowed to."""

LOOKS = ("base.css", "cross.svg", "cross-dark.svg", "sign.svg")
"""Static files that a respondent's page needs besides the scripts; the pictures are named in the style sheet."""

ICON_SIZES = (192, 512)
"""Pixels of the icons among a phone's programs."""

WORDS = {"sv": "sv.txt", "en": "en.txt"}
"""Lists of words for the lock of a draft, by the interface's language."""

SHORT_NAME = 12
"""Letters that fit under an icon."""

PAPER = "#fbfaf6"
"""The ground of the pages, as in base.css."""

BUSY_SECONDS = 30
"""When to come again after the dataset could not be written."""


@dataclass(slots=True)
class _Pages:
    """Pages that were rendered before, by everything that they depend on."""

    known: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)


_MOST_PAGES = 200


@blueprint.post("/s/<slug>/sealed")
def sealed(slug: str) -> ResponseReturnValue:
    """Take a sealed answer. A phone goes by what this says: accepted (repeats too), closed, refused or unknown."""
    return receive(slug, LARGEST, instance().tray.submit, _not_taken)


def receive(
    slug: str,
    largest: int,
    take: Callable[[Survey, bytes, bytes], object],
    not_taken: Callable[[DatasetError], Response],
) -> Response:
    """Take something sealed, with its number in the header, and say what became of it.

    Args:
        slug: The survey.
        largest: Bytes of the largest there is.
        take: Keeps it: survey, number, bytes.
        not_taken: Says that it can't be taken, ever or just now.
    """
    if not from_own_page():
        return receipt("refused", 403, "elsewhere")
    request.max_content_length = largest
    try:
        survey = survey_or_404(slug)
    except NotFound:
        return receipt("unknown", 404, "unknown-survey")
    try:
        take(survey, parse_submission_id(request.headers.get(NUMBER, "")), request.get_data(cache=False))
    except RequestEntityTooLarge:
        return receipt("refused", 413, "too-large")
    except SurveyClosed as error:
        return receipt("closed", 410, error.code)
    except DatasetError as error:
        return not_taken(error)
    return receipt("accepted", 200)


def _not_taken(error: DatasetError) -> Response:
    """Say that an answer can't be taken, ever or just now."""
    if isinstance(error, SealError) or error.code == "bad-submission-id":
        return receipt("refused", 409 if error.code == "other-key" else 400, error.code)
    return later(error)


def later(error: DatasetError) -> Response:
    """Say that something sealed can't be taken just now: a full disk or a busy dataset passes."""
    current_app.logger.error("%s: %s", error.code, error.message)
    answer = receipt("later", 503, error.code)
    answer.headers["Retry-After"] = str(BUSY_SECONDS)
    return answer


def receipt(status: str, code: int, reason: str = "", **more: object) -> Response:
    """Say what became of something sealed.

    Args:
        status: The word that its sender goes by.
        code: Status code of HTTP.
        reason: Why, as the code of an error.
        more: What else the sender needs.
    """
    return make_response({"format": RECEIPT_FORMAT, "status": status, "reason": reason, **more}, code)


@blueprint.get("/s/<slug>/offline.json")
def offline(slug: str) -> ResponseReturnValue:
    """List what a phone needs to open the survey without network, each file with its hash, and the survey's dates."""
    survey = survey_or_404(slug)
    if survey.state is SurveyState.PURGED:
        abort(404)
    pages = {
        tag: {"url": url_for("phone.page", slug=slug, lang=tag), "sha256": _sha256(_page(survey, tag))}
        for tag in survey.languages
    }
    folder = Path(current_app.static_folder or "")
    files = [{"url": script_address(), "sha256": build().whole.sha256}]
    files += [{"url": url, "sha256": _sha256((folder / name).read_bytes())} for name, url in _looks()]
    ends = until(survey)
    return {
        "format": OFFLINE_FORMAT,
        "version": _sha256(json.dumps([pages, files]).encode())[:16],
        "begins": survey.begins(instance().store.now()),
        "begin_until": ends.begin,
        "counts_until": ends.counts,
        "start": survey.languages[0],
        "headers": {"Content-Type": "text/html; charset=utf-8", **DOCUMENT},
        "pages": pages,
        "files": files,
    }


def _looks() -> list[tuple[str, str]]:
    """Return the static files of a page with the addresses that page and style sheet know them by."""
    named = {"base.css", "sign.svg"}
    return [
        (name, asset_url(current_app, name) if name in named else url_for("static", filename=name)) for name in LOOKS
    ]


@blueprint.get("/s/<slug>/page")
def page(slug: str) -> ResponseReturnValue:
    """Give a survey's page as a phone keeps it: the same for everybody, without the number of a form begun."""
    survey = survey_or_404(slug)
    if survey.state is SurveyState.PURGED:
        abort(404)
    wanted = request.args.get("lang", "")
    language = wanted if wanted in survey.languages else survey.languages[0]
    answer = make_response(_page(survey, language))
    answer.mimetype = "text/html"
    return answer


@blueprint.get("/s/<slug>/more/<name>")
def part(slug: str, name: str) -> ResponseReturnValue:
    """Give what only some need: texts in the page's language, and where its script lies."""
    survey = _with_part(slug, name)
    wanted = request.args.get("lang", "")
    if request.args.get("build", build().id) != build().id:
        abort(404)
    answer = make_response(_part(survey, name, wanted if wanted in survey.languages else survey.languages[0]))
    answer.mimetype = "text/html"
    return answer


@blueprint.get("/s/<slug>/more/<name>/offline.json")
def offline_part(slug: str, name: str) -> ResponseReturnValue:
    """List what a phone needs of a part to use it without network."""
    survey = _with_part(slug, name)
    pages = {
        tag: {
            "url": url_for("phone.part", slug=slug, name=name, lang=tag, build=build().id),
            "sha256": _sha256(_part(survey, name, tag)),
        }
        for tag in survey.languages
    }
    files = [
        {"url": url_for("phone.script", build_id=build().id, filename=module), "sha256": build().modules[module].sha256}
        for module in build().parts[name]
    ]
    return {"format": OFFLINE_FORMAT, "pages": pages, "files": files}


def _with_part(slug: str, name: str) -> Survey:
    survey = survey_or_404(slug)
    if survey.state is SurveyState.PURGED or name not in build().parts:
        abort(404)
    return survey


def _part(survey: Survey, name: str, language: str) -> bytes:
    use_language(language)
    values = page_values(survey, language)
    words = asset_url(current_app, f"words/{WORDS[interface_language(language)]}")
    script = url_for("phone.script", build_id=build().id, filename=f"{name}.js")
    return render_template(f"respond/more-{name}.html", **values, script=script, words=words).encode()


@blueprint.get("/s/<slug>/app.webmanifest")
def manifest(slug: str) -> ResponseReturnValue:
    """Tell a phone how to put the survey among its programs: each survey is one of its own, in its own language."""
    survey = survey_or_404(slug)
    wanted = request.args.get("lang", "")
    language = wanted if wanted in survey.languages else survey.languages[0]
    title = text_words(survey.instrument.title, language, text_parameters(survey, language))
    icons = [
        {"src": asset_url(current_app, f"sign-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in ICON_SIZES
    ]
    answer = make_response(
        {
            "id": url_for("respond.form", slug=slug),
            "name": title,
            "short_name": title if len(title) <= SHORT_NAME else "Kryssklick",
            "lang": language,
            "dir": direction(language),
            "start_url": url_for("respond.form", slug=slug, lang=language),
            "scope": url_for("respond.form", slug=slug),
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [{**icon, "purpose": purpose} for icon in icons for purpose in ("any", "maskable")],
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer


def _page(survey: Survey, language: str) -> bytes:
    """Render a page, once for all that it depends on."""
    pages = current_app.extensions.setdefault("kryssklick-pages", _Pages())
    offered = instance().contacts.offered(survey)
    settings = json.dumps([str(until(survey)), survey.state.value, sorted(survey.parameters.items()), offered])
    key = (survey.slug, survey.random_id, survey.instrument.version, language, build().id, settings)
    known: bytes | None = pages.known.get(key)
    if known is None:
        known = _render(survey, survey.instrument, language).encode()
        with pages.guard:
            if len(pages.known) >= _MOST_PAGES:
                pages.known.clear()
            pages.known[key] = known
    return known


def _render(survey: Survey, instrument: Instrument, language: str) -> str:
    use_language(language)
    # Whether it may still be begun the phone asks by dates and list: the page itself is kept for longer.
    script = phone(survey, instrument, language, begins=True)
    return as_browsers_write(first_page(survey, instrument, language, script))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@blueprint.get("/s/worker.js")
def worker() -> ResponseReturnValue:
    """Give the service worker; browsers compare it byte by byte and take a new one by themselves."""
    return _file(build().worker)


@blueprint.get("/phone/<build_id>/<filename>")
def script(build_id: str, filename: str) -> ResponseReturnValue:
    """Give the script of this build; an older build is gone, and a page that asks for it works without."""
    scripts = build()
    file = scripts.file(filename)
    if build_id != scripts.id or file is None:
        abort(404)
    return _file(file)


def _file(file: ServedFile) -> Response:
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = make_response(file.packed if packed else file.body)
    answer.headers["Content-Type"] = JAVASCRIPT
    answer.vary.add("Accept-Encoding")
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.set_etag(file.sha256[:16] + ("-gzip" if packed else ""))
    answer.make_conditional(request)
    return answer
