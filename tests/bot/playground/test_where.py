"""Finding conversations, joining and leaving them, archiving, and user groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import SettableClock, acking, read_manifest, refused
from tests.bot.playground.screen_samples import MANIFEST

ANA, NO_BOT = "U0ANALIND1", "C0RANDOMNB"


@pytest.fixture
async def server(clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    async with PlaygroundServer(parse_manifest(MANIFEST), clock=clock) as server:
        yield server
    server.assert_no_violations()


def names(answer: Any) -> list[str]:
    return [each.get("name", each["id"]) for each in answer["channels"]]


async def test_public_channels_are_listed_and_private_ones_of_the_bot(client: AsyncWebClient) -> None:
    assert names(await client.conversations_list()) == [
        "general",
        "voice-ops",
        "support",
        "random-no-bot",
        "archived",
        "shared-with-olga",
    ]
    assert names(await client.conversations_list(types="private_channel")) == ["private-with-bot"]
    listed = await client.conversations_list(types=["public_channel", "private_channel"], exclude_archived=True)
    assert "archived" not in names(listed)


async def test_a_long_list_comes_in_pages(client: AsyncWebClient) -> None:
    first = await client.conversations_list(limit=4)
    second = await client.conversations_list(limit=4, cursor=first["response_metadata"]["next_cursor"])
    assert names(first)[-1] == "random-no-bot"
    assert names(second) == ["archived", "shared-with-olga"]
    assert second["response_metadata"]["next_cursor"] == ""


async def test_somebodys_conversations_are_those_the_bot_may_know_of(client: AsyncWebClient) -> None:
    types = "public_channel,private_channel"
    kim = names(await client.users_conversations(user="U0KIMSATO3", types=types))
    assert "random-no-bot" in kim
    assert not [name for name in kim if name.startswith("private")]
    assert "private-with-bot" in names(await client.users_conversations(user=ANA, types=types))
    assert "random-no-bot" not in names(await client.users_conversations())


async def test_each_sort_of_conversation_has_its_scope(server: PlaygroundServer, client: AsyncWebClient) -> None:
    assert (await refused(server, client.conversations_list(types="im"), "missing_scope"))["needed"] == "im:read"
    answer = await refused(server, client.users_conversations(types="mpim"), "missing_scope")
    assert answer["needed"] == "mpim:read"
    await refused(server, client.conversations_list(types="public"), "invalid_types")
    await refused(server, client.users_conversations(user="U1"), "user_not_found")


async def test_the_bot_joins_a_public_channel(server: PlaygroundServer, client: AsyncWebClient) -> None:
    await refused(server, client.chat_postMessage(channel=NO_BOT, text="hi"), "not_in_channel")
    async with acking(server):
        assert (await client.conversations_join(channel=NO_BOT))["channel"]["is_member"] is True
        last = server.events.last
        assert last is not None
        await last.ended()
    assert last.payload["event"]["type"] == "member_joined_channel"
    assert "inviter" not in last.payload["event"]
    await client.chat_postMessage(channel=NO_BOT, text="hi")
    assert (await client.conversations_join(channel=NO_BOT))["warning"] == "already_in_channel"


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("C0PRIVWITH", "method_not_supported_for_channel_type"),
        ("C0PRIVNOBT", "channel_not_found"),
        ("C0ARCHIVED", "is_archived"),
        ("C1", "channel_not_found"),
    ],
)
async def test_the_bot_cannot_join(server: PlaygroundServer, client: AsyncWebClient, channel: str, code: str) -> None:
    await refused(server, client.conversations_join(channel=channel), code)


async def test_without_the_scopes_nothing_is_joined_or_listed(clock: SettableClock) -> None:
    async with PlaygroundServer(read_manifest(), clock=clock) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
        for call in (
            client.conversations_join(channel=NO_BOT),
            client.conversations_list(),
            client.usergroups_users_list(usergroup="S0ONCALL01"),
        ):
            await refused(server, call, "missing_scope")


async def test_the_app_hears_that_it_was_invited_and_removed(server: PlaygroundServer) -> None:
    async with acking(server):
        ana = server.person("ana")
        await ana.invites_bot("#random-no-bot")
        joined = server.events.last
        assert joined is not None
        await joined.ended()
        server.gestures.remove_bot(server.workspace.channel("#random-no-bot"))
        left = server.events.last
        assert left is not None
        await left.ended()
    assert joined.payload["event"]["inviter"] == ANA
    assert left.payload["event"]["type"] == "member_left_channel"


async def test_an_archived_channel_takes_nothing_until_it_is_back(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    ana = server.person("ana")
    told = []
    async with acking(server):
        for is_archived in (True, False):
            await ana.archives("#voice-ops", is_archived=is_archived)
            last = server.events.last
            assert last is not None
            await last.ended()
            told.append(last.payload["event"]["type"])
            if is_archived:
                await refused(server, client.chat_postMessage(channel="C0VOICEOPS", text="hi"), "is_archived")
    assert told == ["channel_archive", "channel_unarchive"]
    await client.chat_postMessage(channel="C0VOICEOPS", text="hi")


async def test_guests_cannot_archive(server: PlaygroundServer) -> None:
    with pytest.raises(PermissionError):
        await server.person("gus").archives("#voice-ops")


async def test_a_user_group_tells_its_members(server: PlaygroundServer, client: AsyncWebClient) -> None:
    assert (await client.usergroups_users_list(usergroup="S0ONCALL01"))["users"] == [ANA, "U0BENCOLE2"]
    (group,) = (await client.usergroups_list(include_users=True))["usergroups"]
    assert (group["handle"], group["user_count"], group["users"]) == ("oncall", 2, [ANA, "U0BENCOLE2"])
    assert "users" not in (await client.usergroups_list())["usergroups"][0]
    await refused(server, client.usergroups_users_list(usergroup="S1"), "no_such_subteam")


async def test_a_mentioned_group_arrives_as_its_id(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    async with acking(server):
        delivery = await ana.types("/calls notify @oncall")
        assert delivery is not None
        await delivery.ended()
    assert delivery.payload["text"] == "notify <!subteam^S0ONCALL01|@oncall>"
    written = await ana.writes("ask @oncall", channel="#support")
    assert (written.text, written.all_text) == ("ask <!subteam^S0ONCALL01>", "ask @oncall")
    assert written.pings == ("S0ONCALL01",)
