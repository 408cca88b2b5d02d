"""Commands about what is asked: instruments, surveys, printed sheets."""

from __future__ import annotations

from pathlib import Path

import click

from forms.blocks import Size
from forms.check import check as check_definition
from forms.definition import find, load, read_text
from forms.errors import Severity
from forms.layout import dump
from forms.pdf import Sides
from forms.signup import write_sign_ups
from webapp.clitools import DONE, ERROR, FILE, WAITS, counted, guarded, instance_folder, opened, tell, written
from webapp.dataset.surveys import Survey, split_settings
from webapp.printing import PaperChoice, new_run, sheet_grams, sign_up_of, write_run


@click.group("instrument")
def instrument_group() -> None:
    """Questionnaire definitions."""


@instrument_group.command("check")
@click.argument("instrument")
@instance_folder
@guarded
def check(instrument: str, instance: Path) -> int:
    """Report every fault of a definition, with file, line and remedy. INSTRUMENT is a shipped id or a path."""
    del instance  # taken because every command takes it; a definition stands for itself
    path = find(instrument)
    faults = check_definition(path)
    for fault in faults:
        click.echo(str(fault))
    errors = sum(f.severity is Severity.ERROR for f in faults)
    warnings = len(faults) - errors
    found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if faults else "nothing to mend"
    tell(f"{path.name}: {found}.")
    return ERROR if errors else DONE


@instrument_group.command("import")
@click.argument("file", type=FILE)
@click.option("--out", type=FILE, required=True, help="The definition to write.")
@instance_folder
@guarded
def import_xlsform(file: Path, out: Path, instance: Path) -> int:
    """Turn an XLSForm (.xlsx) into a definition. What is taken otherwise or left out is told by sheet and row."""
    # openpyxl is loaded only for this command and the next, so that the others start fast.
    from forms.xlsform import read_file  # noqa: PLC0415

    del instance
    imported = read_file(file)
    for fault in imported.faults:
        click.echo(str(fault))
    errors = sum(f.severity is Severity.ERROR for f in imported.faults)
    told = f"{counted(errors, 'error')}, {counted(len(imported.faults) - errors, 'warning')}"
    if imported.instrument is None:
        tell(f"{file.name}: {told}. Nothing was written; mend the file and import it again.")
        return ERROR
    with written(out) as target:
        target.write(imported.definition.encode())
    questions = counted(len(imported.instrument.questions), "question")
    tell(f"{out} holds “{imported.instrument.id}”: {questions}; {told}.")
    tell(f"Read it through, then: kryssklick instrument check {out}")
    return WAITS if errors else DONE


@instrument_group.command("export")
@click.argument("instrument")
@click.option("--out", type=FILE, required=True, help="The XLSForm to write.")
@instance_folder
@guarded
def export_xlsform(instrument: str, out: Path, instance: Path) -> int:
    """Write an instrument as an XLSForm (.xlsx). INSTRUMENT is a shipped id or a path."""
    from forms.xlsform_write import write as write_xlsform  # noqa: PLC0415

    del instance
    path = find(instrument)
    exported = write_xlsform(load(path), path.name)
    with written(out) as target:
        target.write(exported.data)
    for fault in exported.faults:
        click.echo(str(fault))
    tell(f"{out} is an XLSForm; {counted(len(exported.faults), 'warning')}.")
    return DONE


@click.group("survey")
def survey_group() -> None:
    """Surveys: one round each."""


