"""Pictures that would harm: each is read or refused, within the memory that a worker may take, its neighbours unharmed.

Each file is read in a process of its own that tells how much memory it ever had.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WORKER_MB = 300
"""What a worker may take at most."""

READS = """
import sys
from pathlib import Path
from typing import Any
from omr import images
from omr.images import PageImage
from omr.policy import POLICY
from omr.reader import examine
for image in images.read(Path(sys.argv[1])):
    refusal = examine(image, {}, POLICY).outcome if isinstance(image, PageImage) else image.refusal
    print(refusal.code.value)
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
print(next((int(x.split()[1]) // 1024 for x in lines if x.startswith("VmHWM")), 0))
"""


def read(path: Path) -> tuple[list[str], int]:
    """Return the codes of the refusals of a file's images, and the memory that reading took, MB; 0: not told."""
    command = [sys.executable, "-c", READS, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    return told[:-1], int(told[-1])


def png(path: Path, side: int) -> None:
    """Write a real PNG of 1 bit a pixel, all white: 60,000 × 60,000 come to half a megabyte."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(1)
    rows = b"\0" + b"\xff" * (side // 8)
    data = b"".join(packer.compress(rows * 100) for _ in range(side // 100)) + packer.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def pdf(path: Path, images: int) -> None:
    """Write a PDF with one page that shows one small picture many times, each an object of its own."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>"]
    names = b" ".join(b"/I%d %d 0 R" % (n, n + 5) for n in range(images))
    box = b"/MediaBox[0 0 595 842]/Contents 4 0 R"
    objects.append(b"<</Type/Page/Parent 2 0 R%s/Resources<</XObject<<%s>>>>>>" % (box, names))
    draw = b"\n".join(b"q 5 0 0 5 %d %d cm /I%d Do Q" % (n % 100 * 5, n // 100 * 8, n) for n in range(images))
    objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(draw), draw))
    head = b"<</Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray/Length 4>>"
    objects += [head + b"\nstream\n\x00\xff\xff\x00\nendstream"] * images
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    path.write_bytes(out)


def cyclic_tiff(path: Path) -> None:
    """Write a TIFF whose second directory names the first as the next."""
    pages = [Image.new("L", (600, 800), shade) for shade in (250, 240)]
    pages[0].save(path, "TIFF", save_all=True, append_images=pages[1:])
    data = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", data, 4)[0]
    at = first
    for _ in range(2):
        end = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]
        at = struct.unpack_from("<I", data, end)[0]
    struct.pack_into("<I", data, end, first)
    path.write_bytes(data)


def test_a_directory_that_leads_back_to_itself_ends(tmp_path: Path) -> None:
    cyclic_tiff(tmp_path / "a.tif")
    codes, memory_mb = read(tmp_path / "a.tif")
    assert 1 <= len(codes) <= 2
    assert memory_mb <= WORKER_MB


@pytest.mark.parametrize("side", [30_000, 60_000])
def test_a_real_bomb_of_a_png(tmp_path: Path, side: int) -> None:
    png(tmp_path / "a.png", side)
    codes, memory_mb = read(tmp_path / "a.png")
    assert codes == ["too-large"]
    assert memory_mb <= WORKER_MB


def test_a_page_of_ten_thousand_pictures(tmp_path: Path) -> None:
    pdf(tmp_path / "a.pdf", 10_000)
    codes, memory_mb = read(tmp_path / "a.pdf")
    assert codes == ["no-markers"]
    assert memory_mb <= WORKER_MB


def speckled(width: int, height: int, mode: str) -> Image.Image:
    image = Image.new(mode, (width, height), "white")
    noise = np.random.default_rng(1).integers(150, 255, (300, 300), dtype=np.uint8)
    image.paste(Image.fromarray(noise).convert(mode), (width // 3, height // 3))
    return image


LARGE: dict[str, Callable[[Path], None]] = {
    "a3-600-gray.png": lambda path: speckled(7016, 9921, "L").save(path, compress_level=1),
    "a3-600-colour.png": lambda path: speckled(7016, 9921, "RGB").save(path, compress_level=1),
    "a3-600-colour.jpg": lambda path: speckled(7016, 9921, "RGB").save(path),
    "a4-600-colour.tif": lambda path: speckled(4960, 7016, "RGB").save(path, compression="tiff_deflate"),
    "a3-600-gray.tif": lambda path: speckled(7016, 9921, "L").save(path, compression="tiff_deflate"),
    "a3-600-bilevel.tif": lambda path: speckled(7016, 9921, "1").save(path, compression="group4"),
}


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_that_scanners_deliver_are_read_in_little_memory(tmp_path: Path, name: str) -> None:
    LARGE[name](tmp_path / name)
    codes, memory_mb = read(tmp_path / name)
    assert codes in (["no-markers"], ["blank-page"])
    assert memory_mb <= WORKER_MB


@pytest.mark.parametrize(("mode", "options"), [("RGB", {"compression": "tiff_deflate"}), ("L", {"progressive": True})])
def test_what_would_take_more_is_refused(tmp_path: Path, mode: str, options: dict[str, Any]) -> None:
    path = tmp_path / ("a.tif" if mode == "RGB" else "a.jpg")
    speckled(8900, 8900, mode).save(path, **options)
    codes, memory_mb = read(path)
    assert codes == ["too-large"]
    assert memory_mb <= WORKER_MB
