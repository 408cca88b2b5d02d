"""A questionnaire to look at before anybody prints or opens it: phone and paper side by side, in one file of its own.

The phone's page comes from the same view, templates and styles as the site; the sheet from the same composer as print.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Flask, render_template
from markupsafe import Markup
from PIL import Image

from forms import pdf
from forms.draft import WELL_KNOWN
from forms.errors import Fault, LayoutError, Severity
from forms.model import Instrument
from forms.pagecode import SheetKind
from webapp import looks
from webapp.dataset.surveys import Settings, Survey, SurveyState
from webapp.language import language_name, use_language
from webapp.printing import PaperChoice, sheet_of
from webapp.views import respond
from webapp.views.told import told

PAPER_DPI = 110
"""Resolution of the pictures of paper: 12 pt stand 18 px high and read well beside the phone."""

GRAYS = 16
"""Shades in them: letters keep their soft edges, and a page takes 40 kB."""

SERIAL = "000000"
"""Stands where a sheet has its number."""

FILLED_BY_DATES = ("freezing", "purging")
"""What a survey's dates put on a sheet beside the parameters."""

PRINTED_PHONE = Markup("@media print { .page { padding: 0 1rem; } }")
"""A printed page of the site has no margins of its own, but a picture of a phone has."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One language of the preview.

    Attributes:
        tag: The language.
        name: What it calls itself.
        phone: The respondent's page, a whole HTML document.
        sheets: Each page of the sheet as an address that holds a PNG.
        no_paper: Why there is no sheet in this language; empty where there is one.
    """

    tag: str
    name: str
    phone: str
    sheets: tuple[str, ...]
    no_paper: str


def preview(
    instrument: Instrument, faults: Sequence[Fault], parameters: Mapping[str, str] | None = None, name: str = ""
) -> str:
    """Make the page.

    Args:
        instrument: What is shown.
        faults: What `check` says about it.
        parameters: Values for its texts; `{name}` stands where one is missing, so that it is seen.
        name: The definition's file name.

    Returns:
        An HTML document that needs nothing else: no script, no address outside of itself.
    """
    survey = _survey(instrument, parameters or {})
    app = _app()
    with app.test_request_context("/"):
        shown = tuple(_shown(survey, tag) for tag in instrument.languages)
        use_language(instrument.languages[0])
        return render_template(
            "preview.html",
            instrument=instrument,
            shown=shown,
            faults=faults,
            errors=[f for f in faults if f.severity is Severity.ERROR],
            title=instrument.title.to(instrument.languages[0]),
            name=name,
            inline_style=_style(app, "base.css", "preview.css"),
        )


def _survey(instrument: Instrument, parameters: Mapping[str, str]) -> Survey:
    names = (*(n for n, _ in instrument.parameters), *WELL_KNOWN, *FILLED_BY_DATES)
    values = {n: f"{{{n}}}" for n in names} | {n: v for n, v in parameters.items() if v}
    versions = (instrument.version,)
    return Survey(
        "preview", "0" * 16, SurveyState.OPEN, False, instrument, versions, values, instrument.languages, Settings()
    )


def _app() -> Flask:
    """Make the part of the web application that shows a respondent's page; it has no instance."""
    app = Flask("webapp")
    looks.prepare(app)
    app.register_blueprint(respond.blueprint)
    style = _style(app, "base.css") + PRINTED_PHONE
    app.context_processor(lambda: {"inline_style": style})
    return app


def _style(app: Flask, *names: str) -> Markup:
    """Return stylesheets as one, with the pictures that they name put into it."""
    styles = []
    for name in names:
        with app.open_resource(f"static/{name}", encoding="utf-8", mode="r") as file:
            styles.append(file.read())
    text = "\n".join(styles)
    for picture in ("cross.svg", "cross-dark.svg"):
        with app.open_resource(f"static/{picture}", encoding="utf-8", mode="r") as file:
            text = text.replace(f'url("{picture}")', f'url("data:image/svg+xml,{quote(file.read())}")')
    return Markup(text)  # noqa: S704 (our own files)


def _shown(survey: Survey, tag: str) -> Shown:
    phone = respond.first_page(survey, survey.instrument, tag)
    sheets: tuple[str, ...] = ()
    no_paper = ""
    try:
        sheets = _sheets(replace(survey, state=SurveyState.DRAFT), tag)
    except LayoutError as error:
        use_language(survey.languages[0])
        no_paper = " ".join(told(error, survey.instrument))
    return Shown(tag, language_name(tag), phone, sheets, no_paper)


def _sheets(survey: Survey, tag: str) -> tuple[str, ...]:
    """Draw each page of the sheet as it would be printed for practice."""
    out = io.BytesIO()
    pdf.write(sheet_of(survey, PaperChoice(tag)), SheetKind.PRACTICE, [SERIAL], out)
    return tuple(_address(picture) for picture in pdf.pictures(out.getvalue(), PAPER_DPI))


def _address(picture: Image.Image) -> str:
    small = io.BytesIO()
    step = 255 / (GRAYS - 1)
    picture.point(lambda v: round(round(v / step) * step)).quantize(GRAYS).save(small, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(small.getvalue()).decode()}"
