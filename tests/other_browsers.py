"""Browsers other than Chromium, by the protocols that they bring: WebKitGTK, the nearest to iPhones, and Firefox.

WebKitGTK comes with a WebDriver (Debian: webkit2gtk-driver) and needs a screen, which Xvfb makes (Debian: xvfb).
Firefox (Debian: firefox-esr) speaks Marionette itself, over a socket. Both have the same commands by the same names, so
one class drives either; there is no package for it.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name by which both protocols hand out elements. Source: W3C WebDriver, section 12.1."""

LOOKS = 1200
"""How often a page is looked at before it is said that it never showed what it should."""

PAUSE_S = 0.05

COMMAND_S = 120.0
"""Longest time for an answer to a command, by the clock: a machine with other work takes its time, a hang is told."""

STARTS = 3
"""How often a browser is started before it is said that it does not come up.

The driver of WebKitGTK picks a port for its browser a moment before the browser takes it. Where another program was
faster, the driver waits for ever.
"""

SAID_CHARACTERS = 3000
"""How much of what a program said is told where it failed."""

MINI_BROWSERS = "/usr/lib/*/webkit*gtk-*/MiniBrowser"
"""Where Debian keeps the browser that the driver starts."""

QUIET = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.update.enabled": False,
    "intl.accept_languages": "sv,en",
}
"""What keeps Firefox from asking the rest of the world for things."""


class DriverError(Exception):
    """What a driver answered where it could not do as it was told."""


class Wire(Protocol):
    """Carries commands to a browser."""

    def call(self, name: str, **given: object) -> Any:  # noqa: ANN401 (JSON)
        """Carry out a command by its name in W3C WebDriver and return its value."""
        ...


class Http:
    """Speaks to a WebDriver over HTTP.

    Attributes:
        at: Host and port.
        session: The session's number once there is one.
    """

    ROUTES: Mapping[str, tuple[str, str]] = {
        "NewSession": ("POST", ""),
        "DeleteSession": ("DELETE", ""),
        "Navigate": ("POST", "/url"),
        "Refresh": ("POST", "/refresh"),
        "Back": ("POST", "/back"),
        "ExecuteScript": ("POST", "/execute/sync"),
        "ExecuteAsyncScript": ("POST", "/execute/async"),
        "FindElement": ("POST", "/element"),
        "ElementClick": ("POST", "/element/{id}/click"),
        "ElementSendKeys": ("POST", "/element/{id}/value"),
        "TakeScreenshot": ("GET", "/screenshot"),
    }

    def __init__(self, port: int) -> None:
        self.at = ("127.0.0.1", port)
        self.session = ""

    def call(self, name: str, **given: object) -> Any:  # noqa: ANN401 (JSON)
        """See `Wire`."""
        method, path = self.ROUTES[name]
        start = f"/session/{self.session}" if self.session else "/session"
        body = None if method != "POST" else json.dumps({k: v for k, v in given.items() if k != "id"})
        way = http.client.HTTPConnection(*self.at, timeout=COMMAND_S)
        try:
            way.request(method, start + path.format(**given), body, {"Content-Type": "application/json"})
            answer = way.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            way.close()
        if answer.status != 200:
            raise DriverError(f"{value['error']}: {value['message']}")
        if name in ("NewSession", "DeleteSession"):
            self.session = value["sessionId"] if value else ""
        return value

    def ready(self) -> bool:
        """Tell whether the driver would make a session. Source: W3C WebDriver, section 8.3."""
        way = http.client.HTTPConnection(*self.at, timeout=COMMAND_S)
        try:
            way.request("GET", "/status")
            answer = way.getresponse()
            return answer.status == 200 and bool(json.loads(answer.read())["value"]["ready"])
        except ConnectionError:
            return False
        finally:
            way.close()


