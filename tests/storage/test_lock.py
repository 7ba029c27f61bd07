"""One bot at a time: the lock beside the database, and the epoch inside it."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import StorageUnusableError
from storage.lock import InstanceLock, take_charge

ROOT = Path(__file__).resolve().parent.parent.parent
HOLD = """
import sys
from pathlib import Path
from storage.lock import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
print(lock.try_take(), flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        try:
            yield process
        finally:
            process.kill()


def test_one_of_two_has_it_and_the_other_gets_it_afterwards(path: Path) -> None:
    first, second = InstanceLock(path), InstanceLock(path)

    assert [first.try_take(), first.try_take(), second.try_take()] == [True, True, False]
    first.release()
    first.release()
    assert second.try_take()
    second.release()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_it_is_taken_over_when_its_holder_dies(path: Path, how: signal.Signals) -> None:
    lock = InstanceLock(path)
    with holder(path) as other:
        waiting = asyncio.create_task(lock.take(every_s=0.01))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        other.send_signal(how)
        await asyncio.wait_for(waiting, 5)
    lock.release()


def test_a_holder_that_is_only_paused_keeps_it(path: Path) -> None:
    with holder(path) as other:
        other.send_signal(signal.SIGSTOP)
        assert not InstanceLock(path).try_take()
        other.send_signal(signal.SIGCONT)


def test_it_needs_no_database_and_leaves_none(path: Path) -> None:
    lock = InstanceLock(path)
    lock.try_take()
    lock.release()

    assert not path.exists()
    assert lock.path.stat().st_mode & stat.S_IRWXO == 0


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageUnusableError, match="does not exist: create it"):
        InstanceLock(tmp_path / "nowhere" / "callwatch.db").try_take()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageUnusableError, match="read-only"):
        InstanceLock(tmp_path / "callwatch.db").try_take()


async def test_each_time_in_charge_has_a_number_of_its_own(path: Path) -> None:
    async with await Database.open(path) as database:
        assert [await take_charge(database), await take_charge(database)] == [1, 2]
    async with await Database.open(path) as database:
        assert await take_charge(database) == 3
