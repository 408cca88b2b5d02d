"""A short form of the walks of phone_walk.py; the long one, of 200, is a command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from phone_helpers import PhoneSite, phone_site
from phone_walk import KINDS, PER_GROUP, kind_of, walk_group
from walk_person import Walk
from walk_record import Record, drawn

SEED = 6
GROUPS = 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("walk")) as site:
        yield site


@pytest.mark.parametrize("group", range(GROUPS))
def test_what_people_answer_on_their_walks_is_what_the_dataset_holds(site: PhoneSite, group: int) -> None:
    assert walk_group(site, drawn(GROUPS, SEED)[group], SEED, group) == PER_GROUP


def test_the_short_form_has_a_walk_of_every_kind() -> None:
    assert {kind_of(number + 1) for number in range(GROUPS * PER_GROUP)} == {Walk, *KINDS.values()}


def test_instruments_of_a_seed_are_the_same_and_those_of_another_are_not() -> None:
    first, again, other = drawn(2, 1), drawn(2, 1), drawn(2, 2)
    assert first == again
    assert first != other
    assert not Record(first[0]).said()
