"""What is drawn on a page, as values: words, boxes, rules, crosses. Lengths in mm, y downwards, sizes in pt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from forms.layout import Field, FieldKind


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text; `y` is the baseline. `{serial}` in it stands for the sheet's own number."""

    x: float
    y: float
    text: str
    size_pt: float
    face: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle by its outer edge; `line` is the stroke's width, 0 for a filled one."""

    x: float
    y: float
    w: float
    h: float
    line: float


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line with round ends."""

    x1: float
    y1: float
    x2: float
    y2: float
    line: float


Draw = Words | Frame | Stroke


def sample_box(sign: str, box: Frame, *, by_hand: bool = False) -> list[Draw]:
    """Draw a box as a person leaves it.

    Args:
        sign: `cross`, `fill`, or anything else for an empty one.
        box: The printed box.
        by_hand: The cross is a little off, as a pen's is; else it is exact, to be measured.
    """
    draws: list[Draw] = [box]
    if sign == "fill":
        draws.append(replace(box, line=0))
    if sign == "cross":
        x, y, near, far = box.x, box.y, 0.3, box.w - 0.3
        up, right, left, down = (0.3, 0.4, 0.2, 0.3) if by_hand else (0.0, 0.0, 0.0, 0.0)
        draws += [
            Stroke(x + near, y + near - up, x + far + right, y + far, 0.7),
            Stroke(x + far, y + near, x + near - left, y + far + down, 0.7),
        ]
    return draws


def moved(draw: Draw, dx: float, dy: float) -> Draw:
    """Return a drawing moved on the page."""
    if isinstance(draw, Stroke):
        return replace(draw, x1=draw.x1 + dx, y1=draw.y1 + dy, x2=draw.x2 + dx, y2=draw.y2 + dy)
    return replace(draw, x=draw.x + dx, y=draw.y + dy)


def _top(draw: Draw) -> float:
    """Return the upper edge of a drawing; for words their baseline, which no row above them reaches."""
    return min(draw.y1, draw.y2) if isinstance(draw, Stroke) else draw.y


@dataclass(slots=True)
class Block:
    """Something that stays in one piece on a page; coordinates from its own upper edge.

    Attributes:
        draws: What is drawn.
        fields: Boxes, words, areas, text fields; their `page` is set when the block is placed.
        height: Height, mm.
        gap: Least room above it, mm, unless it starts a page.
        keeps_next: Must not be the last on a page: a heading.
        rows: Where each row of boxes begins, mm: the block may be opened there to keep boxes off a fold.
        name: What it is, as messages call it.
        about: What of the instrument it shows; see `LayoutError`.
        ending: Comes after all questions, so it may stand below the return address.
        spreads: The gap above it may grow to fill a page; not so between the rows of a table.
    """

    draws: list[Draw] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    height: float = 0.0
    gap: float = 0.0
    keeps_next: bool = False
    name: str = ""
    rows: list[float] = field(default_factory=list)
    spreads: bool = True
    ending: bool = False
    about: tuple[str, ...] = ()

    def opened(self, row: float, gap: float) -> Block:
        """Return a copy with room let in above a row: what stands lower moves, what holds the row grows."""
        draws = [moved(d, 0, gap) if _top(d) >= row else d for d in self.draws]
        fields = [
            replace(f, y=f.y + gap) if f.y >= row - 0.01 else replace(f, h=f.h + gap) if f.y + f.h > row else f
            for f in self.fields
        ]
        rows = [r + gap if r >= row else r for r in self.rows]
        return replace(self, draws=draws, fields=fields, rows=rows, height=self.height + gap)

    def boxes(self) -> list[tuple[float, float]]:
        """Return upper and lower edge of each box, mm."""
        return [(f.y, f.y + f.h) for f in self.fields if f.kind is FieldKind.BOX]
