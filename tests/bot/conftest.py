"""The command line as somebody types it, and the two servers that its settings point at."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from bot import cli, logs
from bot.app import utc_now
from bot.demo import DEMO_KEY, DEMO_SECRET
from bot.manifest import load_manifest
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server import traffic
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.records import CallRecords
from bot.reporting.server.serving import ReportingServer
from bot.reporting.server.times import MS_PER_DAY, to_ms


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


class CommandLine:
    """Types commands in a folder that has nothing in it, with no settings but those that it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def set(self, **environment: str) -> None:
        """Set variables of the environment."""
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)

    def run(self, *argv: str) -> Said:
        """Run `callwatch` with these words, in this process."""
        self._capsys.readouterr()
        code: object = 0
        try:
            cli.main(argv)
        except SystemExit as exit_:
            code = exit_.code
        out, err = self._capsys.readouterr()
        assert isinstance(code, int)
        assert "Traceback" not in out + err
        return Said(code, out, err)

    async def __call__(self, *argv: str) -> Said:
        """Run it in a thread, so that the servers of this loop can answer."""
        return await asyncio.to_thread(self.run, *argv)


@pytest.fixture
def callwatch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[CommandLine]:
    """The command line; logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.chdir(tmp_path)
    yield CommandLine(monkeypatch, capsys)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logs.QUIETER:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


FAILING = Identity(IdentityType.USERNAME, "failing")


@pytest.fixture(scope="session")
def calls_of_2014() -> list[CallRecord]:
    """Sample calls around 28 April 2014, some days of them, and a user whose only calls failed."""
    day = utc_now().replace(year=2014, month=4, day=30, hour=12)
    calls = list(traffic.sample_calls(day, days=5))
    noon_ms = to_ms(day) - 2 * MS_PER_DAY
    return [*calls, *(CallRecord(FAILING, Domain.DATA, noon_ms + at, 0, is_success=False) for at in range(3))]


@pytest.fixture
async def api(calls_of_2014: list[CallRecord]) -> AsyncIterator[ReportingServer]:
    """The embedded Reporting API with the calls of 2014."""
    with CallRecords() as records:
        records.declare(traffic.SILENT)
        records.add(calls_of_2014)
        async with ReportingServer(DEMO_KEY, DEMO_SECRET, records, now=utc_now) as api:
            yield api


@pytest.fixture
async def workspace() -> AsyncIterator[PlaygroundServer]:
    """The local workspace."""
    async with PlaygroundServer(parse_manifest(load_manifest().text)) as workspace:
        yield workspace


@pytest.fixture
def for_reporting(api: ReportingServer) -> dict[str, str]:
    """The settings that point at the embedded API."""
    return {
        "SINCH_APPLICATION_KEY": DEMO_KEY,
        "SINCH_APPLICATION_SECRET": DEMO_SECRET,
        "SINCH_REPORTING_URL": api.url,
    }


@pytest.fixture
def for_bot(for_reporting: dict[str, str], workspace: PlaygroundServer, tmp_path: Path) -> dict[str, str]:
    """The settings of a whole bot on this machine."""
    return for_reporting | {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "CALLWATCH_DATABASE": str(tmp_path / "callwatch.db"),
    }
