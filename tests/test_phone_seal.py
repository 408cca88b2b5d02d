"""Sealing on the phone: what the script seals, the server opens, and only with the right key, number and purpose."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from phone_helpers import engine_page, module_page, run_module
from playwright.sync_api import Page

from webapp.dataset.errors import SealError
from webapp.dataset.sealing import HEAD_BYTES, SIZES, TAG_BYTES, Purpose, check_envelope, unseal

NUMBER = "00ff1122334455667788990123456789"
SEAL = """
const bytes = new Uint8Array(await m.seal(m.fromBase64(v.key), v.value, v.number, v.purpose));
return m.toHex(bytes);
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with engine_page() as page:
        yield page


@pytest.fixture(scope="module")
def private() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def point(private: EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sealed(page: Page, private: EllipticCurvePrivateKey, value: object, purpose: str = "answer") -> bytes:
    key = base64.urlsafe_b64encode(point(private)).decode()
    found = run_module(page, "seal", SEAL, {"key": key, "value": value, "number": NUMBER, "purpose": purpose})
    assert isinstance(found, str)
    return bytes.fromhex(found)


def test_the_server_opens_what_the_phone_seals(page: Page, private: EllipticCurvePrivateKey) -> None:
    value = {"answers": {"mer": {"options": [], "texts": {"": "Åäö 😀 \"'\\ \n\u2028"}}}}
    body = sealed(page, private, value)
    check_envelope(body, point(private))
    plain = unseal(private, body, bytes.fromhex(NUMBER))
    assert json.loads(plain) == value
    assert len(plain) == SIZES[0]
    assert body[1:9] == hashlib.sha256(point(private)).digest()[:8]


@pytest.mark.parametrize("size", SIZES)
def test_each_size_is_filled_to_its_last_byte(page: Page, private: EllipticCurvePrivateKey, size: int) -> None:
    value = "x" * (size - 2)
    body = sealed(page, private, value)
    assert len(body) == HEAD_BYTES + size + TAG_BYTES
    assert json.loads(unseal(private, body, bytes.fromhex(NUMBER))) == value
    if size < SIZES[-1]:
        assert len(sealed(page, private, value + "x")) > len(body)


def test_what_is_too_long_says_so(page: Page, private: EllipticCurvePrivateKey) -> None:
    key = base64.urlsafe_b64encode(point(private)).decode()
    code = "try { await m.seal(m.fromBase64(v.key), v.value, v.number) } catch (e) { return e instanceof m.TooLong }"
    value = {"key": key, "value": "x" * SIZES[-1], "number": NUMBER}
    assert run_module(page, "seal", code, value) is True


def test_another_number_or_purpose_does_not_open(page: Page, private: EllipticCurvePrivateKey) -> None:
    body = sealed(page, private, {})
    with pytest.raises(SealError, match="changed on its way"):
        unseal(private, body, bytes(16))
    with pytest.raises(SealError, match="changed on its way"):
        unseal(private, body, bytes.fromhex(NUMBER), Purpose.CONTACT)
    contact = sealed(page, private, {"namn": "Exempel"}, "contact")
    assert json.loads(unseal(private, contact, bytes.fromhex(NUMBER), Purpose.CONTACT)) == {"namn": "Exempel"}


def test_no_two_seals_are_alike(page: Page, private: EllipticCurvePrivateKey) -> None:
    assert sealed(page, private, {}) != sealed(page, private, {})


def test_numbers_are_random_and_bytes_survive(page: Page) -> None:
    code = "return [m.newNumber(), m.newNumber(), m.toHex(m.fromHex(v)), m.toHex(m.fromBase64('_-8=')), m.canSeal()]"
    first, second, same, bytes_, can = run_module(page, "seal", code, NUMBER)
    assert first != second
    assert len(bytes.fromhex(first)) == 16
    assert (same, bytes_, can) == (NUMBER, "ffef", True)


def test_over_plain_http_nothing_is_promised(page: Page) -> None:
    browser = page.context.browser
    assert browser is not None
    plain = module_page(browser, "http://example.org")
    assert run_module(plain, "seal", "return m.canSeal()") is False
    plain.close()
