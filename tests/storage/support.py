"""Verbs of the storage tests: put a note, hold the thread, ask together, lock from outside."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from sqlite_utils import Database as Connection

from storage.database import Database


def put(value: str) -> Callable[[Connection], str]:
    def unit(db: Connection) -> str:
        db.execute("INSERT INTO note (text) VALUES (?)", (value,))
        return value

    return unit


def notes(db: Connection) -> list[str]:
    return [row["text"] for row in db.query("SELECT text FROM note ORDER BY id")]


@contextlib.asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """Keep the thread busy, so that everything asked for meanwhile waits together."""
    release, is_running = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def unit(_: Connection) -> None:
        loop.call_soon_threadsafe(is_running.set)
        release.wait(10)

    holding = asyncio.create_task(database.read(unit))
    await is_running.wait()
    yield
    await asyncio.sleep(0)  # tasks that were made meanwhile have asked now
    release.set()
    await holding


async def together(database: Database, *units) -> list:
    async with held(database):
        waiting = [asyncio.create_task(database.write(unit)) for unit in units]
    return await asyncio.gather(*waiting, return_exceptions=True)


async def statements_of(database: Database, *units) -> list[str]:
    statements: list[str] = []
    await database.read(lambda db: db.conn.set_trace_callback(statements.append))
    await together(database, *units)
    await database.read(lambda db: db.conn.set_trace_callback(None))
    return statements


@contextlib.contextmanager
def lock_of(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


class Broken(Exception):
    pass


def put_and_break(db: Connection) -> None:
    put("half")(db)
    raise Broken
