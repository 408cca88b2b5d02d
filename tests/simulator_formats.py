"""The files that scanners, copiers and phones deliver: written plainly and quickly, the same picture the same bytes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from simulator_paper import Pixels


@dataclass(frozen=True, slots=True)
class Layer:
    """One image in a PDF page.

    Attributes:
        data: Its bytes as the filter's output.
        entries: What its dictionary holds besides /Type, /Subtype, /Width, /Height and /Length.
        size: Width and height in pixels.
        paint: What is written before it is painted: the colour of a stencil.
    """

    data: bytes
    entries: str
    size: tuple[int, int]
    paint: str = ""


def jpeg(image: Pixels, quality: int, dpi: int = 0) -> bytes:
    """Return a JPEG; with a resolution, that stands in its head."""
    made = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    # OpenCV writes a JFIF head without a unit; scanners write dots an inch.
    return made[:13] + struct.pack(">BHH", 1, dpi, dpi) + made[18:] if dpi else made


def g4(image: Pixels) -> bytes:
    """Return the T.6 code of a bilevel picture, black being 0 as in a picture and coded as black."""
    out = io.BytesIO()
    flipped = Image.fromarray(255 - image).convert("1", dither=Image.Dither.NONE)
    flipped.save(out, "TIFF", compression="group4", tiffinfo={278: image.shape[0]})
    with Image.open(out) as tiff:
        tags = tiff.tag_v2  # type: ignore[attr-defined]
        start, count = tags[273][0], tags[279][0]
    return out.getvalue()[start : start + count]


def jbig2(image: Pixels) -> bytes:
    """Return a bilevel picture as the JBIG2 stream of a PDF: one generic region in MMR code (ITU-T T.88, 6.2.6).

    No encoder with arithmetic coding can be had from Debian or the package index; MMR regions are what fast copiers
    write, and any JBIG2 reader must take them.
    """
    high, wide = image.shape[:2]

    def segment(number: int, kind: int, data: bytes) -> bytes:
        return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data

    page = struct.pack(">IIIIBH", wide, high, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", wide, high, 0, 0, 0) + b"\x01" + g4(image)
    return segment(0, 48, page) + segment(1, 38, region)


def jpeg_layer(image: Pixels, quality: int) -> Layer:
    """Return a picture as a JPEG layer."""
    space = "/DeviceRGB" if image.ndim == 3 else "/DeviceGray"
    entries = f"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode"
    return Layer(jpeg(image, quality), entries, image.shape[1::-1])


def flate_layer(image: Pixels) -> Layer:
    """Return a picture as a deflated layer, as some scanner programs write gray."""
    rows = image[:, :, ::-1] if image.ndim == 3 else image
    space = "/DeviceRGB" if image.ndim == 3 else "/DeviceGray"
    entries = f"/ColorSpace {space} /BitsPerComponent 8 /Filter /FlateDecode"
    return Layer(zlib.compress(np.ascontiguousarray(rows).tobytes(), 1), entries, image.shape[1::-1])


def g4_layer(image: Pixels, *, stencil: str = "") -> Layer:
    """Return a bilevel picture as a G4 layer; with a colour operator as a stencil of that colour."""
    high, wide = image.shape[:2]
    code = f"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {wide} /Rows {high} >>"
    head = "/ImageMask true /BitsPerComponent 1" if stencil else "/ColorSpace /DeviceGray /BitsPerComponent 1"
    return Layer(g4(image), f"{head} {code}", (wide, high), stencil)


def jbig2_layer(image: Pixels, *, stencil: str = "") -> Layer:
    """Return a bilevel picture as a JBIG2 layer; with a colour operator as a stencil of that colour."""
    head = "/ImageMask true /BitsPerComponent 1" if stencil else "/ColorSpace /DeviceGray /BitsPerComponent 1"
    return Layer(jbig2(image), f"{head} /Filter /JBIG2Decode", image.shape[1::-1], stencil)


def compact_layers(image: Pixels, dpi: int, quality: int) -> list[Layer]:
    """Return the layers of a copier's compact PDF: a coarse JPEG of the paper, and sharp stencils of what is dark.

    What is clearly darker than the paper around it goes into 1-bit stencils at full resolution, one for black and one
    for colour; the rest, pale pencil too, stays in a background of 100 dpi.
    """
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    small = cv2.resize(gray, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(small, 21), gray.shape[::-1], interpolation=cv2.INTER_LINEAR)
    dark = cv2.compare(gray, cv2.LUT(paper, np.clip(np.arange(256) - 75, 0, 255).astype(np.uint8)), cv2.CMP_LT)
    masks = [(dark, "0 g")]
    if image.ndim == 3:
        channels = cv2.split(image)
        least, most = (f(f(channels[0], channels[1]), channels[2]) for f in (cv2.min, cv2.max))
        bright = cv2.bitwise_and(dark, cv2.threshold(cv2.subtract(most, least), 60, 255, cv2.THRESH_BINARY)[1])
        if cv2.countNonZero(bright):
            blue, green, red = (v / 255 for v in cv2.mean(image, bright)[:3])
            masks = [(cv2.subtract(dark, bright), "0 g"), (bright, f"{red:.3f} {green:.3f} {blue:.3f} rg")]
    hole = cv2.dilate(dark, np.ones((5, 5), np.uint8))
    filled = paper if image.ndim == 2 else cv2.merge([paper] * 3)
    bare = cv2.copyTo(filled, hole, image.copy())
    coarse = cv2.resize(bare, None, fx=100 / dpi, fy=100 / dpi, interpolation=cv2.INTER_AREA)
    # Makers differ: what sees colour here writes its stencils as G4, what sees gray as JBIG2.
    coded = g4_layer if image.ndim == 3 else jbig2_layer
    stencils = [coded(cv2.bitwise_not(mask), stencil=colour) for mask, colour in masks]
    return [jpeg_layer(coarse, quality), *stencils]


def write_pdf(path: Path, pages: Sequence[tuple[Sequence[Layer], int]]) -> None:
    """Write a PDF.

    Args:
        path: Where.
        pages: Layers of each page, painted one over the other, and the resolution of the last, which gives the size.
    """
    objects: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for layers, dpi in pages:
        width, height = (v * 72 / dpi for v in layers[-1].size)
        names, painted = [], []
        for n, layer in enumerate(layers):
            head = f"<< /Type /XObject /Subtype /Image /Width {layer.size[0]} /Height {layer.size[1]}"
            objects.append(_stream(f"{head} {layer.entries}", layer.data))
            names.append(f"/I{n} {len(objects)} 0 R")
            painted.append(f"q {layer.paint} {width:.3f} 0 0 {height:.3f} 0 0 cm /I{n} Do Q")
        objects.append(_stream("<<", " ".join(painted).encode()))
        box = f"/MediaBox [0 0 {width:.3f} {height:.3f}] /Resources << /XObject << {' '.join(names)} >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {len(objects)} 0 R >>".encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    out = bytearray(b"%PDF-1.5\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    tail = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>"
    )
    path.write_bytes(bytes(out) + f"{tail}\nstartxref\n{len(out)}\n%%EOF\n".encode())


def _stream(head: str, data: bytes) -> bytes:
    return f"{head} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def write_tiff(path: Path, images: Sequence[Pixels], dpi: int) -> None:
    """Write a multi-page TIFF of bilevel pictures as fax machines have it: G4, white as 0, one strip a page."""
    out = bytearray(struct.pack("<2sHI", b"II", 42, 0))
    link = 4
    for image in images:
        high, wide = image.shape[:2]
        strip, data = len(out), g4(image)
        out += data + b"\0" * (len(data) % 2)
        inch = len(out)
        out += struct.pack("<II", dpi, 1)
        tags = [(256, 4, wide), (257, 4, high), (258, 3, 1), (259, 3, 4), (262, 3, 0), (273, 4, strip), (277, 3, 1)]
        tags += [(278, 4, high), (279, 4, len(data)), (282, 5, inch), (283, 5, inch), (296, 3, 2)]
        struct.pack_into("<I", out, link, len(out))
        out += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, v) for tag, kind, v in tags)
        link = len(out)
        out += b"\0\0\0\0"
    path.write_bytes(bytes(out))


def write_png(path: Path, image: Pixels) -> None:
    """Write one PNG, quickly."""
    path.write_bytes(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def write_photo(path: Path, image: Pixels, quality: int, orientation: int) -> None:
    """Write a phone's JPEG with its EXIF orientation (1, 3, 6 or 8); the picture is stored as the sensor saw it."""
    made = jpeg(image, quality)
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\x00\x00MM\x00*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    path.write_bytes(made[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + made[2:])
