"""The keys of surveys, as files that only their owner may read.

A survey has a sealing key (opens submissions), a receipt key (recognises repeats), a text key (texts and the log's
payloads) and a picture key. The picture key lies in a folder of its own, because no backup may hold it.
"""

from __future__ import annotations

import os
import secrets
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from webapp.dataset.errors import DatasetError

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyKind(StrEnum):
    """What a key is for."""

    SEALING = "sealing"
    RECEIPT = "receipt"
    TEXT = "text"
    PICTURE = "picture"


class Keyring:
    """The key files of one instance.

    Args:
        folder: Holds the instance's secret and the sealing, receipt and text keys of its surveys.
        picture_folder: Holds the picture keys.
    """

    def __init__(self, folder: Path, picture_folder: Path) -> None:
        self._folders = {kind: folder for kind in KeyKind} | {KeyKind.PICTURE: picture_folder}
        self._secret = folder / "secret"
        self._sealing: dict[str, EllipticCurvePrivateKey] = {}

    def make(self, survey: str) -> None:
        """Make the keys of a survey.

        Args:
            survey: The survey's random id.
        """
        pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._path(survey, KeyKind.SEALING), pem)
        for kind in (KeyKind.RECEIPT, KeyKind.TEXT, KeyKind.PICTURE):
            write_private(self._path(survey, kind), secrets.token_bytes(KEY_BYTES))

    def sealing(self, survey: str) -> EllipticCurvePrivateKey:
        """Return the key that opens a survey's submissions."""
        key = self._sealing.get(survey)
        if key is None:
            loaded = load_pem_private_key(self.read(survey, KeyKind.SEALING), password=None)
            if not isinstance(loaded, EllipticCurvePrivateKey):
                raise _missing(self._path(survey, KeyKind.SEALING))
            key = self._sealing[survey] = loaded
        return key

    def public(self, survey: str) -> bytes:
        """Return the survey's public key as a point of 65 bytes, what phones seal to."""
        return self.sealing(survey).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, survey: str, kind: KeyKind) -> bytes:
        """Return a key.

        Raises:
            DatasetError: `key-missing`: it was destroyed or its file is gone.
        """
        path = self._path(survey, kind)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise _missing(path) from error

    def has(self, survey: str, kind: KeyKind) -> bool:
        """Tell whether a key still exists."""
        return self._path(survey, kind).exists()

    def destroy(self, survey: str, kind: KeyKind) -> None:
        """Overwrite and remove a key; nothing happens where it is gone already."""
        path = self._path(survey, kind)
        self._sealing.pop(survey, None)
        if path.exists():
            path.write_bytes(secrets.token_bytes(path.stat().st_size))
            path.unlink()

    def secret(self) -> bytes:
        """Return the instance's own secret of 32 bytes (sessions, one-time passwords); made where there is none."""
        if not self._secret.exists():
            write_private(self._secret, secrets.token_bytes(KEY_BYTES))
        return self._secret.read_bytes()

    def _path(self, survey: str, kind: KeyKind) -> Path:
        return self._folders[kind] / f"{survey}.{kind.value}"


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, and see it onto the disk. On Windows the folder's rights hold."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def lock_up(key: bytes, content: bytes, place: str) -> bytes:
    """Encrypt with AES-GCM.

    Args:
        key: 32 bytes.
        content: What to hide.
        place: Where it belongs; it opens only there, so that rows can't be exchanged.

    Returns:
        Nonce, ciphertext and tag.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def unlock(key: bytes, content: bytes, place: str) -> bytes:
    """Open what `lock_up` made; cryptography's InvalidTag where key, place or content is another."""
    return AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], place.encode())


def _missing(path: Path) -> DatasetError:
    return DatasetError(
        "key-missing",
        f"The key file {path} is gone.",
        "Put it back from a backup. Keys are removed by the program itself when grace ends and at a purge; "
        "what they opened can't be opened again.",
    )
