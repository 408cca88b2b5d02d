"""Bytes of a picture to a page image: what is kept and what is measured in. Knows no file.

Sizes are decided from headers, before anything is decoded. What the scanner encoded is kept as it came.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from omr.readings import Refusal, RefusalCode

Gray = NDArray[np.uint8]
"""Gray pixels, height × width, 0 black."""

MAX_PIXELS = 80_000_000
"""Most pixels in one picture: A3 at 600 dpi and a margin. More would need over 300 MB to decode in colour."""

MAX_PROGRESSIVE_PIXELS = 55_000_000
"""The same for a progressive JPEG, whose decoder holds all of it at once."""

WORKING_SIDE_PX = 1200
"""A picture is halved while its shorter side keeps at least this: 145 dpi for A4, enough for every mark."""

JPEG_QUALITY = 92
"""For pictures that come without an encoding that can be kept."""

FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")
"""What Pillow may take a file for; phones' MPO begins as a JPEG."""

# Pillow's own limit would turn one large image into an error for the whole file; sizes are checked here instead.
Image.MAX_IMAGE_PIXELS = None


KEPT_BYTES = 16_700_000
"""Largest block of memory that is kept for the next picture: that of A4 at 400 dpi in gray."""

# Freed blocks of a picture's size go back to the system, and come again page by page, each cleared: that takes 0.6 ms
# a picture. GNU's allocator stops that for blocks up to the largest that it ever saw freed; others don't mind this one.
np.empty(KEPT_BYTES, np.uint8)


@dataclass(frozen=True, slots=True)
class Picture:
    """A page image as it is kept.

    Attributes:
        data: Encoded bytes.
        media_type: `image/jpeg` or `image/png`.
    """

    data: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page image, ready to be read.

    Attributes:
        gray: Pixels to measure in, smaller than the picture by `shrink`.
        shrink: Picture pixels a pixel of `gray`: 1, 2, 4 or 8.
        size_px: Width and height of the picture.
        dpi: What the file says about the resolution of the picture; None where it says nothing believable.
        sha256: SHA-256 of the picture, hex.
        picture: What is kept.
    """

    gray: Gray
    shrink: int
    size_px: tuple[int, int]
    dpi: float | None
    sha256: str
    picture: Picture

    def full(self) -> Gray:
        """Return the gray pixels of the picture at its full size, decoding it again where it was shrunk."""
        if self.shrink == 1:
            return self.gray
        full = _decode(self.picture.data, 1)
        return self.gray if full is None else full


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture as it was taken out of a file, not decoded yet: what can be handed to another machine.

    Attributes:
        picture: What is kept.
        size_px: Width and height that its header tells.
        dpi: What the file says about its resolution; None where it says nothing believable.
    """

    picture: Picture
    size_px: tuple[int, int]
    dpi: float | None

    def page(self) -> PageImage | BadImage:
        """Decode it: the same page image wherever that is done."""
        try:
            if self.picture.media_type == "image/jpeg":
                return _decoded_jpeg(self)
            found = from_bytes(self.picture.data)
        except Unreadable as bad:
            return bad.bad
        return replace(found, dpi=self.dpi) if isinstance(found, PageImage) else found.page()


@dataclass(frozen=True, slots=True)
class BadImage:
    """An image that can't be read.

    Attributes:
        refusal: Why.
        picture: What is kept so that a person can look; None where nothing could be shown.
    """

    refusal: Refusal
    picture: Picture | None = None


class Unreadable(Exception):
    """Carries a refusal out of nested decoding; `images.py` turns it into a `BadImage`."""

    def __init__(self, code: RefusalCode, detail: str = "", picture: Picture | None = None) -> None:
        super().__init__(code.value)
        sha256 = picture.sha256 if picture is not None else ""
        self.bad = BadImage(Refusal(code, detail, sha256), picture)


