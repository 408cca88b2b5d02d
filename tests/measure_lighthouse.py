"""What Lighthouse says of a respondent's pages and of the desk's sign-in, light and dark, on its slow phone.

    .venv/bin/python tests/measure_lighthouse.py [--modules FOLDER] [--times N]

Needs node and npm; Lighthouse itself is installed into FOLDER by its name and version where it is not there. Serves a
fresh instance with the demo survey on this machine. Prints a line a page or state with its figures, and below it what
Lighthouse found. Exit code 1 where a figure is below its bar. Speed is the best of N loads: other work on the machine
makes them slower and never faster.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from browser_helpers import CHROMIUM, serving
from contact_helpers import a_keeper

from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.instance import Instance, init

PACKAGE = "lighthouse@12.8.2"
SCRIPT = Path(__file__).with_name("lighthouse.mjs")
MODULES = Path.home() / ".cache" / "kryssklick-lighthouse"

BARS = {"performance": 95, "accessibility": 100, "best-practices": 100}
"""Least figures. Source: DESIGN.md section 11."""


def lighthouse(folder: Path) -> Path:
    """Return the folder of modules, with Lighthouse in it.

    Raises:
        SystemExit: node or npm is missing, or the package can't be had.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SystemExit("Lighthouse needs node and npm. On Debian: apt-get install nodejs npm")
    modules = folder / "node_modules"
    if not (modules / "lighthouse").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{PACKAGE} could not be installed:\n{done.stderr}")
    return modules


def figures(modules: Path, address: str, slug: str, times: int) -> list[dict[str, Any]]:
    """Return what Lighthouse says, one for each page or state and scheme; see lighthouse.mjs."""
    command = ["node", str(SCRIPT), str(modules), CHROMIUM, address, slug, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Lighthouse did not come to its end:\n{done.stdout}{done.stderr}")
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for page in map(json.loads, done.stdout.splitlines()):
        before = best.setdefault((page["name"], page["scheme"]), page)
        if sum(page["scores"].values()) > sum(before["scores"].values()):
            best[page["name"], page["scheme"]] = page
    return list(best.values())


def below(page: dict[str, Any]) -> list[str]:
    """Return the categories whose figure is below its bar."""
    return [name for name, score in page["scores"].items() if score < BARS[name]]


def report(pages: list[dict[str, Any]]) -> None:
    """Print a line a page, and what was found."""
    print(f"{'':34}{'speed':>8}{'access':>8}{'practice':>10}")
    for page in pages:
        scores = [page["scores"].get(name, "–") for name in BARS]
        name = f"{page['name']}, {page['scheme']}"
        print(f"{name:34}{scores[0]:>8}{scores[1]:>8}{scores[2]:>10}{'  below the bar' if below(page) else ''}")
        for fault in page["faults"]:
            print(f"    {fault}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--modules", type=Path, default=MODULES, metavar="FOLDER")
    parser.add_argument("--times", type=int, default=3, metavar="N")
    given = parser.parse_args()
    modules = lighthouse(given.modules)
    with tempfile.TemporaryDirectory() as folder:
        init(Path(folder) / "instance").instance.close()
        with Instance.open(Path(folder) / "instance") as instance:
            a_keeper(instance, "vera")
            with serving(create_app(Config(instance.path), instance)) as address:
                # By this name it is a secure context, as HTTPS is.
                pages = figures(modules, address.replace("127.0.0.1", "localhost"), "sip", given.times)
    report(pages)
    return int(any(below(page) for page in pages))


if __name__ == "__main__":
    sys.exit(main())
