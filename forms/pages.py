"""Blocks → pages: what stands on which page and how far down. Lengths in mm.

A block never leaves its page, a heading never stands alone, no box comes to lie on the fold of a C5 envelope, and
on the last page nothing stands where the envelope's window shows the return address.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf

from forms.blocks import AFTER_HEADING_MM
from forms.drawing import Block
from forms.envelope import A5_MM, BAND_MM
from forms.errors import LayoutError
from forms.layout import FieldKind

TOP_MM = 37.5
"""Where the text begins on a page, under markers and code."""

BOTTOM_MM = 274.0
"""Where it ends, above the lower markers and the foot line."""

FOLD_MM = A5_MM[1]
"""An A4 sheet folded once fits a C5 envelope."""

FOLD_ROOM_MM = 2.5
"""No box comes nearer to the fold than this: folding by hand misses the middle by a millimetre or two."""

FOLD_END_MM = FOLD_MM + FOLD_ROOM_MM
"""Where boxes may stand again below the fold."""

SLACK_MM = 4.0
"""The most that a gap between blocks grows to spread them over a page."""

SQUEEZE_MM = 3.0
"""The most that a gap shrinks where that saves a page."""

STEPS = 32
"""Sizes of gap that are tried to fill a page."""

TIGHTER = 8
"""Sizes of gap that are tried to save a page."""

HOLE_MM = (BOTTOM_MM - TOP_MM) / 3
"""A page that stays empty at its end for so much looks as if something were missing."""

Place = tuple[Block, float]
"""A block and where its upper edge stands on its page."""


def paginate(blocks: list[Block], most: int, window: Block | None = None) -> list[list[Place]]:
    """Give each block a page and a place.

    Args:
        blocks: All blocks in order.
        most: The most pages.
        window: The return address with what stands beside it; has its fixed place on the last page.

    Returns:
        The pages, each with its blocks and their upper edges.

    Raises:
        LayoutError: `too-tall`: a block does not fit on a page; `too-many-pages`.
    """
    groups = _groups(blocks)
    pages = _filled(groups, window, 0.0)
    if len(pages) > 1:
        # Not only the smallest gaps: other ones may keep more boxes off the fold.
        tighter = (_filled(groups, window, -SQUEEZE_MM * n / TIGHTER) for n in range(1, TIGHTER + 1))
        pages = min((pages, *tighter), key=len)
    if len(pages) > most:
        raise LayoutError(
            "too-many-pages",
            f"The sheet would have {len(pages)} pages; {most} is the most.",
            "Split the instrument into two, or take questions out.",
        )
    pages = _evened(pages, window)
    return [_spread(_flat(page), window if page is pages[-1] else None) for page in pages]


def _evened(pages: list[list[list[Block]]], window: Block | None) -> list[list[list[Block]]]:
    """Part the same groups otherwise over as many pages where one between first and last has a large hole at its end.

    Filling one page after the other leaves all the room that a tall question does not take in one place. The parting
    is taken whose holes, squared, are least together: many small ones rather than a large one. The first page stays:
    what explains the sheet belongs to its title.
    """
    if all(_hole_mm(_flat(page), None) < HOLE_MM for page in pages[1:-1]):
        return pages
    groups = [group for page in pages[1:] for group in page]
    number = len(pages) - 1
    # For each number of groups that are placed on the pages so far: what their holes cost, and where each page ends.
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for left in reversed(range(number)):
        found: dict[int, tuple[float, tuple[int, ...]]] = {}
        for first, (cost, ends) in best.items():
            # On the last page stands all that is left; on the others so much that each has something.
            candidates = range(first + 1, len(groups) - left + 1) if left else (len(groups),)
            for end in candidates:
                hole = _hole_mm(_flat(groups[first:end]), None if left else window)
                if hole == inf:
                    break
                if end not in found or cost + hole**2 < found[end][0]:
                    found[end] = cost + hole**2, (*ends, end)
        best = found
    _, ends = best.get(len(groups), (inf, ()))
    return [pages[0], *(groups[first:end] for first, end in pairwise((0, *ends)))] if ends else pages


def _hole_mm(blocks: list[Block], window: Block | None) -> float:
    """Return how much a page of these blocks leaves empty at its end, mm; infinite where they don't fit on one."""
    placed = _placed(blocks, 0.0, window)
    for n in range(1, TIGHTER + 1) if placed is None else ():
        placed = placed or _placed(blocks, -SQUEEZE_MM * n / TIGHTER, window)
    if placed is None:
        return inf
    block, top = placed.places[-1]
    return BOTTOM_MM - top - block.height


def _filled(groups: list[list[Block]], window: Block | None, extra: float) -> list[list[list[Block]]]:
    """Fill one page after the other with groups, in gaps that are `extra` mm larger than usual."""
    pages: list[list[list[Block]]] = [[]]
    for group in groups:
        if _placed(_flat(pages[-1]) + group, extra) is None:
            if _placed(group, extra) is None:
                raise _too_tall(group)
            pages.append([])
        pages[-1].append(group)
    if window is not None and _placed(_flat(pages[-1]), extra, window) is None:
        pages[-1:] = _with_window(pages[-1], window, extra)
    return pages


