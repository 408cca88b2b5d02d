"""Review: one waiting question at a time, with its picture, decided by mouse or key."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms import places
from forms.answers import Mark
from forms.model import Instrument, Kind, Question, fill
from webapp.dataset.database import Row
from webapp.dataset.decisions import AlreadyDecided, Decision, Item
from webapp.dataset.errors import DatasetError
from webapp.dataset.pages import Action, Aspect, Choice
from webapp.dataset.surveys import Survey
from webapp.language import gettext
from webapp.views.crops import Unshowable, page_picture, question_crop
from webapp.views.desk import survey_page
from webapp.views.here import instance, signed_in, survey_or_404
from webapp.views.told import told
from webapp.views.words import MARKS, reason_words
from webapp.wording import text_parameters

blueprint = Blueprint("review", __name__)

LATEST = 100
"""Decisions that the queue shows at a time for undoing."""

MOST_ROWS = 2**63 - 1
"""The largest number that SQLite compares with."""

OPTION_KEYS = "1234567890qwertyiop"
"""Keys that choose an option, as they lie on the keyboard; `u` and what else the page itself uses is left out."""

SUGGESTION_KEYS = "sd"
"""Keys that take what the machine reads on the first and on another picture."""


@dataclass(frozen=True, slots=True)
class Answerable:
    """One option that can be decided for.

    Attributes:
        id: Option id.
        label: What the sheet says.
        key: The key that chooses it, of `OPTION_KEYS`; empty beyond the last of them.
        seen: What the machine saw in its box, in words; empty where it saw no box.
        chosen: Whether the machine takes it for crossed.
    """

    id: str
    label: str
    key: str
    seen: str
    chosen: bool


def _labels(survey: Survey, version: str) -> tuple[Instrument, str, dict[str, str]]:
    """Return what is needed to put a sheet's questions into words: as the survey's first language has them."""
    language = survey.languages[0]
    return instance().surveys.instrument(survey, version), language, text_parameters(survey, language)


@blueprint.get("/desk/<slug>/review")
def queue(slug: str) -> ResponseReturnValue:
    """Lead to the first thing that waits; where nothing waits, show what was decided last, and before that."""
    survey = survey_or_404(slug)
    waiting = instance().decisions.waiting(survey)
    if waiting and "list" not in request.args:
        return redirect(url_for("review.case", slug=survey.slug, item_id=waiting[0].id), 303)
    before = min(request.args.get("before", 0, type=int), MOST_ROWS) or None
    found = instance().decisions.made(survey, LATEST + 1, before=before)
    shown: dict[str, object] = {
        "waiting": len(waiting),
        "made": [(d, decision_words(survey, d)) for d in found[:LATEST]],
        "before": before,
        "earlier": found[LATEST - 1].seq if len(found) > LATEST else None,
    }
    return render_template("desk/queue.html", **shown, **survey_page(survey))


@blueprint.get("/desk/<slug>/review/<item_id>")
def case(slug: str, item_id: str) -> ResponseReturnValue:
    """Show one thing that waits."""
    survey = survey_or_404(slug)
    return _case(survey, item_id)


@blueprint.post("/desk/<slug>/review/<item_id>")
def decide(slug: str, item_id: str) -> ResponseReturnValue:
    """Take a decision and go on to what waits next."""
    survey = survey_or_404(slug)
    before = [i.id for i in instance().decisions.waiting(survey)]
    try:
        item = instance().decisions.item(survey, item_id)
        if item.aspect is not Aspect.PAIRING and not set(_images(survey, item)) <= set(request.form.getlist("shown")):
            other = gettext("The pictures of this page are others than those you saw. Look at them, and choose again.")
            return _case(survey, item_id, wrong=other, typed=request.form.get("text", ""))
        decision = instance().decisions.decide(survey, item_id, _choice(survey, item), by=signed_in().name)
    except AlreadyDecided as error:
        return _decided(survey, error.decision, 409)
    except DatasetError as error:
        if error.code == "unknown-item":
            abort(404)
        return _case(survey, item_id, wrong=_wrong_words(survey, item_id, error), typed=request.form.get("text", ""))
    flash(gettext("Saved: %(what)s", what=decision_words(survey, decision)))
    return redirect(_next_after(survey, before, item, decision), 303)


def _next_after(survey: Survey, before: list[str], item: Item, decision: Decision) -> str:
    """Return the address of what waits after a decided item; the queue where nothing waits after it.

    What the decision itself made wait comes first: the words beside an option that was chosen.
    """
    waiting = instance().decisions.waiting(survey)
    left = {i.id for i in waiting}
    place = before.index(item.id) if item.id in before else -1
    about = (item.serial, item.copy, item.question)
    new = (i.id for i in waiting if i.id not in before and (i.serial, i.copy, i.question) == about)
    following = next((i for i in (*new, *before[place + 1 :], *before[: max(place, 0)]) if i in left), None)
    following = following or next(iter(sorted(left)), None)
    if following is None:
        return url_for("review.queue", slug=survey.slug)
    return url_for("review.case", slug=survey.slug, item_id=following, after=decision.item)


@blueprint.post("/desk/<slug>/review/<item_id>/undo")
def undo(slug: str, item_id: str) -> ResponseReturnValue:
    """Take a decision back; it waits again."""
    survey = survey_or_404(slug)
    try:
        instance().decisions.undo(survey, item_id, by=signed_in().name)
    except DatasetError as error:
        flash(" ".join(told(error)), "waits")
        return redirect(url_for("review.queue", slug=survey.slug), 303)
    flash(gettext("The decision is taken back."))
    still = any(i.id == item_id for i in instance().decisions.waiting(survey))
    where = url_for("review.case", slug=slug, item_id=item_id) if still else url_for("review.queue", slug=slug)
    return redirect(where, 303)


def _choice(survey: Survey, item: Item) -> Choice:
    """Return what the form says was decided; what says nothing is no choice, and the dataset refuses it."""
    if item.aspect is Aspect.PAIRING:
        return _pairing(survey, item.serial)
    form = request.form
    if form.get("choose"):
        return Choice(Action.CHOOSE, options=(form["choose"],))
    if form.get("suggested"):
        return Choice(Action.TEXT, text=form["suggested"])
    choices = {
        "choose": Choice(Action.CHOOSE, options=tuple(form.getlist("option"))),
        "text": Choice(Action.TEXT, text=form.get("text", "")),
        "blank": Choice(Action.BLANK),
        "unclear": Choice(Action.UNCLEAR),
    }
    return choices.get(form.get("action", ""), Choice(Action.PAIR))


def _pairing(survey: Survey, serial: str) -> Choice:
    """Return which pages the form puts together, of those that it showed: the dataset refuses to leave any out."""
    decisions = instance().decisions
    alike = {"separate": decisions.separate_sheets, "same": decisions.same_sheet}.get(request.form.get("action", ""))
    if alike is not None:
        shown = request.form.getlist("shown")
        return Choice(Action.PAIR, pairs=tuple((i, n) for i, n in alike(survey, serial).pairs if i in shown))
    given = {p.image: request.form.get(f"sheet.{p.image}", "") for p in decisions.copied_pages(survey, serial)}
    return Choice(
        Action.PAIR, pairs=tuple((i, int(n) if n.isdecimal() and len(n) <= 4 else -1) for i, n in given.items())
    )


def _wrong_words(survey: Survey, item_id: str, error: DatasetError) -> str:
    if error.code != "bad-choice":
        return " ".join(told(error))
    item = instance().decisions.item(survey, item_id)
    if item.aspect is Aspect.PAIRING:
        pages = {p.image for p in instance().decisions.copied_pages(survey, item.serial)}
        if not pages <= set(request.form.getlist("shown")):
            return gettext("Another page of this sheet has come meanwhile. Look at all of them, and choose again.")
        return gettext("Say for every page which sheet it belongs to.")
    question = instance().surveys.instrument(survey, item.version).by_id[item.question]
    if item.aspect is Aspect.TEXT and question.kind is Kind.NUMBER and item.option is None:
        return gettext("Write a number from %(low)d to %(high)d.", low=question.minimum, high=question.maximum)
    if item.aspect is Aspect.TEXT:
        return gettext("Write down what stands there, or say that it is blank.")
    return gettext("These answers can't stand together, or none is chosen. Choose again.")


def _case(survey: Survey, item_id: str, *, wrong: str = "", typed: str = "") -> ResponseReturnValue:
    decisions = instance().decisions
    try:
        item = decisions.item(survey, item_id)
    except AlreadyDecided as error:
        return _decided(survey, error.decision, 200)
    except DatasetError:
        abort(404)
    order = [i.id for i in decisions.waiting(survey)]
    place = order.index(item.id) if item.id in order else 0
    question = instance().surveys.instrument(survey, item.version).by_id.get(item.question)
    what, look_for = reason_words(item.reason, question, by_hand=item.reading is None)
    shown: dict[str, object] = {
        "item": item,
        "place": place + 1,
        "total": len(order),
        "before": order[place - 1] if place else None,
        "after": order[place + 1] if place + 1 < len(order) else None,
        "last": request.args.get("after"),
        "what": what,
        "look_for": look_for,
        "wrong": wrong,
        "typed": typed,
        "kind": item.aspect.value,
        "images": _images(survey, item),
    }
    status = 422 if wrong else 200
    if item.aspect is Aspect.PAIRING:
        pages = decisions.copied_pages(survey, item.serial)
        more: dict[str, object] = {"copied": pages, "sheets": max((p.copy for p in pages), default=1)}
        return make_response(render_template("desk/pairing.html", **shown, **more, **survey_page(survey)), status)
    more = _question_words(survey, item)
    return make_response(render_template("desk/case.html", **shown, **more, **survey_page(survey)), status)


def _question_words(survey: Survey, item: Item) -> dict[str, object]:
    """Return the question, its options with what the machine saw, and how it is to be answered."""
    instrument, language, parameters = _labels(survey, item.version)
    question = instrument.by_id[item.question]
    seen: dict[str, Mark] = {}
    if item.reading is not None:
        marks = instance().materialiser.reading(item.reading).marks
        seen = {m.option: m.state for m in marks if m.question == question.id}
    options = tuple(
        Answerable(
            id=option.id,
            label=fill(option.label.to(language), parameters),
            key=OPTION_KEYS[number : number + 1],
            seen=MARKS[seen[option.id]]() if option.id in seen else "",
            chosen=seen.get(option.id) is Mark.CROSSED,
        )
        for number, option in enumerate(question.options)
    )
    return {
        "number": instrument.numbers[question.id],
        "wording": fill(question.wording.default.to(language), parameters),
        "sheet_language": language,
        "options": options,
        "asked_about": next((o.label for o in options if o.id == item.option), ""),
        "several": not question.chooses_one,
        "long_text": question.kind is Kind.TEXT and question.lines > 1 and item.option is None,
        "max_length": question.max_length,
        "place_names": _place_names(question, item),
        "suggestions": _suggestions(question, item),
    }


def _place_names(question: Question, item: Item) -> list[str]:
    if question.kind is not Kind.PLACE or item.option is not None or item.aspect is not Aspect.TEXT:
        return []
    return [p.name for p in places.places(question.places)]


def _suggestions(question: Question, item: Item) -> list[tuple[str, str]]:
    """Return the machine's suggestions, each with its key while there are any; a place by its name, and once."""
    words = dict.fromkeys(_place_or_text(question, s) if item.option is None else s for s in item.suggestions)
    return list(zip_longest(words, SUGGESTION_KEYS[: len(words)], fillvalue=""))


