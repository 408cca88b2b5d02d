"""Several small pages in one image: where each slip lies, and which markers and which code are its own.

An image may hold an uncut leaf of slips, one cut slip, or several that lie on the glass at angles of their own. All
slips of one layout have the same marker ids, so place must tell them apart: a page code, or a marker, that was found
says where the others of its slip must be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forms.layout import Code, Layout, Marker
from forms.pagecode import PageCode, SheetKind
from forms.qr import QUIET_MODULES, SIDE_MODULES
from omr.identify import Identity, PlacedCode, codes_at, known, placed_codes
from omr.images import Gray, PageImage
from omr.markers import SIGN_UP_IDS, Found, all_markers, markers_near
from omr.policy import Policy
from omr.readings import Refusal, RefusalCode
from omr.register import Floats, register

WHOLE_PAGE_MM2 = 0.6 * 210 * 297
"""Pages smaller than this are slips: an A5 is half of an A4."""

NEAR_MM = 18.0
"""How far a marker may be from where the code or another marker puts it: in a phone's picture the far side of a slip
may be a tenth smaller. The same marker of a slip beside it that lies alike is at least a slip's width away."""

NEAR_DEG = 14.0
"""How much two markers of one slip may be turned against each other, perspective included."""

LOOK_MM = 14.0
"""Half the side of the square in which a marker that was not found is looked for again."""

SAME_MM = 3.0
"""Markers whose middles are this close are one that was found twice."""

