"""The profiles of the scanner farm: each kind of DESIGN.md section 12, from how devices and people work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from simulator_damage import Damage
from simulator_machines import Copier, Matrix, Printer, Scanned, Scanner, any_printer, any_scanner
from simulator_paper import Pixels
from simulator_people import Ways

NIBS_USUAL: Mapping[str, float] = {
    "ballpoint blue": 0.34,
    "ballpoint black": 0.16,
    "gel blue": 0.09,
    "gel black": 0.07,
    "fine pencil": 0.1,
    "soft pencil": 0.05,
    "fibre-tip": 0.06,
    "felt tip": 0.04,
    "felt tip blue": 0.03,
    "ballpoint red": 0.04,
    "fibre-tip red": 0.02,
}
"""Pens in a pile."""

NIBS_DARK = {name: weight for name, weight in NIBS_USUAL.items() if name != "soft pencil"}
"""Pens of which something is left where a machine knows only black and white."""

HABITS_USUAL: Mapping[str, float] = {
    "neat": 0.25,
    "ordinary": 0.4,
    "hurried": 0.13,
    "trembling": 0.07,
    "displaced": 0.05,
    "overshooting": 0.05,
    "left-handed": 0.05,
}
"""Hands in a pile."""

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of pile.

    Attributes:
        name: Of the profile.
        tells: What it is, for the report.
        scanner: What scans each page.
        delivery: What is written: `pdf`, `pdf-flate`, `pdf-g4`, `pdf-jbig2`, `pdf-compact`, `tiff`, `jpg`, `png`.
        nibs: Weights of pens.
        habits: Weights of hands.
        ways: How people answer.
        printer: What printed each sheet.
        before: What happens to the printed paper before anybody writes on it.
        after: What happens to it afterwards.
        copier: Copies the filled-in page, as often as it gives a copier; None: never.
        copied_blank: Copies the empty page before it is filled in.
        papers: Names of the papers, in the order in which shards take them; `dense` comes in every shard besides.
        photograph: Photographs the page instead of scanning it.
        dense_sheets: Number of dense sheets in a shard.
    """

    name: str
    tells: str
    scanner: Callable[[Rng], Scanner] = any_scanner
    delivery: str = "pdf"
    nibs: Mapping[str, float] = field(default_factory=lambda: NIBS_USUAL)
    habits: Mapping[str, float] = field(default_factory=lambda: HABITS_USUAL)
    ways: Ways = field(default_factory=Ways)
    printer: Callable[[Rng], Printer] = any_printer
    before: Damage | None = None
    after: Damage | None = None
    copier: Callable[[Rng], Copier] | None = None
    copied_blank: Callable[[Rng], Copier] | None = None
    papers: tuple[str, ...] = ("mixed", "sip", "mixed", "missed", "mixed", "meeting")
    photograph: Callable[[Pixels, Matrix, Rng], tuple[Scanned, int, bool]] | None = None
    dense_sheets: int = 2


def _scanner(**fixed: object) -> Callable[[Rng], Scanner]:
    return lambda rng: any_scanner(rng, **fixed)


_CLEAN = (
    Profile("gray-300", "office scanner, 300 dpi gray", _scanner(dpi=300)),
    Profile("gray-200", "office scanner, 200 dpi gray", _scanner(dpi=200)),
    Profile("gray-150", "office scanner, 150 dpi gray", _scanner(dpi=150)),
    Profile("colour-300", "office scanner, 300 dpi colour", _scanner(dpi=300, mode="colour")),
    Profile("colour-200", "office scanner, 200 dpi colour", _scanner(dpi=200, mode="colour")),
    Profile("bilevel-300", "1-bit G4, 300 dpi", _scanner(dpi=300, mode="bilevel"), "pdf-g4", NIBS_DARK),
    Profile("bilevel-200", "1-bit G4, 200 dpi, as TIFF", _scanner(dpi=200, mode="bilevel"), "tiff", NIBS_DARK),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({p.name: p for p in _CLEAN})
"""All profiles, in the order of the report."""
