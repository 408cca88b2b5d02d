"""What a modified client may send to the real server: a fitting word or quarantine, and nobody else loses anything."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from web_helpers import DEFINITION, PARAMETERS, make_instance

from webapp.dataset.instance import Instance
from webapp.dataset.sealing import HEAD_BYTES, KEY_ID_BYTES, seal
from webapp.dataset.surveys import Settings, Survey
from webapp.jobs import Jobs
from webapp.server import listen
from webapp.views.phone import LARGEST

MEBIBYTE = 1024 * 1024
POINT = slice(1 + KEY_ID_BYTES, 1 + KEY_ID_BYTES + 65)
"""Where the key that was used once stands in a sealed answer."""

GARBAGE = 1000
CLIENTS = 16


@dataclass
class Site:
    """A running server.

    Attributes:
        instance: Its data.
        port: Where it listens.
    """

    instance: Instance
    port: int

    def survey(self, slug: str) -> Survey:
        """Open one more survey with the questions of `prov`."""
        settings = Settings(grace_days=0)
        self.instance.surveys.create(slug, DEFINITION, "prov.toml", parameters=PARAMETERS, settings=settings)
        return self.instance.surveys.open(slug)

    def sealed(self, survey: Survey, number: str, content: bytes | None = None, **change: object) -> bytes:
        """Seal an answer as the phone does, good unless something in it is changed."""
        good = {"format": "kryssklick-answer/1", "version": survey.instrument.version, "language": "sv"}
        plain = {**good, "answers": {"fick": {"options": ["ja"]}}, **change}
        body = json.dumps(plain).encode() if content is None else content
        return seal(self.instance.tray.public_key(survey), body, bytes.fromhex(number))

    def post(self, slug: str, body: bytes, number: str, **headers: str) -> tuple[int, str]:
        """Send something as a sealed answer; return the status, and what was told if it was told in our words."""
        way = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            way.request("POST", f"/s/{slug}/sealed", body, {"Kryssklick-Number": number, **headers})
            answer = way.getresponse()
            said = answer.read()
        finally:
            way.close()
        return answer.status, json.loads(said)["reason"] if said.startswith(b"{") else ""

    def ended(self, survey: Survey) -> tuple[int, list[str]]:
        """Close a survey; return how many responses it has, and why others are in quarantine."""
        self.instance.close_survey(survey.slug)
        self.instance.tray.advance()
        assert self.instance.verifier.verify() == ()
        codes = [kept.code for kept in self.instance.tray.quarantined(survey)]
        return len(list(self.instance.responses.all(survey))), sorted(codes)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole server as people run it, with what it lets in before any page is asked."""
    with make_instance(tmp_path_factory.mktemp("modified") / "i") as instance:
        server = listen(instance, Jobs(instance), "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Site(instance, int(server.effective_port))
        server.close()
        thread.join()


def number() -> str:
    return secrets.token_hex(16)


def broken_point(body: bytes) -> bytes:
    """Put something in the place of the point that is on no curve."""
    return body[: POINT.start] + b"\x04" + b"\xff" * 64 + body[POINT.stop :]


def other_point(body: bytes) -> bytes:
    """Put another point of the curve there."""
    other = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return body[: POINT.start] + other + body[POINT.stop :]


AT_THE_DOOR: list[tuple[str, Callable[[bytes], bytes], int, str]] = [
    ("nothing", lambda _: b"", 400, "not-sealed"),
    ("json that is not sealed", lambda _: b'{"answers": {}}', 400, "not-sealed"),
    ("only the head", lambda body: body[:HEAD_BYTES], 400, "not-sealed"),
    ("one byte too few", lambda body: body[:-1], 400, "not-sealed"),
    ("another padding", lambda body: body + bytes(1024), 400, "not-sealed"),
    ("padding of another size", lambda body: body[: HEAD_BYTES + 2048 + 16], 400, "not-sealed"),
    ("another version of the format", lambda body: b"\x02" + body[1:], 400, "not-sealed"),
    ("another key", lambda body: body[:1] + bytes(KEY_ID_BYTES) + body[1 + KEY_ID_BYTES :], 409, "other-key"),
    ("a byte more than the largest", lambda _: bytes(LARGEST + 1), 413, "too-large"),
]


@pytest.mark.parametrize(("made", "status", "reason"), [c[1:] for c in AT_THE_DOOR], ids=[c[0] for c in AT_THE_DOOR])
def test_what_is_no_sealed_answer_is_refused_and_the_number_stays_free(
    site: Site, made: Callable[[bytes], bytes], status: int, reason: str, request: pytest.FixtureRequest
) -> None:
    survey = site.survey(f"dorr-{[c[0] for c in AT_THE_DOOR].index(request.node.callspec.id)}")
    to = number()
    good = site.sealed(survey, to)
    assert site.post(survey.slug, made(good), to) == (status, reason)
    assert site.instance.tray.waiting(survey) == 0
    # Whoever sent the wrong thing under somebody's number has not used it up.
    assert site.post(survey.slug, good, to) == (200, "")
    assert site.ended(survey) == (1, [])


@pytest.mark.parametrize("named", ["", "0" * 31, "0" * 33, "g" * 32, "00 " * 16, "0" * 32 + "\t0", "é" * 32])
def test_a_number_that_is_none_is_told(site: Site, named: str) -> None:
    survey = site.instance.surveys.get("prov")
    told = site.post("prov", site.sealed(survey, number()), named)
    assert told == (400, "bad-submission-id")
    assert site.instance.tray.waiting(survey) == 0


def test_one_number_written_in_two_ways_is_one_answer(site: Site) -> None:
    survey = site.survey("stora")
    to = number()
    body = site.sealed(survey, to)
    assert [site.post("stora", body, named) for named in (to, to.upper(), to)] == [(200, "")] * 3
    assert site.ended(survey) == (1, [])


INSIDE: list[tuple[str, dict[str, Any], str]] = [
    ("unknown question", {"answers": {"hittepa": {"options": ["ja"]}}}, "unknown-question"),
    ("unknown option", {"answers": {"fick": {"options": ["kanske"]}}}, "unknown-option"),
    ("two options of a single choice", {"answers": {"fick": {"options": ["ja", "nej"]}}}, "several"),
    ("exclusive option with others", {"answers": {"vilka": {"options": ["vard", "ingen"]}}}, "several"),
    ("a place and a way out", {"answers": {"kommun": {"options": ["annan"], "texts": {"": "1480"}}}}, "several"),
    ("words for a number", {"answers": {"antal": {"texts": {"": "tre"}}}}, "not-a-number"),
    ("digits of another script", {"answers": {"antal": {"texts": {"": "٣"}}}}, "not-a-number"),
    ("a number of a thousand digits", {"answers": {"antal": {"texts": {"": "9" * 1000}}}}, "too-long"),
    ("a number for words", {"answers": {"antal": {"texts": {"": 3}}}}, "malformed"),
    ("no number at all", {"answers": {"antal": {"texts": {"": float("nan")}}}}, "malformed"),
    ("a list for an object", {"answers": [{"fick": "ja"}]}, "malformed"),
    ("a text for a list", {"answers": {"fick": {"options": "ja"}}}, "malformed"),
    ("an object for an option", {"answers": {"fick": {"options": [{"id": "ja"}]}}}, "malformed"),
    ("nothing for an object", {"answers": None}, "malformed"),
    ("more than an answer has", {"answers": {"fick": {"options": ["ja"], "at": "12:03"}}}, "malformed"),
    ("a version of nobody's", {"version": "ffffffff"}, "unknown-version"),
    ("a version that is a path", {"version": "../../keys"}, "unknown-version"),
    ("a language that is none", {"language": ["sv"]}, "malformed"),
    ("nothing answered", {"answers": {}}, "malformed"),
    (
        "nothing but empty answers",
        {"answers": {"fick": {"options": []}, "mer": {"texts": {"": " \x07 "}}}},
        "malformed",
    ),
    ("thousands of questions", {"answers": {f"q{n}": {"options": ["ja"]} for n in range(8000)}}, "unknown-question"),
]


def test_what_is_wrong_inside_waits_in_quarantine_beside_what_is_right(site: Site) -> None:
    survey = site.survey("inuti")
    for _, change, _ in INSIDE:
        to = number()
        assert site.post("inuti", site.sealed(survey, to, **change), to) == (200, "")
    for content in (b"[" * 4000, b'{"a":' * 700, b"\xff\xfe", b"null", b'"' + b"x" * 4000):
        to = number()
        assert site.post("inuti", site.sealed(survey, to, content), to) == (200, "")
    for change_of in (broken_point, other_point, lambda body: body[:-1] + bytes([body[-1] ^ 1])):
        to = number()
        assert site.post("inuti", change_of(site.sealed(survey, to)), to) == (200, "")
    to, other = number(), number()
    assert site.post("inuti", site.sealed(survey, other), to) == (200, "")
    to = number()
    assert site.post("inuti", site.sealed(survey, to), to) == (200, "")
    expected = [code for _, _, code in INSIDE] + ["malformed"] * 5 + ["broken-seal"] * 4
    assert site.ended(survey) == (1, sorted(expected))


def test_an_older_version_of_the_survey_itself_is_good(site: Site) -> None:
    """Only a version that it never had is wrong: phones keep pages for long."""
    survey = site.survey("aldre")
    other = site.survey("aldre-tva")
    to = number()
    assert other.versions == survey.versions
    assert site.post("aldre", site.sealed(survey, to, version=survey.versions[0]), to) == (200, "")
    assert site.ended(survey) == (1, [])


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("path", ["/s/prov/sealed", "/s/prov"])
def test_ten_megabytes_are_turned_away_and_the_server_goes_on(site: Site, path: str, *, chunked: bool) -> None:
    head = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {10 * MEBIBYTE}"
    chunk = b"%x\r\n%s\r\n" % (65536, b"x" * 65536) if chunked else b"x" * 65536
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as way:
        way.sendall(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\nKryssklick-Number: {number()}\r\n\r\n".encode()
        )
        # The server may turn it away before all of it has come, and close.
        try:
            for _ in range(10 * MEBIBYTE // 65536):
                way.sendall(chunk)
            way.sendall(b"0\r\n\r\n" if chunked else b"")
            answer = way.recv(65536)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413"), answer[:200]
    assert site.instance.tray.waiting(site.instance.surveys.get("prov")) == 0
    survey = site.survey(f"efter-{'bitar' if chunked else 'hel'}{len(path)}")
    to = number()
    assert site.post(survey.slug, site.sealed(survey, to), to) == (200, "")


def test_a_thousand_at_once_take_nothing_from_those_who_mean_it(site: Site) -> None:
    survey = site.survey("mangd")
    chance = random.Random(4)
    numbers = [number() for _ in range(50)]
    good = [(site.sealed(survey, to), to) for to in numbers]
    sealed_wrong = site.sealed(survey, number())
    bad: list[tuple[bytes, str]] = []
    for n in range(GARBAGE):
        kinds = [
            (chance.randbytes(chance.choice([0, 1, 86, 4198, 20000])), number()),
            (good[n % 50][0][:-1], numbers[n % 50]),
            (good[n % 50][0], chance.choice(["", "x", numbers[0][:-1]])),
            (b"\x01" + chance.randbytes(4197), numbers[n % 50]),
        ]
        bad.append(chance.choice(kinds))
    # Ten seals that do not open stand among them, each under a number of its own.
    wrong = [(sealed_wrong, number()) for _ in range(10)]
    everything = [*bad, *good, *good, *wrong]
    chance.shuffle(everything)
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda one: site.post("mangd", *one), everything))
    told = dict(zip(everything, answers, strict=True))
    assert {told[one] for one in good} == {told[one] for one in wrong} == {(200, "")}
    assert {told[one] for one in bad} <= {(400, "not-sealed"), (400, "bad-submission-id"), (409, "other-key")}
    assert site.instance.tray.waiting(survey) == 60
    assert site.ended(survey) == (50, ["broken-seal"] * 10)
