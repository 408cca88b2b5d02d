"""Whose page it is: the page code, in its QR code or else in print, and the corner markers must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import zxingcpp

from forms.layout import Code, Layout, Marker
from forms.pagecode import PageCode, SheetKind, parse
from omr.codegrid import grid_code
from omr.images import Gray, PageImage
from omr.markers import SIGN_UP_IDS, Found, page_of
from omr.pair import place
from omr.policy import Policy
from omr.printedcode import printed_codes
from omr.readings import Refusal, RefusalCode
from omr.register import Floats, Laid, Registration

CODE_ROOM_MM = 5.0
"""Room around the page code's square in which it is looked for first."""

PAIR_ROOM_MM = 10.0
"""The same where only two markers say where it is: what a stretched page is off far from them."""

LEAST_MARKERS = 2
"""Markers without which nothing tells where a page lies; two are enough only where its print bears them out."""

PAPER_MARGIN_MM = 9.0
"""Edge of a page that does not count when it is judged blank: scanners leave shadows there."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose page it is.

    Attributes:
        layout: The layout it was printed from.
        code: What the page code says.
        corners_px: Where the QR code's corners were found, in working pixels, 4 × 2, as `PlacedCode` has them; None
            where it could not be read.
    """

    layout: Layout
    code: PageCode
    corners_px: Floats | None = None


def identify(
    image: PageImage, found: Sequence[Found], layouts: Mapping[str, Layout], policy: Policy
) -> Identity | Refusal:
    """Say whose page it is.

    Args:
        image: The page image.
        found: The markers found in it.
        layouts: The layouts known, by id.
        policy: Thresholds.

    Returns:
        The identity, or why there is none.
    """
    if any(f.id in SIGN_UP_IDS for f in found):
        return Refusal(RefusalCode.SIGN_UP_SHEET)
    if not found and is_blank(image.gray, policy):
        return Refusal(RefusalCode.BLANK_PAGE, sha256=image.sha256)
    placed = read_codes(image, found, layouts)
    codes = tuple(dict.fromkeys(p.code for p in placed))
    if not codes and len(found) >= LEAST_MARKERS:
        codes = printed_codes(image, found, layouts)
    if any(c.kind is SheetKind.SIGN_UP for c in codes):
        return Refusal(RefusalCode.SIGN_UP_SHEET)
    refusal = _unplaced(image, found) or _unclear(codes, page_of(found), image.sha256)
    if refusal is not None:
        return refusal
    identity = known(codes[0], layouts, image.sha256)
    if isinstance(identity, Identity) and len(placed) == 1:
        return Identity(identity.layout, identity.code, placed[0].corners_px)
    return identity


def _unplaced(image: PageImage, found: Sequence[Found]) -> Refusal | None:
    if len(found) >= LEAST_MARKERS:
        return None
    # Markers of 8 mm are lost below some 60 dpi. What is so small can't be a scan that only lacks them.
    if min(image.size_px) < 700:
        return Refusal(RefusalCode.TOO_COARSE, f"It is {image.size_px[0]} pixels wide.", image.sha256)
    detail = f"{len(found)} of 4 were found." if found else ""
    return Refusal(RefusalCode.NO_MARKERS, detail, image.sha256)


def _unclear(codes: Sequence[PageCode], page: int | None, sha256: str) -> Refusal | None:
    """Refuse a page whose witnesses are missing or disagree."""
    if page is None:
        return Refusal(RefusalCode.NO_PAGE_CODE, "The corner marks belong to different pages.", sha256)
    if not codes:
        return Refusal(RefusalCode.NO_PAGE_CODE, sha256=sha256)
    if len(codes) > 1:
        return Refusal(RefusalCode.NO_PAGE_CODE, "There are several page codes in the picture.", sha256)
    if codes[0].kind is not SheetKind.TEST and codes[0].page != page:
        detail = f"The code says page {codes[0].page}, the corner marks say page {page}."
        return Refusal(RefusalCode.NO_PAGE_CODE, detail, sha256)
    return None


def known(code: PageCode, layouts: Mapping[str, Layout], sha256: str) -> Identity | Refusal:
    """Say which of the known layouts a page code names, or why none.

    Args:
        code: The page code.
        layouts: The layouts known, by id.
        sha256: Of the picture.
    """
    layout = layouts.get(code.layout)
    if layout is not None and layout.instrument_hash == code.instrument and code.page <= layout.pages:
        return Identity(layout, code)
    same = any(known.instrument_hash == code.instrument for known in layouts.values())
    detail = f"Its page code names the layout {code.layout}."
    return Refusal(RefusalCode.OTHER_VERSION if same else RefusalCode.UNKNOWN_FORM, detail, sha256)


@dataclass(frozen=True, slots=True, eq=False)
class PlacedCode:
    """A page code and where it was found.

    Attributes:
        code: The code.
        corners_px: Its corners in working pixels, 4 × 2, without the quiet zone: those that are top left, top right,
            bottom right and bottom left on paper.
    """

    code: PageCode
    corners_px: Floats


