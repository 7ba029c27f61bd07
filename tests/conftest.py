"""What every test stands on."""

from __future__ import annotations

import os

from hypothesis import settings

_OURS = ("CALLWATCH_", "SINCH_", "SLACK_")


def pytest_configure() -> None:
    """Forget the settings of the person who runs the tests, and let a property take its time on a busy machine."""
    for name in list(os.environ):
        if name.startswith(_OURS):
            del os.environ[name]
    settings.register_profile("callwatch", deadline=None)
    settings.load_profile("callwatch")
