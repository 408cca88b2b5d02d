"""A real server and a real browser for the tests that need them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import waitress
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 360, "height": 740}
SMALL = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 800}


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """Serve an application on a free port of this machine; give its address."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # In its own thread, which otherwise may be waiting on what is closed.
        server.trigger.pull_trigger(server.close)
        thread.join()


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def axe_faults(page: Page, *rules: str) -> list[str]:
    """Return what axe finds on a page, best practices included: rule and place, a line each; all rules or some."""
    # It stays in the page while that is open; of what is in order it needs to tell nothing.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("async (options) => (await axe.run(options)).violations", options)
    return [f"{page.url} {fault['id']}: {node['target']}" for fault in found for node in fault["nodes"]]


COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours."""


def axe_faults_light_and_dark(page: Page) -> list[str]:
    """Return what axe finds on a page in light colours, and what of that depends on colours in dark ones."""
    page.emulate_media(color_scheme="light")
    found = axe_faults(page)
    page.emulate_media(color_scheme="dark")
    found += [f"in the dark: {fault}" for fault in axe_faults(page, *COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


def sideways(page: Page) -> bool:
    """Tell whether a page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def small_targets(page: Page) -> list[str]:
    """Return what can be pressed and is smaller than 44 px either way; links within running text are exempt."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, textarea, summary, nav a, .row > label")]
            .filter((e) => e.offsetParent && e.type !== "hidden")
            .map((e) => [e, e.labels?.[0] && ["radio", "checkbox"].includes(e.type)
              ? e.closest(".row, li, label, p").getBoundingClientRect() : e.getBoundingClientRect()])
            .filter(([e, r]) => r.width < 43.5 || r.height < 43.5)
            .map(([e, r]) => `${e.outerHTML.slice(0, 90)} ${r.width}x${r.height}`)"""
        )
    )


def context(browser: Browser, address: str, *, scheme: str = "light", script: bool = True) -> BrowserContext:
    """Open a phone-sized window of its own."""
    return browser.new_context(
        base_url=address,
        viewport=PHONE,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
        locale="sv-SE",
    )


def long_page(page: Page) -> Page:
    """Let a page do without the phone's modules, as after a network that lost them: the long page for everybody."""
    page.route("**/phone/**", lambda route: route.abort())
    return page