def decode(picture: Picture) -> PageImage | BadImage:
    """Return the page image of a picture that was kept, as it was when the picture was delivered.

    Args:
        picture: A kept picture.
    """
    try:
        found = from_bytes(picture.data)
    except Unreadable as bad:
        return bad.bad
    return found.page() if isinstance(found, Taken) else found


def check_size(width: int, height: int, picture: Picture | None = None) -> None:
    """Refuse what is too large, before it is decoded."""
    if width * height > MAX_PIXELS:
        detail = f"It has {width:,} × {height:,} pixels."
        raise Unreadable(RefusalCode.TOO_LARGE, detail, picture)
    if min(width, height) < 1:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "It has no pixels.", picture)


def _shrink(width: int, height: int) -> int:
    """Return by how much a picture may be shrunk for measuring: 1, 2, 4 or 8."""
    shrink = 1
    while shrink < 8 and min(width, height) // (2 * shrink) >= WORKING_SIDE_PX:
        shrink *= 2
    return shrink


_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def _decode(data: bytes, shrink: int) -> Gray | None:
    """Decode to gray; a rotation named in the file's metadata is left alone. JPEG shrinks while it decodes."""
    flags = _REDUCED[shrink] | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        gray = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # what it says is about OpenCV's insides; the caller says what is wrong with the file
        return None
    return None if gray is None else np.asarray(gray, np.uint8)


def _halve(gray: Gray, shrink: int) -> Gray:
    if shrink == 1:
        return gray
    size = -(-gray.shape[1] // shrink), -(-gray.shape[0] // shrink)
    # Whole pixels only, so that the factor is exact: a last odd row or column is repeated first.
    pad_y, pad_x = size[1] * shrink - gray.shape[0], size[0] * shrink - gray.shape[1]
    if pad_x or pad_y:
        gray = np.pad(gray, ((0, pad_y), (0, pad_x)), mode="edge")
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def from_bytes(data: bytes) -> PageImage | Taken:
    """Read the bytes of one picture; a JPEG is left to be decoded.

    Args:
        data: The bytes.

    Raises:
        Unreadable: They are no picture, or one that is too large or damaged.
    """
    try:
        header = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unreadable(RefusalCode.NOT_AN_IMAGE) from error
    with header:
        dpi = believable(header.info.get("dpi"))
        if header.format in ("JPEG", "MPO"):
            return from_jpeg(data, header.size, dpi)
        keep = Picture(data, "image/png") if header.format == "PNG" else None
        check_size(*header.size, keep)
        plain = keep is not None and header.mode in ("L", "RGB") and "transparency" not in header.info
        # OpenCV turns colours into gray row by row; Pillow would hold all of both.
        gray = _decode(data, 1) if plain else gray_of(header, keep)
        if gray is None or gray.shape != header.size[::-1]:
            raise Unreadable(RefusalCode.DAMAGED_FILE, "The picture breaks off before its end.", keep)
    return from_gray(gray, keep or as_png(gray), dpi)


def from_jpeg(data: bytes, size: tuple[int, int], dpi: float | None) -> Taken:
    """Return a JPEG that may be decoded.

    Args:
        data: The JPEG.
        size: Width and height that its header tells.
        dpi: Its resolution, if known.

    Raises:
        Unreadable: It is too large or cut off.
    """
    picture = Picture(data, "image/jpeg")
    check_size(*size, picture)
    if size[0] * size[1] > MAX_PROGRESSIVE_PIXELS and _is_progressive(data):
        detail = f"It is a progressive JPEG of {size[0]:,} × {size[1]:,} pixels."
        raise Unreadable(RefusalCode.TOO_LARGE, detail, picture)
    # Decoders fill up what is missing with gray, silently; a picture that was cut off must not be read as a page.
    if data.rfind(b"\xff\xd9", max(0, len(data) - 65536)) < 0:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "The picture breaks off before its end.", picture)
    return Taken(picture, size, dpi)


