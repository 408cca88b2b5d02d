"""The sealing format `kk1`: what a phone makes with WebCrypto and this program opens.

Bytes: version 1 · key id 8 · ephemeral point 65 · nonce 12 · ciphertext with tag. The key id is the start of
SHA-256 of the public key; HKDF-SHA-256 has an empty salt and the purpose as info; the associated data are all bytes
before the ciphertext and then the submission id. The plaintext is JSON, padded with blanks at its end to one of four
sizes, so that its length tells next to nothing. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webapp.dataset.errors import SealError

VERSION = 1
KEY_ID_BYTES = 8
POINT_BYTES = 65
NONCE_BYTES = 12
TAG_BYTES = 16
SUBMISSION_ID_BYTES = 16
HEAD_BYTES = 1 + KEY_ID_BYTES + POINT_BYTES + NONCE_BYTES
SIZES = tuple(n * 1024 for n in (4, 16, 64, 256))
"""Lengths that a plaintext may have, bytes."""


class Purpose(StrEnum):
    """What is sealed; one can't be passed off as the other."""

    ANSWER = "kryssklick/1/answer"
    CONTACT = "kryssklick/1/contact"


def key_id(public: bytes) -> bytes:
    """Return the 8 bytes that name a public key."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


def pad(plain: bytes) -> bytes:
    """Pad JSON with blanks to the next of the four sizes.

    Raises:
        SealError: `too-long`: more than the largest size.
    """
    for size in SIZES:
        if len(plain) <= size:
            return plain.ljust(size)
    raise SealError("too-long", f"The answers take {len(plain)} bytes; {SIZES[-1]} fit.", "Shorten the longest text.")


def seal(public: bytes, plain: bytes, submission_id: bytes, purpose: Purpose = Purpose.ANSWER) -> bytes:
    """Seal a plaintext to a public key.

    Args:
        public: Uncompressed P-256 point, 65 bytes.
        plain: JSON, at most 256 KiB.
        submission_id: 16 bytes; needed again to open it.
        purpose: What it is.

    Raises:
        SealError: `too-long`.
    """
    ephemeral = generate_private_key(SECP256R1())
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    recipient = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
    head = bytes([VERSION]) + key_id(public) + point + secrets.token_bytes(NONCE_BYTES)
    return head + _cipher(ephemeral, recipient, purpose).encrypt(head[-NONCE_BYTES:], pad(plain), head + submission_id)


def check_envelope(sealed: bytes, public: bytes) -> None:
    """See from the outside whether something can be a submission sealed to a key.

    Raises:
        SealError: `not-sealed`: wrong version, length or size; `other-key`: sealed to another survey's key.
    """
    length = len(sealed) - HEAD_BYTES - TAG_BYTES
    if length not in SIZES or sealed[0] != VERSION or sealed[1 + KEY_ID_BYTES] != 4:
        raise SealError(
            "not-sealed",
            "What arrived is not a sealed answer of the form kk1.",
            "Load the survey's page again and send once more.",
        )
    if sealed[1 : 1 + KEY_ID_BYTES] != key_id(public):
        raise SealError(
            "other-key",
            "The answer was sealed to the key of another survey.",
            "Load the page of the survey that you want to answer and send from there.",
        )


def unseal(
    private: EllipticCurvePrivateKey, sealed: bytes, submission_id: bytes, purpose: Purpose = Purpose.ANSWER
) -> bytes:
    """Open a sealed submission.

    Returns:
        The JSON, padding included (blanks at the end).

    Raises:
        SealError: `not-sealed`, `other-key`, or `broken-seal`: changed on the way, or sent under another submission id.
    """
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    check_envelope(sealed, public)
    head, rest = sealed[:HEAD_BYTES], sealed[HEAD_BYTES:]
    try:
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), head[1 + KEY_ID_BYTES : -NONCE_BYTES])
        return _cipher(private, point, purpose).decrypt(head[-NONCE_BYTES:], rest, head + submission_id)
    except (InvalidTag, ValueError) as error:
        raise SealError(
            "broken-seal",
            "The sealed answer was changed on its way, or belongs to another submission.",
            "Nothing can be read out of it. It is kept in quarantine.",
        ) from error


def _cipher(own: EllipticCurvePrivateKey, other: EllipticCurvePublicKey, purpose: Purpose) -> AESGCM:
    shared = own.exchange(ECDH(), other)
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=purpose.value.encode()).derive(shared))
