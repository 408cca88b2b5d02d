"""Image + box → numbers. Says nothing about meaning: `interpret.py` does, by a policy.

All boxes of a page are measured in one step. Darkness is told in the page's own terms: 0 is the paper around the box,
1 is solid print on this page.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.closer import (
    LINE_DARK,
    PALE_LINE_DARK,
    STREAK_SHARE,
    STREAK_SLANT,
    along,
    beside,
    faint,
    is_pale,
    largest_gap,
    lighter,
    spots,
    steepness,
    widths,
)
from omr.images import Gray
from omr.register import STEP_MM, Floats, Floats32, Laid
from omr.samples import by_size, counted, darkness, median, sample, whites
from omr.shade import evened

Bytes = NDArray[np.uint8]

AROUND_MM = 1.6
"""Paper around a box that is looked at: less than half the distance to the next box, and short of the words."""

INSET_MM = 0.6
"""From a box's outer edge to where its inside begins: its line, its blur and what the fit is off."""

BARE_INSET_MM = 0.45
"""The same where paper is looked for between strokes: a cross leaves most of it along the box's sides. Blur of the line
makes paper there look covered, never the other way round."""

OUTSET_MM = 0.3
"""From a box's outer edge to where its surroundings begin."""

LEAST_DARK = 0.14
"""Darkness from which on something is ink: above scanner noise and JPEG's rings, below a fine pencil."""

AROUND_DARK = 0.2
"""The same around a box, but on smooth paper where the page's pen is pale."""

SMOOTH = 0.015
"""Noise of the paper's darkness up to which pale ink around a box stands out from it."""

SPECK_MM2 = 0.05
"""Specks up to this size are nothing."""

PEAK_MM2 = 0.1
"""So much of the darkest inside says nothing: specks, JPEG's rings."""

CRUMB_MM2 = 0.1
"""Largest piece that is a crumb: six samples, which is what a pixel or two of a 1-bit picture come to."""

CRUMB_NOISE = 6.0
"""A crumb is darker than the paper by so many standard deviations of its noise."""


RUN_MM = (-0.35, 0.25)
"""A line that begins so near a box's surroundings' inner edge, and ends so near their outer one, runs on."""


THIN_COVER = 0.3
"""Covered share up to which a line that ends at a box is no arm of a cross."""

ALONE_MM = 1.0
"""All the ink in a box that holds nothing but a line lies on such a width, however it leans."""

NO_GAP_MM = 9.0
"""Radius of the largest white disc in a box that nothing covers: more than any box has room for."""

