"""When Slack's reply is lost, or the bot is stopped in between: one answer, no note left over, nothing destroyed."""

import asyncio

import pytest

from bot.app import running_bot
from bot.demo import demo_settings
from bot.errors import MessageRefused, SlackUnavailable
from bot.manifest import load_manifest
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from bot.rendering.blocks import Message
from bot.reporting.server import faults
from handlers.asks import Ask, Place
from handlers.delivery import Delivery

SLOW_S = 1.7


def by_bot(seen):
    """Return what the bot said, of what somebody sees."""
    return [each for each in seen if each.author == "callwatch"]


async def test_a_private_answer_whose_reply_was_lost_stands_once(stage, ana):
    stage.workspace.faults.drop_after("response_url")
    await ana.types("/counters currentcalls")
    await ana.reads()
    await stage.bot.desk.drain(10)

    assert len(by_bot(ana.screen())) == 1


async def test_a_private_refusal_whose_reply_was_lost_stands_once(stage, ana):
    stage.workspace.faults.drop_after("chat.postEphemeral")
    await ana.mentions("calls nosuchuser yesterday", "#support")
    await ana.reads("#support")
    await stage.bot.desk.drain(10)

    assert len(by_bot(ana.screen("#support"))) == 1


@pytest.mark.parametrize("place", ["command", "mention"])
async def test_a_note_whose_reply_was_lost_is_replaced_all_the_same(stage, ana, place):
    stage.workspace.faults.drop_after("response_url" if place == "command" else "chat.postMessage")
    stage.api.faults.add(faults.slow(SLOW_S, path="/v1/users"))
    thread = None
    if place == "command":
        await ana.types("/calls abc123", "#support")
    else:
        thread = (await ana.mentions("calls abc123", "#support")).ts
    await ana.reads("#support")
    await ana.reads("#support")
    await stage.bot.desk.drain(10)

    answers = by_bot(ana.screen("#support", thread))
    assert len(answers) == 1
    assert "last 7 days" in answers[0].text


async def test_of_two_presses_the_later_one_stands(stage, ana):
    await ana.types("/calls abc123")
    report = await ana.reads()
    stage.api.faults.add(faults.slow(0.4, path="/v1/users"))
    await ana.presses(report, "30 d")
    async with asyncio.timeout(5):
        while list(stage.api.faults):  # until the first press has met it
            await asyncio.sleep(0)
    await ana.presses(report, "24 h")
    await stage.bot.desk.drain(10)

    (shown,) = by_bot(ana.screen())
    assert "last 24 hours" in shown.text


async def test_a_press_that_fails_after_the_note_can_be_tried_again(stage, ana):
    await ana.types("/calls abc123")
    report = await ana.reads()
    stage.api.faults.add(faults.refused(42900, retry_after_s=2, path="/v1/users"))
    stage.api.faults.add(faults.refused(40300, path="/v1/users"))
    await ana.presses(report, "24 h")
    assert (await ana.reads()).text.startswith(":hourglass")
    refusal = await ana.reads()
    assert "may not read that" in refusal.text

    await ana.presses(refusal, "Try again")
    assert "last 24 hours" in (await ana.reads()).text
    assert len(by_bot(ana.screen())) == 1


async def test_a_press_that_fails_at_once_leaves_the_report(stage, ana):
    await ana.types("/calls abc123")
    report = await ana.reads()
    stage.api.faults.add(faults.refused(40300, path="/v1/users"))
    await ana.presses(report, "24 h")
    await ana.reads()

    assert by_bot(ana.screen())[0].ts == report.ts
    assert len(by_bot(ana.screen())) == 2


async def test_a_note_from_before_the_restart_is_replaced_although_the_platform_is_still_slow(api, tmp_path):
    manifest = load_manifest()
    async with api, PlaygroundServer(parse_manifest(manifest.text)) as workspace:
        settings = demo_settings(workspace, api, tmp_path / "callwatch.db")
        ana = workspace.person("ana")
        api.faults.add(faults.slow(30, times=None))
        async with running_bot(settings, manifest, note_after_s=0.1, drain_s=0):
            await ana.types("/calls username abc123")
            mention = await ana.mentions("calls abc123", "#support")
            await ana.reads("#voice-ops")
            await ana.reads("#support")
        api.faults.clear()
        api.faults.add(faults.slow(0.4, times=2, path="/v1/users"))
        async with running_bot(settings, manifest, note_after_s=0.1) as bot:
            await bot.desk.drain(10)

        for shown in (by_bot(ana.screen("#voice-ops")), by_bot(ana.screen("#support", mention.ts))):
            assert len(shown) == 1
            assert "last 7 days" in shown[0].text
        workspace.assert_no_violations()


async def test_no_note_comes_after_the_bot_has_stopped(api, tmp_path):
    manifest = load_manifest()
    async with api, PlaygroundServer(parse_manifest(manifest.text)) as workspace:
        settings = demo_settings(workspace, api, tmp_path / "callwatch.db")
        ana = workspace.person("ana")
        api.faults.add(faults.slow(30, times=None))
        async with running_bot(settings, manifest, note_after_s=60, drain_s=0):
            command = await ana.types("/calls username abc123")
            await command.ended()

        assert ana.unread() == []


class Refusing:
    """A place that takes what it is shown only as these answers say, in turn; None takes it."""

    is_answered = is_report_gone = False

    def __init__(self, *answers):
        self.left = list(answers)
        self.shown = []

    async def answer(self, message):
        if (error := self.left.pop(0)) is not None:
            raise error
        self.shown.append(message)


async def no_wait(_seconds):
    """Wait not at all."""


async def test_blocks_refused_at_the_last_try_come_as_plain_text():
    busy = SlackUnavailable("ratelimited", "response_url", is_ambiguous=False)
    place = Refusing(busy, busy, busy, MessageRefused("invalid_blocks", "response_url"), None)
    ask = Ask(Place.COMMAND, ("k",), "calls", "", "U1", "T1", "C1", 0, response_url="https://hooks.slack.com/x")

    await Delivery(None, no_wait).answer(ask, place, Message("The answer", [{"type": "divider"}]))

    assert place.shown == [Message("The answer", [])]


def test_a_question_kept_by_a_later_version_is_read_and_one_that_is_none_is_told():
    ask = Ask(Place.MENTION, ("k", "l"), None, "calls x", "U1", "T1", "C1", 5, ts="1.0")

    assert Ask.from_json(ask.to_json().replace("{", '{"of_tomorrow": 1, ', 1)) == ask
    with pytest.raises((ValueError, KeyError, TypeError)):
        Ask.from_json('{"place": "mention"}')
