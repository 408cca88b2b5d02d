"""Measurements of boxes without a picture, and what is thought of them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from forms.answers import Mark
from omr.interpret import Judged, judge_boxes
from omr.measure import Measurements
from omr.outlines import Places
from omr.policy import POLICY
from omr.register import Floats


def box(
    evidence: float = 0.0, cover: float = 0.0, gap: float = 9.0, beside: float = 0.0, crumbs: int = 0
) -> Measurements:
    """Return the measurements of one box."""
    one = np.ones(1)
    return Measurements(
        evidence_mm2=evidence * one,
        ink_mm2=evidence * one,
        cover=cover * one,
        grown=cover * one,
        gap_mm=gap * one,
        depth_mm=one,
        pieces=one,
        length_mm=3 * one,
        beside_mm2=beside * one,
        dark=one,
        white=240 * one,
        streak=0 * one,
        runs_on=0 * one,
        crumbs=crumbs * one,
        noise=0 * one,
        between=0 * one,
        beside_dark=one,
        spots=0 * one,
        width_mm=0.5 * one,
        lighter_mm=0 * one,
        faint_mm=0 * one,
        steep=2 * one,
        peak=one,
    )


def places(sure: bool = True, scatter: float = 0.0) -> Places:
    """Return the place of one box."""
    return Places(np.zeros((1, 2)), np.ones(1), np.array([sure]), scatter, np.eye(3))


def marked(count: int, **other: Floats) -> Measurements:
    """Return the measurements of boxes with a clear cross each, but for what is given; ink is evidence, evenly dark."""
    one = box(5.0, 0.45, 0.9)
    if "dark" in other:
        other.setdefault("peak", other["dark"])
    if "evidence_mm2" in other:
        other.setdefault("ink_mm2", other["evidence_mm2"])
    return Measurements(**{f.name: getattr(one, f.name) * np.ones(count) for f in fields(one)} | other)


def unlike(**last: float) -> Measurements:
    """Return the measurements of ten boxes with a clear cross each, the last of them with other numbers."""
    usual = marked(10)
    return marked(10, **{what: np.append(getattr(usual, what)[:9], value) for what, value in last.items()})


def states_of(page: Measurements, *, two_toned: bool = False) -> list[Mark]:
    """Return the state of each box of a flat page."""
    return [state for state, _ in judged(page, two_toned=two_toned).states()]


def judged(page: Measurements, *, two_toned: bool = False) -> Judged:
    """Return what is thought of a flat page."""
    count = len(page)
    where = Places(np.zeros((count, 2)), np.ones(count), np.ones(count, np.bool_), 0.0, np.eye(3))
    return judge_boxes(page, where, POLICY, two_toned=two_toned)
