"""A brake on what strangers may send and nobody can look into: so many at once, then as many as time allows.

Two measures hold at the same time. Of all that comes for a survey some come in at once, and later ones at a steady
pace. And of the network that something came from one thing is known: in which of 256 cells it falls, under a key that
is drawn when the program starts and lies in memory alone. Each cell has a smaller measure of its own, so that one who
floods is stopped long before others are. No address is kept, in memory or on the disk: a 256th of all people share a
cell.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

CELLS = 256
KEY_BYTES = 16
IPV6_BITS = 64
"""What one household has of IPv6: all its addresses are one network."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How much comes in.

    Attributes:
        at_once: Things that come in without any pause.
        every_s: Seconds until one more may come in.
    """

    at_once: int
    every_s: float


FROM_ONE = Measure(40, 60)
"""From the networks of one cell: a whole meeting behind one address may sign up at once."""

FOR_ALL = Measure(200, 30)
"""For one survey: far more than any association has interviewed in a day."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime

    def fill(self, measure: Measure, now: datetime) -> None:
        # A clock that was put back takes nothing away.
        passed_s = max(0.0, (now - self.at).total_seconds())
        self.left = min(float(measure.at_once), self.left + passed_s / measure.every_s)
        self.at = now

    def wait_s(self, measure: Measure) -> int:
        """Return in how many seconds there is one more; 0: there is one."""
        return 0 if self.left >= 1 else max(1, round((1 - self.left) * measure.every_s))


@dataclass(slots=True)
class Brake:
    """The brake of one server.

    Attributes:
        now: The clock.
        from_one: Measure of a cell.
        for_all: Measure of a survey.
    """

    now: Callable[[], datetime]
    from_one: Measure = FROM_ONE
    for_all: Measure = FOR_ALL
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)
    _cells: dict[int, _Bucket] = field(default_factory=dict, repr=False)
    _surveys: dict[str, _Bucket] = field(default_factory=dict, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, survey: str, address: str) -> int:
        """Let one in, or say when to come again.

        Args:
            survey: Which survey it is for; only ones that exist, since each has a measure of its own.
            address: Where it came from, as the server knows it; forgotten when this returns.

        Returns:
            0: it may come in, and is counted. Otherwise seconds to wait; nothing is counted.
        """
        cell, now = self._cell(address), self.now()
        with self._guard:
            near = self._cells.setdefault(cell, _Bucket(self.from_one.at_once, now))
            far = self._surveys.setdefault(survey, _Bucket(self.for_all.at_once, now))
            near.fill(self.from_one, now)
            far.fill(self.for_all, now)
            wait_s = max(near.wait_s(self.from_one), far.wait_s(self.for_all))
            if not wait_s:
                near.left -= 1
                far.left -= 1
        return wait_s

    def _cell(self, address: str) -> int:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            # What a proxy calls it; all that it has no name for are one.
            network = address
        else:
            bits = IPV6_BITS if found.version == 6 else found.max_prefixlen
            network = str(ipaddress.ip_network((found, bits), strict=False))
        return hashlib.blake2b(network.encode(), key=self._key, digest_size=1).digest()[0]
