"""What a 1-bit scan has left of each mark: where ink is gone, a careful person who sees the scan would doubt.

The people of the farm judge their marks by the paper (`simulator_people.py`). A threshold may throw away all of a
pencil's stroke: what nobody can see in the picture nobody can be blamed for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from simulator_ink import LINE_MM, PX, Pixels
from simulator_machines import Scanned
from simulator_paper import paper
from simulator_people import CROSS_SHARE, LEAST_SHARE
from simulator_truth import PageTruth, Written

from forms.answers import Mark
from forms.layout import Field, FieldKind

SAMPLES_A_MM = 12.0
"""How finely a box is looked at: about the resolution of the finest scanner."""

EDGE_MM = 0.15
"""Beside a box's line: what a scanner adds to it is no ink."""

FULL_SHARE = 0.98
"""A cross of which so much of the box's inside is black is a full box to whoever sees it."""

GONE_SHARE = 0.01
"""A mark of which no more of the box's inside is black has left nothing that anybody would see."""


def black_share(picture: Scanned, box: Field) -> float:
    """Return which share of a box's inside is black in a 1-bit picture."""
    inset = LINE_MM + EDGE_MM
    side = round((box.w - 2 * inset) * SAMPLES_A_MM)
    to_mm = np.array([[1 / SAMPLES_A_MM, 0, box.x + inset], [0, 1 / SAMPLES_A_MM, box.y + inset], [0, 0, 1.0]])
    seen = cv2.warpPerspective(
        picture.image, picture.matrix @ to_mm, (side, side), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    return float(np.mean(seen < 128))


def as_blackened(written: Written, image: Pixels, boxes: Sequence[Field]) -> Written:
    """Return what was written with those crosses doubtful that something, wet ink wiped over them, made full boxes.

    Args:
        written: As judged when it was written.
        image: The page as it lies on the table afterwards.
        boxes: Its boxes.
    """
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    limit = 0.5 * float(np.percentile(gray[::8, ::8], 80))
    inset = LINE_MM + EDGE_MM

    def is_black(box: Field) -> bool:
        left, top = (round((v + inset) * PX) for v in (box.x, box.y))
        right, low = (round((v - inset) * PX) for v in (box.x + box.w, box.y + box.h))
        return float(np.mean(gray[top:low, left:right] < limit)) >= FULL_SHARE

    places = {(f.question, f.option or ""): f for f in boxes}
    return replace(
        written,
        boxes=tuple(
            replace(b, doubtful=True)
            if b.state is Mark.CROSSED and not b.doubtful and is_black(places[b.question, b.option])
            else b
            for b in written.boxes
        ),
    )


def as_left(truth: PageTruth, picture: Scanned) -> PageTruth:
    """Return the truth of a page with those boxes doubtful that a person would doubt who sees its 1-bit scan.

    A mark of which too little is left; a cross that has become a full box; and where a mark has left nothing, every
    bare box of the page, since none can be told from it. Such a page a person would scan anew rather than use.

    Args:
        truth: As judged by the paper.
        picture: The scan: 0 and 255.
    """
    if not truth.written.boxes:
        return truth
    fields = {(f.question, f.option or ""): f for f in paper(truth.paper).layout.on_page(truth.page, FieldKind.BOX)}
    marked = {
        (b.question, b.option): black_share(picture, fields[b.question, b.option])
        for b in truth.written.boxes
        if b.state is not Mark.EMPTY
    }
    gone = any(
        marked[b.question, b.option] <= GONE_SHARE
        for b in truth.written.boxes
        if b.state is not Mark.EMPTY and not b.doubtful
    )
    least = {Mark.EMPTY: 0.0, Mark.CROSSED: LEAST_SHARE, Mark.FILLED: CROSS_SHARE}
    most = {Mark.EMPTY: 1.0, Mark.CROSSED: FULL_SHARE, Mark.FILLED: 1.0}
    boxes = tuple(
        replace(b, doubtful=True)
        if (b.state is Mark.EMPTY and gone)
        or not least[b.state] <= marked.get((b.question, b.option), least[b.state]) <= most[b.state]
        else b
        for b in truth.written.boxes
    )
    return replace(truth, usable=truth.usable and not gone, written=replace(truth.written, boxes=boxes))
