"""A survey's parameters: values for its texts, one for all languages or one for each.

`KEY` holds for every language, `KEY.LANG` for one and for what falls back on it, as texts do: `question.sv` is also
what `sv-x-lattlast` shows where it has none of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from forms.information import PARAMETERS as INFORMATION
from forms.model import Instrument, fallbacks
from webapp.dataset.errors import DatasetError

NEEDED_TO_OPEN = ("contact", "support")
"""Parameters that no survey opens without: nobody is asked by nobody, and nobody is left alone with what comes up."""

NEEDED_WHERE_USED = frozenset({"organisation"})
"""Parameters that a survey needs where its instrument declares them, even if only as something that may be given."""

SETTING_KEYS = frozenset({"deadline", "grace_days", "freeze_on", "purge_on"})
"""Keys among the parameters of a command that are settings of the survey."""


def in_language(parameters: Mapping[str, str], language: str) -> dict[str, str]:
    """Return the values that hold in one language, without the tags in their names.

    Args:
        parameters: A survey's parameters.
        language: The language of sheet or page.
    """
    found = {name: value for name, value in parameters.items() if "." not in name}
    for tag in reversed(fallbacks(language)):
        for name, value in parameters.items():
            key, _, own = name.partition(".")
            if own == tag and value.strip():
                found[key] = value
    return found


def missing(instrument: Instrument, parameters: Mapping[str, str], *, demo: bool) -> tuple[str, ...]:
    """Return what lacks a value before a survey can open, in the instrument's order.

    Args:
        instrument: What is asked.
        parameters: The survey's, `deadline` included where it has one.
        demo: The demonstration needs only what its texts use.

    Returns:
        Names; `KEY.LANG` where only some languages lack a value.
    """
    declared = [name for name, required in instrument.parameters if required or name in NEEDED_WHERE_USED]
    needed = dict.fromkeys((*declared, *(() if demo else NEEDED_TO_OPEN)))
    given = {tag: in_language(parameters, tag) for tag in instrument.languages}
    found: list[str] = []
    for name in needed:
        lacking = [tag for tag, values in given.items() if not values.get(name, "").strip()]
        found += [name] if len(lacking) == len(given) else [f"{name}.{tag}" for tag in lacking]
    return tuple(found)


def refuse_unknown(instrument: Instrument, values: Mapping[str, str]) -> None:
    """Refuse values that no text would ever show.

    Raises:
        DatasetError: `unknown-parameter`: neither the instrument nor every survey has it, or not in that language.
    """
    own = [name for name, _ in instrument.parameters]
    # What the information page prints, any survey may have, whatever its instrument says.
    known = {*own, *INFORMATION, *NEEDED_TO_OPEN}
    tags = {tag for language in instrument.languages for tag in fallbacks(language)}
    unknown = sorted(name for name in values if not _is_known(name, known, tags))
    if unknown:
        raise DatasetError(
            "unknown-parameter",
            f"The instrument “{instrument.id}” has no parameter {', '.join(unknown)}.",
            f"It has: {', '.join(own) or 'none'}; every survey has: {', '.join(INFORMATION)}."
            f" One language has its own value as KEY.LANG, with {', '.join(sorted(tags))}; dates are spelled out in"
            " each language by themselves.",
        )


def _is_known(name: str, known: set[str], tags: set[str]) -> bool:
    key, dot, tag = name.partition(".")
    if key in SETTING_KEYS:
        return name == "deadline"
    return key in known and (not dot or tag in tags)
