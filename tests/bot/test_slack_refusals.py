"""What Slack's refusals mean, classified once: try again, not here, not from us, not like this, not there any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotRefused, ChannelRefused, MessageGone, MessageRefused, SlackRefused, SlackUnavailable
from bot.notifier import SlackPort
from bot.playground.limits import Limits
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from bot.rendering.blocks import Message

ROOT = Path(__file__).resolve().parent.parent.parent
CHANNEL = "C0VOICEOPS"
HELLO = Message("hello", [])


@pytest.fixture
async def workspace():
    manifest = parse_manifest((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    async with PlaygroundServer(manifest, limits=Limits.none()) as server:
        yield server


@pytest.fixture
async def slack(workspace: PlaygroundServer):
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            workspace.bot_token, base_url=workspace.api_url, session=session, timeout=1, retry_handlers=[]
        )
        yield SlackPort(client, session, team_id="T0PLAYGRND")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("is_archived", ChannelRefused),
        ("not_in_channel", ChannelRefused),
        ("channel_not_found", ChannelRefused),
        ("restricted_action", ChannelRefused),
        ("no_permission", ChannelRefused),
        ("invalid_auth", BotRefused),
        ("token_revoked", BotRefused),
        ("account_inactive", BotRefused),
        ("missing_scope", BotRefused),
        ("invalid_blocks", MessageRefused),
        ("msg_too_long", MessageRefused),
        ("metadata_too_large", MessageRefused),
        ("invalid_arguments", MessageRefused),
        ("no_text", MessageRefused),
        ("message_not_found", MessageGone),
        ("thread_not_found", MessageGone),
        ("some_news_of_slacks", SlackRefused),
    ],
)
async def test_a_refusal_has_a_kind(workspace, slack: SlackPort, code: str, kind: type[SlackRefused]) -> None:
    workspace.faults.refuse(code, "chat.postMessage")

    with pytest.raises(SlackRefused) as caught:
        await slack.post(CHANNEL, HELLO)
    assert (type(caught.value), caught.value.code) == (kind, code)


@pytest.mark.parametrize(
    ("order", "is_ambiguous"),
    [
        (lambda faults: faults.ratelimit(retry_after_s=7), False),
        (lambda faults: faults.error_500(), True),
        (lambda faults: faults.error_500(after=True), True),
        (lambda faults: faults.drop_before(), True),
        (lambda faults: faults.drop_after(), True),
        (lambda faults: faults.html(), True),
        (lambda faults: faults.refuse("internal_error"), True),
        (lambda faults: faults.refuse("fatal_error", after=True), True),
        (lambda faults: faults.refuse("service_unavailable"), True),
        (lambda faults: faults.refuse("duplicate_message_not_found"), True),
    ],
    ids=["429", "500", "500 after", "drop", "drop after", "HTML", "internal", "fatal", "unavailable", "duplicate"],
)
async def test_what_may_work_later_says_whether_it_may_have_been_done(workspace, slack, order, is_ambiguous) -> None:
    order(workspace.faults)

    with pytest.raises(SlackUnavailable) as caught:
        await slack.post(CHANNEL, HELLO)
    assert caught.value.is_ambiguous is is_ambiguous
    assert caught.value.retry_after_s == (7.0 if caught.value.code == "ratelimited" else None)


async def test_nobody_listening_is_surely_not_posted(workspace, slack: SlackPort) -> None:
    await workspace.stop()

    with pytest.raises(SlackUnavailable) as caught:
        await slack.post(CHANNEL, HELLO)
    assert not caught.value.is_ambiguous


async def test_an_answer_that_does_not_come_is_given_up_although_the_session_would_wait(workspace, slack) -> None:
    workspace.faults.slow("chat.postMessage", seconds=3.0)
    started = asyncio.get_running_loop().time()

    with pytest.raises(SlackUnavailable) as caught:
        await slack.post(CHANNEL, HELLO)
    assert caught.value.is_ambiguous
    assert asyncio.get_running_loop().time() - started < 2.5


async def test_our_own_message_is_found_by_its_key_on_whatever_page_it_stands(workspace, slack: SlackPort) -> None:
    ts = await slack.post(CHANNEL, HELLO, key="the-key")
    for number in range(450):
        await slack.post(CHANNEL, Message(str(number), []), key=f"other-{number}")

    assert await slack.find_own(CHANNEL, None, "the-key") == ts
    assert await slack.find_own(CHANNEL, None, "no-key") is None
    reply = await slack.post(CHANNEL, HELLO, thread_ts=ts, key="reply", is_broadcast=True)
    assert await slack.find_own(CHANNEL, ts, "reply") == reply
