"""Accounts: roles, one-time passwords, lock-out with a growing pause, sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher, Type
from dataset_helpers import Clock, an_instance

from webapp.dataset import accounts as module
from webapp.dataset.accounts import Accounts, Role
from webapp.dataset.errors import DatasetError

GOOD = "fyra ord som passar"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(module, "_hasher", lambda: quick)
    module._nobody.cache_clear()
    with an_instance(tmp_path / "i", clock) as instance:
        yield instance.accounts


def code_of(call: object, *arguments: object) -> str:
    with pytest.raises(DatasetError) as error:
        call(*arguments)  # type: ignore[operator]
    assert error.value.message
    assert error.value.remedy
    return error.value.code


def test_a_one_time_password_must_be_changed_and_is_shown_until_then(accounts: Accounts) -> None:
    new = accounts.add("Ada", [Role.COORDINATOR])
    assert accounts.unused_one_time_passwords() == (new,)
    assert accounts.sign_in("Ada", new.one_time_password).must_change
    assert accounts.unused_one_time_passwords() == (new,)
    assert not accounts.change_password("Ada", GOOD).must_change
    assert accounts.unused_one_time_passwords() == ()
    assert accounts.sign_in("Ada", GOOD).roles == frozenset({Role.COORDINATOR})
    assert code_of(accounts.sign_in, "Ada", new.one_time_password) == "wrong-password"


def test_no_password_stands_in_the_file(accounts: Accounts, tmp_path: Path) -> None:
    new = accounts.add("Ada", [Role.COORDINATOR])
    accounts.add("Bo", [Role.AUDITOR])
    accounts.change_password("Bo", GOOD)
    session = accounts.begin_session("Bo")
    content = b"".join(p.read_bytes() for p in (tmp_path / "i").iterdir() if p.is_file())
    for secret in (new.one_time_password, GOOD, session):
        assert secret.encode() not in content


@pytest.mark.parametrize("password", ["kort", "Ada Ada Ada Ada", "abababababab", "x" * 201])
def test_weak_passwords_are_refused(accounts: Accounts, password: str) -> None:
    accounts.add("Ada", [Role.COORDINATOR])
    assert code_of(accounts.change_password, "Ada", password) == "weak-password"


def test_the_password_one_was_given_can_not_be_kept(accounts: Accounts) -> None:
    new = accounts.add("Ada", [Role.COORDINATOR])
    assert code_of(accounts.change_password, "Ada", new.one_time_password) == "same-password"


def test_names_and_roles_are_checked(accounts: Accounts) -> None:
    accounts.add("Åsa-Maj", ["auditor", "admin"])  # type: ignore[list-item]
    assert accounts.get("Åsa-Maj").roles == {Role.AUDITOR, Role.ADMIN}
    assert code_of(accounts.add, "Åsa-Maj", [Role.AUDITOR]) == "name-taken"
    assert code_of(accounts.add, "Bo", []) == "no-role"
    assert code_of(accounts.get, "Cilla") == "unknown-user"
    for name in ("", "1a", "a b", "x" * 41, "<b>"):
        assert code_of(accounts.add, name, [Role.AUDITOR]) == "bad-name"


def test_wrong_passwords_bring_a_pause_that_grows_and_ends(accounts: Accounts, clock: Clock) -> None:
    accounts.add("Ada", [Role.COORDINATOR])
    accounts.change_password("Ada", GOOD)
    for _ in range(module.FREE_FAILURES + 1):
        assert code_of(accounts.sign_in, "Ada", "fel") == "wrong-password"
    assert code_of(accounts.sign_in, "Ada", GOOD) == "locked"
    clock.forward(seconds=module.FIRST_PAUSE_S)
    assert code_of(accounts.sign_in, "Ada", "fel") == "wrong-password"
    clock.forward(seconds=module.FIRST_PAUSE_S)
    assert code_of(accounts.sign_in, "Ada", GOOD) == "locked"
    clock.forward(seconds=module.FIRST_PAUSE_S)
    assert accounts.sign_in("Ada", GOOD).name == "Ada"
    for _ in range(module.FREE_FAILURES):
        assert code_of(accounts.sign_in, "Ada", "fel") == "wrong-password"
    assert accounts.sign_in("Ada", GOOD).name == "Ada"


def test_passwords_are_hashed_with_argon2id_at_its_own_defaults() -> None:
    hasher = module._hasher.__wrapped__()  # the product's own, which conftest.py has wrapped
    assert hasher.type is Type.ID
    assert hasher.memory_cost >= 19 * 1024  # KiB, OWASP's least


def test_the_pause_never_exceeds_an_hour(accounts: Accounts, clock: Clock) -> None:
    accounts.add("Ada", [Role.COORDINATOR])
    accounts.change_password("Ada", GOOD)
    for _ in range(20):
        code_of(accounts.sign_in, "Ada", "fel")
        clock.forward(seconds=module.LONGEST_PAUSE_S)
    assert accounts.sign_in("Ada", GOOD).name == "Ada"


def test_nobody_is_told_which_names_exist(accounts: Accounts) -> None:
    accounts.add("Ada", [Role.COORDINATOR])
    messages = []
    for name in ("Ada", "Nobody"):
        with pytest.raises(DatasetError) as error:
            accounts.sign_in(name, "fel")
        messages.append((error.value.code, error.value.message, error.value.remedy))
    assert messages[0] == messages[1]


def test_a_name_that_nobody_has_gets_the_same_pause(accounts: Accounts, clock: Clock) -> None:
    """Otherwise the pause alone would tell which names exist."""
    accounts.add("ada", [Role.AUDITOR])
    told: dict[str, list[str]] = {"ada": [], "nobody": []}
    for _ in range(12):
        for name, codes in told.items():
            with pytest.raises(DatasetError) as error:
                accounts.sign_in(name, "wrong")
            codes.append(error.value.code)
        clock.forward(seconds=20)
    assert told["ada"] == told["nobody"]
    assert {"locked", "wrong-password"} == set(told["nobody"])


def test_names_that_nobody_has_do_not_fill_the_memory(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.dataset.accounts.MOST_STRANGERS", 2)
    for name in ("a", "b", "c", "x" * 1000, "?"):
        with pytest.raises(DatasetError):
            accounts.sign_in(name, "wrong")
    assert list(accounts._strangers) == ["b", "c"]


def test_sessions_end_by_time_by_sign_out_and_by_a_new_password(accounts: Accounts, clock: Clock) -> None:
    accounts.add("Ada", [Role.COORDINATOR])
    first, second = accounts.begin_session("Ada"), accounts.begin_session("Ada")
    user = accounts.session_user(first)
    assert user is not None
    assert user.name == "Ada"
    accounts.end_session(first)
    assert accounts.session_user(first) is None
    assert accounts.session_user(second) == user
    accounts.change_password("Ada", GOOD)
    assert accounts.session_user(second) is None
    third = accounts.begin_session("Ada")
    clock.forward(hours=module.SESSION_HOURS, seconds=1)
    assert accounts.session_user(third) is None
    assert accounts.session_user("made up") is None


def test_a_reset_gives_a_new_one_time_password_and_ends_pause_and_sessions(accounts: Accounts) -> None:
    accounts.add("Ada", [Role.COORDINATOR])
    accounts.change_password("Ada", GOOD)
    session = accounts.begin_session("Ada")
    for _ in range(module.FREE_FAILURES + 1):
        code_of(accounts.sign_in, "Ada", "fel")
    new = accounts.reset("Ada", by="Bo")
    assert accounts.session_user(session) is None
    assert accounts.sign_in("Ada", new.one_time_password).must_change
