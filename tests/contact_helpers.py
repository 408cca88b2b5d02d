"""Contact keepers without a browser: their keys made here, and what they would open."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from webapp.dataset.accounts import Role
from webapp.dataset.contacts import SignUp
from webapp.dataset.instance import Instance
from webapp.dataset.keepers import KeeperKey
from webapp.dataset.sealing import Purpose, key_id, unseal

DETAILS = {
    "namn": {"options": [], "texts": {"": "Kim Åkerspöke"}},
    "na": {"options": [], "texts": {"": "070-000 11 22"}},
    "ringa": {"options": [], "texts": {"": "bara tisdagar efter klockan fyra"}},
    "meddelande": {"options": ["nej"], "texts": {}},
    "sallskap": {"options": ["sallskap"], "texts": {}},
    "tolk": {"options": ["ja"], "texts": {"ja": "somaliska"}},
}
SECRETS = ("Kim Åkerspöke", "070-000 11 22", "bara tisdagar", "somaliska")
"""What must never lie on a disk as it was written."""


def some_locks() -> str:
    """Return locks of the right form around nothing."""

    def text(length: int) -> str:
        return base64.b64encode(secrets.token_bytes(length)).decode()

    part = {"salt": text(16), "nonce": text(12), "locked": text(154)}
    return json.dumps(
        {"format": "kryssklick-key/1", "passphrase": {"iterations": 600_000, **part}, "recovery": {**part}}
    )


@dataclass(frozen=True)
class Keeper:
    """A contact keeper whose private key the test holds.

    Attributes:
        name: The account.
        key: What the server keeps of the key.
        private: The rest.
    """

    name: str
    key: KeeperKey
    private: EllipticCurvePrivateKey

    def open(self, sign_up: SignUp) -> dict[str, Any]:
        """Open a sign-up as the browser would."""
        sealed = sign_up.seals[key_id(self.key.public)]
        return dict(json.loads(unseal(self.private, sealed, bytes.fromhex(sign_up.number), Purpose.CONTACT)))


def new_pair() -> tuple[EllipticCurvePrivateKey, bytes]:
    """Return a private key and the point that belongs to it."""
    private = generate_private_key(SECP256R1())
    return private, private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def a_keeper(instance: Instance, name: str = "vera") -> Keeper:
    """Make an account of a contact keeper who has a key."""
    if name not in {user.name for user in instance.accounts.list()}:
        # Without a password of its own: working one out takes longer than all else here.
        instance.accounts.add(name, [Role.CONTACT_KEEPER])
    private, public = new_pair()
    return Keeper(name, instance.keepers.make(name, public, some_locks()), private)


def leave(instance: Instance, name: str) -> None:
    """Take the role of contact keeper from somebody, who now reviews."""
    sql = "UPDATE users SET roles = ? WHERE name = ?"
    instance.store.db.write(lambda: instance.store.db.execute(sql, (json.dumps([Role.AUDITOR]), name)))


def sign_up(instance: Instance, number: bytes | None = None, details: Mapping[str, object] = DETAILS) -> bytes:
    """Sign somebody up for the survey `prov`; return the number."""
    number = number or secrets.token_bytes(16)
    instance.contacts.submit(
        instance.surveys.get("prov"), number, instance.contacts.seal_on_arrival(number, details, "sv")
    )
    return number


def found_on_disk(instance: Instance, *texts: str) -> list[str]:
    """Return which of some texts stand readable in any file of an instance, in UTF-8 or UTF-16."""
    wanted = {(text, code): text.encode(code) for text in texts for code in ("utf-8", "utf-16-le")}
    found = []
    for file in instance.path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            found += [f"{text} in {file.name}" for (text, _), data in wanted.items() if data in content]
    return found
