"""How many answers a second the server takes durably: `.venv/bin/python tests/bench_submissions.py [SECONDS]`.

A real server as a process of its own with an open survey, 16 clients with persistent connections, each post a whole
form without JavaScript: parsed, judged, sealed, on the disk before it is acknowledged. Clients and server share the
machine, so the figures are a lower bound.
"""

from __future__ import annotations

import http.client
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from forms.definition import find, read_text
from webapp.dataset.instance import Instance

CLIENTS = 16
PARAMETERS = dict.fromkeys(("region", "organisation", "deadline", "contact", "support", "return_address"), "Exempel")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance"
        with Instance.create(path) as instance:
            source = find("sip-erfarenhet")
            instance.surveys.create("last", read_text(source), source.name, parameters=PARAMETERS)
            version = instance.surveys.open("last").instrument.version
        command = [sys.executable, "-c", "from webapp.cli import main; main()", "serve", "--port", "0"]
        with subprocess.Popen([*command, "--instance", path], stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            port = int(re.search(r":(\d+)/", server.stderr.readline())[1])  # type: ignore[index]
            drain = threading.Thread(target=server.stderr.read)
            drain.start()
            times = load(port, version, seconds)
            server.terminate()
            drain.join()
        with Instance.open(path) as instance:
            kept = instance.tray.waiting(instance.surveys.get("last"))
            kept += sum(instance.responses.number(instance.surveys.get("last")).values())
    times.sort()
    print(f"{len(times)} answers in {seconds:.0f} s: {len(times) / seconds:.0f} a second, {kept} kept")
    for share in (0.5, 0.95, 0.99, 1.0):
        print(f"  {share:.0%} within {1000 * times[min(len(times) - 1, int(share * len(times)))]:.0f} ms")


def load(port: int, version: str, seconds: float) -> list[float]:
    """Post until the time is over; return how long each acknowledged post took, in seconds."""
    times: list[float] = []
    until = time.monotonic() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        fields = {"version": version, "lang": "sv", "a.roll": "sjalv", "a.info_fore": "ja", "a.info_latt": "delvis"}
        headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/x-www-form-urlencoded"}
        while time.monotonic() < until:
            body = urllib.parse.urlencode(fields | {"id": secrets.token_hex(16)})
            began = time.monotonic()
            connection.request("POST", "/s/last?lang=sv", body, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 303, answer.status
            times.append(time.monotonic() - began)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


if __name__ == "__main__":
    main()
