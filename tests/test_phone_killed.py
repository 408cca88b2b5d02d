"""Killed programs and what stays on the disk: nothing is lost, nothing is sent twice, nothing readable is left."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from phone_helpers import OwnBrowser, PhoneSite, becomes, freeze, languages, opens, phone_site, start_engine, stored
from web_helpers import make_instance

from webapp.dataset.instance import Instance

GIVEN: dict[str, Any] = {"fick": {"options": ["nej"], "texts": {}}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("killed")) as site:
        yield site


def test_a_killed_browser_opens_cold_and_sends_what_waited(tmp_path: Path, site: PhoneSite) -> None:
    site.survey("dodad")
    own = OwnBrowser(site.playwright, tmp_path / "profile")
    with own.running() as window:
        page = window.new_page()
        page.goto(f"{site.address}/s/dodad")
        for _ in range(100):
            if sorted(languages(page, "dodad")) == ["en", "sv"]:
                break
            page.wait_for_timeout(50)
        installable = window.new_cdp_session(page).send("Page.getInstallabilityErrors")
        assert installable["installabilityErrors"] == []
        page.goto(f"{site.address}/s/dodad/offline.json")
        start_engine(page, "dodad")
        site.gate.always("500")
        number = freeze(page, GIVEN)
        page.evaluate("survey.beginDraft({ form: 'ett' }, 'utkastet')")
    with own.running() as window:
        page = window.new_page()
        window.set_offline(True)
        opens(page, f"{site.address}/s/dodad")
        assert [d["form"] for d in stored(page)["drafts"]] == ["ett"]
        assert [e["number"] for e in stored(page)["queue"]] == [number]
        site.gate.always("pass")
        window.set_offline(False)
        page.reload()
        for _ in range(100):
            if not stored(page)["queue"]:
                break
            page.wait_for_timeout(50)
        assert stored(page)["queue"] == []
        page.goto(f"{site.address}/s/dodad/offline.json")
        start_engine(page, "dodad")
        assert page.evaluate("survey.draft()")["body"] == "utkastet"
    assert site.answers("dodad") == [{"fick": ["nej"]}]


def found_in(folder: Path, *wanted: bytes) -> list[str]:
    """Return the files of a profile that hold any of some bytes."""
    files = (f for f in folder.rglob("*") if f.is_file() and not f.is_symlink())
    return [str(f.relative_to(folder)) for f in files if any(w in f.read_bytes() for w in wanted)]


SECRET = "Sommarkatten XQ"


@pytest.mark.parametrize("end", ["sent", "dropped", "erased"])
def test_nothing_readable_of_a_draft_is_left_on_the_disk(tmp_path: Path, site: PhoneSite, end: str) -> None:
    """A browser's database keeps deleted values in its files; without their key nobody reads them."""
    site.survey(f"disk-{end}")
    own = OwnBrowser(site.playwright, tmp_path / "profile")
    words = (SECRET.encode(), SECRET.encode("utf-16-le"))
    with own.running() as window:
        page = window.new_page()
        page.goto(f"{site.address}/s/disk-{end}/offline.json")
        start_engine(page, f"disk-{end}")
        page.evaluate("(words) => survey.beginDraft({ form: 'ett' }, { words })", SECRET)
        page.evaluate("(words) => survey.saveDraft({ form: 'ett' }, { words: words + ' mer' })", SECRET)
        assert page.evaluate("survey.draft()")["body"] == {"words": SECRET + " mer"}
        look = "caches.match(`/s/${data.slug}/key`).then((r) => r.arrayBuffer()).then((b) => [...new Uint8Array(b)])"
        key = bytes(page.evaluate(look))
        assert len(key) == 32
        # The search finds what is there.
        assert found_in(own.profile, key)
        if end == "sent":
            answer = {"mer": {"options": [], "texts": {"": SECRET}}}
            becomes(page, freeze(page, answer), "sent")
        else:
            page.evaluate({"dropped": "survey.dropDraft()", "erased": "eraseAll()"}[end])
        for _ in range(40):
            if not found_in(own.profile, key, *words):
                break
            page.wait_for_timeout(50)
        assert found_in(own.profile, key, *words) == []
    assert found_in(own.profile, key, *words) == []


KILLED = """
import os, signal, sys
from webapp.dataset.instance import Instance, init
from webapp import server
from webapp.app import create_app

made = server.create_app

def create(*arguments):
    app = made(*arguments)
    inner = app.wsgi_app
    def dies(environ, start_response):
        answer = inner(environ, start_response)
        if environ["PATH_INFO"].endswith("/sealed"):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    app.wsgi_app = dies
    return app

if sys.argv[1] == "dies":
    server.create_app = create
from pathlib import Path
with Instance.open(Path(sys.argv[2])) as instance:
    server.run(instance, "127.0.0.1", int(sys.argv[3]))
"""


@contextmanager
def process(how: str, instance: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve an instance in a process of its own; `dies`: it is killed between commit and answer."""
    server = subprocess.Popen(
        [sys.executable, "-c", KILLED, how, str(instance), str(port)], stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    try:
        said = [server.stderr.readline()]
        while said[-1] and "Stop with" not in said[-1]:
            said.append(server.stderr.readline())
        found = re.search(r"http://[^:]+:(\d+)", said[0])
        assert found, "".join(said)
        yield server, int(found[1])
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        server.wait(20)
        server.stderr.close()


def test_a_server_killed_between_commit_and_answer_is_one_answer(tmp_path: Path, site: PhoneSite) -> None:
    make_instance(tmp_path / "i").close()
    window = site.browser.new_context(service_workers="block")
    window.set_default_timeout(8000)
    with process("dies", tmp_path / "i", 0) as (server, port):
        page = window.new_page()
        page.goto(f"http://localhost:{port}/s/prov/offline.json")
        start_engine(page, "prov")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        assert server.wait(10) == -signal.SIGKILL
        assert stored(page)["queue"][0]["unsure"] is True
    with process("lives", tmp_path / "i", port):
        assert page.evaluate("survey.sendNow()") == 0
        becomes(page, number, "sent")
    window.close()
    with Instance.open(tmp_path / "i") as instance:
        assert instance.tray.waiting(instance.surveys.get("prov")) == 1
