"""Every threshold of the reading in one frozen value, whose name is stored with each reading."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts as what. Lengths in mm, areas in mm², darkness from 0 (paper) to 1 (solid print).

    Attributes:
        name: Stored with each reading; another set of thresholds needs another name.
        least_dpi: Coarser pictures are refused; a little under 150 dpi, since prints are scaled.
        worst_fit_mm: Largest residual of the markers at which a flat page is still read.
        worst_bent_mm: Largest residual of the markers at which a page is still compared with its print, to read it as
            the bent page that it then must be.
        worst_scatter_mm: Largest scatter of the outlines about an even page; beyond it every mark is uncertain.
        blank_share: Share of dark pixels below which a page without markers is blank.
        ink_mm2: Evidence of ink in a box at which empty and marked are equally likely.
        ink_spread: How fast that tips: the log-odds grow by 1 for each so many e-folds of the evidence.
        fill_gap_mm: Radius of the largest white gap in a box at which crossed and filled are equally likely.
        fill_gap_spread_mm: How fast that tips: the log-odds grow by 1 for each so many mm.
        fill_cover: Covered share of a box at which crossed and filled are equally likely.
        fill_cover_spread: How fast that tips: the log-odds grow by 1 for each so much.
        sure: Least probability of a state that is not uncertain.
        beside_mm2: Ink close around a box that makes an otherwise empty box uncertain.
        most_pieces: Most separate pieces that the ink in a box may fall into. A pen's stroke hangs together; more are
            what a 1-bit scanner leaves of ink that is about as dark as its threshold.
        most_crumbs: Most crumbs in a box that are nothing; more are what is left of a mark.
        grain: Noise of the paper's darkness from which on a scanner has not thrown pale strokes away with it.
        grain: float = 0.004
    fading_share: Boxes whose ink falls into pieces or crumbs, as a share of a page's marked boxes, from which on
            other ink of this page may have vanished altogether, so that no box of it is sure.
        pale: Darkness of a mark, in the darkness of this page's own pen, below which a person looks.
        pale_line: The same for a line that runs through the box and on at both sides: a coffee ring's edge, a crease.
        words_mm2: Ink at an option's words from which on it is stray ink.
        area_mm2: Ink elsewhere in a question's area from which on it is stray ink.
        overshoot_mm: How far a box's own cross may reach into its words.
        text_mm2: Ink in a text field from which on something is written there.
        suggest: Least confidence of a suggestion that is shown.
    """

    name: str
    least_dpi: float = 130.0
    worst_fit_mm: float = 0.9
    worst_bent_mm: float = 1.8
    worst_scatter_mm: float = 0.6
    blank_share: float = 0.00015
    ink_mm2: float = 0.33
    ink_spread: float = 0.16
    fill_gap_mm: float = 0.36
    fill_gap_spread_mm: float = 0.03
    fill_cover: float = 0.875
    fill_cover_spread: float = 0.02
    sure: float = 0.97
    beside_mm2: float = 0.6
    most_pieces: int = 3
    most_crumbs: int = 1
    grain: float = 0.004
    fading_share: float = 0.2
    pale: float = 0.4
    pale_line: float = 0.8
    words_mm2: float = 0.7
    area_mm2: float = 1.5
    overshoot_mm: float = 3.0
    text_mm2: float = 1.0
    suggest: float = 0.9


POLICY = Policy("a4")
"""The policy in use."""
