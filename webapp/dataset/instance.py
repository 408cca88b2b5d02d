"""One association's own folder: dataset, keys, pictures, delivered files. Everything starts here.

    instance = Instance.open(Path("instance"))
    survey = instance.surveys.get("sip")
    instance.tray.submit(survey, submission_id, sealed)

The folder holds `dataset.db`, `contacts.db` (interview sign-ups, sealed to the contact keepers), `keys/`,
`picture-keys/` (in no backup), `pictures/` (encrypted) and `incoming/` (delivered files until they are split into
pictures).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from forms.definition import find, read_text
from webapp.dataset.accounts import Accounts, NewUser, Role
from webapp.dataset.clock import Clock, system_clock
from webapp.dataset.contactfile import CONTACTS, contact_migrations
from webapp.dataset.contacts import Contacts
from webapp.dataset.database import Database
from webapp.dataset.decisions import Decisions
from webapp.dataset.errors import DatasetError
from webapp.dataset.intake import Intake
from webapp.dataset.keepers import Keepers
from webapp.dataset.keys import Keyring
from webapp.dataset.lock import FileLock, server_lock
from webapp.dataset.log import Log
from webapp.dataset.materialise import Materialiser
from webapp.dataset.notes import Notes
from webapp.dataset.pictures import Pictures
from webapp.dataset.refused import RefusedPages
from webapp.dataset.renew import renew
from webapp.dataset.responses import Responses
from webapp.dataset.runs import Runs
from webapp.dataset.store import Store
from webapp.dataset.surveys import Settings, Survey, Surveys, SurveyState, instrument_of
from webapp.dataset.tray import Tray
from webapp.dataset.verify import Verifier

DATASET = "dataset.db"
FOLDERS = ("keys", "picture-keys", "pictures", "incoming")
DEMO_SLUG = "sip"
DEMO_INSTRUMENT = "sip-erfarenhet"
FIRST_USER = "samordnare"
"""Name of the first account: coordinator and auditor, so that one person alone can try everything."""

DEMO_PARAMETERS = {
    "region": "Västra Götaland",
    "organisation": "Föreningen Exempel",
    "contact": "Föreningen Exempel, telefon 000-00 00 00",
    "support": "Föreningen Exempel, telefon 000-00 00 01, vardagar 9–15",
    "return_address": "Föreningen Exempel\nExempelgatan 1\n000 00 Exempelstad",
}
"""What stands in the texts of the demo. Nobody answers these numbers."""


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `init` did.

    Attributes:
        instance: The instance, open.
        made: Whether anything was made; False where all was there.
        first_user: The first account with its one-time password, where it was made now.
    """

    instance: Instance
    made: bool
    first_user: NewUser | None


