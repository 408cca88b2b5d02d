"""What all commands share: exit codes, errors as messages, the instance, progress on a terminal."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec

import click

from forms.errors import FormsError
from omr.errors import OmrError
from webapp.dataset.errors import DatasetError

if TYPE_CHECKING:
    from webapp.dataset.instance import Instance

DONE, ERROR, WAITS = 0, 1, 3
"""Exit codes; 2, wrong usage, is click's own."""

FILE = click.Path(path_type=Path)
"""A path to a file; whether it is there is told by the room that opens it, with a remedy."""

P = ParamSpec("P")


class Failed(click.ClickException):
    """A known error, told as message and remedy."""

    exit_code = ERROR

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to stderr."""
        click.echo(self.message, err=True, file=file)


def tell(message: str) -> None:
    """Print a message for the person; stdout stays free for data."""
    click.echo(message, err=True)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def guarded(run: Callable[P, int]) -> Callable[P, None]:
    """Turn known errors of a command into messages, and its return value into the exit code."""

    @functools.wraps(run)
    def wrapped(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            code = run(*arguments, **options)
        except (DatasetError, FormsError, OmrError) as error:
            raise Failed(f"{error.message}\n{error.remedy}") from error
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise Failed(f"{where}{error.strerror or error}.\nCheck the name, the space and your rights.") from error
        sys.exit(code)

    return wrapped


instance_folder = click.option(
    "--instance",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("instance"),
    show_default=True,
    help="Folder of the association's own data.",
)
"""The option that every command takes."""


def key_values(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Turn what was given as KEY=VALUE into a mapping: the callback of an option that may be repeated."""
    values = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE")
        # A shell makes it hard to give a line break; an address has several lines.
        values[key] = value.replace("\\n", "\n")
    return values


@contextmanager
def opened(path: Path) -> Iterator[Instance]:
    """Open the instance for one command."""
    # The dataset and all that reads scans for it; commands that open none start faster without them.
    from webapp.dataset.instance import Instance  # noqa: PLC0415

    with Instance.open(path) as instance:
        yield instance


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """Write a file whole or not at all: under another name first, then renamed.

    Raises:
        Failed: The path names a folder.
        OSError: Its folder is missing, or it can't be written.
    """
    if path.is_dir():
        raise Failed(f"{path} is a folder; a file is to be written.\nName the file in it too.")
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(path.parent))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("wb") as out:
            yield out
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


class Progress:
    """A line of progress on stderr that knows how much there is; silent where stderr is no terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()

    def show(self, done: int, total: int | None) -> None:
        """Show how much is done; `total` is None where nobody knows yet."""
        if self._shown:
            click.echo(f"\r{self._what}: {done}" + (f" of {total}" if total else ""), nl=False, err=True)

    def end(self) -> None:
        """End the line."""
        if self._shown:
            click.echo("", err=True)
