"""`instrument check --preview`: one file with phone and paper side by side, in a real browser."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from browser_helpers import DESKTOP, PHONE, axe_faults, browsing, sideways
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from forms.definition import shipped
from webapp.cli import main as cli

MOST_BYTES = 2_000_000
SMALL = """
id = "prov"
languages = ["sv", "ar"]
title = { sv = "Ett prov", ar = "تجربة" }
intro = { sv = "{organisation} undrar.", ar = "{organisation} تسأل." }
thanks = { sv = "Tack.", ar = "شكرا." }
[parameters]
organisation = true
[[section]]
id = "del"
title = { sv = "Frågan", ar = "السؤال" }
[[section.question]]
id = "fick"
kind = "single"
text = { sv = "Fick du en plan?", ar = "هل حصلت على خطة؟" }
options = [
  { id = "ja", label = { sv = "Ja", ar = "نعم" } },
  { id = "vet_inte", label = { sv = "Vet inte", ar = "لا أعرف" }, way_out = true },
]
"""


def write(folder: Path, definition: str, *more: str) -> tuple[int, str, Path]:
    """Run the command on a definition; return exit code, what it said, and where the preview would be."""
    source, out = folder / "prov.toml", folder / "prov.html"
    source.write_text(definition, encoding="utf-8")
    done = CliRunner().invoke(cli, ["instrument", "check", str(source), "--preview", str(out), *more])
    return done.exit_code, done.output, out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def sip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("preview") / "sip.html"
    done = CliRunner().invoke(cli, ["instrument", "check", "sip-erfarenhet", "--preview", str(out)])
    assert done.exit_code == 0, done.output
    return out


def opened(browser: Browser, path: Path, *, scheme: str = "light", script: bool = True) -> tuple[Page, list[str]]:
    """Open a file as somebody does who double-clicks it; return the page and every address that it asked for."""
    window = browser.new_context(
        viewport=DESKTOP,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
    )
    page, asked = window.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return page, [a for a in asked if not a.startswith("data:")]


def test_every_language_has_its_phone_and_each_page_of_its_sheet(sip: Path) -> None:
    text = sip.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    phones = [unescape(p) for p in re.findall(r'srcdoc="([^"]*)"', text)]
    assert [re.findall(r'<html lang="([^"]+)"', p) for p in phones] == [["sv"], ["en"], ["sv-x-lattlast"]]
    assert all('<form id="answers"' in p and "{organisation}" in p for p in phones)
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    for told in re.findall(r'alt="Sida 1 av (\d+) på papper, ([^"]+)"', text):
        assert len(re.findall(rf'alt="Sida \d+ av {told[0]} på papper, {told[1]}"', text)) == int(told[0])
    assert len(pictures) == text.count("<img ")
    for data in pictures[:2]:
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        assert picture.width > 800
        assert min(picture.convert("L").tobytes()) < 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_a_file_and_asks_for_nothing_else(browser: Browser, sip: Path, scheme: str) -> None:
    page, asked = opened(browser, sip, scheme=scheme)
    assert asked == [sip.as_uri()]
    assert "Förhandsvisning" in page.title()
    assert not sideways(page)
    faults = axe_faults(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert not sideways(page)
    page.context.close()
    assert faults == []


def test_languages_are_switched_without_script_and_nothing_can_be_sent(browser: Browser, sip: Path) -> None:
    page, _ = opened(browser, sip, script=False)
    page.set_default_timeout(8000)
    easy = page.get_by_role("region", name="Lätt svenska")
    expect(easy).to_be_hidden()
    page.get_by_role("radio", name="Lätt svenska").check()
    expect(easy).to_be_visible()
    expect(page.get_by_role("region", name="Svenska", exact=True)).to_be_hidden()
    expect(easy.get_by_role("img").first).to_be_visible()
    phone = page.frame_locator('iframe[title="Telefon: Lätt svenska"]')
    assert phone.locator("body").bounding_box()["width"] == 360  # type: ignore[index]
    phone.get_by_role("button", name="Skicka mina svar").click()
    expect(phone.get_by_role("button", name="Skicka mina svar")).to_be_visible()
    assert len(page.context.pages) == 1
    page.context.close()


def test_a_language_that_paper_lacks_letters_for_is_shown_on_the_phone(browser: Browser, tmp_path: Path) -> None:
    code, said, out = write(tmp_path, SMALL, "--param", "organisation=Föreningen Exempel")
    assert code == 0, said
    page, _ = opened(browser, out)
    page.get_by_role("radio", name="العربية").check()
    region = page.get_by_role("region", name="العربية")
    expect(region).to_contain_text("Det finns ingen blankett på det här språket.")
    expect(region).to_contain_text("Papperets teckensnitt saknar bokstäver")
    phone = page.frame_locator('iframe[title="Telefon: العربية"]')
    expect(phone.locator("html")).to_have_attribute("dir", "rtl")
    expect(phone.locator("main")).to_contain_text("Föreningen Exempel")
    page.context.close()


def test_faults_stand_on_top_and_errors_of_the_definition_leave_nothing_to_show(tmp_path: Path) -> None:
    code, said, out = write(tmp_path, SMALL.replace("Fick du en plan?", "Fick du en plan? När?"))
    text = out.read_text(encoding="utf-8")
    assert code == 0
    assert "asks more than once" in said
    assert text.index("asks more than once") < text.index("srcdoc")
    assert "Råd, rad " in text
    out.unlink()
    code, said, out = write(tmp_path, SMALL.replace('kind = "single"', 'kind = "singel"'))
    assert code == 1
    assert "was not written" in said
    assert not out.exists()


def test_what_a_definition_says_stays_text(tmp_path: Path) -> None:
    _, said, out = write(tmp_path, SMALL.replace("Fick du en plan?", "<script>alert('x')</script> \\\" onload=x?"))
    assert out.exists(), said
    assert "<script" not in unescape(out.read_text(encoding="utf-8"))


def test_values_are_for_the_preview_only() -> None:
    done = CliRunner().invoke(cli, ["instrument", "check", str(shipped()["en-fraga"]), "--param", "question=Vad?"])
    assert done.exit_code == 2
    assert "--preview" in done.output


def test_each_language_has_the_interface_in_its_own(sip: Path) -> None:
    """One run renders them all."""
    text = unescape(unescape(sip.read_text(encoding="utf-8")))
    assert text.count("Send my answers") == 1
    assert text.count("Skicka mina svar") == 2
