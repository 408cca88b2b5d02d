"""A survey's web address on paper: as a QR code for a camera and in plain letters for who types it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit, urlunsplit

from forms.drawing import Frame
from forms.errors import LayoutError
from forms.qr import QUIET_MODULES, address_runs

MOST_LETTERS = 80
"""Longest address: nobody types more from a sheet of paper, and a code of 30 mm holds no more for a cheap camera."""

_REMEDY = "Give the address that a phone opens, such as address=https://svara.example.se/s/sip."


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where a survey is answered.

    Attributes:
        url: What the QR code says, in ASCII.
        short: What is printed: without `https://`, which browsers add by themselves.
    """

    url: str
    short: str


def web_address(text: str) -> WebAddress:
    """Judge an address that somebody gave.

    Args:
        text: The address; without a scheme `https` is meant.

    Raises:
        LayoutError: `bad-address`: it is none, holds a password, is too long to type, or leads only to this machine.
    """
    text = text.strip()
    whole = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(whole)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:
        raise LayoutError("bad-address", f"“{text}” is no web address.", _REMEDY) from error
    named = "." in host or ":" in host
    if parts.username is not None:
        raise LayoutError("bad-address", "The web address holds a name or a password.", _REMEDY)
    if parts.scheme not in ("http", "https") or not host or len(text.split()) != 1:
        raise LayoutError("bad-address", f"“{text}” is no web address.", _REMEDY)
    if host == "localhost" or not named or _is_own(host):
        raise LayoutError("bad-address", f"“{text}” leads nowhere from other people's phones.", _REMEDY)
    if len(whole) > MOST_LETTERS:
        remedy = f"Give one of at most {MOST_LETTERS} letters."
        raise LayoutError("bad-address", f"“{text}” is too long to be typed from paper.", remedy)
    place = f"[{host}]" if ":" in host else host
    place = place if port is None else f"{place}:{port}"
    path, query = quote(parts.path, safe="/%~-._"), quote(parts.query, safe="=&%~-._")
    url = urlunsplit((parts.scheme, place, path, query, ""))
    return WebAddress(url, whole.removeprefix("https://").rstrip("/"))


def _is_own(host: str) -> bool:
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False


def qr_frames(url: str, x: float, y: float, size: float) -> Iterator[Frame]:
    """Yield the dark modules of an address' QR code, level M, as filled rectangles.

    Args:
        url: The address, in ASCII.
        x: Left edge of the quiet zone, mm.
        y: Upper edge of the quiet zone, mm.
        size: Width with the quiet zone, mm.
    """
    count, runs = address_runs(url)
    module = size / (count + 2 * QUIET_MODULES)
    for column, row, length in runs:
        left, top = x + (column + QUIET_MODULES) * module, y + (row + QUIET_MODULES) * module
        # Rows overlap by a hair, so that no viewer shows white seams between them.
        yield Frame(left, top, length * module, module * 1.01, 0)
