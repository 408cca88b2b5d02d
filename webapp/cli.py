"""The command `kryssklick`. Data goes to stdout, messages and progress to stderr.

Exit codes: 0 done; 1 error, or nothing in the input could be read; 2 wrong usage; 3 done, but something waits for a
person. What the commands do stands in `commands_*.py`; here they are put together, and each is loaded only when it is
called: the libraries that read pictures, set PDFs and keep the dataset take most of a second.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a command is: its module, its name there, and what the list of commands says of it."""

    module: str
    name: str
    says: str


_PLACES = {
    "init": _Place("commands_instance", "init", "Make the instance and open the demo survey `sip`; safe to repeat."),
    "serve": _Place("commands_instance", "serve", "Serve the site until it is stopped."),
    "user": _Place("commands_instance", "user_group", "Accounts of the people who work with the surveys."),
    "instrument": _Place("commands_forms", "instrument_group", "Questionnaire definitions."),
    "survey": _Place("commands_forms", "survey_group", "Surveys: one round each."),
    "print": _Place(
        "commands_paper",
        "print_sheets",
        "Print numbered sheets of a survey, an earlier run again, or a page that goes with them.",
    ),
    "read": _Place("commands_scans", "read", "Read scans without a dataset."),
    "scan": _Place("commands_scans", "scan", "Read scans into the dataset of a survey; a JSON summary on stdout."),
    "export": _Place("commands_results", "export", "Write a survey's data and codebook."),
    "verify": _Place("commands_results", "verify", "Recompute the log, the answers and the counts."),
}


class _Commands(UserDict[str, click.Command]):
    """The commands by name; one is loaded when it is looked up."""

    def __getitem__(self, name: str) -> click.Command:
        """Load a command, once.

        Raises:
            KeyError: There is no such command.
        """
        if name not in self.data:
            place = _PLACES[name]
            self.data[name] = getattr(import_module(f"webapp.{place.module}"), place.name)
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a command, without loading it."""
        return name in _PLACES

    def __iter__(self) -> Iterator[str]:
        """Yield the names, without loading anything."""
        return iter(_PLACES)

    def __len__(self) -> int:
        """Return how many commands there are."""
        return len(_PLACES)


class _Main(click.Group):
    """The group of all commands."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, from what stands here."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.says) for name, place in sorted(_PLACES.items())])


@click.group(
    cls=_Main,
    commands=_Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
def main() -> None:
    """One questionnaire on phones and on paper, one dataset."""


def register(app: Flask) -> None:
    """Make the same commands available as `flask --app webapp.app COMMAND`."""
    for name, known in main.commands.items():
        app.cli.add_command(known, name)