def _images(survey: Survey, item: Item) -> list[str]:
    """Return the page images to look at: all that show the page, the one that was judged first."""
    rows = instance().materialiser.images(survey, item.serial)
    same = [r["id"] for r in rows if r["page"] == item.page and r["copy"] == item.copy and r["picture"]]
    return [item.image, *(i for i in same if i != item.image)]


def _decided(survey: Survey, decision: Decision, status: int) -> ResponseReturnValue:
    """Say that somebody was faster, and what they decided."""
    page = render_template(
        "desk/decided.html", decision=decision, words=decision_words(survey, decision), **survey_page(survey)
    )
    return make_response(page, status)


def decision_words(survey: Survey, decision: Decision) -> str:
    """Say in words what was decided about which question."""
    if decision.aspect is Aspect.PAIRING:
        sheets = len({number for _, number in decision.choice.pairs if number})
        return gettext("sheet %(serial)s: its pages are of %(sheets)s papers", serial=decision.serial, sheets=sheets)
    question = survey.instrument.by_id.get(decision.question)
    if question is None:
        return decision.question
    language = survey.languages[0]
    labels = {o.id: o.label.to(language).removesuffix(":") for o in question.options}
    choice, option = decision.choice, labels.get(decision.option or "", "")
    said = {
        Action.BLANK: gettext("nothing is meant"),
        Action.UNCLEAR: gettext("can't be settled"),
        Action.TEXT: "”" + _place_or_text(question, choice.text) + "”",
        Action.UNDO: gettext("taken back"),
        Action.CHOOSE: ", ".join(labels.get(o, o) for o in choice.options) or gettext("meant"),
    }.get(choice.action, choice.action.value)
    about = gettext("question %(number)s", number=survey.instrument.numbers[decision.question])
    return f"{about}, {option}: {said}" if option else f"{about}: {said}"


