"""Piles: order, neighbours, progress, executors, workers that die."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Cross, Scanner
from stand_ins import dies

from omr import batch
from omr.batch import PageResult, read_files
from omr.errors import OmrError
from omr.images import Picture
from omr.readings import PageReading, Refusal, RefusalCode

SERIALS = simulator_sheets.serials(3)
DATA, LAYOUT = simulator_sheets.sheets(SERIALS)
LAYOUTS = {LAYOUT.id: LAYOUT}
SCANNER = Scanner(dpi=200)


@pytest.fixture(scope="module")
def pixels() -> list[simulator.Pixels]:
    """Three sheets, two pages each; sheet n has its n-th option crossed everywhere."""
    answers = [[Cross(f"q{q}", "abc"[n]) for q in range(1, 9)] for n in range(3)]
    return simulator.images_of(DATA, LAYOUT, answers, seed=1, scanner=SCANNER)


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory, pixels: list[simulator.Pixels]) -> Path:
    """A PDF with the three sheets, a blank page in between, twice over: 14 images, more than one chunk."""
    path = tmp_path_factory.mktemp("pile") / "pile.pdf"
    blank = np.full_like(pixels[0], 240)
    simulator.write_pdf(path, [*pixels[:3], blank, *pixels[3:]] * 2, SCANNER)
    return path


def told(results: list[PageResult]) -> list[object]:
    """Return what each image came to, in short."""
    return [
        (r.image, (r.outcome.serial, r.outcome.page) if isinstance(r.outcome, PageReading) else r.outcome.code)
        for r in results
    ]


def pages(first: int) -> list[object]:
    a, b, c = SERIALS
    every = [(a, 1), (a, 2), (b, 1), RefusalCode.BLANK_PAGE, (b, 2), (c, 1), (c, 2)]
    return list(enumerate(every, first))


def test_results_come_in_order_and_say_how_many_there_are(pile: Path) -> None:
    results = list(read_files([pile], LAYOUTS))
    assert told(results) == pages(1) + pages(8)
    assert {(r.file, r.index, r.total) for r in results} == {(str(pile), 0, 14)}
    for result in results:
        assert isinstance(result.picture, Picture)
        assert result.outcome.sha256 == result.picture.sha256
    crossed = {
        (r.outcome.serial, m.option)
        for r in results
        if isinstance(r.outcome, PageReading) and r.outcome.page == 1
        for m in r.outcome.marks
        if m.state == "crossed"
    }
    assert crossed == set(zip(SERIALS, "abc", strict=True))


def test_processes_and_other_executors_give_the_same(pile: Path) -> None:
    alone = list(read_files([pile], LAYOUTS))
    assert list(read_files([pile], LAYOUTS, jobs=2)) == alone
    with ThreadPoolExecutor(2) as threads:
        assert list(read_files([pile], LAYOUTS, executor=threads)) == alone


def test_pictures_are_left_out_where_nobody_wants_them(pile: Path) -> None:
    bare = [replace(r, picture=None) for r in read_files([pile], LAYOUTS)]
    assert list(read_files([pile], LAYOUTS, pictures=False)) == bare
    with ThreadPoolExecutor(2) as threads:
        assert list(read_files([pile], LAYOUTS, executor=threads, pictures=False)) == bare


def test_several_files_of_several_kinds(tmp_path: Path, pixels: list[simulator.Pixels], pile: Path) -> None:
    simulator.write_jpeg(tmp_path / "a.jpg", pixels[0], SCANNER)
    simulator.write_png(tmp_path / "b.png", pixels[1], SCANNER)
    simulator.write_tiff(tmp_path / "c.tif", [np.where(p > 140, 255, 0).astype(np.uint8) for p in pixels[2:4]], SCANNER)
    (tmp_path / "d.pdf").write_bytes(DATA)
    names = ["a.jpg", "b.png", "c.tif", "d.pdf"]
    results = list(read_files([tmp_path / n for n in names], LAYOUTS))
    a, b, c = SERIALS
    whole = [(s, p) for s in SERIALS for p in (1, 2)]
    expected = [(1, (a, 1)), (1, (a, 2)), (1, (b, 1)), (2, (b, 2)), *enumerate(whole, 1)]
    assert told(results) == expected
    assert [r.index for r in results] == [0, 1, 2, 2, *[3] * 6]
    assert c in {o[1][0] for o in told(results)}  # type: ignore[index]


def test_a_bad_page_never_harms_its_neighbours(tmp_path: Path, pixels: list[simulator.Pixels]) -> None:
    good = tmp_path / "good.jpg"
    simulator.write_jpeg(good, pixels[0], SCANNER)
    bad = {
        "empty.pdf": b"",
        "text.jpg": b"hej " * 100,
        "cut.pdf": b"%PDF-1.7\n%",
        "cut.jpg": good.read_bytes()[:3000],
        "zeros.tif": b"II*\0" + bytes(500),
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    paths = [p for name in bad for p in (tmp_path / name, good)]
    results = list(read_files(paths, LAYOUTS))
    assert len(results) == 2 * len(bad)
    assert all(isinstance(r.outcome, Refusal) for r in results[::2])
    assert all(isinstance(r.outcome, PageReading) for r in results[1::2])


def test_the_picture_of_a_sign_up_sheet_is_not_handed_on(tmp_path: Path) -> None:
    image = np.full((2339, 1654), 245, np.uint8)
    family = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
    image[100:164, 100:164] = cv2.aruco.generateImageMarker(family, 128, 64)
    simulator.write_jpeg(tmp_path / "a.jpg", image, SCANNER)
    (result,) = read_files([tmp_path / "a.jpg"], LAYOUTS)
    assert isinstance(result.outcome, Refusal)
    assert result.outcome.code is RefusalCode.SIGN_UP_SHEET
    assert result.picture is None
    assert result.outcome.sha256 == ""


def test_what_is_wrong_before_reading_is_an_error(tmp_path: Path, pile: Path) -> None:
    with pytest.raises(OmrError) as caught:
        read_files([pile, tmp_path / "none.pdf"], LAYOUTS)
    assert caught.value.code == "no-file"
    with pytest.raises(OmrError) as caught:
        read_files([pile], LAYOUTS, jobs=0)
    assert caught.value.code == "no-jobs"


class _Recorder(ThreadPoolExecutor):
    """Counts how many chunks are under way at once."""

    def __init__(self) -> None:
        super().__init__(1)
        self.submitted = 0

    def submit(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        self.submitted += 1
        return super().submit(*args, **kwargs)  # type: ignore[arg-type]


def test_only_so_many_chunks_are_under_way(pile: Path, tmp_path: Path, pixels: list[simulator.Pixels]) -> None:
    simulator.write_jpeg(tmp_path / "a.jpg", np.full((420, 420), 200, np.uint8), SCANNER)
    with _Recorder() as executor:
        results = read_files([tmp_path / "a.jpg"] * 30, LAYOUTS, executor=executor)
        next(results)
        assert executor.submitted == batch.AHEAD
        results.close()  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="kills a worker the POSIX way")
def test_an_image_that_kills_its_worker_is_refused_and_the_others_are_read(
    pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_work", dies)
    results = list(read_files([pile], LAYOUTS, jobs=2))
    expected = [(n, RefusalCode.DAMAGED_FILE if n == 3 else what) for n, what in pages(1) + pages(8)]  # type: ignore[misc]
    assert told(results) == expected
    assert results[2].picture is None


def test_a_pool_of_another_s_making_is_not_shut_down(pile: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=batch.get_context("spawn")) as pool:
        assert len(list(read_files([pile], LAYOUTS, executor=pool))) == 14
        assert pool.submit(abs, -3).result() == 3
