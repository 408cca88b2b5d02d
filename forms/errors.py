"""What can be wrong with a questionnaire definition, a layout file or a print order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FormsError(Exception):
    """Base of every error that this package raises.

    Attributes:
        code: Short machine-readable name, stable between versions.
        message: What is wrong, for the person who meets it.
        remedy: What to do about it.
    """

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.code = code
        self.message = message
        self.remedy = remedy


class Severity(StrEnum):
    """How bad a fault is: an error stops, a warning asks for a second look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a definition.

    Attributes:
        file: The file's name as the person gave it.
        line: Line in it, counted from 1; 0 where the whole file is meant.
        what: What is wrong.
        remedy: How to mend it.
        severity: Error or warning.
        code: Short machine-readable name of the kind of fault.
    """

    file: str
    line: int
    what: str
    remedy: str
    severity: Severity = Severity.ERROR
    code: str = "fault"

    def __str__(self) -> str:
        """Return the fault as one line in the form `file:line: severity: what remedy`."""
        return f"{self.file}:{self.line}: {self.severity.value}: {self.what} {self.remedy}"


class DefinitionError(FormsError):
    """A definition with at least one error; carries all its faults, warnings included."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        errors = [f for f in faults if f.severity is Severity.ERROR]
        super().__init__(
            "definition",
            "\n".join(str(f) for f in errors),
            "Run `kryssklick instrument check FILE` for the whole list.",
        )
        self.faults = faults


class LayoutError(FormsError):
    """A question or text that finds no place on paper, or a layout file that can't be used.

    Attributes:
        about: What of the instrument is meant: `("question", id)`, `("section", id)`, `("intro",)`, `("support",)` or
            `("thanks",)`; `("letters", which)` where the font lacks some; empty where it is nothing in particular.
    """

    def __init__(self, code: str, message: str, remedy: str, about: tuple[str, ...] = ()) -> None:
        super().__init__(code, message, remedy)
        self.about = about
