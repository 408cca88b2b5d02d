"""What holds for all tests, and the site that those of the respondent's pages ask.

Hypothesis fails a test whose single example takes longer than a fifth of a second, or that draws slowly. On a machine
with other work that is chance: no law is broken by waiting, so no test here depends on the clock.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from web_helpers import Clock, web

from webapp.dataset.instance import Instance

settings.register_profile("kryssklick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kryssklick")


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
