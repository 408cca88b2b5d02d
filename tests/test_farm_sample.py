"""What the reader makes of a sample of each profile of the scanner farm: never a silent misread, never another page.

A sample is three pages; `simulator_accuracy.py` counts a million marks.
"""

from __future__ import annotations

import pytest
import simulator_accuracy
from simulator_profiles import PROFILES

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
    assert tally.pages["read"] >= tally.pages["usable"] / 2
