"""Text fields: an upright picture of what is written, and what it may say.

A suggestion only saves typing: it never counts before a person has taken it. Tesseract reads print and typing, not
hands, so what it is not sure of is dropped. Without Tesseract there are no suggestions.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytesseract

from forms import places
from forms.layout import Field, Reads
from omr.calibration import TEXTS
from omr.images import Gray, PageImage
from omr.policy import Policy
from omr.register import Laid
from omr.samples import gray_share
from omr.stray import InkAt
from omr.zones import Box

CROP_DPI = 300
"""What Tesseract is made for."""

FRAME_MM = 0.6
"""Edge of a text field that is left out of its crop: its printed frame."""

LEAST_SIGN_PX = 12
"""Height of a sign, 1 mm at 300 dpi; lower pieces are dots and dust."""

JOINED = 1.8
"""Width of a piece, in its own heights, from which on it is no single sign; a printed W has 1.4."""

ROOM_MM = 2.0
"""Around ink in a text field, that much of it is looked at."""

BATCH_SECONDS = 60
"""Longest time for one batch; without an answer by then there are no suggestions."""

LEAST_LIKENESS = 0.84
"""Least likeness of what was read with the name of a place: one wrong sign of seven."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """An upright picture of a text field.

    Attributes:
        gray: Its pixels at 300 dpi; of what is hopeless only those around its ink.
        reads: What the field holds.
        hopeless: Whether it was looked at already and is nothing that Tesseract could read.
    """

    gray: Gray
    reads: Reads
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a text field may say.

    Attributes:
        text: The text; of a place the name as the list has it.
        confidence: How likely it is right, 0 to 1, calibrated on simulated texts: typed, printed and by neat hands.
    """

    text: str
    confidence: float


@cache
def available() -> bool:
    """Tell whether Tesseract is there; asked once."""
    return shutil.which(pytesseract.pytesseract.tesseract_cmd) is not None


def crops(image: PageImage, laid: Laid, written: Mapping[int, InkAt]) -> dict[int, Crop]:
    """Cut text fields out of the picture, upright and without their frames.

    What does not look like print gets no guess: of that only the working pixels around its ink are cut out. For
    everything else the picture is decoded at its full size, once.

    Args:
        image: The page image.
        laid: The image and where the page lies in it, in working pixels.
        written: The ink in the text fields, by any number.

    Returns:
        The crops by the same numbers.
    """
    cut = {n: _cut(laid.gray, 1, laid, ink.field, ink.box_mm) for n, ink in written.items()}
    hopeless = {n: replace(crop, hopeless=True) for n, crop in cut.items() if not _may_be_read(crop)}
    if len(hopeless) == len(written):
        return hopeless
    full = image.full() if image.shrink > 1 else laid.gray
    fine = {n: _cut(full, image.shrink, laid, i.field) for n, i in written.items() if n not in hopeless}
    return {n: hopeless.get(n) or fine[n] for n in written}


def _cut(gray: Gray, grow: int, laid: Laid, field: Field, part_mm: Box | None = None) -> Crop:
    """Cut a text field, or the part of it around some place, out of pixels of which `grow` make a working pixel."""
    left, top, right, low = field.x, field.y, field.x + field.w, field.y + field.h
    if part_mm is not None:
        x, y, w, h = part_mm
        left, top = min(max(left, x - ROOM_MM), right), min(max(top, y - ROOM_MM), low)
        right, low = max(min(right, x + w + ROOM_MM), left), max(min(low, y + h + ROOM_MM), top)
    step = 25.4 / CROP_DPI
    shape = max(1, round((low - top - 2 * FRAME_MM) / step)), max(1, round((right - left - 2 * FRAME_MM) / step))
    upright = laid.part(gray, grow, (left + FRAME_MM, top + FRAME_MM), shape, step)
    return Crop(upright, field.reads or Reads.FREE)


def suggest(crops: Sequence[Crop], policy: Policy) -> list[Suggestion | None]:
    """Guess what is written, all crops of one kind in one process.

    Args:
        crops: Upright pictures of text fields with ink.
        policy: Thresholds.

    Returns:
        One entry a crop; None where no guess is worth making.
    """
    found: list[Suggestion | None] = []
    for guess, crop in zip(guesses(crops), crops, strict=True):
        likely = 0.0 if guess is None else TEXTS.probability(crop.reads, guess.confidence)
        found.append(None if guess is None or likely < policy.suggest else replace(guess, confidence=likely))
    return found


def guesses(crops: Sequence[Crop]) -> list[Suggestion | None]:
    """Guess what is written, however unsure Tesseract is; `confidence` is what it says, not calibrated.

    Args:
        crops: Upright pictures of text fields with ink.

    Returns:
        One entry a crop; None where nothing was read, or nothing that the field could hold.
    """
    found: list[Suggestion | None] = [None] * len(crops)
    if not available():
        return found
    by_kind: dict[Reads, list[int]] = defaultdict(list)
    for number, one in enumerate(crops):
        if not one.hopeless and _may_be_read(one):
            by_kind[one.reads].append(number)
    for reads, numbers in by_kind.items():
        read = read_lines([crops[n].gray for n in numbers], _config(reads))
        for number, (text, confidence) in zip(numbers, read, strict=True):
            if text:
                found[number] = _worth(text, confidence, reads)
    return found


