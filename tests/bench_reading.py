"""How fast pages are read: `.venv/bin/python tests/bench_reading.py [--rounds N] [--pages N]`.

Prints, for a pile of A4 pages at 300 dpi in gray, JPEG inside one PDF, that it makes itself: the CPU time of reading as
a multiple of what OpenCV takes to decode the same pictures at full size, both measured in turns in one process that is
set up as workers are, the median of several rounds, and as one of what they take in a program that only decodes, whose
memory comes anew for each picture; pages a second with one and two workers, in turns; photos of 12
megapixels a second; and the memory that a worker takes for a PDF of 2,000 pages. Piles with crosses only and with
handwriting in the text fields are told apart, since handwriting may be shown to Tesseract.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import simulator
import simulator_sheets
from simulator import Cross, Scanner, Write

from forms.layout import Layout
from omr import images
from omr.batch import read_files
from omr.images import PageImage, Picture, Pile
from omr.pictures import jpeg_header
from omr.policy import POLICY
from omr.reader import examine
from omr.readings import PageReading

SCANNER = Scanner(dpi=300, skew_deg=0.8)
SHEETS = 12
TURNS = 3
"""In which one and two workers read the same pile."""
DECODE_ALONE = """
import sys, time
from pathlib import Path
import cv2, numpy as np
cv2.setNumThreads(1)
pictures = [np.frombuffer(Path(name).read_bytes(), np.uint8) for name in sys.argv[1:]]
for _ in range(2):
    begin = time.process_time()
    for data in pictures:
        assert cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) is not None
print(1000 * (time.process_time() - begin) / len(pictures))
"""
"""A program that decodes pictures twice and tells the CPU time of a picture the second time, ms."""
PHOTO_PX = (3000, 4000)
"""Width and height of a photo of 12 megapixels."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=240, help="of the pile that workers read")
    parser.add_argument("--long", type=int, default=2000, help="pages of the PDF that memory is measured on")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    # As the program's own workers have it: NumPy's threads would only wait for each other, and that counts as CPU time.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        crosses, layout = _scans(folder / "crosses.pdf", words=False)
        written, _ = _scans(folder / "written.pdf", words=True)
        known = {layout.id: layout}
        print(f"{len(crosses)} pages, {statistics.mean(map(len, crosses)) / 1000:.0f} kB each")
        with _worker() as worker:
            for what, pictures in (("crosses only", crosses), ("with handwriting", written)):
                some = folder / "some.pdf", what, pictures, known, given.rounds
                print(worker.submit(_against_decoding, *some).result(), flush=True)
        for what, pictures in (("crosses only", crosses), ("with handwriting", written)):
            _workers(folder / "pile.pdf", what, pictures, known, given.pages)
        with _worker() as worker:
            print(worker.submit(_photos, known, given.rounds).result(), flush=True)
        if given.long:
            _memory(folder / "long.pdf", crosses, known, given.long)


