"""What every answer of the server says about itself: security headers, caching, compression."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content security policy: our own files only, nothing inline, nobody frames us."""

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"

DOCUMENT = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""What a browser must know about anything that it may show as a page; a page that a phone keeps has it too."""

_NEVER_SHOWN = frozenset({"text/css", "text/javascript", "image/svg+xml"})
"""What is only ever part of a page: style, scripts, our few drawings, which hold nothing that runs."""

YEAR_S = 365 * 24 * 3600

_COMPRESSIBLE = frozenset(
    {
        "text/html",
        "text/css",
        "text/plain",
        "text/javascript",
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "image/svg+xml",
    }
)
_SMALLEST_WORTH_IT = 600


_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "[::1]"})


def overheard() -> bool:
    """Tell whether what is sent could be read on the way: plain HTTP over a network, as at a meeting place."""
    return not request.is_secure and request.host.rsplit(":", 1)[0] not in _THIS_MACHINE


def secure(response: Response) -> Response:
    """Add the headers that hold for every answer, and forbid keeping any page that is not a static file."""
    headers = response.headers
    if response.mimetype not in _NEVER_SHOWN or request.endpoint == "phone.worker":
        # On the rest they mean nothing, and a phone pays for each byte.
        headers.update(DOCUMENT)
        if overheard():
            # Browsers follow it on trusted connections alone, and complain about it on others.
            del headers["Cross-Origin-Opener-Policy"]
        if request.is_secure:
            # Holds for the whole site, wherever it was said.
            headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint == "static" and response.status_code in (200, 304):
        fresh = "public, max-age=%d, immutable" if "v" in request.args else "public, max-age=%d"
        headers["Cache-Control"] = fresh % (YEAR_S if "v" in request.args else 3600)
    elif request.endpoint in ("phone.script", "signup.script") and response.status_code in (200, 304):
        # Its address names the hash of what it holds.
        headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    elif request.endpoint == "phone.worker":
        headers["Cache-Control"] = "no-cache"
    else:
        headers["Cache-Control"] = "no-store"
    return response


def compress(response: Response) -> Response:
    """Send public text compressed to whoever can read that.

    Only what holds no secret of a signed-in person: pages of the respondent and static files. (A page that mixes
    a secret with what an attacker sends would tell the secret through its compressed length.)
    """
    public = request.endpoint == "static" or (request.blueprint in ("respond", "phone", "signup"))
    worth = (
        public
        and response.status_code != 304
        and response.mimetype in _COMPRESSIBLE
        and "gzip" in request.headers.get("Accept-Encoding", "")
        and "Content-Encoding" not in response.headers
    )
    if public and response.mimetype in _COMPRESSIBLE:
        response.vary.add("Accept-Encoding")
    if not worth:
        return response
    response.direct_passthrough = False
    data = response.get_data()
    if len(data) >= _SMALLEST_WORTH_IT:
        response.set_data(_packed(data) if request.endpoint == "static" else gzip.compress(data, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=64)
def _packed(data: bytes) -> bytes:
    """Compress a static file once."""
    return gzip.compress(data, 9, mtime=0)


def asset_url(app: Flask, name: str) -> str:
    """Return the address of a static file, with the hash of what it holds so that a browser may keep it."""
    return url_for("static", filename=name, v=_fingerprint(Path(app.static_folder or "") / name))


@lru_cache(maxsize=64)
def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
