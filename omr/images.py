"""Files to page images; the only module here that reads files.

A delivered file is PDF, TIFF, JPEG, PNG, BMP, WebP or HEIC. Each page image comes as gray pixels to measure in, and as
the picture to be kept: the scanner's own JPEG or PNG bytes wherever there are any, never encoded anew. Whatever is
wrong with a file or an image is a value, not an exception; only a path that can't be read at all is an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pypdfium2 as pdfium
from PIL import Image, UnidentifiedImageError

from forms.pdf import PDFIUM
from omr.errors import OmrError
from omr.heic import is_heic, pixels_of
from omr.pdfpages import pdf_image
from omr.pictures import (
    MAX_PIXELS,
    BadImage,
    Gray,
    PageImage,
    Picture,
    Taken,
    Unreadable,
    as_png,
    believable,
    check_size,
    decode,
    from_bytes,
    from_gray,
    gray_of,
    to_jpeg,
)
from omr.readings import Refusal, RefusalCode

__all__ = [
    "MAX_IMAGES",
    "MAX_PIXELS",
    "BadImage",
    "Gray",
    "PageImage",
    "Picture",
    "Pile",
    "Taken",
    "check",
    "count",
    "decode",
    "read",
]

MAX_IMAGES = 5_000
"""Most images in one file: ten times what a feeder takes at once; at 25 ms an image two minutes."""

MAX_COLOUR_PIXELS = 40_000_000
"""Most pixels in one colour page of a TIFF, which is encoded anew: A4 at 600 dpi and a margin."""

MAX_GRAY_PIXELS = 72_000_000
"""The same in gray: A3 at 600 dpi."""

MAX_PICTURE_BYTES = 200_000_000
"""Largest file that holds a single picture: the raw colour pixels of MAX_PIXELS come to 240 MB."""


_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


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
        except Unreadable as bad:
            self.refusal = bad.bad.refusal
        if self.total > MAX_IMAGES:
            detail = f"It has more than {MAX_IMAGES:,} pages, the most that is read of one file."
            self.refusal, self.total = Refusal(RefusalCode.TOO_LARGE, detail), 1

    def _open(self, path: Path, head: bytes, size: int) -> None:
        if not head:
            raise Unreadable(RefusalCode.DAMAGED_FILE, "It has no bytes at all.")
        if b"%PDF-" in head:
            self._pdf = _open_pdf(path)
            self.total = max(1, len(self._pdf))
            if len(self._pdf) == 0:
                raise Unreadable(RefusalCode.DAMAGED_FILE, "It is a PDF without a page.")
            return
        if head.startswith(_TIFF):
            self._frames, self.total = _open_tiff(path)
            return
        if size > MAX_PICTURE_BYTES:
            raise Unreadable(RefusalCode.TOO_LARGE, f"The file has {size // 1_000_000} MB.")
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
        found = self._found(number)
        return found.page() if isinstance(found, Taken) else found

    def taken(self, number: int) -> Taken | BadImage:
        """Return one image as it is to be kept, decoded no further than taking it out needs.

        Args:
            number: From 1 to `total`.
        """
        found = self._found(number)
        return Taken(found.picture, found.size_px, found.dpi) if isinstance(found, PageImage) else found

    def _found(self, number: int) -> PageImage | Taken | BadImage:
        if self.refusal is not None:
            return BadImage(self.refusal)
        try:
            if self._pdf is not None:
                with PDFIUM:
                    return pdf_image(self._pdf, number - 1)
            if self._frames is not None:
                return tiff_image(self._frames, number - 1)
            return to_jpeg(pixels_of(self._single), None) if is_heic(self._single) else from_bytes(self._single)
        except Unreadable as bad:
            return bad.bad


def check(path: Path) -> None:
    """Make sure that there is a file to read.

    Raises:
        OmrError: As `Pile`.
    """
    _look(path)


def may_hold_several(path: Path) -> bool:
    """Tell whether a file is of a kind that may hold several images, by its first bytes alone.

    Raises:
        OmrError: As `Pile`.
    """
    head, _ = _look(path)
    return b"%PDF-" in head or head.startswith(_TIFF)


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
            raise Unreadable(RefusalCode.LOCKED_PDF if _is_locked(path) else RefusalCode.DAMAGED_FILE) from error


def _is_locked(path: Path) -> bool:
    """Tell whether a PDF that does not open says that it is encrypted; PDFium's error code may be an older one's."""
    with path.open("rb") as file:
        head = file.read(65536)
        file.seek(max(0, path.stat().st_size - 65536))
        return b"/Encrypt" in head or b"/Encrypt" in file.read()


def _open_tiff(path: Path) -> tuple[Image.Image, int]:
    try:
        with quietly():
            frames = Image.open(path, formats=("TIFF",))
            try:
                return frames, _frames_of(frames)
            except BaseException:
                frames.close()
                raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError) as error:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "It begins as a TIFF but breaks off.") from error


def _frames_of(image: Image.Image) -> int:
    """Count the frames of a TIFF, but no more than are read: each has to be looked for, millions fit into a file."""
    for index in range(1, MAX_IMAGES + 1):
        try:
            image.seek(index)
        except EOFError:
            image.seek(0)
            return index
    return MAX_IMAGES + 1


@contextmanager
def quietly() -> Iterator[None]:
    """Keep Pillow's warnings about odd tags of a TIFF to itself: what matters comes as an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def tiff_image(frames: Image.Image, index: int) -> PageImage | Taken:
    try:
        with quietly():
            frames.seek(index)
    except (EOFError, OSError, SyntaxError, ValueError, TypeError, KeyError) as error:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "This page of the TIFF can't be found.") from error
    check_size(*frames.size)
    colours = frames.mode in ("RGB", "YCbCr", "CMYK", "P", "RGBA")
    if frames.mode != "1" and frames.size[0] * frames.size[1] > (MAX_COLOUR_PIXELS if colours else MAX_GRAY_PIXELS):
        detail = f"It is a TIFF of {frames.size[0]:,} × {frames.size[1]:,} pixels in colour or gray."
        raise Unreadable(RefusalCode.TOO_LARGE, detail)
    dpi = believable(frames.info.get("dpi"))
    if colours:
        return to_jpeg(_loaded(frames), dpi)
    gray = gray_of(frames, None)
    return from_gray(gray, as_png(gray), dpi) if frames.mode == "1" else to_jpeg(Image.fromarray(gray), dpi)


def _loaded(frames: Image.Image) -> Image.Image:
    """Return a frame in colours, without copying it where it is in those already."""
    try:
        frames.load()
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError) as error:
        raise Unreadable(RefusalCode.DAMAGED_FILE, "The picture breaks off before its end.") from error
    return frames if frames.mode == "RGB" else frames.convert("RGB")
