"""Slips on their way into the dataset: each a response of its own, several in one picture."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from click.testing import CliRunner, Result
from dataset_helpers import PARAMETERS, Clock, an_instance, take
from PIL import Image
from simulator import DPI, PX, Action, Cross, Page, Write
from slip_helpers import Lying, Pixels, encoded, filled, glass, leaf, turned

from forms import pdf
from forms.layout import Layout
from omr.readings import PageReading
from webapp.cli import main
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Place
from webapp.dataset.runs import Run
from webapp.dataset.surveys import Survey
from webapp.jobs import Delivery, Jobs, JobState, Summary
from webapp.printing import PaperChoice, new_run, write_run
from webapp.views.crops import page_picture, question_crop

DEFINITION = """
id = "en-traff"
languages = ["sv"]
title.sv = "En träff"
intro.sv = "{organisation} frågar."
thanks.sv = "Tack."
support.sv = "Ring {support}. {contact}"

[parameters]
organisation = true
support = true
contact = true

[[section]]
id = "allt"
title.sv = "Träffen"

[[section.question]]
id = "hur"
kind = "single"
text.sv = "Hur var träffen?"
options = [
  { id = "bra", label.sv = "Bra" },
  { id = "sadar", label.sv = "Sådär" },
  { id = "inte", label.sv = "Inte bra" },
]

[[section.question]]
id = "mer"
kind = "text"
lines = 4
text.sv = "Vill du säga mer?"
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", Clock()) as made:
        yield made


@pytest.fixture
def survey(instance: Instance) -> Survey:
    instance.surveys.create("traff", DEFINITION, "traff.toml", parameters=PARAMETERS)
    return instance.surveys.open("traff")


def cut(data: bytes, layout: Layout, count: int) -> list[Page]:
    """Return the slips of a printed run."""
    width, height = (round(v * PX) for v in layout.page_size_mm)
    pages = []
    with pypdfium2.PdfDocument(data) as document:
        for printed in document:
            pixels = np.array(printed.render(scale=DPI / 72, grayscale=True).to_pil().convert("L"), np.uint8)
            for x, y in pdf.places_on_leaf(layout.page_size_mm):
                left, top = round(x * PX), round(y * PX)
                pages.append(Page(layout, 1, pixels[top : top + height, left : left + width]))
    return pages[:count]


def written(instance: Instance, survey: Survey, actions: Sequence[Sequence[Action]]) -> tuple[Run, list[Page]]:
    run = new_run(instance, survey, len(actions), PaperChoice("sv", slips=2))
    out = io.BytesIO()
    write_run(instance, survey, run, out)
    pages = cut(out.getvalue(), instance.runs.layout(run.layout), len(actions))
    return run, [filled(p, a, n) if a else p for n, (p, a) in enumerate(zip(pages, actions, strict=True))]


def pile(path: Path, images: Sequence[Pixels]) -> Path:
    """Write a TIFF, as a scanner that was told to keep all pages in one file."""
    first, *rest = [Image.open(io.BytesIO(encoded(i))).convert("L") for i in images]
    first.save(path, "TIFF", save_all=True, append_images=rest, compression="jpeg", quality=90, dpi=(200, 200))
    return path


def scanned(instance: Instance, survey: Survey, path: Path) -> Summary:
    work = Jobs(instance)
    job = work.run(work.enqueue(survey, [Delivery(path.name, path)]).id)
    assert job.state is JobState.DONE, job.error
    assert job.done == job.images
    return work.summary(job)


