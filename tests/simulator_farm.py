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
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import simulator_formats as formats
from simulator_damage import Leaf
from simulator_ink import Surface
from simulator_machines import Printer, is_whole, photocopied, printed, scanned
from simulator_paper import SERIALS, Pixels, blank, boxes, paper
from simulator_people import Person, somebody, write
from simulator_profiles import PROFILES, Profile, Rng
from simulator_truth import PageTruth, Shard


def shard(name: str, number: int, folder: Path) -> Shard:
    """Make one shard of a profile.

    Args:
        name: Of the profile.
        number: Of the shard, from 0.
        folder: Where its files go.
    """
    profile = PROFILES[name]
    seed = zlib.crc32(name.encode())
    rng = np.random.default_rng([seed, number])
    sheets = [(n, str(s)) for n, s in zip(_names(profile, number), rng.permutation(SERIALS), strict=False)]
    pages: list[tuple[Pixels, PageTruth, int, int]] = []
    for at, (kind, serial) in enumerate(sheets):
        person = somebody(rng, profile.nibs, profile.habits, profile.ways)
        printer = profile.printer(rng)
        for page in range(1, paper(kind).layout.pages + 1):
            pages.append(
                _page(profile, person, printer, (kind, page, serial), np.random.default_rng([seed, number, at, page]))
            )
    return _delivered(profile, number, folder, pages)


def _names(profile: Profile, number: int) -> list[str]:
    """Return the papers of a shard: dense ones, and each other one in its turn."""
    dense = ["dense"] * profile.dense_sheets
    return [*dense, profile.papers[number % len(profile.papers)]] if profile.papers else dense


def _page(
    profile: Profile, person: Person, printer: Printer, which: tuple[str, int, str], rng: Rng
) -> tuple[Pixels, PageTruth, int, int]:
    """Print, fill in, mistreat and scan a page; return picture, truth, resolution or orientation, JPEG quality."""
    name, number, serial = which
    made = paper(name)
    image = blank(name, number, serial)
    measures = printed(image, printer, rng)
    if profile.copied_blank is not None:
        image, copied = photocopied(image, profile.copied_blank(rng), rng)
        measures = copied @ measures
    scanner = profile.scanner(rng)
    if scanner.mode == "colour" or profile.photograph is not None:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    leaf = Leaf(image, name, number, serial, rng)
    if profile.before is not None:
        profile.before(leaf)
    surface = Surface(leaf.image, boxes(name, number))
    written = write(surface, name, number, person, rng)
    if profile.after is not None:
        profile.after(leaf)
    usable = True
    if profile.copier is not None:
        leaf.image, copied = photocopied(leaf.image, profile.copier(rng), rng)
        measures = copied @ measures
    if profile.photograph is not None:
        picture, scale, usable = profile.photograph(leaf.image, measures, rng)
    else:
        picture, scale = scanned(leaf.image, measures, scanner, rng), scanner.dpi
    usable = usable and is_whole(name, number, picture)
    truth = PageTruth(
        "", 0, name, made.layout.id, number, serial, written, usable, nib=person.nib.name, hand=person.habit.name
    )
    return picture.image, truth, scale, scanner.quality


def _delivered(
    profile: Profile, number: int, folder: Path, pages: Sequence[tuple[Pixels, PageTruth, int, int]]
) -> Shard:
    """Write a shard's files as the device delivers them."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{profile.name}-{number:05d}"
    if profile.delivery in ("jpg", "png"):
        files, truths = [], []
        for at, (image, truth, scale, quality) in enumerate(pages, 1):
            path = folder / f"{stem}-{at:02d}.{profile.delivery}"
            if profile.delivery == "png":
                formats.write_png(path, image)
            elif profile.photograph is not None:
                formats.write_photo(path, image, quality, scale)
            else:
                path.write_bytes(formats.jpeg(image, quality, scale))
            files.append(path)
            truths.append(replace(truth, file=path.name, image=1))
        return Shard(profile.name, number, tuple(files), tuple(truths))
    path = folder / f"{stem}.{'tiff' if profile.delivery == 'tiff' else 'pdf'}"
    dpi = pages[0][2]
    if profile.delivery == "tiff":
        formats.write_tiff(path, [image for image, *_ in pages], dpi)
    else:
        formats.write_pdf(path, [_layers(profile.delivery, image, dpi, quality) for image, _, _, quality in pages], dpi)
    truths = [replace(truth, file=path.name, image=n) for n, (_, truth, _, _) in enumerate(pages, 1)]
    return Shard(profile.name, number, (path,), tuple(truths))


def _layers(delivery: str, image: Pixels, dpi: int, quality: int) -> list[formats.Layer]:
    if delivery == "pdf-g4":
        return [formats.g4_layer(image)]
    if delivery == "pdf-jbig2":
        return [formats.jbig2_layer(image)]
    if delivery == "pdf-compact":
        return formats.compact_layers(image, dpi, max(30, quality - 40))
    if delivery == "pdf-flate":
        return [formats.flate_layer(image)]
    return [formats.jpeg_layer(image, quality)]