def read_codes(image: PageImage, found: Sequence[Found], layouts: Mapping[str, Layout]) -> tuple[PlacedCode, ...]:
    """Read the page codes: where they must be first, then module by module, then anywhere, then at full size.

    Args:
        image: The page image.
        found: The markers found in it.
        layouts: The layouts known; they say where the code stands.

    Returns:
        The valid codes of ours in the first place that had any; one that stands there twice comes twice.
    """
    places = _places(found, layouts)
    for fit, code in places:
        cut = _crop(image.gray, fit, code, 1, CODE_ROOM_MM if fit.markers > LEAST_MARKERS else PAIR_ROOM_MM)
        if cut is not None and (codes := _placed(*cut)):
            return codes
    full = image.full() if places and image.shrink > 1 else image.gray
    for fit, code in places:
        laid = Laid(image.gray, fit, 0.0)
        told = grid_code(laid, full, image.shrink, code)
        if told is not None:
            return (PlacedCode(told.code, laid.to_px(told.corners_mm)),)
    if codes := placed_codes(image):
        return codes
    return _placed(image.full(), np.zeros(2), image.shrink) if image.shrink > 1 else ()


def _places(found: Sequence[Found], layouts: Mapping[str, Layout]) -> list[tuple[Registration, Code]]:
    """Return where the layouts say that the code stands, each place once."""
    page = page_of(found)
    places: dict[tuple[Marker, ...], Code] = {}
    for layout in layouts.values():
        if page is not None and page <= layout.pages:
            markers = tuple(m for m in layout.markers if m.page == page)
            places.setdefault(markers, next(c for c in layout.codes if c.page == page))
    fits = ((place(found, markers, worst_mm=2.0), code) for markers, code in places.items())
    return [(fit, code) for fit, code in fits if fit is not None]


def _crop(gray: Gray, fit: Registration, code: Code, grow: int, room: float) -> tuple[Gray, Floats] | None:
    """Cut out where a code must be; `grow` pixels of `gray` are one of those that the page was fitted in.

    Returns:
        The part, and where its first pixel is.
    """
    x, y, s = code.x, code.y, code.size
    square = np.array([[x - room, y - room], [x + s + room, y - room], [x - room, y + s + room]])
    corners = fit.to_px(np.vstack([square, [x + s + room, y + s + room]])) * grow
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.maximum(np.ceil(corners.max(0)).astype(int), 0)
    crop = gray[low[1] : high[1], low[0] : high[0]]
    return (np.ascontiguousarray(crop), low.astype(np.float64)) if min(crop.shape) > 20 else None


def placed_codes(image: PageImage) -> tuple[PlacedCode, ...]:
    """Read all page codes of an image, each with its place; one that is there twice comes twice.

    Args:
        image: The page image.
    """
    return _placed(image.gray, np.zeros(2))


def _placed(gray: Gray, origin: Floats, grow: int = 1) -> tuple[PlacedCode, ...]:
    """Read page codes; `origin` is where the first pixel of `gray` is, and `grow` of them make a working pixel."""
    found = []
    for barcode in _barcodes(gray):
        code = parse(barcode.text)
        at = barcode.position
        if code is not None:
            corners = [(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]
            found.append(PlacedCode(code, (np.array(corners, np.float64) + origin) / grow))
    return tuple(found)


def codes_at(image: PageImage, fit: Registration | None, code: Code) -> tuple[PageCode, ...]:
    """Read the page codes where one must be, at the picture's full size if need be.

    Args:
        image: The page image.
        fit: Where the page lies; None: it is not known, so nothing is found.
        code: Where its code stands on paper.
    """
    if fit is None:
        return ()
    looks: list[tuple[Gray, int]] = [(image.gray, 1)]
    for gray, grow in looks:
        cut = _crop(gray, fit, code, grow, CODE_ROOM_MM)
        codes = () if cut is None else tuple(dict.fromkeys(p.code for p in _placed(*cut)))
        if codes:
            return codes
        if grow == 1 < image.shrink:
            looks.append((image.full(), image.shrink))
    told = grid_code(Laid(image.gray, fit, 0.0), looks[-1][0], looks[-1][1], code)
    return () if told is None else (told.code,)


def _barcodes(gray: Gray) -> Sequence[zxingcpp.Barcode]:
    # Made here and not once for the module: one that lives to the end is reported as leaked by its binding.
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return zxingcpp.read_barcodes(gray, formats=formats, try_invert=False)


def is_blank(gray: Gray, policy: Policy) -> bool:
    """Tell whether there is nothing on a page: no print, no handwriting; the edges don't count.

    Args:
        gray: The image.
        policy: Thresholds.
    """
    edge = round(PAPER_MARGIN_MM / 210 * min(gray.shape))
    inner = gray[edge:-edge, edge:-edge] if edge else gray
    if inner.size == 0:
        return True
    white = float(np.percentile(inner[::4, ::4], 60))
    return white > 90 and float(np.mean(inner < 0.72 * white)) < policy.blank_share
