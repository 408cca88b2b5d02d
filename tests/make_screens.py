"""Makes the pictures in the README out of the real thing: `.venv/bin/python tests/make_screens.py`.

A server with the demo survey, answers over HTTP and on simulated sheets, and a browser that looks at each page.
"""

from __future__ import annotations

import re
import tempfile
import threading
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pypdfium2
import simulator
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from simulator import Circle, Cross, Scanner, Style, Write

from webapp.dataset.accounts import Role
from webapp.dataset.instance import Instance, init
from webapp.jobs import Jobs, Worker
from webapp.printing import new_run, write_run
from webapp.server import listen

SCREENS = Path(__file__).parent / "screens"
PASSWORD = "tolv gröna cyklar"
CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"],
}  # fmt: skip


def main() -> None:
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, init(Path(folder) / "instance").instance as instance:
        instance.accounts.add("granskaren", (Role.AUDITOR, Role.COORDINATOR))
        instance.accounts.change_password("granskaren", PASSWORD)
        pile = delivered(instance, Path(folder))
        jobs = Jobs(instance)
        server = listen(instance, jobs, "127.0.0.1", 0)
        threading.Thread(target=server.run, daemon=True).start()
        worker = Worker(instance, jobs)
        worker.start()
        base = f"http://127.0.0.1:{server.effective_port}"
        for number in range(14):
            answer(base, number)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**CHROMIUM)
            look(browser, base, pile)
            browser.close()
        worker.stop()
        server.close()


def delivered(instance: Instance, folder: Path) -> Path:
    """Print, picture and fill in twelve sheets; return the scanned pile."""
    survey = instance.surveys.get("sip")
    run = new_run(instance, survey, 12)
    with (folder / "sheets.pdf").open("wb") as out:
        write_run(instance, survey, run, out)
    with pypdfium2.PdfDocument(folder / "sheets.pdf") as document:
        picture = document[1].render(scale=1.6).to_pil()
        picture.convert("L").quantize(16).save(SCREENS / "sheet.png", optimize=True)
    layout = instance.runs.layout(run.layout)
    boxes: dict[str, list[str]] = {}
    for field in layout.fields:
        if field.kind.value == "box":
            boxes.setdefault(field.question, []).append(str(field.option))
    rng = np.random.default_rng(7)
    sheets: list[list[simulator.Action]] = []
    for _ in range(12):
        sheets.append([Cross(q, o[int(rng.integers(min(3, len(o))))]) for q, o in boxes.items()])
    sheets[2] += [Cross("viktigt", "ja"), Cross("viktigt", "nej")]
    sheets[4] = [a for a in sheets[4] if not (isinstance(a, Cross) and a.question == "lyssnad")]
    sheets[4] += [Cross("lyssnad", "ja"), Circle("lyssnad", "delvis")]
    sheets[5] += [Cross("meningsfull", "ja", Style.FILL)]
    sheets[7] += [Write("ovrigt", None, "Mötet var bra men ingen ringde sedan", typed=False)]
    scanner = Scanner(dpi=200, skew_deg=0.7)
    data = (folder / "sheets.pdf").read_bytes()
    images = simulator.images_of(data, layout, sheets, seed=7, scanner=scanner)
    images[11] = np.full_like(images[11], 240)
    simulator.write_pdf(folder / "bunt-3-maj.pdf", images, scanner)
    return folder / "bunt-3-maj.pdf"


def answer(base: str, number: int) -> None:
    rng = np.random.default_rng(number)
    with urllib.request.urlopen(f"{base}/s/sip") as page:
        text = page.read().decode()
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    options: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="radio"[^>]* name="([^"]+)" value="([^"]+)"', text):
        options.setdefault(name, []).append(value)
    for name, values in options.items():
        fields.append((name, values[int(rng.choice(len(values), p=weights(len(values))))]))
    fields.append(("without", ""))
    for _ in range(2):  # the second time confirms what routing takes away
        request = urllib.request.Request(f"{base}/s/sip", urllib.parse.urlencode(fields).encode(), {"Origin": base})
        with urllib.request.urlopen(request) as result:
            page = result.read().decode()
        gone = re.search(r'name="without" value="([^"]*)"', page)
        fields = [f for f in fields if f[0] != "without"] + [("without", gone[1] if gone else "")]


def weights(count: int) -> np.ndarray:
    falling = np.linspace(3, 0.4, count)
    return falling / falling.sum()


def look(browser: Browser, base: str, pile: Path) -> None:
    phone = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    phone.goto(f"{base}/s/sip")
    phone.click("[data-do=safe]")
    phone.click("[data-do=shared]")
    phone.check("#f-roll-narstaende")
    shot(phone, "phone")
    desk = browser.new_context(viewport={"width": 1280, "height": 800}, locale="sv-SE").new_page()
    desk.goto(f"{base}/sign-in")
    desk.fill("[name=name]", "granskaren")
    desk.fill("[name=password]", PASSWORD)
    desk.click("main button")
    desk.goto(f"{base}/desk/sip/upload")
    desk.set_input_files("[name=files]", pile)
    desk.click("main form[enctype] button")
    desk.wait_for_selector("dl.facts", timeout=120_000)
    shot(desk, "upload")
    desk.goto(f"{base}/desk/sip")
    shot(desk, "desk")
    desk.goto(f"{base}/desk/sip/review")
    desk.wait_for_load_state("networkidle")
    shot(desk, "review")
    desk.goto(f"{base}/desk/sip/results")
    desk.locator("#q-info_latt").scroll_into_view_if_needed()
    shot(desk, "results")


def shot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENS / f"{name}.png")
    with Image.open(SCREENS / f"{name}.png") as picture:
        seen = np.array(picture.convert("RGB"))
    # The grain of scanned paper is what makes a picture heavy; it says nothing here.
    grain = (seen.min(axis=2) > 225) & (seen.max(axis=2) < 251) & (np.ptp(seen, axis=2) == 0)
    seen[grain] = 243
    Image.fromarray(seen).quantize(64).save(SCREENS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
