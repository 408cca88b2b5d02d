"""The scripts of the sign-up page and the keeper's page, each one file under an address that names its hash.

They are written as plain modules, like those of the phone, and share some of them: sealing, rules, the way out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from webapp.phonefiles import ServedFile, bare, joined, served

FOLDER = Path(__file__).parent / "static" / "contacts"
"""Where the modules lie; what begins a page is named after it."""

PAGES = ("signup", "keeper")

_IMPORT = re.compile(r'^import \{([^}]*)\} from "((?:\./|\.\./phone/)[a-z]+\.js)";\n', re.MULTILINE)


@lru_cache(maxsize=4)
def page_script(page: str) -> tuple[str, ServedFile]:
    """Return the script of a page, and the name that it is served under; read and compressed once.

    Args:
        page: One of `PAGES`.

    Raises:
        ValueError: A module is not written as the others are, or two of them have one name.
    """
    sources: dict[str, str] = {}
    _collect(FOLDER / f"{page}.js", sources, {})
    file = served(joined(sources))
    return f"{page}-{file.sha256[:12]}.js", file


def _collect(path: Path, sources: dict[str, str], known: dict[str, Path]) -> None:
    """Read a module after all that it needs; the joined script knows modules by their names alone."""
    if known.setdefault(path.name, path) != path:
        raise ValueError(f"There are two modules {path.name}.")
    if path.name in sources:
        return
    source = bare(path.read_text(encoding="utf-8"))
    for _, needed in _IMPORT.findall(source):
        _collect((path.parent / needed).resolve(), sources, known)
    sources[path.name] = _IMPORT.sub(lambda m: f'import {{{m[1]}}} from "./{Path(m[2]).name}";\n', source)


def script_file(filename: str) -> ServedFile | None:
    """Return a script by the name that it is served under; None where there is none, such as an older one."""
    return next((file for name, file in map(page_script, PAGES) if name == filename), None)