def _place_or_text(question: Question, text: str) -> str:
    if question.kind is Kind.PLACE:
        found = places.find(question.places, text)
        return found.name if found else text
    return text


def _image_row(survey: Survey, serial: str, image: str) -> Row:
    rows = instance().materialiser.images(survey, serial)
    found = next((r for r in rows if r["id"] == image and r["picture"]), None)
    if found is None:
        abort(404)
    return found


@blueprint.get("/desk/<slug>/review/picture/<serial>/<image>.jpg")
def picture(slug: str, serial: str, image: str) -> ResponseReturnValue:
    """Give a page, or one question of it, as a picture: upright, decrypted for this answer alone."""
    survey = survey_or_404(slug)
    row = _image_row(survey, serial, image)
    question, option = request.args.get("question", ""), request.args.get("option") or None
    try:
        data = instance().pictures.load(survey, image)
        layout = instance().runs.layout(row["layout"])
        reading = instance().materialiser.reading(row["reading"]) if row["reading"] is not None else None
        on_page = any(f.question == question and f.page == row["page"] for f in layout.fields)
        if reading is not None and on_page:
            cut = question_crop(data, reading, layout, question, option)
        else:
            cut = page_picture(data, reading, layout)
    except (DatasetError, Unshowable):
        abort(404)
    response = make_response(cut)
    response.mimetype = "image/jpeg"
    return response
