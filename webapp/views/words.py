"""Codes of reading and judging in the words of the desk, in the page's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forms.answers import Mark, Reason
from forms.model import Kind, Question
from omr.readings import RefusalCode
from webapp.dataset.details import in_particular
from webapp.dataset.intake import PRACTICE_SHEET, RefusedPage
from webapp.language import current_language, gettext

Pair = Callable[[], tuple[str, str]]

REFUSALS: Mapping[RefusalCode, Pair] = {
    RefusalCode.NO_MARKERS: lambda: (
        gettext(
            "The corner marks don't show where the page lies: too few of them were found, or they don't lie as on a"
            " flat sheet."
        ),
        gettext("Scan the page again, flat and whole, with all corners visible."),
    ),
    RefusalCode.NO_PAGE_CODE: lambda: (
        gettext("The page code at the top could not be read, or it contradicts the corner marks."),
        gettext("Scan the page again at 300 dpi and check that nothing covers the code."),
    ),
    RefusalCode.UNKNOWN_FORM: lambda: (
        gettext("The page belongs to another survey."),
        gettext("Upload it to the survey it belongs to."),
    ),
    RefusalCode.OTHER_VERSION: lambda: (
        gettext("The page was printed from a version that this survey never had."),
        gettext("Find out where the sheet was printed; it can only be read there."),
    ),
    RefusalCode.BLANK_PAGE: lambda: (
        gettext("The page is blank."),
        gettext("Nothing to do if it is the back of a sheet. Otherwise check which way the pile was fed."),
    ),
    RefusalCode.SIGN_UP_SHEET: lambda: (
        gettext("The page is a sign-up sheet with contact details. Its picture was destroyed at once."),
        gettext("Put the paper in its envelope and hand it to the contact keeper unread."),
    ),
    RefusalCode.TOO_COARSE: lambda: (
        gettext("The picture is too coarse to tell a mark from a speck."),
        gettext("Scan the page again at 200 dpi or more; 300 dpi is best."),
    ),
    RefusalCode.TOO_PALE: lambda: (
        gettext("The scanner made the picture black and white, and took part of what was written for paper."),
        gettext(
            "Scan the page again in gray, the original if this is a copy, or enter it from the paper, not the picture."
        ),
    ),
    RefusalCode.NOT_AN_IMAGE: lambda: (
        gettext("The file is not a picture or PDF that can be read."),
        gettext("Upload PDF, TIFF, JPEG or PNG. A phone that saves HEIC can be set to its most compatible format."),
    ),
    RefusalCode.DAMAGED_FILE: lambda: (
        gettext("The file is damaged, cut off or empty."),
        gettext("Copy or send the file again, or scan the pages again."),
    ),
    RefusalCode.TOO_LARGE: lambda: (
        gettext("The picture has more pixels, or the file more pages, than any scan of a sheet needs."),
        gettext("Scan at 300 dpi and upload piles of at most 5,000 pages."),
    ),
    RefusalCode.LOCKED_PDF: lambda: (
        gettext("The PDF is locked with a password."),
        gettext("Save it without a password, or switch the password off in the scanner, and upload it again."),
    ),
    RefusalCode.TEST_PAGE: lambda: (
        gettext("The page is a printer test page, which is no answer."),
        gettext("Change what is named here, print the test page anew and scan it again."),
    ),
}
"""Each refusal: what happened, and what the coordinator can do."""

REASONS: Mapping[Reason, Pair] = {
    Reason.SEVERAL: lambda: (
        gettext("Several answers are crossed, but only one counts here."),
        gettext("Choose the one that the person clearly meant, or say that it can't be settled."),
    ),
    Reason.ONLY_WITHDRAWN: lambda: (
        gettext("Boxes are filled, which means withdrawn, and none is crossed."),
        gettext("Some people fill a box to choose it. Judge by how the rest of the sheet is filled in."),
    ),
    Reason.UNCLEAR: lambda: (
        gettext("A mark could not be told for certain."),
        gettext("Look at the picture and say what the person meant."),
    ),
    Reason.OUTSIDE: lambda: (
        gettext("Something is drawn or written outside the boxes."),
        gettext("Look for struck-out, circled or underlined words and notes in the margin."),
    ),
    Reason.TWO_IMAGES: lambda: (
        gettext("Two pictures of this page say different things."),
        gettext("Compare with the paper if you have it, and say what stands on it."),
    ),
    Reason.COPIED_SHEET: lambda: (
        gettext("Two different sheets carry the same number: somebody copied a sheet."),
        gettext("Say whether they are answers of two people, or two pictures of one sheet."),
    ),
    Reason.TRANSCRIBE: lambda: (
        gettext("Something is written by hand and has to be typed in."),
        gettext("Type what stands there. Leave out names of people."),
    ),
}
"""Why something waits, and what to look for; `reason_words` knows the exceptions."""

MARKS: Mapping[Mark, Callable[[], str]] = {
    Mark.EMPTY: lambda: gettext("empty"),
    Mark.CROSSED: lambda: gettext("crossed"),
    Mark.FILLED: lambda: gettext("filled"),
    Mark.UNCERTAIN: lambda: gettext("uncertain"),
}
"""What the machine saw in a box."""

CHANNELS: Mapping[str, Callable[[], str]] = {
    "web": lambda: gettext("Web"),
    "paper": lambda: gettext("Paper"),
    "interview": lambda: gettext("Interview"),
    "phone": lambda: gettext("Phone"),
}
"""Channels by value."""


def reason_words(reason: Reason, question: Question | None, *, by_hand: bool = False) -> tuple[str, str]:
    """Return why something waits and what to look for.

    Args:
        reason: The reason.
        question: The question that waits; None where a whole sheet does.
        by_hand: The machine could not read the page.
    """
    what, look_for = REASONS[reason]()
    if question is None:
        return what, look_for
    type_it = gettext("Type what stands there, or say that it is blank. Leave out names of people.")
    if reason is Reason.TRANSCRIBE and by_hand:
        return gettext("The machine could not read this page."), type_it
    if not question.options and reason in (Reason.OUTSIDE, Reason.TWO_IMAGES):
        if reason is Reason.OUTSIDE:
            what = gettext("Something is drawn or written outside the field.")
        return what, type_it
    if question.kind is Kind.PLACE and question.options and reason in (Reason.SEVERAL, Reason.TWO_IMAGES):
        if reason is Reason.SEVERAL:
            what = gettext(
                "A box is crossed, and something is written in the field beside it. Only one of them counts here."
            )
        return what, gettext("Choose the box if it is meant. If the written place is meant, choose that no box is.")
    if reason is Reason.SEVERAL and not question.chooses_one:
        return (
            gettext("An answer that can only stand alone is crossed together with others."),
            gettext("Choose what the person clearly meant, or say that it can't be settled."),
        )
    return what, look_for


def refusal_words(page: RefusedPage) -> tuple[str, str]:
    """Return what happened to a refused page and what can be done about it."""
    if page.code == PRACTICE_SHEET:
        return (
            gettext("The sheet was printed while the survey was a draft, to try it out."),
            gettext("If somebody answered on it in earnest, enter it by hand on a sheet of the survey."),
        )
    what, remedy = REFUSALS[RefusalCode(page.code)]()
    if page.test is not None and page.test.good:
        remedy = gettext("Nothing to do: sheets that are printed and scanned like this page can be read.")
    return in_particular(page.detail, what, remedy, gettext, _figure)


def _figure(value: str) -> str:
    """Return a number as the page's language writes it: in Swedish thousands are parted by a space."""
    return value.replace(",", "\N{NO-BREAK SPACE}") if current_language() == "sv" else value
