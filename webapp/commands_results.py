"""Commands about what came in: export and verify."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from webapp.clitools import DONE, ERROR, counted, guarded, instance_folder, opened, tell
from webapp.results.exports import ExportFormat, Level, write
from webapp.results.exports import export as make_export

HEAD = re.compile(r"[0-9]+-[0-9a-f]{64}")
"""A head of the chain: its last row's number and hash."""


@click.command()
@click.argument("survey")
@click.option("--format", "wanted", required=True, type=click.Choice([f.value for f in ExportFormat]))
@click.option(
    "--level", default=Level.FULL.value, show_default=True, type=click.Choice([level.value for level in Level])
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for data and codebook.")
@instance_folder
@guarded
def export(*, survey: str, wanted: str, level: str, out: Path, instance: Path) -> int:
    """Write a survey's data and codebook; prints the files it wrote."""
    with opened(instance) as folder:
        found = folder.surveys.get(survey)
        waiting = folder.decisions.count(found)
        paths = write(make_export(folder, found, ExportFormat(wanted), Level(level)), out)
    for path in paths:
        click.echo(path)
    if waiting:
        tell(f"Waiting for a person: {counted(waiting, 'question')}. In the data that stands as unclear.")
    return DONE


@click.command()
@click.option("--head", help="A head of the chain that was noted earlier: it must still be in the chain.")
@instance_folder
@guarded
def verify(head: str | None, instance: Path) -> int:
    """Recompute the log, the answers and the counts; prints the head of the chain and every fault."""
    if head is not None and not HEAD.fullmatch(head):
        # A slip of the pen must not read as if somebody had tampered with the log.
        raise click.BadParameter("A head is a number, a hyphen and 64 signs 0-9 a-f, as `verify` prints it.")
    with opened(instance) as folder:
        faults = (*folder.verifier.verify(head), *folder.contacts.verify())
        now = folder.log.head()
        apart = {s.slug: n for s in folder.surveys.list() if (n := folder.tray.in_quarantine(s))}
    told = [{"place": f.place, "what": f.what} for f in faults]
    click.echo(json.dumps({"head": now, "faults": told, "quarantine": apart}, indent=1))
    for slug, number in apart.items():
        tell(
            f"survey {slug}: {counted(number, 'web answer')} in quarantine, in no result; the desk shows what is wrong."
        )
    for fault in faults:
        tell(f"{fault.place}: {fault.what}")
    if not faults:
        tell("Log, answers and counts agree. Note the head of the chain to compare with it later.")
    return ERROR if faults else DONE
