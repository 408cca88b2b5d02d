"""What holds for all tests, and the site that those of the respondent's pages ask.

Hypothesis fails a test whose single example takes longer than a fifth of a second, or that draws slowly. On a machine
with other work that is chance: no law is broken by waiting, so no test here depends on the clock.
"""

from collections.abc import Iterator
from functools import wraps
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from dataset_helpers import Desk, an_instance
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from web_helpers import Clock, web

from webapp.dataset import accounts, intake
from webapp.dataset.instance import Instance

settings.register_profile("kryssklick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kryssklick")

LONG = (
    "test_farm_sample",
    "test_phone_leaving",
    "test_phone_tablet",
    "test_keeper_page",
    "test_corrupted",
    "test_browser_pages",
    "test_phone_lock",
    "test_phone_walk",
    "test_phone_other_browser",
    "test_cluster",
    "test_phone_queue",
    "test_phone_states",
    "test_phone_offline",
    "test_phone_rules",
    "test_heic",
    "test_sip_2018",
    "test_fair",
    "test_layout_law",
    "test_farm",
    "test_hidden_corners",
    "test_rough_paper",
    "test_server",
    "test_phone_form",
    "test_signup_page",
    "test_phone_modified",
    "test_phone_killed",
    "test_preview",
    "test_reading_law",
    "test_printed_code",
    "test_web_rtl",
    "test_phone_plain",
    "test_phone_seal",
)
"""Files that take long: browsers, piles of pictures, laws of many examples.

They are begun first, so that no worker is left alone with one in the end.
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first, and count no lines in them nor in laws that hypothesis marks.

    Counting makes Python half as fast, and tests of a few examples run the same lines in a fraction of the time.
    """
    rank = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONG)))
    for item in items:
        if item.path.stem in rank or item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hash passwords at next to no cost; test_accounts.py sees to the cost that people's own are hashed at."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", wraps(accounts._hasher)(lambda: quick))
        yield


@pytest.fixture
def clock() -> Clock:
    """Give a clock that a test may move."""
    return Clock()


@pytest.fixture
def served(tmp_path: Path, clock: Clock) -> Iterator[tuple[Flask, Instance]]:
    """Give a site and its instance, which has an open survey `prov`."""
    with web(tmp_path, clock) as both:
        yield both


@pytest.fixture
def client(served: tuple[Flask, Instance]) -> FlaskClient:
    """Give a client of the site."""
    return served[0].test_client()


@pytest.fixture
def instance(served: tuple[Flask, Instance]) -> Instance:
    """Give the site's instance."""
    return served[1]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A survey whose pages come as readings, and somebody who decides."""
    with an_instance(tmp_path / "i") as instance:
        yield Desk(instance)


@pytest.fixture
def one_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let made-up pictures show the same strokes, as two scans of one paper do."""
    monkeypatch.setattr(intake, "same_ink", lambda *_: True)
