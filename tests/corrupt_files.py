"""Damaged files by the thousand: each is read or refused, none crashes or holds up a reader, none harms its neighbour.

    python tests/corrupt_files.py --cases 5000

A case is a file of some format with bytes flipped, cut off, cut out, doubled, zeroed or taken from another file. Cases
are read as one pile with a good file between each two, in a process of the product's own making. Run by hand;
test_corrupted.py takes a few.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import simulator
import simulator_sheets
from PIL import Image
from simulator import Cross, Scanner

from forms.answers import Mark
from omr.batch import STOPPED, PageResult, read_files
from omr.readings import PageReading, Refusal

DATA, LAYOUT = simulator_sheets.sheets()
LAYOUTS = {LAYOUT.id: LAYOUT}
SCANNER = Scanner(dpi=150)
ANSWERS = [Cross(f"q{q}", "abcd"[q % 4]) for q in range(1, 9)]
BATCH = 100
LIMIT_S = 10.0
"""Longest time for one file, with its neighbour."""

Rng = np.random.Generator


def _flipped(data: bytearray, _: bytes, rng: Rng) -> None:
    for at in rng.integers(0, len(data), int(rng.integers(1, 20))):
        data[at] ^= 1 << int(rng.integers(8))


def _flipped_head(data: bytearray, _: bytes, rng: Rng) -> None:
    for at in rng.integers(0, min(600, len(data)), int(rng.integers(1, 6))):
        data[at] = int(rng.integers(256))


def _flipped_tail(data: bytearray, _: bytes, rng: Rng) -> None:
    for at in rng.integers(max(0, len(data) - 600), len(data), int(rng.integers(1, 6))):
        data[at] = int(rng.integers(256))


def _cut_off(data: bytearray, _: bytes, rng: Rng) -> None:
    del data[int(rng.integers(0, len(data))) :]


def _cut_out(data: bytearray, _: bytes, rng: Rng) -> None:
    at = int(rng.integers(0, len(data)))
    del data[at : at + int(rng.integers(1, 3000))]


def _doubled(data: bytearray, _: bytes, rng: Rng) -> None:
    at = int(rng.integers(0, len(data)))
    data[at:at] = data[at : at + int(rng.integers(1, 3000))]


def _zeroed(data: bytearray, _: bytes, rng: Rng) -> None:
    at = int(rng.integers(0, len(data)))
    end = min(len(data), at + int(rng.integers(1, 5000)))
    data[at:end] = bytes(end - at)


def _spliced(data: bytearray, other: bytes, rng: Rng) -> None:
    at, there = int(rng.integers(0, len(data))), int(rng.integers(0, len(other)))
    size = int(rng.integers(1, 5000))
    data[at : at + size] = other[there : there + size]


def _joined(data: bytearray, other: bytes, rng: Rng) -> None:
    share = rng.random()
    data[int(share * len(data)) :] = other[int(share * len(other)) :]


DAMAGES: tuple[Callable[[bytearray, bytes, Rng], None], ...] = (
    _flipped, _flipped_head, _flipped_tail, _cut_off, _cut_out, _doubled, _zeroed, _spliced, _joined
)  # fmt: skip


def originals(folder: Path) -> Mapping[str, bytes]:
    """Return good files of every format, by their names' ending: two pages where a format holds several."""
    gray = simulator.images_of(DATA, LAYOUT, [ANSWERS], seed=1, scanner=SCANNER)
    black = [np.where(g > 128, 255, 0).astype(np.uint8) for g in gray]
    simulator.write_pdf(folder / "a.pdf", gray, SCANNER)
    simulator.write_pdf(folder / "a.g4.pdf", black, SCANNER)
    simulator.write_tiff(folder / "a.tif", gray, SCANNER)
    simulator.write_tiff(folder / "a.g4.tif", black, SCANNER)
    simulator.write_jpeg(folder / "a.jpg", gray[0], SCANNER)
    simulator.write_png(folder / "a.png", gray[0], SCANNER)
    first = Image.fromarray(gray[0])
    first.save(folder / "a.webp", quality=70)
    first.save(folder / "a.bmp")
    _heic(folder / "a.heic", first)
    (folder / "a.vector.pdf").write_bytes(DATA)
    return {path.name.partition(".")[2]: path.read_bytes() for path in sorted(folder.iterdir())}


def _heic(path: Path, image: Image.Image) -> None:
    try:
        import pillow_heif  # noqa: PLC0415 - an optional extra
    except ImportError:
        return
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=60, enc_params={"preset": "ultrafast"})
    path.write_bytes(out.getvalue())


