"""Commands about scanned pages: read them, or take them into the dataset."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from forms.answers import Mark
from forms.errors import LayoutError
from forms.layout import Layout, load
from omr import printtest
from omr.batch import PageResult, read_files
from omr.cluster import ADDRESS, Cluster, connected
from omr.handwriting import available
from omr.overlay import draw
from omr.printtest import PrintTest
from omr.readings import PageReading, Refusal, RefusalCode, to_json
from webapp.clitools import DONE, ERROR, FILE, WAITS, Progress, counted, guarded, instance_folder, opened, tell
from webapp.jobs import Delivery, Job, Jobs, JobState, Summary

JOBS = click.IntRange(1, 256)


def _default_jobs() -> int:
    return os.cpu_count() or 1


def _address(_: click.Context, __: click.Parameter, address: str | None) -> str | None:
    if address is not None and not ADDRESS.fullmatch(address):
        raise click.BadParameter(f"{address!r} is not tcp://HOST:PORT")
    return address


def _cluster(address: str | None) -> AbstractContextManager[Cluster | None]:
    return nullcontext() if address is None else connected(address)


CLUSTER = click.option(
    "--cluster",
    callback=_address,
    metavar="tcp://HOST:PORT",
    help="A Dask scheduler whose workers read; the pictures are sent to them unencrypted.",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--layout", "layouts", multiple=True, required=True, type=FILE, help="A layout file; may be repeated.")
@click.option("--jobs", type=JOBS, default=_default_jobs, show_default="one a core", help="Processes that read.")
@CLUSTER
@click.option(
    "--overlay",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for a picture of each page with what was found and what was expected. Answers show in them.",
)
@instance_folder
@guarded
def read(  # noqa: PLR0913 - one argument an option
    files: tuple[Path, ...],
    layouts: tuple[Path, ...],
    *,
    jobs: int,
    cluster: str | None,
    overlay: Path | None,
    instance: Path,
) -> int:
    """Read scans without a dataset: one JSON object a page image, or a slip on it, on stdout, in input order."""
    del instance  # taken because every command takes it; reading needs only the layout files
    known = _layouts(layouts)
    progress = Progress("Images read")
    seen = _Seen()
    show = None if overlay is None else _drawing(overlay, known)
    with _cluster(cluster) as machines:
        for result in read_files(files, known, cluster=machines, jobs=jobs, pictures=show is not None):
            if show is not None:
                show(result)
            click.echo(json.dumps(to_json(result.outcome, result.file, result.image, result.part), ensure_ascii=False))
            seen.add(result)
            progress.show(seen.images, None)
    progress.end()
    tell(seen.told())
    _tell_of_tesseract()
    return seen.exit_code()


def _tell_of_tesseract() -> None:
    """Say what is done without where Tesseract is missing on this machine."""
    if not available():
        tell(
            "Tesseract is missing here: nothing is suggested for text fields, and of a page whose QR code is lost the"
            " printed code can't be read. On Debian: apt-get install tesseract-ocr tesseract-ocr-swe"
        )


def _drawing(folder: Path, known: Mapping[str, Layout]) -> Callable[[PageResult], None]:
    """Return what draws each result into a folder, which is made; a sheet whose picture may not be kept isn't drawn."""
    folder.mkdir(parents=True, exist_ok=True)

    def show(result: PageResult) -> None:
        layout = known.get(result.outcome.layout) if isinstance(result.outcome, PageReading) else None
        drawn = None if result.picture is None else draw(result.picture, result.outcome, layout)
        if drawn is not None:
            part = "" if result.part is None else f"-{result.part}"
            name = f"{result.index + 1:03d}-{Path(result.file).stem}-{result.image:04d}{part}.jpg"
            (folder / name).write_bytes(drawn)

    return show


def _layouts(paths: Iterable[Path]) -> dict[str, Layout]:
    known = {}
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            remedy = "Use the file that `kryssklick print --layout` wrote for these sheets."
            raise LayoutError("bad-layout", f"{path} is not a layout file: it is no text.", remedy) from error
        layout = load(text, str(path))
        known[layout.id] = layout
    return known


