"""What the dataset's errors say, in the page's language: what happened and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forms.errors import FormsError, LayoutError
from forms.model import Instrument
from omr.errors import OmrError
from webapp.dataset.errors import DatasetError
from webapp.language import gettext

Words = Callable[[], tuple[str, str]]


def _cluster() -> tuple[str, str]:
    return (
        gettext("The other machines that were to read could not be used, or were lost."),
        gettext("Try again here: what is left is read on this computer."),
    )


def _gone() -> tuple[str, str]:
    return (
        gettext("Something that was read before can't be opened any more."),
        gettext("Whoever runs the computer can check the dataset with “kryssklick verify”."),
    )


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
    "other-form": lambda: (
        gettext("The sheet with that number was printed in another form."),
        gettext("Choose “As the number says” under “Printed as”, or check the number."),
    ),
    "form-needed": lambda: (
        gettext("No number tells in which form the sheet was printed."),
        gettext("Choose it under “Printed as”: compare the language and the number of pages on the sheet."),
    ),
    "bad-number": lambda: (
        gettext("That is not the number of a sheet."),
        gettext("Type the six signs after “Number”, or leave it empty where they can't be read."),
    ),
    "unknown-number": lambda: (
        gettext("No sheet of this survey is known with that number."),
        gettext("Check it. If it is right, add the last two digits of the line under the square code."),
    ),
    "check-digits": lambda: (
        gettext("The two digits after the number don't belong to this number and page."),
        gettext("Compare number, digits, page and “Printed as” with the sheet."),
    ),
    "nothing-to-take-back": lambda: (
        gettext("Nothing is said of this page that could be taken back."),
        gettext("Go back to the list of refused pages."),
    ),
    "paired": lambda: (
        gettext("Somebody decided since which pages of that sheet belong together."),
        gettext("Take that decision back first, under Review."),
    ),
    "not-by-hand": lambda: (
        gettext("That sheet was not entered by hand as a whole."),
        gettext("Take its refused pages back one by one instead."),
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
        gettext("Write it above the button that makes the page; a draft can be given it for good."),
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
    "too-many-pages": lambda: (
        gettext("The sheet has more pages than can be told apart."),
        gettext("Make two questionnaires of it, take questions out, or print it in ordinary size."),
    ),
    "long-address": lambda: (
        gettext("The return address does not fit the window of a C5 envelope."),
        gettext("Write at most six lines of about 40 letters, such as name, street, postcode and town."),
    ),
    "no-such-slip": lambda: (
        gettext("That many slips don't stand on an A4."),
        gettext("Choose two or four."),
    ),
    "bad-layout": lambda: (
        gettext("The layout is damaged: it does not say where things stand on the sheet."),
        gettext("Print a new run, or restore a backup."),
    ),
    "definition": lambda: (
        gettext("The questionnaire's definition has faults."),
        gettext("Run “kryssklick instrument check” on its file: it names each with its line."),
    ),
    "unknown-instrument": lambda: (
        gettext("There is no such questionnaire."),
        gettext("Choose one that ships, or give the path of its file."),
    ),
    "unreadable": lambda: (
        gettext("The file can't be read: it is missing, a folder, locked or far too large."),
        gettext("Check its name and its permissions."),
    ),
    "not-utf8": lambda: (
        gettext("The file holds signs that can't be told apart: it is not saved as UTF-8."),
        gettext("Save it as UTF-8 in your editor."),
    ),
    "too-long": lambda: (
        gettext("A text is longer than a cell of a spreadsheet can hold."),
        gettext("Shorten it."),
    ),
    "relevant": lambda: (
        gettext("The condition of a question is not understood."),
        gettext("Make it simpler, or take it out."),
    ),
    "unknown-language": lambda: (
        gettext("The survey is not offered in that language."),
        gettext("Choose one of its own."),
    ),
    "unknown-parameter": lambda: (
        gettext("No text shows one of the values that were given."),
        gettext("Check how its name is spelled."),
    ),
    "not-draft": lambda: (
        gettext("The survey is open or has been: people have read its texts, so they stay as they are."),
        gettext("Make a new survey for other texts."),
    ),
    "bad-setting": lambda: (
        gettext("A date or a number of days is none."),
        gettext("Write dates as 2026-06-15, and days as a number from 0 to 366."),
    ),
    "bad-key": lambda: (
        gettext("This is no key that can be kept."),
        gettext("Load the page again and make it anew."),
    ),
    "unknown-key": lambda: (
        gettext("The key is none of yours."),
        gettext("Load the page again and look at what it says now."),
    ),
    "not-a-keeper": lambda: (
        gettext("You have not the role of contact keeper any more."),
        gettext("Whoever runs the computer gives out roles."),
    ),
    "crowded": lambda: (
        gettext("More people are signing up just now than can be let in at once."),
        gettext("What you wrote is still here. Wait a minute and send again."),
    ),
    "sign-ups-full": lambda: (
        gettext("There is no room for more sign-ups just now: those that have come must be looked through first."),
        gettext(
            "What you wrote is still here, but it is not saved anywhere. Send it again another day, or get in touch."
        ),
    ),
    "other-keys": lambda: (
        gettext("Who keeps the contact details was changed in this very moment."),
        gettext("What you wrote is still here. Read below who gets to read it, and send once more."),
    ),
    "freeze-before-deadline": lambda: (
        gettext("The dataset would be final (freeze_on) before the last day to answer (deadline)."),
        gettext("Give a later freeze_on, or an earlier deadline."),
    ),
    "freeze-in-grace": lambda: (
        gettext(
            "The dataset would be final (freeze_on) while answers that were begun in time still count (grace_days)."
        ),
        gettext("Give a later freeze_on, or fewer grace_days."),
    ),
    "purge-before-freeze": lambda: (
        gettext("Answers would be destroyed (purge_on) before they are final (freeze_on)."),
        gettext("Give a later purge_on."),
    ),
    "purge-before-deadline": lambda: (
        gettext("Answers would be destroyed (purge_on) while people may still answer (deadline)."),
        gettext("Give a later purge_on."),
    ),
    "date-passed": lambda: (
        gettext("A date of the survey has passed: deadline, freeze_on or purge_on."),
        gettext("Give a later day with “kryssklick survey set”."),
    ),
    "program-failed": lambda: (
        gettext("The program failed. The files are kept."),
        gettext("Try again. If it stops again, tell whoever runs the computer: its messages say more."),
    ),
    "no-file": lambda: (
        gettext("A delivered file is gone."),
        gettext("Upload the file again."),
    ),
    "not-a-file": lambda: (
        gettext("What was delivered is a folder."),
        gettext("Upload the files in it."),
    ),
    "unreadable-file": lambda: (
        gettext("A delivered file can't be opened."),
        gettext("Try again; if that does not help, upload the file again."),
    ),
    "no-jobs": lambda: (
        gettext("There were no processes to read in."),
        gettext("Try again here: what is left is read on this computer."),
    ),
    "cluster-lost": _cluster,
    "cluster-worker": _cluster,
    "cluster-unreachable": _cluster,
    "cluster-empty": _cluster,
    "no-cluster-extra": _cluster,
    "payload-gone": _gone,
    "not-a-reading": _gone,
    "bad-reading": _gone,
    "no-picture": lambda: (
        gettext("The picture of a page is gone."),
        gettext("Put the folder “pictures” back from where it was moved, or restore a backup."),
    ),
    "picture-damaged": lambda: (
        gettext("The picture of a page was changed or damaged."),
        gettext("Scan the page again, or restore a backup."),
    ),
    "bad-dataset": lambda: (
        gettext("The dataset can't be used."),
        gettext("See that the disk is not full or read-only. If the file is damaged, restore a backup."),
    ),
    "newer-dataset": lambda: (
        gettext("The dataset was written by a later version of Kryssklick."),
        gettext("Install that version or a later one."),
    ),
    "closing": lambda: (
        gettext("The program was about to end."),
        gettext("Try again when it is running."),
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


_ABOUT: Mapping[str, Callable[[], str]] = {
    "intro": lambda: gettext("The introduction"),
    "section": lambda: gettext("The introduction of a section"),
    "support": lambda: gettext("What is said of support"),
    "thanks": lambda: gettext("What is said at the end"),
}

_BY_CODE_AND_PART: Mapping[str, Callable[[str], tuple[str, str]]] = {
    "too-tall": lambda part: (
        gettext("%(part)s does not fit on one page of paper.", part=part),
        gettext(
            "Shorten the text, or what the survey fills in there. A question may be split, or have fewer options or"
            " lines to write on; ordinary size gives more room than large."
        ),
    ),
    "empty-label": lambda part: (
        gettext("%(part)s has an option without text.", part=part),
        gettext("Give the option a label, or fill in the value that it shows."),
    ),
}


def told(error: DatasetError | FormsError | OmrError, instrument: Instrument | None = None) -> tuple[str, str]:
    """Return what happened and what to do, translated by the error's code.

    Args:
        error: The error. One that has no translation is told in its own words rather than in general ones.
        instrument: What is asked: a question that finds no place on paper is named by its number in it.
    """
    if isinstance(error, LayoutError) and error.about[:1] == ("letters",):
        what = gettext("The paper's font lacks letters of a text: %(letters)s.", letters=error.about[1])
        return what, _BY_CODE["missing-letter"]()[1]
    by_part = _BY_CODE_AND_PART.get(error.code)
    if by_part is not None and isinstance(error, LayoutError):
        return by_part(_part(error.about, instrument))
    words = _BY_CODE.get(error.code)
    return words() if words is not None else (error.message, error.remedy)


def _part(about: tuple[str, ...], instrument: Instrument | None) -> str:
    """Name what of an instrument an error is about, as the beginning of a sentence."""
    match about:
        case ("question", question):
            number = instrument.numbers.get(question) if instrument is not None else None
            if number is not None:
                return gettext("Question %(number)s", number=number)
            return gettext("The question “%(name)s”", name=question)
        case (part, *_) if part in _ABOUT:
            return _ABOUT[part]()
        case _:
            return gettext("A text")
