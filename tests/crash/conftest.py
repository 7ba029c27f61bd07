"""One zygote for a test. All stories are marked slow: they need the machine's clock to themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery, a_nursery


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    async with a_nursery() as nursery:
        yield nursery
