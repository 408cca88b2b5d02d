"""The command that prints: sheets, and the pages that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from click.core import ParameterSource

from forms.blocks import Size
from forms.layout import dump
from forms.pdf import Sides
from forms.signup import write_sign_ups
from forms.slips import SLIP_SIZES_MM
from forms.testpage import printer_test_page
from webapp.clitools import DONE, FILE, counted, guarded, instance_folder, key_values, opened, tell, written
from webapp.printing import (
    PaperChoice,
    information_of,
    new_run,
    sheet_grams,
    sign_up_of,
    slips_of,
    write_page,
    write_run,
)
from webapp.wording import text_parameters

_IDLE = {
    "run": ("language", "sides", "size"),
    "sign_up": ("sides",),
    "information": ("sides",),
    "test_page": ("sides", "size"),
}
"""What is printed, and the options that say nothing about it."""


@click.command("print")
@click.argument("survey")
@click.option("--sheets", type=click.IntRange(min=1), help="Print a new run of so many sheets.")
@click.option("--run", "run_id", metavar="ID", help="Print an earlier run again.")
@click.option("--sign-up", "sign_ups", type=click.IntRange(min=1), help="Print so many sign-up sheets for interviews.")
@click.option("--information", is_flag=True, help="Print the page that is posted with the sheets or hung on a wall.")
@click.option("--test-page", is_flag=True, help="Print a page that shows whether a printer scales or cuts off.")
@click.option("--out", type=FILE, required=True, help="The PDF to write.")
@click.option("--layout", type=FILE, help="Also write the layout file, for `kryssklick read`.")
@click.option("--language", help="One of the survey's languages; else its first.")
@click.option("--sides", type=click.Choice([s.value for s in Sides]), default=Sides.ONE.value, show_default=True)
@click.option("--size", type=click.Choice([s.value for s in Size]), default=Size.NORMAL.value, show_default=True)
@click.option("--slips", type=click.Choice([str(n) for n in SLIP_SIZES_MM]), help="So many small sheets on an A4.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    callback=key_values,
    metavar="KEY=VALUE",
    help="With --information: a value for this page alone, such as address, phone_help, about.",
)
@instance_folder
@guarded
def print_sheets(  # noqa: PLR0913 (each is one option of the command)
    *,
    survey: str,
    sheets: int | None,
    run_id: str | None,
    sign_ups: int | None,
    information: bool,
    test_page: bool,
    out: Path,
    layout: Path | None,
    language: str | None,
    sides: str,
    size: str,
    slips: str | None,
    parameters: dict[str, str],
    instance: Path,
) -> int:
    """Print numbered sheets of a survey, an earlier run again, or a page that goes with them."""
    wanted = [sheets is not None, run_id is not None, sign_ups is not None, information, test_page]
    if sum(wanted) != 1:
        raise click.UsageError("Give one of --sheets N, --run ID, --sign-up N, --information and --test-page.")
    if parameters and not information:
        raise click.UsageError("--param goes with --information; a survey's own values are given when it is made.")
    if layout is not None and sheets is None and run_id is None:
        raise click.UsageError("--layout goes with --sheets and --run: only numbered sheets are read.")
    if slips is not None and (sheets is None or sides != Sides.ONE.value):
        raise click.UsageError("--slips goes with --sheets, and on one side: a slip has no back.")
    _refuse_idle(run=run_id is not None, sign_up=sign_ups is not None, information=information, test_page=test_page)
    choice = PaperChoice(language, Sides(sides), Size(size), int(slips or 1))
    if information:
        return _print_information(instance, survey, choice, parameters, out)
    if test_page:
        return _print_test_page(instance, survey, language, out)
    if sign_ups is not None:
        return _print_sign_ups(instance, survey, sign_ups, choice, out)
    with opened(instance) as folder:
        found = folder.surveys.get(survey)
        with written(out) as file:
            run = folder.runs.get(found, run_id) if run_id else new_run(folder, found, sheets or 0, choice)
            write_run(folder, found, run, file)
        if layout is not None:
            with written(layout) as file:
                file.write(dump(folder.runs.layout(run.layout)).encode())
        pages = folder.runs.layout(run.layout).pages
    click.echo(run.id)
    if slips_of(run) > 1:
        leaves = -(-len(run.serials) // slips_of(run))
        on = "1 leaf" if leaves == 1 else f"{leaves} leaves"
        tell(f"Run {run.id}: {counted(len(run.serials), 'slip')} on {on} in {out}. Print at 100 %, not “fit to page”.")
        tell("Cut along the lines or leave it: slips are read either way, several in one picture too.")
        return DONE
    made = f"{counted(len(run.serials), 'sheet')} of {counted(pages, 'page')}"
    printed_on = Sides(run.settings["sides"])
    how = "on both sides, flipped on the long edge, " if printed_on is Sides.TWO else ""
    tell(f"Run {run.id}: {made} in {out}. Print it {how}at 100 %, not “fit to page”.")
    tell(f"For the postage: a sheet weighs about {sheet_grams(pages, printed_on):.0f} g on paper of 80 g/m².")
    return DONE


def _refuse_idle(**asked: bool) -> None:
    """Refuse options that change nothing in what is printed: a run again in large type would not be large.

    Raises:
        click.UsageError: Names the options.
    """
    context = click.get_current_context()
    for what, idle in _IDLE.items():
        given = [name for name in idle if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
        if asked[what] and given:
            why = "a run is printed as it was" if what == "run" else "it changes nothing there"
            told = " and ".join(f"--{name}" for name in given)
            raise click.UsageError(f"{told} can't be given with --{what.replace('_', '-')}: {why}.")


def _print_sign_ups(instance: Path, survey: str, copies: int, choice: PaperChoice, out: Path) -> int:
    with opened(instance) as folder, written(out) as file:
        write_sign_ups(sign_up_of(folder.surveys.get(survey), choice), copies, file)
    tell(f"{counted(copies, 'sign-up sheet')} in {out}.")
    tell("Send each with an envelope of its own, marked for the contact keeper, who opens it unread by others.")
    return DONE


def _print_information(instance: Path, survey: str, choice: PaperChoice, local: Mapping[str, str], out: Path) -> int:
    with opened(instance) as folder:
        found = folder.surveys.get(survey)
        page = information_of(found, choice, local)
        with written(out) as file:
            write_page(page, file)
        given = {**text_parameters(found, page.layout.language), **local}
    tell(f"The information page is in {out}.")
    if not given.get("address", "").strip():
        tell(
            "It has no web address and no QR code. Give the address that phones open, such as"
            " --param address=https://svara.example.se/s/" + found.slug
        )
    if not given.get("phone_help", "").strip():
        tell("It names the contact for help and paper forms; --param phone_help=NUMBER names a phone for that.")
    return DONE


def _print_test_page(instance: Path, survey: str, language: str | None, out: Path) -> int:
    with opened(instance) as folder, written(out) as file:
        write_page(printer_test_page(language or folder.surveys.get(survey).languages[0]), file)
    tell(f"The printer test page is in {out}. Print it as you will print the sheets, and measure.")
    tell("Or scan it: `kryssklick scan` and the desk's upload tell what printer and scanner do to it.")
    return DONE
