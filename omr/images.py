"""Files to page images; the only module here that reads files.

A delivered file is PDF, TIFF, JPEG, PNG, BMP or WebP. Each page image comes as gray pixels to measure in, and as the
picture to be kept: the scanner's own JPEG or PNG bytes wherever there are any, never encoded anew. Sizes are decided
from headers, before anything is decoded. Whatever is wrong with a file or an image is a value, not an exception; only
a path that can't be read at all is an error.
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from omr.errors import OmrError
from omr.readings import Refusal, RefusalCode

Gray = NDArray[np.uint8]
"""Gray pixels, height × width, 0 black."""

MAX_PIXELS = 80_000_000
"""Most pixels in one picture: A3 at 600 dpi and a margin. More would need over 300 MB to decode in colour."""

MAX_IMAGES = 5_000
"""Most images in one file: ten times what a feeder takes at once; at 25 ms an image two minutes."""

MAX_PICTURE_BYTES = 200_000_000
"""Largest file that holds a single picture: the raw colour pixels of MAX_PIXELS come to 240 MB."""

WORKING_SIDE_PX = 1200
"""A picture is halved while its shorter side keeps at least this: 145 dpi for A4, enough for every mark."""

VECTOR_DPI = 200
"""At which a PDF page without pictures is drawn."""

LAYERED_DPI = 300
"""At which a PDF page of several pictures is drawn: copiers put text at 300 dpi over a coarse background."""

JPEG_QUALITY = 92
"""For pictures that come without an encoding that can be kept."""

FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP")
"""What Pillow may take a file for; phones' MPO begins as a JPEG."""

# Pillow's own limit would turn one large image into an error for the whole file; sizes are checked here instead.
Image.MAX_IMAGE_PIXELS = None

PDFIUM = threading.RLock()
"""PDFium may run in one thread of a process at a time."""


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
class BadImage:
    """An image that can't be read.

    Attributes:
        refusal: Why.
        picture: What is kept so that a person can look; None where nothing could be shown.
    """

    refusal: Refusal
    picture: Picture | None = None


class _BadImageError(Exception):
    """Carries a refusal out of nested decoding; never leaves this module."""

    def __init__(self, code: RefusalCode, detail: str = "", picture: Picture | None = None) -> None:
        super().__init__(code.value)
        sha256 = picture.sha256 if picture is not None else ""
        self.bad = BadImage(Refusal(code, detail, sha256), picture)


class Pile:
    """One delivered file, open; use it as a context manager.

    Attributes:
        total: Number of images in it; 1 where the file as a whole is refused.
        refusal: Why the file as a whole can't be read; None where it can.
    """

    def __init__(self, path: Path) -> None:
        """Open a file.

        Args:
            path: The file.

        Raises:
            OmrError: `no-file`, `not-a-file`, `unreadable-file`: there is nothing that could be read.
        """
        self.total = 1
        self.refusal: Refusal | None = None
        self._pdf: pdfium.PdfDocument | None = None
        self._frames: Image.Image | None = None
        self._single = b""
        head, size = _look(path)
        try:
            self._open(path, head, size)
        except _BadImageError as bad:
            self.refusal = bad.bad.refusal
        if self.total > MAX_IMAGES:
            detail = f"It has {self.total:,} pages; the limit is {MAX_IMAGES:,}."
            self.refusal, self.total = Refusal(RefusalCode.TOO_LARGE, detail), 1

    def _open(self, path: Path, head: bytes, size: int) -> None:
        if not head:
            raise _BadImageError(RefusalCode.DAMAGED_FILE, "It has no bytes at all.")
        if b"%PDF-" in head:
            self._pdf = _open_pdf(path)
            self.total = max(1, len(self._pdf))
            if len(self._pdf) == 0:
                raise _BadImageError(RefusalCode.DAMAGED_FILE, "It is a PDF without a page.")
            return
        if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            self._frames, self.total = _open_tiff(path)
            return
        if size > MAX_PICTURE_BYTES:
            raise _BadImageError(RefusalCode.TOO_LARGE, f"The file has {size // 1_000_000} MB.")
        self._single = path.read_bytes()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._pdf is not None:
            with PDFIUM:
                self._pdf.close()
        if self._frames is not None:
            self._frames.close()

    def image(self, number: int) -> PageImage | BadImage:
        """Return one image.

        Args:
            number: From 1 to `total`.
        """
        if self.refusal is not None:
            return BadImage(self.refusal)
        try:
            if self._pdf is not None:
                with PDFIUM:
                    return _pdf_image(self._pdf, number - 1)
            if self._frames is not None:
                return _tiff_image(self._frames, number - 1)
            return _single_image(self._single)
        except _BadImageError as bad:
            return bad.bad


