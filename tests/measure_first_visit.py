"""What a first visit to a survey moves over the network, measured in Chromium.

    .venv/bin/python tests/measure_first_visit.py [SLUG]

Serves a fresh instance on this machine and opens on a phone that has never been there: the demo survey, the same where
it offers the sign-up for an interview, and that sign-up's own page. Waits until a survey is kept for use without
network. Prints every answer with its bytes, headers included, as they travel: to standard output a line each, then the
sum of the visit (one language with all it needs, the service worker and what that loads included) and, apart from it,
of the other languages, which come when the phone is idle. Exit code 1 where a visit moves more than the bar.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from browser_helpers import browsing, context, serving
from contact_helpers import a_keeper
from playwright.sync_api import Browser

from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.instance import Instance, init

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BAR_BYTES = 40_000
"""Most that a first visit may move. Source: DESIGN.md section 11."""

DATE_BYTES = len("Date: Sun, 22 Nov 2026 02:34:56 GMT\r\n") + len("\r\n")
"""What waitress adds to the headers of the application."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One answer of the server.

    Attributes:
        address: Path and query.
        head_bytes: Its status line and headers.
        body_bytes: Its body as it travelled.
    """

    address: str
    head_bytes: int
    body_bytes: int

    @property
    def later(self) -> bool:
        """Whether it is one of the other languages, which come when the phone is idle."""
        return "/page?" in self.address


class Meter:
    """Stands between server and application and notes what goes out."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.moved: list[Moved] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as over HTTPS, where headers say more."""
        environ["wsgi.url_scheme"] = "https"
        head = 0

        def start(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            nonlocal head
            head = len(f"HTTP/1.1 {status}\r\n") + sum(len(f"{name}: {value}\r\n") for name, value in headers)
            return start_response(status, headers, *rest)  # type: ignore[arg-type]

        answer = self._app(environ, start)  # type: ignore[arg-type]
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        self.moved.append(Moved(environ["PATH_INFO"] + query, head + DATE_BYTES, len(body)))
        return [body]


def first_visit(browser: Browser, instance: Instance, slug: str, *, sign_up: bool = False) -> list[Moved]:
    """Visit a survey, or its sign-up's page, for the first time and return what came, until every language is kept."""
    meter = Meter(create_app(Config(instance.path), instance))
    languages = 1 if sign_up else len(instance.surveys.get(slug).languages)
    with serving(meter) as address:
        # By this name it is a secure context, as HTTPS is.
        window = context(browser, address.replace("127.0.0.1", "localhost"))
        page = window.new_page()
        page.goto(f"/s/{slug}{'/sign-up' if sign_up else ''}")
        for _ in range(200):
            page.wait_for_timeout(50)
            if sum(m.later for m in meter.moved) >= languages - 1:
                break
        page.wait_for_timeout(200)
        window.close()
    return meter.moved


def total(moved: Iterable[Moved]) -> int:
    """Return all bytes of some answers."""
    return sum(m.head_bytes + m.body_bytes for m in moved)


def report(moved: list[Moved], what: str) -> bool:
    """Print a visit; return whether it keeps to the bar."""
    for one in moved:
        print(f"{one.head_bytes:6} {one.body_bytes:7}  {one.address}")
    visit = total(m for m in moved if not m.later)
    print(f"{visit:14}  bytes of the first visit to {what}, of at most {BAR_BYTES}")
    print(f"{total(moved) - visit:14}  bytes of other languages, when idle\n")
    return visit <= BAR_BYTES


def main() -> int:
    """Measure and print."""
    slug = sys.argv[1] if len(sys.argv) > 1 else "sip"
    with tempfile.TemporaryDirectory() as folder:
        init(Path(folder) / "instance").instance.close()
        with Instance.open(Path(folder) / "instance") as instance, browsing() as browser:
            kept = [report(first_visit(browser, instance, slug), "a survey")]
            a_keeper(instance)
            kept.append(report(first_visit(browser, instance, slug), "a survey that offers the sign-up"))
            kept.append(report(first_visit(browser, instance, slug, sign_up=True), "the sign-up's page"))
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
