"""Every gesture is answered once: redelivered, doubled, cut off, or across a restart."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager

import pytest

from bot.app import running_bot
from bot.demo import DEMO_KEY, DEMO_SECRET, demo_settings
from bot.manifest import load_manifest
from bot.playground.deliveries import Outcome
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from bot.reporting.server import faults


@pytest.mark.parametrize("twist", ["redeliver", "double", "phantom_twin"])
async def test_an_event_that_comes_twice_is_answered_once(stage, ana, twist):
    getattr(stage.workspace.faults, twist)()
    asked = await ana.mentions("counters currentcalls", "#support")
    await ana.reads("#support", asked.ts)
    await ana.mentions("services rtpproxy", "#support", asked.ts)
    await ana.reads("#support", asked.ts)
    await stage.bot.desk.drain(5)

    answers = [seen for seen in ana.screen("#support", asked.ts) if seen.author != "ana"]
    assert len(answers) == 2


async def test_what_is_not_answered_when_the_bot_stops_is_answered_after_the_restart(api, tmp_path):
    """The bot is stopped in the middle of the work, with no time to finish it."""
    manifest = load_manifest()
    async with api, PlaygroundServer(parse_manifest(manifest.text)) as workspace:
        settings = demo_settings(workspace, api, tmp_path / "callwatch.db")
        ana = workspace.person("ana")
        api.faults.add(faults.slow(30, times=None))
        async with running_bot(settings, manifest, note_after_s=0.1, drain_s=0) as bot:
            command = await ana.types("/calls username abc123")
            mention = await ana.mentions("calls abc123", "#support")
            assert (await ana.reads("#voice-ops")).text.startswith(":hourglass")
            assert (await ana.reads("#support")).text.startswith(":hourglass")
            await command.ended()
        api.faults.clear()

        async with running_bot(settings, manifest) as bot:
            private = await ana.reads("#voice-ops")
            public = await ana.reads("#support", mention.ts)
            await bot.desk.drain(5)

        assert "last 7 days" in private.text
        assert private.is_ephemeral
        assert "last 7 days" in public.text
        assert len([seen for seen in ana.screen("#support", mention.ts) if seen.author != "ana"]) == 1
        async with running_bot(settings, manifest) as bot:
            await bot.desk.drain(5)
        assert ana.unread() == []
        workspace.assert_no_violations()


async def test_questions_at_the_same_time_are_all_answered(stage, ana):
    people = [stage.workspace.person(name) for name in ("ana", "ben", "kim")]
    for person in people:
        for _ in range(5):
            await person.types("/counters currentcalls")

    for person in people:
        for _ in range(5):
            assert "currentcalls" in (await person.reads()).text


async def test_a_new_socket_takes_over(stage, ana):
    await stage.workspace.sockets.disconnect("refresh_requested")
    async with asyncio.timeout(10):
        await stage.workspace.sockets.connected(1)
    await ana.types("/counters currentcalls")

    assert "currentcalls" in (await ana.reads()).text


@asynccontextmanager
async def bot_process(workspace, api, database):
    """Run `python -m bot run` against the local pair, ready when its socket stands; killed at the end."""
    environment = {
        "PATH": os.environ["PATH"],
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "SINCH_APPLICATION_KEY": DEMO_KEY,
        "SINCH_APPLICATION_SECRET": DEMO_SECRET,
        "SINCH_REPORTING_URL": api.url,
        "CALLWATCH_DATABASE": str(database),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            await workspace.sockets.connected(1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        async with asyncio.timeout(20):
            await workspace.sockets.gone()


async def test_a_killed_bot_answers_after_its_restart_what_it_had_acknowledged(api, tmp_path):
    async with api, PlaygroundServer(parse_manifest(load_manifest().text)) as workspace:
        ana = workspace.person("ana")
        api.faults.add(faults.slow(60, times=None))
        async with bot_process(workspace, api, tmp_path / "callwatch.db"):
            command = await ana.types("/calls username abc123")
            assert await command.ended() is Outcome.ACKED
            assert (await ana.reads()).text.startswith(":hourglass")
        api.faults.clear()

        async with bot_process(workspace, api, tmp_path / "callwatch.db"):
            answer = await ana.reads(timeout_s=10)

        assert "last 7 days" in answer.text
        assert answer.is_ephemeral
        workspace.assert_no_violations()