def _worker() -> ProcessPoolExecutor:
    """Return a process set up as workers are."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,))


def _scans(path: Path, *, words: bool) -> tuple[list[bytes], Layout]:
    """Fill sheets in, scan them and return the JPEGs of the pages, and the layout."""
    serials = simulator_sheets.serials(SHEETS)
    data, layout = simulator_sheets.sheets(serials)
    rng = np.random.default_rng(1)
    sheets = [simulator_sheets.answers(rng) for _ in serials]
    if not words:
        sheets = [[a for a in actions if not isinstance(a, Write)] for actions in sheets]
    simulator.pile(path, data, layout, sheets, seed=3, scanner=SCANNER)
    with Pile(path) as pile:
        pages = [pile.image(n + 1) for n in range(pile.total)]
    return [p.picture.data for p in pages if isinstance(p, PageImage)], layout


def _against_decoding(path: Path, what: str, pictures: list[bytes], known: dict[str, Layout], rounds: int) -> str:
    """Read a PDF and decode the pictures in it in turns; Tesseract is not part of it."""
    write_pdf(path, pictures)

    def read() -> None:
        for image in images.read(path):
            assert isinstance(image, PageImage)
            assert isinstance(examine(image, known, POLICY).outcome, PageReading)

    def decode() -> None:
        for data in pictures:
            assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) is not None

    files = [path.with_name(f"{n}.jpg") for n in range(len(pictures))]
    for file, data in zip(files, pictures, strict=True):
        file.write_bytes(data)

    def alone_ms() -> float:
        told = subprocess.run([sys.executable, "-c", DECODE_ALONE, *files], check=True, capture_output=True, text=True)
        return float(told.stdout)

    read()
    turns = [(_cpu_ms(read) / len(pictures), _cpu_ms(decode) / len(pictures), alone_ms()) for _ in range(rounds)]
    ratio, ratio_alone = (statistics.median(turn[0] / turn[n] for turn in turns) for n in (1, 2))
    reading, decoding, alone = (statistics.median(column) for column in zip(*turns, strict=True))
    return (
        f"{what:17} {reading:5.1f} ms of CPU a page, {decoding:5.1f} ms to decode it at full size: {ratio:.2f} times "
        f"({alone:.1f} ms in a program that only decodes: {ratio_alone:.2f} times); {1000 / reading:.1f} pages/s a core"
    )


def _cpu_ms(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return 1000 * (time.process_time() - begin)


def _workers(path: Path, what: str, pictures: list[bytes], known: dict[str, Layout], pages: int) -> None:
    """Read one PDF with one and with two processes, in turns, from opening it to the last reading."""
    write_pdf(path, islice(cycle(pictures), pages))
    # What starting costs is not what a page costs: each process reads something first.
    warm = [path.with_name(f"warm{n}.pdf") for n in range(4)]
    for one in warm:
        write_pdf(one, pictures[:8])
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as single, ProcessPoolExecutor(2, mp_context=spawn) as double:
        for pool in (single, double):
            list(read_files(warm, known, executor=pool))
        turns = [[_speed(path, known, pages, pool) for pool in (single, double)] for _ in range(TURNS)]
    one, two = (statistics.median(column) for column in zip(*turns, strict=True))
    ratio = statistics.median(b / a for a, b in turns)
    print(
        f"{what:17} {one:5.1f} pages/s with 1 worker, {two:5.1f} with 2: {ratio:.2f} times, "
        "suggestions for text fields included"
    )


def _speed(path: Path, known: dict[str, Layout], pages: int, pool: ProcessPoolExecutor) -> float:
    """Return how many pages a second are read."""
    begin = time.perf_counter()
    results = read_files([path], known, executor=pool, pictures=False)
    assert sum(isinstance(r.outcome, PageReading) for r in results) == pages
    return pages / (time.perf_counter() - begin)


def _photos(known: dict[str, Layout], rounds: int) -> str:
    """Read photos of 12 megapixels: perspective, a desk around the page, uneven light."""
    data, layout = simulator_sheets.sheets(simulator_sheets.serials(SHEETS))
    rng = np.random.default_rng(2)
    photos = []
    for page in simulator.printed(data, layout)[0] * 3:
        marks = [a for a in simulator_sheets.answers(rng) if isinstance(a, Cross)]
        inked = simulator.scan(simulator.fill_in(page, marks, simulator.Hand(), rng), Scanner(dpi=330), rng)
        photos.append(simulator.encode_jpeg(_photo(inked, rng), Scanner(quality=90)))

    def read() -> list[bool]:
        made = [images.decode(Picture(p, "image/jpeg")) for p in photos]
        return [isinstance(m, PageImage) and isinstance(examine(m, known, POLICY).outcome, PageReading) for m in made]

    usable = sum(read())
    cpu_ms = statistics.median(_cpu_ms(read) for _ in range(rounds)) / len(photos)
    return (
        f"12 MP photos      {cpu_ms:5.1f} ms of CPU each, {1000 / cpu_ms:.1f} a second a core, "
        f"{usable} of {len(photos)} read"
    )


def _photo(page: simulator.Pixels, rng: np.random.Generator) -> simulator.Pixels:
    width, height = PHOTO_PX
    rows, columns = page.shape
    scale = 0.8 * min(width / columns, height / rows)
    flat = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    corners = (flat - [columns / 2, rows / 2]) * scale + [width / 2, height / 2] + rng.uniform(-70, 70, (4, 2))
    matrix = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    seen = cv2.warpPerspective(page, matrix, PHOTO_PX, flags=cv2.INTER_LINEAR, borderValue=95)
    light = np.linspace(1.0, 0.75, width, dtype=np.float32)[None]
    noise = cv2.resize(rng.normal(0, 4, (height // 4, width // 4)).astype(np.float32), PHOTO_PX)
    photo: simulator.Pixels = np.clip(seen * light + noise, 0, 255).astype(np.uint8)
    return photo


def _memory(path: Path, pictures: list[bytes], known: dict[str, Layout], pages: int) -> None:
    """Read a long PDF in one worker and ask that worker how much memory it ever had."""
    write_pdf(path, islice(cycle(pictures), pages))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        before = pool.submit(_peak_mb).result()
        begin = time.perf_counter()
        count = sum(isinstance(r.outcome, PageReading) for r in read_files([path], known, executor=pool))
        took = time.perf_counter() - begin
        peak = pool.submit(_peak_mb).result()
    size = path.stat().st_size / 1e6
    print(
        f"{count} of {pages} pages of a PDF of {size:.0f} MB in {took:.0f} s; memory of the worker: "
        f"at most {peak:.0f} MB, {before:.0f} before"
    )


def _peak_mb() -> float:
    """Return the most memory that this process ever had, MB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def write_pdf(path: Path, pictures: Iterable[bytes]) -> None:
    """Write gray JPEGs at 300 dpi as a PDF, one a page, holding no more than one of them at a time."""
    places: list[int] = []
    kids: list[int] = []
    with path.open("wb") as out:
        out.write(b"%PDF-1.4\n")

        def add(body: bytes) -> int:
            """Write an object; the catalogue is 1 and the list of pages 2, both written last."""
            places.append(out.tell())
            number = len(places) + 2
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            return number

        for data in pictures:
            header = jpeg_header(data)
            assert header is not None
            width, height = header[0]
            box = width / 300 * 72, height / 300 * 72
            about = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8" % (width, height)
            about += b"/ColorSpace/DeviceGray/Filter/DCTDecode/Length %d>>" % len(data)
            image = add(about + b"\nstream\n" + data + b"\nendstream")
            draw = b"%.2f 0 0 %.2f 0 0 cm /I Do" % box
            content = add(b"<</Length %d>>\nstream\n%s\nendstream" % (len(draw), draw))
            page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]" % box
            kids.append(add(page + b"/Resources<</XObject<</I %d 0 R>>>>/Contents %d 0 R>>" % (image, content)))
        last = out.tell()
        out.write(b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n")
        lists = out.tell()
        listed = b" ".join(b"%d 0 R" % k for k in kids)
        out.write(b"2 0 obj\n<</Type/Pages/Count %d/Kids[%s]>>\nendobj\n" % (len(kids), listed))
        table = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 3))
        for place in (last, lists, *places):
            out.write(b"%010d 00000 n \n" % place)
        out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 3, table))


if __name__ == "__main__":
    main()
