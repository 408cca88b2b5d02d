"""Reading jobs: delivered files on their way into the dataset.

A job is a row with its files; how far it is follows from the page images that are stored, so after a restart it goes
on where it was. Whoever works on a job holds a lock on its folder: the server's thread, or a command beside it.
Delivered files are copied into the instance, split into encrypted pictures, and the copies deleted.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from omr import images
from omr.batch import counts, read_files
from omr.cluster import Cluster
from omr.errors import OmrError
from omr.readings import RefusalCode
from webapp.dataset.database import Row
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Handled, Place, RefusedPage, refused_page
from webapp.dataset.lock import FileLock, Held
from webapp.dataset.surveys import Survey, SurveyState

MOST_FILES = 500
"""Files in one delivery."""

MANY_IMAGES = 24
"""From so many images on, starting more than one process pays."""

PAUSE_SECONDS = 0.5
"""How often the server's thread looks for a new job when nobody told it of one."""

JOB_ID = re.compile(r"[0-9a-f]{12}")
LEFT_LYING_S = 3600
"""Age from which a file that no row knows was left by a program that is gone."""

_log = logging.getLogger("kryssklick")


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobFile:
    """One delivered file.

    Attributes:
        number: Its number in the job, from 1.
        name: Its name as delivered.
        images: Page images in it; 1 where the file as a whole can't be read.
        done: How many of them are in the dataset, with all their slips.
    """

    number: int
    name: str
    images: int
    done: int


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery.

    Attributes:
        id: 12 hex digits.
        number: Its number in the instance, from 1.
        survey: Slug of the survey.
        state: Queued, running, done or failed.
        by: Who delivered it.
        made_at: When, ISO 8601.
        files: What was delivered.
        error: Why it failed; empty where it did not.
        code: The code of that error, `program-failed` for a fault of the program; empty where it was not kept.
    """

    id: str
    number: int
    survey: str
    state: JobState
    by: str
    made_at: str
    files: tuple[JobFile, ...]
    error: str = ""
    code: str = ""

    @property
    def images(self) -> int:
        """Page images in all its files."""
        return sum(f.images for f in self.files)

    @property
    def done(self) -> int:
        """Page images that are in the dataset."""
        return sum(f.done for f in self.files)


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a job.

    Attributes:
        read: Pages read, among them those of copied sheets.
        doubles: Pages that were known already.
        waiting: Things on its sheets that wait for a person.
        refused: Pages that were not read, in the order delivered, blank pages and sign-up sheets included.
        missing: Pages that have not come, by serial of its sheets.
        empty: Number of its sheets with nothing on them; they count as no response.
    """

    read: int
    doubles: int
    waiting: int
    refused: tuple[RefusedPage, ...]
    missing: Mapping[str, tuple[int, ...]]
    empty: int = 0

    @property
    def refused_by_code(self) -> Counter[str]:
        """Number of refused pages by code."""
        return Counter(page.code for page in self.refused)

    @property
    def measured(self) -> int:
        """Number of printer test pages whose measurements are told."""
        return self.refused_by_code[RefusalCode.TEST_PAGE]

    @property
    def needs_person(self) -> bool:
        """Whether anything waits: a decision, a refused page, a missing one, a sign-up sheet, a bad print."""
        sign_up = self.refused_by_code[RefusalCode.SIGN_UP_SHEET]
        waits = any(p.handled is Handled.WAITS or (p.test is not None and not p.test.good) for p in self.refused)
        return bool(self.waiting or self.missing or sign_up or waits)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file on its way in.

    Attributes:
        name: Its name as the person knows it.
        path: Where it lies.
    """

    name: str
    path: Path


class Jobs:
    """The reading jobs of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._db = instance.store.db
        self._locks: dict[str, FileLock] = {}
        self.news = threading.Event()
        """Set when a job was added: the server's thread waits for it."""

    def enqueue(self, survey: Survey, files: Sequence[Delivery], *, by: str = "", hold: bool = False) -> Job:
        """Copy files into the instance and make a job of them. The originals stay where they are.

        Args:
            survey: The survey whose sheets they show.
            files: What was delivered, in order.
            by: Who delivers.
            hold: Keep the job for this program's own `run`, so that no server takes it.

        Raises:
            OmrError: `no-file`, `not-a-file`, `unreadable-file`.
            DatasetError: `no-files`, `too-many-files`, `survey-final`, `disk`.
        """
        if not 1 <= len(files) <= MOST_FILES:
            code, what = ("no-files", "No file was given.") if not files else ("too-many-files", f"{len(files)} files.")
            raise DatasetError(code, what, f"Give 1 to {MOST_FILES} files at a time.")
        if survey.state in (SurveyState.FROZEN, SurveyState.PURGED):
            what = f"“{survey.slug}” is {survey.state.value}: nothing can be added to it."
            raise DatasetError("survey-final", what, "Keep the sheets; they can't be counted any more.")
        for file in files:
            images.check(file.path)
        job_id = secrets.token_hex(6)
        folder = self._folder(job_id)
        folder.mkdir(mode=0o700, parents=True)
        try:
            stored = [self._copy(folder, number, file) for number, file in enumerate(files, 1)]
        except OSError as error:
            shutil.rmtree(folder)
            remedy = "Make room on the disk and deliver the files again."
            raise DatasetError("disk", f"The files can't be kept: {error.strerror or error}.", remedy) from error
        totals = counts([folder / name for name in stored])
        copies = list(zip(range(1, len(files) + 1), [f.name for f in files], stored, totals, strict=True))
        if hold:
            self._locks[job_id] = FileLock(folder / "lock")
        self._db.write(lambda: self._insert(job_id, survey, copies, by))
        self.news.set()
        return self.get(job_id)

    def _copy(self, folder: Path, number: int, file: Delivery) -> str:
        stored = folder / f"{number:04d}{file.path.suffix.lower()[:10]}"
        shutil.copyfile(file.path, stored)
        return stored.name

    def _insert(self, job_id: str, survey: Survey, copies: list[tuple[int, str, str, int]], by: str) -> None:
        now = self._instance.now().isoformat(timespec="seconds")
        self._db.execute(
            "INSERT INTO jobs (id, number, survey, state, by, made_at, error)"
            " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM jobs), ?, ?, ?, ?, '')",
            (job_id, survey.slug, JobState.QUEUED.value, by, now),
        )
        for number, name, stored, count in copies:
            self._db.execute(
                "INSERT INTO job_files (job, number, name, stored, images, state) VALUES (?, ?, ?, ?, ?, ?)",
                (job_id, number, name, stored, count, JobState.QUEUED.value),
            )

    def get(self, job_id: str) -> Job:
        """Return a job with its progress as it is now.

        Raises:
            DatasetError: `unknown-job`.
        """
        row = self._db.row("SELECT * FROM jobs WHERE id = ?", (job_id,))
        if row is None:
            raise DatasetError("unknown-job", "There is no such reading job.", "Go back to the list of deliveries.")
        return self._job(row)

    def list(self, survey: Survey) -> tuple[Job, ...]:
        """Return the jobs of a survey, newest first."""
        rows = self._db.rows("SELECT * FROM jobs WHERE survey = ? ORDER BY number DESC", (survey.slug,))
        return tuple(self._job(row) for row in rows)

    def _job(self, row: Row) -> Job:
        sql = (
            "SELECT number, name, images, (SELECT count(*) FROM (SELECT image FROM images WHERE job = job_files.job"
            " AND file_number = job_files.number GROUP BY image HAVING count(*) >= max(parts))) AS done"
            " FROM job_files WHERE job = ? ORDER BY number"
        )
        files = tuple(JobFile(**r) for r in self._db.rows(sql, (row["id"],)))
        plain = {k: row[k] for k in ("id", "number", "survey", "by", "made_at", "error", "code")}
        return Job(state=JobState(row["state"]), files=files, **plain)

    def summary(self, job: Job) -> Summary:
        """Return what became of a job's pages, as it is now."""
        rows = self._db.rows("SELECT * FROM images WHERE job = ? ORDER BY file_number, image, part", (job.id,))
        counts = Counter(row["status"] for row in rows)
        serials = {row["serial"] for row in rows if row["serial"]}
        waiting, missing = 0, {}
        survey = self._instance.surveys.get(job.survey)
        sql = "SELECT serial, count(*) AS n FROM waiting WHERE survey = ? GROUP BY serial"
        for row in self._db.rows(sql, (job.survey,)):
            waiting += row["n"] if row["serial"] in serials else 0
        for sheet in self._instance.intake.incomplete(survey):
            if sheet.serial in serials:
                missing[sheet.serial] = sheet.missing
        refused = tuple(refused_page(row) for row in rows if row["status"] == "refused")
        empty = len(self._instance.intake.empty(survey) & serials)
        return Summary(counts["read"] + counts["assigned"], counts["double"], waiting, refused, missing, empty)

    def run(
        self,
        job_id: str,
        *,
        processes: int | None = None,
        cluster: Cluster | None = None,
        progress: Callable[[Job], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Job:
        """Work on a job until it is done; goes on where it was.

        Args:
            job_id: The job.
            processes: Processes of our own to read in; None: this one.
            cluster: Other machines to read on.
            progress: Called after each page image.
            stopped: Asked after each page image; when true, the job goes back into the queue.

        Returns:
            The job: done, failed (its `error` says why), or queued again.

        Raises:
            DatasetError: `job-in-use`: another program works on it.
        """
        job = self.get(job_id)
        if job.state is JobState.DONE:
            return job
        try:
            lock = self._locks.pop(job_id, None) or FileLock(self._folder(job_id) / "lock")
        except (Held, FileNotFoundError) as error:
            remedy = "Wait until that is done."
            raise DatasetError("job-in-use", "Another program reads these files.", remedy) from error
        try:
            self._work(job, (processes, cluster), progress, stopped)
        except (DatasetError, OmrError) as error:
            self._set(job_id, JobState.FAILED, f"{error.message} {error.remedy}", error.code)
        except Exception as error:
            # A fault of the program: told here and raised on; the files stay, `retry` takes them up again.
            what = f"The program failed ({type(error).__name__}). The files are kept."
            self._set(job_id, JobState.FAILED, what, "program-failed")
            raise
        except BaseException:
            self._set(job_id, JobState.QUEUED)
            raise
        finally:
            lock.release()
        done = self.get(job_id)
        if done.state is JobState.DONE:
            shutil.rmtree(self._folder(job_id), ignore_errors=True)
        return done

    def _work(
        self,
        job: Job,
        readers: tuple[int | None, Cluster | None],
        progress: Callable[[Job], None] | None,
        stopped: Callable[[], bool],
    ) -> None:
        survey = self._instance.surveys.get(job.survey)
        self._set(job.id, JobState.RUNNING)
        stored = self._db.rows("SELECT number, name, stored FROM job_files WHERE job = ? ORDER BY number", (job.id,))
        # Images come and are stored in order, so those that are done are the first ones.
        done = {f.number: f.done for f in job.files if f.done < f.images}
        left = [row for row in stored if row["number"] in done]
        paths = [self._folder(job.id) / row["stored"] for row in left]
        layouts = self._instance.runs.layouts(survey)
        first = [done[row["number"]] for row in left]
        totals = [f.images for f in job.files if f.number in done]
        results = read_files(paths, layouts, jobs=readers[0], cluster=readers[1], done=first, totals=totals)
        for result in results:
            row = left[result.index]
            place = Place(job.id, row["number"], row["name"], result.image, result.part, result.parts)
            self._instance.intake.take(survey, place, result.outcome, result.picture)
            if progress is not None:
                progress(self.get(job.id))
            if stopped():
                self._set(job.id, JobState.QUEUED)
                return
        self._set(job.id, JobState.DONE)

    def _set(self, job_id: str, state: JobState, error: str = "", code: str = "") -> None:
        sql = "UPDATE jobs SET state = ?, error = ?, code = ? WHERE id = ?"
        self._db.write(lambda: self._db.execute(sql, (state.value, error, code, job_id)))

    def retry(self, job_id: str) -> Job:
        """Put a failed job back into the queue."""
        if self.get(job_id).state is JobState.FAILED:
            self._set(job_id, JobState.QUEUED)
            self.news.set()
        return self.get(job_id)

    def run_next(self, *, processes: int | None = None, stopped: Callable[[], bool] = lambda: False) -> Job | None:
        """Work on the oldest job that nobody works on.

        Args:
            processes: Processes of our own to read in, one for a small job; None: this one.
            stopped: As for `run`.

        Returns:
            The job as it came out; None where there was none.
        """
        rows = self._db.rows("SELECT id FROM jobs WHERE state IN ('queued', 'running') ORDER BY number")
        for row in rows:
            job = self.get(row["id"])
            try:
                several = processes if processes is None or job.images >= MANY_IMAGES else 1
                return self.run(row["id"], processes=several, stopped=stopped)
            except DatasetError as error:
                if error.code != "job-in-use":
                    raise
        return None

    def sweep(self) -> int:
        """Delete what was left lying when a program was killed: copies without a job, pictures without a page image.

        Nothing younger than an hour is touched: another program may be about to make its row.

        Returns:
            How many folders and files were deleted.
        """
        gone = 0
        states = {row["id"]: row["state"] for row in self._db.rows("SELECT id, state FROM jobs")}
        for folder in self._instance.store.incoming_path.iterdir():
            left = JOB_ID.fullmatch(folder.name) and states.get(folder.name, JobState.DONE) == JobState.DONE
            if left and _old(folder):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        known = {row["id"] for row in self._db.rows("SELECT id FROM images WHERE picture = 1")}
        for file in self._instance.store.pictures_path.glob("*/*"):
            if file.name not in known and _old(file):
                file.unlink(missing_ok=True)
                gone += 1
        return gone

    def _folder(self, job_id: str) -> Path:
        return self._instance.store.incoming_path / job_id


def _old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > LEFT_LYING_S


class Worker(threading.Thread):
    """The server's thread that works on jobs, oldest first.

    Args:
        instance: The instance that is served.
        jobs: Its jobs, the same object that enqueues them, so that a new job is begun at once; None: an own one.
        processes: Processes for large jobs; None: all cores but one.
    """

    def __init__(self, instance: Instance, jobs: Jobs | None = None, processes: int | None = None) -> None:
        super().__init__(name="reading-jobs", daemon=True)
        self._jobs = jobs or Jobs(instance)
        self._processes = processes or max(1, (os.cpu_count() or 1) - 1)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Work until stopped; what killed programs left lying is cleared away first."""
        self._jobs.sweep()
        while not self._stopped.is_set():
            try:
                job = self._jobs.run_next(processes=self._processes, stopped=self._stopped.is_set)
            except Exception:
                # The job says so itself and can be retried; the other jobs go on.
                _log.exception("A reading job broke off")
                job = None
                self._stopped.wait(PAUSE_SECONDS)
            if job is None:
                self._jobs.news.wait(PAUSE_SECONDS)
                self._jobs.news.clear()

    def stop(self) -> None:
        """End after the page image that is being read; the job goes on at the next start."""
        self._stopped.set()
        self._jobs.news.set()
        self.join()
