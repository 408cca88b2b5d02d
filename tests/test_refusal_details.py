"""What in particular was wrong with a refused page: told at the desk in its own language, with what helps then."""

from __future__ import annotations

import ast
import importlib
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner
from dataset_helpers import a_survey, an_instance
from flask import Flask
from flask.testing import FlaskClient
from web_helpers import add_user, make_app, make_instance, sign_in
from web_paper import SCANNER, scanned

from omr.batch import STOPPED
from omr.heic import MISSING
from omr.identify import _unclear
from omr.images import Picture
from omr.reader import NOT_BORNE_OUT, NOT_FLAT
from omr.readings import Refusal, RefusalCode
from webapp import looks
from webapp.cli import main
from webapp.dataset.accounts import Role
from webapp.dataset.details import PARTICULARS
from webapp.dataset.instance import DATASET, Instance
from webapp.dataset.intake import Handled, Place, RefusedPage, refused_page
from webapp.language import use_language
from webapp.views.words import REFUSALS, refusal_words

OMR = Path(__file__).parents[1] / "omr"
PASSED_ON = {"detail", "str(reading.get('detail', ''))"}
"""What stands for a detail where a refusal only hands on what was said elsewhere."""

Said = tuple[RefusalCode, str]


def sentences(node: ast.expr, inside: dict[str, list[ast.expr]], module: str) -> Iterator[str]:
    """Yield every sentence that an expression can be, with 1 for each value in it."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "1" for p in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from sentences(one, inside, module)
            yield from sentences(other, inside, module)
        case ast.Name(id=name) if name in inside:
            for value in inside[name]:
                yield from sentences(value, inside, module)
        case ast.Name(id=name) if name.isupper():
            yield str(getattr(importlib.import_module(module), name))
        case _:
            assert ast.unparse(node) in PASSED_ON, f"{module} says a detail that nobody can find: {ast.unparse(node)}"


def said_by_reader() -> Iterator[Said]:
    """Yield code and detail of every refusal that the reader can make."""
    for file in sorted(OMR.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            inside = defaultdict(list)
            for n in ast.walk(function):
                if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
                    inside[n.targets[0].id].append(n.value)
            for node in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                if isinstance(node.func, ast.Name) and node.func.id in {"Refusal", "Unreadable"}:
                    given = node.args[1:2] + [k.value for k in node.keywords if k.arg == "detail"]
                    codes = re.findall(r"RefusalCode\.(\w+)", ast.unparse(node.args[0]))
                    for detail in (s for one in given for s in sentences(one, inside, f"omr.{file.stem}") if s):
                        yield from ((RefusalCode[code], detail) for code in codes)


SAID = sorted(set(said_by_reader()))


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("webapp")
    looks.prepare(made)
    return made


def told(app: Flask, language: str, code: RefusalCode, detail: str) -> tuple[str, str]:
    page = RefusedPage("1", "2", "pile.pdf", 1, code.value, "", "", True, Handled.WAITS, detail=detail)
    with app.test_request_context("/"):
        use_language(language)
        return refusal_words(page)


def test_every_detail_is_found() -> None:
    found = {detail for _, detail in SAID}
    assert {NOT_FLAT, NOT_BORNE_OUT, MISSING, STOPPED, "It has 1 dpi.", "1 of 4 were found."} <= found
    assert "The code says page 1, the corner marks say page 1." in found
    unused = [p.pattern for p in PARTICULARS if not any(re.fullmatch(p.pattern, d) for d in found)]
    assert unused == []


@pytest.mark.parametrize(("code", "detail"), SAID)
def test_every_detail_is_told_in_both_languages(app: Flask, code: RefusalCode, detail: str) -> None:
    swedish, english = told(app, "sv", code, detail), told(app, "en", code, detail)
    general = told(app, "sv", code, "")
    assert detail not in swedish[0]
    assert swedish[0] != general[0]
    assert len({*swedish, *english}) == 4
    assert all(words.endswith(".") and "%(" not in words for words in (*swedish, *english))
    assert english[0] != told(app, "en", code, "")[0]


def test_no_detail_can_name_a_sheet() -> None:
    filled = {name for p in PARTICULARS for name in re.compile(p.pattern).groupindex}
    assert filled == {"code", "marks", "count", "layout", "page", "width", "height", "dpi", "seconds", "pages", "size"}


def test_the_remedy_fits_what_was_wrong(app: Flask) -> None:
    remedies = {
        detail: told(app, "sv", code, detail)[1]
        for code, detail in SAID
        if code is RefusalCode.NO_PAGE_CODE or detail in {NOT_FLAT, STOPPED, MISSING}
    }
    with app.test_request_context("/"):
        use_language("sv")
        general = {words()[1] for words in REFUSALS.values()}
    assert not general & set(remedies.values())
    assert "rakt uppifrån" in remedies[NOT_FLAT]


def test_numbers_are_written_as_the_language_does(app: Flask) -> None:
    detail = "It has 12,000 × 9,000 pixels."
    assert "12 000 × 9 000" in told(app, "sv", RefusalCode.TOO_LARGE, detail)[0].replace("\N{NO-BREAK SPACE}", " ")
    assert "12,000 × 9,000" in told(app, "en", RefusalCode.TOO_LARGE, detail)[0]


def test_what_a_later_reader_says_is_told_as_it_is(app: Flask) -> None:
    assert told(app, "sv", RefusalCode.NO_PAGE_CODE, "It is upside up.")[0].endswith(" It is upside up.")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, Instance]]:
    with make_instance(tmp_path_factory.mktemp("details") / "instance") as instance:
        add_user(instance, "kim", Role.COORDINATOR)
        several = _unclear(("one", "two"), 1, "")  # type: ignore[arg-type]
        assert several is not None
        refused = (
            several,
            Refusal(RefusalCode.TOO_COARSE, "It has 90 dpi."),
            Refusal(RefusalCode.DAMAGED_FILE, STOPPED),
            Refusal(RefusalCode.NO_MARKERS, NOT_FLAT),
            Refusal(RefusalCode.SIGN_UP_SHEET, "Anna Andersson."),
        )
        for number, refusal in enumerate(refused, 1):
            place = Place("0" * 12, 1, "bunt.pdf", number)
            picture = Picture(bytes([number]), "image/png")
            instance.intake.take(instance.surveys.get("prov"), place, refusal, picture)
        client = make_app(instance).test_client()
        sign_in(client, "kim")
        yield client, instance


def test_the_desk_says_what_was_wrong_in_particular(desk: tuple[FlaskClient, Instance]) -> None:
    client, _ = desk
    page = client.get("/desk/prov/refused").text
    assert "Det finns flera sidkoder i bilden" in page
    assert "Skanna en sida i taget" in page
    assert "Den har 90 dpi." in page
    assert "mer än 10 sekunder" in page
    assert "Filen är skadad" not in page
    assert "inte som på ett plant papper" in page
    assert "Färre än tre" not in page


def test_summaries_say_it_and_the_log_keeps_it(desk: tuple[FlaskClient, Instance]) -> None:
    _, instance = desk
    pages = instance.intake.refused(instance.surveys.get("prov"), everything=True)
    assert pages[1].message == "The picture is too coarse to tell a mark from a speck. It has 90 dpi."
    assert pages[0].message.startswith("There are several page codes in the picture")
    assert pages[0].remedy.startswith("Scan one page at a time")
    assert not pages[2].message.startswith("The file is damaged")
    assert [p.detail for p in pages if p.code == "sign-up-sheet"] == [""]
    kept = [instance.log.payload(e.seq).get("detail") for e in instance.log.entries() if e.kind == "refusal"]
    assert kept[1:3] == ["It has 90 dpi.", STOPPED]
    assert "Anna" not in str(kept)
    assert instance.verifier.verify() == ()


def test_scan_says_it_of_real_pages(tmp_path: Path) -> None:
    with make_instance(tmp_path / "instance") as instance:
        first, _, other, *_ = scanned(instance, [[], []])
        (layout,) = instance.runs.layouts(instance.surveys.get("prov")).values()
    code, px_per_mm = layout.codes[0], SCANNER.dpi / 25.4
    left, top, right, low = (
        round(v * px_per_mm) for v in (code.x, code.y, code.x + code.size, code.y + code.size + 0.5)
    )
    # A page whose own code is covered and which shows those of two sheets, and one that was scanned too coarsely.
    both = first.copy()
    both[top:low, left:right] = 244
    for page, down in ((first, round(100 * px_per_mm)), (other, round(140 * px_per_mm))):
        both[top + down : low + down, left:right] = page[top:low, left:right]
    cv2.imwrite(str(tmp_path / "both.png"), both)
    coarse = cv2.resize(first, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "coarse.png"), coarse)
    files = [str(tmp_path / name) for name in ("both.png", "coarse.png")]
    result = CliRunner().invoke(main, ["scan", "prov", *files, "--jobs", "1", "--instance", str(tmp_path / "instance")])
    one, two = json.loads(result.stdout)["refused"]
    assert (one["code"], two["code"]) == ("no-page-code", "too-coarse")
    assert one["message"].startswith("There are several page codes in the picture")
    assert one["remedy"].startswith("Scan one page at a time")
    assert two["message"].endswith(" It has 90 dpi.")
    assert f"{one['message']} {one['remedy']}" in result.stderr


def test_a_dataset_from_before_opens(tmp_path: Path) -> None:
    with an_instance(tmp_path / "instance") as instance:
        survey = a_survey(instance)
        place = Place("0" * 12, 1, "bunt.pdf", 1)
        instance.intake.take(survey, place, Refusal(RefusalCode.TOO_COARSE), None)
    with sqlite3.connect(tmp_path / "instance" / DATASET) as db:
        db.execute("ALTER TABLE images DROP COLUMN detail")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'refusal_details'")
    db.close()
    with Instance.open(tmp_path / "instance") as instance:
        (row,) = instance.store.db.rows("SELECT * FROM images")
        assert refused_page(row).detail == ""