class Marionette:
    """Speaks to Firefox over its own socket: JSON with its length before it."""

    def __init__(self, port: int) -> None:
        self.way = socket.create_connection(("127.0.0.1", port), timeout=COMMAND_S)
        self.file = self.way.makefile("rb")
        self.number = 0
        self._hear()

    def _hear(self) -> Any:  # noqa: ANN401 (JSON)
        length = b""
        while not length.endswith(b":"):
            sign = self.file.read(1)
            if not sign:
                raise DriverError("Firefox has gone.")
            length += sign
        return json.loads(self.file.read(int(length[:-1])))

    def prefer(self, name: str, value: object) -> None:
        """Change a preference of the whole browser; pages that are opened from now on follow it."""
        self.call("Marionette:SetContext", value="chrome")
        self.call("ExecuteScript", script="Services.prefs.setBoolPref(...arguments)", args=[name, value])
        self.call("Marionette:SetContext", value="content")

    def call(self, name: str, **given: object) -> Any:  # noqa: ANN401 (JSON)
        """See `Wire`."""
        self.number += 1
        body = json.dumps([0, self.number, name if ":" in name else f"WebDriver:{name}", given]).encode()
        self.way.sendall(b"%d:%s" % (len(body), body))
        _, _, error, value = self._hear()
        if error:
            raise DriverError(f"{error['error']}: {error['message']}")
        return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value

    def close(self) -> None:
        """Let go of the socket."""
        self.file.close()
        self.way.close()


class OtherBrowser:
    """A window of a browser that is not Chromium, driven as a person would.

    Attributes:
        address: What addresses are taken from here on: scheme, host and port.
        scripts: Lets pages run scripts, or not; the window may be another one then.
    """

    def __init__(self, wire: Wire, address: str, scripts: Callable[[bool], None]) -> None:
        self._wire = wire
        self.address = address
        self.scripts = scripts

    def go(self, path: str) -> None:
        """Open an address."""
        self._wire.call("Navigate", url=self.address + path)

    def reload(self) -> None:
        """Load the page again."""
        self._wire.call("Refresh")

    def back(self) -> None:
        """Press the browser's own back."""
        self._wire.call("Back")

    def run(self, script: str, *given: object) -> Any:  # noqa: ANN401 (JSON)
        """Run the body of a function in the page and return what it returns."""
        return self._wire.call("ExecuteScript", script=script, args=list(given))

    def promised(self, script: str, *given: object) -> Any:  # noqa: ANN401 (JSON)
        """Return what a promise came to; an error is returned as its text."""
        body = f"const done = arguments[arguments.length - 1]; (async (...v) => {{ {script} }})(...arguments)"
        return self._wire.call(
            "ExecuteAsyncScript", script=f"{body}.then(done, (e) => done(String(e)))", args=list(given)
        )

    def find(self, css: str) -> str:
        """Return an element, once it is there."""
        for _ in range(LOOKS):
            try:
                found: dict[str, str] = self._wire.call("FindElement", using="css selector", value=css)
            except DriverError:
                time.sleep(PAUSE_S)
                continue
            return found[ELEMENT]
        raise AssertionError(f"There is no {css}.")

    def click(self, css: str) -> None:
        """Press something, once it can be pressed."""
        for _ in range(LOOKS):
            try:
                self._wire.call("ElementClick", id=self.find(css))
            except DriverError as error:
                last = error
                time.sleep(PAUSE_S)
                continue
            return
        raise AssertionError(f"{css} can't be pressed: {last}")

    def write(self, css: str, text: str) -> None:
        """Type in a field."""
        self._wire.call("ElementSendKeys", id=self.find(css), text=text)

    def text(self, css: str) -> str:
        """Return what is read at the first element that is seen; empty where none is."""
        script = "const e = [...document.querySelectorAll(arguments[0])].find((e) => e.offsetParent);"
        return str(self.run(f"{script} return e ? e.innerText : ''", css))

    def says(self, css: str, text: str) -> None:
        """Wait until something is read there."""
        found = ""
        for _ in range(LOOKS):
            # A page that is just being replaced has nothing to say.
            with suppress(DriverError):
                found = self.text(css)
            if text in found:
                return
            time.sleep(PAUSE_S)
        raise AssertionError(f"{css} says {found!r}, not {text!r}")

    def becomes(self, script: str, value: object) -> None:
        """Wait until a promise comes to a value."""
        found = None
        for _ in range(LOOKS):
            found = self.promised(script)
            if found == value:
                return
            time.sleep(PAUSE_S)
        raise AssertionError(f"{script} is {found!r}, not {value!r}")

    def picture(self) -> str:
        """Return what is seen as a PNG in base64."""
        return str(self._wire.call("TakeScreenshot"))


def webkit_missing() -> str:
    """Say what keeps WebKitGTK from being driven here; empty: nothing."""
    lacking = [name for name in ("WebKitWebDriver", "Xvfb") if shutil.which(name) is None]
    if not lacking and not _mini_browser():
        lacking = ["MiniBrowser"]
    return f"Not here: {', '.join(lacking)} (Debian: webkit2gtk-driver xvfb)" if lacking else ""


