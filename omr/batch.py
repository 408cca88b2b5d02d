"""Many files → many readings, in input order, over any executor of `concurrent.futures`.

Files are cut into chunks of a few images. A worker opens the file itself, reads its chunk and hands back results and
nothing else; only so many chunks are under way at once, so memory does not grow with the pile. A page that kills its
worker, or keeps it for longer than `PATIENCE_S`, is found by reading its chunk again one image at a time, and refused;
its neighbours are read.

Other machines can't open the files. For them the same workers take the pictures out of the files, encoded as they will
be kept, and the pictures are handed on; only what was read comes back. A hostile file is opened here alone.
"""

from __future__ import annotations

import os
import pickle
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import cv2

from forms.layout import Layout
from omr import patience
from omr.cluster import Cluster, WorkersDied
from omr.errors import OmrError
from omr.handwriting import suggest
from omr.images import BadImage, PageImage, Picture, Pile, Taken, check, may_hold_several
from omr.patience import PATIENCE_S, patiently
from omr.policy import POLICY, Policy
from omr.reader import READER, Examined, examine_all, with_suggestions
from omr.readings import Outcome, Refusal, RefusalCode

CHUNK = 8
"""Images a worker reads at a time: enough to pay for opening the file and starting Tesseract once."""

AHEAD = 3
"""Chunks under way, a worker."""

LOT_BYTES = 4_000_000
"""Pictures that are handed to another machine at a time: Dask is not made for larger messages."""

MOST_LOTS = 48
"""Most lots under way, however many machines there are: their pictures are held here meanwhile."""