def shown(jpeg: bytes) -> Pixels:
    """Decode what the desk shows."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("L"), np.uint8)


def answers(instance: Instance, survey: Survey) -> list[tuple[str, ...]]:
    """Return the options given to the first question, by response, sorted."""
    rows = instance.responses.all(survey)
    return sorted(next(a.options for a in r.answers if a.question == "hur") for r in rows)


def test_every_slip_is_a_response_and_one_without_ink_is_none(
    instance: Instance, survey: Survey, tmp_path: Path
) -> None:
    asked: list[list[Action]] = [[Cross("hur", "bra")], [Cross("hur", "inte")], [], [Cross("hur", "sadar")]]
    _, pages = written(instance, survey, asked)
    images = [
        glass(turned(leaf(pages[:2]), 2), quarter_turns=2),
        glass([Lying(pages[2], 106, 75, 1), Lying(pages[3], 104, 224, -0.5)]),
    ]
    summary = scanned(instance, survey, pile(tmp_path / "pile.tif", images))
    assert (summary.read, summary.empty, summary.waiting, summary.refused) == (4, 1, 0, ())
    assert answers(instance, survey) == [("bra",), ("inte",), ("sadar",)]
    again = scanned(instance, survey, tmp_path / "pile.tif")
    assert (again.read, again.doubles) == (0, 4)
    assert len(answers(instance, survey)) == 3


def test_a_refused_slip_is_named_and_its_neighbour_counts(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    _, pages = written(instance, survey, [[Cross("hur", "bra")], [Cross("hur", "inte")]])
    pixels = pages[0].printed.copy()
    pixels[: round(24 * PX), round(93 * PX) : round(117 * PX)] = 255
    covered = Page(pages[0].layout, 1, pixels, pages[0].ink, pages[0].pen)
    summary = scanned(instance, survey, pile(tmp_path / "pile.tif", [glass(leaf([covered, pages[1]]))]))
    assert [(p.image, p.part, p.code, p.has_picture) for p in summary.refused] == [(1, 1, "no-page-code", True)]
    assert answers(instance, survey) == [("inte",)]
    # The same paper again, now whole: what was refused is another picture, so both slips are looked at anew.
    again = scanned(instance, survey, pile(tmp_path / "again.tif", [glass(leaf(pages), seed=2)]))
    assert (again.read, again.doubles) == (1, 1)
    assert answers(instance, survey) == [("bra",), ("inte",)]


def test_crops_at_review_show_the_slip_that_is_asked_about(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    asked: list[list[Action]] = [[Write("mer", None, "ja")], [Write("mer", None, "mer tid och lugn")]]
    run, pages = written(instance, survey, asked)
    scanned(instance, survey, pile(tmp_path / "pile.tif", [glass(turned(leaf(pages), 3), quarter_turns=1)]))
    layout = instance.runs.layout(run.layout)
    items = {i.serial: i for i in instance.decisions.waiting(survey)}
    assert set(items) == set(run.serials)
    for serial, page in zip(run.serials, pages, strict=True):
        data = instance.pictures.load(survey, items[serial].image)
        reading = instance.materialiser.reading(items[serial].reading or 0)
        upright = shown(page_picture(data, reading, layout))
        assert page.ink is not None
        paper = np.minimum(page.printed, 255 - page.ink)
        expected = cv2.resize(paper, upright.shape[::-1], interpolation=cv2.INTER_AREA)
        likeness = np.corrcoef([np.asarray(cv2.GaussianBlur(p, (0, 0), 2)).ravel() for p in (upright, expected)])[0, 1]
        assert likeness > 0.9
        crop = shown(question_crop(data, reading, layout, "mer", None))
        assert min(crop.shape) > 200


def test_slips_of_one_picture_share_it(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    run, pages = written(instance, survey, [[Cross("hur", "bra")], [Cross("hur", "inte")]])
    pixels = pages[1].printed.copy()
    pixels[: round(24 * PX), round(93 * PX) : round(117 * PX)] = 255
    covered = Page(pages[1].layout, 1, pixels, pages[1].ink, pages[1].pen)
    summary = scanned(instance, survey, pile(tmp_path / "pile.tif", [glass(leaf([pages[0], covered]))]))
    folder = instance.store.pictures_path / survey.random_id
    assert len(list(folder.iterdir())) == 1
    refused = summary.refused[0]
    (read,) = (row["id"] for row in instance.materialiser.images(survey, run.serials[0]))
    assert refused.has_picture
    assert refused.id != read
    assert instance.pictures.load(survey, refused.id) == instance.pictures.load(survey, read)
    # Another picture has a file of its own; the same one again has none.
    scanned(instance, survey, pile(tmp_path / "again.tif", [glass(leaf(pages), seed=2)]))
    scanned(instance, survey, tmp_path / "again.tif")
    assert len(list(folder.iterdir())) == 2
    for file in folder.iterdir():
        os.utime(file, (0, 0))
    assert Jobs(instance).sweep() == 0
    # A file that was lost is not relied upon: the same picture is kept anew.
    (holder,) = (f for f in folder.iterdir() if f.name in (read, refused.id))
    holder.unlink()
    sha256 = instance.store.db.value("SELECT sha256 FROM images WHERE id = ?", (read,))
    assert instance.pictures.holder(survey, sha256) == ""


def test_an_image_is_done_with_its_last_slip(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    """A program that stops between two slips of one picture loses none of them."""
    _, pages = written(instance, survey, [[Cross("hur", "bra")], [Cross("hur", "inte")]])
    path = pile(tmp_path / "pile.tif", [glass(leaf(pages))])
    work = Jobs(instance)
    job = work.enqueue(survey, [Delivery(path.name, path)])
    assert work.run(job.id, stopped=lambda: True).state is JobState.QUEUED
    assert (work.get(job.id).done, len(answers(instance, survey))) == (0, 1)
    assert work.run(job.id).state is JobState.DONE
    assert (work.get(job.id).done, len(answers(instance, survey))) == (1, 2)
    assert not list(instance.store.incoming_path.iterdir())


def test_readings_say_their_part_only_where_there_are_slips(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    run, pages = written(instance, survey, [[Cross("hur", "bra")], [Cross("hur", "inte")]])
    scanned(instance, survey, pile(tmp_path / "pile.tif", [glass(leaf(pages))]))
    rows = instance.store.db.rows("SELECT reading, part, parts FROM images ORDER BY arrival")
    kept = [instance.log.payload(row["reading"])["reading"] for row in rows]
    assert [k["part"] for k in kept] == [row["part"] for row in rows] == [1, 2]
    assert [k["serial"] for k in kept] == list(run.serials)
    assert {row["parts"] for row in rows} == {2}
    whole = instance.materialiser.reading(rows[0]["reading"])
    assert isinstance(whole, PageReading)
    take(instance, survey, whole, place=Place("other", 1, "x.png", 1))
    last = instance.store.db.rows("SELECT reading FROM images WHERE job = 'other'")[0]["reading"]
    assert "part" not in instance.log.payload(last)["reading"]


def test_the_commands(tmp_path: Path) -> None:
    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments), "--instance", str(tmp_path / "i")])

    assert run("init").exit_code == 0
    given = [f"{n}={v}" for n, v in (PARAMETERS | {"question": "Vad behövs?"}).items()]
    parameters = [x for pair in given for x in ("--param", pair)]
    assert run("survey", "create", "en-fraga", "--slug", "traff", *parameters).exit_code == 0
    file, layout, again = tmp_path / "s.pdf", tmp_path / "l.json", tmp_path / "again.pdf"
    made = run("print", "traff", "--sheets", 6, "--slips", 4, "--out", file, "--layout", layout)
    assert made.exit_code == 0, made.output
    assert "6 slips on 2 leaves" in made.stderr
    assert run("print", "traff", "--run", made.stdout.strip(), "--out", again).exit_code == 0
    assert again.read_bytes() == file.read_bytes()
    read = run("read", file, "--layout", layout, "--jobs", 1)
    lines = [json.loads(line) for line in read.stdout.splitlines()]
    assert [(line["image"], line["part"]) for line in lines] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)]
    assert len({line["serial"] for line in lines}) == 6
    assert "6 of 6 pages and slips" in read.stderr
    done = run("scan", "traff", file, "--jobs", 1)
    assert json.loads(done.stdout) | {"job": ""} == json.loads(done.stdout) | {"job": "", "read": 6, "empty": 6}
    assert run("print", "traff", "--sheets", 6, "--slips", 4, "--sides", "two", "--out", file).exit_code == 2
    assert run("print", "sip", "--sheets", 6, "--slips", 4, "--out", tmp_path / "no.pdf").exit_code == 1
    assert not (tmp_path / "no.pdf").exists()
