"""Files to page images: what each format gives, and what is wrong with bad ones."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import simulator
from PIL import Image, TiffImagePlugin
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from simulator import Scanner

from omr import images
from omr.errors import OmrError
from omr.images import BadImage, PageImage, Pile
from omr.readings import RefusalCode


def drawing(width: int = 1654, height: int = 2339) -> np.ndarray:
    """Return an image with something on it: a dark square in the upper left, gray paper."""
    image = np.full((height, width), 230, np.uint8)
    image[100:300, 200:500] = 20
    return image


def only(path: Path) -> PageImage:
    """Read a file of one good image."""
    (image,) = images.read(path)
    assert isinstance(image, PageImage), image
    return image


def refusal(path: Path) -> RefusalCode:
    """Read a file of one bad image."""
    (image,) = images.read(path)
    assert isinstance(image, BadImage)
    assert image.refusal.message
    assert image.refusal.remedy
    return image.refusal.code


def test_a_jpeg_is_kept_as_it_came_and_measured_at_half_size(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    simulator.write_jpeg(path, drawing(2480, 3508), Scanner(dpi=300))
    image = only(path)
    assert image.picture.data == path.read_bytes()
    assert image.picture.media_type == "image/jpeg"
    assert image.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (image.shrink, image.size_px, image.gray.shape) == (2, (2480, 3508), (1754, 1240))
    assert image.dpi == 300
    assert image.full().shape == (3508, 2480)


def test_a_rotation_in_the_metadata_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(drawing()).save(path, exif=exif)
    assert only(path).gray.shape == (2339, 1654)


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "RGBA", "P", "I;16", "LA"])
def test_a_png_of_any_kind_is_kept_as_it_came(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    gray = Image.fromarray(drawing())
    if mode == "I;16":
        Image.fromarray(drawing().astype(np.uint16) * 257).save(path)
    elif mode in ("RGBA", "LA"):
        clear = gray.convert(mode)
        clear.putalpha(gray.point(lambda v: 255 if v < 100 else 0))  # paper is transparent
        clear.save(path)
    else:
        gray.convert(mode, dither=Image.Dither.NONE).save(path)
    image = only(path)
    assert image.picture.data == path.read_bytes()
    assert image.gray[200, 300] < 60
    assert image.gray[50, 50] > 200


def test_pdf_gives_the_scanner_s_own_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    data = simulator.encode_jpeg(drawing(2480, 3508), Scanner(dpi=300))
    canvas = Canvas(str(path), pagesize=A4)
    (tmp_path / "a.jpg").write_bytes(data)
    canvas.drawImage(str(tmp_path / "a.jpg"), 0, 0, *A4)
    canvas.save()
    image = only(path)
    assert image.picture.data == data
    assert image.dpi == pytest.approx(300, abs=1)


def test_pdf_from_a_scanner_by_pillow_is_not_rendered(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    simulator.write_pdf(path, [drawing(1654, 2339)], Scanner(dpi=200))
    image = only(path)
    assert image.picture.media_type == "image/jpeg"
    assert image.size_px == (1654, 2339)


def test_g4_in_pdf_and_tiff_becomes_a_one_bit_png(tmp_path: Path) -> None:
    black = np.where(drawing() > 128, 255, 0).astype(np.uint8)
    simulator.write_pdf(tmp_path / "a.pdf", [black], Scanner(dpi=200))
    simulator.write_tiff(tmp_path / "a.tif", [black], Scanner(dpi=200))
    for name in ("a.pdf", "a.tif"):
        image = only(tmp_path / name)
        assert image.picture.media_type == "image/png"
        with Image.open(io.BytesIO(image.picture.data)) as kept:
            assert kept.mode == "1"
        assert np.array_equal(image.gray, black)


def test_gray_tiff_is_read_as_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    simulator.write_tiff(path, [drawing(), 255 - drawing()], Scanner(dpi=200))
    assert images.count(path) == 2
    first, second = images.read(path)
    assert isinstance(first, PageImage)
    assert isinstance(second, PageImage)
    assert second.gray[200, 300] > 200
    again = images.decode(first.picture)
    assert isinstance(again, PageImage)
    assert np.array_equal(again.gray, first.gray)


def test_a_drawn_page_and_one_of_several_pictures_are_rendered(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    canvas.rect(100, 600, 100, 100, fill=1)
    canvas.showPage()
    for x in (0, 300):
        canvas.drawImage(ImageReader(Image.fromarray(drawing(600, 800))), x, 0, 290, 842)
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    drawn, layered, empty = images.read(path)
    assert isinstance(drawn, PageImage)
    assert (drawn.picture.media_type, drawn.size_px) == ("image/png", (1654, 2339))
    assert drawn.gray[round((842 - 650) / 72 * 200), round(150 / 72 * 200)] < 30
    assert isinstance(layered, PageImage)
    assert (layered.picture.media_type, layered.size_px) == ("image/jpeg", (2481, 3508))
    assert isinstance(empty, PageImage)
    assert empty.gray.min() == 255


def test_a_mirrored_picture_is_rendered(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    canvas.translate(A4[0], 0)
    canvas.scale(-1, 1)
    canvas.drawImage(ImageReader(Image.fromarray(drawing())), 0, 0, *A4)
    canvas.save()
    image = only(path)
    scale = image.gray.shape[1] / 1654
    assert image.gray[round(200 * scale), round((1654 - 350) * scale)] < 60


def test_other_formats_that_pillow_reads(tmp_path: Path) -> None:
    for ending in ("bmp", "webp"):
        Image.fromarray(drawing()).save(tmp_path / f"a.{ending}")
        assert only(tmp_path / f"a.{ending}").gray[200, 300] < 60


@pytest.mark.parametrize("name", ["a.jpg", "a.pdf", "a.tif", "a.png"])
def test_a_text_file_is_no_image(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Hej, detta är ingen bild.\n" * 100, encoding="utf-8")
    assert refusal(path) is RefusalCode.NOT_AN_IMAGE
    assert images.count(path) == 1


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"")
    assert refusal(path) is RefusalCode.DAMAGED_FILE
    assert images.count(path) is None


@pytest.mark.parametrize("share", [0.15, 0.5, 0.95])
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "pdf"])
def test_a_truncated_file(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"a.{ending}"
    rng = np.random.default_rng(1)
    noisy = rng.integers(0, 255, (900, 700), np.uint8)
    write = {"jpg": simulator.write_jpeg, "png": simulator.write_png}.get(ending)
    if write is not None:
        write(path, noisy, Scanner())
    else:
        {"tif": simulator.write_tiff, "pdf": simulator.write_pdf}[ending](path, [noisy], Scanner())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert refusal(path) is RefusalCode.DAMAGED_FILE


def test_a_cut_jpeg_is_kept_for_people_to_look_at(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    simulator.write_jpeg(path, drawing(), Scanner())
    path.write_bytes(path.read_bytes()[:-500])
    (image,) = images.read(path)
    assert isinstance(image, BadImage)
    assert image.picture is not None
    assert image.picture.data == path.read_bytes()


def huge_png(side: int) -> bytes:
    """Return a PNG that says it is huge and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )


