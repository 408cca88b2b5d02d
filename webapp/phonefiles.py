"""The phone's scripts as they are served: comments taken out, compressed once, under an address that names their hash.

The modules import each other by relative addresses, so all of them lie under one address that holds the hash of all:
whoever has loaded one of them gets the others of the same build, and a browser may keep them for good. The service
worker is one plain script, because older browsers take no modules there: the modules it uses and then itself.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "phone"
"""Where the modules lie, readable and with their comments."""

ENTRY = "page.js"
"""The module that a page loads."""

WORKER_PARTS = ("store.js", "send.js", "worker.js")
"""What the service worker is made of, in order."""

JAVASCRIPT = "text/javascript; charset=utf-8"

_BLOCK = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^[ \t]*//.*\n|^[ \t]*\n", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_IMPORT = re.compile(r"^import\b.*?;\n", re.MULTILINE | re.DOTALL)
_IMPORTED = re.compile(r'^import\b[^;]*? from "\./([a-z]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file ready to be sent.

    Attributes:
        body: Its bytes.
        packed: The same, compressed with gzip.
        sha256: Hash of the bytes, 64 hex digits.
    """

    body: bytes
    packed: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Build:
    """The phone's scripts at one moment.

    Attributes:
        id: 12 hex digits that change with any of the modules.
        modules: Those that a page loads, by name, the entry first and each before what it imports.
        worker: The service worker.
    """

    id: str
    modules: Mapping[str, ServedFile]
    worker: ServedFile


def bare(source: str) -> str:
    """Take whole-line comments, empty lines and indents out of a module; a phone pays for each byte.

    Text that goes over several lines inside of quotes must not begin a line with a comment sign; a test sees to it that
    the browser still takes every module.
    """
    return _INDENT.sub("", _LINE.sub("", _BLOCK.sub("", source)))


def served(text: str) -> ServedFile:
    """Make a file ready to be sent."""
    body = text.encode()
    return ServedFile(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest())


@lru_cache(maxsize=1)
def build() -> Build:
    """Return the scripts of this program; read and compressed once in its life."""
    return build_from(FOLDER)


def build_from(folder: Path) -> Build:
    """Make the scripts that lie in a folder ready to be sent."""
    names = _needed(folder, ENTRY)
    modules = {name: served(bare(_read(folder, name))) for name in names}
    parts = (_EXPORT.sub("", _IMPORT.sub("", bare(_read(folder, name)))) for name in WORKER_PARTS)
    whole = hashlib.sha256("".join(f"{n} {f.sha256}\n" for n, f in modules.items()).encode()).hexdigest()
    return Build(whole[:12], modules, served('"use strict";\n' + "".join(parts)))


def _needed(folder: Path, entry: str) -> list[str]:
    """Return a module and all that it needs, each once."""
    found = [entry]
    for name in found:
        found += [n for n in dict.fromkeys(_IMPORTED.findall(_read(folder, name))) if n not in found]
    return found


def _read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")