class _Seen:
    """Counts what `read` saw."""

    def __init__(self) -> None:
        self.images = 0
        self._pages = 0
        self._slips = False
        self._read = 0
        self._uncertain = 0
        self._at_words = 0
        self._refused: Counter[RefusalCode] = Counter()
        self._tests: list[PrintTest] = []

    def add(self, result: PageResult) -> None:
        """Count one image, or one slip of it."""
        self.images += result.part in (None, 1)
        self._pages += 1
        self._slips |= result.part is not None
        if isinstance(result.outcome, PageReading):
            self._read += 1
            self._uncertain += sum(m.state is Mark.UNCERTAIN for m in result.outcome.marks)
            self._at_words += sum(ink.option is not None for ink in result.outcome.stray_ink)
        elif isinstance(result.outcome, Refusal):
            self._refused[result.outcome.code] += 1
            if result.outcome.test is not None:
                self._tests.append(result.outcome.test)

    def told(self) -> str:
        """Say it in a sentence."""
        refused = ", ".join(f"{n} {code.value}" for code, n in sorted(self._refused.items()))
        what = "pages and slips" if self._slips else "page images"
        told = f"{self._read} of {self._pages} {what} read, {self._uncertain} marks uncertain"
        if self._at_words:
            told += f", ink at the words of {self._at_words} option{'s' if self._at_words > 1 else ''}"
        told += f"; refused: {refused}." if refused else "."
        tests = (" ".join(f.words for f in test.findings) for test in self._tests)
        return "\n".join((told, *(f"Printer test page: {words}" for words in tests)))

    def exit_code(self) -> int:
        """Return the exit code: nothing read, something waits for a person, or done."""
        if not (self._read or self._tests):
            return ERROR
        harmless = {RefusalCode.BLANK_PAGE, *([RefusalCode.TEST_PAGE] if all(t.good for t in self._tests) else [])}
        return WAITS if self._uncertain or self._at_words or set(self._refused) - harmless else DONE


@click.command()
@click.argument("survey")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("--jobs", type=JOBS, default=_default_jobs, show_default="one a core", help="Processes that read.")
@CLUSTER
@instance_folder
@guarded
def scan(survey: str, files: tuple[Path, ...], jobs: int, cluster: str | None, instance: Path) -> int:
    """Read scans into the dataset of a survey; a JSON summary on stdout."""
    progress = Progress("Images read")
    with opened(instance) as folder, _cluster(cluster) as machines:
        work = Jobs(folder)
        wanted = folder.surveys.get(survey)
        job = work.enqueue(wanted, [Delivery(path.name, path) for path in files], hold=True)
        job = work.run(
            job.id,
            processes=jobs,
            cluster=machines,
            progress=lambda now: progress.show(now.done, now.images),
        )
        progress.end()
        summary = work.summary(job)
    click.echo(json.dumps(_plain(job, summary), ensure_ascii=False, indent=1))
    tell(_told(job, summary))
    _tell_of_tesseract()
    if job.state is JobState.FAILED or not (summary.read or summary.doubles or summary.measured):
        return ERROR
    return WAITS if summary.needs_person else DONE


def _plain(job: Job, summary: Summary) -> dict[str, object]:
    refused = [
        {"file": p.file, "image": p.image}
        | ({} if p.part is None else {"part": p.part})
        | {"code": p.code, "message": p.message, "remedy": p.remedy}
        | ({"test_page": printtest.to_json(p.test)} if p.test is not None else {})
        for p in summary.refused
    ]
    return {
        "job": job.id,
        "state": job.state.value,
        "images": job.images,
        "read": summary.read,
        "doubles": summary.doubles,
        "waiting": summary.waiting,
        "empty": summary.empty,
        "missing": {serial: list(pages) for serial, pages in summary.missing.items()},
        "refused": refused,
    }


def _told(job: Job, summary: Summary) -> str:
    """Say what became of a pile in sentences that a coordinator can act on."""
    waiting = f"{counted(summary.waiting, 'question')} {'waits' if summary.waiting == 1 else 'wait'} for a person."
    lines = [f"{counted(summary.read, 'page')} read, {waiting}"]
    if summary.doubles:
        known = "page was known already and counts" if summary.doubles == 1 else "pages were known already and count"
        lines.append(f"{summary.doubles} {known} once.")
    if summary.empty:
        what = "sheet has nothing on it and counts" if summary.empty == 1 else "sheets have nothing on them and count"
        lines.append(f"{summary.empty} {what} as no response.")
    for serial, pages in summary.missing.items():
        lines.append(f"Sheet {serial} waits for page {', '.join(str(p) for p in pages)}.")
    for page in summary.refused:
        slip = "" if page.part is None else f", slip {page.part}"
        lines.append(f"{page.file}, image {page.image}{slip}: {page.message} {page.remedy}")
    if job.error:
        lines.append(job.error)
    return "\n".join(lines)
