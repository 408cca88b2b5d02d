"""What the reader makes of a sample of each profile of the scanner farm: never a silent misread, never another page,
nothing that only a person could have settled, and little that needs one.

A sample is three pages; `simulator_accuracy.py` counts a million marks.
"""

from __future__ import annotations

import pytest
import simulator_accuracy
from simulator_profiles import PROFILES

MOST_UNCERTAIN = 0.04
"""Share of a sample's marks; the worst of all has 0.033."""

MISREAD: dict[str, str] = {}
"""Profiles of whose sample the reader gets something wrong; whoever mends that takes the line out."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=MISREAD[name])) if name in MISREAD else name
        for name in PROFILES
    ],
)
def test_a_sample_of_each_profile_is_read_without_a_silent_misread(name: str) -> None:
    tally, _ = simulator_accuracy.count(name, 0, sample=3)
    assert [{k: m[k] for k in ("file", "image", "question", "option", "how", "read")} for m in tally.misread] == []
    assert not tally.faults
    assert tally.pages["read"] >= tally.pages["usable"]
    assert tally.uncertain <= MOST_UNCERTAIN * tally.marks.total()
    assert not tally.questions["wrong"] + tally.questions["unasked"]
