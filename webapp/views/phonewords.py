"""The words that the calm form on a phone puts into the page by itself, in one language.

Whole texts stand as templates in the page; these are the short ones that change from screen to screen. Names in
braces are filled in there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from forms.model import Instrument
from forms.phrases import phrases
from forms.routing import routing, tell
from webapp.language import gettext, interface_language
from webapp.views.formview import text_words


def form_words(instrument: Instrument, language: str, parameters: Mapping[str, str]) -> dict[str, object]:
    """Return what the calm form needs beside the rules.

    Args:
        instrument: What is asked.
        language: The language of the page.
        parameters: The survey's values for texts.

    Returns:
        `title` of the survey; `said`, the interface's own words by name, in the language `ours`; `wordings`, question
        → its default text and its variants in the order of the rules, where it has any; `reminders`, question →
        "answer only if …", where earlier questions stand as `{id}` instead of their printed number; `sensitive`, ids of
        questions that stir something up.
    """
    told = routing(instrument).reminders
    return {
        "title": text_words(instrument.title, language, parameters),
        "said": _said(),
        "ours": interface_language(language),
        "wordings": {
            q.id: [text_words(text, language, parameters) for text in q.wording.texts()]
            for q in instrument.questions
            if q.wording.variants
        },
        "reminders": {
            q.id: phrases(language).only_if.format(
                condition=tell(told[q.id], _unnumbered(instrument), language, phrases(language).saying)
            )
            for q in instrument.questions
            if q.id in told
        },
        "sensitive": [q.id for q in instrument.questions if q.sensitive],
    }


def _unnumbered(instrument: Instrument) -> Instrument:
    """Return the same instrument with blanks for its numbers: on a phone, routing decides a question's number."""
    same = replace(instrument)
    # A cached property stands among the attributes once it is known.
    same.__dict__["numbers"] = {q.id: f"{{{q.id}}}" for q in instrument.questions}
    return same


def _said() -> dict[str, str]:
    return {
        "place": gettext("Question %(n)s of %(all)s", n="{n}", all="{all}"),
        "was": gettext("You were at question %(n)s", n="{n}"),
        "next": gettext("Next"),
        "skip": gettext("Skip this question"),
        "none": gettext("No answer"),
        "change": gettext("Change"),
        "mend": gettext("To mend:"),
        "kept": gettext("What you fill in is saved on this phone. Nothing has been sent."),
        "locked": gettext(
            "What you fill in is saved on this phone, encrypted with your four words. Nothing has been sent."
        ),
        "shared": gettext("What you fill in is not saved. It is gone when you close the tab."),
        "unkept": gettext("This phone could not save what you fill in. Keep the tab open until you have sent."),
        "elsewhere": gettext("These answers were sent, erased or gone on with in another tab. Nothing is saved here."),
    }
