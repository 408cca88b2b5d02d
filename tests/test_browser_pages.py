"""Every page in a real browser: answering without script, accessibility, the reading's progress, review by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser_helpers import (
    DESKTOP,
    PHONE,
    SMALL,
    axe_faults_light_and_dark,
    browsing,
    context,
    long_page,
    serving,
    sideways,
    small_targets,
)
from dataset_helpers import take
from playwright.sync_api import Browser, Page, expect
from web_helpers import PASSWORD, add_user, make_instance
from web_paper import CLEAR, CONTRADICTION, COPIED, DOUBLE, ODD, blank, scanned, write_pile

from omr.readings import Refusal, RefusalCode
from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.accounts import Role
from webapp.dataset.answers import Channel
from webapp.dataset.instance import Instance
from webapp.dataset.refused import Assignment
from webapp.jobs import Jobs, Worker


@dataclass
class Site:
    """A server with its reading thread, a browser, and a pile of scanned sheets."""

    address: str
    instance: Instance
    browser: Browser
    pile: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with make_instance(folder / "instance") as instance:
        survey = instance.surveys.get("prov")
        definition = instance.surveys.definition(survey, survey.versions[0])
        parameters = dict(survey.parameters)
        instance.surveys.create("demo", definition, "demo.toml", parameters=parameters, demo=True)
        instance.surveys.open("demo")
        add_user(instance, "kim", Role.COORDINATOR, Role.AUDITOR)
        images = scanned(instance, [CLEAR, DOUBLE, ODD, CONTRADICTION], copied=COPIED)
        refused_pages(instance)
        pile = write_pile(folder / "bunt.pdf", [*images, blank(images[0])])
        jobs = Jobs(instance)
        worker = Worker(instance, jobs, 1)
        worker.start()
        with serving(create_app(Config(instance.path), instance, jobs)) as address, browsing() as browser:
            yield Site(address, instance, browser, pile)
        worker.stop()


def refused_pages(instance: Instance) -> None:
    """Deliver pages that can't be read: one waits, one has nothing to count, one is of a sheet that is set aside."""
    survey = instance.surveys.get("prov")
    for shade in (100, 150, 200):
        _, picture = cv2.imencode(".png", np.full((60, 40), shade, np.uint8))
        take(instance, survey, Refusal(RefusalCode.NO_PAGE_CODE), picture.tobytes())
    _, dismissed, entered = instance.intake.refused(survey)
    instance.refused.dismiss(survey, dismissed.id, by="kim")
    (layout,) = instance.runs.layouts(survey)
    serial = instance.refused.assign(survey, entered.id, Assignment(layout, 1), by="kim")
    instance.refused.set_aside(survey, serial, by="kim")


def desk_page(site: Site, *, scheme: str = "light", script: bool = True) -> Page:
    """Return a window in which kim is signed in."""
    page = context(site.browser, site.address, scheme=scheme, script=script).new_page()
    page.goto("/sign-in")
    page.fill("#name", "kim")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/desk")
    return page


def test_answering_on_a_phone_without_script(site: Site) -> None:
    window = context(site.browser, site.address, script=False)
    page = window.new_page()
    page.set_default_timeout(8000)
    page.goto("/s/demo")
    assert page.locator("html").get_attribute("lang") == "sv"
    page.get_by_label("Ja", exact=True).check()
    page.get_by_label("4", exact=True).check()
    page.get_by_label("Vården").check()
    page.get_by_label("Vilken kommun?").select_option(label="Mölndal")
    page.get_by_label("Hur många möten?").fill("många")
    page.get_by_label("Vill du berätta mer?").fill("Det gick bra.")
    page.get_by_role("button", name="Skicka mina svar").click()
    expect(page.get_by_role("alert")).to_contain_text("En sak att rätta")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Hur många möten?")).to_be_focused()
    expect(page.get_by_label("Ja", exact=True)).to_be_checked()
    page.get_by_label("Hur många möten?").fill("2")
    page.get_by_label("Nej", exact=True).check()
    page.get_by_role("button", name="Skicka mina svar").click()
    expect(page.get_by_role("alert")).to_contain_text("några svar följer inte med")
    page.get_by_role("button", name="Skicka utan de här svaren").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tack. Dina svar har kommit fram.")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tack. Dina svar har kommit fram.")
    assert window.cookies() == []
    survey = site.instance.surveys.get("demo")
    assert site.instance.responses.number(survey)[Channel.WEB] == 1
    window.close()


def test_a_second_click_on_send_is_one_answer(site: Site) -> None:
    survey = site.instance.surveys.get("demo")
    before = site.instance.responses.number(survey).get(Channel.WEB, 0)
    window = context(site.browser, site.address, script=False)
    page = window.new_page()
    page.set_default_timeout(8000)
    page.goto("/s/demo")
    page.get_by_label("Nej", exact=True).check()
    page.get_by_role("button", name="Skicka mina svar").dblclick()
    # The second click breaks off what the first has begun, which is no error here: what counts is where both lead.
    expect(page).to_have_url(re.compile("/thanks"), timeout=8000)
    assert site.instance.responses.number(survey)[Channel.WEB] == before + 1
    window.close()


def test_enter_in_a_field_does_not_send(site: Site) -> None:
    survey = site.instance.surveys.get("demo")
    before = site.instance.responses.number(survey).get(Channel.WEB, 0)
    window = context(site.browser, site.address, script=False)
    page = window.new_page()
    page.goto("/s/demo")
    page.get_by_label("Hur många möten?").fill("4")
    page.get_by_label("Hur många möten?").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Inget är skickat än")
    expect(page.get_by_label("Hur många möten?")).to_have_value("4")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_label("How many meetings?")).to_have_value("4")
    assert site.instance.responses.number(survey).get(Channel.WEB, 0) == before
    window.close()


