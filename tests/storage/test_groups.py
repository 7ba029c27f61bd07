"""Group commit: writes that wait together share one transaction, and only that."""

from pathlib import Path

import pytest
from sqlite_utils import Database as Connection

from storage.database import Database
from storage.errors import StorageBusyError, StorageError, StorageFullError
from tests.storage.support import Broken, lock_of, notes, put, put_and_break, statements_of, together


async def test_writes_that_wait_together_share_one_commit(database: Database):
    statements = await statements_of(database, *(put(str(number)) for number in range(20)))
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert statements.count("COMMIT") == 1
    assert await database.read(notes) == [str(number) for number in range(20)]


async def test_a_write_alone_needs_no_savepoint(database: Database):
    statements = await statements_of(database, put("one"))
    assert [statement for statement in statements if "SAVEPOINT" in statement] == []
    assert statements.count("COMMIT") == 1


async def test_more_than_a_group_holds_is_split(database: Database):
    statements = await statements_of(database, *(put(str(number)) for number in range(300)))
    assert statements.count("COMMIT") == 2
    assert len(await database.read(notes)) == 300


def run_dry(db: Connection) -> dict:
    return next(db.query("SELECT 1 WHERE 0"))


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        pytest.param(put_and_break, Broken, id="its own error"),
        pytest.param(put(""), StorageError, id="a CHECK"),
        pytest.param(put("before"), StorageError, id="a UNIQUE"),
        pytest.param(lambda db: db.execute("SELECT nonsense"), StorageError, id="wrong SQL"),
        pytest.param(run_dry, RuntimeError, id="StopIteration"),
    ],
)
@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "in a group"])
async def test_a_unit_that_raises_is_undone_alone_and_its_caller_hears_why(
    database: Database, unit, kind: type[Exception], is_alone: bool
):
    if is_alone:
        await database.write(put("before"))
        with pytest.raises(kind):
            await database.write(unit)
        await database.write(put("after"))
    else:
        first, broken, last = await together(database, put("before"), unit, put("after"))
        assert (first, last) == ("before", "after")
        assert type(broken) is kind
    assert await database.read(notes) == ["before", "after"]


async def test_when_the_commit_fails_everybody_in_the_group_hears_it(database: Database):
    def orphan(db: Connection) -> None:
        db.execute("PRAGMA defer_foreign_keys = ON")
        db.execute("INSERT INTO child (parent) VALUES (404)")

    await database.write(
        lambda db: db.execute("CREATE TABLE child (parent INTEGER REFERENCES note (id)) STRICT") and None
    )
    results = await together(database, put("one"), orphan, put("two"))
    assert [type(result) for result in results] == [StorageError] * 3
    assert len({id(result) for result in results}) == 3, "each caller raises an error of its own"
    assert await database.read(notes) == []
    await database.write(put("three"))


async def test_a_unit_that_ends_the_shared_transaction_is_told_as_a_mistake(database: Database):
    results = await together(database, put("one"), lambda db: db.rollback(), put("two"))
    assert [type(result) for result in results[:2]] == [StorageError] * 2
    assert "mistake" in str(results[0])
    assert results[2] == "two"
    assert await database.read(notes) == ["two"]


async def test_a_full_disk_loses_only_what_is_told_as_lost_and_works_again_later(database: Database):
    def limit(pages: int):
        return lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0]

    await database.write(put("kept"))
    pages = await database.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await database.write(limit(pages))
    with pytest.raises(StorageFullError, match="disk is full"):
        await database.write(put("x" * 100_000))
    big = await together(database, put("a"), put("y" * 100_000), put("b"))
    assert isinstance(big[1], StorageFullError)
    told = [result for result in big if isinstance(result, str)]
    assert await database.read(notes) == ["kept", *told]
    await database.write(limit(1_000_000))
    await database.write(put("z" * 100_000))


async def test_a_lock_held_by_another_process_is_a_sentence_and_saves_nothing(database: Database, path: Path):
    with lock_of(path):
        results = await together(database, put("one"), put("two"))
    assert [type(result) for result in results] == [StorageBusyError] * 2
    assert await database.read(notes) == []
    await database.write(put("three"))
