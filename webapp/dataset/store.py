"""What every room of the dataset shares: the database, the keys and the clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from webapp.dataset.clock import Clock
from webapp.dataset.database import Database
from webapp.dataset.keys import KeyKind, Keyring, lock_up, unlock


@dataclass(frozen=True, slots=True)
class Store:
    """One instance's dataset, keys and clock.

    Attributes:
        path: The instance folder.
        db: The dataset file.
        keys: The key files.
        now: The clock.
    """

    path: Path
    db: Database
    keys: Keyring
    now: Clock

    @property
    def pictures_path(self) -> Path:
        """Folder of the encrypted page pictures."""
        return self.path / "pictures"

    @property
    def incoming_path(self) -> Path:
        """Folder of delivered files that are not split into pictures yet."""
        return self.path / "incoming"

    def hide(self, survey: str, content: bytes, place: str) -> bytes:
        """Encrypt under a survey's text key (its random id), or the instance's secret where `survey` is empty."""
        return lock_up(self._text_key(survey), content, place)

    def show(self, survey: str, content: bytes, place: str) -> bytes:
        """Open what `hide` made."""
        return unlock(self._text_key(survey), content, place)

    def _text_key(self, survey: str) -> bytes:
        return self.keys.read(survey, KeyKind.TEXT) if survey else self.keys.secret()


def canonical(value: object) -> bytes:
    """Return the one way to write a JSON value: sorted keys, no blanks, UTF-8. Hashes are taken over it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