def test_own_words_appear_with_other_and_an_answer_can_be_removed(site: Site) -> None:
    window = context(site.browser, site.address, script=False)
    page = window.new_page()
    page.set_default_timeout(8000)
    page.goto("/s/demo")
    words = page.get_by_label("Med egna ord:")
    expect(words).to_be_hidden()
    page.get_by_label("Annat", exact=True).check()
    expect(words).to_be_visible()
    words.fill("En halv")
    first = page.locator("#q-fick")
    first.get_by_text("Ta bort mitt svar").click()
    expect(page.get_by_label("Annat", exact=True)).not_to_be_checked()
    expect(words).to_be_visible()
    window.close()


def pages(site: Site) -> list[str]:
    """Return the addresses of the pages that are looked at, the ones in need of a delivery included."""
    survey = site.instance.surveys.get("prov")
    jobs = Jobs(site.instance).list(survey)
    items = site.instance.decisions.waiting(survey)
    desk = [
        "",
        "/prov",
        "/prov/print",
        "/prov/upload",
        "/prov/refused",
        "/prov/review?list=1",
        "/prov/notes",
        "/prov/results",
    ]
    desk += ["/prov/results/mer", *(f"/prov/upload/{j.id}" for j in jobs), *(f"/prov/review/{i.id}" for i in items)]
    return ["/password", "/desk/hittepa", *(f"/desk{a}" for a in desk)]


def test_upload_with_progress_and_review_by_keys(site: Site) -> None:
    page = desk_page(site)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.goto("/desk/prov/upload")
    page.set_input_files("#files", str(site.pile))
    page.get_by_role("button", name="Ladda upp och läs av").click()
    page.wait_for_url("**/desk/prov/upload/*")
    # The page follows the reading by itself and shows in the end what became of it.
    expect(page.get_by_text("Avlästa sidor").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Sidan är tom.")).to_be_visible()
    survey = site.instance.surveys.get("prov")
    waiting = site.instance.decisions.waiting(survey)
    double = next(i for i in waiting if i.question == "fick")
    page.goto("/desk/prov/review")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/{waiting[1].id}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/{waiting[0].id}")
    page.goto(f"/desk/prov/review/{double.id}")
    # Key, option and what was seen stand apart, to the eye and to a screen reader.
    assert page.locator("button.choice:has(.seen)").first.inner_text().count("\n") == 2
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fick du en plan?")
    picture = page.locator(".picture img")
    assert picture.evaluate("(i) => i.decode().then(() => i.naturalWidth)") > 1000
    page.keyboard.press("2")
    expect(page.get_by_text("Sparat: fråga 1: Nej")).to_be_visible()
    assert double.id not in [i.id for i in site.instance.decisions.waiting(survey)]
    page.keyboard.press("z")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fick du en plan?")
    text = next(i for i in waiting if i.question == "mer")
    page.goto(f"/desk/prov/review/{text.id}")
    # Keys are letters again where somebody types.
    page.get_by_label("Vad som står där").press_sequentially("bu1")
    expect(page.get_by_label("Vad som står där")).to_have_value("bu1")
    assert len(site.instance.decisions.waiting(survey)) == len(waiting)
    page.context.close()


def test_axe_finds_nothing_on_the_long_page(site: Site) -> None:
    page = long_page(context(site.browser, site.address).new_page())
    faults = []
    for address in ("/", "/s/prov", "/s/prov?lang=en", "/s/prov/thanks", "/s/hittepa", "/sign-in"):
        page.goto(address)
        faults += axe_faults_light_and_dark(page)
    page.goto("/s/demo")
    page.get_by_label("Hur många möten?").fill("x")
    page.get_by_role("button", name="Skicka mina svar").click()
    faults += axe_faults_light_and_dark(page)
    page.get_by_label("Hur många möten?").fill("2")
    page.get_by_label("4", exact=True).check()
    page.get_by_label("Nej", exact=True).check()
    page.get_by_role("button", name="Skicka mina svar").click()
    expect(page.get_by_role("alert")).to_contain_text("följer inte med")
    faults += axe_faults_light_and_dark(page)
    page.context.close()
    assert faults == []


def test_axe_finds_nothing_at_the_desk(site: Site) -> None:
    page = desk_page(site)
    faults = []
    for address in pages(site):
        page.goto(address)
        faults += axe_faults_light_and_dark(page)
    page.context.close()
    assert faults == []


def test_nothing_scrolls_sideways_and_everything_can_be_hit(site: Site) -> None:
    page = desk_page(site)
    wrong = []
    for address in ("/", "/s/prov", "/s/prov/thanks", "/sign-in", *pages(site)):
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        page.goto(address)
        wrong += [f"{address}: {t}" for t in small_targets(page)]
        page.set_viewport_size(SMALL)  # type: ignore[arg-type]
        wrong += [f"{address} scrolls sideways at 320 px"] if sideways(page) else []
    page.context.close()
    assert wrong == []


def test_no_page_breaks_its_own_content_policy(site: Site) -> None:
    page = desk_page(site)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in ("/s/prov", *(a for a in pages(site) if "hittepa" not in a)):
        page.goto(address, wait_until="load")
    page.context.close()
    assert said == []


def test_upload_without_script_refreshes_by_itself(site: Site) -> None:
    page = desk_page(site, script=False)
    page.goto("/desk/prov/upload")
    page.set_input_files("#files", str(site.pile))
    page.get_by_role("button", name="Ladda upp och läs av").click()
    page.wait_for_url("**/desk/prov/upload/*")
    expect(page.get_by_text("Avlästa sidor")).to_be_visible(timeout=60_000)
    page.context.close()
