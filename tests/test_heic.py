"""Phone photos in HEIC: read like the same photo in JPEG, upright; refused with a remedy where they can't be read."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pillow_heif
import pytest
import simulator_accuracy
import simulator_farm
from PIL import Image, ImageOps
from test_bad_pictures import WORKER_MB, read

from omr import images
from omr.batch import read_files
from omr.heic import MISSING
from omr.images import BadImage, PageImage
from omr.readings import PageReading, RefusalCode

EXIF_ORIENTATION = 0x0112


def heic(path: Path, image: Image.Image, orientation: int = 1) -> None:
    """Write a photo as a phone does: the sensor's pixels, and beside them how they are to be turned."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    photo = pillow_heif.from_bytes(mode=image.mode, size=image.size, data=image.tobytes())
    photo[0].info["exif"] = exif.tobytes()
    photo.save(path, quality=80, enc_params={"preset": "ultrafast"})


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a filled-in page, from the scanner farm."""
    shard = simulator_farm.shard("phone", 0, tmp_path_factory.mktemp("photo"), sample=1)
    return shard.files[0]


def only(path: Path) -> PageReading:
    (result,) = read_files([path], simulator_accuracy.layouts())
    assert isinstance(result.outcome, PageReading), result.outcome
    assert result.picture is not None
    assert result.picture.media_type == "image/jpeg"
    return result.outcome


HELD_DEG = {1: 0, 3: 180, 6: 90, 8: 270}
"""By how much a viewer turns a picture, clockwise."""

# How a phone may be held, and a front camera that mirrors: what undoes it, by the number in the file.
TURNED = {6: Image.Transpose.ROTATE_90, 5: Image.Transpose.TRANSPOSE}


@pytest.mark.parametrize("orientation", TURNED)
def test_a_photo_is_read_as_in_jpeg_however_the_phone_stored_it(photo: Path, tmp_path: Path, orientation: int) -> None:
    with Image.open(photo) as opened:
        upright = ImageOps.exif_transpose(opened)
    heic(tmp_path / "a.heic", upright.transpose(TURNED[orientation]), orientation)
    assert (b"imir" in (tmp_path / "a.heic").read_bytes()) == (orientation == 5)
    read_as_jpeg, found = only(photo), only(tmp_path / "a.heic")
    assert (found.serial, found.page) == (read_as_jpeg.serial, read_as_jpeg.page)
    assert {(m.question, m.option): m.state for m in found.marks if m.state != "uncertain"}.items() <= {
        (m.question, m.option): m.state for m in read_as_jpeg.marks
    }.items()
    assert sum(m.state == "uncertain" for m in found.marks) <= 2
    # The JPEG is kept as the sensor stored it, the HEIC as the phone held it.
    with Image.open(photo) as opened:
        held = HELD_DEG[opened.getexif().get(EXIF_ORIENTATION, 1)]
    turned = (found.quality.rotation_deg - read_as_jpeg.quality.rotation_deg - held) % 360
    assert min(turned, 360 - turned) < 1


def test_where_the_extra_is_missing_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heic(tmp_path / "a.heic", Image.new("L", (600, 800), 200))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (bad,) = images.read(tmp_path / "a.heic")
    assert isinstance(bad, BadImage)
    assert bad.refusal.code is RefusalCode.NOT_AN_IMAGE
    assert MISSING in bad.refusal.message
    assert "most compatible format" in bad.refusal.remedy


def test_a_gray_photo_stays_gray(tmp_path: Path) -> None:
    heic(tmp_path / "a.HEIC", Image.new("L", (600, 800), 200))
    (image,) = images.read(tmp_path / "a.HEIC")
    assert isinstance(image, PageImage)
    assert image.size_px == (600, 800)


def test_a_photo_of_24_megapixels_is_read_in_little_memory(tmp_path: Path) -> None:
    heic(tmp_path / "a.heic", Image.effect_noise((357, 268), 60).resize((5712, 4284)).convert("RGB"))
    codes, memory_mb = read(tmp_path / "a.heic")
    assert codes == ["no-markers"]
    assert memory_mb <= WORKER_MB


@pytest.mark.parametrize("side", [9_000, 30_000, 60_000, 0x7FFFFFFF])
def test_a_photo_that_claims_to_be_huge_is_refused(tmp_path: Path, side: int) -> None:
    path = tmp_path / "a.heic"
    heic(path, Image.new("L", (600, 800), 200))
    data = bytearray(path.read_bytes())
    at = data.index(b"ispe") + 8
    assert struct.unpack_from(">II", data, at) == (600, 800)
    struct.pack_into(">II", data, at, side, side)
    path.write_bytes(data)
    codes, memory_mb = read(path)
    assert codes in (["too-large"], ["damaged-file"])
    assert memory_mb <= WORKER_MB


@pytest.mark.parametrize("keep", [12, 40, 400, 0.5, 0.99])
def test_a_photo_that_breaks_off_is_refused(tmp_path: Path, photo: Path, keep: float) -> None:
    with Image.open(photo) as opened:
        heic(tmp_path / "a.heic", opened.reduce(4))
    data = (tmp_path / "a.heic").read_bytes()
    (tmp_path / "a.heic").write_bytes(data[: int(keep if keep > 1 else keep * len(data))])
    (bad,) = images.read(tmp_path / "a.heic")
    assert isinstance(bad, BadImage)
    assert bad.refusal.code is RefusalCode.DAMAGED_FILE
