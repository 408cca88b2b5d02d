"""The phone's modules in a page of real Chromium, and what the tests of the phone share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser_helpers import browsing
from playwright.sync_api import Browser, Page, Route

PHONE_FOLDER = Path(__file__).parent.parent / "webapp" / "static" / "phone"
LOCAL = "http://localhost"
"""A secure context: WebCrypto, locks and workers are there."""


@contextmanager
def engine_page() -> Iterator[Page]:
    """Give an empty page whose server holds nothing but the modules, for tests that need no survey."""
    with browsing() as browser:
        yield module_page(browser, LOCAL)


def module_page(browser: Browser, origin: str) -> Page:
    """Open such a page at an origin of one's choice; no request leaves the browser."""

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if name.endswith(".js"):
            route.fulfill(body=(PHONE_FOLDER / name).read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")

    page = browser.new_page()
    page.route(f"{origin}/**", answer)
    page.goto(f"{origin}/")
    return page


def run_module(page: Page, module: str, body: str, value: object = None) -> Any:  # noqa: ANN401 (JSON)
    """Run code over one of the modules: `m` is the module, `v` the value; returns what the code returns.

    Values travel as JSON of plain ASCII, so that no sign is changed on its way.
    """
    code = f"async (sent) => {{ const m = await import('/{module}.js'); const v = JSON.parse(sent); {body} }}"
    return json.loads(page.evaluate(f"async (s) => JSON.stringify(await ({code})(s))", json.dumps(value)))