def _decoded_jpeg(taken: Taken) -> PageImage:
    """Decode a JPEG at a fraction of its size where that is enough."""
    picture, size = taken.picture, taken.size_px
    shrink = _shrink(*size)
    gray = _decode(picture.data, shrink)
    if gray is None or gray.shape != (-(-size[1] // shrink), -(-size[0] // shrink)):
        raise Unreadable(RefusalCode.DAMAGED_FILE, "", picture)
    return PageImage(gray, shrink, size, taken.dpi, picture.sha256, picture)


def gray_of(image: Image.Image, keep: Picture | None) -> Gray:
    """Decode what Pillow has opened to gray; what is transparent becomes paper."""
    try:
        if image.mode == "I;16" or image.mode.startswith("I;16"):
            return np.asarray(np.asarray(image) >> 8, np.uint8)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            over = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
        if image.mode == "1":
            bits = np.array(image).view(np.uint8)
            np.minimum(bits, 1, out=bits)  # Pillow's truth is 1 or 255
            return np.multiply(bits, 255, out=bits)
        return np.asarray(image if image.mode == "L" else image.convert("L"), np.uint8)
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError) as error:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "The picture breaks off before its end.", keep) from error


def from_gray(gray: Gray, picture: Picture, dpi: float | None) -> PageImage:
    """Return the page image of pixels that are decoded already, with the picture to be kept."""
    height, width = gray.shape
    shrink = _shrink(width, height)
    return PageImage(_halve(gray, shrink), shrink, (width, height), dpi, picture.sha256, picture)


def as_png(gray: Gray) -> Picture:
    """Encode without loss: 1 bit a pixel where there is nothing but black and white."""
    out = io.BytesIO()
    image, bilevel = Image.fromarray(gray), _is_black_and_white(gray)
    (image.convert("1", dither=Image.Dither.NONE) if bilevel else image).save(out, "PNG", compress_level=4)
    return Picture(out.getvalue(), "image/png")


def _is_black_and_white(gray: Gray) -> bool:
    """Tell whether no pixel is gray; some rows at a time, since all would need as much memory again."""
    rows = max(1, 1_000_000 // max(1, gray.shape[1]))
    parts = (gray[first : first + rows] for first in range(0, len(gray), rows))
    return not any(cv2.countNonZero(cv2.inRange(part, 1, 254)) for part in parts)


def to_jpeg(colours: Image.Image, dpi: float | None) -> Taken:
    """Encode as JPEG; what was encoded is read, since the reading belongs to the picture that is kept."""
    out = io.BytesIO()
    colours.save(out, "JPEG", quality=JPEG_QUALITY)
    return from_jpeg(out.getvalue(), colours.size, dpi)


def believable(dpi: object) -> float | None:
    """Return a resolution from a file's header, or None: many programs write 72 or 96 whatever it is."""
    if not isinstance(dpi, tuple) or len(dpi) != 2:
        return None
    value = float(dpi[0])
    return value if 100 <= value <= 2400 else None


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG's frame, which tells its size."""

_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})


def _is_progressive(data: bytes) -> bool:
    frame = _frame(data)
    return frame is not None and frame[0] in _PROGRESSIVE


def jpeg_header(data: bytes) -> tuple[tuple[int, int], bool] | None:
    """Return a JPEG's size and whether it is gray or YCbCr; None where it is no JPEG."""
    frame = _frame(data)
    if frame is None or frame[1][0] != 8:  # bits of a sample
        return None
    body = frame[1]
    size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
    return size, body[5] in (1, 3)


def _frame(data: bytes) -> tuple[int, bytes] | None:
    """Return marker and first six bytes of a JPEG's frame: bits a sample, height, width, number of components."""
    at = 2
    if data[:3] != b"\xff\xd8\xff":
        return None
    while at + 10 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            return marker, data[at + 4 : at + 10]
        if marker == 0xDA:  # the pixels begin: no frame came before them
            return None
        # Any number of 0xFF may stand before a marker.
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
