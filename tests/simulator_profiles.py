"""The profiles of the scanner farm: each kind of DESIGN.md section 12, from how devices and people work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from simulator_damage import (
    Damage,
    corner_lost,
    crumpled,
    every,
    folded,
    hair_lines,
    ringed,
    shown_through,
    smeared,
    stamped,
    stapled,
    two_corners_lost,
)
from simulator_ink import NIBS
from simulator_machines import Copier, Matrix, Printer, Scanned, Scanner, any_printer, any_scanner
from simulator_paper import Pixels
from simulator_people import Ways
from simulator_phone import Snap, photographed

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
        delivery: What is written: `pdf`, `pdf-g4`, `pdf-jbig2`, `pdf-compact`, `tiff`, `jpg`, `png`.
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
        in_colour: The paper is kept in colour, because a device that sees colour takes it.
        mixed: Pages come mixed with others that do not belong there.
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
    in_colour: bool = False
    mixed: bool = False


def _scanner(**fixed: object) -> Callable[[Rng], Scanner]:
    """Return scanners of one kind; a value that is a function is drawn for each page."""

    def make(rng: Rng) -> Scanner:
        return any_scanner(rng, **{name: v(rng) if callable(v) else v for name, v in fixed.items()})

    return make


def _printer(**fixed: object) -> Callable[[Rng], Printer]:
    """Return printers of one kind."""

    def make(rng: Rng) -> Printer:
        return any_printer(rng, **{name: v(rng) if callable(v) else v for name, v in fixed.items()})

    return make


def _from(low: float, high: float) -> Callable[[Rng], float]:
    return lambda rng: float(rng.uniform(low, high))


def _whole(low: int, high: int) -> Callable[[Rng], int]:
    return lambda rng: int(rng.integers(low, high + 1))


def _either(*values: object) -> Callable[[Rng], object]:
    return lambda rng: values[int(rng.integers(len(values)))]


def _skewed(rng: Rng) -> Scanner:
    """Return a scanner with paper fed at 2 to 5 degrees: some find the page's size, some cut what lies outside A4."""
    skew = float(rng.uniform(2, 5) * rng.choice([-1, 1]))
    return any_scanner(
        rng, dpi=200, skew_deg=skew, overscan=bool(rng.random() < 0.7), backing=int(rng.choice([250, 20]))
    )


def _stretched(rng: Rng) -> Scanner:
    """Return a feeder that pulls too fast or too slowly: up to 1.5 % in one direction."""
    stretch = float(1 + rng.uniform(0.008, 0.015) * rng.choice([-1, 1]))
    return any_scanner(rng, dpi=int(rng.choice([200, 300])), **{str(rng.choice(["stretch_x", "stretch_y"])): stretch})


def _copier(rng: Rng) -> Copier:
    return Copier(
        blur_mm=float(rng.uniform(0.05, 0.11)),
        contrast=float(rng.uniform(1.1, 2.2)),
        specks=int(rng.integers(20, 350)),
        edges_mm=float(rng.choice([0.0, rng.uniform(1, 6)])),
        scale=float(rng.uniform(0.985, 1.01)),
        skew_deg=float(rng.normal(0, 0.5)),
        tint=float(rng.uniform(0.0, 0.08)),
    )


def _only(*kinds: str) -> Mapping[str, float]:
    """Return pens whose names hold one of some words, all as often."""
    return {name: 1.0 for name in NIBS if any(kind in name for kind in kinds)}


def _phone(name: str, tells: str, snap: Snap) -> Profile:
    return Profile(name, tells, delivery="jpg", photograph=photographed(snap), dense_sheets=1, in_colour=True)


def _scans(name: str, tells: str, nibs: Mapping[str, float] = NIBS_USUAL, **fixed: object) -> Profile:
    return Profile(name, tells, _scanner(**fixed), nibs=nibs, in_colour=fixed.get("mode") == "colour")