def huge_jpeg(side: int) -> bytes:
    """Return a JPEG whose header says it is huge."""
    data = bytearray(simulator.encode_jpeg(drawing(64, 64), Scanner()))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def test_a_huge_image_is_refused_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(huge_png(30_000))
    (tmp_path / "a.jpg").write_bytes(huge_jpeg(30_000))
    Image.new("1", (30_000, 30_000)).save(tmp_path / "a.tif", compression="group4")
    for name in ("a.png", "a.jpg", "a.tif"):
        assert refusal(tmp_path / name) is RefusalCode.TOO_LARGE


def test_a_huge_image_in_a_pdf_and_a_huge_page(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(huge_jpeg(30_000))
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    canvas.drawImage(str(tmp_path / "a.jpg"), 0, 0, *A4)
    canvas.showPage()
    canvas.setPageSize((14_000, 14_000))
    canvas.rect(0, 0, 100, 100)
    canvas.save()
    scan, page = images.read(tmp_path / "a.pdf")
    assert isinstance(scan, BadImage)
    assert scan.refusal.code is RefusalCode.TOO_LARGE
    assert isinstance(page, PageImage)
    assert page.size_px[0] * page.size_px[1] <= images.MAX_PIXELS


def test_a_locked_pdf(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("hemligt", canPrint=0))
    canvas.drawString(100, 100, "x")
    canvas.save()
    assert refusal(path) is RefusalCode.LOCKED_PDF


def test_a_pdf_without_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pypdfium2.PdfDocument.new() as document:
        document.save(path)
    assert refusal(path) is RefusalCode.DAMAGED_FILE


def many_pages(path: Path, count: int) -> None:
    """Write a PDF with many blank pages."""
    with pypdfium2.PdfDocument.new() as document:
        for _ in range(count):
            document.new_page(595, 842).close()
        document.save(path)


def test_three_thousand_pages_are_counted_and_any_of_them_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    many_pages(path, 3000)
    assert images.count(path) == 3000
    with Pile(path) as pile:
        assert isinstance(pile.image(3000), PageImage)


def test_more_pages_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    many_pages(path, images.MAX_IMAGES + 1)
    assert refusal(path) is RefusalCode.TOO_LARGE


def test_frames_of_a_tiff_are_counted_no_further_than_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Millions of them fit into a file that may be uploaded, and looking for each takes a while."""
    monkeypatch.setattr(images, "MAX_IMAGES", 3)
    looked_for: list[int] = []
    seek = TiffImagePlugin.TiffImageFile.seek
    monkeypatch.setattr(
        TiffImagePlugin.TiffImageFile, "seek", lambda self, index: (looked_for.append(index), seek(self, index))[1]
    )
    for count, total in ((1, 1), (3, 3), (9, 1)):
        path = tmp_path / f"{count}.tif"
        simulator.write_tiff(path, [drawing(600, 800)] * count, Scanner())
        with Pile(path) as pile:
            assert pile.total == total
            assert (pile.refusal is not None) == (count == 9)
    assert max(looked_for) == 3


def test_a_damaged_page_leaves_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    simulator.write_tiff(path, [drawing(600, 800)] * 3, Scanner())
    with Image.open(path) as tiff:
        tiff.seek(1)
        offset, length = tiff.tag_v2[273][0], tiff.tag_v2[279][0]  # type: ignore[attr-defined]
    data = bytearray(path.read_bytes())
    data[offset : offset + length] = b"\xff" * length
    path.write_bytes(data)
    first, second, third = images.read(path)
    assert isinstance(first, PageImage)
    assert isinstance(second, BadImage)
    assert second.refusal.code is RefusalCode.DAMAGED_FILE
    assert isinstance(third, PageImage)


def test_what_can_not_be_opened_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.pdf", "no-file"), (tmp_path, "not-a-file")):
        with pytest.raises(OmrError) as caught:
            images.count(path)
        assert caught.value.code == code
        assert caught.value.remedy