def firefox_missing() -> str:
    """Say what keeps Firefox from being driven here; empty: nothing."""
    return "" if shutil.which("firefox-esr") else "Not here: firefox-esr (Debian: firefox-esr)"


def _mini_browser() -> str:
    return next((str(p) for p in Path("/").glob(MINI_BROWSERS.lstrip("/"))), "")


def free_port() -> int:
    """Return a port that nobody listened to a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _comes(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until a program is ready; it may take as long as a command."""
    for _ in range(round(COMMAND_S / PAUSE_S)):
        if process.poll() is not None:
            raise DriverError(f"{process.args!r} has ended with {process.returncode}.")
        if ready():
            return
        time.sleep(PAUSE_S)
    raise DriverError(f"{process.args!r} is never ready.")


def _told(error: Exception, said: Path) -> None:
    """Put what a program said beside the error that came of it."""
    error.add_note(f"It said: {said.read_text(errors='replace')[-SAID_CHARACTERS:].strip() or 'nothing'}")


@contextmanager
def _running(
    command: list[str], said: Path, *, env: Mapping[str, str] | None = None, pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that writes what it says into a file; end it and all that it has started."""
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env, pass_fds=pass_fds, start_new_session=True)
    try:
        yield process
    except (DriverError, OSError) as error:
        _told(error, said)
        raise
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(COMMAND_S)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _screen(folder: Path) -> Iterator[str]:
    """Give a screen that nobody sees."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "500x900x24", "-nolisten", "tcp"]
    with os.fdopen(reading) as told, _running(command, folder / "screen.txt", pass_fds=(writing,)):
        os.close(writing)
        number = told.readline().strip()
        if not number:
            raise DriverError("There is no screen.")
        yield f":{number}"


class _WebKit:
    """A driver and its browser, started together and ended together.

    Attributes:
        wire: To the driver that runs.
    """

    def __init__(self, screen: str, folder: Path) -> None:
        # Its own sandbox needs what containers and root don't have; it shows no page but ours.
        extra = {"DISPLAY": screen, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "HOME": str(folder)}
        self._env = os.environ | extra
        self._said = folder / "driver.txt"
        self._running = ExitStack()
        self.wire = Http(0)

    def start(self, scripts: bool) -> None:
        """Start both, in place of those that ran; again where they don't come up."""
        for left in reversed(range(STARTS)):
            self.end()
            try:
                self._once(scripts)
            except (DriverError, OSError) as error:
                if not left:
                    _told(error, self._said)
                    raise
            else:
                return

    def _once(self, scripts: bool) -> None:
        port = free_port()
        self.wire.at = ("127.0.0.1", port)
        command = ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"]
        process = self._running.enter_context(_running(command, self._said, env=self._env))
        _comes(self.wire.ready, process)
        arguments = ["--automation", f"--enable-javascript={str(scripts).lower()}"]
        options = {"binary": _mini_browser(), "args": arguments}
        wanted = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}
        self.wire.call("NewSession", capabilities={"alwaysMatch": wanted})

    def end(self) -> None:
        """End both."""
        if self.wire.session:
            # Where the driver hangs, its whole group is ended next.
            with suppress(DriverError, OSError):
                self.wire.call("DeleteSession")
            self.wire.session = ""
        self._running.close()


@contextmanager
def webkit(address: str, folder: Path) -> Iterator[OtherBrowser]:
    """Give a window of WebKitGTK; its data go with it."""
    with _screen(folder) as screen:
        both = _WebKit(screen, folder)
        try:
            both.start(scripts=True)
            yield OtherBrowser(both.wire, address, both.start)
        finally:
            both.end()


@contextmanager
def firefox(address: str, folder: Path) -> Iterator[OtherBrowser]:
    """Give a window of Firefox with a profile of its own."""
    # It takes a port that is free and writes down which.
    chosen = {**QUIET, "marionette.port": 0}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()]
    (folder / "user.js").write_text("\n".join(lines))
    port = folder / "MarionetteActivePort"
    command = [
        "firefox-esr",
        "--headless",
        "--marionette",
        "-remote-allow-system-access",
        "--no-remote",
        "--profile",
        str(folder),
        "about:blank",
    ]
    with _running(command, folder / "said.txt", env=os.environ | {"HOME": str(folder)}) as process:
        _comes(lambda: port.exists() and port.read_text().strip().isdigit(), process)
        wire = Marionette(int(port.read_text()))
        try:
            wire.call("NewSession", capabilities={})
            yield OtherBrowser(wire, address, lambda on: wire.prefer("javascript.enabled", on))
        finally:
            wire.close()