def _parameters(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE")
        # A shell makes it hard to give a line break; an address has several lines.
        values[key] = value.replace("\\n", "\n")
    return values


@survey_group.command("create")
@click.argument("instrument")
@click.option("--slug", required=True, help="Short name in addresses: small letters, digits, hyphens.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    callback=_parameters,
    metavar="KEY=VALUE",
    help="A value for the texts, or deadline, freeze_on, purge_on (dates), grace_days. \\n is a line break.",
)
@instance_folder
@guarded
def create(instrument: str, slug: str, parameters: dict[str, str], instance: Path) -> int:
    """Make a draft survey. INSTRUMENT is a shipped id or a path."""
    path = find(instrument)
    values, settings = split_settings(parameters)
    with opened(instance) as folder:
        survey = folder.surveys.create(slug, read_text(path), path.name, parameters=values, settings=settings)
        missing = folder.surveys.missing_parameters(survey)
    click.echo(survey.slug)
    if missing:
        tell(f"Before it can open it needs: {', '.join(missing)}.")
    return DONE


@survey_group.command("list")
@instance_folder
@guarded
def list_surveys(instance: Path) -> int:
    """Print a line a survey: short name, state, instrument, version, responses by channel."""
    with opened(instance) as folder:
        for survey in folder.surveys.list():
            told = " ".join(f"{channel.value}={n}" for channel, n in folder.responses.number(survey).items())
            state = f"{survey.state.value}{' (demo)' if survey.demo else ''}"
            click.echo("\t".join((survey.slug, state, survey.instrument.id, survey.instrument.version, told)))
    return DONE


@survey_group.command("open")
@click.argument("survey")
@instance_folder
@guarded
def open_survey(survey: str, instance: Path) -> int:
    """Open a draft to respondents."""
    with opened(instance) as folder:
        tell(_stands(folder.surveys.open(survey)))
    return DONE


@survey_group.command("close")
@click.argument("survey")
@instance_folder
@guarded
def close_survey(survey: str, instance: Path) -> int:
    """Close a survey to respondents; paper that arrives later is still read."""
    with opened(instance) as folder:
        tell(_stands(folder.close_survey(survey)))
    return DONE


def _stands(survey: Survey) -> str:
    return f"“{survey.slug}” is {survey.state.value}."


@click.command("print")
@click.argument("survey")
@click.option("--sheets", type=click.IntRange(min=1), help="Print a new run of so many sheets.")
@click.option("--run", "run_id", metavar="ID", help="Print an earlier run again.")
@click.option("--sign-up", "sign_ups", type=click.IntRange(min=1), help="Print so many sign-up sheets for interviews.")
@click.option("--out", type=FILE, required=True, help="The PDF to write.")
@click.option("--layout", type=FILE, help="Also write the layout file, for `kryssklick read`.")
@click.option("--language", help="One of the survey's languages; else its first.")
@click.option("--sides", type=click.Choice([s.value for s in Sides]), default=Sides.ONE.value, show_default=True)
@click.option("--size", type=click.Choice([s.value for s in Size]), default=Size.NORMAL.value, show_default=True)
@instance_folder
@guarded
def print_sheets(  # noqa: PLR0913 (each is one option of the command)
    *,
    survey: str,
    sheets: int | None,
    run_id: str | None,
    sign_ups: int | None,
    out: Path,
    layout: Path | None,
    language: str | None,
    sides: str,
    size: str,
    instance: Path,
) -> int:
    """Print numbered sheets of a survey, or an earlier run again."""
    if sum(given is not None for given in (sheets, run_id, sign_ups)) != 1:
        raise click.UsageError("Give one of --sheets N, --run ID and --sign-up N.")
    choice = PaperChoice(language, Sides(sides), Size(size))
    if sign_ups is not None:
        return _print_sign_ups(instance, survey, sign_ups, choice, out)
    with opened(instance) as folder:
        wanted = folder.surveys.get(survey)
        with written(out) as file:
            run = folder.runs.get(wanted, run_id) if run_id else new_run(folder, wanted, sheets or 0, choice)
            write_run(folder, wanted, run, file)
        if layout is not None:
            with written(layout) as file:
                file.write(dump(folder.runs.layout(run.layout)).encode())
        pages = folder.runs.layout(run.layout).pages
    click.echo(run.id)
    made = f"{counted(len(run.serials), 'sheet')} of {counted(pages, 'page')}"
    printed_on = Sides(run.settings["sides"])
    how = "on both sides, flipped on the long edge, " if printed_on is Sides.TWO else ""
    tell(f"Run {run.id}: {made} in {out}. Print it {how}at 100 %, not “fit to page”.")
    tell(f"For the postage: a sheet weighs about {sheet_grams(pages, printed_on):.0f} g on paper of 80 g/m².")
    return DONE


def _print_sign_ups(instance: Path, survey: str, copies: int, choice: PaperChoice, out: Path) -> int:
    with opened(instance) as folder, written(out) as file:
        write_sign_ups(sign_up_of(folder.surveys.get(survey), choice), copies, file)
    tell(f"{counted(copies, 'sign-up sheet')} in {out}.")
    tell("Send each with an envelope of its own, marked for the contact keeper, who opens it unread by others.")
    return DONE
