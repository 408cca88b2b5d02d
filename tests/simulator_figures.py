"""The pictures of the accuracy report, as SVG: claimed chances of error against those found, errors against review.

Marks that nobody would doubt count, by the chance of error that their probabilities claim; classes are tenths of a
power of ten. Both axes are logarithmic. Where no error was seen stands the bound that so many marks support, 3/n.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from simulator_tally import FINEST, STEPS, upper_bound

WIDTH, HEIGHT, LEFT, TOP, SIDE = 520, 530, 78, 46, 380
"""Of a picture and of its square, px."""

INK, ACCENT, PALE = "#1f1f1f", "#0b5c6b", "#8a8a8a"


def classes(chances: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """Return class, number of marks and number of wrong ones, surest last."""
    numbers = sorted({int(key.split(" > ")[0]) for key in chances})
    return [
        (n, chances.get(f"{n} > right", 0) + chances.get(f"{n} > wrong", 0), chances.get(f"{n} > wrong", 0))
        for n in numbers
    ]


def lower_bound(faults: int, trials: int) -> float:
    """Return the 95 % lower bound of a rate after `faults` in `trials`: exact Poisson, 0 for none."""
    if not faults:
        return 0.0
    low, high = 0.0, float(faults)
    for _ in range(60):
        middle = (low + high) / 2
        fewer = sum(math.exp(-middle + k * math.log(middle) - math.lgamma(k + 1)) for k in range(faults))
        low, high = (middle, high) if fewer > 0.95 else (low, middle)
    return low / trials


class _Plot:
    """A square with logarithmic axes, from 1 down to 10 to the minus `decades`."""

    def __init__(self, title: str, across: str, up: str, decades: int) -> None:
        self._decades = decades
        self._parts = [f'<text x="{LEFT}" y="24" font-size="17" font-weight="bold">{title}</text>']
        for power in range(decades + 1):
            x, y = self.at(10.0**-power, 10.0**-power)
            name = "1" if not power else f'10<tspan dy="-5" font-size="10">−{power}</tspan>'
            self._parts += [
                f'<path d="M{x:.1f} {TOP}V{TOP + SIDE}M{LEFT} {y:.1f}H{LEFT + SIDE}" stroke="#e2e2e2"/>',
                f'<text x="{x:.1f}" y="{TOP + SIDE + 20}" text-anchor="middle">{name}</text>',
                f'<text x="{LEFT - 10}" y="{y + 5:.1f}" text-anchor="end">{name}</text>',
            ]
        middle = LEFT + SIDE / 2, TOP + SIDE / 2
        self._parts += [
            f'<text x="{middle[0]}" y="{TOP + SIDE + 46}" text-anchor="middle">{across}</text>',
            f'<text transform="translate(20 {middle[1]}) rotate(-90)" text-anchor="middle">{up}</text>',
        ]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pair of rates stands, px; what is smaller than the axes reach stands at their end."""
        across, up = (min(self._decades, -math.log10(max(v, 1e-30))) / self._decades for v in (x, y))
        return LEFT + SIDE * (1 - across), TOP + SIDE * up

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """Draw through pairs of rates."""
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(*p) for p in points))
        dashes = ' stroke-dasharray="5 5"' if dashed else ""
        self._parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')

    def dot(self, x: float, y: float, *, hollow: bool = False) -> None:
        """Draw a pair of rates; hollow where it is only a bound."""
        px, py = self.at(x, y)
        fill = "white" if hollow else ACCENT
        self._parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="{fill}" stroke="{ACCENT}"/>')

    def say(self, number: int, words: str) -> None:
        """Write a line of the legend, below the axes."""
        self._parts.append(f'<text x="{LEFT}" y="{TOP + SIDE + 72 + 18 * number}">{words}</text>')

    def svg(self) -> str:
        """Return the picture."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img"'
        style = f'font-family="sans-serif" font-size="13" fill="{INK}"'
        edge = f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{PALE}"/>'
        body = "\n".join((f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', *self._parts, edge))
        return f"{head} {style}>\n{body}\n</svg>\n"


def reliability(chances: Mapping[str, int]) -> str:
    """Draw the chance of error that was claimed against the rate that was found, with 95 % bounds."""
    plot = _Plot("Claimed and found", "chance of error that was claimed", "rate of errors found", FINEST // STEPS)
    plot.line([(1.0, 1.0), (10.0 ** -(FINEST / STEPS),) * 2], PALE, dashed=True)
    for number, marks, wrong in classes(chances):
        claimed = 10.0 ** -(number / STEPS)
        plot.line([(claimed, lower_bound(wrong, marks)), (claimed, upper_bound(wrong, marks))], ACCENT)
        plot.dot(claimed, wrong / marks if wrong else upper_bound(0, marks), hollow=not wrong)
    plot.say(0, f"{sum(chances.values()):,} simulated marks; on the dashed line claims are true")
    plot.say(1, "hollow: no error seen, the bound 3/n; below the line: fewer than claimed")
    return plot.svg()


def review_curve(chances: Mapping[str, int], asked: float, silent: int, marks: int) -> str:
    """Draw how many errors would be left if the least sure marks went to a person, and what the policy does.

    Args:
        chances: As a tally counts them.
        asked: Share of marks that the policy sends to a person.
        silent: Silent misreads that it leaves.
        marks: Of so many marks.
    """
    plot = _Plot("Errors against review", "share of marks sent to a person", "silent misreads in the rest", 7)
    plot.line(list(_curve(chances)), ACCENT)
    plot.dot(max(asked, 1e-30), silent / marks if silent else upper_bound(0, marks), hollow=not silent)
    plot.say(0, "line: by probability alone; it ends where no error is left")
    plot.say(
        1, f"dot: the policy, {100 * asked:.2f} % asked, {silent} silent misreads{'' if silent else ' (bound 3/n)'}"
    )
    return plot.svg()


def _curve(chances: Mapping[str, int]) -> Iterator[tuple[float, float]]:
    every = classes(chances)
    marks, wrong = sum(m for _, m, _ in every), sum(w for _, _, w in every)
    left, errors = marks, wrong
    for _, here, bad in every:
        if not errors:
            return
        yield (marks - left) / marks, errors / left
        left, errors = left - here, errors - bad
    if not errors and left:
        yield (marks - left) / marks, upper_bound(0, left)
