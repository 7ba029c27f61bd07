"""The database as the event loop sees it: one connection, owned by one thread, fed through one queue.

    loop:    write(unit) ──► queue ──► thread: everything that waits, in one transaction ──► loop: results, all at once

A thread of our own and no pool: SQLite's connection stays where it was made, and what waits while the disk syncs can be
taken together (`storage.groups`). Source: facts on reliability, section 1.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar

from sqlite_utils import Database as Connection

from storage.errors import StorageClosedError
from storage.groups import Unit, run
from storage.opening import open_connection

T = TypeVar("T")

log = logging.getLogger(__name__)


class Database:
    """One open SQLite file. Build it with `await Database.open(path)`; use it from that event loop only."""

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._queue: SimpleQueue[Unit | None] = SimpleQueue()  # None: nothing comes after this
        self._is_closed = False
        # A daemon, so that a program which died without closing can end; SQLite survives that as it survives a kill.
        self._thread = Thread(target=self._own_connection, name="callwatch-database", daemon=True)

    @classmethod
    async def open(cls, path: str | Path, *, busy_timeout_s: float = 5.0) -> Self:
        """Return the database in the file `path`, checked and with its schema up to date; made when there is none.

        `busy_timeout_s` is how long another process's lock is waited for, here and in each transaction. Raises
        StorageError with a sentence for the person who starts the bot.
        """
        database = cls(Path(path), busy_timeout_s=busy_timeout_s)
        database._thread.start()
        try:
            await database._opened
        except asyncio.CancelledError:
            database._stop()
            raise
        return database

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run `unit` in a transaction and return its result once that is safe on disk.

        `unit` is all or nothing: when it raises, only its own changes are undone, and its error comes out here. It runs
        exactly once, in the database's thread, so it must not touch what belongs to the event loop, and it neither
        begins nor ends transactions. Cancelling the caller tears nothing: the unit is carried out all the same, and
        whoever was cancelled has to read what became of it. Raises StorageError when SQLite does.
        """
        return await self._ask(unit, is_write=True)

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run `unit` on one snapshot and return its result; it sees every write asked for before it.

        `unit` returns finished values (`list(db.query(...))`, never the iterator) and cannot change anything. Raises
        StorageError when SQLite does.
        """
        return await self._ask(unit, is_write=False)

    async def close(self) -> None:
        """Carry out all that was asked for, fold the log into the file and end the thread; again is harmless."""
        self._stop()
        await asyncio.shield(self._ended)
        self._thread.join()

    async def _ask(self, function: Callable[[Connection], T], *, is_write: bool) -> T:
        if self._is_closed:
            raise StorageClosedError("Callwatch is stopping and its database is closed; ask again in a minute.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(Unit(function, future, is_write))
        return await future

    def _stop(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._queue.put(None)

    # Below: the thread.

    def _own_connection(self) -> None:
        try:
            db = open_connection(self.path, busy_timeout_s=self._busy_timeout_s)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the opening hears whatever ended it
            self._tell(_settle, self._opened, None, error)
            return
        self._tell(_settle, self._opened, None, None)
        try:
            self._serve(db)
        finally:
            _close(db)
            self._tell(_settle, self._ended, None, None)

    def _serve(self, db: Connection) -> None:
        is_last = False
        while not is_last:
            # Waiting for the first and then taking what is there: a group is whatever came while the last one synced.
            asked = [self._queue.get()]
            asked += [self._queue.get() for _ in range(self._queue.qsize())]
            units = [unit for unit in asked if unit is not None]
            is_last = len(units) < len(asked)
            try:
                run(db, units)
            except sqlite3.Error as error:
                # The connection failed between two units' work. Everybody is told, and the next group tries again.
                for unit in units:
                    unit.fail(error)
            if not self._tell(_settle_all, units):
                return
            del asked, units  # or the last results would stay in memory until the next question

    def _tell(self, callback: Callable[..., None], *arguments: object) -> bool:
        """Call back in the event loop; False when it is closed and nobody waits any more."""
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            return False
        return True


def _close(db: Connection) -> None:
    try:
        db.execute("PRAGMA busy_timeout = 0")  # somebody else who reads must not hold up the end
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        # Nothing is lost: the log stays beside the file and is read at the next start.
        log.warning("the write-ahead log could not be folded into the database: %s", error)
    db.close()


def _settle_all(units: Sequence[Unit]) -> None:
    """Give each waiting caller its result, in one turn of the event loop."""
    for unit in units:
        if unit.error is not None and unit.future.done():
            log.error("work failed after its caller had gone", exc_info=unit.error)
        _settle(unit.future, unit.result, unit.error)


def _settle(future: asyncio.Future[T], result: T, error: BaseException | None) -> None:
    if future.done():  # its caller was cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
