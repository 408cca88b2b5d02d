"""The scanner farm: piles of filled-in pages as every kind of device delivers them, and the truth about them.

    shard = simulator_farm.shard("bilevel-300", 7, folder)   # writes the piles
    for page in shard.pages: …                                # what stands in them

Each kind of DESIGN.md section 12 is a profile with a name (`simulator_profiles.py`). The same profile and number give
the same bytes. Profiles are written from how pens, hands, printers, copiers, scanners and phones work, never from what
a reader handles. `simulator_contact.py` draws contact sheets, to judge by eye whether they look like real scans.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import simulator_formats as formats
from simulator_damage import Leaf, shown_through
from simulator_ink import Surface
from simulator_left import as_blackened, as_left
from simulator_machines import Matrix, Printer, affine, is_whole, photocopied, printed, scanned
from simulator_paper import SERIALS, STRANGERS, Pixels, blank, boxes, letter, paper
from simulator_people import Person, somebody, write
from simulator_profiles import PROFILES, Profile, Rng
from simulator_truth import PageTruth, Shard, Written

from forms.signup import NO_SERIAL


@dataclass(slots=True, eq=False)
class _Sheet:
    """A page as it lies on the pile: paper, what printer and copier did to its measures, and its truth."""

    image: Pixels
    measures: Matrix
    truth: PageTruth


@dataclass(slots=True, eq=False)
class _Picture:
    """A page image: pixels, truth, resolution (of a photo its EXIF orientation), quality of JPEG."""

    image: Pixels
    truth: PageTruth
    scale: int
    quality: int


def shard(name: str, number: int, folder: Path, *, sample: int | None = None) -> Shard:
    """Make one shard of a profile.

    Args:
        name: Of the profile.
        number: Of the shard, from 0.
        folder: Where its files go.
        sample: Make only so many of its pages, drawn from the whole pile; they are filled in as in the whole shard.
    """
    profile = PROFILES[name]
    seed = [zlib.crc32(name.encode()), number]
    rng = np.random.default_rng(seed)
    serials = [str(s) for s in rng.permutation(SERIALS)]
    names = _names(profile, number)
    people = [(somebody(rng, profile.nibs, profile.habits, profile.ways), profile.printer(rng)) for _ in names]
    every = [(at, page) for at, kind in enumerate(names) for page in range(1, paper(kind).layout.pages + 1)]
    if sample is not None:
        # At equal steps, so that dense pages and those of a real instrument are both among them.
        every = [every[int(n)] for n in np.linspace(1, len(every) - 1, min(sample, len(every) - 1))]
    pile = []
    for at, page in every:
        own = np.random.default_rng([*seed, at, page])
        pile.append(_sheet(profile, *people[at], (names[at], page, serials[at]), own))
    if profile.mixed:
        pile = _mixed(pile, rng)
    pictures = [_picture(profile, sheet, np.random.default_rng([*seed, 1_000 + n])) for n, sheet in enumerate(pile)]
    return _delivered(profile, number, folder, pictures)


def _names(profile: Profile, number: int) -> list[str]:
    """Return the papers of a shard: dense ones, and each other one in its turn."""
    dense = ["dense"] * profile.dense_sheets
    return [*dense, profile.papers[number % len(profile.papers)]] if profile.papers else dense


def _sheet(profile: Profile, person: Person, printer: Printer, which: tuple[str, int, str], rng: Rng) -> _Sheet:
    """Print, fill in and mistreat a page."""
    name, number, serial = which
    image = blank(name, number, serial)
    measures = printed(image, printer, rng)
    if profile.copied_blank is not None:
        image, copied = photocopied(image, profile.copied_blank(rng), rng)
        measures = copied @ measures
    bare = image.copy()
    if profile.in_colour:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    leaf = Leaf(image, bare, name, number, serial, rng)
    if profile.before is not None:
        profile.before(leaf)
    written = write(Surface(leaf.image, boxes(name, number)), name, number, person, rng)
    if profile.after is not None:
        profile.after(leaf)
        written = as_blackened(written, leaf.image, boxes(name, number))
    if profile.copier is not None:
        leaf.image, copied = photocopied(leaf.image, profile.copier(rng), rng)
        measures = copied @ measures
    layout = paper(name).layout.id
    truth = PageTruth("", 0, name, layout, number, serial, written, nib=person.nib.name, hand=person.habit.name)
    return _Sheet(leaf.image, measures, truth)


def _picture(profile: Profile, sheet: _Sheet, rng: Rng) -> _Picture:
    """Scan or photograph a page."""
    scanner = profile.scanner(rng)
    usable = True
    if profile.photograph is not None:
        picture, scale, usable = profile.photograph(sheet.image, sheet.measures, rng)
    else:
        picture, scale = scanned(sheet.image, sheet.measures, scanner, rng), scanner.dpi
    whole = bool(sheet.truth.refused) or is_whole(sheet.truth.paper, sheet.truth.page, picture)
    truth = sheet.truth
    if profile.photograph is None and scanner.mode == "bilevel" and truth.paper:
        truth = as_left(truth, picture)
    return _Picture(picture.image, replace(truth, usable=truth.usable and usable and whole), scale, scanner.quality)


def _mixed(pile: list[_Sheet], rng: Rng) -> list[_Sheet]:
    """Mix a pile as piles get mixed: a page lost, one scanned twice, blank backs, pages that do not belong there."""
    pile = list(pile)
    del pile[int(rng.integers(len(pile)))]
    pile.append(pile[int(rng.integers(len(pile)))])
    for name, codes in STRANGERS.items():
        if rng.random() < 0.6:
            page = int(rng.integers(1, paper(name).layout.pages + 1))
            serial = NO_SERIAL if name in ("sign-up", "test page") else str(rng.choice(SERIALS))
            pile.append(_stranger(blank(name, page, serial), codes))
    if rng.random() < 0.7:
        pile.append(_stranger(letter(int(rng.integers(1000))), frozenset({"no-markers", "no-page-code"})))
    order = int(rng.integers(3))
    if order == 0:
        # Fronts, then backs from the last to the first.
        pile = [*pile[::2], *pile[1::2][::-1]]
    elif order == 1:
        pile = [pile[int(n)] for n in rng.permutation(len(pile))]
    if rng.random() < 0.6:
        backs = [_back(sheet, rng) for sheet in pile[:4]]
        pile = [s for pair in zip(pile[:4], backs, strict=True) for s in pair] + pile[4:]
    return pile


def _stranger(image: Pixels, codes: frozenset[str]) -> _Sheet:
    return _Sheet(image, affine(), PageTruth("", 0, "", "", 0, "", Written(), refused=codes))


def _back(sheet: _Sheet, rng: Rng) -> _Sheet:
    """Return the blank back of a leaf; its front shows through a little, as paper of 80 g lets it."""
    image: Pixels = np.full(sheet.image.shape[:2], 255, np.uint8)
    if sheet.truth.paper and rng.random() < 0.5:
        shown_through(Leaf(image, image, sheet.truth.paper, sheet.truth.page, sheet.truth.serial, rng))
        image = cv2.addWeighted(image, 0.35, np.full_like(image, 255), 0.65, 0)
    return _stranger(image, frozenset({"blank-page"}))


def _delivered(profile: Profile, number: int, folder: Path, pictures: Sequence[_Picture]) -> Shard:
    """Write a shard's files as the device delivers them."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{profile.name}-{number:05d}"
    if profile.delivery in ("jpg", "png"):
        files = [folder / f"{stem}-{n:02d}.{profile.delivery}" for n in range(1, len(pictures) + 1)]
        for path, picture in zip(files, pictures, strict=True):
            _single(profile, path, picture)
        truths = [replace(p.truth, file=path.name, image=1) for path, p in zip(files, pictures, strict=True)]
        return Shard(profile.name, number, tuple(files), tuple(truths))
    path = folder / f"{stem}.{'tiff' if profile.delivery == 'tiff' else 'pdf'}"
    if profile.delivery == "tiff":
        formats.write_tiff(path, [p.image for p in pictures], pictures[0].scale)
    else:
        formats.write_pdf(path, [(_layers(profile.delivery, p), p.scale) for p in pictures])
    truths = [replace(p.truth, file=path.name, image=n) for n, p in enumerate(pictures, 1)]
    return Shard(profile.name, number, (path,), tuple(truths))


def _single(profile: Profile, path: Path, picture: _Picture) -> None:
    if profile.delivery == "png":
        formats.write_png(path, picture.image)
    elif profile.photograph is not None:
        formats.write_photo(path, picture.image, picture.quality, picture.scale)
    else:
        path.write_bytes(formats.jpeg(picture.image, picture.quality, picture.scale))


def _layers(delivery: str, picture: _Picture) -> list[formats.Layer]:
    if delivery == "pdf-g4":
        return [formats.g4_layer(picture.image)]
    if delivery == "pdf-jbig2":
        return [formats.jbig2_layer(picture.image)]
    if delivery == "pdf-compact":
        return formats.compact_layers(picture.image, picture.scale, max(30, picture.quality - 40))
    return [formats.jpeg_layer(picture.image, picture.quality)]
