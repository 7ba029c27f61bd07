"""`callwatch run` and `callwatch reporting-api` as processes: starting, waiting, stopping, and what they write."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.connecting import StartError
from bot.reporting.server import faults
from bot.running import run_until_stopped
from bot.settings import Need, Settings
from storage.errors import StorageError

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(*argv: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `python -m bot` with these words, and see that it is gone at the end."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *argv,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[asyncio.Task[None]]:
    """`callwatch run` in this process; the block has to stop it."""
    settings = Settings.from_env(environment, {Need.SLACK, Need.REPORTING})
    task = asyncio.create_task(run_until_stopped(settings))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def stopped_by(task: Awaitable[None], number: signal.Signals = signal.SIGTERM) -> float:
    """Send ourselves the signal and return after how many seconds the bot had stopped."""
    began_s = time.monotonic()
    os.kill(os.getpid(), number)
    async with asyncio.timeout(10):
        await task
    return time.monotonic() - began_s


class TestTheBotAsAProcess:
    async def test_answers_shows_no_secret_at_debug_and_ends_with_0_within_5_s_of_sigterm(
        self, for_bot, api, workspace
    ):
        ana = workspace.person("ana")
        async with process("run", **for_bot, CALLWATCH_LOG_LEVEL="DEBUG") as bot:
            async with asyncio.timeout(10):
                await workspace.sockets.connected()
            delivery = await ana.types("/calls username abc123 last-7d")
            answer = await ana.reads()
            await ana.presses(answer, "24 h")
            await ana.reads()
            asked = await ana.mentions("calls username abc123", "#support")
            await ana.reads("#support", asked.ts)
            api.quirks.clock_offset_s = 1200
            await ana.types("/calls username nosuchuser")
            await ana.reads()
            began_s = time.monotonic()
            bot.terminate()
            out, err = await bot.communicate()
            took_s = time.monotonic() - began_s

        shown = err.decode()
        assert bot.returncode == 0
        assert took_s < 5
        assert out == b""
        assert "connected" in shown
        assert "stopped" in shown
        assert "debug" in shown
        hook = delivery.payload["response_url"].removeprefix(workspace.url)
        secrets = [for_bot[name] for name in ("SINCH_APPLICATION_SECRET", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")]
        assert [line for line in shown.splitlines() for secret in [*secrets, hook] if secret in line] == []
        assert re.findall(r"[A-Za-z0-9+/]{43}=", shown) == [], "looks like a signature"
        assert re.findall(r"/respond/.{20}", shown) == [], "looks like a response_url"
        assert re.findall(r"ticket=(?!\*)", shown) == []
        workspace.assert_no_violations()

    async def test_waits_for_a_slack_that_cannot_be_reached_and_sigterm_ends_the_waiting_with_0(
        self, for_bot, workspace
    ):
        await workspace.stop()
        async with process("run", **for_bot) as bot:
            async with asyncio.timeout(10):
                told = await bot.stderr.readline()
            began_s = time.monotonic()
            bot.terminate()
            out, err = await bot.communicate()
            took_s = time.monotonic() - began_s

        assert b"slack_not_reached" in told
        assert (bot.returncode, out) == (0, b"")
        assert took_s < 1
        assert b"stopped" in err

    async def test_with_a_token_that_slack_does_not_take_ends_with_1_and_a_sentence(self, for_bot):
        async with process("run", **for_bot | {"SLACK_BOT_TOKEN": "xoxb-callwatch-revoked"}) as bot:
            out, err = await bot.communicate()

        assert (bot.returncode, out) == (1, b"")
        assert err.decode().splitlines()[-1].startswith("Slack does not take SLACK_BOT_TOKEN (invalid_auth). Copy it")
        assert "Traceback" not in err.decode()
        assert "revoked" not in err.decode()


class TestStarting:
    @pytest.mark.parametrize(
        ("setting", "token"),
        [("SLACK_BOT_TOKEN", "xoxb-callwatch-revoked"), ("SLACK_APP_TOKEN", "xapp-callwatch-revoked")],
    )
    async def test_a_token_that_slack_does_not_take_ends_the_start(self, for_bot, setting, token):
        async with running(for_bot | {setting: token}) as bot:
            with pytest.raises(StartError, match=rf"Slack does not take {setting} \(invalid_auth\)") as told:
                await bot

        assert token not in str(told.value)

    async def test_a_database_that_cannot_be_opened_ends_the_start(self, for_bot, tmp_path):
        async with running(for_bot | {"CALLWATCH_DATABASE": str(tmp_path)}) as bot:
            with pytest.raises(StorageError, match="is a directory"):
                await bot

    @pytest.mark.parametrize(
        ("method", "weather"),
        [
            ("auth.test", "error_500"),
            ("auth.test", "html"),
            ("apps.connections.open", "drop_before"),
            ("apps.connections.open", "ratelimit"),
        ],
    )
    async def test_a_slack_that_is_out_of_order_is_waited_for(self, for_bot, workspace, method, weather):
        getattr(workspace.faults, weather)(method)
        async with running(for_bot) as bot:
            async with asyncio.timeout(10):
                await workspace.sockets.connected()
            await stopped_by(bot)

        workspace.journal.take_violations("ratelimited")

    async def test_sigterm_ends_the_waiting_for_a_slack_that_is_out_of_order(self, for_bot, workspace):
        workspace.faults.error_500("auth.test", times=100)
        async with running(for_bot) as bot:
            async with asyncio.timeout(5):
                while not workspace.journal.after(0):
                    await workspace.journal.beyond(0)
            assert not bot.done()

            assert await stopped_by(bot) < 1


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
    async def test_a_signal_stops_an_idle_bot_at_once(self, for_bot, workspace, number):
        async with running(for_bot) as bot:
            await workspace.sockets.connected()

            assert await stopped_by(bot, number) < 2
        assert bot.exception() is None

    async def test_at_its_worst_a_stop_takes_less_than_5_s(self, for_bot, api, workspace):
        """Slack's side of the socket is deaf, and the platform answers neither of two questions."""
        api.faults.add(faults.slow(60, times=2))
        ana = workspace.person("ana")
        async with running(for_bot) as bot:
            await workspace.sockets.connected()
            await ana.types("/calls username abc123")
            await ana.mentions("calls username abc123", "#support")
            async with asyncio.timeout(5):
                while list(api.faults):  # one goes with each question that arrives
                    await asyncio.sleep(0)
            workspace.sockets.half_open()

            assert await stopped_by(bot) < 5


