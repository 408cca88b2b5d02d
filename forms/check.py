"""Everything that `kryssklick instrument check` says: the faults of a definition, of printing it, and what is unwise.

Errors of a definition stop it everywhere. What is found here besides matters on paper only (a letter that the font
lacks, a text without a place) or is advice; a survey on screen can do without.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from forms.advice import advise
from forms.blocks import LARGE, NORMAL
from forms.compose import compose
from forms.definition import draft, read_text
from forms.draft import Draft
from forms.errors import Fault, LayoutError, Severity
from forms.model import fallbacks
from forms.tomllines import Place
from forms.typeface import missing_letters

_MEASURED_LENGTH = 40
"""Signs that stand for each parameter when texts are tried on paper; a longer value may still need more room."""


def check(path: Path) -> tuple[Fault, ...]:
    """Find everything that is wrong or unwise in a definition file.

    Args:
        path: The file.

    Returns:
        All faults, by line; empty where there is nothing to say.

    Raises:
        FormsError: The file can't be read; see `definition.read_text`.
    """
    return check_text(read_text(path), str(path))


def check_text(text: str, name: str) -> tuple[Fault, ...]:
    """Find everything that is wrong or unwise in a definition.

    Args:
        text: Content of the definition.
        name: The file's name, for messages.

    Returns:
        All faults, by line.
    """
    found = draft(text, name)
    screen_only = _letters(found)
    advise(found)
    if not any(f.severity is Severity.ERROR for f in found.report.faults):
        _room(found, screen_only)
    return tuple(sorted(found.report.faults, key=lambda f: f.line))


def _letters(found: Draft) -> frozenset[str]:
    """Note letters that the paper's font lacks; return the languages that can be asked on screen only."""
    screen_only = frozenset(_unprintable(found))
    for place, title, text in found.texts:
        for language, words in text.translations:
            missing = sorted(missing_letters(words))
            if missing and language not in screen_only:
                listed = ", ".join(f"“{c}” (U+{ord(c):04X})" for c in missing)
                what = f"{title} holds letters that the paper's font lacks: {listed}."
                remedy = "Use other letters; on screen the text works as it is."
                found.report.error((*place, language), "missing-letter", what, remedy)
    languages = found.instrument.languages if found.instrument is not None else ()
    for language in languages:
        if screen_only.intersection(fallbacks(language)):
            left = [tag for tag in languages if not screen_only.intersection(fallbacks(tag))]
            what = f"The paper's font lacks the letters of {language}: it is asked on screen only."
            remedy = f"Print sheets in {', '.join(left)}." if left else "No language is left to print sheets in."
            found.report.warning(("languages",), "screen-only", what, remedy)
    return screen_only


def _unprintable(found: Draft) -> Iterator[str]:
    """Yield the languages of which most texts hold letters that the font lacks.

    A sign here and there can be mended; an alphabet can't.
    """
    texts: dict[str, list[bool]] = {}
    for _, _, text in found.texts:
        for language, words in text.translations:
            lacks = any(unicodedata.category(c)[0] in "LM" for c in missing_letters(words))
            texts.setdefault(language, []).append(lacks)
    yield from (language for language, lacking in texts.items() if sum(lacking) > len(lacking) / 2)


def _room(found: Draft, screen_only: frozenset[str]) -> None:
    """Note what finds no place on paper, in each language that can be printed."""
    instrument = found.instrument
    if instrument is None:
        return
    parameters = {name: "x" * _MEASURED_LENGTH for name, _ in instrument.parameters}
    for language in instrument.languages:
        if screen_only.intersection(fallbacks(language)):
            continue
        for style, add, size in ((NORMAL, found.report.error, ""), (LARGE, found.report.warning, " in the large size")):
            try:
                compose(instrument, parameters, language, style=style)
            except LayoutError as error:
                add(_where(found, error), error.code, f"On paper in {language}{size}: {error.message}", error.remedy)
                break


def _where(found: Draft, error: LayoutError) -> Place:
    """Find the place in the definition of what finds none on paper; the title where nothing in particular is meant."""
    match error.about:
        case ("question", question):
            return found.questions[question]
        case ("section", section):
            sections = found.instrument.sections if found.instrument is not None else ()
            return ("section", [s.id for s in sections].index(section), "intro")
        case (part,):
            return (part,)
        case _:
            return ("title",)
