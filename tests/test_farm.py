"""The scanner farm: true to what it says, the same every time; its truth, tally and report."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
import simulator_accuracy
import simulator_farm
import simulator_formats as formats
from PIL import Image, ImageOps
from simulator_contact import pictures, stored_picture
from simulator_ink import NIBS, Surface
from simulator_left import as_left
from simulator_machines import Scanned, Scanner, affine, is_whole, scanned
from simulator_paper import PX, SERIALS, STRANGERS, blank, boxes, page_px, paper
from simulator_people import HABITS, Person, Ways, write
from simulator_phone import ORIENTATION, Snap, photographed
from simulator_profiles import PROFILES
from simulator_report import Row, report
from simulator_tally import Tally, compare, upper_bound, verdict
from simulator_truth import BoxTruth, PageTruth, StrayTruth, Written

from forms.answers import Given, Mark, judge

CROSS, FILL, EMPTY = Mark.CROSSED, Mark.FILLED, Mark.EMPTY


@pytest.mark.parametrize("name", ["bilevel-300", "coffee", "phone", "pile"])
def test_the_same_profile_and_number_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    one, two, other = (
        simulator_farm.shard(name, number, tmp_path / folder, sample=2)
        for number, folder in ((3, "a"), (3, "b"), (4, "c"))
    )
    assert one.pages == two.pages
    assert [f.read_bytes() for f in one.files] == [f.read_bytes() for f in two.files]
    assert one.files[0].read_bytes() != other.files[0].read_bytes()


def test_a_sample_holds_the_pages_of_the_whole_shard(tmp_path: Path) -> None:
    whole = simulator_farm.shard("gray-150", 0, tmp_path)
    few = simulator_farm.shard("gray-150", 0, tmp_path, sample=3)
    assert len(few.pages) == 3
    written = {(p.serial, p.page): p.written for p in whole.pages}
    assert all(written[p.serial, p.page] == p.written for p in few.pages)


KINDS = """gray-300 gray-200 colour-300 colour-200 bilevel-300 gray-150 bilevel-150 jbig2 skew-5 turned stretch
print-scale photocopy photocopy-bilevel folds waves coffee shade corner stapled pile compact-pdf phone phone-shadow
phone-tilted phone-curl pencil felt red-gray red-colour trembling displaced outside"""
"""Profiles of the kinds of scan that must work, in the order in which the design names them."""


def test_every_kind_of_scan_that_must_work_has_a_profile() -> None:
    assert PROFILES.keys() >= set(KINDS.split())
    assert all(name == profile.name and profile.tells for name, profile in PROFILES.items())
    assert {p.delivery for p in PROFILES.values()} == {
        "pdf", "pdf-g4", "pdf-jbig2", "pdf-compact", "tiff", "jpg", "png"
    }  # fmt: skip


def test_a_page_says_what_was_done_to_each_box() -> None:
    rng = np.random.default_rng(5)
    image = blank("dense", 2, SERIALS[1])
    clean = image.copy()
    surface = Surface(image, boxes("dense", 2))
    ways = Ways(corrects=0.5, gapped=0, strikes=0, circles=0, underlines=0, notes=0)
    written = write(surface, "dense", 2, Person(NIBS["gel black"], HABITS["neat"], ways), rng)
    assert [(b.question, b.option) for b in written.boxes] == [(b.question, b.option) for b in boxes("dense", 2)]
    states = Counter(b.state for b in written.boxes)
    assert min(states[CROSS], states[FILL]) >= 5
    for box, field in zip(written.boxes, boxes("dense", 2), strict=True):
        left, top, side = (round(v * PX) for v in (field.x + 0.4, field.y + 0.4, field.w - 0.8))
        inside = np.s_[top : top + side, left : left + side]
        dark = float(np.mean((image[inside] < 120) & (clean[inside] > 200)))
        low, high = {EMPTY: (0, 0.03), CROSS: (0.03, 0.8), FILL: (0.9, 1)}[box.state]
        assert low <= dark <= high or box.doubtful, (box, dark)


def test_doubt_is_labelled_by_how_a_mark_was_made() -> None:
    rng = np.random.default_rng(6)
    surface = Surface(blank("dense", 2, SERIALS[0]), boxes("dense", 2))
    ways = Ways(styles=(0, 0, 0, 0, 0, 1), corrects=0.9, gapped=1, rests=1)
    written = write(surface, "dense", 2, Person(NIBS["fine pencil"], HABITS["neat"], ways), rng)
    kinds = {b.how.split(" over ")[0] for b in written.boxes if b.doubtful}
    assert {"dot", "gapped fill", "pen rested"} <= kinds
    assert all(b.doubtful for b in written.boxes if b.how in ("dot", "pen rested") or b.how.startswith("gapped"))


def test_marks_of_which_a_threshold_leaves_nothing_are_in_doubt_and_with_them_the_page_s_bare_boxes() -> None:
    image = blank("dense", 2, SERIALS[2])
    surface = Surface(image, boxes("dense", 2))
    ways = Ways(corrects=0.3, gapped=0, rests=0)
    written = write(surface, "dense", 2, Person(NIBS["gel black"], HABITS["neat"], ways), np.random.default_rng(8))
    truth = PageTruth("", 0, "dense", paper("dense").layout.id, 2, SERIALS[2], written)
    to_px = np.diag([PX, PX, 1.0])
    kept = Scanned(np.where(image < 128, 0, 255).astype(np.uint8), to_px)
    assert as_left(truth, kept) == truth
    lost = as_left(truth, Scanned(np.where(blank("dense", 2, SERIALS[2]) < 128, 0, 255).astype(np.uint8), to_px))
    assert all(b.doubtful for b in lost.written.boxes)
    assert [b.state for b in lost.written.boxes] == [b.state for b in written.boxes]
    # A threshold that makes all of a box black leaves a cross that looks like a fill.
    black = as_left(truth, Scanned(np.zeros_like(kept.image), to_px))
    assert {b.doubtful for b in black.written.boxes if b.state is CROSS} == {True}
    assert {b.doubtful for b in black.written.boxes if b.state is FILL} == {False}


def test_ink_beside_the_boxes_is_told() -> None:
    rng = np.random.default_rng(7)
    surface = Surface(blank("sip", 2, SERIALS[0]), boxes("sip", 2))
    ways = Ways(strikes=0.5, circles=0.5, underlines=0.5, notes=3, writes=1)
    written = write(surface, "sip", 2, Person(NIBS["gel blue"], HABITS["ordinary"], ways), rng)
    assert {"struck out", "circled", "underlined"} <= {s.how for s in written.stray}
    assert written.texts
    assert all(written.texts.values())


def test_a_pile_holds_enough_marks_and_little_doubt(tmp_path: Path) -> None:
    pages = simulator_farm.shard("gray-200", 1, tmp_path).pages
    every = [box for page in pages for box in page.written.boxes]
    assert len(every) / len(pages) > 75
    assert sum(b.state is not EMPTY for b in every) > 0.2 * len(every)
    assert 0 < sum(b.doubtful for b in every) < 0.05 * len(every)


def outline_darkness(picture: Scanned, name: str, page: int) -> float:
    """Return how many of the printed outlines' middles are dark where the matrix says they are."""
    fields = boxes(name, page)
    middles = [(b.x + 0.15, b.y + b.h / 2, 1) for b in fields] + [(b.x + b.w / 2, b.y + 0.15, 1) for b in fields]
    at = picture.matrix @ np.array(middles).T
    columns, rows = np.round(at[:2] / at[2]).astype(int)
    gray = picture.image if picture.image.ndim == 2 else picture.image.min(2)
    return float(np.mean(gray[rows, columns] < gray.max() * 0.75))


