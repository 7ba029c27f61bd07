"""One zygote for a test, and the stories with real waits only when they are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.crash.nursery import Nursery, a_nursery


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: crash stories with the waits of real life; `pytest tests/crash -m slow`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="takes two minutes: pytest tests/crash -m slow"))


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    async with a_nursery() as nursery:
        yield nursery