DEEP_MM = 1.4
"""Ink this deep inside a box counts in full; what only grazes its edge may be the overshoot of another mark."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was measured in each box of a page; each an array with one entry a box.

    Attributes:
        evidence_mm2: Ink inside, mm²; ink near the edge counts less, specks not at all.
        ink_mm2: Ink inside, all of it.
        cover: Share of the inside that is ink, close to the box's sides too.
        grown: The same, but for sides along most of which the box's own line reaches in: it is thick there or lies
            aslant, where a stroke that crosses it makes it thicker on a short way.
        gap_mm: Radius of the largest white disc there.
        depth_mm: How far from the nearest edge the ink reaches.
        pieces: Number of separate pieces of ink inside, specks among them.
        length_mm: Longest side of the largest stroke's bounding box.
        beside_mm2: Ink in the 1.3 mm around the box. Around a box that holds next to none, no shadow counts, and no
            straight line that runs past it along the page or across it: those are looked for on the page as a whole.
        beside_dark: How dark that is: its 75th percentile, 0 where the box holds more or it is next to nothing.
        dark: Darkness of the ink: the 95th percentile inside.
        peak: The same of however little there is: what 0.1 mm² inside are darker than.
        white: Gray value of the paper around.
        streak: 1 where a straight line, along or across the page, runs through the box and on at both sides; ½ where it
            does so at one side and little else is covered, or ends within a box that holds nothing else; else 0.
        runs_on: Number of lines that run from the box's edge to the edge of what is looked at around it.
        crumbs: Number of crumbs inside: dots far paler and smaller than a stroke, which is what a 1-bit scanner leaves
            of one that is about as dark as its threshold.
        noise: Standard deviation of the paper's darkness, the same for all boxes of a size: 0 where a scanner has made
            all paper white.
        between: Darkness of what is not ink inside: its median, 0 where it is plain paper. A copier's compact PDF may
            keep a pale fill there, behind strokes that it takes for writing.
        spots: Number of separate spots of paper inside, 0 where little is covered. A cross leaves a few, a threshold
            that a fill is about as dark as leaves many.
        width_mm: Width of the broadest stroke inside, 0 where there is next to no ink.
        lighter_mm: Radius of the largest disc inside that is far lighter than the ink, 0 where little is covered. Wet
            ink that was smeared over what a cross left bare is such.
        steep: Steepness of the ink's edges, 1/mm: how fast darkness changes, in that of the ink; its 95th percentile, 0
            where there is no ink. A pen's edges are steeper than those of shadows, coffee and what shines through.
        faint_mm: Length of the longest line inside that is too faint to be ink, 0 where the page's ink is dark or the
            box holds some.
    """

    evidence_mm2: Floats
    ink_mm2: Floats
    cover: Floats
    grown: Floats
    gap_mm: Floats
    depth_mm: Floats
    pieces: Floats
    length_mm: Floats
    beside_mm2: Floats
    dark: Floats
    white: Floats
    streak: Floats
    runs_on: Floats
    crumbs: Floats
    noise: Floats
    between: Floats
    beside_dark: Floats
    spots: Floats
    width_mm: Floats
    lighter_mm: Floats
    faint_mm: Floats
    steep: Floats
    peak: Floats

    def __len__(self) -> int:
        return len(self.cover)


def measure(laid: Laid, boxes_mm: Floats) -> Measurements:
    """Measure all boxes of a page.

    Args:
        laid: The image and where the page lies in it.
        boxes_mm: Boxes where they really stand, N × 4: x, y, w, h.
    """
    columns = np.zeros((len(fields(Measurements)), len(boxes_mm)))
    for same in by_size(boxes_mm):
        columns[:, same] = _measure(laid, boxes_mm[same])
    return Measurements(*columns)


def _measure(laid: Laid, boxes_mm: Floats) -> Floats:
    """Measure boxes of one size: rows × N, a row each in the order of `Measurements`."""
    w, h = boxes_mm[0, 2:]
    shape = round((h + 2 * AROUND_MM) / STEP_MM), round((w + 2 * AROUND_MM) / STEP_MM)
    return measure_patches(sample(laid, boxes_mm[:, :2] - AROUND_MM, shape, STEP_MM), (h, w), laid.black)


