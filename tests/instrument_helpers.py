"""What the tests of the instruments that ship share."""

import re

from forms import definition
from forms.model import Instrument, Question

EASY = "sv-x-lattlast"

PARAMETERS = {
    "region": "Västra Götaland",
    "organisation": "Föreningen Exempel",
    "deadline": "15 juni 2027",
    "contact": "Föreningen Exempel, telefon 000-00 00 00",
    "support": "Föreningen Exempel, telefon 000-00 00 01, vardagar 9–15",
    "return_address": "Föreningen Exempel\nExempelgatan 1\n000 00 Exempelstad",
    "question": "Hur kan den enskildes inflytande göra ditt arbete bättre?",
}
"""Values as long as real ones."""


def shipped(name: str) -> Instrument:
    return definition.load(definition.shipped()[name])


def parameters(form: Instrument, **more: str) -> dict[str, str]:
    """Return values for what the instrument declares, and some more."""
    return {name: PARAMETERS[name] for name, _ in form.parameters} | more


def worded(question: Question, language: str) -> list[str]:
    return [text.to(language) for text in question.wording.texts()]


def sentences(words: str) -> list[str]:
    """Part a text into sentences; a colon ends one, and so does a line or a paragraph."""
    return [s for s in re.split(r"(?<=[.?!:])\s+|\n\n", words) if s.strip()]
