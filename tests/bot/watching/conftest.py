from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.watching.world import World, a_world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "callwatch.db"


@pytest.fixture
async def world(path: Path) -> AsyncIterator[World]:
    async with a_world(path) as world:
        yield world
