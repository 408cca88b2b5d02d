"""The sealing format kk1, byte for byte."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.dataset.errors import SealError
from webapp.dataset.sealing import Purpose, check_envelope, key_id, pad, seal, unseal

ID = bytes(range(16))
PRIVATE = generate_private_key(SECP256R1())
PUBLIC = PRIVATE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def test_format_opens_with_nothing_but_its_description() -> None:
    sealed = seal(PUBLIC, b'{"a":1}', ID)
    assert sealed[0] == 1
    assert sealed[1:9] == hashlib.sha256(PUBLIC).digest()[:8]
    point, nonce, rest = sealed[9:74], sealed[74:86], sealed[86:]
    shared = PRIVATE.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))
    key = HKDF(SHA256(), 32, salt=None, info=b"kryssklick/1/answer").derive(shared)
    plain = AESGCM(key).decrypt(nonce, rest, sealed[:86] + ID)
    assert len(plain) == 4096
    assert json.loads(plain) == {"a": 1}


@given(st.binary(max_size=70_000).map(lambda b: b.hex().encode()))
@settings(max_examples=20, deadline=None)
def test_what_is_sealed_opens_again_and_has_one_of_four_sizes(plain: bytes) -> None:
    sealed = seal(PUBLIC, plain, ID)
    assert unseal(PRIVATE, sealed, ID).rstrip(b" ") == plain
    assert len(sealed) - 86 - 16 in (4096, 16384, 65536, 262144)


@given(st.integers(0, 86 + 4096 + 15), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_no_byte_can_be_changed(place: int, change: int) -> None:
    sealed = bytearray(seal(PUBLIC, b"{}", ID))
    sealed[place] ^= change
    with pytest.raises(SealError) as error:
        unseal(PRIVATE, bytes(sealed), ID)
    assert error.value.code in ("not-sealed", "other-key", "broken-seal")


def test_it_opens_only_under_its_own_submission_id_and_purpose() -> None:
    sealed = seal(PUBLIC, b"{}", ID, Purpose.CONTACT)
    with pytest.raises(SealError, match="belongs to another submission"):
        unseal(PRIVATE, sealed, ID)
    with pytest.raises(SealError, match="belongs to another submission"):
        unseal(PRIVATE, seal(PUBLIC, b"{}", ID), bytes(16))


def test_what_was_sealed_to_another_key_is_told_apart() -> None:
    other = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert key_id(other) != key_id(PUBLIC)
    with pytest.raises(SealError) as error:
        check_envelope(seal(other, b"{}", ID), PUBLIC)
    assert error.value.code == "other-key"


@pytest.mark.parametrize("body", [b"", b"{}", bytes(86), bytes(86 + 4096 + 16), b"\x01" * 5000])
def test_what_is_no_sealed_answer_is_refused_from_the_outside(body: bytes) -> None:
    with pytest.raises(SealError) as error:
        check_envelope(body, PUBLIC)
    assert error.value.code == "not-sealed"


def test_too_long_is_said_and_not_cut() -> None:
    assert len(pad(b"x" * 262144)) == 262144
    with pytest.raises(SealError) as error:
        pad(b"x" * 262145)
    assert error.value.code == "too-long"
