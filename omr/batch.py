"""Many files → many readings, in input order, over any executor of `concurrent.futures`.

Files are cut into chunks of a few images. A worker opens the file itself, reads its chunk and hands back results and
nothing else; only so many chunks are under way at once, so memory does not grow with the pile. A page that kills its
worker is found by reading its chunk again one image at a time, and refused; its neighbours are read.
"""

from __future__ import annotations

import pickle
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import cv2

from forms.layout import Layout
from omr.errors import OmrError
from omr.handwriting import suggest
from omr.images import BadImage, Picture, Pile, check
from omr.policy import POLICY, Policy
from omr.reader import Examined, examine_all, with_suggestions
from omr.readings import Outcome, Refusal, RefusalCode

CHUNK = 8
"""Images a worker reads at a time: enough to pay for opening the file and starting Tesseract once."""

AHEAD = 3
"""Chunks under way, a worker."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """What came of one page image, or of one slip on it.

    Attributes:
        file: The file, as its path was given.
        index: Its place in the list of files, from 0.
        image: The image in it, from 1.
        total: Number of images in the file.
        outcome: A reading or a refusal.
        picture: What is kept; None where there is nothing to show, and for a sign-up sheet, whose picture must not be
            kept.
        part: Which slip of the image it is, from 1 in reading order; None for a page that is none.
        parts: Number of results that come of the image; they follow each other.
    """

    file: str
    index: int
    image: int
    total: int
    outcome: Outcome
    picture: Picture | None
    part: int | None = None
    parts: int = 1


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some images of one file: from `first` to `last`, both from 1 and both included."""

    path: Path
    index: int
    first: int
    last: int
    total: int

    def single(self) -> Iterator[_Chunk]:
        """Return the images of the chunk as chunks of one."""
        for image in range(self.first, self.last + 1):
            yield _Chunk(self.path, self.index, image, image, self.total)


def read_files(  # noqa: PLR0913 - the last three have good defaults
    paths: Iterable[Path],
    layouts: Mapping[str, Layout],
    policy: Policy = POLICY,
    *,
    executor: Executor | None = None,
    jobs: int = 1,
    done: Sequence[int] = (),
) -> Iterator[PageResult]:
    """Read the page images of many files.

    Args:
        paths: The files.
        layouts: The layouts known, by id.
        policy: Thresholds.
        executor: Where to read; it must be able to open the files. None: in `jobs` processes of our own.
        jobs: Number of processes; 1 reads in this one.
        done: For each file, how many of its first images are left out because they were read before; empty: none.

    Returns:
        The results in input order, as they come.

    Raises:
        OmrError: `no-file`, `not-a-file`, `unreadable-file`: before anything is read; `no-jobs`: fewer than one.
    """
    files = list(paths)
    for path in files:
        check(path)
    if jobs < 1:
        raise OmrError("no-jobs", f"{jobs} processes can't read anything.", "Give 1 or more.")
    work = pickle.dumps((dict(layouts), policy))
    if executor is not None:
        return _over(executor, _chunks(files, done), work, jobs)
    if jobs == 1:
        return (result for chunk in _chunks(files, done) for result in _read(chunk, work))
    return _in_processes(_chunks(files, done), work, jobs)


def _chunks(files: Sequence[Path], done: Sequence[int]) -> Iterator[_Chunk]:
    for index, path in enumerate(files):
        begin = done[index] + 1 if done else 1
        with Pile(path) as pile:
            total = pile.total
        for first in range(begin, total + 1, CHUNK):
            yield _Chunk(path, index, first, min(first + CHUNK - 1, total), total)


def _over(executor: Executor, chunks: Iterable[_Chunk], work: bytes, jobs: int) -> Iterator[PageResult]:
    """Read chunks over an executor, in order, a bounded number at once."""
    under_way: deque[Future[list[PageResult]]] = deque()
    workers = getattr(executor, "_max_workers", None) or jobs
    try:
        for chunk in chunks:
            under_way.append(executor.submit(_work, chunk, work))
            if len(under_way) >= AHEAD * workers:
                yield from under_way.popleft().result()
        while under_way:
            yield from under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def _in_processes(chunks: Iterable[_Chunk], work: bytes, jobs: int) -> Iterator[PageResult]:
    """Read chunks in processes of our own; where one dies, go on with new ones and find out which image it was."""
    waiting = iter(chunks)
    again: deque[_Chunk] = deque()
    under_way: deque[tuple[_Chunk, Future[list[PageResult]]]] = deque()
    pool = _pool(jobs)
    try:
        while True:
            while len(under_way) < AHEAD * jobs:
                chunk = again.popleft() if again else next(waiting, None)
                if chunk is None:
                    break
                under_way.append((chunk, pool.submit(_work, chunk, work)))
            if not under_way:
                return
            chunk, future = under_way.popleft()
            try:
                yield from future.result()
            except BrokenExecutor:
                pool.shutdown(wait=False, cancel_futures=True)
                yield from _one_by_one(chunk, work)
                again.extendleft(reversed([c for c, _ in under_way]))
                under_way.clear()
                pool = _pool(jobs)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _one_by_one(chunk: _Chunk, work: bytes) -> Iterator[PageResult]:
    """Read the images of a chunk one after the other in a process of its own; one that kills it is refused."""
    pool = _pool(1)
    try:
        for single in chunk.single():
            try:
                yield from pool.submit(_work, single, work).result()
            except BrokenExecutor:
                refusal = Refusal(RefusalCode.DAMAGED_FILE, "Reading this image made the reader stop.")
                yield PageResult(str(single.path), single.index, single.first, single.total, refusal, None)
                pool.shutdown(wait=False)
                pool = _pool(1)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Processes that are started afresh work on every system and inherit no thread's lock.
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


@lru_cache(maxsize=4)
def _unpacked(work: bytes) -> tuple[Mapping[str, Layout], Policy]:
    # Made by `read_files` in the process that asks, and sent over the executor's own pickling channel.
    layouts, policy = pickle.loads(work)  # noqa: S301
    return layouts, policy


def _work(chunk: _Chunk, work: bytes) -> list[PageResult]:
    """Read a chunk in a worker: one thread, since there is a worker a core."""
    cv2.setNumThreads(1)
    return list(_read(chunk, work))


def _read(chunk: _Chunk, work: bytes) -> Iterator[PageResult]:
    """Read a chunk: every page first, then the text fields of all of them together."""
    layouts, policy = _unpacked(work)
    examined: list[tuple[int, Examined, Picture | None]] = []
    parts: Counter[int] = Counter()
    with Pile(chunk.path) as pile:
        for number in range(chunk.first, chunk.last + 1):
            image = pile.image(number)
            if isinstance(image, BadImage):
                found: tuple[Examined, ...] = (Examined(image.refusal, {}),)
            else:
                found = examine_all(image, layouts, policy)
            examined += [(number, page, image.picture) for page in found]
            parts[number] = len(found)
    wanted = [(n, place) for n, (_, page, _) in enumerate(examined) for place in page.crops]
    guesses = suggest([examined[n][1].crops[place] for n, place in wanted], policy)
    for n, (number, page, picture) in enumerate(examined):
        own = {place: g for (m, place), g in zip(wanted, guesses, strict=True) if m == n}
        outcome = with_suggestions(page.outcome, own)
        kept = None if isinstance(outcome, Refusal) and outcome.code is RefusalCode.SIGN_UP_SHEET else picture
        file = str(chunk.path)
        yield PageResult(file, chunk.index, number, chunk.total, outcome, kept, page.part, parts[number])
