"""Page pictures, encrypted from the first byte on the disk, one file each; all slips of one picture share its file."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag

from webapp.dataset.errors import DatasetError
from webapp.dataset.keys import KeyKind, lock_up, unlock
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey


class Pictures:
    """The page pictures of one instance."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, survey: Survey, image_id: str, data: bytes) -> None:
        """Encrypt a picture under the survey's picture key and see it onto the disk.

        Args:
            survey: The survey.
            image_id: Name of the page image; letters and digits.
            data: Encoded bytes of the picture.
        """
        folder = self._store.pictures_path / survey.random_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hidden = lock_up(self._store.keys.read(survey.random_id, KeyKind.PICTURE), data, f"picture {image_id}")
        unfinished = folder / f"{image_id}.part"
        try:
            with unfinished.open("wb") as file:
                file.write(hidden)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(folder / image_id)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            remedy = "Make room on the disk and start the scan again; what was read before stays."
            what = f"The page picture can't be kept: {error.strerror or error}."
            raise DatasetError("disk", what, remedy) from error

    def holder(self, survey: Survey, sha256: str) -> str:
        """Return the page image under whose name the very same picture is kept already; empty where none is.

        Args:
            survey: The survey.
            sha256: Hash of the picture, 64 hex digits; empty where there is no picture to keep.
        """
        sql = "SELECT id FROM images WHERE survey = ? AND sha256 = ? AND picture = 1 AND picture_of = ''"
        rows = self._store.db.rows(sql, (survey.slug, sha256)) if sha256 else []
        folder = self._store.pictures_path / survey.random_id
        return next((str(row["id"]) for row in rows if (folder / row["id"]).is_file()), "")

    def load(self, survey: Survey, image_id: str) -> bytes:
        """Return a picture's encoded bytes.

        Raises:
            DatasetError: `no-picture`: it was never kept or is destroyed; `key-missing`; `picture-damaged`.
        """
        image_id = self._store.db.value("SELECT picture_of FROM images WHERE id = ?", (image_id,)) or image_id
        path = self._store.pictures_path / survey.random_id / image_id
        if not image_id.isalnum() or not path.is_file():
            remedy = "Look at the paper itself."
            raise DatasetError("no-picture", "There is no picture of this page.", remedy)
        key = self._store.keys.read(survey.random_id, KeyKind.PICTURE)
        try:
            return unlock(key, path.read_bytes(), f"picture {image_id}")
        except InvalidTag as error:
            remedy = "Scan the sheet again."
            raise DatasetError("picture-damaged", "The stored picture was changed or damaged.", remedy) from error

    def remove(self, survey: Survey, image_id: str) -> None:
        """Destroy a picture; nothing happens where there is none."""
        if image_id.isalnum():
            (self._store.pictures_path / survey.random_id / image_id).unlink(missing_ok=True)
