"""Commands about what is asked: instruments and surveys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forms.check import check as check_definition
from forms.definition import find, load, read_text
from forms.definition import read as read_definition
from forms.errors import Fault, Severity
from webapp.clitools import (
    DONE,
    ERROR,
    FILE,
    WAITS,
    counted,
    guarded,
    instance_folder,
    key_values,
    opened,
    tell,
    written,
)
from webapp.dataset.clock import local_date
from webapp.dataset.dates import given, passed
from webapp.dataset.errors import DatasetError
from webapp.dataset.surveys import Survey, SurveyState, split_settings
from webapp.printing import information_lacks, paper_faults

if TYPE_CHECKING:
    from webapp.dataset.instance import Instance


@click.group("instrument")
def instrument_group() -> None:
    """Questionnaire definitions."""


@instrument_group.command("check")
@click.argument("instrument")
@click.option("--preview", type=FILE, help="Also write a page (.html) that shows phone and paper side by side.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    callback=key_values,
    metavar="KEY=VALUE",
    help="For the preview: a value for the texts. \\n is a line break.",
)
@instance_folder
@guarded
def check(instrument: str, preview: Path | None, parameters: dict[str, str], instance: Path) -> int:
    """Report every fault of a definition, with file, line and remedy. INSTRUMENT is a shipped id or a path."""
    del instance  # taken because every command takes it; a definition stands for itself
    if parameters and preview is None:
        raise click.UsageError("--param is for the preview: give --preview FILE too.")
    path = find(instrument)
    faults = check_definition(path)
    for fault in faults:
        click.echo(str(fault))
    errors = sum(f.severity is Severity.ERROR for f in faults)
    warnings = len(faults) - errors
    found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}" if faults else "nothing to mend"
    tell(f"{path.name}: {found}.")
    if preview is not None:
        _write_preview(path, faults, parameters, preview)
    return ERROR if errors else DONE


def _write_preview(path: Path, faults: tuple[Fault, ...], parameters: dict[str, str], out: Path) -> None:
    # The preview brings the whole site; the check alone starts faster without it.
    from webapp.preview import preview  # noqa: PLC0415

    shown, _ = read_definition(read_text(path), path.name)
    if shown is None:
        tell(f"{out} was not written: there is nothing to look at before the errors are mended.")
        return
    page = preview(shown, faults, parameters, path.name)
    with written(out) as file:
        file.write(page.encode())
    tell(f"{out} shows it on phone and paper; open it in a browser.")


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


@survey_group.command("create")
@click.argument("instrument")
@click.option("--slug", required=True, help="Short name in addresses: small letters, digits, hyphens.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    callback=key_values,
    metavar="KEY=VALUE",
    help="A value for the texts (KEY.LANG: in one language), or deadline, freeze_on, purge_on (dates), grace_days."
    " \\n is a line break.",
)
@instance_folder
@guarded
def create(instrument: str, slug: str, parameters: dict[str, str], instance: Path) -> int:
    """Make a draft survey. INSTRUMENT is a shipped id or a path."""
    path = find(instrument)
    values, settings = split_settings(parameters)
    with opened(instance) as folder:
        survey = folder.surveys.create(slug, read_text(path), path.name, parameters=values, settings=settings)
        click.echo(survey.slug)
        _tell_what_waits(folder, survey)
    return DONE


@survey_group.command("set")
@click.argument("survey")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    required=True,
    callback=key_values,
    metavar="KEY=VALUE",
    help="As with create; KEY= takes a value away. What is not named stays as it is.",
)
@instance_folder
@guarded
def set_parameters(survey: str, parameters: dict[str, str], instance: Path) -> int:
    """Change what a draft was given: values for its texts, its dates."""
    with opened(instance) as folder:
        found = folder.surveys.get(survey)
        if found.state is not SurveyState.DRAFT:
            raise DatasetError(
                "not-draft",
                f"{_stands(found)[:-1]}: people have read its texts and dates.",
                "Only a draft can be changed; make a new survey for other texts.",
            )
        values, settings = split_settings(given(found, parameters))
        changed = folder.surveys.set_parameters(survey, values, settings)
        _tell_what_waits(folder, changed)
    return DONE


def _tell_what_waits(folder: Instance, survey: Survey) -> None:
    """Say what a draft lacks, and what in it would stand in the way later."""
    missing = folder.surveys.missing_parameters(survey)
    if missing:
        tell(f"Before it can open it needs: {', '.join(missing)}.")
    for name, day in passed(survey.settings, local_date(folder.now())):
        tell(f"{name}={day} has passed: it can't open so.")
    unnamed = [name for name in information_lacks(survey) if name not in missing]
    if unnamed:
        named = " ".join(f"--param {name}=…" for name in unnamed)
        tell(f"Its information page will need: {', '.join(unnamed)}. Give {named}")
    for fault in paper_faults(survey):
        tell(f"It can't be printed as it is. {fault.message} {fault.remedy}")


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
@click.option("--screen-only", is_flag=True, help="Open it although it can't be printed.")
@instance_folder
@guarded
def open_survey(survey: str, *, screen_only: bool, instance: Path) -> int:
    """Open a draft to respondents."""
    with opened(instance) as folder:
        if not screen_only:
            _refuse_unprintable(folder.surveys.get(survey))
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


def _refuse_unprintable(survey: Survey) -> None:
    """Refuse to open what can't be printed: once people have read its texts they can't be mended."""
    faults = paper_faults(survey) if survey.state is SurveyState.DRAFT else ()
    if faults:
        raise DatasetError(
            "not-for-paper",
            "\n".join(f"“{survey.slug}” can't be printed. {fault.message}" for fault in faults),
            f"{faults[0].remedy} A draft can be changed: kryssklick survey set {survey.slug} --param KEY=VALUE."
            " Or open it with --screen-only, if nobody is to answer on paper.",
        )


def _stands(survey: Survey) -> str:
    return f"“{survey.slug}” is {survey.state.value}."
