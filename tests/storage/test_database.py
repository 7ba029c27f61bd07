"""The database as callers see it: transactions, groups, cancelling, closing."""

import asyncio
import contextlib
import logging
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import StorageClosedError, StorageError
from storage.migrations import STEPS
from tests.storage.support import held, lock_of, notes, put, put_and_break

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 200),
        ("application_id", 0x43616C57),
        ("user_version", len(STEPS)),
        ("query_only", 0),
    ],
)
async def test_the_connection_is_set_up_for_safety(database: Database, pragma: str, value: object):
    assert await database.write(lambda db: db.execute(f"PRAGMA {pragma}").fetchone()[0]) == value


async def test_every_table_is_strict(database: Database):
    strict = await database.read(lambda db: {row["name"]: row["strict"] for row in db.query("PRAGMA table_list")})
    assert {name for name, is_strict in strict.items() if not is_strict} <= {"sqlite_schema", "sqlite_temp_schema"}


async def test_a_write_returns_its_result_and_is_seen_by_another_connection(database: Database, path: Path):
    assert await database.write(put("one")) == "one"
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT text FROM note").fetchall() == [("one",)]


async def test_all_work_runs_in_one_thread_that_is_not_the_callers(database: Database):
    threads = {
        await database.write(lambda _: threading.get_ident()),
        await database.read(lambda _: threading.get_ident()),
    }
    assert len(threads) == 1
    assert threads.isdisjoint({threading.get_ident()})


async def test_a_read_sees_every_write_asked_for_before_it(database: Database):
    async with held(database):
        writing = asyncio.create_task(database.write(put("one")))
        reading = asyncio.create_task(database.read(notes))
    await writing
    assert await reading == ["one"]


async def test_a_read_cannot_change_anything(database: Database):
    with pytest.raises(StorageError) as caught:
        await database.read(put("one"))
    assert "readonly" in str(caught.value.__cause__)
    await database.write(put("two"))
    assert await database.read(notes) == ["two"]


async def test_reading_goes_on_while_another_process_writes(database: Database, path: Path):
    await database.write(put("one"))
    with lock_of(path):
        assert await database.read(notes) == ["one"]


@pytest.mark.parametrize("unit", [put("one"), put_and_break], ids=["succeeds", "fails"])
async def test_a_cancelled_caller_tears_nothing(database: Database, unit, caplog: pytest.LogCaptureFixture):
    async with held(database):
        writing = asyncio.create_task(database.write(unit))
        await asyncio.sleep(0)
        writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await database.read(notes) == (["one"] if unit is not put_and_break else [])
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == (1 if unit is put_and_break else 0), "an error that nobody waits for is logged"


async def test_close_carries_out_what_was_asked_for_and_folds_the_log(database: Database, path: Path):
    async with held(database):
        writing = [asyncio.create_task(database.write(put(str(number)))) for number in range(10)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
    await asyncio.gather(closing, *writing)
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM note").fetchone() == (10,)


async def test_close_twice_or_at_once_is_harmless_and_afterwards_nothing_is_taken(database: Database):
    await asyncio.gather(database.close(), database.close())
    await database.close()
    with pytest.raises(StorageClosedError):
        await database.write(put("one"))
    assert "callwatch-database" not in {thread.name for thread in threading.enumerate()}


async def test_a_cancelled_opening_leaves_no_thread_behind(path: Path):
    opening = asyncio.create_task(Database.open(path))
    await asyncio.sleep(0)
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "callwatch-database")
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()


FORGETFUL = """
import asyncio, sys
from storage.database import Database
from storage.inbox import Inbox

async def main():
    await Inbox(await Database.open(sys.argv[1])).take(["one"], "command", "{}", 1)

asyncio.run(main())
"""


async def test_a_program_that_forgets_to_close_loses_nothing_and_ends(path: Path):
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-X", "dev", "-W", "error", "-c", FORGETFUL, str(path)],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    async with await Database.open(path) as database:
        assert await database.read(lambda db: list(db.query("SELECT key FROM inbox"))) == [{"key": "one"}]


KILLED = """
import asyncio, os, signal, sys
from storage.database import Database

def commit_ten(db):
    for number in range(10):
        db.execute("INSERT INTO seen (key, seen_at_ms) VALUES (?, 1)", (f"whole:{number}",))

def die_after_five(db):
    for number in range(5):
        db.execute("INSERT INTO seen (key, seen_at_ms) VALUES (?, 2)", (f"half:{number}",))
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = await Database.open(sys.argv[1])
    await database.write(commit_ten)
    await database.write(die_after_five)

asyncio.run(main())
"""


async def test_a_kill_in_the_middle_of_a_transaction_leaves_all_or_nothing(path: Path):
    died = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, str(path)], cwd=REPOSITORY, check=False
    )
    assert died.returncode == -9
    async with await Database.open(path) as database:
        rows = await database.read(
            lambda db: list(db.query("SELECT seen_at_ms AS at, count(*) AS n FROM seen GROUP BY 1"))
        )
        assert rows == [{"at": 1, "n": 10}]
        assert await database.read(lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"