_CLEAN = (
    _scans("gray-300", "office scanner, 300 dpi gray", dpi=300),
    _scans("gray-200", "office scanner, 200 dpi gray", dpi=200),
    _scans("gray-150", "office scanner, 150 dpi gray, the lower limit", dpi=150),
    _scans("colour-300", "office scanner, 300 dpi colour", dpi=300, mode="colour"),
    _scans("colour-200", "office scanner, 200 dpi colour", dpi=200, mode="colour"),
    Profile("bilevel-300", "1-bit G4, 300 dpi, PDF", _scanner(dpi=300, mode="bilevel"), "pdf-g4", NIBS_DARK),
    Profile("bilevel-200", "1-bit G4, 200 dpi, TIFF", _scanner(dpi=200, mode="bilevel"), "tiff", NIBS_DARK),
    Profile("bilevel-150", "1-bit G4, 150 dpi, PDF", _scanner(dpi=150, mode="bilevel"), "pdf-g4", NIBS_DARK),
    Profile("jbig2", "1-bit JBIG2, 300 dpi, PDF", _scanner(dpi=300, mode="bilevel"), "pdf-jbig2", NIBS_DARK),
    Profile("png-200", "200 dpi gray, single PNG files", _scanner(dpi=200), "png"),
    Profile("jpg-200", "200 dpi colour, single JPEG files", _scanner(dpi=200, mode="colour"), "jpg", in_colour=True),
    _scans("jpeg-30", "300 dpi gray, JPEG quality 30 to 45", dpi=300, quality=_whole(30, 45)),
)

_FEED = (
    Profile("skew-5", "paper fed at 2 to 5 degrees", _skewed),
    _scans("turned", "any multiple of 90 degrees", dpi=200, turns=_whole(1, 3)),
    Profile("stretch", "feeder stretches by 0.8 to 1.5 % in one direction", _stretched),
    _scans(
        "streaks", "dirt on the feeder's glass, dust", dpi=_either(200, 300), streaks=_whole(1, 4), dust=_whole(5, 60)
    ),
    _scans(
        "shade", "open lid, a book's shade, dark edges", dpi=200, shade=_from(0.2, 0.5), backing=_either(15, 60, 130)
    ),
    _scans("waves", "paper in waves of up to 1 mm", dpi=_either(200, 300), waves_mm=_from(0.4, 1.0)),
    Profile(
        "streaks-bilevel",
        "dirt on the feeder's glass in 1-bit G4",
        _scanner(dpi=_either(200, 300), mode="bilevel", streaks=_whole(1, 3), dust=_whole(0, 30)),
        "pdf-g4",
        NIBS_DARK,
    ),
    Profile(
        "edges-bilevel",
        "dark backing and shade that turn black in 1-bit G4",
        _scanner(dpi=300, mode="bilevel", backing=_either(15, 60, 130), shade=_from(0.0, 0.25), skew_deg=_from(-2, 2)),
        "pdf-g4",
        NIBS_DARK,
    ),
)

_PRINT = (
    Profile(
        "print-scale",
        "printed at 94 to 103 %",
        _scanner(dpi=200),
        printer=_printer(scale=_from(0.94, 1.03), skew_deg=_from(-0.7, 0.7), bare_mm=_from(4, 6)),
    ),
    Profile(
        "low-toner",
        "printer short of toner, with streaks",
        _scanner(dpi=_either(200, 300)),
        printer=_printer(
            black=_from(0.55, 0.85), fading=_from(0.1, 0.35), white_lines=_whole(0, 3), dark_lines=_whole(0, 2)
        ),
    ),
    Profile("copied-forms", "forms photocopied before anybody wrote on them", _scanner(dpi=200), copied_blank=_copier),
    Profile(
        "photocopy",
        "filled-in sheets photocopied, then scanned gray",
        _scanner(dpi=200),
        nibs=NIBS_DARK,
        copier=_copier,
    ),
    Profile(
        "photocopy-bilevel",
        "photocopies scanned as 1-bit G4",
        _scanner(dpi=300, mode="bilevel"),
        "pdf-g4",
        NIBS_DARK,
        copier=_copier,
    ),
    Profile(
        "compact-pdf",
        "copier's compact PDF in layers, 300 dpi colour",
        _scanner(dpi=300, mode="colour"),
        "pdf-compact",
        in_colour=True,
    ),
    Profile("compact-gray", "copier's compact PDF in layers, 300 dpi gray", _scanner(dpi=300), "pdf-compact"),
)

