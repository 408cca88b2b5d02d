"""Pictures of what was found: drawn when asked for, never of a sheet whose picture may not be kept."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import simulator
import simulator_sheets
from click.testing import CliRunner
from simulator import Action, Cross, Hand, Pen, Scanner, Strike, Style, Write

from forms.layout import FieldKind, dump
from omr import images, overlay
from omr.images import PageImage, Picture
from omr.markers import find_markers
from omr.reader import read_page
from omr.readings import PageReading, Refusal, RefusalCode
from webapp import commands_scans

DATA, LAYOUT = simulator_sheets.sheets()
SCANNER = Scanner(dpi=200, skew_deg=1)


def pictures(pages: int = 2) -> list[bytes]:
    actions: list[Action] = [Cross("q1", "a"), Cross("q2", "b", Style.FILL), Strike("q3", "c"), Write("words")]
    hand = Hand(Pen(0.5, 0.9), off=0.1)
    scans = simulator.images_of(DATA, LAYOUT, [actions], seed=1, hand=hand, scanner=SCANNER)
    return [simulator.encode_jpeg(pixels, SCANNER) for pixels in scans[:pages]]


def decoded() -> PageImage:
    image = images.decode(Picture(pictures(1)[0], "image/jpeg"))
    assert isinstance(image, PageImage)
    return image


def test_marks_are_drawn_where_they_were_read() -> None:
    image = decoded()
    reading = read_page(image, {LAYOUT.id: LAYOUT})
    assert isinstance(reading, PageReading)
    drawn = overlay.draw(image.picture, reading, LAYOUT)
    assert drawn is not None
    pixels = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape[:2] == image.size_px[::-1]
    for mark in reading.marks:
        colour = np.array(overlay.FOUND[mark.state][0], float)
        corners = np.array(mark.box_px)
        middle = ((corners[0] + corners[1]) / 2).astype(int)
        around = pixels[middle[1] - 2 : middle[1] + 3, middle[0] - 2 : middle[0] + 3].reshape(-1, 3)
        assert np.abs(around - colour).sum(1).min() < 120, mark


def test_where_boxes_were_expected_is_drawn_where_two_markers_are_left_as_well() -> None:
    found = find_markers(decoded().gray)
    for used in (found, found[:2]):
        places = overlay._expected(used, LAYOUT, 1)
        assert len(places) == len(LAYOUT.on_page(1, FieldKind.BOX))
    assert overlay._expected(found[:1], LAYOUT, 1) == []


def test_a_refused_page_is_drawn_with_its_code_and_a_damaged_one_not() -> None:
    picture = Picture(pictures(1)[0], "image/jpeg")
    drawn = overlay.draw(picture, Refusal(RefusalCode.NO_PAGE_CODE), None)
    assert drawn is not None
    pixels = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert (np.abs(pixels[:120].astype(int) - overlay.STRAY).sum(2) < 90).any()
    assert overlay.draw(Picture(b"nothing", "image/jpeg"), Refusal(RefusalCode.NOT_AN_IMAGE), None) is None


def test_the_command_draws_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for number, data in enumerate(pictures()):
        files.append(tmp_path / f"page{number}.jpg")
        files[-1].write_bytes(data)
    (tmp_path / "layout.json").write_text(dump(LAYOUT), encoding="utf-8")
    command = [*map(str, files), "--layout", str(tmp_path / "layout.json"), "--jobs", "1"]
    shown = CliRunner().invoke(commands_scans.read, [*command, "--overlay", str(tmp_path / "shown")])
    assert [p.name for p in sorted((tmp_path / "shown").iterdir())] == ["001-page0-0001.jpg", "002-page1-0001.jpg"]
    monkeypatch.setattr(commands_scans, "draw", None)  # would fail if it were called
    plain = CliRunner().invoke(commands_scans.read, command)
    assert plain.stdout == shown.stdout
    assert [json.loads(line)["status"] for line in plain.stdout.splitlines()] == ["read", "read"]


def test_a_sign_up_sheet_is_not_drawn(tmp_path: Path) -> None:
    pixels = np.full((2339, 1654), 240, np.uint8)
    family = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
    pixels[2150:2214, 100:164] = cv2.aruco.generateImageMarker(family, 131, 64)
    (tmp_path / "sheet.jpg").write_bytes(simulator.encode_jpeg(pixels, SCANNER))
    (tmp_path / "layout.json").write_text(dump(LAYOUT), encoding="utf-8")
    command = [str(tmp_path / "sheet.jpg"), "--layout", str(tmp_path / "layout.json"), "--jobs", "1"]
    result = CliRunner().invoke(commands_scans.read, [*command, "--overlay", str(tmp_path / "shown")])
    assert json.loads(result.stdout)["code"] == "sign-up-sheet"
    assert list((tmp_path / "shown").iterdir()) == []