SURE_MARKERS = 3
"""So many markers that lie as on a slip make one, whatever else is there."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip in an image.

    Attributes:
        identity: Whose it is, or why that can't be told.
        found: Its markers.
    """

    identity: Identity | Refusal
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What slips of one size look like."""

    size_mm: tuple[float, float]
    markers: tuple[Marker, ...]
    code: Code

    def middle_px(self, matrix: Floats) -> Floats:
        return np.asarray(_at(matrix, np.array([self.size_mm]) / 2)[0], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """What belongs to one slip.

    Attributes:
        shape: Its shape.
        matrix: 2 × 3, mm on the slip to working pixels, roughly.
        found: Its markers.
        code: Its page code, where that was found.
    """

    shape: _Shape
    matrix: Floats
    found: tuple[Found, ...]
    code: PageCode | None


def is_slip(layout: Layout) -> bool:
    """Tell whether a layout is that of a slip."""
    width, height = layout.page_size_mm
    return width * height < WHOLE_PAGE_MM2


def find_slips(image: PageImage, layouts: Mapping[str, Layout], policy: Policy) -> tuple[Slip, ...]:
    """Find the slips in an image.

    Args:
        image: The image.
        layouts: The layouts known, by id; at least one is that of a slip.
        policy: Thresholds.

    Returns:
        The slips in reading order: from top to bottom and left to right, as most of them lie. Empty where nothing
        is clearly a slip. One that stands for the whole image, refused, where a sign-up sheet lies among them.
    """
    found = all_markers(image.gray)
    codes = placed_codes(image)
    if any(f.id in SIGN_UP_IDS for f in found) or any(c.code.kind is SheetKind.SIGN_UP for c in codes):
        return (Slip(Refusal(RefusalCode.SIGN_UP_SHEET), ()),)
    shapes = _shapes(layouts.values())
    pool = _Pool(list(found), [])
    groups = []
    for placed in codes:
        layout = layouts.get(placed.code.layout)
        shape = _shape(layout) if layout is not None and is_slip(layout) else None
        if shape is not None:
            groups.append(_by_code(image.gray, shape, placed, pool))
    used = {c.code for c in codes if any(g.code == c.code for g in groups)}
    # A marker that was not recognised as its slip's own, on a slip that has enough others, makes no slip.
    pool.left = [f for f in pool.left if not any(_inside(f, g) for g in groups)]
    groups += _by_markers(image, shapes, pool)
    if not any(g.code is not None or len(g.found) >= SURE_MARKERS for g in groups):
        return ()
    strangers = [c for c in codes if c.code not in used and not any(g.code == c.code for g in groups)]
    slips = [(g.shape.middle_px(g.matrix), _turn(g.matrix), _slip(g, layouts, policy, image.sha256)) for g in groups]
    slips += [(c.corners_px.mean(0), 0.0, Slip(_foreign(c.code, layouts, image.sha256), ())) for c in strangers]
    return _in_order(slips, min(min(s.size_mm) for s in shapes) * _px_per_mm(groups[0].matrix))


def _shapes(layouts: Iterable[Layout]) -> tuple[_Shape, ...]:
    """Return the shapes of all slips known, the smaller first."""
    shapes = {_shape(layout) for layout in layouts if is_slip(layout)}
    return tuple(sorted(shapes, key=lambda s: s.size_mm))


def _shape(layout: Layout) -> _Shape:
    return _Shape(layout.page_size_mm, tuple(m for m in layout.markers if m.page == 1), layout.codes[0])


def _by_code(gray: Gray, shape: _Shape, placed: PlacedCode, pool: _Pool) -> _Group:
    """Gather the markers around a code."""
    module = shape.code.size / (SIDE_MODULES + 2 * QUIET_MODULES)
    low, high = QUIET_MODULES * module, (QUIET_MODULES + SIDE_MODULES) * module
    corner = np.array([shape.code.x, shape.code.y])
    paper = corner + np.array([[low, low], [high, low], [high, high], [low, high]])
    matrix, found = _gathered(shape, paper, placed.corners_px, pool.left)
    pool.take(found)
    return _completed(gray, _Group(shape, matrix, found, placed.code), pool)


def _by_markers(image: PageImage, shapes: Sequence[_Shape], pool: _Pool) -> list[_Group]:
    """Group markers whose code was not found, the fullest groups first, and look for the code where it must be."""
    groups: list[_Group] = []
    while True:
        tried = [
            (shape, *_gathered(shape, _square(own), seed.corners_px, pool.left))
            for shape in shapes
            for seed in pool.left
            for own in shape.markers
            if own.id == seed.id
        ]
        # What belongs to no slip at all, such as the second page of a sheet, is left to the ordinary reading.
        tried = [t for t in tried if t[2]]
        if not tried:
            return groups
        shape, matrix, found = max(tried, key=lambda t: len(t[2]))
        pool.take(found)
        group = _completed(image.gray, _Group(shape, matrix, found, None), pool)
        codes = codes_at(image, register(group.found, shape.markers, worst_mm=2.0), shape.code)
        groups.append(replace(group, code=codes[0] if len(codes) == 1 else None))


@dataclass(slots=True)
class _Pool:
    """The markers of an image: those that no slip has yet, and those that one has."""

    left: list[Found]
    taken: list[Found]

    def take(self, found: Iterable[Found]) -> None:
        """Give markers to a slip."""
        for one in found:
            self.left = [f for f in self.left if f is not one]
            self.taken.append(one)

    def own(self, one: Found, near_px: float) -> Found | None:
        """Return a marker that was found anew as the pool knows it; None where another slip has it."""
        if any(_apart(one, f) < near_px for f in self.taken):
            return None
        return next((f for f in self.left if f.id == one.id and _apart(one, f) < near_px), one)


def _gathered(shape: _Shape, paper: Floats, image: Floats, left: Sequence[Found]) -> tuple[Floats, tuple[Found, ...]]:
    """Gather a slip's markers, the nearest first, each telling better where the next must be.

    Args:
        shape: The slip's shape.
        paper: Corners of what is known of it, 4 × 2, mm.
        image: The same in working pixels.
        left: The markers that may be its own.

    Returns:
        Where the slip lies, 2 × 3, roughly, and its markers by id.
    """
    known = [(paper, image)]
    found: list[Found] = []
    middle = paper.mean(0)
    for marker in sorted(shape.markers, key=lambda m: float(np.hypot(*(_square(m).mean(0) - middle)))):
        matrix = _similar(*(np.vstack(of) for of in zip(*known, strict=True)))
        one = _expected(marker, matrix, left)
        if one is not None:
            found.append(one)
            known.append((_square(marker), one.corners_px))
    matrix = _similar(*(np.vstack(of) for of in zip(*known, strict=True)))
    return matrix, tuple(sorted(found, key=lambda f: f.id))


def _expected(marker: Marker, matrix: Floats, left: Sequence[Found]) -> Found | None:
    """Return the found marker that lies closest to where a slip's marker must be; None where none is near."""
    near, turn = NEAR_MM * _px_per_mm(matrix), _turn(matrix)
    middle = _at(matrix, _square(marker)).mean(0)
    close = [
        (away, f)
        for f in left
        if f.id == marker.id and (away := float(np.hypot(*(f.corners_px.mean(0) - middle)))) <= near
        if abs(_off(_marker_turn(f), turn)) <= NEAR_DEG
    ]
    return min(close, key=lambda pair: pair[0])[1] if close else None


def _completed(gray: Gray, group: _Group, pool: _Pool) -> _Group:
    """Look again for markers that are missing, in small squares where they must be."""
    has = {f.id for f in group.found}
    fit = register(group.found, group.shape.markers, worst_mm=2.0) if len(has) >= SURE_MARKERS else None
    matrix = group.matrix if fit is None else np.asarray(fit.matrix[:2] / fit.matrix[2, 2], np.float64)
    side, same = LOOK_MM * _px_per_mm(matrix), SAME_MM * _px_per_mm(matrix)
    more = []
    for marker in group.shape.markers:
        if marker.id not in has:
            seen = markers_near(gray, _at(matrix, _square(marker)).mean(0), side)
            one = _expected(marker, matrix, [own for f in seen if (own := pool.own(f, same)) is not None])
            if one is not None:
                pool.take([one])
                more.append(one)
    return replace(group, matrix=matrix, found=tuple(sorted((*group.found, *more), key=lambda f: f.id)))