def measure_patches(patches: Gray, size_mm: tuple[float, float], black: float) -> Floats:
    """Measure boxes of one size that were cut out of a page: rows × N, in the order of `Measurements`.

    Args:
        patches: Boxes and AROUND_MM around them, N × rows × columns gray values, STEP_MM apart.
        size_mm: Height and width of a box.
        black: Gray value of solid print.
    """
    patches = evened(patches)
    white = whites(patches, 0.8)
    dark = darkness(patches, white, black)
    depth, inner, near = _places(patches.shape[1:], size_mm)
    inside = np.ascontiguousarray(dark[:, inner[0], inner[1]])
    ordered = np.sort(inside.reshape(len(inside), -1), axis=1)
    top = ordered[:, int(0.95 * (ordered.shape[1] - 1))]
    # Half of the pen's own darkness is where a stroke's edge is, however pale the pen and however blurred the edge.
    limit = np.maximum(LEAST_DARK, 0.45 * top)[:, None, None]
    inked_at, covered_at = inside > limit, dark[:, near[0], near[1]] > limit
    ink, covered = inked_at.view(np.uint8), covered_at.view(np.uint8)
    samples = counted(inked_at)
    # Most boxes are empty: what is told of strokes is told of the others alone.
    inked = np.flatnonzero(samples)
    evidence, deepest, pieces, longest = np.zeros((4, len(patches)))
    evidence[inked], deepest[inked], pieces[inked], longest[inked] = _strokes(ink[inked], depth[inner])
    around = (depth <= -OUTSET_MM)[None] & (dark > np.maximum(limit, AROUND_DARK))
    cover = counted(covered_at) / covered[0].size
    # The paper's white is the 80th percentile, so paper's middle value lies 0.84 standard deviations darker.
    noise = median(dark[:, ::2, ::2]) / 0.84
    pale = noise < SMOOTH and is_pale(top, evidence)
    near_by = (depth <= -OUTSET_MM)[None] & (dark > np.maximum(limit, LEAST_DARK)) if pale else around
    beside_mm2, beside_dark = beside(dark, near_by, depth, evidence, PALE_LINE_DARK if pale else LINE_DARK)
    return np.array(
        [
            evidence,
            samples * STEP_MM**2,
            cover,
            cover - along(covered),
            _gaps(covered, cover),
            deepest,
            pieces,
            longest,
            beside_mm2,
            top,
            white,
            _of(inked, _streaks(dark[inked] > limit[inked], inner, cover[inked]), len(patches)),
            _of(inked, _runs_on(around[inked], depth), len(patches)),
            _crumbs(inside, ordered[:, -1], noise),
            np.full(len(patches), noise),
            _between(ordered, samples),
            beside_dark,
            spots(covered, cover),
            widths(ink, evidence),
            lighter(dark[:, near[0], near[1]], top, cover),
            faint(inside, top, evidence, noise),
            _of(inked, steepness(inside[inked], top[inked]), len(patches)),
            ordered[:, -round(PEAK_MM2 / STEP_MM**2) - 1],
        ],
        np.float64,
    )


def _of(numbers: NDArray[np.intp], values: Floats, count: int) -> Floats:
    """Return what was told of some boxes as an array of all, 0 for the others."""
    every = np.zeros(count)
    every[numbers] = values
    return every


Window = tuple[slice, slice]
"""Rows and columns."""


@lru_cache(maxsize=64)
def _places(shape: tuple[int, ...], size_mm: tuple[float, float]) -> tuple[Floats, Window, Window]:
    """Return how deep in the box each sample of a patch lies, and the box's inside, without its line and up to it."""
    depth = _depth(shape, size_mm)
    return depth, _window(depth, INSET_MM), _window(depth, BARE_INSET_MM)


