"""How much the server takes in before any page is asked.

Waitress receives a whole body, on the disk where it is large, before the application sees the request. A delivery of
scans may be a gibibyte; from somebody who is not signed in that would only fill the disk.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

from flask import Flask
from itsdangerous import BadSignature
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, MultiSocketServer
from waitress.utilities import Error, RequestEntityTooLarge
from werkzeug.http import parse_cookie

from webapp.config import Config
from webapp.dataset.instance import Instance
from webapp.views.here import SESSION_ID

_UPLOAD = re.compile(r"/desk/[^/]+/upload")

ROOM = 4
"""Forms up to so many times their limit are taken in, so that a person is told in a page of ours what was too large."""

TOLD = (
    "Det var för stort, och inget av det sparades. Skicka färre filer åt gången, eller dela bunten. Var du inloggad? "
    "Logga in och försök igen.\n\n"
    "That was too large, and nothing of it was stored. Send fewer files at a time, or split the pile. Were you signed "
    "in? Sign in and try again.\n"
)
"""What stands in an answer that is given before any page is asked."""


def limit_bodies(server: MultiSocketServer | BaseWSGIServer, app: Flask, instance: Instance, config: Config) -> None:
    """Let a server take large bodies only where deliveries go, and only from who is signed in.

    Args:
        server: The server, not running yet.
        app: Its application, which knows how sessions are signed.
        instance: The instance, which knows the sessions.
        config: Its limits.
    """

    def signed_in(cookies: str) -> bool:
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        try:
            secret = signer.loads(parse_cookie(cookies).get(app.config["SESSION_COOKIE_NAME"], "")).get(SESSION_ID)
        except BadSignature:
            return False
        return isinstance(secret, str) and instance.accounts.session_user(secret) is not None

    channel = _channel(signed_in, ROOM * config.max_form_bytes)
    sockets = server.map if isinstance(server, MultiSocketServer) else server._map
    for one in sockets.values():
        if isinstance(one, BaseWSGIServer):
            one.channel_class = channel


def _channel(signed_in: Callable[[str], bool], small: int) -> type[HTTPChannel]:
    class Parser(HTTPRequestParser):  # type: ignore[misc]
        adj: Adjustments
        error: Error | None

        def received(self, data: bytes) -> int:
            taken: int = super().received(data)
            if isinstance(self.error, RequestEntityTooLarge):
                self.error = RequestEntityTooLarge(TOLD)
            return taken

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if not (_UPLOAD.fullmatch(self.path) and signed_in(self.headers.get("COOKIE", ""))):
                smaller = copy.copy(self.adj)
                smaller.max_request_body_size = small
                self.adj = smaller

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = Parser

    return Channel