def _may_be_read(crop: Crop) -> bool:
    """Tell whether Tesseract could read a text field: it reads signs that stand apart, as print and neat figures do.

    Joined handwriting hangs together in pieces far wider than high. In a free text, most pieces must stand on few
    straight lines as well: only print does, and a wrong guess at a story is worth nothing.
    """
    # What is darker than a number is at most the next whole one below it.
    most = math.ceil(0.6 * gray_share(crop.gray[::2, ::2], 0.8)) - 1
    _, ink = cv2.threshold(crop.gray, most, 1, cv2.THRESH_BINARY_INV)
    left, top, width, height = cv2.boundingRect(ink)
    ink = ink[top : top + height, left : left + width]
    if not ink.size:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    wide, high = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    tall = high > LEAST_SIGN_PX
    joined = tall & (wide > JOINED * high)
    if not tall.any() or 2 * stats[1:][joined, cv2.CC_STAT_AREA].sum() > stats[1:][tall, cv2.CC_STAT_AREA].sum():
        return False
    if crop.reads is not Reads.FREE:
        return True
    letters = stats[1:][tall & (high < 80)]
    if len(letters) < 4:
        return False
    feet = np.sort(letters[:, cv2.CC_STAT_TOP] + letters[:, cv2.CC_STAT_HEIGHT])
    # Three pixels are a quarter of a millimetre: no hand writes on a line as straight as that.
    together = np.diff(feet) <= 1
    return bool(together.mean() > 0.75)


def _config(reads: Reads) -> str:
    config = "--psm 6" if reads is Reads.FREE else "--psm 7"
    return config + " -c tessedit_char_whitelist=0123456789" if reads is Reads.DIGITS else config


def read_lines(pictures: Sequence[Gray], config: str) -> list[tuple[str, float]]:
    """Show pictures to Tesseract, all in one process.

    Args:
        pictures: Upright pictures of text.
        config: What kind of text, in Tesseract's options.

    Returns:
        Text and confidence, 0 to 1, of each picture; nothing where Tesseract fails.
    """
    nothing = [("", 0.0)] * len(pictures)
    # One picture a thread: the batch keeps all cores busy by itself.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.png" for n in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            # A white edge as Tesseract wants it around a line.
            path.write_bytes(cv2.imencode(".png", np.pad(_bleached(picture), 12, constant_values=255))[1].tobytes())
        names = Path(folder) / "names.txt"
        names.write_text("".join(f"{p}\n" for p in paths), encoding="utf-8")
        try:
            table = pytesseract.image_to_data(
                str(names), lang=_language(), config=config, timeout=BATCH_SECONDS, output_type=pytesseract.Output.DICT
            )
        except (pytesseract.TesseractError, RuntimeError, OSError):
            return nothing
    return _by_picture(table, len(pictures)) or nothing


def _bleached(gray: Gray) -> Gray:
    """Return a picture with white paper and more contrast: gray paper within a white edge unsettles Tesseract."""
    paper = max(gray_share(gray, 0.8), 1.0)
    black, white = 0.3 * paper, 0.9 * paper
    bleached: Gray = np.clip((gray - black) * (255.0 / (white - black)), 0, 255).astype(np.uint8)
    return bleached


@cache
def _language() -> str:
    """Return Swedish where it is installed."""
    try:
        return "swe" if "swe" in pytesseract.get_languages() else "eng"
    except (pytesseract.TesseractError, OSError):
        return "eng"


def _by_picture(table: dict[str, list[object]], count: int) -> list[tuple[str, float]]:
    """Bring Tesseract's words together by picture; the least sure word says how sure the text is."""
    words: list[list[tuple[str, float]]] = [[] for _ in range(count)]
    for page, text, confidence in zip(table["page_num"], table["text"], table["conf"], strict=True):
        if str(text).strip() and float(str(confidence)) >= 0 and 1 <= int(str(page)) <= count:
            words[int(str(page)) - 1].append((str(text).strip(), float(str(confidence)) / 100))
    return [(" ".join(w for w, _ in of), min((c for _, c in of), default=0.0)) for of in words]


def _worth(text: str, confidence: float, reads: Reads) -> Suggestion | None:
    """Return the guess that a text makes in a field of its kind."""
    if reads is Reads.DIGITS:
        return Suggestion(text, confidence) if text.isascii() and text.isdigit() else None
    if reads is Reads.FREE:
        return Suggestion(text, confidence)
    name, likeness = _closest(text, _place_names())
    return Suggestion(name, confidence * likeness) if likeness >= LEAST_LIKENESS else None


def _closest(text: str, names: Iterable[str]) -> tuple[str, float]:
    """Return the name that is most like a text, and how like; no likeness where two are equally like."""
    plain = text.casefold().strip(" .,;:")
    scored = sorted(((SequenceMatcher(None, plain, n.casefold()).ratio(), n) for n in names), reverse=True)
    if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return "", 0.0
    return scored[0][1], scored[0][0]


@cache
def _place_names() -> tuple[str, ...]:
    """Return the names of all places that ship; the layout does not say which list a field belongs to."""
    return tuple(dict.fromkeys(p.name for found in places.lists().values() for p in found))