def check(path: Path) -> None:
    """Make sure that there is a file to read.

    Raises:
        OmrError: As `Pile`.
    """
    _look(path)


def count(path: Path) -> int | None:
    """Return the number of images in a file; None where the file as a whole can't be read.

    Raises:
        OmrError: As `Pile`.
    """
    with Pile(path) as pile:
        return None if pile.refusal is not None else pile.total


def read(path: Path) -> Iterator[PageImage | BadImage]:
    """Yield the images of a file, one at a time.

    Raises:
        OmrError: As `Pile`.
    """
    with Pile(path) as pile:
        for number in range(1, pile.total + 1):
            yield pile.image(number)


def decode(picture: Picture) -> PageImage | BadImage:
    """Return the page image of a picture that was kept, as it was when the picture was delivered.

    Args:
        picture: A kept picture.
    """
    try:
        return _single_image(picture.data)
    except _BadImageError as bad:
        return bad.bad


def _look(path: Path) -> tuple[bytes, int]:
    """Return the first 1,024 bytes of a file and its size."""
    try:
        with path.open("rb") as file:
            return file.read(1024), path.stat().st_size
    except FileNotFoundError as error:
        raise OmrError("no-file", f"There is no file {path}.", "Check the name and the folder.") from error
    except IsADirectoryError as error:
        raise OmrError("not-a-file", f"{path} is a folder.", "Name the files in it one by one.") from error
    except OSError as error:
        if path.is_dir():  # Windows says "permission denied" for a folder
            raise OmrError("not-a-file", f"{path} is a folder.", "Name the files in it one by one.") from error
        why = error.strerror or str(error)
        raise OmrError("unreadable-file", f"{path} can't be read: {why}.", "Check who may read the file.") from error


def _open_pdf(path: Path) -> pdfium.PdfDocument:
    with PDFIUM:
        try:
            return pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            raise _BadImageError(RefusalCode.LOCKED_PDF if _is_locked(path) else RefusalCode.DAMAGED_FILE) from error


def _is_locked(path: Path) -> bool:
    """Tell whether a PDF that does not open says that it is encrypted; PDFium's error code may be an older one's."""
    with path.open("rb") as file:
        head = file.read(65536)
        file.seek(max(0, path.stat().st_size - 65536))
        return b"/Encrypt" in head or b"/Encrypt" in file.read()


def _open_tiff(path: Path) -> tuple[Image.Image, int]:
    try:
        with _quietly():
            frames = Image.open(path, formats=("TIFF",))
            return frames, int(getattr(frames, "n_frames", 1))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError) as error:
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "It begins as a TIFF but breaks off.") from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep Pillow's warnings about odd tags of a TIFF to itself: what matters comes as an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _check_size(width: int, height: int, picture: Picture | None = None) -> None:
    """Refuse what is too large, before it is decoded."""
    if width * height > MAX_PIXELS:
        detail = f"It has {width:,} × {height:,} pixels."
        raise _BadImageError(RefusalCode.TOO_LARGE, detail, picture)
    if min(width, height) < 1:
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "It has no pixels.", picture)


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


