"""What the dataset's errors say, in the page's language: what happened and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forms.errors import FormsError
from omr.errors import OmrError
from webapp.dataset.errors import DatasetError
from webapp.language import gettext

Words = Callable[[], tuple[str, str]]

_BY_CODE: Mapping[str, Words] = {
    "wrong-password": lambda: (
        gettext("Name or password is wrong."),
        gettext("Check both and try again."),
    ),
    "locked": lambda: (
        gettext("Too many wrong passwords for this name."),
        gettext("Wait a little and try again. The pause grows with each wrong attempt."),
    ),
    "weak-password": lambda: (
        gettext("The password is too easy to guess: too short, holds your name, or repeats a few signs."),
        gettext("Take four words that don't belong together."),
    ),
    "same-password": lambda: (
        gettext("This is the password that you were given or had before."),
        gettext("Choose one of your own."),
    ),
    "wrong-state": lambda: (
        gettext("The survey is not in a state in which this can be done."),
        gettext("Load the page again and look at what it says now."),
    ),
    "parameters-missing": lambda: (
        gettext("The survey can't open: its texts still lack something."),
        gettext("See the list on the survey's page."),
    ),
    "missing-letter": lambda: (
        gettext("The paper's font lacks letters of a text, or of a name or address that the survey fills in."),
        gettext("Print in another language, or write the value with other letters. On screen it works as it is."),
    ),
    "bad-number-of-sheets": lambda: (
        gettext("That many sheets can't be printed in one run."),
        gettext("Ask for a number from 1 to 20,000."),
    ),
    "survey-final": lambda: (
        gettext("The dataset of this survey is final: what is printed or read now could not be counted."),
        gettext("Make a new survey for a new round."),
    ),
    "unknown-run": lambda: (
        gettext("There is no such print run."),
        gettext("Choose one from the list."),
    ),
    "unknown-version": lambda: (
        gettext("The survey never had this version."),
        gettext("Load the survey's page again and answer there."),
    ),
    "nothing-to-undo": lambda: (
        gettext("There is no decision to take back any more."),
        gettext("Go back to the list of what waits."),
    ),
    "not-refused": lambda: (
        gettext("This page has been dealt with already."),
        gettext("Go back to the list of refused pages."),
    ),
    "no-such-page": lambda: (
        gettext("The sheet has no such page."),
        gettext("Choose the page by the words at its foot."),
    ),
    "page-taken": lambda: (
        gettext("That page of that sheet has come already."),
        gettext("If it is the same page, set this picture aside; if not, leave the number empty."),
    ),
    "unknown-layout": lambda: (
        gettext("The survey was never printed that way."),
        gettext("Choose one of its own printed forms."),
    ),
    "too-many-files": lambda: (
        gettext("Those are too many files at once."),
        gettext("Upload at most 500 at a time."),
    ),
    "disk": lambda: (
        gettext("There is no room on the disk, so nothing of this was kept."),
        gettext("Make room and try again. What was read before stays."),
    ),
    "run-outdated": lambda: (
        gettext("The texts or dates of the survey have changed since that run was printed."),
        gettext("Print a new run. Sheets of the old one that are out can still be read."),
    ),
    "too-much-for-slip": lambda: (
        gettext("The questions don't fit on a slip with room to answer."),
        gettext("Print fewer slips on a leaf, or whole sheets; or shorten the texts."),
    ),
    "information-needs": lambda: (
        gettext("The information page lacks who asks, whom to contact or whom to turn to for support."),
        gettext("Give the survey organisation, contact and support; a draft can be made anew with them."),
    ),
    "information-language": lambda: (
        gettext("The information page is not written in that language."),
        gettext("Choose Swedish, easy Swedish or English."),
    ),
    "information-too-long": lambda: (
        gettext("The information page does not fit on one side."),
        gettext("Shorten your own words, or print it in ordinary size."),
    ),
    "bad-address": lambda: (
        gettext("The web address does not lead to the survey from other people's phones."),
        gettext("Give the address that opens on a phone, at most 80 letters, such as https://svara.example.se/s/sip."),
    ),
    "dataset-busy": lambda: (
        gettext("Another program is using the dataset."),
        gettext("Wait until it has finished and try again."),
    ),
    "key-missing": lambda: (
        gettext("A key of this survey is missing, so what it locks can't be opened."),
        gettext("Put the keys folder back from where it was moved, or restore a backup."),
    ),
}


def told(error: DatasetError | FormsError | OmrError) -> tuple[str, str]:
    """Return what happened and what to do, translated by the error's code.

    An error that has no translation is told in its own words rather than in general ones.
    """
    words = _BY_CODE.get(error.code)
    return words() if words is not None else (error.message, error.remedy)