class TestReportingApi:
    async def test_prints_an_address_that_works_with_the_printed_key_and_secret(self, callwatch):
        async with process("reporting-api", "--port", "0") as api:
            settings = {}
            async with asyncio.timeout(10):
                async for line in api.stdout:
                    name, _, value = line.decode().strip().partition("=")
                    settings[name] = value
                    if line.startswith(b"Services"):
                        break
            control_url = line.decode().split("POST ")[1].strip()
            settings = {name: value for name, value in settings.items() if name.startswith("SINCH_")}
            callwatch.set(**settings)
            report = await callwatch("calls", "username", "abc123", "yesterday")
            async with httpx.AsyncClient() as client:
                await client.post(control_url, json={"services": {"rtpproxy": "down"}})
            service = await callwatch("services", "rtpproxy")

            assert report.code == 0
            assert re.search(r"\d+ calls?, .+ succeeded", report.out)
            assert service.out == "rtpproxy is down\n"
            api.send_signal(signal.SIGINT)
            _, err = await api.communicate()

        assert api.returncode == 130
        assert err.strip() == b""

    async def test_serves_the_calls_of_a_csv_file(self, callwatch, tmp_path):
        rows = "username,me,pstn,2014-04-28T12:00:00Z,311,success\nusername,me,pstn,2014-04-28T13:00:00Z,0,failed\n"
        (tmp_path / "calls.csv").write_text(f"type,endpoint,domain,start,duration_s,result\n{rows}")
        async with process("reporting-api", "--port", "0", "--calls", str(tmp_path / "calls.csv")) as api:
            printed = dict([(await api.stdout.readline()).decode().strip().partition("=")[::2] for _ in range(4)])
            callwatch.set(**{name: value for name, value in printed.items() if name.startswith("SINCH_")})
            report = await callwatch("calls", "me", "pstn", "2014-04-28", "--csv")

        assert report.code == 0
        assert [line for line in report.out.splitlines()[1:] if ",0,0,0" not in line] == [
            "2014-04-28T12:00:00Z,2014-04-28T13:00:00Z,pstn,1,0,311",
            "2014-04-28T13:00:00Z,2014-04-28T14:00:00Z,pstn,0,1,0",
        ]
