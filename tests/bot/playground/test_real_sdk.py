"""A bare Bolt app with Slack's own SDK on the workspace: what works there must work here."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.playground.deliveries import Outcome
from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import BareBot, running

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Ready"}}
BUTTONS = {
    "type": "actions",
    "elements": [
        {"type": "button", "action_id": "range_24h", "text": {"type": "plain_text", "text": "24 h"}, "value": "v"}
    ],
}


def answers_command(bot: BareBot) -> None:
    @bot.app.command("/calls")
    async def on_calls(ack: Any, command: dict[str, Any], respond: Any) -> None:
        await ack()
        bot.later(respond(text=f"you asked {command['text']}", blocks=[SECTION, BUTTONS]))

    @bot.app.action("range_24h")
    async def on_range(ack: Any, respond: Any) -> None:
        await ack()
        bot.later(respond(text="the last day", replace_original=True))

    @bot.app.event("app_mention")
    async def on_mention(event: dict[str, Any], say: Any) -> None:
        bot.later(say(text=f"heard {event['text']}", thread_ts=event.get("thread_ts") or event["ts"]))

    @bot.app.event("message")
    async def on_message(event: dict[str, Any], say: Any) -> None:
        if "subtype" not in event:
            bot.later(say(text=f"read {event['text']}"))


async def test_a_command_is_acked_and_answered_privately(server: PlaygroundServer) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    async with running(server, answers_command):
        delivery = await ana.types("/calls username abc123 last-7d")
        seen = await ana.reads()
        assert seen.text == "you asked username abc123 last-7d"
        assert seen.is_ephemeral
        assert seen.channel == "#voice-ops"
        assert [button.text for button in seen.buttons] == ["24 h"]
        assert delivery is not None
        assert await delivery.ended() is Outcome.ACKED
        assert delivery.ack_ms is not None
        assert ben.unread() == []


async def test_a_pressed_button_replaces_the_private_answer(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    async with running(server, answers_command):
        await ana.types("/calls username abc123")
        await ana.presses(await ana.reads(), "24 h")
        seen = await ana.reads()
        assert (seen.text, seen.replaced, seen.blocks) == ("the last day", True, ())
        assert [each.text for each in ana.screen()] == ["the last day"]


async def test_a_mention_is_answered_in_its_thread_for_all(server: PlaygroundServer) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    async with running(server, answers_command):
        asked = await ana.mentions("calls abc123", channel="#support")
        seen = await ben.reads()
        assert seen.text == "heard <@U0CALLWBOT> calls abc123"
        assert seen.thread_ts == asked.ts
        assert [each.text for each in ben.screen("#support", thread=asked.ts)] == [asked.text, seen.text]


async def test_a_direct_message_is_answered_there(server: PlaygroundServer) -> None:
    kim = server.person("kim")
    async with running(server, answers_command):
        await kim.writes("calls abc123")
        seen = await kim.reads()
        assert (seen.text, seen.channel) == ("read calls abc123", "@kim")


async def test_an_ack_that_comes_too_late_is_told_to_the_person(impatient: PlaygroundServer) -> None:
    too_late = asyncio.Event()

    def acks_late(bot: BareBot) -> None:
        @bot.app.command("/calls")
        async def on_calls(ack: Any) -> None:
            await too_late.wait()
            await ack()

    ana = impatient.person("ana")
    async with running(impatient, acks_late):
        await ana.types("/calls abc123")
        assert (await ana.reads()).text == '/calls failed with the error "operation_timeout"'
        too_late.set()
        while len(impatient.violations) < 2:
            await impatient.journal.beyond(impatient.journal.last_seq)
    rules = [each.rule for each in impatient.journal.take_violations()]
    assert rules == ["operation_timeout", "late_or_second_ack"]


async def test_an_event_that_failed_is_delivered_again(impatient: PlaygroundServer) -> None:
    attempts = []

    def fails_once(bot: BareBot) -> None:
        @bot.app.error
        async def on_error(error: Exception) -> None:
            attempts.append("failed")

        @bot.app.event("app_mention")
        async def on_mention(event: dict[str, Any], say: Any, request: Any) -> None:
            if not attempts:
                raise LookupError("the first time")
            attempts.append(request.headers["x-slack-retry-num"][0])
            bot.later(say(text="heard", thread_ts=event["ts"]))

    ana = impatient.person("ana")
    async with running(impatient, fails_once):
        await ana.mentions("calls abc123")
        assert (await ana.reads()).text == "heard"
    assert attempts == ["failed", "1"]
    impatient.journal.take_violations("operation_timeout")


async def test_a_command_the_bot_does_not_know_is_not_acked(impatient: PlaygroundServer) -> None:
    ana = impatient.person("ana")
    async with running(impatient, answers_command):
        await ana.types("/services rtpproxy")
        assert (await ana.reads()).text == '/services failed with the error "operation_timeout"'
    impatient.journal.take_violations("operation_timeout")
