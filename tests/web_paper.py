"""Scanned sheets of a test instance's own survey, for the tests of upload and review."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import simulator
from simulator import Action, Circle, Cross, Scanner, Style, Write

from webapp.dataset.instance import Instance
from webapp.printing import PaperChoice, new_run, write_run

SCANNER = Scanner(dpi=150)
"""Coarse and therefore quick; the accuracy of reading is tested elsewhere."""

CLEAR: list[Action] = [Cross("fick", "ja"), Cross("bra", "4"), Cross("vilka", "vard"), Cross("vilka", "kommun")]
DOUBLE: list[Action] = [Cross("fick", "ja"), Cross("fick", "nej"), Cross("vilka", "ingen"), Write("mer", None)]
ODD: list[Action] = [Cross("fick", "nej"), Cross("vilka", "vard"), Circle("vilka", "kommun")]
CONTRADICTION: list[Action] = [Cross("fick", "nej"), Cross("vilka", "vard"), Cross("vilka", "ingen")]
COPIED: list[Action] = [Cross("fick", "vet_inte"), Cross("vilka", "ingen")]
CORRECTED: list[Action] = [Cross("fick", "ja", Style.FILL), Cross("fick", "nej"), Cross("vilka", "vard")]


def scanned(
    instance: Instance, sheets: list[list[Action]], *, copied: list[Action] | None = None, seed: int = 1
) -> list[simulator.Pixels]:
    """Print a run of the survey `prov`, fill its sheets in and scan them; return the page images in order.

    Args:
        instance: The instance.
        sheets: What is done on each sheet.
        copied: What somebody did on a photocopy of the first sheet; None: nobody copied it.
        seed: Of all chance.
    """
    survey = instance.surveys.get("prov")
    run = new_run(instance, survey, len(sheets), PaperChoice("sv"), by="test")
    out = io.BytesIO()
    write_run(instance, survey, run, out)
    layout = instance.runs.layout(run.layout)
    piles = [sheets] if copied is None else [sheets, [copied]]
    return [
        image
        for number, pile in enumerate(piles)
        for image in simulator.images_of(
            out.getvalue(), layout, pile, seed=seed + number, hand=simulator.Hand(), scanner=SCANNER
        )
    ]


def blank(like: simulator.Pixels) -> simulator.Pixels:
    """Return a page with nothing on it."""
    return np.full_like(like, 244)


def write_pile(path: Path, images: list[simulator.Pixels]) -> Path:
    """Write page images as the PDF that a scanner delivers."""
    simulator.write_pdf(path, images, SCANNER)
    return path
