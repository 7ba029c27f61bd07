"""One bot at a time: a lock beside the database, and an epoch in it for the day that the lock fails.

The lock is the operating system's (flock): it ends with its holder, however that ends, and never expires under one that
was merely paused. Source: facts on reliability, section 4, "Single active instance".
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database as Connection

from storage.database import Database
from storage.errors import StorageUnusableError, why_not_open
from storage.opening import leave_marker


class InstanceLock:
    """The right to use a database. Take it before opening that; it is given back by `release` or by dying."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._file: int | None = None

    @property
    def path(self) -> Path:
        """The file that is locked; it stays when the lock is released."""
        return self._path

    def try_take(self) -> bool:
        """Take the lock if nobody has it; tell whether it is ours. Raises StorageError where no file can be made."""
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageUnusableError(why_not_open(self._path)) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    async def take(self, *, every_s: float = 0.1) -> None:
        """Wait until the lock is ours, looking so often."""
        while True:
            if self.try_take():
                return
            await asyncio.sleep(every_s)

    def release(self) -> None:
        """Give the lock back; again is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def __aenter__(self) -> Self:
        await self.take()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


async def take_charge(database: Database) -> int:
    """Begin a new epoch and return its number: whoever was in charge before cannot claim anything any more.

    From then on a file that is found empty is not taken for a new one.
    """
    path = database.path

    def unit(db: Connection) -> int:
        leave_marker(path)
        db.execute("UPDATE origin SET epoch = epoch + 1")
        return int(db.execute("SELECT epoch FROM origin").fetchone()[0])

    return await database.write(unit)
