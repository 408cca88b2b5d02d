"""The server as a process: what it says, one a port, one an instance, and that it stops without losing anything."""

import http.cookiejar
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ifaddr
import pytest
from contact_helpers import a_keeper

from webapp.dataset.contactfile import CONTACTS
from webapp.dataset.instance import Instance, init
from webapp.server import Repeated, addresses

SERVE = [sys.executable, "-c", "from webapp.cli import main; main()", "serve", "--port", "0"]


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    init(tmp_path / "i").instance.close()
    return tmp_path / "i"


@contextmanager
def served(instance: Path) -> Iterator[tuple[str, list[str], subprocess.Popen[str]]]:
    process = subprocess.Popen([*SERVE, "--instance", instance], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = [process.stderr.readline()]
        while said[-1] and "Stop with" not in said[-1]:
            said.append(process.stderr.readline())
        address = re.search(r"http://\S+", said[0])
        assert address, "".join(said) + process.stderr.read()
        yield address[0], said, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stderr.close()


def page(address: str) -> tuple[int, str]:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.status, answer.read().decode()


def answered(address: str) -> str:
    _, text = page(f"{address}s/sip")
    version, id_ = (re.search(rf'name="{name}" value="([^"]+)"', text) for name in ("version", "id"))
    assert version
    assert id_
    body = f"version={version[1]}&id={id_[1]}&lang=sv&a.roll=sjalv".encode()
    request = urllib.request.Request(f"{address}s/sip?lang=sv", body, {"Origin": address.rstrip("/")})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
        return answer.url


def test_it_tells_address_and_password_takes_an_answer_and_stops_clean(instance: Path) -> None:
    with served(instance) as (address, said, process):
        assert any("samordnare" in line and re.search(r"password: \S{8,}", line) for line in said)
        assert answered(address).startswith(f"{address}s/sip/thanks")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    count = subprocess.run(
        [sys.executable, "-c", "from webapp.cli import main; main()", "survey", "list", "--instance", instance],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "web=1" in count.stdout


def test_an_acknowledged_answer_survives_kill_9(instance: Path) -> None:
    with served(instance) as (address, _, process):
        answered(address)
        process.kill()
        process.wait(20)
    with served(instance) as (address, _, process):
        assert page(f"{address}s/sip")[0] == 200
    listed = [sys.executable, "-c", "from webapp.cli import main; main()", "survey", "list", "--instance", instance]
    assert "web=1" in subprocess.run(listed, capture_output=True, text=True, check=True).stdout


def test_an_acknowledged_sign_up_survives_kill_9_and_tells_no_order(instance: Path) -> None:
    with Instance.open(instance) as opened:
        keeper = a_keeper(opened)
    with served(instance) as (address, _, process):
        for _ in range(3):
            _, text = page(f"{address}s/sip/sign-up")
            number = re.search(r'name="id" value="([^"]+)"', text)
            assert number
            body = f"id={number[1]}&lang=sv&t.na=070-000+11+22".encode()
            request = urllib.request.Request(f"{address}s/sip/sign-up", body, {"Origin": address.rstrip("/")})
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.url.startswith(f"{address}s/sip/sign-up/sent")
        process.kill()
        process.wait(20)
    assert not any(b"070-000" in file.read_bytes() for file in instance.rglob("*") if file.is_file())
    with Instance.open(instance) as opened:
        kept = opened.contacts.all(opened.surveys.get("sip"))
        assert [keeper.open(one)["answers"]["na"]["texts"][""] for one in kept] == ["070-000 11 22"] * 3
        assert list(opened.contacts.verify()) == []


def test_the_server_takes_away_what_tells_the_order_of_sign_ups(instance: Path) -> None:
    with Instance.open(instance) as opened:
        a_keeper(opened)
        sip = opened.surveys.get("sip")
        number = secrets.token_bytes(16)
        opened.contacts.submit(sip, number, opened.contacts.seal_on_arrival(number, {}, "sv"))
    with served(instance), sqlite3.connect(instance / CONTACTS) as file:
        moved = "SELECT since_vacuum FROM moved"
        for _ in range(200):
            if file.execute(moved).fetchone() == (0,):
                break
            time.sleep(0.05)
        assert file.execute(moved).fetchone() == (0,)
    file.close()


def posted(address: str, path: str, cookie: str, length: int, body: bytes = b"") -> str:
    """Announce a body, send so much of it, and return what the server says to that."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        lines = (f"Host: {host}", f"Cookie: {cookie}", "Connection: close", f"Content-Length: {length}")
        line.sendall("\r\n".join((f"POST {path} HTTP/1.1", *lines, "", "")).encode() + body)
        with line.makefile("rb") as answer:
            return answer.read().decode()


def test_only_who_is_signed_in_may_send_large_bodies_and_only_deliveries(instance: Path) -> None:
    """The server keeps a body on the disk before any page is asked: strangers could fill it."""
    large = 200 * 1024 * 1024
    with served(instance) as (address, said, _):
        cookies = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        text = opener.open(f"{address}sign-in", timeout=20).read().decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', text)
        (stranger,) = [f"{c.name}={c.value}" for c in cookies]
        password = next(line for line in said if "one-time password" in line).split()[-1]
        assert token
        fields = urllib.parse.urlencode({"csrf_token": token[1], "name": "samordnare", "password": password})
        opener.open(f"{address}sign-in", fields.encode(), timeout=20).close()
        (known,) = [f"{c.name}={c.value}" for c in cookies]
        for path, cookie in (("/s/sip", ""), ("/s/sip", known), ("/desk/sip/upload", ""), ("/sign-in", stranger)):
            assert posted(address, path, cookie, large).startswith("HTTP/1.1 413"), path
        assert posted(address, "/desk/sip/upload", stranger, large).startswith("HTTP/1.1 413")
        assert posted(address, "/desk/sip/upload", "kryssklick=forged", large).startswith("HTTP/1.1 413")
        assert "inget av det sparades" in posted(address, "/sign-in", "", large)
        body = bytes(17 * 1024 * 1024)
        assert posted(address, "/desk/sip/upload", known, len(body), body).startswith("HTTP/1.1 303")


def test_two_servers_on_one_instance_and_a_taken_port_are_told(instance: Path, tmp_path: Path) -> None:
    with served(instance) as (address, _, _):
        second = subprocess.run(
            [*SERVE, "--instance", instance], capture_output=True, text=True, timeout=30, check=False
        )
        assert second.returncode == 1
        assert "--instance DIR" in second.stderr
        other = tmp_path / "other"
        init(other).instance.close()
        port = address.rstrip("/").rsplit(":", 1)[1]
        taken = subprocess.run(
            [*SERVE[:-1], port, "--instance", other], capture_output=True, text=True, timeout=30, check=False
        )
        assert taken.returncode == 1
        assert f"Port {port}" in taken.stderr
        assert "--port N" in taken.stderr
        # Commands run beside a server.
        beside = [*SERVE[:3], "print", "sip", "--sheets", "1", "--out", tmp_path / "x.pdf", "--instance", instance]
        assert subprocess.run(beside, capture_output=True, timeout=60, check=False).returncode == 0


def test_addresses_are_those_of_this_machine() -> None:
    assert addresses("127.0.0.1", 8000) == ["http://127.0.0.1:8000/"]
    everywhere = addresses("0.0.0.0", 80)
    assert everywhere[0] == "http://127.0.0.1:80/"
    assert all(socket.inet_aton(a.split("/")[2].split(":")[0]) for a in everywhere)


def test_a_laptop_that_makes_a_network_of_its_own_tells_its_address_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def adapter(name: str, *ips: str) -> ifaddr.Adapter:
        return ifaddr.Adapter(name, name, [ifaddr.IP(ip, 24, name) for ip in ips])

    own = (adapter("lo", "127.0.0.1"), adapter("docker0", "172.17.0.1"), adapter("wlan0", "10.42.0.1"))
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: own)
    everywhere = addresses("0.0.0.0", 8000)
    assert "http://10.42.0.1:8000/" in everywhere
    assert not [a for a in everywhere if "172.17.0.1" in a]
    assert len(set(everywhere)) == len(everywhere)


def test_the_tray_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("disk full")

    ticker = Repeated("tray", work, 0.005)
    ticker.start()
    while len(calls) < 3:
        pass
    ticker.stop()
    assert "will be tried again" in caplog.text
