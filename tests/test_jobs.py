"""Deliveries on their way in: real files, progress, restarts, and what is left of the files."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Clock, a_survey, an_instance

from omr.errors import OmrError
from webapp import jobs as module
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Handled, RefusedPage
from webapp.dataset.runs import Run
from webapp.dataset.surveys import Survey
from webapp.jobs import Delivery, Job, Jobs, JobState, Summary, Worker
from webapp.printing import new_run, write_run


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", Clock()) as made:
        yield made


@pytest.fixture
def survey(instance: Instance) -> Survey:
    return a_survey(instance)


def printed(instance: Instance, survey: Survey, sheets: int, path: Path) -> Run:
    """Print sheets and deliver the print itself as if it had been scanned: nothing is filled in."""
    run = new_run(instance, survey, sheets)
    out = io.BytesIO()
    write_run(instance, survey, run, out)
    path.write_bytes(out.getvalue())
    return run


def pages(instance: Instance, run: Run) -> int:
    return instance.runs.layout(run.layout).pages


def deliveries(*paths: Path) -> list[Delivery]:
    return [Delivery(path.name, path) for path in paths]


def test_a_delivery_is_read_and_its_copies_are_deleted(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    pile = tmp_path / "pile.pdf"
    run = printed(instance, survey, 2, pile)
    text = tmp_path / "notes.jpg"
    text.write_text("this is no picture")
    work = Jobs(instance)
    job = work.enqueue(survey, deliveries(pile, text), by="Ada")
    images = 2 * pages(instance, run) + 1
    assert (job.state, job.images, job.done, job.by) == (JobState.QUEUED, images, 0, "Ada")
    seen: list[Job] = []
    job = work.run(job.id, progress=seen.append)
    assert [j.done for j in seen] == list(range(1, images + 1))
    assert (job.state, job.done) == (JobState.DONE, images)
    summary = work.summary(job)
    assert (summary.read, summary.doubles, summary.waiting, summary.missing) == (images - 1, 0, 0, {})
    assert summary.refused_by_code == {"not-an-image": 1}
    assert [(p.file, p.image) for p in summary.refused] == [("notes.jpg", 1)]
    assert summary.needs_person
    assert len(instance.intake.empty(survey)) == 2
    assert list(instance.store.incoming_path.iterdir()) == []
    assert pile.exists()
    assert len(list(instance.path.rglob("pictures/*/*"))) == images - 1
    assert instance.verifier.verify() == ()
    assert work.run(job.id) == job
    assert work.list(survey) == (job,)


def test_the_same_pile_again_is_all_doubles(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    pile = tmp_path / "pile.pdf"
    run = printed(instance, survey, 2, pile)
    work = Jobs(instance)
    for _ in range(2):
        job = work.run(work.enqueue(survey, deliveries(pile)).id)
    summary = work.summary(job)
    assert (summary.read, summary.doubles) == (0, 2 * pages(instance, run))
    assert not summary.needs_person
    assert len(instance.intake.empty(survey)) == 2


def test_a_stopped_job_goes_on_where_it_was(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    piles = [tmp_path / "one.pdf", tmp_path / "two.pdf"]
    for pile in piles:
        printed(instance, survey, 2, pile)
    work = Jobs(instance)
    job = work.enqueue(survey, deliveries(*piles))
    seen: list[Job] = []
    job = work.run(job.id, progress=seen.append, stopped=lambda: len(seen) == 3)
    assert (job.state, job.done) == (JobState.QUEUED, 3)
    head = instance.log.head()
    begun: list[Job] = []
    done = Jobs(instance).run(job.id, progress=begun.append)
    assert len(begun) == job.images - 3  # what was read before is not read again
    assert (done.id, done.state, done.done) == (job.id, JobState.DONE, job.images)
    assert len(instance.intake.empty(survey)) == 4
    assert instance.verifier.verify(head) == ()
    assert Jobs(instance).run_next() is None


CHILD = """
import os, sys
from pathlib import Path
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Handled, RefusedPage
from webapp.jobs import Jobs
instance = Instance.open(Path(sys.argv[1]))
seen = []
def progress(job):
    seen.append(job)
    if len(seen) == 2:
        os._exit(9)
