"""The return address where the window of an envelope shows it. Lengths in mm.

The sheet is folded once, to A5, with the lower half of its last page outside and the fold at the top, and put into
a C5 envelope whose window lies at the right. It slides in there; so the address keeps to what shows wherever the
sheet comes to lie, and all else keeps out of what could ever show.
"""

from __future__ import annotations

from dataclasses import dataclass

from forms.blocks import Lettering, Setter
from forms.drawing import Block, Words
from forms.errors import LayoutError
from forms.layout import Rectangle
from forms.typeface import ASCENT, BOLD, MM_PER_PT, REGULAR, cap_mm, width_mm, wrap

C5_MM = (229.0, 162.0)
"""A C5 envelope, ISO 269, width and height by its outer edges: the sheet can slide no farther than in those."""

A5_MM = (210.0, 148.5)
"""The folded sheet."""

WINDOW_EDGE_MM = 15.0
"""From the envelope's right edge to the window. Swedish makers place it the same way in all formats, at the left (V2)
or, as here, at the right (H2): https://www.harrykuvert.se/kuvertguide/. The distance is the one that
https://officeconsult.no/blogg/brevmaler-plassering-av-mottakerfelt-i-vinduskonvolutter/ measures."""

WINDOW_TOP_MM = 44.0
"""From the envelope's upper edge to the window of a C5; same source."""

WINDOW_MM = (105.0, 35.0)
"""Width and height of the window of a C5; same source."""

NARROWEST_MM = 90.0
"""A narrower window, with the same distance to the edge: what must show fits this one too. No Swedish source names
it; it is a margin that we chose, as wide as the windows of German envelopes (DIN 680: 90 × 45 mm). Measure a window
before many envelopes are bought."""

SURE_EDGE_MM = 0.5
"""The address keeps so far from the edge of what surely shows."""

CLEAR_MM = 2.0
"""All else keeps so far from what could show."""

LEAST_PT = 9.0
"""Smallest address: the post asks for 10 to 12 points, and reads 9 where so many lines want to show."""

LEADINGS = (1.2, 1.08)
"""Line distances of an address as a multiple of its size: the looser one where there is room."""

MOST_LINES = 6
"""Lines of the longest address."""

LONGEST_TOLD = 250
"""Letters of an address that a message repeats."""

DESCENT = 0.25
"""Depth of a letter under the baseline as a part of the size, rounded up."""


def _shows() -> tuple[Rectangle, Rectangle]:
    """Return what shows of the last page wherever the sheet lies, and what may show, from the page's corner."""
    play_x, play_y = C5_MM[0] - A5_MM[0], C5_MM[1] - A5_MM[1]
    right = C5_MM[0] - WINDOW_EDGE_MM
    fold = A5_MM[1]
    sure_left, sure_right = right - NARROWEST_MM, right - play_x
    sure = Rectangle(sure_left, fold + WINDOW_TOP_MM, sure_right - sure_left, WINDOW_MM[1] - play_y)
    may_left, may_top = right - WINDOW_MM[0] - play_x, fold + WINDOW_TOP_MM - play_y
    return sure, Rectangle(may_left, may_top, A5_MM[0] - may_left, WINDOW_MM[1] + play_y)


SURE, MAY_SHOW = _shows()
"""Parts of the last page: what shows through the window wherever the folded sheet lies in its envelope; what may."""

BAND_MM = (MAY_SHOW.y - CLEAR_MM, MAY_SHOW.y + MAY_SHOW.h + CLEAR_MM)
"""From here to there, downwards on the page, stand only the address and, left of the window, what belongs to it."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the last page that the window may show, set.

    Attributes:
        block: Address and what stands left of it; its upper edge belongs at the upper end of BAND_MM.
        left_over: What found no place beside the address and must be said elsewhere.
    """

    block: Block
    left_over: tuple[str, ...]


def window(setter: Setter, address: str, beside: tuple[str, ...]) -> Window:
    """Set the return address and what is said beside it.

    Args:
        setter: Sets the sheet.
        address: Its lines; empty ones are left out.
        beside: Sentences for the left of it, the most important first.

    Raises:
        LayoutError: `long-address`: it does not fit the window, or takes more than six lines.
    """
    style = setter.style
    # The heading stands level with the first line of the address.
    above = SURE.y + SURE_EDGE_MM - BAND_MM[0] - (style.line - cap_mm(style.text_pt)) / 2
    block = Block(name="return address", height=above)
    room = MAY_SHOW.x - CLEAR_MM - style.left
    setter.paragraphs(block, setter.words.return_to, style.left, Lettering(style.text_pt, BOLD, room))
    left_over = []
    for sentence in beside:
        tried = Block()
        setter.paragraphs(tried, sentence, style.left, Lettering(style.text_pt, REGULAR, room))
        top = block.height + style.line * 0.45
        if top + tried.height > BAND_MM[1] - BAND_MM[0]:
            left_over.append(sentence)
            continue
        block.height = top
        setter.paragraphs(block, sentence, style.left, Lettering(style.text_pt, REGULAR, room))
    _address(block, address, min(SURE.x + SURE.w, style.right) - SURE.x - 2 * SURE_EDGE_MM, style.text_pt)
    block.height = BAND_MM[1] - BAND_MM[0]
    return Window(block, tuple(left_over))


def _address(block: Block, address: str, room_mm: float, largest_pt: float) -> None:
    """Set the address as large as it fits; from the upper edge of what surely shows, so that lower windows do too."""
    lines = [line.strip() for line in address.split("\n") if line.strip()]
    size = largest_pt
    while size >= LEAST_PT:
        for leading in LEADINGS:
            # Below the size that the post asks for, a long line is rather broken than set smaller still.
            set_lines = [part for line in lines for part in wrap(line, room_mm, size)] if size == LEAST_PT else lines
            high = ((len(set_lines) - 1) * leading + ASCENT + DESCENT) * size * MM_PER_PT
            wide = max(width_mm(line, size) for line in set_lines)
            if len(set_lines) <= MOST_LINES and high <= SURE.h - 2 * SURE_EDGE_MM and wide <= room_mm:
                x = SURE.x + SURE_EDGE_MM
                baseline = SURE.y - BAND_MM[0] + SURE_EDGE_MM + cap_mm(size)
                for n, line in enumerate(set_lines):
                    block.draws.append(Words(x, baseline + n * leading * size * MM_PER_PT, line, size, REGULAR))
                return
        size -= 1.0
    told = " / ".join(lines)
    told = told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]} …"
    raise LayoutError(
        "long-address",
        f"The return address does not fit the window of a C5 envelope: “{told}”.",
        f"Write at most {MOST_LINES} lines of about 40 letters, such as name, street, postcode and town.",
    )