def _slip(group: _Group, layouts: Mapping[str, Layout], policy: Policy, sha256: str) -> Slip:
    """Say whose a group is."""
    if len(group.found) < SURE_MARKERS:
        return Slip(Refusal(RefusalCode.NO_MARKERS, f"{len(group.found)} of 4 were found.", sha256), group.found)
    if register(group.found, group.shape.markers, policy.worst_fit_mm) is None:
        detail = "Those found don't lie as on a flat slip."
        return Slip(Refusal(RefusalCode.NO_MARKERS, detail, sha256), group.found)
    if group.code is None:
        return Slip(Refusal(RefusalCode.NO_PAGE_CODE, sha256=sha256), group.found)
    identity = known(group.code, layouts, sha256)
    if isinstance(identity, Identity) and _shape(identity.layout) != group.shape:
        detail = "The code belongs to a page of another size."
        return Slip(Refusal(RefusalCode.NO_PAGE_CODE, detail, sha256), group.found)
    return Slip(identity, group.found)


def _foreign(code: PageCode, layouts: Mapping[str, Layout], sha256: str) -> Refusal:
    """Refuse what lies beside the slips and has a page code: another survey's, or a whole page."""
    identity = known(code, layouts, sha256)
    return identity if isinstance(identity, Refusal) else Refusal(RefusalCode.NO_MARKERS, "", sha256)


def _in_order(slips: Iterable[tuple[Floats, float, Slip]], side_px: float) -> tuple[Slip, ...]:
    """Sort slips by place: rows from the top, each from the left, as most of them are read."""
    placed = list(slips)
    quarter = Counter(round(turn / 90) % 4 for _, turn, _ in placed).most_common(1)[0][0]
    # Turned back by so many quarters: what is read downwards then grows in y.
    back = np.array([[0.0, 1.0], [-1.0, 0.0]])
    upright = [(np.linalg.matrix_power(back, quarter) @ middle, slip) for middle, _, slip in placed]
    upright.sort(key=lambda pair: float(pair[0][1]))
    rows: list[list[tuple[Floats, Slip]]] = []
    for middle, slip in upright:
        if rows and middle[1] - rows[-1][0][0][1] < side_px / 2:
            rows[-1].append((middle, slip))
        else:
            rows.append([(middle, slip)])
    return tuple(slip for row in rows for _, slip in sorted(row, key=lambda pair: float(pair[0][0])))


def _inside(one: Found, group: _Group) -> bool:
    """Tell whether a marker lies on a slip that has been found."""
    fit = register(group.found, group.shape.markers, worst_mm=2.0)
    if fit is None:
        return False
    x, y = fit.to_mm(one.corners_px.mean(0)[None])[0]
    width, height = group.shape.size_mm
    return bool(0 <= x <= width and 0 <= y <= height)


def _apart(one: Found, other: Found) -> float:
    return float(np.hypot(*(one.corners_px.mean(0) - other.corners_px.mean(0))))


def _similar(paper: Floats, image: Floats) -> Floats:
    """Fit a turn, a scale and a shift, 2 × 3, to corresponding corners: all that one small square can tell."""
    away, there = paper - paper.mean(0), image - image.mean(0)
    size = float((away**2).sum())
    a = float((away * there).sum()) / size
    b = float((away[:, 0] * there[:, 1] - away[:, 1] * there[:, 0]).sum()) / size
    turn = np.array([[a, -b], [b, a]])
    return np.column_stack([turn, image.mean(0) - turn @ paper.mean(0)])


def _at(matrix: Floats, points_mm: Floats) -> Floats:
    return np.asarray(points_mm @ matrix[:, :2].T + matrix[:, 2], np.float64)


def _px_per_mm(matrix: Floats) -> float:
    return float(np.hypot(*matrix[:, 0]))


def _turn(matrix: Floats) -> float:
    """Return the turn of a slip, clockwise, degrees."""
    return float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])) % 360)


def _marker_turn(found: Found) -> float:
    across = found.corners_px[1] - found.corners_px[0]
    return float(np.degrees(np.arctan2(across[1], across[0])) % 360)


def _off(a: float, b: float) -> float:
    return (a - b + 180) % 360 - 180


def _square(marker: Marker) -> Floats:
    x, y, s = marker.x, marker.y, marker.size
    return np.array([[x, y], [x + s, y], [x + s, y + s], [x, y + s]])
