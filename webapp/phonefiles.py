"""The phone's scripts as they are served: one file, compressed once, under an address that names its hash.

They are written as plain modules. A phone with a poor network pays for every request and every byte, so the server puts
them together when it starts: comments taken out, each module in a function of its own, in the order in which they need
each other. The service worker is the same file, which it takes out of the browser's cache; older browsers take no
modules there anyway.
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
"""The module that starts in a page."""

WORKER = "worker.js"
"""The module that starts in the service worker."""

PARTS = ("lock.js", "tablet.js")
"""Modules that only some need: each comes with what it imports, and is handed what the page has already."""

WHOLE = "phone.js"
"""Name of the one file."""

JAVASCRIPT = "text/javascript; charset=utf-8"

_BLOCK = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^[ \t]*//.*\n|^[ \t]*\n", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


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
        modules: All modules that are used, by name, each after what it imports; for whoever wants only one of them.
        parts: Name of a part, without ending → names of its modules.
        whole: All of them in one file: what a page and the service worker load.
        worker: The service worker: loads the whole.
    """

    id: str
    modules: Mapping[str, ServedFile]
    parts: Mapping[str, tuple[str, ...]]
    whole: ServedFile
    worker: ServedFile

    def file(self, name: str) -> ServedFile | None:
        """Return the whole or one of the modules by its name; None where there is none."""
        return self.whole if name == WHOLE else self.modules.get(name)


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
    """Make the scripts that lie in a folder ready to be sent.

    Raises:
        ValueError: The modules need each other in a circle, or one of them is not written as the others are.
    """
    sources: dict[str, str] = {}
    for name in (WORKER, ENTRY):
        _collect(folder, name, sources, ())
    whole = served(joined(sources))
    parts = {}
    for name in PARTS:
        own: dict[str, str] = {}
        _collect(folder, name, own, ())
        parts[name.removesuffix(".js")] = tuple(own)
        sources |= own
    modules = {name: served(source) for name, source in sources.items()}
    everything = "".join(file.sha256 for file in (whole, *modules.values()))
    build_id = hashlib.sha256(everything.encode()).hexdigest()[:12]
    worker = served(f'importScripts("/phone/{build_id}/{WHOLE}");\n')
    return Build(build_id, modules, parts, whole, worker)


def _collect(folder: Path, name: str, sources: dict[str, str], above: tuple[str, ...]) -> None:
    """Read a module after all that it needs."""
    if name in above:
        raise ValueError(f"{' imports '.join((*above, name))}: modules that need each other have no order.")
    if name in sources:
        return
    source = bare((folder / name).read_text(encoding="utf-8"))
    for _, needed in _IMPORT.findall(source):
        _collect(folder, f"{needed}.js", sources, (*above, name))
    sources[name] = source


def joined(sources: Mapping[str, str]) -> str:
    """Put modules into one script, each in a function of its own, so that their names can't meet.

    Args:
        sources: Name to code without comments, each after what it imports, the worker before what it does not need.

    Returns:
        A script that starts the worker where there is no page, and elsewhere the entry.
    """
    parts = ['"use strict";\n(() => {\n']
    for name, source in sources.items():
        code, stem = _wrapped(name, source)
        parts.append(f"if (!self.document) {{\n{code}return;\n}}\n" if name == WORKER else f"const ${stem} = {code}")
    return "".join(parts) + "})();\n"


def _wrapped(name: str, source: str) -> tuple[str, str]:
    """Return a module as a function that is called at once and gives what it exports, and the stem of its name."""
    exported = ", ".join(_EXPORT.findall(source))
    code = _EXPORT.sub("", _IMPORT.sub(lambda m: f"const {{{m[1].replace(' as ', ': ')}}} = ${m[2]};\n", source))
    strange = _LEFT_OVER.search(code)
    if strange is not None:
        raise ValueError(f"{name}: “{strange[0]}” is not one of the ways in which modules are written here.")
    return f"(() => {{\n{code}return {{ {exported} }};\n}})();\n", name.removesuffix(".js")
