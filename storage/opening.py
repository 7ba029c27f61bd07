"""Opening the file: everything that has to be true of it before the first question, and a sentence where it is not.

Synchronous, because it runs in the database's own thread (`storage.database`), where the connection stays.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database as Connection

from storage.errors import (
    StorageDamagedError,
    StorageError,
    StorageUnusableError,
    damaged,
    opening_error,
    primary_code,
    why_not_open,
)
from storage.migrations import migrations, newer_steps

log = logging.getLogger(__name__)

#: "CalW": says that a SQLite file is ours, and is lost when the file is cut short or replaced.
APPLICATION_ID = 0x43616C57
#: STRICT tables came with it.
_OLDEST_SQLITE = (3, 37, 0)
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A sound database of ours, seen from outside."""

    size_bytes: int  # of the file itself, without its log
    journal_mode: str  # "wal", once a bot has opened it
    pending: tuple[str, ...]  # schema steps that the next start applies


def open_connection(path: Path, *, busy_timeout_s: float) -> Connection:
    """Return a checked, migrated connection to `path`, which is made when there is none; for this thread only.

    Raises StorageError with a sentence that says what is wrong with the file and how to put it right.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StorageUnusableError(f"Callwatch needs SQLite 3.37 or newer; this Python has {sqlite3.sqlite_version}.")
    _refuse_emptied(path)
    try:
        db = connect(path, busy_timeout_s=busy_timeout_s)
        try:
            check(db, path)
            prepare(db, path, busy_timeout_s=busy_timeout_s)
        except (sqlite3.Error, StorageError):
            db.close()
            raise
    except sqlite3.Error as error:
        raise opening_error(error, path) from error
    return db


def inspect(path: Path) -> DatabaseFacts | None:
    """Return what `path` looks like, reading only, so also beside a running bot; None when there is no file yet.

    Raises StorageError like `open_connection`, and when a file that is not there could not be made.
    """
    try:
        if not os.access(path, os.F_OK):
            if not os.access(path.parent, os.W_OK | os.X_OK):
                raise StorageUnusableError(why_not_open(path))
            return None
        db = connect(path, busy_timeout_s=1.0, is_read_only=True)
        try:
            check(db, path)
            return DatabaseFacts(
                size_bytes=path.stat().st_size,
                journal_mode=db.journal_mode,
                pending=tuple(step.name for step in migrations().pending(db)),
            )
        finally:
            db.close()
    except sqlite3.Error as error:
        raise opening_error(error, path) from error


def connect(path: Path, *, busy_timeout_s: float, is_read_only: bool = False) -> Connection:
    """Return a connection to `path` with the settings that each connection needs, before anything is read."""
    _refuse_cut_short(path)
    uri = path.absolute().as_uri() + ("?mode=ro" if is_read_only else "")
    # No isolation level: the driver begins nothing by itself, so the only transactions are the ones we write.
    connection = sqlite3.connect(uri, uri=True, timeout=busy_timeout_s, isolation_level=None)
    db = Connection(connection, strict=True, execute_plugins=False)
    db.execute("PRAGMA foreign_keys = ON")
    # A power cut must not take back a "done": FULL costs one sync a transaction, and transactions are shared.
    db.execute("PRAGMA synchronous = FULL")
    # Answered payloads and forgotten people are overwritten, not only unlinked.
    db.execute("PRAGMA secure_delete = ON")
    return db


def check(db: Connection, path: Path) -> None:
    """Raise StorageError unless the file is new, or sound, ours and not from a newer version. Only reads."""
    db.begin()  # one snapshot: another process may be making the tables right now
    try:
        application_id = _pragma(db, "application_id")
        if application_id != APPLICATION_ID and (application_id != 0 or db.table_names()):
            raise StorageUnusableError(
                f"{path} is a database of another program: name another file in CALLWATCH_DATABASE."
            )
        # Not integrity_check: this one is done in 76 ms at 108 MB and finds overwritten pages.
        finding = str(_pragma(db, "quick_check(1)"))
        if finding != "ok":
            raise damaged(path, finding.replace("\n", " "))
        _refuse_newer(db, path)
    finally:
        db.rollback()


def prepare(db: Connection, path: Path, *, busy_timeout_s: float) -> None:
    """Switch the file to WAL and bring its schema up to date, once, whoever else is starting now."""
    _enable_wal(db, path, deadline=time.monotonic() + busy_timeout_s)
    if not os.access(path, os.R_OK | os.W_OK):
        # SQLite opens it for reading, and would complain only at the first answer.
        raise StorageUnusableError(why_not_open(path))
    steps = migrations()
    if not steps.pending(db):
        return
    # IMMEDIATE, so that of several starting processes one migrates and the others wait and find it done.
    db.execute("BEGIN IMMEDIATE")
    try:
        _refuse_newer(db, path)
        steps.apply(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(steps.applied(db))}")
        db.commit()
    finally:
        db.rollback()


def _refuse_cut_short(path: Path) -> None:
    """Raise StorageDamagedError for an empty file with a log beside it: SQLite would delete that log in silence."""
    wal = path.with_name(path.name + "-wal")
    try:
        is_cut_short = path.stat().st_size == 0 and wal.stat().st_size > 0
    except OSError:
        return
    if is_cut_short:
        raise damaged(path, "it is empty, yet has a write-ahead log")


def marker_of(path: Path) -> Path:
    """Return the file that says that there was a database of ours at `path`."""
    return path.with_name(path.name + ".marker")


def leave_marker(path: Path) -> None:
    """Leave a note for the day on which the file is found empty."""
    try:
        marker_of(path).touch(exist_ok=True)
    except OSError as error:
        log.warning("%s could not be made, so an emptied database would not be noticed: %s", marker_of(path), error)


def _refuse_emptied(path: Path) -> None:
    """Raise StorageDamagedError for an empty file where a database was: SQLite would take it for a new one."""
    try:
        if not marker_of(path).exists():
            return
        if not path.exists():
            log.warning("%s is gone, although Callwatch kept its memory there before: it begins anew", path)
        elif path.stat().st_size == 0:
            raise StorageDamagedError(
                f"{path} is empty, although Callwatch kept its memory there before: restore a backup in its place, or "
                f"delete {marker_of(path).name} beside it to begin anew."
            )
    except OSError:
        return


def _refuse_newer(db: Connection, path: Path) -> None:
    newer = newer_steps(db)
    if newer:
        raise StorageUnusableError(
            f"{path} was last used by a newer Callwatch (it has the step {newer[-1]!r}): "
            "start that version again, or restore a backup from before."
        )


def _enable_wal(db: Connection, path: Path, *, deadline: float) -> None:
    while True:
        try:
            db.enable_wal()
            break
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
    if db.journal_mode != "wal":
        raise StorageUnusableError(f"{path} is on a disk where SQLite has no write-ahead log: use a local disk.")


def _pragma(db: Connection, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]
