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
        even_mm: Scatter from which on paper is so uneven that a box whose own outline is hidden may be elsewhere.
        blank_share: Share of dark pixels below which a page without markers is blank.
        ink_mm2: Evidence of ink in a box at which empty and marked are equally likely.
        ink_spread: How fast that tips: the log-odds grow by 1 for each so many e-folds of the evidence.
        fill_gap_mm: Radius of the largest white gap in a box at which crossed and filled are equally likely.
        fill_gap_spread_mm: How fast that tips: the log-odds grow by 1 for each so many mm.
        fill_cover: Covered share of a box at which crossed and filled are equally likely.
        fill_cover_spread: How fast that tips: the log-odds grow by 1 for each so much.
        hasty_cover: Covered share of a box from which on ink that leaves fewer than three spots of paper, or more than
            five, may be a hasty fill.
        thin_cover: The same for any ink where the page's usual cross covers no more than this, …
        pale_cover: … and any that covers so much …
        alike_solid: … where it is paler than a felt tip's.
        arms_mm: Radius of the largest white gap from which on three or four spots of paper are what a cross leaves
            between its arms, however much it covers.
        sure: Least probability of a state that is not uncertain.
        beside_mm2: Ink close around a box that makes an otherwise empty box uncertain …
        beside_pale: … if it is at least as dark as this, in the darkness of this page's own pen: print that shines
            through, a printer's streaks and what cups leave are paler.
        edge_mm2: The same where ink lies on the box's line as well: …
        edge_cover: … where so much more of the box is covered than of the page's other empty ones.
        most_pieces: Most separate pieces that the ink in a box may fall into. A pen's stroke hangs together; more are
            what a 1-bit scanner leaves of ink that is about as dark as its threshold.
        most_crumbs: Most crumbs in a box that are nothing; more are what is left of a mark.
        whole_mm2: Evidence from which on ink in pieces is a mark all the same, if there is no fill it may be left of.
        frayed_pieces: Most pieces that such a mark may have fallen into; more may be left of a fill.
        frayed_cover: Covered share of a box from which on ink in pieces may be left of a fill.
        last_cover: Covered share of an empty box, above that of the page's other empty boxes, from which on its line
            was thickened by the last of a stroke that a scanner took for paper.
        last_uneven: The same in median deviations of the page's empty boxes.
        grain: Noise of the paper's darkness from which on a scanner has not thrown pale strokes away with it.
        fading_share: Boxes whose ink falls into pieces or crumbs, as a share of a page's marked boxes, from which on
            the page's pen is near what its scanner still shows.
        fading_margin: How many standard deviations (of the logarithm of the evidence) such a page's marks have to lie
            above `ink_mm2`; with less, any trace in a box may be all that is left of a mark.
        gone_margin: The same; with less, others may have vanished altogether, and no box of the page is sure.
        trace_dark: Darkness of anything in a box of such a page from which on it may be what is left of a mark, where
            there are grays.
        torn_marks: Fewest crossed boxes of a page …
        torn_share: … of which at least this share has fallen into two pieces or more: then the pen is near what its
            scanner still shows, too.
        shreds_share: Share of a page's crosses in three pieces or more from which on pale ink may be what is left of a
            mark, and one that covers much what is left of a fill, however dark its pen.
        sound_marks: Fewest marks of a page that tell that its pen is far from what its scanner throws away, …
        sound_dark: … if three in four of them are at least so dark, …
        sound_torn: … at most this share has fallen into more than two pieces …
        sound_margin: … and they lie so many of their standard deviations above `ink_mm2`.
        thinned_dark: Median darkness of the marks of a page in black and white below which hardly one is solid, and
            others may have vanished.
        left_mm2: Ink in a box of such a page from which on it may be what is left of a mark …
        left_cover: … and covered share, above that of the page's empty boxes, from which on it may be so.
        all_over: Share of a page's empty boxes in which pale crumbs are what shines through, where its marks are whole.
        wiped_mm2: Evidence that a box may lose with streaks that are painted over, if none ran through it, …
        wiped_streak_mm2: … and if one did; more may have been a stroke.
        steady_marks: Fewest marks of a page that tell, if none of them has fallen to pieces, that its pen is far from
            what its scanner still shows.
        steady_share: Share of them that may have fallen to pieces all the same, by a speck or a fold.
        most_spots: Most separate spots of paper in a box that a cross leaves; more are what is left of a fill.
        dot_mm: Length up to which ink is a speck of dirt or a dot, about which a person is asked.
        blot_mm: Length up to which the same is asked about a round spot: dust, or where a pen rested, …
        blot_round: … if it is at least so broad, in its length. A stroke isn't.
        hair_mm: Width of a line below which it is no pen's: a hair, a scratch, a fine fold.
        hair_pen: The same in the usual width of the page's strokes …
        hair_most_mm: … for lines up to this width: strokes are broadest where they cross, and a lone one doesn't.
        crease_width: The same beside a pen paler than `alike_pen`, in the usual width of the page's strokes.
        thin_mm: Width of a line below which it may be a hair where it holds …
        thin_scant: … less ink than this, in that of the usual mark of its page.
        lighter_mm: Radius of a far lighter spot in a fill from which on it may be a cross, smeared over …
        lighter_dark: … where ink is at least so dark, since a pencil's fills are uneven, …
        blurred_cover: … or on a page so blurred that its boxes' lines cover so much of the empty ones.
        paper_mm: Radius of a white gap in a fill from which on it may be a cross.
        smear_gray: Darkness of what is not solid in a fill, in that of its ink, below which …
        smear_mm2: … so much ink around its box may be a smear, and the fill a cross.
        wet_mm2: The same of a fill in black and white, …
        wet_cover: … on a page whose usual cross covers so much of its box.
        between: Darkness of what is not ink in a box from which on a fill may stand behind its strokes, where paper has
            no grain and strokes cover less than half.
        between_pen: The same elsewhere, in the darkness of the strokes …
        broad_cover: … up to this covered share, …
        between_broad: … and from there on.
        fuller: The same in a box that is so much more covered than the page's usual cross, …
        fuller_gray: … from this darkness on.
        between_more: The same on a blurred page, above what is usual there, …
        between_most: … up to this.
        darker: How much darker than the page's pen strokes are taken to be at most, in its darkness.
        scant: Evidence of a mark, in that of the usual mark of its page, below which it may be a hair or a scratch.
        scant_mm2: Evidence from which on it is none, however much the others hold.
        dirt: The same in black and white, below which ink in pieces may be dirt …
        dirt_pieces: … if there are so many of them.
        corner_mm: Depth up to which a line that runs on at both sides is a ring around something else.
        streaked_boxes: Where streaks run through so many boxes of a page, one that fades may have left another mark: …
        streaked_mm: … what reaches less deep into its box, or is paler than `pale_line` …
        streaked_pen: … or leaves its box and is paler than this, in the darkness of the pen.
        pale: Darkness of a mark, in the darkness of this page's own pen, below which a person looks.
        pale_shown: The same where the page's back shines through, which a smear or a fold makes darker: …
        shown_mm: … where ink of this length that is paler than `pale` …
        shown_deep_mm: … and reaches so deep …
        shown_boxes: … lies in so many boxes.
        pale_line: The same for a line that runs through the box and on at both sides: a coffee ring's edge, a crease.
        line: Darkness of such a line below which it is none of a pen.
        toned_cover: Covered share of a box from which on the darkness of ink is told where paper has no grain.
        faint_pen: Darkness of a page's own pen below which …
        faint_mm: … a line of this length in an empty box may be a stroke of it, however faint.
        faint: Darkness of a mark below which a person looks, whatever the pen: as dark does print show through.
        alike_steep: Steepness of a stroke's edges, in that of the page's strokes, least and most, …
        alike_width: … width, in theirs, least and most, …
        alike_thin: … least width at which it is only thin for one of them, …
        alike_pen: … on a page whose pen is at least so dark, …
        alike_dark: … and least darkness, in that of the page's pen, at which it is of the same pen wherever it runs.
        edge_dark: Darkness, in that of the page's pen, from which on strokes tell how steep its edges are, …
        edge_marks: … if there are so many.
        soft: Steepness of a stroke's edges, in that of the page's strokes, below which a person looks …
        soft_smooth: … and where paper has no grain …
        soft_dark: … where it is paler than this; …
        softer_pen: … or where it is less steep than `alike_steep` and paler than this, in the darkness of the pen.
        sharp_pen: Darkness, in that of the pen, below which a person looks at strokes that are steeper than that.
        darker_pen: Darkness of a stroke, in that of the pen, from which on it may be the darker part of something.
        trace_steep: Steepness, in that of the page's strokes, least and most, at which so little ink in an empty box …
        trace_mm2: … as this, …
        trace_pen: … at least so dark in the darkness of the pen, may be the end of a stroke; …
        through_pen: … but what is paler than this in so many empty boxes …
        through_boxes: … as these is what shines through.
        stain: Darkness of ink up to which it is none, if it is far paler than this page's pen as well.
        stain_pale: What is far paler, in the darkness of the pen …
        stain_pen: … which is at least so dark: beside a pale pencil nothing is; …
        stain_peak: … nor what is so dark in its darkest part, in the darkness of the pen.
        weak_pen: Darkness of the pen below which strokes that run on and are …
        weak_lines: … so many times as dark tell of it.
        pen_marks: Fewest marks of a page that tell how dark its pen is …
        darkest: … and how many of them are darker than what is taken for it, at most.
        no_paper: Gray value of what is around a box, in that of the page's whitest paper, below which none of it is
            paper: a black bar, a picture that is damaged. A hand's shadow leaves twice as much.
        words_mm2: Ink at an option's words from which on it is stray ink.
        line_mm2: The same where it may be a line under a word or through one.
        area_mm2: Ink elsewhere in a question's area from which on it is stray ink.
        overshoot_mm: How far a box's own cross may reach into its words.
        text_mm2: Ink in a text field from which on something is written there.
        suggest: Least chance that a suggestion is right from which on it is shown.
    """

    name: str
    least_dpi: float = 130.0
    worst_fit_mm: float = 0.9
    worst_bent_mm: float = 1.8
    worst_scatter_mm: float = 0.6
    even_mm: float = 0.08
    blank_share: float = 0.00015
    ink_mm2: float = 0.33
    ink_spread: float = 0.16
    fill_gap_mm: float = 0.37
    fill_gap_spread_mm: float = 0.022
    fill_cover: float = 0.9
    fill_cover_spread: float = 0.006
    hasty_cover: float = 0.8
    thin_cover: float = 0.6
    pale_cover: float = 0.84
    alike_solid: float = 0.8
    arms_mm: float = 0.45
    sure: float = 0.97
    beside_mm2: float = 0.6
    beside_pale: float = 0.55
    edge_mm2: float = 0.3
    edge_cover: float = 0.06
    most_pieces: int = 3
    most_crumbs: int = 1
    whole_mm2: float = 1.0
    frayed_pieces: int = 8
    frayed_cover: float = 0.5
    last_cover: float = 0.015
    last_uneven: float = 8.0
    grain: float = 0.004
    fading_share: float = 0.2
    fading_margin: float = 2.5
    gone_margin: float = 1.5
    trace_dark: float = 0.05
    torn_marks: int = 3
    torn_share: float = 0.6
    shreds_share: float = 0.4
    sound_marks: int = 8
    sound_dark: float = 0.95
    sound_torn: float = 0.1
    sound_margin: float = 4.0
    thinned_dark: float = 0.7
    left_mm2: float = 0.15
    left_cover: float = 0.075
    all_over: float = 0.5
    wiped_mm2: float = 1.0
    wiped_streak_mm2: float = 3.0
    steady_marks: int = 5
    steady_share: float = 0.05
    most_spots: int = 12
    dot_mm: float = 1.0
    blot_mm: float = 1.6
    blot_round: float = 0.6
    hair_mm: float = 0.3
    hair_pen: float = 0.65
    hair_most_mm: float = 0.4
    crease_width: float = 0.6
    thin_mm: float = 0.5
    thin_scant: float = 0.4
    lighter_mm: float = 0.27
    lighter_dark: float = 0.9
    blurred_cover: float = 0.1
    paper_mm: float = 0.2
    smear_gray: float = 0.8
    smear_mm2: float = 5.0
    wet_mm2: float = 6.0
    wet_cover: float = 0.7
    between: float = 0.1
    between_pen: float = 0.32
    broad_cover: float = 0.7
    between_broad: float = 0.3
    fuller: float = 2.0
    fuller_gray: float = 0.06
    between_more: float = 0.16
    between_most: float = 0.48
    darker: float = 1.5
    scant: float = 0.2
    scant_mm2: float = 1.0
    dirt: float = 0.4
    dirt_pieces: int = 3
    corner_mm: float = 1.3
    streaked_boxes: int = 2
    streaked_mm: float = 1.8
    streaked_pen: float = 0.75
    pale: float = 0.65
    pale_shown: float = 0.85
    shown_mm: float = 0.7
    shown_deep_mm: float = 1.0
    shown_boxes: int = 6
    pale_line: float = 0.8
    line: float = 0.33
    toned_cover: float = 0.05
    faint_pen: float = 0.36
    faint_mm: float = 1.2
    faint: float = 0.205
    alike_steep: tuple[float, float] = (0.92, 1.3)
    alike_width: tuple[float, float] = (0.7, 1.6)
    alike_thin: float = 0.5
    alike_pen: float = 0.5
    alike_dark: float = 0.65
    edge_dark: float = 0.7
    edge_marks: int = 3
    soft: float = 0.88
    soft_smooth: float = 0.75
    soft_dark: float = 0.45
    softer_pen: float = 0.7
    sharp_pen: float = 0.8
    darker_pen: float = 2.0
    trace_steep: tuple[float, float] = (0.85, 1.4)
    trace_mm2: float = 0.1
    trace_pen: float = 0.3
    through_pen: float = 0.5
    through_boxes: int = 6
    stain: float = 0.2
    stain_pale: float = 0.4
    stain_pen: float = 0.45
    stain_peak: float = 0.6
    weak_pen: float = 0.3
    weak_lines: float = 2.0
    pen_marks: int = 5
    darkest: int = 5
    no_paper: float = 0.25
    words_mm2: float = 0.7
    line_mm2: float = 0.3
    area_mm2: float = 1.5
    overshoot_mm: float = 3.0
    text_mm2: float = 1.0
    suggest: float = 0.95


POLICY = Policy("a27")
"""The policy in use."""