@dataclass(slots=True)
class Found:
    """What came of damaged files.

    Attributes:
        outcomes: Format > `read` or the code of a refusal.
        faults: What must never be, each with the seed's number of its case.
        otherwise: Marks read other than in the good file, without a doubt, in what was read all the same; by format.
        marks: Marks that were read in damaged files.
        slowest_s: Longest time for a file, with the good one after it.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    otherwise: Counter[str] = field(default_factory=Counter)
    marks: int = 0
    slowest_s: float = 0.0


def cases(first: int, last: int, good: Mapping[str, bytes]) -> Iterator[tuple[int, str, bytes]]:
    """Yield damaged files: number, format, bytes; the same number gives the same bytes."""
    names = list(good)
    for number in range(first, last):
        rng = np.random.default_rng([4, number])
        name = names[number % len(names)]
        data = bytearray(good[name])
        other = good[names[int(rng.integers(len(names)))]]
        for _ in range(int(rng.integers(1, 3))):
            if data:
                DAMAGES[int(rng.integers(len(DAMAGES)))](data, other, rng)
        yield number, name, bytes(data)


def run(first: int, last: int, good: Mapping[str, bytes], folder: Path, *, jobs: int | None = 1) -> Found:
    """Read cases as one pile, a good file after each.

    Args:
        first: Number of the first case.
        last: Number after that of the last.
        good: The good files.
        folder: Where they are written; those that are no fault are deleted.
        jobs: As for `read_files`.
    """
    found = Found()
    neighbour = folder / "good.png"
    neighbour.write_bytes(good["png"])
    (whole,) = read_files([neighbour], LAYOUTS)
    known = {name: _states(list(read_files([_written(folder, f"good.{name}", data)], LAYOUTS)))
             for name, data in good.items()}  # fmt: skip
    made = [(n, name, _written(folder, f"{n:05d}.{name}", data)) for n, name, data in cases(first, last, good)]
    paths = [p for _, _, path in made for p in (path, neighbour)]
    came: dict[int, list[PageResult]] = {}
    begun = time.monotonic()
    for result in read_files(paths, LAYOUTS, jobs=jobs):
        came.setdefault(result.index // 2, []).append(result)
        if result.index % 2:
            found.slowest_s = max(found.slowest_s, time.monotonic() - begun)
            begun = time.monotonic()
    for at, (number, name, path) in enumerate(made):
        *bad, after = came.get(at, [whole])
        if not bad or after.outcome != whole.outcome:
            found.faults.append(f"case {number}, {name}: its neighbour was harmed, or nothing came of it")
        elif not _count(found, name, bad, known[name]):
            found.faults.append(f"case {number}, {name}: it stopped the reader")
        else:
            path.unlink()
    return found


def _written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _states(results: list[PageResult]) -> dict[tuple[int, str, str], Mark]:
    return {
        (r.outcome.page, m.question, m.option): m.state
        for r in results
        if isinstance(r.outcome, PageReading)
        for m in r.outcome.marks
    }


def _count(found: Found, name: str, results: list[PageResult], known: Mapping[tuple[int, str, str], Mark]) -> bool:
    """Count what came of one file; tell whether no image of it stopped the reader."""
    stopped = False
    for result in results:
        if isinstance(result.outcome, Refusal):
            found.outcomes[f"{name} > {result.outcome.code.value}"] += 1
            stopped |= result.outcome.detail == STOPPED
            continue
        found.outcomes[f"{name} > read"] += 1
        for place, state in _states([result]).items():
            found.marks += 1
            found.otherwise[name] += Mark.UNCERTAIN not in (state, known[place]) and state is not known[place]
    return not stopped


def main() -> None:
    """Read many cases and tell what came of them; exit code 1 where there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--keep", type=Path, help="a folder for files that stopped the reader or harmed a neighbour")
    given = parser.parse_args()
    whole = Found()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "good").mkdir()
        good = originals(Path(scratch) / "good")
        for first in range(given.first, given.first + given.cases, BATCH):
            folder = given.keep or Path(scratch) / "cases"
            folder.mkdir(parents=True, exist_ok=True)
            found = run(first, min(first + BATCH, given.first + given.cases), good, folder)
            whole.outcomes += found.outcomes
            whole.otherwise += found.otherwise
            whole.faults += found.faults
            whole.marks += found.marks
            whole.slowest_s = max(whole.slowest_s, found.slowest_s)
            print(f"{first + BATCH - given.first} cases", file=sys.stderr, flush=True)
    print("| format | what came of it | images |\n| --- | --- | ---: |")
    for what, count in sorted(whole.outcomes.items()):
        print(f"| {' | '.join(what.split(' > '))} | {count} |")
    print(f"\n{given.cases} files; the slowest took {whole.slowest_s:.1f} s with its neighbour (bar: {LIMIT_S:.0f} s).")
    told = ", ".join(f"{n} in {name}" for name, n in whole.otherwise.items() if n) or "none"
    print(
        f"Of {whole.marks} marks in pictures that could be read all the same, read otherwise without a doubt: {told}."
    )
    print("\n".join(whole.faults) or "No reader was stopped and no neighbour harmed.")
    sys.exit(bool(whole.faults) or whole.slowest_s > LIMIT_S)


if __name__ == "__main__":
    main()
