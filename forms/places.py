"""Lists of places that ship, such as the municipalities of the regions that audits have covered."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FOLDER = Path(__file__).parent / "places"

_ALPHABET = "abcdefghijklmnopqrstuvwxyzåäö"
_RANK = {letter: rank for rank, letter in enumerate(_ALPHABET)}


@dataclass(frozen=True, slots=True)
class Place:
    """One place.

    Attributes:
        code: What the dataset holds, such as the municipality code of Statistics Sweden.
        name: What a person reads and writes.
        region: The region it lies in.
        subregion: The part of the region that results are shown by.
        association: The association of municipalities it belongs to; empty where none is known.
    """

    code: str
    name: str
    region: str
    subregion: str
    association: str


@cache
def lists() -> Mapping[str, tuple[Place, ...]]:
    """Return every list by its id, each sorted by the Swedish alphabet."""
    return MappingProxyType({file.stem: _read(file) for file in sorted(_FOLDER.glob("*.csv"))})


def places(list_id: str, region: str | None = None) -> tuple[Place, ...]:
    """Return the places of a list that a survey offers, sorted by the Swedish alphabet.

    Args:
        list_id: Id of the list.
        region: The survey's region. A name that is not one of the list's regions leaves nothing out: a survey of two
            regions, or of one named otherwise, must not lose its places.

    Raises:
        KeyError: There is no such list.
    """
    everything = lists()[list_id]
    wanted = _plain(region or "")
    return tuple(p for p in everything if _plain(p.region) == wanted) or everything


@cache
def codes() -> Mapping[str, frozenset[str]]:
    """Return the codes of each list, by its id."""
    return MappingProxyType({list_id: frozenset(p.code for p in found) for list_id, found in lists().items()})


def find(list_id: str, text: str) -> Place | None:
    """Return the place whose name somebody wrote, or whose code; None if it is not exactly one of the list.

    Capital letters and blanks do not matter, every other sign does: "Molndal" is nobody's name.

    Raises:
        KeyError: There is no such list.
    """
    return _names(list_id).get(_plain(text))


@cache
def _names(list_id: str) -> Mapping[str, Place]:
    found = lists()[list_id]
    return {p.code: p for p in found} | {_plain(p.name): p for p in found}


def _plain(text: str) -> str:
    """Take case and blanks out of a name; an å typed as a and ring counts as å."""
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


def _read(file: Path) -> tuple[Place, ...]:
    with file.open(encoding="utf-8", newline="") as stream:
        found = [Place(**row) for row in csv.DictReader(stream)]
    return tuple(sorted(found, key=lambda p: alphabetical(p.name)))


def alphabetical(name: str) -> tuple[int, ...]:
    """Return a key that sorts names as Swedes do: å, ä and ö last, other accents as their letter."""
    key = []
    for sign in unicodedata.normalize("NFC", name).casefold():
        base = sign if sign in _RANK else unicodedata.normalize("NFD", sign)[0]
        key.append(_RANK.get(base, -1))
    return tuple(key)
