"""What can go wrong with the database, each with a sentence for people.

    StorageError                anything the database could not do; its text is the sentence
    ├── StorageUnusableError    the file cannot be opened, or is not ours: the start stops
    ├── StorageDamagedError     the file's content is broken: restore a backup
    ├── StorageFullError        no room left: nothing was saved, reading goes on, later writes work again
    ├── StorageBusyError        another process kept the lock for longer than we wait: nothing was saved
    ├── StorageUncertainError   the disk failed while saving: it may have been saved, so read again
    └── StorageClosedError      asked after `Database.close`

Two translators make them, so that nobody else has to know SQLite's codes: `opening_error` for the person who starts the
bot (names the file), `work_error` for the person who asked in Slack (names no file; the cause is chained for the log).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from bot.errors import CallwatchError

#: No room for the shared memory file beside a WAL database: how a full disk looks when the bot starts.
_SHMSIZE = 4874


class StorageError(CallwatchError):
    """The database could not do what was asked; `str()` is a whole sentence for people."""


class StorageUnusableError(StorageError):
    """The file cannot be opened or is not a database of this version of Callwatch."""


class StorageDamagedError(StorageError):
    """The file's content is broken."""


class StorageFullError(StorageError):
    """There is no room left; nothing was saved, and the same connection works again once there is."""


class StorageBusyError(StorageError):
    """Another process holds the lock; nothing was saved."""


class StorageUncertainError(StorageError):
    """The disk failed while saving; the work may be saved or not, so it has to be read again."""


class StorageClosedError(StorageError):
    """The database was closed before this was asked."""


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code of `error`; None when the driver itself complained."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def opening_error(error: sqlite3.Error, path: Path) -> StorageError:
    """Return what stopped the opening of `path`, with the remedy, for the person who starts the bot."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_NOTADB:
        return StorageUnusableError(
            f"{path} is not a SQLite database: name another file in CALLWATCH_DATABASE, or restore a backup over it."
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return damaged(path, str(error))
    if _is_full(error):
        return StorageFullError(f"The disk that holds {path} is full: make room, then start again.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageBusyError(f"Another process holds the lock of {path}: stop it, then start again.")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StorageUnusableError(why_not_open(path))
    return StorageUnusableError(f"{path} cannot be opened ({error}): check the file and its disk.")


def work_error(error: sqlite3.Error) -> StorageError:
    """Return what became of work at an open database, for the person whose question it was."""
    code = primary_code(error)
    if _is_full(error):
        return StorageFullError(
            "Callwatch could not save this because its disk is full; its operator has to make room."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StorageBusyError("Callwatch's database is held by another process; try again in a minute.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageDamagedError("Callwatch's database is damaged; its operator has to restore a backup.")
    if code == sqlite3.SQLITE_IOERR:
        return StorageUncertainError(
            "Callwatch's disk failed while saving; look whether it took effect, then try again."
        )
    return StorageError("Callwatch's database refused this; that is a mistake in Callwatch, and its log says more.")


def damaged(path: Path, finding: str) -> StorageDamagedError:
    """Return the error for a file whose content is broken; `finding` is what SQLite said of it."""
    return StorageDamagedError(
        f"{path} is damaged ({finding}): move it and its -wal aside, and restore a backup in its place."
    )


def _is_full(error: sqlite3.Error) -> bool:
    return primary_code(error) == sqlite3.SQLITE_FULL or getattr(error, "sqlite_errorcode", None) == _SHMSIZE


def why_not_open(path: Path) -> str:
    """Return why the file system does not let us have `path`, with the remedy; SQLite itself says "unable to open"."""
    try:
        if path.is_dir():
            return f"{path} is a directory: name a file in CALLWATCH_DATABASE."
        if not path.parent.is_dir():
            return f"The directory {path.parent} does not exist: create it, or name another file in CALLWATCH_DATABASE."
    except OSError as error:
        return f"{path} cannot be reached ({error.strerror}): name another file in CALLWATCH_DATABASE."
    if os.access(path, os.F_OK) and not os.access(path, os.R_OK | os.W_OK):
        return f"{path} may not be read and written by this user: change its owner or its permissions."
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"The directory {path.parent} is read-only for this user: SQLite keeps files beside {path.name}."
    return f"{path} cannot be opened for writing: check its permissions and those of the files beside it."