_DAMAGE = (
    Profile("folds", "folded for an envelope", _scanner(dpi=_either(200, 300)), after=folded),
    Profile(
        "folded-first",
        "folded before somebody wrote on it",
        _scanner(dpi=200, mode="colour"),
        before=folded,
        in_colour=True,
    ),
    Profile(
        "crumpled",
        "crumpled and smoothed out, slight waves",
        _scanner(dpi=200, waves_mm=_from(0.2, 0.6)),
        after=crumpled,
    ),
    Profile("coffee", "rings of cups", _scanner(dpi=200, mode=_either("gray", "colour")), after=ringed, in_colour=True),
    Profile("corner", "one corner torn off or folded over", _scanner(dpi=200), after=corner_lost),
    Profile("two-corners", "two corners torn off or folded over", _scanner(dpi=200), after=two_corners_lost),
    Profile("stapled", "stapled through a corner", _scanner(dpi=200), after=stapled),
    Profile(
        "stamp", "stamped on arrival", _scanner(dpi=200, mode=_either("gray", "colour")), after=stamped, in_colour=True
    ),
    Profile("print-through", "the back shows through", _scanner(dpi=_either(200, 300)), after=shown_through),
    Profile("smear", "wet ink and pencil smeared, thumbs", _scanner(dpi=200), after=smeared),
    Profile(
        "worn",
        "several of these at once, gray or 1-bit",
        _scanner(dpi=300, mode="gray", dust=_whole(0, 40)),
        after=every((folded, ringed, smeared, shown_through, hair_lines, stamped, crumpled), most=3),
    ),
    Profile(
        "worn-bilevel",
        "folds, smears and print-through in 1-bit G4",
        _scanner(dpi=300, mode="bilevel"),
        "pdf-g4",
        NIBS_DARK,
        after=every((folded, smeared, shown_through, hair_lines, crumpled), most=2),
    ),
)

_PENS = (
    Profile(
        "pencil",
        "fine and soft pencil, down to a third of full darkness",
        _scanner(dpi=_either(200, 300)),
        nibs=_only("pencil"),
    ),
    Profile(
        "pencil-bilevel",
        "pencil in 1-bit, at thresholds that keep it",
        _scanner(dpi=300, mode="bilevel", threshold=_from(0.14, 0.2)),
        "pdf-g4",
        _only("pencil"),
    ),
    Profile("felt", "felt and fibre tips", _scanner(dpi=200), nibs=_only("felt", "fibre"), ways=Ways(corrects=0.2)),
    Profile("red-gray", "red and blue ink in gray", _scanner(dpi=200), nibs=_only("red", "blue")),
    Profile(
        "red-colour",
        "red and blue ink in colour",
        _scanner(dpi=200, mode="colour"),
        nibs=_only("red", "blue"),
        in_colour=True,
    ),
)

_HANDS = (
    Profile("trembling", "trembling hands", _scanner(dpi=200), habits={"trembling": 1.0}),
    Profile(
        "hurried", "hurried and overshooting hands", _scanner(dpi=200), habits={"hurried": 0.6, "overshooting": 0.4}
    ),
    Profile(
        "displaced",
        "crosses beside their boxes, left-handed slant",
        _scanner(dpi=200),
        habits={"displaced": 0.7, "left-handed": 0.3},
    ),
    Profile("corrections", "many corrections", _scanner(dpi=_either(200, 300)), ways=Ways(corrects=0.5, gapped=0.01)),
    Profile(
        "ticks", "ticks, slashes and scribbles", _scanner(dpi=200), ways=Ways(styles=(0.1, 0.4, 0.25, 0.15, 0.1, 0.0))
    ),
    Profile(
        "outside",
        "words struck out, circled, underlined; notes",
        _scanner(dpi=_either(200, 300)),
        ways=Ways(strikes=0.05, circles=0.08, underlines=0.06, notes=1.5),
    ),
    Profile(
        "doubtful",
        "dots, fills with gaps, pens that rested",
        _scanner(dpi=200),
        ways=Ways(styles=(0.7, 0.1, 0.05, 0.05, 0.05, 0.05), corrects=0.12, gapped=0.4, rests=0.06),
    ),
    Profile("large", "sheets in large print", _scanner(dpi=_either(200, 300)), papers=("large",), dense_sheets=0),
)

_PILES = (
    Profile(
        "pile",
        "pages mixed, lost, doubled, turned; blank backs, other surveys and versions, sign-ups, letters",
        _scanner(dpi=200, turns=_either(0, 0, 2, 1)),
        mixed=True,
        dense_sheets=1,
    ),
)

_PHONES = (
    _phone("phone", "phone photo by daylight, cluttered desk", Snap()),
    _phone("phone-shadow", "uneven light, a hand's shadow", Snap(uneven=0.45, shadow=0.4, clutter=1)),
    _phone(
        "phone-tilted",
        "held at an angle, small in the picture",
        Snap(tilt_deg=9, turn_deg=4, fill=(0.66, 0.85), clutter=4),
    ),
    _phone("phone-curl", "paper that does not lie flat", Snap(waves_mm=1.0, uneven=0.3)),
    _phone(
        "phone-blurred", "not quite in focus, shaken, dim", Snap(blur=(1.5, 3.5), shake=3.0, uneven=0.35, noise=6.0)
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {p.name: p for p in (*_CLEAN, *_FEED, *_PRINT, *_DAMAGE, *_PENS, *_HANDS, *_PILES, *_PHONES)}
)
"""All profiles, in the order of the report."""
