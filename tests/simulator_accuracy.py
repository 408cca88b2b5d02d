"""The accuracy report: counts what the reader does with the scanner farm's piles. Run by hand, not by pytest.

    python tests/simulator_accuracy.py --shards 20 --jobs 2 --out FOLDER --report report.md

A shard is one small pile of one profile. Each leaves a JSON in the folder, so a run that was stopped goes on where it
was; a shard made by another reader, farm or layout is counted anew. Silent misreads are kept as pictures in `crops`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import simulator_farm
from simulator_contact import stored_picture
from simulator_paper import PAPERS, paper
from simulator_profiles import PROFILES
from simulator_report import Row, report, with_figures
from simulator_tally import Json, Tally, compare
from simulator_truth import Shard

from forms.layout import Layout
from omr.batch import read_files
from omr.readings import to_json

HERE = Path(__file__).parent

CROPS_A_SHARD = 12
"""More pictures of misreads of one shard tell nothing new."""


def fingerprint() -> str:
    """Return a hash of what a count depends on: the reader, the farm, the layouts."""
    digest = hashlib.sha256()
    for path in sorted([*(HERE.parent / "omr").glob("*.py"), *HERE.glob("simulator*.py")]):
        if path.name not in ("simulator_accuracy.py", "simulator_report.py", "simulator_figures.py"):
            digest.update(path.read_bytes())
    digest.update(" ".join(layouts()).encode())
    return digest.hexdigest()[:12]


@cache
def layouts() -> dict[str, Layout]:
    """Return the layouts that the reader is given, by id."""
    return {made.layout.id: made.layout for made in map(paper, PAPERS)}


def readings(shard: Shard) -> dict[tuple[str, int], list[Json]]:
    """Return what the reader says about a shard's files, by file name and image."""
    found: dict[tuple[str, int], list[Json]] = {}
    for result in read_files(shard.files, layouts()):
        plain: dict[str, Any] = to_json(result.outcome, result.file, result.image)
        found.setdefault((Path(str(result.file)).name, result.image), []).append(plain)
    return found


def count(
    profile: str, number: int, crops: Path | None = None, *, sample: int | None = None
) -> tuple[Tally, dict[str, float]]:
    """Make, read and count one shard; return the counts, and seconds of CPU for making and for reading.

    Args:
        profile: Name of the profile.
        number: Of the shard.
        crops: Where pictures of silent misreads go; None: nowhere.
        sample: Take only so many of its pages.
    """
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        shard = simulator_farm.shard(profile, number, Path(folder), sample=sample)
        made = time.process_time()
        found = readings(shard)
        read = time.process_time()
        tally = compare(shard.pages, found)
        if crops is not None:
            for at, told in enumerate(tally.misread[:CROPS_A_SHARD]):
                _crop(told, Path(folder), crops / f"{profile}-{number:05d}-{at:02d}-{told['true']}-{told['read']}.png")
    return tally, {"making_s": made - started, "reading_s": read - made}


def _crop(told: Json, folder: Path, out: Path) -> None:
    """Keep a picture of a misread box and 8 mm around it."""
    image = stored_picture(folder / told["file"], told["image"])
    corners = np.array(told["box_px"])
    far = 2 * float(np.ptp(corners, 0).max())
    low = np.maximum(corners.min(0) - far, 0).astype(int)
    high = (corners.max(0) + far).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    if part.size:
        out.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(out), cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST))


def _shard_file(out: Path, profile: str, number: int) -> Path:
    return out / "shards" / f"{profile}-{number:05d}.json"


def _known(path: Path, made_by: str) -> Json | None:
    """Return a shard counted earlier, if it was counted by this reader, farm and layouts."""
    if not path.exists():
        return None
    plain: Json = json.loads(path.read_text(encoding="utf-8"))
    return plain if plain["fingerprint"] == made_by else None


def _work(profile: str, number: int, out: Path, made_by: str) -> None:
    """Count one shard and keep it, whole or not at all."""
    tally, seconds = count(profile, number, out / "crops")
    path = _shard_file(out, profile, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"profile": profile, "number": number, "fingerprint": made_by, **seconds, **tally.to_json()}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(plain), encoding="utf-8")
    part.replace(path)


def rows(out: Path, profiles: Iterable[str], made_by: str) -> list[Row]:
    """Return the counted shards of a folder, added up by profile."""
    made = []
    for name in profiles:
        row = Row(name, PROFILES[name].tells)
        for path in sorted((out / "shards").glob(f"{name}-[0-9]*.json")):
            plain = _known(path, made_by)
            if plain is not None and plain["profile"] == name:
                row.shards += 1
                row.tally.add(Tally.from_json(plain))
                row.making_s += plain["making_s"]
                row.reading_s += plain["reading_s"]
        made.append(row)
    return [row for row in made if row.shards]


def main() -> None:
    """Count what is missing, then report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=2, help="of each profile")
    parser.add_argument("--first", type=int, default=0, help="number of the first shard")
    parser.add_argument("--profile", action="append", choices=list(PROFILES), help="only this one; may be repeated")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "kryssklick-accuracy")
    parser.add_argument(
        "--report", type=Path, help="where the report goes, its two pictures beside it; else to stdout, without them"
    )
    given = parser.parse_args()
    profiles = given.profile or list(PROFILES)
    made_by = fingerprint()
    wanted = [(p, n) for n in range(given.first, given.first + given.shards) for p in profiles]
    left = [w for w in wanted if _known(_shard_file(given.out, *w), made_by) is None]
    if given.jobs == 1:
        for done, (profile, number) in enumerate(left, 1):
            _work(profile, number, given.out, made_by)
            _progress(done, len(left))
    else:
        with ProcessPoolExecutor(given.jobs) as pool:
            waiting = [pool.submit(_work, *w, given.out, made_by) for w in left]
            for done, finished in enumerate(as_completed(waiting), 1):
                finished.result()
                _progress(done, len(left))
    command = f"python tests/simulator_accuracy.py --first {given.first} --shards {given.shards} --jobs {given.jobs}"
    counted = rows(given.out, profiles, made_by)
    text = report(counted, command, made_by)
    if given.report:
        given.report.write_text(with_figures(text, counted, given.report), encoding="utf-8")
    else:
        print(text)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty() or done % 20 == 0 or done == of:
        print(f"{done} of {of} shards", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
