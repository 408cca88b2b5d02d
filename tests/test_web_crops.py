"""Pieces of page pictures for review: the same piece, upright, however the page lay on the glass."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import simulator
from numpy.typing import NDArray
from web_helpers import make_instance
from web_paper import CLEAR, SCANNER

from forms.layout import FieldKind, Layout
from omr.batch import read_files
from omr.readings import PageReading, StrayInk
from webapp.printing import PaperChoice, new_run, write_run
from webapp.views.crops import MARGIN_MM, PX_PER_MM, Unshowable, page_picture, paper_to_picture, question_crop

WAYS = {
    "straight": SCANNER,
    "skewed": replace(SCANNER, skew_deg=3.0),
    "upside down": replace(SCANNER, quarter_turns=2, skew_deg=-1.0),
    "on its side": replace(SCANNER, quarter_turns=1),
    "colour at 200 dpi": replace(SCANNER, dpi=200, mode="colour"),
}


@dataclass
class Scan:
    """One scanned page with its reading."""

    data: bytes
    reading: PageReading
    layout: Layout


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scan]]:
    folder = tmp_path_factory.mktemp("crops")
    with make_instance(folder / "instance") as instance:
        survey = instance.surveys.get("prov")
        run = new_run(instance, survey, 1, PaperChoice("sv"))
        out = io.BytesIO()
        write_run(instance, survey, run, out)
        layout = instance.runs.layout(run.layout)
        found = {}
        for name, scanner in WAYS.items():
            path = folder / f"{name}.pdf"
            simulator.pile(path, out.getvalue(), layout, [CLEAR], seed=3, hand=simulator.Hand(), scanner=scanner)
            result = next(iter(read_files([path], {layout.id: layout})))
            assert isinstance(result.outcome, PageReading)
            assert result.picture is not None
            found[name] = Scan(result.picture.data, result.outcome, layout)
        yield found


def gray(data: bytes) -> NDArray[np.float32]:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture.astype(np.float32)


@pytest.mark.parametrize("way", [w for w in WAYS if w != "straight"])
def test_a_question_looks_the_same_however_the_page_lay(scans: dict[str, Scan], way: str) -> None:
    straight, other = (
        gray(question_crop(s.data, s.reading, s.layout, "fick", None)) for s in (scans["straight"], scans[way])
    )
    assert straight.shape == other.shape
    # Blurred by half a millimetre: the scans differ by their noise and the place of their pixels.
    a, b = (cv2.GaussianBlur(p, (0, 0), PX_PER_MM / 2).ravel() for p in (straight, other))
    assert np.corrcoef(a, b)[0, 1] > 0.9


@pytest.mark.parametrize("way", WAYS)
def test_boxes_lie_where_the_paper_says(scans: dict[str, Scan], way: str) -> None:
    scan = scans[way]
    matrix = paper_to_picture(scan.reading, scan.layout)
    boxes = {(f.question, f.option): f for f in scan.layout.on_page(1, FieldKind.BOX)}
    scale = scan.reading.quality.dpi / 25.4
    for mark in scan.reading.marks:
        box = boxes[mark.question, mark.option]
        middle = matrix @ (box.x + box.w / 2, box.y + box.h / 2, 1)
        assert np.hypot(*(middle - np.mean(mark.box_px, axis=0))) / scale < 0.3


def test_the_option_that_is_asked_about_is_framed(scans: dict[str, Scan]) -> None:
    scan = scans["straight"]
    colours = [
        cv2.imdecode(np.frombuffer(question_crop(scan.data, scan.reading, scan.layout, "vilka", o), np.uint8), 1)
        for o in (None, "vard")
    ]
    plain, framed = (np.ptp(c.astype(int), axis=2).max() for c in colours if c is not None)
    assert plain < 40
    assert framed > 120


@pytest.mark.parametrize("way", WAYS)
def test_a_note_in_the_margin_is_in_the_crop_of_its_question(scans: dict[str, Scan], way: str) -> None:
    scan = scans[way]
    area = next(f for f in scan.layout.on_page(1, FieldKind.AREA) if f.question == "fick")
    note_mm = np.array([[9.0, area.y + 4], [16.0, area.y + 4], [16.0, area.y + 7], [9.0, area.y + 7]])
    matrix = paper_to_picture(scan.reading, scan.layout)
    quad = note_mm @ matrix[:, :2].T + matrix[:, 2]
    picture = cv2.imdecode(np.frombuffer(scan.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    cv2.fillPoly(picture, [quad.round().astype(np.int32)], 20)
    noted = replace(scan.reading, stray_ink=(StrayInk("fick", None, tuple((x, y) for x, y in quad.tolist())),))
    data = cv2.imencode(".png", picture)[1].tobytes()
    plain, crop = (gray(question_crop(data, r, scan.layout, "fick", None)) for r in (scan.reading, noted))
    wider = (area.x - MARGIN_MM) - (9.0 - MARGIN_MM)
    assert crop.shape[1] - plain.shape[1] == pytest.approx(wider * PX_PER_MM, abs=3)
    # All of the note, with paper at both sides.
    dark = np.flatnonzero((crop < 90).sum(0) > 2.5 * PX_PER_MM)
    assert dark[0] / PX_PER_MM == pytest.approx(MARGIN_MM, abs=0.4)
    assert dark[-1] / PX_PER_MM >= MARGIN_MM + 6.5


def test_a_whole_page_is_upright(scans: dict[str, Scan]) -> None:
    pages = [gray(page_picture(scans[w].data, scans[w].reading, scans[w].layout)) for w in ("straight", "on its side")]
    assert pages[0].shape == pages[1].shape
    a, b = (cv2.GaussianBlur(p, (0, 0), 3).ravel() for p in pages)
    assert np.corrcoef(a, b)[0, 1] > 0.9


def test_what_is_no_picture_is_told() -> None:
    with pytest.raises(Unshowable):
        page_picture(b"no picture", None, None)


def test_an_unread_page_is_made_no_larger(tmp_path: Path) -> None:
    good, data = cv2.imencode(".png", np.full((100, 80), 255, np.uint8))
    assert good
    assert gray(page_picture(data.tobytes(), None, None)).shape == (100, 80)
