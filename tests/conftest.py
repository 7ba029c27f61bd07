"""What every test stands on, and what is left out where there is no browser."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from hypothesis import settings

_OURS = ("CALLWATCH_", "SINCH_", "SLACK_")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: How many tests want a browser that is not there. Every worker counts the same ones, and tells the one who reports.
LEFT_OUT = pytest.StashKey[int]()


def pytest_configure() -> None:
    """Forget the settings of the person who runs the tests, and let a property take its time on a busy machine."""
    for name in list(os.environ):
        if name.startswith(_OURS):
            del os.environ[name]
    settings.register_profile("callwatch", deadline=None)
    settings.load_profile("callwatch")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser's tests out where there is no browser."""
    ours = [item for item in items if item.get_closest_marker("browser")]
    if CHROMIUM is None and ours:
        config.stash[LEFT_OUT] = len(ours)
        items[:] = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker of pytest-xdist, hand the count to the one who reports."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take a worker's count."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say at the very end what was left out, and how to have it."""
    count = config.stash.get(LEFT_OUT, 0)
    if count and not hasattr(config, "workeroutput"):
        print(f"{count} browser tests were left out: no Chromium here. To have them: apt-get install chromium")