STOPPED = f"Reading this image made the reader stop, or kept it busy for more than {PATIENCE_S:.0f} seconds."
"""Detail of a refusal."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageResult:
    """What came of one page image, or of one slip on it.

    Attributes:
        file: The file, as its path was given.
        index: Its place in the list of files, from 0.
        image: The image in it, from 1.
        total: Number of images in the file.
        outcome: A reading or a refusal.
        picture: What is kept; None where there is nothing to show or nobody asked for it, and for a sign-up sheet,
            whose picture must not be kept.
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
    """Some images of one file: from `first` to `last`, both from 1 and both included.

    `keeps` says whether their pictures come with the results.
    """

    path: Path
    index: int
    first: int
    last: int
    total: int
    keeps: bool

    def part(self, first: int, last: int) -> _Chunk:
        """Return some of its images, both included."""
        return replace(self, first=first, last=last)

    def single(self) -> Iterator[_Chunk]:
        """Return the images of the chunk as chunks of one."""
        for image in range(self.first, self.last + 1):
            yield self.part(image, image)

    def result(self, judged: _Judged, picture: Picture | None) -> PageResult:
        """Return what came of one of its images, or of a slip on it."""
        sign_up = isinstance(judged.outcome, Refusal) and judged.outcome.code is RefusalCode.SIGN_UP_SHEET
        kept = picture if self.keeps and not sign_up else None
        where = str(self.path), self.index, judged.image, self.total
        return PageResult(*where, judged.outcome, kept, judged.part, judged.parts)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was read on one image, or on one slip of it, without its picture."""

    image: int
    outcome: Outcome
    part: int | None = None
    parts: int = 1


@dataclass(frozen=True, slots=True)
class _Shot:
    """One image, taken out of its file: `chunk` is a chunk of one."""

    chunk: _Chunk
    image: Taken | BadImage


def read_files(  # noqa: PLR0913 - all but the first two have good defaults
    paths: Iterable[Path],
    layouts: Mapping[str, Layout],
    policy: Policy = POLICY,
    *,
    executor: Executor | None = None,
    cluster: Cluster | None = None,
    jobs: int | None = None,
    done: Sequence[int] = (),
    totals: Sequence[int] = (),
    pictures: bool = True,
) -> Iterator[PageResult]:
    """Read the page images of many files.

    Args:
        paths: The files.
        layouts: The layouts known, by id.
        policy: Thresholds.
        executor: Where to read; it must be able to open the files.
        cluster: Other machines to read on; they are handed pictures.
        jobs: Number of processes of our own that read, or take pictures out of files for the cluster. None: this
            process reads, and a file that crashes a decoder takes it along.
        done: For each file, how many of its first images are left out because they were read before; empty: none.
        totals: For each file, how many images are in it, as `counts` told; empty: this process opens each and counts.
        pictures: Whether the results bring what is to be kept of the images. Handing that over from process to process
            costs more than everything else that they hand over.

    Returns:
        The results in input order, as they come.

    Raises:
        OmrError: `no-file`, `not-a-file`, `unreadable-file`: before anything is read; `no-jobs`: fewer than one;
            `cluster-lost`, `cluster-worker`: while it is read.
    """
    files = list(paths)
    for path in files:
        check(path)
    if jobs is not None and jobs < 1:
        raise OmrError("no-jobs", f"{jobs} processes can't read anything.", "Give 1 or more.")
    work = pickle.dumps((READER, dict(layouts), policy))
    chunks = _chunks(files, done, totals, keeps=pictures)
    if cluster is not None:
        return _far(cluster, _in_processes(chunks, work, jobs or 1, _take, _not_taken), work)
    if executor is not None:
        return _over(executor, chunks, work, jobs or 1)
    if jobs is None:
        return (result for chunk in chunks for result in _read(chunk, work))
    return _in_processes(chunks, work, jobs, _work, _not_read)


def counts(files: Sequence[Path]) -> tuple[int, ...]:
    """Return how many images are in each file: 1 where it can't be read, or keeps or kills who opens it.

    A process of our own opens the files that could hold several; nothing of a hostile file is looked at in this one.

    Raises:
        OmrError: `no-file`, `not-a-file`, `unreadable-file`.
    """
    several = (_Chunk(p, n, 1, 1, 1, False) for n, p in enumerate(files) if may_hold_several(p))
    found = dict(_in_processes(several, b"", 1, _count, lambda single: (single.index, 1)))
    return tuple(found.get(n, 1) for n in range(len(files)))


def _chunks(files: Sequence[Path], done: Sequence[int], totals: Sequence[int], *, keeps: bool) -> Iterator[_Chunk]:
    for index, path in enumerate(files):
        begin = done[index] + 1 if done else 1
        if totals:
            total = totals[index]
        else:
            with Pile(path) as pile:
                total = pile.total
        for first in range(begin, total + 1, CHUNK):
            yield _Chunk(path, index, first, min(first + CHUNK - 1, total), total, keeps)


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


def _far(cluster: Cluster, shots: Iterable[_Shot], work: bytes) -> Iterator[PageResult]:
    """Read pictures on other machines, in order, a bounded number at once."""
    under_way: deque[tuple[list[_Shot], Future[list[_Judged]]]] = deque()
    try:
        for lot in _lots(shots):
            images = [(shot.chunk.first, shot.image) for shot in lot]
            under_way.append((lot, cluster.submit(_read_far, images, work)))
            if len(under_way) >= min(AHEAD * cluster.width, MOST_LOTS):
                yield from _come_back(cluster, *under_way.popleft(), work)
        while under_way:
            yield from _come_back(cluster, *under_way.popleft(), work)
    finally:
        for _, future in under_way:
            future.cancel()


def _lots(shots: Iterable[_Shot]) -> Iterator[list[_Shot]]:
    """Put images together that are handed over at once: neighbours in one file, not too many bytes."""
    lot: list[_Shot] = []
    size = 0
    for shot in shots:
        more = 0 if shot.image.picture is None else len(shot.image.picture.data)
        apart = lot and lot[0].chunk.index != shot.chunk.index
        if lot and (apart or len(lot) >= CHUNK or size + more > LOT_BYTES):
            yield lot
            lot, size = [], 0
        lot.append(shot)
        size += more
    if lot:
        yield lot


def _come_back(
    cluster: Cluster, lot: Sequence[_Shot], future: Future[list[_Judged]], work: bytes
) -> Iterator[PageResult]:
    """Put what was read elsewhere together with the pictures, which never left."""
    pictures = {shot.chunk.first: shot.image.picture for shot in lot}
    chunk = lot[0].chunk.part(lot[0].chunk.first, lot[-1].chunk.last)
    try:
        for judged in cluster.result(future):
            yield chunk.result(judged, pictures[judged.image])
    except WorkersDied:
        # Several workers died of this lot, or one never came back; here an image that does so is found and refused.
        yield from _one_by_one(chunk, work, _work, _not_read)


def _in_processes(
    chunks: Iterable[_Chunk],
    work: bytes,
    jobs: int,
    task: Callable[[_Chunk, bytes], list[T]],
    refused: Callable[[_Chunk], T],
) -> Iterator[T]:
    """Do a task in processes of our own; where one dies, go on with new ones and find out which image it was.

    Args:
        chunks: What to do it on.
        work: Layouts and policy, pickled.
        jobs: Number of processes.
        task: Gives results in the order of a chunk's images.
        refused: Gives the result for an image that kills its process, of a chunk of one.
    """
    waiting = iter(chunks)
    again: deque[_Chunk] = deque()
    under_way: deque[tuple[_Chunk, Future[list[T]]]] = deque()
    pool = _pool(jobs)
    try:
        while True:
            while len(under_way) < AHEAD * jobs:
                chunk = again.popleft() if again else next(waiting, None)
                if chunk is None:
                    break
                under_way.append((chunk, pool.submit(task, chunk, work)))
            if not under_way:
                return
            chunk, future = under_way.popleft()
            try:
                yield from future.result()
            except BrokenExecutor:
                pool.shutdown(wait=False, cancel_futures=True)
                yield from _one_by_one(chunk, work, task, refused)
                again.extendleft(reversed([c for c, _ in under_way]))
                under_way.clear()
                pool = _pool(jobs)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _one_by_one(
    chunk: _Chunk, work: bytes, task: Callable[[_Chunk, bytes], list[T]], refused: Callable[[_Chunk], T]
) -> Iterator[T]:
    """Take the images of a chunk one after the other in a process of its own; one that kills it is refused."""
    pool = _pool(1)
    try:
        for single in chunk.single():
            try:
                yield from pool.submit(task, single, work).result()
            except BrokenExecutor:
                yield refused(single)
                pool.shutdown(wait=False)
                pool = _pool(1)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _not_read(single: _Chunk) -> PageResult:
    return single.result(_Judged(single.first, Refusal(RefusalCode.DAMAGED_FILE, STOPPED)), None)


def _not_taken(single: _Chunk) -> _Shot:
    return _Shot(single, BadImage(Refusal(RefusalCode.DAMAGED_FILE, STOPPED)))


def _pool(jobs: int) -> ProcessPoolExecutor:
    # Told before the processes load NumPy: its threads would wait for each other on cores that have a worker each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Processes that are started afresh work on every system and inherit no thread's lock.
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    patience.begin()
    cv2.setNumThreads(1)


@lru_cache(maxsize=4)
def _unpacked(work: bytes) -> tuple[Mapping[str, Layout], Policy]:
    reader, layouts, policy = pickle.loads(work)  # noqa: S301 - packed by ourselves
    if reader != READER:
        raise OmrError(
            "cluster-worker",
            f"A worker has reader {READER}; here it is {reader}.",
            "Bring all machines to the same version of Kryssklick, and start this program and all workers again.",
        )
    return layouts, policy


def _work(chunk: _Chunk, work: bytes) -> list[PageResult]:
    """Read a chunk in a worker: one thread, since there is a worker a core."""
    cv2.setNumThreads(1)
    return list(_read(chunk, work))


def _read(chunk: _Chunk, work: bytes) -> Iterator[PageResult]:
    """Read a chunk."""
    pictures: dict[int, Picture | None] = {}

    def opened(pile: Pile) -> Iterator[tuple[int, PageImage | BadImage]]:
        for number in range(chunk.first, chunk.last + 1):
            with patiently():
                image = pile.image(number)
                pictures[number] = image.picture
                yield number, image

    with _opened(chunk.path) as pile:
        judged = _judge(opened(pile), work)
    for one in judged:
        yield chunk.result(one, pictures[one.image])


def _opened(path: Path) -> Pile:
    """Open a file, which may take too long like any image in it."""
    with patiently():
        return Pile(path)


def _count(chunk: _Chunk, work: bytes) -> list[tuple[int, int]]:
    """Count the images of a file: its place in the list, and how many."""
    del work  # every task is given it
    with _opened(chunk.path) as pile:
        return [(chunk.index, pile.total)]


def _take(chunk: _Chunk, work: bytes) -> list[_Shot]:
    """Take the pictures of a chunk out of their file, encoded."""
    del work  # every task is given it
    shots = []
    with _opened(chunk.path) as pile:
        for single in chunk.single():
            with patiently():
                shots.append(_Shot(single, pile.taken(single.first)))
    return shots


def _read_far(images: Sequence[tuple[int, Taken | BadImage]], work: bytes) -> list[_Judged]:
    """Read pictures on another machine; nothing of them is kept there."""
    cv2.setNumThreads(1)
    return _judge(((n, image.page() if isinstance(image, Taken) else image) for n, image in images), work)


def _judge(images: Iterable[tuple[int, PageImage | BadImage]], work: bytes) -> list[_Judged]:
    """Read images: every page first, then the text fields of all of them together."""
    layouts, policy = _unpacked(work)
    examined: list[tuple[int, Examined]] = []
    parts: Counter[int] = Counter()
    for number, image in images:
        if isinstance(image, BadImage):
            found: tuple[Examined, ...] = (Examined(image.refusal, {}),)
        else:
            found = examine_all(image, layouts, policy)
        examined += [(number, page) for page in found]
        parts[number] = len(found)
    wanted = [(n, place) for n, (_, page) in enumerate(examined) for place in page.crops]
    guesses = suggest([examined[n][1].crops[place] for n, place in wanted], policy)
    judged = []
    for n, (number, page) in enumerate(examined):
        own = {place: g for (m, place), g in zip(wanted, guesses, strict=True) if m == n}
        judged.append(_Judged(number, with_suggestions(page.outcome, own), page.part, parts[number]))
    return judged
