"""The contract's JSON, there and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.answers import Mark
from omr.errors import OmrError
from omr.readings import (
    REFUSAL_TEXTS,
    Chances,
    MarkReading,
    Outcome,
    PageReading,
    Quality,
    Refusal,
    RefusalCode,
    StrayInk,
    TextReading,
    from_json,
    to_json,
)

words = st.text(min_size=1, max_size=8)
point = st.tuples(st.integers(0, 30000).map(lambda v: v / 10), st.integers(0, 30000).map(lambda v: v / 10))
quad = st.tuples(point, point, point, point)
percent = st.integers(0, 100).map(lambda v: v / 100)
marks = st.builds(MarkReading, words, words, st.sampled_from(Mark), st.builds(Chances, percent, percent, percent), quad)
texts = st.builds(TextReading, words, st.none() | words, st.booleans(), st.none() | words, st.none() | percent, quad)
stray = st.builds(StrayInk, words, st.none() | words, quad)
quality = st.builds(Quality, st.just(298.7), st.just(0.11), st.just(180.4), st.integers(3, 4))
pages = st.builds(
    PageReading,
    layout=words,
    instrument=words,
    version=words,
    page=st.integers(1, 32),
    serial=words,
    kind=st.sampled_from("SDP"),
    reader=words,
    policy=words,
    sha256=words,
    quality=quality,
    marks=st.lists(marks, max_size=3).map(tuple),
    texts=st.lists(texts, max_size=2).map(tuple),
    stray_ink=st.lists(stray, max_size=2).map(tuple),
)
refusals = st.builds(Refusal, st.sampled_from(RefusalCode), st.just("") | words, st.just("") | words)


@given(pages | refusals)
def test_an_outcome_comes_back_from_its_json(outcome: Outcome) -> None:
    line = json.dumps(to_json(outcome, "pile.pdf", 3), ensure_ascii=False)
    assert from_json(json.loads(line)) == outcome


def test_the_keys_of_the_contract() -> None:
    page = PageReading(
        "9c41e07b", "sip", "3f9a1c20", 1, "7QK2M4", "S", "1.2.0", "b2", "00", Quality(298.71, 0.1111, 359.999, 4),
        (MarkReading("q", "a", Mark.CROSSED, Chances(0.00021, 0.99909, 0.0007), ((1.04, 2), (3, 4), (5, 6), (7, 8))),),
        (TextReading("t", None, True, None, None, ((0, 0), (1, 0), (1, 1), (0, 1))),),
        (StrayInk("q", "a", ((0, 0), (1, 0), (1, 1), (0, 1))),),
    )  # fmt: skip
    plain = to_json(page, "pile.pdf", 3)
    assert plain["status"] == "read"
    assert {"file", "image", "layout", "instrument", "version", "page", "serial", "reader", "policy", "sha256"} <= set(
        plain
    )
    assert plain["quality"] == {"dpi": 298.7, "residual_mm": 0.111, "rotation_deg": 0.0, "markers": 4}
    assert plain["marks"] == [
        {
            "question": "q",
            "option": "a",
            "state": "crossed",
            "p": {"empty": 0.0002, "crossed": 0.9991, "filled": 0.0007},
            "box_px": [[1.0, 2], [3, 4], [5, 6], [7, 8]],
        }
    ]
    refused = to_json(Refusal(RefusalCode.NO_MARKERS), "pile.pdf", 4)
    assert list(refused) == ["file", "image", "status", "code", "message", "remedy"]
    assert refused["code"] == "no-markers"


def test_every_refusal_says_what_is_wrong_and_what_to_do() -> None:
    assert set(REFUSAL_TEXTS) == set(RefusalCode)
    for code in RefusalCode:
        refusal = Refusal(code, "More.")
        assert refusal.message.endswith(". More.")
        assert refusal.remedy.endswith(".")


GOOD = to_json(PageReading("l", "i", "v", 1, "s", "S", "r", "p", "h", Quality(300, 0, 0, 4), (), (), ()), "f", 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "lost"}, "lost"),
        ({"page": "1"}, "whole number"),
        ({"page": True}, "whole number"),
        ({"quality": []}, "object"),
        ({"quality": {"dpi": 1}}, "residual_mm"),
        ({"quality": {"dpi": "x", "residual_mm": 0, "rotation_deg": 0, "markers": 4}}, "number"),
        ({"marks": {}}, "list"),
        ({"marks": [{"question": "q"}]}, "p"),
        ({"texts": [{"question": "q", "option": None, "ink": 1, "suggestion": None}]}, "ink"),
        ({"status": "refused", "code": "bored"}, "bored"),
    ],
)
def test_what_is_no_reading_is_an_error_that_says_what(change: dict[str, object], said: str) -> None:
    with pytest.raises(OmrError) as caught:
        from_json(GOOD | change)
    assert caught.value.code == "bad-reading"
    assert said in caught.value.message
