"""The accuracy report's pictures: what they count and that they are pictures."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from simulator_figures import classes, lower_bound, reliability, review_curve
from simulator_report import Row, report, with_figures
from simulator_tally import FINEST, Tally, claim, upper_bound

CHANCES = {"10 > right": 90, "10 > wrong": 10, "20 > right": 990, "20 > wrong": 10, "70 > right": 100_000}


def p(crossed: float) -> dict[str, float]:
    return {"empty": 1 - crossed, "crossed": crossed, "filled": 0.0}


def test_a_mark_counts_by_what_its_probabilities_claim() -> None:
    assert claim("crossed", p(0.95)) == "13 > right"
    assert claim("empty", p(0.95)) == "13 > wrong"
    assert claim("crossed", p(0.6)) == "3 > right"
    assert claim("crossed", p(1.0)) == f"{FINEST} > right"
    assert classes(CHANCES) == [(10, 100, 10), (20, 1000, 10), (70, 100_000, 0)]


@pytest.mark.parametrize("faults", [1, 3, 20])
def test_bounds_enclose_what_was_found(faults: int) -> None:
    assert lower_bound(faults, 1000) < faults / 1000 < upper_bound(faults, 1000)
    assert lower_bound(0, 1000) == 0
    assert lower_bound(1, 1000) == pytest.approx(5.13e-5, rel=0.01)  # 1 - exp(-x) = 0.05


def test_the_pictures_show_claims_bounds_and_the_policy(tmp_path: Path) -> None:
    svg = ElementTree.fromstring(reliability(CHANCES))
    circles = [c.get("fill") for c in svg.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(circles) == 3
    assert circles.count("white") == 1  # no error was seen in one class: a bound, no rate
    curve = review_curve(CHANCES, 0.005, 0, 101_100)
    ElementTree.fromstring(curve)
    assert "0.50 % asked, 0 silent misreads (bound 3/n)" in curve

    row = Row("gray-200", "a scanner", Tally())
    row.tally.marks["crossed > crossed"] = 300
    row.tally.chances.update(CHANCES)
    text = with_figures(report([row], "command", "print"), [row], tmp_path / "report.md")
    assert "300 marks support no claim of a smaller chance of error than 3/n = 1.0e-02." in text
    for name in ("report-reliability.svg", "report-review.svg"):
        assert f"({name})" in text
        ElementTree.fromstring((tmp_path / name).read_text(encoding="utf-8"))


def test_a_tally_keeps_its_chances() -> None:
    tally = Tally()
    tally.chances.update(CHANCES)
    again = Tally.from_json(tally.to_json())
    again.add(tally)
    assert again.chances == {k: 2 * n for k, n in CHANCES.items()}
