"""What the scanner farm knows about its piles: the truth that a reading is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forms.answers import Mark


@dataclass(frozen=True, slots=True)
class BoxTruth:
    """What a person did to one box.

    Attributes:
        question: Question id.
        option: Option id.
        state: As it was meant when it was made: empty, crossed or filled.
        doubtful: A careful person who sees only the paper would doubt: a dot, a fill with gaps, ink from elsewhere.
        how: How it was made, for study: `cross`, `tick`, `fill over cross` …; empty where nothing was.
    """

    question: str
    option: str
    state: Mark
    doubtful: bool = False
    how: str = ""


@dataclass(frozen=True, slots=True)
class StrayTruth:
    """Ink that is no mark.

    Attributes:
        question: Question whose area it lies in.
        option: Option at whose words it stands; None: elsewhere in the question's area.
        how: `struck out`, `circled`, `underlined`, `note`, or `note beside` for one that is in no question's area.
        near: Questions near a note, at any of which a person may see it; one that lies beside them must be told at one.
    """

    question: str
    option: str | None
    how: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a person put on one page: what stays the same however it is scanned."""

    boxes: tuple[BoxTruth, ...] = ()
    texts: Mapping[tuple[str, str | None], bool] | None = None
    stray: tuple[StrayTruth, ...] = ()


@dataclass(frozen=True, slots=True)
class PageTruth:
    """What stands on one page image of a pile.

    Attributes:
        file: Name of the file.
        image: Place in the file, from 1.
        paper: Name of the paper, see `simulator_paper.PAPERS`.
        layout: Layout id.
        page: Page number.
        serial: Serial.
        written: What a person put there.
        usable: A person would call the page usable: refusing it is a fault.
        refused: Codes of which a reader has to refuse it with one; empty: it is to be read.
        nib: Name of the pen.
        hand: Name of the hand.
    """

    file: str
    image: int
    paper: str
    layout: str
    page: int
    serial: str
    written: Written
    usable: bool = True
    refused: frozenset[str] = frozenset()
    nib: str = ""
    hand: str = ""


@dataclass(frozen=True, slots=True)
class Shard:
    """Some piles of one profile and what stands in them.

    Attributes:
        profile: Name of the profile.
        number: Of the shard.
        files: The piles.
        pages: Truth of each page image, in the order of the files.
    """

    profile: str
    number: int
    files: tuple[Path, ...]
    pages: tuple[PageTruth, ...]
