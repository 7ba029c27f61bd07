"""Bad disks: no committed flip is lost, nothing uncommitted is posted, and the operator reads what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.reporting.models import Status
from storage.database import Database
from storage.errors import StorageDamagedError, StorageError, StorageFullError, StorageUnusableError
from tests.bot.watching.world import World, a_world

UP, DOWN = Status.UP, Status.DOWN


async def fill(world: World) -> None:
    """Let the database have no page more than it has, and use up what is free in them."""

    def unit(db) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")

    await world.database.read(unit)
    number = 0
    while True:
        number += 1
        try:
            await world.database.write(
                lambda db, n=number: db.execute("INSERT INTO seen VALUES (?, 0)", (f"filler {n} {'x' * 800}",))
            )
        except StorageFullError:
            return


async def make_room(world: World) -> None:
    await world.database.read(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone())


async def poll(world: World, status: Status, service_id: str = "a") -> None:
    world.platform.services[service_id] = status
    world.clock.pass_s(10)
    await world.watching.poller._poll(world.watching.poller._services[service_id])


async def test_a_full_disk_posts_nothing_that_is_not_saved_and_loses_no_flip(world: World) -> None:
    name = "a" * 3000  # too long for what is free in the tables' last pages
    await world.watch(name)
    await poll(world, UP, name)
    await fill(world)
    for _ in range(3):
        await poll(world, DOWN, name)
    await asyncio.sleep(0.05)
    assert world.slack.said == []
    assert await world.rows("SELECT * FROM flip") == []
    await make_room(world)
    await poll(world, DOWN, name)

    assert await world.told() == [f"card {name} DOWN"]
    assert [row["seq"] for row in await world.rows("SELECT seq FROM flip")] == [1]


async def test_a_disk_that_is_full_when_the_post_is_answered_makes_no_second_post(world: World) -> None:
    await world.watch("a")
    await poll(world, UP)
    sent, tries = world.outbox.sent, []

    async def failing(*arguments):
        tries.append(arguments)
        if len(tries) <= 3:
            raise StorageFullError("Callwatch could not save this because its disk is full.")
        await sent(*arguments)

    world.outbox.sent = failing
    await poll(world, DOWN)

    assert await world.told() == ["card a DOWN"]
    assert (world.slack.posts_tried, len(tries)) == (1, 4)


async def test_reading_goes_on_while_the_disk_is_full(world: World) -> None:
    await world.watch("a")
    await poll(world, UP)
    await fill(world)

    assert world.watching.state("a").status is UP
    assert len(await world.watches.all()) == 1


async def used(path: Path) -> None:
    async with a_world(path) as world:
        await world.watch("a")
        await world.goes_down("a")
        await world.told()


def overwrite(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(4096)
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3 + 100])


@pytest.mark.parametrize(
    ("harm", "kind", "sentence"),
    [
        pytest.param(
            lambda path: path.write_bytes(b"garbage" * 1000),
            StorageUnusableError,
            "not a SQLite database",
            id="garbage",
        ),
        pytest.param(overwrite, StorageDamagedError, "restore a backup in its place", id="a page of zeros"),
        pytest.param(cut, StorageDamagedError, "restore a backup in its place", id="cut short"),
        pytest.param(lambda path: path.write_bytes(b""), StorageDamagedError, "is empty, although", id="zero length"),
    ],
)
async def test_a_damaged_file_stops_the_start_with_what_to_do(
    path: Path, harm, kind: type[StorageError], sentence: str
):
    await used(path)
    harm(path)

    with pytest.raises(kind, match=sentence):
        await Database.open(path)


async def test_an_emptied_database_may_begin_anew_when_the_operator_says_so(path: Path) -> None:
    await used(path)
    path.write_bytes(b"")
    path.with_name(path.name + ".marker").unlink()

    async with a_world(path) as world:
        assert await world.watches.all() == []


async def test_a_torn_tail_of_the_log_takes_back_the_last_transaction_only(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with a_world(path) as world:
        await world.watch("a")
        await world.goes_down("a")
        await world.told()
        wal = path.with_name(path.name + "-wal").read_bytes()
        copy.write_bytes(path.read_bytes())
        copy.with_name("copy.db-wal").write_bytes(wal[:-100])
    async with await Database.open(copy) as database:
        flips = await database.read(lambda db: db.execute("SELECT count(*) FROM flip").fetchone()[0])

    assert flips == 1