Jobs(instance).run(sys.argv[2], progress=progress)
"""


def test_a_job_whose_program_was_killed_goes_on(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 3, pile)
    job = Jobs(instance).enqueue(survey, deliveries(pile))
    found = subprocess.run([sys.executable, "-c", CHILD, str(instance.path), job.id], check=False)
    assert found.returncode == 9
    broken = Jobs(instance).get(job.id)
    assert (broken.state, broken.done) == (JobState.RUNNING, 2)
    done = Jobs(instance).run_next()
    assert done is not None
    assert (done.state, done.done) == (JobState.DONE, job.images)
    assert len(instance.intake.empty(survey)) == 3
    assert instance.verifier.verify() == ()


def test_what_killed_programs_left_lying_is_cleared_away(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 1, pile)
    work = Jobs(instance)
    kept = work.enqueue(survey, deliveries(pile))
    read = work.run(work.enqueue(survey, deliveries(pile)).id)
    orphan = instance.store.incoming_path / "0123456789ab"
    orphan.mkdir()
    (orphan / "0001.pdf").write_bytes(b"a scan that has no job")
    picture = instance.store.pictures_path / survey.random_id / "nobody"
    picture.write_bytes(b"a picture that has no page")
    pictures = set(picture.parent.iterdir())
    assert work.sweep() == 0
    for path in instance.path.rglob("*"):
        os.utime(path, (0, 0))
    assert work.sweep() == 2
    assert not orphan.exists()
    assert set(picture.parent.iterdir()) == pictures - {picture}
    assert work.run(kept.id).done == read.images


def test_a_job_that_a_command_holds_is_left_alone(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 1, pile)
    command, server = Jobs(instance), Jobs(instance)
    job = command.enqueue(survey, deliveries(pile), hold=True)
    assert server.run_next() is None
    with pytest.raises(DatasetError) as error:
        server.run(job.id)
    assert error.value.code == "job-in-use"
    assert command.run(job.id).state is JobState.DONE


def test_the_servers_thread_takes_up_what_is_delivered(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 1, pile)
    instance.begin_serving()
    work = Jobs(instance)
    worker = Worker(instance, work, processes=1)
    worker.start()
    job = work.enqueue(survey, deliveries(pile))
    for _ in range(600):
        if work.get(job.id).state is JobState.DONE:
            break
        time.sleep(0.05)
    worker.stop()
    assert not worker.is_alive()
    assert work.get(job.id).state is JobState.DONE
    assert len(instance.intake.empty(survey)) == 1


def test_a_job_that_can_not_be_read_says_why_and_can_be_tried_again(
    instance: Instance, survey: Survey, tmp_path: Path
) -> None:
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 1, pile)
    work = Jobs(instance)
    job = work.enqueue(survey, deliveries(pile))
    (copy,) = instance.store.incoming_path.glob("*/*.pdf")
    away = copy.rename(tmp_path / "away.pdf")
    failed = work.run(job.id)
    assert failed.state is JobState.FAILED
    assert failed.error
    assert work.run_next() is None
    away.rename(copy)
    assert work.retry(job.id).state is JobState.QUEUED
    assert work.run(job.id).state is JobState.DONE


def test_a_fault_of_the_program_marks_the_job_and_is_raised(
    instance: Instance, survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 1, pile)
    work = Jobs(instance)
    job = work.enqueue(survey, deliveries(pile))

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "read_files", broken)
    with pytest.raises(ZeroDivisionError):
        work.run(job.id)
    assert (work.get(job.id).state, bool(work.get(job.id).error)) == (JobState.FAILED, True)
    assert list(instance.store.incoming_path.glob("*/*.pdf"))


def test_what_can_not_be_delivered_makes_no_job(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    work = Jobs(instance)
    with pytest.raises(DatasetError) as error:
        work.enqueue(survey, [])
    assert error.value.code == "no-files"
    with pytest.raises(DatasetError) as error:
        work.enqueue(survey, deliveries(*[tmp_path / "x"] * 501))
    assert error.value.code == "too-many-files"
    with pytest.raises(OmrError) as missing:
        work.enqueue(survey, deliveries(tmp_path / "nothing.pdf"))
    assert missing.value.code == "no-file"
    with pytest.raises(DatasetError) as error:
        work.get("nosuchjob")
    assert error.value.code == "unknown-job"
    assert work.list(survey) == ()
    assert list(instance.store.incoming_path.iterdir()) == []


def test_a_sheet_of_another_survey_is_refused_and_kept(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    other = a_survey(instance, "annan")
    pile = tmp_path / "other.pdf"
    printed(instance, other, 1, pile)
    printed(instance, survey, 1, tmp_path / "own.pdf")  # the same questions: only the layouts tell the two apart
    work = Jobs(instance)
    summary = work.summary(work.run(work.enqueue(survey, deliveries(pile)).id))
    assert summary.read == 0
    assert set(summary.refused_by_code) == {"unknown-form"}
    assert all(p.has_picture for p in summary.refused)


@pytest.mark.parametrize(("code", "needs"), [("sign-up-sheet", True), ("blank-page", False)])
def test_a_sign_up_sheet_needs_a_person_and_a_blank_page_does_not(code: str, needs: bool) -> None:
    page = RefusedPage("1", "2", "pile.pdf", 1, code, "", "", False, Handled.NOTHING_TO_DO)
    assert Summary(1, 0, 0, (page,), {}).needs_person is needs


def test_a_large_job_is_read_in_processes_with_the_same_result(
    instance: Instance, survey: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY_IMAGES", 2)
    pile = tmp_path / "pile.pdf"
    printed(instance, survey, 3, pile)
    work = Jobs(instance)
    work.enqueue(survey, deliveries(pile))
    done = work.run_next(processes=2)
    assert done is not None
    assert done.state is JobState.DONE
    assert len(instance.intake.empty(survey)) == 3