def _with_window(last: list[list[Block]], window: Block, extra: float) -> list[list[list[Block]]]:
    """Part the groups of the last page so that the end of them leaves the window free: as little as must goes over."""
    for kept in range(len(last) - 1, 0, -1):
        if _placed(_flat(last[kept:]), extra, window) is not None:
            return [last[:kept], last[kept:]]
    # The end itself is too much for a page with the address: better torn than refused.
    *before, end = last
    torn = next(n for n in range(1, len(end) + 1) if _placed(end[n:], extra, window) is not None)
    first, rest = end[:torn], end[torn:]
    if _placed(_flat(before) + first, extra) is not None:
        return [[*before, first], [rest]]
    return [before, [first], [rest]]


def _too_tall(group: list[Block]) -> LayoutError:
    """Say what is too much: a block that alone is higher than a page, or what must stand together with the next one."""
    alone = [block for block in group if _placed([block], 0.0) is None]
    if alone:
        worst, what = alone[-1], f"{alone[-1].name} does not fit on one page."
    elif group[-1].ending:
        worst = max(group, key=lambda block: block.height)
        what = f"{worst.name} does not fit on one page with all that stands at the end."
    else:
        worst = max(group[:-1], key=lambda block: block.height)
        what = f"{worst.name} does not fit on one page together with what must follow it there: {group[-1].name}."
    return LayoutError("too-tall", what, _remedy(worst), worst.about)


def _remedy(block: Block) -> str:
    """Tell what makes a block smaller."""
    if not block.fields:
        return "Shorten the text."
    if any(f.kind is FieldKind.BOX for f in block.fields):
        return "Shorten its texts, give it fewer options, or split it into two questions."
    return "Shorten its texts, or give it fewer lines to write on."


def _spread(blocks: list[Block], window: Block | None) -> list[Place]:
    """Place the blocks of one page in gaps that fill it quietly; tighter than usual only where nothing else fits."""
    tried = [_placed(blocks, SLACK_MM * n / STEPS, window) for n in range(STEPS + 1)]
    found = [p for p in tried if p is not None]
    if not found:
        tried = [_placed(blocks, -SQUEEZE_MM * n / STEPS, window) for n in range(1, STEPS + 1)]
        found = [p for p in tried if p is not None]
    # A hole at the fold is worse than gaps that are a little smaller.
    places = min(found, key=lambda p: p.hole_mm - p.extra_mm / 2).places
    return [*places, (window, BAND_MM[0])] if window is not None else places


def _flat(groups: list[list[Block]]) -> list[Block]:
    return [block for group in groups for block in group]


def _groups(blocks: list[Block]) -> list[list[Block]]:
    """Bind each heading to the block after it, and the parts of the end to each other."""
    groups: list[list[Block]] = [[]]
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        groups[-1].append(block)
        if not block.keeps_next and not (block.ending and following is not None):
            groups.append([])
    return [g for g in groups if g]


@dataclass(frozen=True, slots=True)
class _Placed:
    """Blocks on a page: where each begins, what each gap grew by, what keeping boxes off the fold took; mm."""

    places: list[Place]
    extra_mm: float
    hole_mm: float


def _placed(blocks: list[Block], extra: float, window: Block | None = None) -> _Placed | None:
    """Set blocks under each other with `extra` mm in each gap; None if they don't fit on a page."""
    y, hole = TOP_MM, 0.0
    places: list[Place] = []
    for n, block in enumerate(blocks):
        gap = AFTER_HEADING_MM if n and blocks[n - 1].keeps_next else block.gap + (extra if block.spreads else 0.0)
        wanted = y + (gap if n else 0.0)
        placed, top = _off_the_fold(block, wanted)
        hole += top - wanted + placed.height - block.height
        if window is not None and top + placed.height > BAND_MM[0] and top < BAND_MM[1]:
            # People stop reading at the address: no question may stand below it.
            if not block.ending:
                return None
            top = BAND_MM[1]
        if top + placed.height > BOTTOM_MM:
            return None
        places.append((placed, top))
        y = top + placed.height
    return _Placed(places, extra, hole)


def _off_the_fold(block: Block, top: float) -> tuple[Block, float]:
    """Keep a block's boxes off the fold: open it at the row that lies there, or move it down where that is less.

    Args:
        block: The block.
        top: Where it would begin, mm.

    Returns:
        The block, opened or not, and where it begins.
    """
    on_fold = [u for u, lower in block.boxes() if top + lower > FOLD_MM - FOLD_ROOM_MM and top + u < FOLD_END_MM]
    if not on_fold:
        return block, top
    below = FOLD_END_MM + 0.01 - (top + min(on_fold))
    row = max(r for r in block.rows if r <= min(on_fold))
    if row > min(block.rows):
        # Most of the room goes above the block, where nobody sees it, as far as the rows above stay off the fold.
        above = max(lower for u, lower in block.boxes() if u < min(on_fold))
        shift = max(0.0, min(below, FOLD_MM - FOLD_ROOM_MM - top - above))
        return block.opened(row, below - shift), top + shift
    return block, top + below
