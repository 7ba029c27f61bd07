"""The inbox: every question once, and none forgotten."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.errors import StorageError
from storage.inbox import Inbox


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database)


async def test_a_question_is_taken_once(inbox: Inbox):
    assert await inbox.take(["a"], "command", '{"n": 1}', 1)
    assert not await inbox.take(["a"], "command", '{"n": 2}', 2)
    assert await inbox.open_payloads(0) == ['{"n": 1}']


async def test_a_question_seen_under_any_of_its_names_is_a_repetition(inbox: Inbox):
    assert await inbox.take(["event:1", "message:C1:7"], "mention", "{}", 1)
    assert not await inbox.take(["event:2", "message:C1:7"], "mention", "{}", 2)
    assert not await inbox.take(["event:2"], "mention", "{}", 3), "the names of a repetition are seen, too"
    assert await inbox.take(["event:3", "message:C1:8"], "mention", "{}", 4)


async def test_one_name_given_twice_is_one_name(inbox: Inbox):
    assert await inbox.take(["a", "a"], "dm", "{}", 1)


async def test_a_closed_question_is_gone_and_still_known(inbox: Inbox):
    await inbox.take(["a"], "button", "{}", 1)
    await inbox.close("a")
    await inbox.close("a")
    assert await inbox.open_payloads(0) == []
    assert not await inbox.take(["a"], "button", "{}", 2)


async def test_what_is_owed_survives_a_restart_oldest_first_while_it_can_be_answered(path: Path):
    async with await Database.open(path) as database:
        inbox = Inbox(database)
        for key, received_at_ms in (("late", 30), ("early", 20), ("too old", 9), ("done", 25)):
            await inbox.take([key], "command", f'{{"key":"{key}"}}', received_at_ms)
        await inbox.close("done")
    async with await Database.open(path) as database:
        assert await Inbox(database).open_payloads(10) == ['{"key":"early"}', '{"key":"late"}']


async def test_pruning_erases_questions_and_names_by_their_own_ages(inbox: Inbox):
    await inbox.take(["old"], "command", "{}", 10)
    await inbox.take(["new"], "command", "{}", 100)
    assert await inbox.prune(received_before_ms=100, seen_before_ms=10) == 1
    assert await inbox.open_payloads(0) == ["{}"]
    assert not await inbox.take(["old"], "command", "{}", 101), "its name is younger than that"
    assert await inbox.prune(received_before_ms=0, seen_before_ms=11) == 1
    assert await inbox.take(["old"], "command", "{}", 102)


async def test_an_answered_payload_leaves_the_files(path: Path):
    async with await Database.open(path) as database:
        inbox = Inbox(database)
        await inbox.take(["a"], "command", '{"response_url": "https://hooks.example/SECRET"}', 1)
        await inbox.close("a")
    assert [file.name for file in path.parent.iterdir() if b"SECRET" in file.read_bytes()] == []


@pytest.mark.parametrize(
    ("keys", "kind", "payload"),
    [
        pytest.param(["a"], "telegram", "{}", id="unknown kind"),
        pytest.param(["a"], "command", "{", id="payload that is no JSON"),
        pytest.param([""], "command", "{}", id="empty key"),
    ],
)
async def test_what_makes_no_sense_is_refused_whole(inbox: Inbox, keys: list[str], kind: str, payload: str):
    with pytest.raises(StorageError):
        await inbox.take(keys, kind, payload, 1)
    assert await inbox.take(["a"], "command", "{}", 1)


NAMES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3).map(tuple)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=25))
def test_of_deliveries_in_any_interleaving_exactly_the_first_of_each_question_is_taken(
    tmp_path_factory: pytest.TempPathFactory, deliveries: list[tuple[tuple[str, ...], bool]]
):
    """Compare with a plain set; `waits` says whether the next delivery comes before or after this one's answer."""

    async def deliver(path: Path) -> list[bool]:
        async with await Database.open(path) as database:
            inbox, asked = Inbox(database), []
            for names, waits in deliveries:
                asked.append(asyncio.create_task(inbox.take(names, "dm", "{}", 1)))
                await (asked[-1] if waits else asyncio.sleep(0))
            return await asyncio.gather(*asked)

    path = tmp_path_factory.mktemp("inbox") / "callwatch.db"
    taken = asyncio.run(deliver(path))
    seen: set[str] = set()
    expected = []
    for names, _ in deliveries:
        expected.append(seen.isdisjoint(names))
        seen.update(names)
    assert taken == expected
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM inbox").fetchone() == (sum(expected),)
