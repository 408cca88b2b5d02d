"""Where every page carries what says whose it is: a marker in each corner and the page code. Lengths in mm."""

from __future__ import annotations

from forms.layout import CORNERS, Code, Marker, Rectangle

PAGE_MM = (210.0, 297.0)
"""A4."""

MARKER_MM = 8.0
"""Width of a corner marker."""

MARKER_INSET_MM = 12.0
"""From an A4's edge to a marker: more than office printers can't reach (4 to 6 mm), and what a copier shifts."""

CODE_MM = 20.0
"""Width of the page code of an A4 with its quiet zone."""

_CODE_TOP_MM = 10.0
_CODE_TEXT_MM = (58.0, 4.2)
_TEXT_AFTER_MM = 0.4


def corner_markers(
    first_id: int, *, page: int = 1, page_size_mm: tuple[float, float] = PAGE_MM, inset_mm: float = MARKER_INSET_MM
) -> tuple[Marker, ...]:
    """Return the markers of one page, clockwise from the top left.

    Args:
        first_id: Id of the marker in the top left corner; the others follow.
        page: The page, from 1.
        page_size_mm: Width and height of the page.
        inset_mm: From the page's edge to a marker.
    """
    width, height = page_size_mm
    right, bottom = round(width - inset_mm - MARKER_MM, 2), round(height - inset_mm - MARKER_MM, 2)
    places = ((inset_mm, inset_mm), (right, inset_mm), (right, bottom), (inset_mm, bottom))
    return tuple(Marker(page, first_id + n, CORNERS[n], x, y, MARKER_MM) for n, (x, y) in enumerate(places))


def page_code_place(page: int = 1) -> Code:
    """Return where the page code of an A4 stands, at the middle of its upper edge, with the same in print below it."""
    wide, high = _CODE_TEXT_MM
    text = Rectangle((PAGE_MM[0] - wide) / 2, _CODE_TOP_MM + CODE_MM + _TEXT_AFTER_MM, wide, high)
    return Code(page, (PAGE_MM[0] - CODE_MM) / 2, _CODE_TOP_MM, CODE_MM, text)
