"""Connections, pragmas, transactions and the single writing thread.

Every thread has one connection. `write` runs a function in one immediate transaction; inside it, everything that
this thread reads or writes through the same Database belongs to that transaction. A server starts the writing
thread: then many writes share one commit (group commit) and each caller still gets its answer only when its own
change is on the disk. Commands write directly; the busy timeout lets them work beside a server.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils
from sqlite_utils.migrations import Migrations

from webapp.dataset.errors import DatasetError
from webapp.dataset.schema import migrations as dataset_migrations

BUSY_TIMEOUT_MS = 10_000
"""How long a write waits for another program's transaction."""

GROUP_LIMIT = 64
"""Most writes that share one commit: bounds how long the first of them waits."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
)

Row = dict[str, Any]
"""One row at the edge to SQL; does not travel further than the module that asked."""

Values = Sequence[object] | Mapping[str, object]
T = TypeVar("T")


class Database:
    """One SQLite file, opened by as many threads as like.

    Args:
        path: The file; made with all migrations applied where there is none.
        migrations: What makes its tables; those of the dataset unless it is another file.

    Raises:
        DatasetError: `newer-dataset`: the file was written by a later version of this program; `bad-dataset`: it is
            not a dataset at all.
    """

    def __init__(self, path: Path, migrations: Migrations = dataset_migrations) -> None:
        self.path = path
        self._migrations = migrations
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._writer: _Writer | None = None
        # Nobody else on the machine may read it, whatever the folder allows; SQLite gives the WAL the same rights.
        # Where it can't be made, SQLite says why.
        with suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            self._migrate()
        except sqlite3.DatabaseError as error:
            self.close()
            raise DatasetError(
                "bad-dataset",
                f"{path} can't be used as a dataset: {error}.",
                "Check that the disk is not full or read-only; if the file is damaged, put a backup in its place.",
            ) from error

    def _migrate(self) -> None:
        db, migrations = self.here(), self._migrations
        known = {m.name for m in migrations.pending(db)} | {m.name for m in migrations.applied(db)}
        unknown = [m.name for m in migrations.applied(db) if m.name not in _own_names(migrations)]
        if unknown:
            self.close()
            raise DatasetError(
                "newer-dataset",
                f"{self.path} was written by a later version of Kryssklick (it knows {', '.join(unknown)}).",
                "Install that version or a later one.",
            )
        if known and migrations.pending(db):
            migrations.apply(db)

    def here(self) -> sqlite_utils.Database:
        """Return this thread's connection."""
        db: sqlite_utils.Database | None = getattr(self._local, "db", None)
        if db is None:
            # isolation_level None: transactions begin where this module says so and nowhere else.
            conn = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            for pragma in PRAGMAS:
                conn.execute(pragma).fetchall()
            db = sqlite_utils.Database(conn, recursive_triggers=False, execute_plugins=False)
            self._local.db = db
            with self._guard:
                self._connections.append(conn)
        return db

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query as dicts."""
        cursor = self.here().conn.execute(sql, values)
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def value(self, sql: str, values: Values = ()) -> Any:  # noqa: ANN401 (what SQL gives)
        """Return the first column of the first row, or None."""
        found = self.here().conn.execute(sql, values).fetchone()
        return found[0] if found else None

    def execute(self, sql: str, values: Values = ()) -> int:
        """Change something inside a transaction; return the number of rows changed.

        Raises:
            RuntimeError: Called outside `write`: a change that nobody would commit as one.
        """
        conn = self.here().conn
        if not conn.in_transaction:
            raise RuntimeError("Database.execute is for use inside Database.write")
        return conn.execute(sql, values).rowcount

    def write(self, change: Callable[[], T]) -> T:
        """Run a change in one transaction that is on the disk when this returns.

        Inside another change it becomes a part of that one. An exception takes the whole change back.

        Raises:
            DatasetError: `dataset-busy`: another program held the dataset too long; `disk`: it can't be written.
        """
        if self.here().conn.in_transaction:
            return change()
        writer = self._writer
        if writer is not None:
            return writer.run(change)
        with self._writing, _told(self.path), self._transaction():
            return change()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        conn = self.here().conn
        conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads of this thread inside the block see one state of the dataset."""
        conn = self.here().conn
        if conn.in_transaction:
            yield
            return
        conn.execute("BEGIN")
        try:
            yield
        finally:
            conn.execute("ROLLBACK")

    def vacuum(self) -> bool:
        """Rewrite the file, so that neither free pages nor their order tell what was there, and empty the WAL.

        Returns:
            Whether the WAL is empty now; False where somebody was reading, so that it still holds what was there.

        Raises:
            DatasetError: `dataset-busy`, `disk`.
        """

        def rewrite() -> bool:
            conn = self.here().conn
            conn.execute("VACUUM")
            busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

        writer = self._writer
        if writer is not None:
            return writer.run(rewrite, alone=True)
        with self._writing, _told(self.path):
            return rewrite()

    def start_writer(self) -> None:
        """Start the writing thread of a server."""
        if self._writer is None:
            self._writer = _Writer(self)

    def close(self) -> None:
        """Stop the writing thread and close every connection. Changes already accepted are written first."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.stop()
        with self._guard:
            for conn in self._connections:
                conn.close()
            self._connections.clear()
        self._local = threading.local()


class _Writer:
    """The one thread that writes for a server; shares commits between waiting changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.Queue[tuple[Callable[[], Any], Future[Any], bool] | None] = queue.Queue()
        self._gate = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._loop, name="dataset-writer", daemon=True)
        self._thread.start()

    def run(self, change: Callable[[], T], *, alone: bool = False) -> T:
        """Hand over a change and wait for the commit that holds it."""
        if threading.current_thread() is self._thread:
            return change()
        future: Future[T] = Future()
        with self._gate:
            if self._ended:
                remedy = "Start it again and repeat what you did; nothing of it was written."
                raise DatasetError("closing", "The program is about to end.", remedy)
            self._queue.put((change, future, alone))
        return future.result()

    def stop(self) -> None:
        """Write what was handed over before, and end."""
        with self._gate:
            self._ended = True
            self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        going = True
        held: tuple[Callable[[], Any], Future[Any], bool] | None = None
        while going or held is not None:
            first = held if held is not None else self._queue.get()
            held = None
            if first is None:
                going = False
                continue
            if first[2]:
                self._alone(first[0], first[1])
                continue
            group = [first]
            while len(group) < GROUP_LIMIT:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    going = False
                    break
                if item[2]:
                    held = item
                    break
                group.append(item)
            self._commit([(change, future) for change, future, _ in group])

    def _alone(self, change: Callable[[], Any], future: Future[Any]) -> None:
        try:
            with _told(self._database.path):
                future.set_result(change())
        except BaseException as error:
            future.set_exception(error)

    def _commit(self, group: list[tuple[Callable[[], Any], Future[Any]]]) -> None:
        conn = self._database.here().conn
        done: list[tuple[Future[Any], Any]] = []
        try:
            with _told(self._database.path):
                conn.execute("BEGIN IMMEDIATE")
                for change, future in group:
                    self._one(conn, change, future, done)
                conn.execute("COMMIT")
        except BaseException as error:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)

    @staticmethod
    def _one(
        conn: sqlite3.Connection,
        change: Callable[[], Any],
        future: Future[Any],
        done: list[tuple[Future[Any], Any]],
    ) -> None:
        conn.execute("SAVEPOINT change")
        try:
            result = change()
        except BaseException as error:
            # Not hidden: the caller's future carries it; its neighbours in the group are unharmed.
            if not conn.in_transaction:
                raise
            conn.execute("ROLLBACK TO change")
            conn.execute("RELEASE change")
            future.set_exception(error)
        else:
            conn.execute("RELEASE change")
            done.append((future, result))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what SQLite says about locks and disks into words for people."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise DatasetError(
                "dataset-busy",
                f"Another program has been writing in {path.name} for more than {BUSY_TIMEOUT_MS // 1000} seconds.",
                "Wait until it is done and try again.",
            ) from error
        if "full" in text or "readonly" in text or "disk I/O" in text:
            raise DatasetError(
                "disk",
                f"{path} can't be written: {text}.",
                "Make room on the disk, or let the program write there, and try again. Nothing was changed.",
            ) from error
        raise


def _own_names(migrations: Migrations) -> set[str]:
    """Return the names of a file's migrations in this program; sqlite-utils offers no list of its own."""
    return {m.name for m in migrations._migrations}
