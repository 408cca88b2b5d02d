"""Seeded random walks: people answer generated instruments on phones whose network comes and goes.

    .venv/bin/python tests/phone_walk.py [--walks 200] [--seed 1] [--only GROUP] [--log]

Each walk goes through the real interface in real Chromium against the real server: on one's own phone or a shared one,
forwards, back, by the browser's back, over the review page, in two languages, with pages that are loaded again, closed
and opened in another tab, while the network is lost, answers with errors, or takes an answer and tells nobody. Four
walks share an instrument and two phones; one of the phones has a service worker. Every fifth walk locks what it has
filled in with four words, every seventh is on a tablet in tablet mode, every ninth in a browser without script
(walk_kinds.py). In the end the dataset must hold exactly what the people have answered by their own account, once each.
Exit code 1 where it does not; a walk that failed is told with all its steps, and `--only` walks its group again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from phone_helpers import NOTHING_STORED, PhoneSite, phone_site, stored
from playwright.sync_api import BrowserContext, Error
from strategies import toml_of
from walk_kinds import LockedWalk, ScriptlessWalk, TabletWalk, begin_tablet_mode, end_tablet_mode
from walk_person import PATIENCE, Answers, Network, Walk, WentWrong
from walk_record import PlainRecord, Record, drawn
from web_helpers import PARAMETERS

from forms.model import Instrument
from webapp.dataset.surveys import Settings

PER_GROUP = 4
"""Walks through one instrument."""

KINDS: dict[int, type[Walk | ScriptlessWalk]] = {9: ScriptlessWalk, 7: TabletWalk, 5: LockedWalk}
"""How often there is a walk of a kind; the first that fits."""


def kind_of(number: int) -> type[Walk | ScriptlessWalk]:
    """Return what kind the walk of a number is, counted from 1 through all groups."""
    return next((kind for every, kind in KINDS.items() if number % every == 0), Walk)


@contextmanager
def telling(walk: Walk | ScriptlessWalk, group: int, number: int) -> Iterator[None]:
    """Tell all steps of a walk that went wrong."""
    try:
        yield
    except (AssertionError, Error) as error:
        said = "\n  ".join([f"group {group}, walk {number}: {error}", *walk.steps])
        raise WentWrong(said) from error


class Phones:
    """What a group of people have in their hands.

    Args:
        site: The server and the browser.
        slug: The survey.
    """

    def __init__(self, site: PhoneSite, slug: str) -> None:
        self._site = site
        self._slug = slug
        self._open = ExitStack()
        self._tablet: BrowserContext | None = None

    def __enter__(self) -> Phones:
        self._phones = [self._window(workers=workers) for workers in (False, True)]
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _window(self, **settings: bool) -> BrowserContext:
        window = self._open.enter_context(self._site.window(**settings))
        window.route("**/away", lambda route: route.fulfill(body="<title>Weather</title>", content_type="text/html"))
        return window

    def walk(self, kind: type[Walk | ScriptlessWalk], instrument: Instrument, chance: Random) -> Walk | ScriptlessWalk:
        """Give somebody what they need for a walk of a kind."""
        if issubclass(kind, ScriptlessWalk):
            network = Network(self._site, self._window(script=False))
            return kind(self._slug, PlainRecord(instrument), network, chance)
        window = chance.choice(self._phones)
        if issubclass(kind, TabletWalk):
            window = self._tablet = self._tablet or self._in_tablet_mode()
        return kind(self._slug, Record(instrument), Network(self._site, window), chance)

    def _in_tablet_mode(self) -> BrowserContext:
        window = self._window(workers=True)
        Network(self._site, window).be("good")
        begin_tablet_mode(window.new_page(), self._slug)
        return window

    def end(self) -> None:
        """Give every phone its network back and see that all that waits is sent, and that nothing is left."""
        for window in (*self._phones, *([self._tablet] if self._tablet else [])):
            leave_nothing(self._site, window, self._slug)
            if window is self._tablet:
                end_tablet_mode(window.pages[0], self._slug)


def walk_group(site: PhoneSite, instrument: Instrument, seed: int, group: int, *, log: bool = False) -> int:
    """Let four people walk through one instrument on two phones, and compare the dataset with what they answered.

    Returns:
        How many responses there are.

    Raises:
        WentWrong: What a person saw, or the dataset, is not what it should be.
    """
    slug = f"vandring-{group}"
    parameters = {"support": PARAMETERS["support"], "contact": PARAMETERS["contact"]}
    settings = Settings(grace_days=0)
    site.instance.surveys.create(slug, toml_of(instrument), "x.toml", parameters=parameters, settings=settings)
    survey = site.instance.surveys.open(slug)
    sent: list[Answers] = []
    with Phones(site, slug) as phones:
        for number in range(PER_GROUP):
            chance = Random(f"{seed} {group} {number}")
            walk = phones.walk(kind_of(group * PER_GROUP + number + 1), survey.instrument, chance)
            with telling(walk, group, number):
                sent.append(walk.whole())
            if log:
                print(*walk.steps, sep="\n  ", file=sys.stderr)
            if chance.random() < 0.5:
                walk.page.close()
        phones.end()
    site.instance.close_survey(slug)
    site.instance.tray.advance()
    quarantined = site.instance.tray.quarantined(survey)
    if quarantined:
        raise WentWrong(f"group {group}: quarantined {quarantined}")
    found = [
        (
            r.language,
            {a.question: (a.options, tuple(sorted(a.texts, key=str))) for a in r.answers if a.options or a.texts},
        )
        for r in site.instance.responses.all(survey)
    ]
    if sorted(map(str, found)) != sorted(map(str, sent)):
        raise WentWrong(f"group {group}: in the dataset {found}, sent {sent}")
    return len(found)


def leave_nothing(site: PhoneSite, window: BrowserContext, slug: str) -> None:
    """Give a phone its network back and see that everything that waits is sent, and that nothing is left."""
    Network(site, window).be("good")
    for page in window.pages:
        page.close()
    page = window.new_page()
    page.goto(f"/s/{slug}")
    left: object = None
    for _ in range(PATIENCE):
        left = stored(page)
        if left == NOTHING_STORED and not page.evaluate("caches.has('kryssklick-key')"):
            return
        page.wait_for_timeout(25)
    raise WentWrong(f"left on the phone: {left}")


def main() -> int:
    """Walk and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="walk this group alone")
    parser.add_argument("--log", action="store_true", help="tell every step on stderr")
    given = parser.parse_args()
    groups = range(-(-given.walks // PER_GROUP))
    found, wrong = 0, 0
    kinds = Counter(kind_of(number + 1).__name__ for number in range(len(groups) * PER_GROUP))
    with tempfile.TemporaryDirectory() as folder, phone_site(Path(folder)) as site:
        for group, instrument in zip(groups, drawn(len(groups), given.seed), strict=True):
            if given.only not in (None, group):
                continue
            try:
                found += walk_group(site, instrument, given.seed, group, log=given.log)
            except WentWrong as error:
                wrong += 1
                print(error, file=sys.stderr)
    print(", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())))
    print(f"{found} responses, {wrong} groups went wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
