"""Group commit: units of work that wait at the same moment share one transaction, and so one sync of the disk.

Each unit has its own savepoint, so that one which raises is undone alone. Nobody hears of success before the COMMIT.
Synchronous, because it runs in the database's own thread (`storage.database`).
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database as Connection

from storage.errors import StorageError, work_error

#: Units in one transaction; more would make the first of them wait, and the log grow, for no measurable gain.
GROUP_LIMIT = 256


@dataclass(slots=True, eq=False)
class Unit:
    """One function that somebody waits for, and what became of it."""

    function: Callable[[Connection], Any]  # runs once, in the database's thread
    future: asyncio.Future[Any]  # the one who waits; touched in the event loop only
    is_write: bool
    result: Any = None
    error: BaseException | None = field(default=None)  # set: it has no effect on the database

    def attempt(self, db: Connection) -> None:
        """Call the function and keep what came of it."""
        try:
            self.result = self.function(db)
        except BaseException as error:  # noqa: BLE001 - whatever it raises belongs to the caller, not to this thread
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Keep `error` for the caller: SQLite's as a StorageError, others as they are."""
        self.result = None
        if isinstance(error, sqlite3.Error):
            self.error = work_error(error)
            self.error.__cause__ = error
        elif isinstance(error, StopIteration):  # which no future can carry
            self.error = RuntimeError("a unit of work raised StopIteration")
            self.error.__cause__ = error
        else:
            self.error = error


def run(db: Connection, units: Iterable[Unit]) -> None:
    """Run all `units` and leave in each its result or its error.

    Writes come first, so a read sees every write that was asked for before it.
    """
    batch = list(units)
    waiting = deque(unit for unit in batch if unit.is_write)
    while waiting:
        _run_group(db, waiting)
    for unit in batch:
        if not unit.is_write:
            _run_read(db, unit)


def _run_group(db: Connection, waiting: deque[Unit]) -> None:
    """Take units from `waiting` into one transaction; those that it takes are settled when it returns."""
    joined: list[Unit] = []
    is_alone = len(waiting) == 1
    try:
        db.rollback()  # what a failing disk may have left open
        db.execute("BEGIN IMMEDIATE")
        while waiting and len(joined) < GROUP_LIMIT:
            unit = waiting.popleft()
            joined.append(unit)
            if is_alone:
                unit.attempt(db)
            else:
                _attempt_in_savepoint(db, unit)
            if not db.conn.in_transaction:
                # A full disk can end a transaction on the spot, and with it the work of the units before this one.
                _fail_all(joined, unit.error)
                return
        db.execute("ROLLBACK" if is_alone and joined[0].error else "COMMIT")
    except sqlite3.Error as error:
        # The lock was not to be had (nobody joined yet), or the disk failed at the end.
        _fail_all(joined or waiting, error)
        if not joined:
            waiting.clear()
        _roll_back(db)


def _attempt_in_savepoint(db: Connection, unit: Unit) -> None:
    db.execute("SAVEPOINT unit")
    unit.attempt(db)
    if not db.conn.in_transaction:
        return
    if unit.error is not None:
        db.execute("ROLLBACK TO unit")
    db.execute("RELEASE unit")


def _fail_all(units: Iterable[Unit], reason: BaseException | None) -> None:
    """Fail what succeeded in a lost transaction, each unit with an error of its own: a traceback grows when raised."""
    cause = reason.__cause__ if isinstance(reason, StorageError) else reason
    for unit in units:
        if unit.error is not None:
            continue
        if isinstance(cause, sqlite3.Error):
            unit.fail(cause)
        else:
            unit.fail(StorageError("A unit of work ended the transaction it shares; that is a mistake in Callwatch."))


def _run_read(db: Connection, unit: Unit) -> None:
    """Run a read on one snapshot, and let it change nothing."""
    try:
        db.execute("PRAGMA query_only = ON")
        db.execute("BEGIN")
        unit.attempt(db)
    except sqlite3.Error as error:
        unit.fail(error)
    finally:
        _roll_back(db)
        db.execute("PRAGMA query_only = OFF")


def _roll_back(db: Connection) -> None:
    """End the transaction, if there is one; what hinders that has been told already, and is tried again."""
    with contextlib.suppress(sqlite3.Error):
        db.rollback()
