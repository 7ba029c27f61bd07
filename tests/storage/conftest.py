from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlite_utils import Database as Connection

from storage.database import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "callwatch.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with await Database.open(path, busy_timeout_s=0.2) as database:
        await database.write(make_notes)
        yield database


def make_notes(db: Connection) -> None:
    db.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT UNIQUE CHECK (text <> '')) STRICT")
