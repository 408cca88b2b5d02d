"""The brake on sign-ups: how many come in at once and after a while, and that it knows nobody."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from web_helpers import Clock

from webapp.brake import CELLS, Brake, Measure

HOME, AWAY = "203.0.113.7", "198.51.100.9"


def apart(brake: Brake, address: str) -> str:
    """Return another address that falls in another cell."""
    return next(a for n in range(CELLS) if brake._cell(a := f"192.0.2.{n}") != brake._cell(address))


def test_so_many_come_in_at_once_and_then_one_after_each_pause() -> None:
    clock = Clock()
    brake = Brake(clock, Measure(3, 60), Measure(100, 1))
    assert [brake.take("prov", HOME) for _ in range(4)] == [0, 0, 0, 60]
    clock.forward(seconds=45)
    assert brake.take("prov", HOME) == 15
    clock.forward(seconds=15)
    assert [brake.take("prov", HOME) for _ in range(2)] == [0, 60]
    clock.forward(days=2)
    assert [brake.take("prov", HOME) for _ in range(4)] == [0, 0, 0, 60]


def test_who_floods_stops_nobody_else_and_other_surveys_have_their_own_measure() -> None:
    brake = Brake(Clock(), Measure(3, 60), Measure(6, 60))
    other = apart(brake, HOME)
    for _ in range(50):
        brake.take("prov", HOME)
    assert [brake.take("prov", other) for _ in range(4)] == [0, 0, 0, 60]
    third = next(
        a for n in range(CELLS) if brake._cell(a := f"10.0.0.{n}") not in (brake._cell(HOME), brake._cell(other))
    )
    assert brake.take("prov", third) == 60
    assert brake.take("annan", third) == 0


def test_a_clock_that_is_put_back_opens_nothing_and_stops_nothing_for_good() -> None:
    clock = Clock()
    brake = Brake(clock, Measure(1, 60), Measure(100, 1))
    assert [brake.take("prov", HOME) for _ in range(2)] == [0, 60]
    clock.forward(days=-3)
    assert brake.take("prov", HOME) == 60
    clock.forward(seconds=60)
    assert brake.take("prov", HOME) == 0


@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from([HOME, AWAY, "", "::1"])), max_size=60))
def test_no_more_come_in_than_both_measures_allow(visits: list[tuple[int, str]]) -> None:
    clock, near, far = Clock(), Measure(4, 30), Measure(6, 20)
    brake = Brake(clock, near, far)
    began = clock()
    came: dict[int, int] = {}
    for pause_s, address in visits:
        clock.forward(seconds=pause_s)
        cell = brake._cell(address)
        came[cell] = came.get(cell, 0) + (brake.take("prov", address) == 0)
        passed_s = (clock() - began).total_seconds()
        assert came[cell] <= near.at_once + passed_s / near.every_s
        assert sum(came.values()) <= far.at_once + passed_s / far.every_s


def test_a_household_is_one_network_however_many_addresses_it_has() -> None:
    brake = Brake(Clock())
    assert len({brake._cell(f"2001:db8:1:2::{n:x}") for n in range(300)}) == 1
    assert len({brake._cell(f"2001:db8:1:{n:x}::1") for n in range(300)}) > CELLS // 3


def test_it_keeps_no_address_and_none_can_be_worked_out_again() -> None:
    clock = Clock()
    first, second = Brake(clock), Brake(clock)
    for brake in (first, second):
        brake.take("prov", HOME)
        assert HOME not in repr(brake)
        assert HOME.encode() not in b"".join(str(getattr(brake, name)).encode() for name in brake.__slots__)
    # Drawn anew each time: neither a cell nor all of them tell who it was.
    assert first._key != second._key
    addresses = [f"192.0.2.{n}" for n in range(200)]
    assert [first._cell(a) for a in addresses] != [second._cell(a) for a in addresses]
