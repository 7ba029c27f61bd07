"""chat.* through the real SDK: who may post where, threads, private messages, changing and deleting."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import seed
from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import SettableClock, read_manifest, refused

VOICE_OPS = "C0VOICEOPS"
ANA = "U0ANALIND1"


POST_REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "a channel nobody knows": ({"channel": "C0NOWHERE1"}, "channel_not_found"),
    "a channel by name": ({"channel": "#voice-ops"}, "channel_not_found"),
    "a public channel without the bot": ({"channel": "C0RANDOMNB"}, "not_in_channel"),
    "a private channel without the bot": ({"channel": "C0PRIVNOBT"}, "channel_not_found"),
    "a conversation of two others": ({"channel": "D0ANAANDBE"}, "channel_not_found"),
    "an archived channel": ({"channel": "C0ARCHIVED"}, "is_archived"),
    "another bot": ({"channel": "U0DEPLOYBT"}, "cannot_dm_bot"),
    "somebody who left": ({"channel": "U0DORAGONE"}, "channel_not_found"),
    "no text": ({"text": ""}, "no_text"),
    "bad blocks": ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
    "blocks that are no JSON": ({"blocks": "[{"}, "invalid_blocks_format"),
    "a thread that is not there": ({"thread_ts": "1700000000.000001"}, "thread_not_found"),
    "broadcast without a thread": ({"reply_broadcast": True}, "invalid_arguments"),
    "as_user": ({"as_user": True}, "invalid_arguments"),
    "text and markdown_text": ({"markdown_text": "a"}, "markdown_text_conflict"),
    "metadata without a payload": ({"metadata": {"event_type": "flip"}}, "invalid_metadata_format"),
}


@pytest.mark.parametrize(("fields", "code"), POST_REFUSALS.values(), ids=POST_REFUSALS.keys())
async def test_a_post_is_refused(
    server: PlaygroundServer, client: AsyncWebClient, fields: dict[str, Any], code: str
) -> None:
    call = client.api_call("chat.postMessage", json={"channel": VOICE_OPS, "text": "a", **fields})
    await refused(server, call, code)
    assert server.person("ana").unread() == []


async def test_write_public_opens_public_channels_alone(clock: SettableClock) -> None:
    async with PlaygroundServer(read_manifest("chat:write.public"), clock=clock) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url)
        assert (await client.chat_postMessage(channel="C0RANDOMNB", text="a"))["ok"]
        await refused(server, client.chat_postMessage(channel="C0PRIVNOBT", text="a"), "channel_not_found")


async def test_a_post_is_seen_by_members_alone(server: PlaygroundServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="C0PRIVWITH", text="a", blocks=[{"type": "divider"}])
    assert posted["message"]["bot_id"] == seed.BOT_ID
    assert (await server.person("ana").reads()).ts == posted["ts"]
    assert server.person("kim").unread() == []


async def test_a_post_to_a_person_opens_the_conversation(server: PlaygroundServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=ANA, text="hello")
    assert posted["channel"].startswith("D")
    assert (await server.person("ana").reads()).channel == "@ana"
    await server.deliveries.close()


async def test_text_over_40000_is_cut_and_told(server: PlaygroundServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=VOICE_OPS, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert len(server.journal.take_violations("message_truncated")) == 1


async def test_a_form_carries_json_as_text(server: PlaygroundServer, client: AsyncWebClient) -> None:
    form = {"channel": VOICE_OPS, "text": "a", "blocks": '[{"type": "divider"}]', "unfurl_links": "false"}
    answer = await client.api_call("chat.postMessage", data=form)
    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_a_reply_and_a_broadcast_reply(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    parent = await client.chat_postMessage(channel=VOICE_OPS, text="down")
    await client.chat_postMessage(channel=VOICE_OPS, text="still down", thread_ts=parent["ts"])
    last = await client.chat_postMessage(channel=VOICE_OPS, text="up", thread_ts=parent["ts"], reply_broadcast=True)
    assert [each.text for each in ana.screen()] == ["down", "up"]
    assert [each.text for each in ana.screen(thread=parent["ts"])] == ["down", "still down", "up"]
    history = await client.conversations_history(channel=VOICE_OPS)
    assert [each["text"] for each in history["messages"]] == ["up", "down"]
    assert history["messages"][1]["reply_count"] == 2
    replies = await client.conversations_replies(channel=VOICE_OPS, ts=parent["ts"])
    assert [each["text"] for each in replies["messages"]] == ["down", "still down", "up"]
    call = client.chat_postMessage(channel=VOICE_OPS, text="a", thread_ts=last["ts"])
    await refused(server, call, "cannot_reply_to_message")


# -- private messages


async def test_an_ephemeral_is_seen_by_one_and_is_nowhere_else(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    posted = await client.chat_postEphemeral(channel=VOICE_OPS, user=ANA, text="psst")
    seen = await server.person("ana").reads()
    assert seen.is_ephemeral
    assert server.person("ben").unread() == []
    assert (await client.conversations_history(channel=VOICE_OPS))["messages"] == []
    await refused(server, client.chat_update(channel=VOICE_OPS, ts=posted["message_ts"], text="a"), "message_not_found")
    await refused(server, client.chat_delete(channel=VOICE_OPS, ts=posted["message_ts"]), "message_not_found")


async def test_an_ephemeral_needs_a_member(server: PlaygroundServer, client: AsyncWebClient) -> None:
    call = client.chat_postEphemeral(channel=VOICE_OPS, user="U0SAMSINGL", text="psst")
    await refused(server, call, "user_not_in_channel")


# -- changing


async def test_an_update_keeps_what_it_does_not_mention(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    metadata = {"event_type": "flip", "event_payload": {"id": 1}}
    posted = await client.chat_postMessage(
        channel=VOICE_OPS, text="down", blocks=[{"type": "divider"}], metadata=metadata
    )
    await ana.reads()
    await client.chat_update(channel=VOICE_OPS, ts=posted["ts"], text="up")
    seen = await ana.reads()
    assert (seen.text, seen.replaced, len(seen.blocks), seen.metadata) == ("up", True, 1, metadata)
    await client.chat_update(channel=VOICE_OPS, ts=posted["ts"], text="up", blocks=[])
    assert (await ana.reads()).blocks == ()
    await client.chat_delete(channel=VOICE_OPS, ts=posted["ts"])
    assert ana.screen() == []
    await refused(server, client.chat_update(channel=VOICE_OPS, ts=posted["ts"], text="a"), "message_not_found")


async def test_only_own_messages_can_be_changed(server: PlaygroundServer, client: AsyncWebClient) -> None:
    theirs = await server.person("ana").writes("hello", channel="#voice-ops")
    await refused(server, client.chat_update(channel=VOICE_OPS, ts=theirs.ts, text="a"), "cant_update_message")
    await refused(server, client.chat_delete(channel=VOICE_OPS, ts=theirs.ts), "cant_delete_message")


async def test_an_update_over_4000_is_too_long(server: PlaygroundServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=VOICE_OPS, text="a")
    await refused(server, client.chat_update(channel=VOICE_OPS, ts=posted["ts"], text="x" * 4001), "msg_too_long")