class Instance:
    """One instance folder, open. Use `open` or `create`; close it when done, or use it in a `with` block.

    Args:
        path: The folder.
        now: The clock.
    """

    def __init__(self, path: Path, now: Clock) -> None:
        self.path = path
        self.now = now
        self._server_lock: FileLock | None = None
        keys = Keyring(path / "keys", path / "picture-keys")
        self.store = Store(path, Database(path / DATASET), keys, now)
        try:
            self._contact_file = Database(path / CONTACTS, contact_migrations)
        except DatasetError:
            self.store.db.close()
            raise

    @classmethod
    def create(cls, path: Path, now: Clock = system_clock) -> Instance:
        """Make an instance folder without surveys and accounts, or open the one that is there.

        Raises:
            DatasetError: `not-a-folder`, `not-permitted`, and those of `Database`.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in FOLDERS:
                (path / name).mkdir(mode=0o700, exist_ok=True)
        except FileExistsError as error:
            remedy = "Give a folder with --instance DIR."
            raise DatasetError("not-a-folder", f"{path} is a file.", remedy) from error
        except OSError as error:
            what = f"{path} can't be made: {error.strerror or error}."
            raise DatasetError("not-permitted", what, "Choose a folder that you may write in.") from error
        instance = cls(path, now)
        instance.store.keys.secret()
        try:
            instance.materialiser.renew()
            renew(instance.store, instance.surveys, instance.responses, instance.materialiser)
        except DatasetError:
            instance.close()
            raise
        return instance

    @classmethod
    def open(cls, path: Path, now: Clock = system_clock) -> Instance:
        """Open an instance folder.

        Raises:
            DatasetError: `no-instance`: there is none; and those of `Database`.
        """
        if not (path / DATASET).is_file():
            what = f"There is no instance in {path}."
            raise DatasetError("no-instance", what, "Make one with `kryssklick init`, or name it with --instance DIR.")
        return cls.create(path, now)

    def close(self) -> None:
        """Write what is accepted, close the dataset, and let another server have it."""
        self.store.db.close()
        self._contact_file.close()
        if self._server_lock is not None:
            self._server_lock.release()
            self._server_lock = None

    def __enter__(self) -> Instance:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin_serving(self) -> None:
        """Hold the instance for this server and start the writing thread.

        Raises:
            DatasetError: `instance-in-use`.
        """
        if self._server_lock is None:
            self._server_lock = server_lock(self.path / "server.lock")
            self.store.db.start_writer()

    @cached_property
    def log(self) -> Log:
        """The chain over everything that happened."""
        return Log(self.store)

    @cached_property
    def surveys(self) -> Surveys:
        """The surveys."""
        return Surveys(self.store, self.log)

    @cached_property
    def accounts(self) -> Accounts:
        """Who may do what."""
        return Accounts(self.store, self.log)

    @cached_property
    def runs(self) -> Runs:
        """What was printed."""
        return Runs(self.store, self.log)

    @cached_property
    def responses(self) -> Responses:
        """What was answered."""
        return Responses(self.store, self.surveys)

    @cached_property
    def tray(self) -> Tray:
        """Where sealed submissions wait."""
        return Tray(self.store, self.log, self.surveys, self.responses)

    @cached_property
    def keepers(self) -> Keepers:
        """Who keeps contact details, and their keys."""
        return Keepers(self.store, self._contact_file, self.accounts, self.log)

    @cached_property
    def contacts(self) -> Contacts:
        """Interview sign-ups."""
        return Contacts(self.store, self._contact_file, self.surveys, self.keepers)

    @cached_property
    def pictures(self) -> Pictures:
        """Encrypted page pictures."""
        return Pictures(self.store)

    @cached_property
    def materialiser(self) -> Materialiser:
        """From readings and decisions to responses."""
        return Materialiser(self.store, self.log, self.surveys, self.runs, self.responses)

    @cached_property
    def intake(self) -> Intake:
        """Where read pages come in."""
        return Intake(self.store, self.log, self.surveys, self.pictures, self.materialiser)

    @cached_property
    def decisions(self) -> Decisions:
        """What waits for a person, and what people decided."""
        return Decisions(self.store, self.log, self.surveys, self.materialiser)

    @cached_property
    def notes(self) -> Notes:
        """What stands beside the questions and leaves no answer in doubt."""
        return Notes(self.store, self.materialiser)

    @cached_property
    def refused(self) -> RefusedPages:
        """Pages that the machine could not read."""
        return RefusedPages(self.store, self.log, self.surveys, self.runs, self.materialiser, self.decisions)

    @cached_property
    def verifier(self) -> Verifier:
        """Checks log, answers and counts against each other."""
        return Verifier(self.store, self.log, self.surveys, self.responses, self.materialiser)

    def close_survey(self, slug: str, *, by: str = "") -> Survey:
        """Close a survey and, where its grace time is over with that, let in what waits in its tray."""
        self.surveys.close(slug, by=by)
        self.tray.advance()
        return self.surveys.get(slug)


def init(path: Path, now: Clock = system_clock) -> Initialised:
    """Make the instance with the demo survey open and a first account; whatever is there already stays as it is.

    Raises:
        DatasetError: See `Instance.create`.
        FormsError: The shipped instrument can't be read.
    """
    made = not (path / DATASET).is_file()
    instance = Instance.create(path, now)
    if not any(s.slug == DEMO_SLUG for s in instance.surveys.list()):
        _make_demo(instance)
        made = True
    elif (demo := instance.surveys.get(DEMO_SLUG)).demo and demo.state is SurveyState.DRAFT:
        instance.surveys.open(DEMO_SLUG)
        made = True
    first = None
    if not instance.accounts.list():
        first = instance.accounts.add(FIRST_USER, (Role.COORDINATOR, Role.AUDITOR))
        made = True
    return Initialised(instance, made, first)


def _make_demo(instance: Instance) -> None:
    source = find(DEMO_INSTRUMENT)
    definition = read_text(source)

    known = {name for name, _ in instrument_of(definition, source.name).parameters}
    parameters = {k: v for k, v in DEMO_PARAMETERS.items() if k in known}
    # A date of its own: the demo does not close on it, but its sheets and pages show one.
    settings = Settings(deadline=date(instance.now().year + 1, 12, 31))
    instance.surveys.create(DEMO_SLUG, definition, source.name, parameters=parameters, settings=settings, demo=True)
    instance.surveys.open(DEMO_SLUG)