def _single_image(data: bytes) -> PageImage | BadImage:
    """Read the bytes of one picture."""
    try:
        header = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _BadImageError(RefusalCode.NOT_AN_IMAGE) from error
    with header:
        dpi = _believable(header.info.get("dpi"))
        if header.format in ("JPEG", "MPO"):
            return _jpeg_image(data, header.size, dpi)
        keep = Picture(data, "image/png") if header.format == "PNG" else None
        _check_size(*header.size, keep)
        gray = _pillow_gray(header, keep)
    return _with_picture(gray, keep or _png(gray), dpi)


def _jpeg_image(data: bytes, size: tuple[int, int], dpi: float | None) -> PageImage:
    picture = Picture(data, "image/jpeg")
    _check_size(*size, picture)
    # Decoders fill up what is missing with gray, silently; a picture that was cut off must not be read as a page.
    if b"\xff\xd9" not in data[-65536:]:
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "The picture breaks off before its end.", picture)
    shrink = _shrink(*size)
    gray = _decode(data, shrink)
    if gray is None or gray.shape != (-(-size[1] // shrink), -(-size[0] // shrink)):
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "", picture)
    return PageImage(gray, shrink, size, dpi, picture.sha256, picture)


def _pillow_gray(image: Image.Image, keep: Picture | None) -> Gray:
    """Decode what Pillow has opened to gray; what is transparent becomes paper."""
    try:
        if image.mode == "I;16" or image.mode.startswith("I;16"):
            return np.asarray(np.asarray(image) >> 8, np.uint8)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            over = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
        return np.asarray(image.convert("L"), np.uint8)
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError) as error:
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "The picture breaks off before its end.", keep) from error


def _with_picture(gray: Gray, picture: Picture, dpi: float | None) -> PageImage:
    height, width = gray.shape
    shrink = _shrink(width, height)
    return PageImage(_halve(gray, shrink), shrink, (width, height), dpi, picture.sha256, picture)


def _png(gray: Gray) -> Picture:
    """Encode without loss: 1 bit a pixel where there is nothing but black and white."""
    bilevel = bool(np.all((gray == 0) | (gray == 255)))
    out = io.BytesIO()
    image = Image.fromarray(gray)
    (image.convert("1", dither=Image.Dither.NONE) if bilevel else image).save(out, "PNG", compress_level=4)
    return Picture(out.getvalue(), "image/png")


def _jpeg(colours: Image.Image, dpi: float | None) -> PageImage:
    """Encode as JPEG, and read what was encoded: the reading belongs to the picture that is kept."""
    out = io.BytesIO()
    colours.save(out, "JPEG", quality=JPEG_QUALITY)
    return _jpeg_image(out.getvalue(), colours.size, dpi)


def _believable(dpi: object) -> float | None:
    """Return a resolution from a file's header, or None: many programs write 72 or 96 whatever it is."""
    if not isinstance(dpi, tuple) or len(dpi) != 2:
        return None
    value = float(dpi[0])
    return value if 100 <= value <= 2400 else None


def _tiff_image(frames: Image.Image, index: int) -> PageImage:
    try:
        with _quietly():
            frames.seek(index)
    except (EOFError, OSError, SyntaxError, ValueError, TypeError, KeyError) as error:
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "This page of the TIFF can't be found.") from error
    _check_size(*frames.size)
    dpi = _believable(frames.info.get("dpi"))
    gray = _pillow_gray(frames, None)
    if frames.mode == "1":
        return _with_picture(gray, _png(gray), dpi)
    colours = frames.convert("RGB") if frames.mode in ("RGB", "YCbCr", "CMYK", "P", "RGBA") else Image.fromarray(gray)
    return _jpeg(colours, dpi)


def _pdf_image(pdf: pdfium.PdfDocument, index: int) -> PageImage:
    try:
        page = pdf[index]
        try:
            scan = _only_scan(page)
            taken = None if scan is None else _taken_out(scan, page)
            return taken or _drawn(page, VECTOR_DPI if scan is None and not _has_pictures(page) else LAYERED_DPI)
        finally:
            page.close()
    except pdfium.PdfiumError as error:
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "This page of the PDF can't be opened.") from error