def _window(depth: Floats, inset_mm: float) -> Window:
    """Return the rows and columns of a patch that lie at least so deep in the box."""
    rows, columns = np.flatnonzero((depth >= inset_mm).any(1)), np.flatnonzero((depth >= inset_mm).any(0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _depth(shape: tuple[int, ...], size_mm: tuple[float, float]) -> Floats:
    """Return how deep in the box each sample of a patch lies: mm from the nearest outer edge, negative outside."""
    ys = (np.arange(shape[0]) + 0.5) * STEP_MM - AROUND_MM
    xs = (np.arange(shape[1]) + 0.5) * STEP_MM - AROUND_MM
    deep_y = np.minimum(ys, size_mm[0] - ys)
    deep_x = np.minimum(xs, size_mm[1] - xs)
    return np.asarray(np.minimum(deep_y[:, None], deep_x[None]), np.float64)


def _strokes(ink: Bytes, depth: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return evidence (mm²), depth (mm), number and length (mm) of the pieces of connected ink in each box."""
    count, rows, columns = ink.shape
    evidence, deepest, number, longest = np.zeros((4, count))
    if count == 0:
        return evidence, deepest, number, longest
    # One picture of all boxes, a white row between two, makes it one call.
    mosaic = np.zeros((count, rows + 1, columns), np.uint8)
    mosaic[:, :rows] = ink
    pieces, labels, stats, _ = cv2.connectedComponentsWithStats(mosaic.reshape(-1, columns), connectivity=8)
    reach = np.zeros(pieces)
    np.maximum.at(reach, *_pieces_at(mosaic, np.asarray(labels, np.int32), depth))
    box = np.asarray(stats[1:, cv2.CC_STAT_TOP] // (rows + 1), np.intp)
    area = stats[1:, cv2.CC_STAT_AREA] * STEP_MM**2
    side = np.maximum(stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]) * STEP_MM
    weight = np.minimum(np.maximum((reach[1:] - INSET_MM) / (DEEP_MM - INSET_MM), 0), 1)
    real = area > SPECK_MM2
    number[:] = np.bincount(box, minlength=count)
    box = box[real]
    evidence[:] = np.bincount(box, (area * weight)[real], count)
    np.maximum.at(deepest, box, reach[1:][real])
    np.maximum.at(longest, box, side[real])
    return evidence, deepest, number, longest


def _pieces_at(mosaic: Bytes, labels: NDArray[np.int32], depth: Floats) -> tuple[NDArray[np.int32], Floats]:
    """Return to which piece each sample of ink belongs, and how deep in its box it lies.

    Args:
        mosaic: Ink of several boxes, one below the other, a white row between two.
        labels: The pieces in it.
        depth: How deep each sample of a box lies, rows × columns.
    """
    # NumPy looks for truths in a seventh of the time that it takes for other numbers.
    at = np.flatnonzero(mosaic.view(np.bool_))
    deep = np.zeros(mosaic.shape)
    deep[:, : len(depth)] = depth
    return labels.ravel()[at], deep.ravel()[at]


def _gaps(covered: Bytes, cover: Floats) -> Floats:
    """Return the radius of the largest white disc in each box, mm; more than any box has where nothing is covered."""
    every = np.full(len(covered), NO_GAP_MM)
    numbers = np.flatnonzero(cover)
    if numbers.size:
        every[numbers] = largest_gap(covered[numbers])
    return every


def _between(ordered: Floats32, samples: NDArray[np.intp]) -> Floats:
    """Return the median darkness of what is not ink in each box that has some, else 0.

    Args:
        ordered: Darkness inside, in order: ink is whatever is darker than a limit, so the rest comes first.
        samples: How many of them are ink.
    """
    bare = ordered.shape[1] - samples
    return np.where(samples > 0, ordered[np.arange(len(ordered)), bare // 2], 0.0).astype(np.float64)


def _crumbs(inside: Floats32, darkest: Floats32, noise: float) -> Floats:
    """Return the number of crumbs in each box.

    Args:
        inside: Darkness inside, N × rows × columns.
        darkest: The most of it in each box.
        noise: Standard deviation of the paper's darkness.
    """
    found = np.zeros(len(inside))
    limit = max(LEAST_DARK, CRUMB_NOISE * noise)
    numbers = np.flatnonzero(darkest > limit)
    if numbers.size:
        count, rows, columns = inside[numbers].shape
        mosaic = np.zeros((count, rows + 1, columns), np.uint8)
        mosaic[:, :rows] = inside[numbers] > limit
        _, _, stats, _ = cv2.connectedComponentsWithStats(mosaic.reshape(-1, columns), connectivity=8)
        small = stats[1:][stats[1:, cv2.CC_STAT_AREA] * STEP_MM**2 <= CRUMB_MM2]
        found[numbers] = np.bincount(small[:, cv2.CC_STAT_TOP] // (rows + 1), minlength=count)
    return found


def _streaks(dark: NDArray[np.bool_], inner: Window, cover: Floats) -> Floats:
    """Return 1 for each box whose patch is crossed by a straight line from edge to edge, ½ where it ends there.

    Dust in a feeder draws such lines, and so do folds; they may fade. A pen's stroke that long, that straight and
    within 5° of the page's own directions is rare enough to ask a person about. Where one ends at a box that a cross
    covers, it may be an arm of it, so that is told of others alone; where one ends within a box, of those that hold
    nothing else.

    Args:
        dark: Ink in whole patches, N × rows × columns.
        inner: The inside of the box: what runs along its sides is its own outline, between two arms of a broad cross.
        cover: Covered share of the box, N.
    """
    found = np.zeros(len(dark))
    every, thin = cover >= 0, cover < THIN_COVER
    for lines, inside, ends in ((dark, inner[1], inner[0]), (dark.transpose(0, 2, 1), inner[0], inner[1])):
        held = np.asarray(lines.any(2), np.bool_)
        alone = thin & (lines[:, ends, inside].any(1).sum(1) <= ALONE_MM / STEP_MM)
        third = (ends.stop - ends.start) // 3
        looks = (
            (every, slice(None), 1.0),
            (thin, slice(None, ends.stop), 0.5),
            (thin, slice(ends.start, None), 0.5),
            (alone, slice(None, ends.start + third), 0.5),
            (alone, slice(ends.stop - third, None), 0.5),
        )
        for boxes, rows, worth in looks:
            # Few have ink on nearly every row of their patch; a line is sought in those only.
            seen = held[:, rows]
            few = np.flatnonzero(boxes & (seen.sum(1) / seen.shape[1] >= STREAK_SHARE))
            if few.size:
                found[few] = np.maximum(found[few], worth * _lines(lines[few, rows], inside))
    return found


def _lines(thin: NDArray[np.bool_], inside: slice) -> Floats:
    """Return 1 for each patch in whose inner columns a straight line runs from the first row to the last."""
    found = np.zeros(len(thin))
    # A line of one or two samples must not be lost between two columns.
    thick = thin.copy()
    thick[:, :, 1:] |= thin[:, :, :-1]
    thick[:, :, :-1] |= thin[:, :, 1:]
    rows, columns = thick.shape[1:]
    for slant in range(-STREAK_SLANT, STREAK_SLANT + 1):
        shift = np.round(np.linspace(-slant / 2, slant / 2, rows)).astype(int)
        at = np.clip(np.arange(columns)[None, inside] + shift[:, None], 0, columns - 1)
        share = thick[:, np.arange(rows)[:, None], at].mean(1)
        found = np.maximum(found, share.max(1) >= STREAK_SHARE)
    return found


def _runs_on(around: NDArray[np.bool_], depth: Floats) -> Floats:
    """Return how many pieces of ink reach from each box's edge to the edge of its patch.

    Args:
        around: Ink around boxes, N × rows × columns.
        depth: How deep in the box each sample lies, rows × columns.
    """
    found = np.zeros(len(around))
    numbers = np.flatnonzero(counted(around))
    if numbers.size == 0:
        return found
    ink = around[numbers]
    count, rows, columns = ink.shape
    mosaic = np.zeros((count, rows + 1, columns), np.uint8)
    mosaic[:, :rows] = ink
    pieces, labels = cv2.connectedComponents(mosaic.reshape(-1, columns), connectivity=8)
    piece, deep = _pieces_at(mosaic, np.asarray(labels, np.int32), depth)
    far = np.zeros(pieces, np.bool_)
    near = np.zeros(pieces, np.bool_)
    far[piece[deep <= RUN_MM[1] - AROUND_MM]] = True
    near[piece[deep >= RUN_MM[0] - OUTSET_MM]] = True
    of = np.zeros(pieces, np.intp)
    of[piece] = np.repeat(np.arange(count), counted(ink))
    found[numbers] = np.bincount(of[far & near], minlength=count)
    return found
