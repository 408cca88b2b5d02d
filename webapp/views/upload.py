"""Deliveries: scanned files come in, are read with progress to be seen, and what was refused is shown."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Blueprint, abort, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from omr import handwriting, heic
from omr.errors import OmrError
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Handled
from webapp.dataset.refused import Assignment
from webapp.dataset.surveys import Survey
from webapp.jobs import Delivery, Job, JobState
from webapp.language import gettext, language_name, ngettext
from webapp.views.crops import Unshowable, page_picture
from webapp.views.desk import survey_page
from webapp.views.here import config, instance, jobs, signed_in, survey_or_404
from webapp.views.testwords import test_words
from webapp.views.told import told
from webapp.views.words import refusal_words

blueprint = Blueprint("upload", __name__)

_FOLDER = "upload-"
_STALE_S = 24 * 3600
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}")


def sweep(instance: Instance, older_s: float = _STALE_S) -> None:
    """Delete what uploads left behind that broke off when the machine did: scans must not lie about unencrypted.

    Args:
        instance: The instance.
        older_s: Least age in seconds; below 0 all of them, for the one server that holds the instance when it starts.
    """
    for folder in instance.store.incoming_path.glob(f"{_FOLDER}*"):
        if time.time() - folder.stat().st_mtime > older_s:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _kept(files: list[FileStorage]) -> Iterator[list[Delivery]]:
    """Put uploaded files into a folder of the instance for as long as it takes to make a job of them."""
    with tempfile.TemporaryDirectory(prefix=_FOLDER, dir=instance().store.incoming_path) as folder:
        deliveries = []
        for number, file in enumerate(files, 1):
            name = Path((file.filename or "").replace("\\", "/")).name[:120]
            ending = Path(name).suffix
            path = Path(folder) / f"{number:04d}{ending if _ENDING.fullmatch(ending) else ''}"
            file.save(path)
            deliveries.append(Delivery(name, path))
        yield deliveries


@blueprint.route("/desk/<slug>/upload", methods=["GET", "POST"])
def upload(slug: str) -> ResponseReturnValue:
    """Take scanned files and make a reading job of them; show earlier deliveries."""
    survey = survey_or_404(slug)
    if request.method == "GET":
        return _page(survey)
    files = [f for f in request.files.getlist("files") if f.filename]
    if not files:
        return _page(survey, gettext("No file was chosen. Choose one or more files first."), 422)
    try:
        with _kept(files) as deliveries:
            job = jobs().enqueue(survey, deliveries, by=signed_in().name)
    except (DatasetError, OmrError) as error:
        return _page(survey, " ".join(told(error)), 422)
    return redirect(url_for("upload.job", slug=survey.slug, job_id=job.id), 303)


def _page(survey: Survey, wrong: str = "", status: int = 200) -> ResponseReturnValue:
    delivered = [(job, job_words(job)) for job in jobs().list(survey)]
    page = render_template(
        "desk/upload.html",
        wrong=wrong,
        delivered=delivered,
        limit_mb=config().max_upload_bytes // (1024 * 1024),
        printed=bool(instance().runs.list(survey)),
        heic=heic.installed(),
        suggests=handwriting.available(),
        **survey_page(survey),
    )
    return make_response(page, status)


def job_words(job: Job) -> str:
    """Say how far a job is, as a sentence."""
    if job.state is JobState.QUEUED and not job.done:
        return gettext("Waiting to be read.")
    if job.state in (JobState.QUEUED, JobState.RUNNING):
        return gettext("%(done)s of %(total)s pages read.", done=job.done, total=job.images)
    if job.state is JobState.FAILED:
        return gettext("Stopped: %(error)s", error=_error_words(job))
    return ngettext("%(num)s page, done.", "%(num)s pages, done.", job.images)


def _error_words(job: Job) -> str:
    """Say what stopped a job and what to do about it; in the words that were kept where its code has none here."""
    return " ".join(told(DatasetError(job.code, job.error, ""))).strip()


def _job_or_404(survey: Survey, job_id: str) -> Job:
    try:
        job = jobs().get(job_id)
    except DatasetError:
        abort(404)
    if job.survey != survey.slug:
        abort(404)
    return job


@blueprint.route("/desk/<slug>/upload/<job_id>", methods=["GET", "POST"])
def job(slug: str, job_id: str) -> ResponseReturnValue:
    """Show how far a delivery is, and in the end what became of its pages; a POST tries a stopped one again."""
    survey = survey_or_404(slug)
    found = _job_or_404(survey, job_id)
    if request.method == "POST":
        jobs().retry(found.id)
        return redirect(url_for("upload.job", slug=slug, job_id=job_id), 303)
    working = found.state in (JobState.QUEUED, JobState.RUNNING)
    summary = jobs().summary(found)
    return render_template(
        "desk/job.html",
        job=found,
        working=working,
        words=job_words(found),
        stopped=_error_words(found) if found.state is JobState.FAILED else "",
        summary=summary,
        refused=[(page, *refusal_words(page), test_words(page.test)) for page in summary.refused],
        **survey_page(survey),
    )


@blueprint.get("/desk/<slug>/upload/<job_id>/progress.json")
def progress(slug: str, job_id: str) -> ResponseReturnValue:
    """Tell a waiting page how far a delivery is."""
    found = _job_or_404(survey_or_404(slug), job_id)
    finished = found.state in (JobState.DONE, JobState.FAILED)
    return jsonify(done=found.done, total=found.images, finished=finished, text=job_words(found))


@blueprint.get("/desk/<slug>/refused")
def refused(slug: str) -> ResponseReturnValue:
    """Show the pages that were not read, each with picture, reason and what can be done, and sheets with gaps."""
    survey = survey_or_404(slug)
    layouts = [
        (layout.id, language_name(layout.language), layout.pages) for layout in instance().runs.layouts(survey).values()
    ]
    return render_template(
        "desk/refused.html",
        pages=[(page, *refusal_words(page)) for page in instance().intake.refused(survey)],
        incomplete=instance().intake.incomplete(survey),
        handled=instance().refused.handled(survey),
        layouts=layouts,
        most_pages=max((pages for _, _, pages in layouts), default=0),
        **survey_page(survey),
    )


@blueprint.get("/desk/<slug>/refused/<image>.jpg")
def refused_picture(slug: str, image: str) -> ResponseReturnValue:
    """Give the picture of a page that was not read."""
    survey = survey_or_404(slug)
    if not instance().refused.has_picture(survey, image):
        abort(404)
    try:
        data = page_picture(instance().pictures.load(survey, image), None, None)
    except (DatasetError, Unshowable):
        abort(404)
    response = make_response(data)
    response.mimetype = "image/jpeg"
    return response


@blueprint.post("/desk/<slug>/refused/<image>")
def settle(slug: str, image: str) -> ResponseReturnValue:
    """Settle a refused page: nothing on it counts, or it is this page of a sheet; or take that back."""
    survey = survey_or_404(slug)
    does = {"dismiss": _dismiss, "take-back": _take_back, "set-aside": _set_aside}
    try:
        flash(does.get(request.form.get("action", ""), _assign)(survey, image))
    except DatasetError as error:
        flash(" ".join(told(error)), "waits")
    return redirect(url_for("upload.refused", slug=survey.slug), 303)


def _dismiss(survey: Survey, image: str) -> str:
    instance().refused.dismiss(survey, image, by=signed_in().name)
    return gettext("Noted: there is nothing to count on that page. The picture is kept.")


def _assign(survey: Survey, image: str) -> str:
    page = request.form.get("page", "")
    where = Assignment(
        layout=request.form.get("layout", ""),
        page=int(page) if page.isascii() and page.isdigit() and len(page) <= 2 else 0,
        serial=request.form.get("serial") or None,
    )
    serial = instance().refused.assign(survey, image, where, by=signed_in().name)
    return gettext(
        "The page now belongs to sheet %(serial)s. Its questions wait under Review, to be entered by hand.",
        serial=serial,
    )


def _take_back(survey: Survey, image: str) -> str:
    if instance().refused.take_back(survey, image, by=signed_in().name) is Handled.SET_ASIDE:
        return gettext("Taken back: the sheet is there again, with all that was entered.")
    return gettext("Taken back: the page waits again.")


def _set_aside(survey: Survey, image: str) -> str:
    serial = request.form.get("serial", "")
    instance().refused.set_aside(survey, serial, by=signed_in().name)
    return gettext("Sheet %(serial)s is set aside and does not count.", serial=serial)