def _has_pictures(page: pdfium.PdfPage) -> bool:
    return next(page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


_INVISIBLE = 3  # text rendering mode of the words that scanners lay over a picture to make it searchable


def _only_scan(page: pdfium.PdfPage) -> pdfium.PdfImage | None:
    """Return the picture of a page that is nothing but one upright scan; None for any other page."""
    scan = None
    for thing in page.get_objects(max_depth=3):
        if thing.type == pdfium.raw.FPDF_PAGEOBJ_TEXT:
            if pdfium.raw.FPDFTextObj_GetTextRenderMode(thing) != _INVISIBLE:
                return None
        elif thing.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE and scan is None:
            scan = thing
        else:  # a second picture, a line, a shading, things within things: more than a scan
            return None
    if scan is None:
        return None
    left, bottom, right, top = scan.get_bounds()
    x0, y0, x1, y1 = page.get_bbox()
    covers = right - left >= 0.9 * (x1 - x0) and top - bottom >= 0.9 * (y1 - y0)
    a, b, c, d, _, _ = scan.get_matrix().get()
    # A mirrored or slanted picture must be drawn; a quarter turn is nothing to the reader.
    straight = max(abs(b), abs(c)) < 1e-3 * max(abs(a), abs(d)) or max(abs(a), abs(d)) < 1e-3 * max(abs(b), abs(c))
    return scan if covers and straight and a * d - b * c > 0 else None


def _taken_out(scan: pdfium.PdfImage, page: pdfium.PdfPage) -> PageImage | None:
    """Return the picture as it lies in the PDF; None where only drawing it would show it right."""
    size = scan.get_px_size()
    known = scan.get_metadata()
    if known.colorspace == pdfium.raw.FPDF_COLORSPACE_UNKNOWN:
        return None  # a stencil mask: black and white depend on how it is painted
    dpi = float(known.horizontal_dpi) if 50 < known.horizontal_dpi < 2400 else None
    if scan.get_filters(skip_simple=True) == ["DCTDecode"]:
        data = bytes(scan.get_data(decode_simple=True))
        header = _jpeg_header(data)
        # CMYK JPEGs are inverted or not by signs that only the PDF knows.
        return _jpeg_image(data, size, dpi) if header is not None and header == (size, True) else None
    _check_size(*size)
    bitmap = scan.get_bitmap()
    try:
        pixels = bitmap.to_pil()
        if pixels.mode in ("1", "L"):
            gray = np.array(pixels.convert("L"), np.uint8)
            bilevel = known.bits_per_pixel == 1
            return _with_picture(gray, _png(gray), dpi) if bilevel else _jpeg(Image.fromarray(gray), dpi)
        return _jpeg(pixels.convert("RGB"), dpi)
    finally:
        bitmap.close()


def _jpeg_header(data: bytes) -> tuple[tuple[int, int], bool] | None:
    """Return a JPEG's size and whether it is gray or YCbCr; None where it is no JPEG."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as header:
            return header.size, header.mode in ("L", "RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return None


def _drawn(page: pdfium.PdfPage, dpi: int) -> PageImage:
    """Draw a page; coarser where it would come out too large."""
    width, height = page.get_size()
    if not (0 < width < 1e5 and 0 < height < 1e5):
        raise _BadImageError(RefusalCode.DAMAGED_FILE, "This page of the PDF has no size.")
    scale = min(dpi / 72, (MAX_PIXELS / (width * height)) ** 0.5 * 0.99)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        gray = np.array(bitmap.to_pil().convert("L"), np.uint8)
    finally:
        bitmap.close()
    if dpi == VECTOR_DPI:
        return _with_picture(gray, _png(gray), scale * 72)
    return _jpeg(Image.fromarray(gray), scale * 72)