@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(dpi=200, skew_deg=3, turns=1, stretch_y=1.015),
        Scanner(dpi=150, turns=2, overscan=True, skew_deg=-5),
        Scanner(dpi=300, mode="bilevel", turns=3, x=1.5),
    ],
)
def test_scanners_say_where_everything_came_to_lie(scanner: Scanner) -> None:
    rng = np.random.default_rng(1)
    picture = scanned(blank("dense", 2, SERIALS[0]), affine(scale=(0.96, 0.96)), scanner, rng)
    assert outline_darkness(picture, "dense", 2) > 0.97
    assert is_whole("dense", 2, picture)
    assert not is_whole("dense", 2, replace(picture, image=picture.image[: picture.image.shape[0] // 2]))
    assert set(np.unique(picture.image)) == {0, 255} or scanner.mode != "bilevel"


def test_phones_say_where_everything_came_to_lie() -> None:
    page = cv2.cvtColor(blank("dense", 2, SERIALS[0]), cv2.COLOR_GRAY2BGR)
    for seed in range(2):
        picture, _, usable = photographed(Snap())(page, affine(), np.random.default_rng(seed))
        assert picture.image.shape == (3000, 4000, 3)
        assert usable
        assert is_whole("dense", 2, picture)
        assert outline_darkness(picture, "dense", 2) > 0.97


def test_a_photo_stands_upright_by_its_orientation(tmp_path: Path) -> None:
    upright = np.zeros((40, 30, 3), np.uint8)
    upright[:10, :10] = 255
    for turns, orientation in ORIENTATION.items():
        path = tmp_path / f"{turns}.jpg"
        formats.write_photo(path, np.ascontiguousarray(np.rot90(upright, -turns)), 95, orientation)
        with Image.open(path) as stored:
            shown = np.array(ImageOps.exif_transpose(stored).convert("L"))
        assert shown.shape == (40, 30)
        assert shown[:8, :8].min() > 200


def test_files_hold_the_pictures_that_were_put_in(tmp_path: Path) -> None:
    page = blank("dense", 2, SERIALS[0])
    bilevel = np.where(page > 128, 255, 0).astype(np.uint8)
    path = tmp_path / "pile.pdf"
    layers = [formats.g4_layer(bilevel), formats.jbig2_layer(bilevel), formats.jpeg_layer(page, 90)]
    formats.write_pdf(path, [([layer], 300) for layer in layers])
    with pypdfium2.PdfDocument(path) as document:
        for number in (0, 1):
            (stored,) = document[number].get_objects()
            assert isinstance(stored, pypdfium2.PdfImage)
            assert np.array_equal(np.array(stored.get_bitmap().to_pil().convert("L")), bilevel)
    assert np.abs(stored_picture(path, 3)[:, :, 0].astype(int) - page).mean() < 2
    for data in (b"/CCITTFaxDecode", b"/JBIG2Decode", b"/DCTDecode"):
        assert path.read_bytes().count(data) == 1
    formats.write_tiff(tmp_path / "fax.tiff", [bilevel, bilevel[:1000]], 200)
    first, second = pictures(tmp_path / "fax.tiff")
    assert np.array_equal(first[:, :, 0], bilevel)
    assert second.shape[0] == 1000
    formats.write_png(tmp_path / "one.png", page)
    assert np.array_equal(stored_picture(tmp_path / "one.png", 1)[:, :, 0], page)


def test_a_compact_pdf_is_layered_and_looks_like_the_page(tmp_path: Path) -> None:
    page = cv2.cvtColor(blank("dense", 2, SERIALS[0]), cv2.COLOR_GRAY2BGR)
    page[500:540, 300:900] = (200, 60, 20)
    layers = formats.compact_layers(page, 300, 40)
    assert [layer.paint.split()[-1:] for layer in layers] == [[], ["g"], ["rg"]]
    path = tmp_path / "compact.pdf"
    formats.write_pdf(path, [(layers, 300)])
    assert path.stat().st_size < 80_000
    with pypdfium2.PdfDocument(path) as document:
        assert sum(isinstance(o, pypdfium2.PdfImage) for o in document[0].get_objects()) == 3
    assert np.abs(stored_picture(path, 1).astype(int) - page).mean() < 6
    gray = blank("dense", 2, SERIALS[0])
    formats.write_pdf(path, [(formats.compact_layers(gray, 300, 40), 300)])
    assert path.read_bytes().count(b"/ImageMask true /BitsPerComponent 1 /Filter /JBIG2Decode") == 1
    assert np.abs(stored_picture(path, 1)[:, :, 0].astype(int) - gray).mean() < 6


def test_blank_pages_differ_only_in_code_and_number() -> None:
    one, two = (blank("dense", 2, serial) for serial in SERIALS[:2])
    assert one.shape == page_px(paper("dense").layout)[::-1]
    rows = np.flatnonzero((one != two).any(1))
    assert len(rows)
    assert rows.max() < 37 * PX


def _read(page: PageTruth, /, **changed: object) -> dict[str, object]:
    """Return the reading of a reader that sees all."""
    written = page.written
    return {
        "status": "read",
        "layout": page.layout,
        "page": page.page,
        "serial": page.serial,
        "marks": [
            {"question": b.question, "option": b.option, "state": str(b.state), "p": {}, "box_px": []}
            for b in written.boxes
        ],
        "texts": [{"question": q, "option": o, "ink": ink} for (q, o), ink in (written.texts or {}).items()],
        "stray_ink": [{"question": s.question, "option": s.option} for s in written.stray],
    } | changed


def _truth(*states: Mark, stray: tuple[StrayTruth, ...] = (), doubtful: bool = False) -> PageTruth:
    made = tuple(BoxTruth("q1", option, state, doubtful) for option, state in zip("abcd", states, strict=True))
    written = Written(made, {("words", None): True}, stray)
    return PageTruth("p.pdf", 1, "mixed", "l", 1, "S", written)


def test_a_tally_counts_what_was_read_otherwise() -> None:
    page = _truth(EMPTY, CROSS, FILL, EMPTY)
    perfect = compare([page], {("p.pdf", 1): [_read(page)]})
    assert (perfect.total, perfect.made, perfect.silent, perfect.questions["right"]) == (4, 2, 0, 1)
    wrong = _read(_truth(CROSS, EMPTY, FILL, EMPTY))
    tally = compare([page], {("p.pdf", 1): [wrong]})
    assert (tally.silent, tally.questions["wrong"], len(tally.misread)) == (2, 1, 2)
    unsure = _read(_truth(EMPTY, Mark.UNCERTAIN, FILL, EMPTY))
    tally = compare([page], {("p.pdf", 1): [unsure]})
    assert (tally.silent, tally.uncertain, tally.questions["asked a person"]) == (0, 1, 1)
    doubtful = _truth(EMPTY, CROSS, FILL, EMPTY, doubtful=True)
    tally = compare([doubtful], {("p.pdf", 1): [wrong]})
    assert (tally.silent, tally.silent_doubtful, tally.questions["in doubt"]) == (0, 2, 1)
    bare = compare([page], {("p.pdf", 1): [_read(page, texts=[])]})
    assert bare.texts == {"written > none": 1}
    again = Tally.from_json(json.loads(json.dumps(tally.to_json())))
    again.add(perfect)
    assert again.total == 8


def test_a_tally_counts_what_must_never_be() -> None:
    page = _truth(EMPTY, CROSS, FILL, EMPTY)
    assert compare([page], {}).faults == {"no outcome": 1}
    assert compare([page], {("p.pdf", 1): [_read(page, page=2)]}).faults == {"wrong identity": 1}
    assert compare([page], {("p.pdf", 1): [_read(page, serial="X")]}).marks == {}
    refused = {("p.pdf", 1): [{"status": "refused", "code": "no-markers"}]}
    tally = compare([page], refused)
    assert (tally.pages["refused usable"], tally.refused) == (1, {"no-markers": 1})
    assert compare([replace(page, usable=False)], refused).refused == {}
    letter = replace(page, refused=frozenset({"blank-page"}))
    assert compare([letter], refused).faults == {"wrong code": 1}
    assert compare([letter], {("p.pdf", 1): [_read(page)]}).faults == {"read though to be refused": 1}


@pytest.mark.parametrize(
    ("true", "read", "expected"),
    [
        (({"a": CROSS}, ()), ({"a": CROSS}, ()), "right"),
        (({"a": CROSS}, ()), ({"b": CROSS}, ()), "wrong"),
        (({"a": CROSS}, ()), ({}, ()), "wrong"),
        (({"a": CROSS}, ()), ({"a": Mark.UNCERTAIN}, ()), "asked a person"),
        (({"a": CROSS}, ("b",)), ({"a": CROSS}, ()), "unasked"),
        (({"a": CROSS, "b": CROSS}, ()), ({"a": CROSS}, ()), "unasked"),
        (({"a": FILL}, ()), ({}, ()), "unasked"),
        (({}, ()), ({}, ()), "right"),
        (({"a": FILL, "b": CROSS}, ()), ({"a": CROSS, "b": FILL}, ()), "wrong"),
    ],
)
def test_what_enters_the_dataset_is_judged_by_section_5(
    true: tuple[dict[str, Mark], tuple[str, ...]], read: tuple[dict[str, Mark], tuple[str, ...]], expected: str
) -> None:
    question = paper("mixed").instrument.by_id["q1"]
    answers = [judge(question, Given(marks, {}, frozenset(stray))) for marks, stray in (true, read)]
    assert verdict(*answers) == expected


def test_nothing_is_claimed_beyond_the_sample() -> None:
    assert upper_bound(0, 1000) == pytest.approx(3 / 1000, rel=0.01)
    assert upper_bound(1, 1000) == pytest.approx(4.744 / 1000, rel=0.01)
    assert upper_bound(0, 0) == 1


def test_a_stopped_count_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []

    def counted(profile: str, number: int, _crops: Path) -> tuple[Tally, dict[str, float]]:
        done.append((profile, number))
        page = _truth(EMPTY, CROSS, FILL, EMPTY)
        return compare([page], {("p.pdf", 1): [_read(page)]}), {"making_s": 0.1, "reading_s": 0.05}

    monkeypatch.setattr(simulator_accuracy, "count", counted)
    given = ["accuracy", "--out", str(tmp_path), "--profile", "gray-300", "--profile", "phone", "--shards"]
    for shards in ("1", "2"):
        monkeypatch.setattr(sys, "argv", [*given, shards])
        simulator_accuracy.main()
    assert done == [("gray-300", 0), ("phone", 0), ("gray-300", 1), ("phone", 1)]
    assert "| gray-300 | 2 | 8 | 4 | 0 |" in capsys.readouterr().out
    for path in (tmp_path / "shards").glob("phone*"):
        path.write_text(path.read_text().replace(simulator_accuracy.fingerprint(), "another"))
    simulator_accuracy.main()
    assert done[4:] == [("phone", 0), ("phone", 1)]


def test_a_report_names_what_went_wrong() -> None:
    page = _truth(EMPTY, CROSS, FILL, EMPTY)
    read = _read(_truth(CROSS, CROSS, FILL, EMPTY))
    row = Row("gray-300", "a scanner", compare([page, page], {("p.pdf", 1): [read]}), 1)
    told = report([row], "command", "print")
    assert "2 × nothing (empty) read as crossed" in told
    assert told.count("| all |") == 1


def test_papers_that_do_not_belong_are_not_given_to_the_reader() -> None:
    known = simulator_accuracy.layouts()
    assert not {paper(name).layout.id for name in STRANGERS} & set(known)
