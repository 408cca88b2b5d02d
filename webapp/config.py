"""What the web server is told when it starts; nothing in it changes while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one server.

    Attributes:
        instance: Directory of the association's own data.
        secure_cookies: The session cookie travels over HTTPS only. Set it wherever HTTPS is in front.
        max_upload_bytes: Largest delivery of scanned files in one upload.
        max_form_bytes: Largest other form, in bytes; a respondent's page with every field full is below 1 MiB.
        session_hours: How long a sign-in lasts without a visit, in hours.
        proxies: Trusted reverse proxies in front, whose X-Forwarded headers count; 0 at a laptop.
    """

    instance: Path
    secure_cookies: bool = False
    max_upload_bytes: int = 1024 * MEBIBYTE
    max_form_bytes: int = 4 * MEBIBYTE
    session_hours: int = 8
    proxies: int = 0
