"""The Web API through the real SDK: tokens, scopes, membership, arguments, messages and history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import seed
from bot.playground.limits import Limits
from bot.playground.manifest import Manifest
from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import SettableClock, read_manifest, refused

VOICE_OPS = "C0VOICEOPS"
ANA = "U0ANALIND1"
Call = Callable[[AsyncWebClient], Awaitable[Any]]


# -- tokens and scopes


@pytest.mark.parametrize(
    ("token", "code"),
    [(None, "not_authed"), ("xoxb-another", "invalid_auth"), ("xapp-callwatch-demo", "not_allowed_token_type")],
    ids=["no token", "another token", "the app-level token"],
)
async def test_a_wrong_token_is_refused(server: PlaygroundServer, token: str | None, code: str) -> None:
    client = AsyncWebClient(token, base_url=server.api_url, retry_handlers=[])
    await refused(server, client.auth_test(), code)


async def test_sockets_want_the_app_level_token(server: PlaygroundServer, client: AsyncWebClient) -> None:
    await refused(server, client.apps_connections_open(app_token=server.bot_token), "not_allowed_token_type")


async def test_a_token_in_the_query_is_none(server: PlaygroundServer) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.api_url}auth.test", params={"token": server.bot_token}) as answer:
            assert answer.status == 200
            assert (await answer.json())["error"] == "not_authed"
        async with session.post(f"{server.api_url}auth.test", data={"token": server.bot_token}) as answer:
            assert (await answer.json())["ok"] is True
    server.journal.take_violations("not_authed")


async def test_every_answer_tells_the_granted_scopes(client: AsyncWebClient, manifest: Manifest) -> None:
    answer = await client.auth_test()
    assert set(answer.headers["x-oauth-scopes"].split(",")) == manifest.scopes
    assert answer["user_id"] == seed.BOT_USER_ID


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (lambda client: client.conversations_info(channel=VOICE_OPS), "channels:read"),
        (lambda client: client.conversations_members(channel="C0PRIVWITH"), "groups:read"),
        (lambda client: client.conversations_open(users=ANA), "im:write"),
        (lambda client: client.chat_postMessage(channel=VOICE_OPS, text="a", username="b"), "chat:write.customize"),
    ],
    ids=["info", "members of a private channel", "open", "another face"],
)
async def test_a_scope_outside_the_manifest_is_missing(
    server: PlaygroundServer, client: AsyncWebClient, call: Call, needed: str
) -> None:
    answer = await refused(server, call(client), "missing_scope")
    assert answer["needed"] == needed
    assert "chat:write" in answer["provided"]


async def test_scopes_that_are_granted_open_the_method(clock: SettableClock) -> None:
    manifest = read_manifest("channels:read", "im:write")
    async with PlaygroundServer(manifest, clock=clock) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url)
        assert (await client.conversations_info(channel=VOICE_OPS))["channel"]["is_member"] is True
        assert (await client.conversations_info(channel="C0RANDOMNB"))["channel"]["is_member"] is False
        members = await client.conversations_members(channel=VOICE_OPS, limit=2)
        assert len(members["members"]) == 2
        assert members["response_metadata"]["next_cursor"]
        assert (await client.conversations_open(users=ANA))["channel"]["id"].startswith("D")
        server.assert_no_violations()


# -- unknown things fail loudly


async def test_an_unknown_method_is_refused(server: PlaygroundServer, client: AsyncWebClient) -> None:
    await refused(server, client.api_call("chat.teleport"), "unknown_method")


async def test_an_unknown_argument_is_refused(server: PlaygroundServer, client: AsyncWebClient) -> None:
    call = client.chat_postMessage(channel=VOICE_OPS, text="a", colour="red")
    answer = await refused(server, call, "invalid_arguments")
    assert "colour" in answer["response_metadata"]["messages"][0]


async def test_a_missing_argument_is_refused(server: PlaygroundServer, client: AsyncWebClient) -> None:
    await refused(server, client.api_call("users.info"), "invalid_arguments")


@pytest.mark.parametrize("limit", ["many", "-1", "1.5"])
async def test_an_unreadable_argument_is_refused(server: PlaygroundServer, client: AsyncWebClient, limit: str) -> None:
    call = client.api_call("conversations.history", params={"channel": VOICE_OPS, "limit": limit})
    await refused(server, call, "invalid_arguments")


async def test_api_test_gives_back_what_was_sent(client: AsyncWebClient) -> None:
    assert (await client.api_test(foo="bar"))["args"] == {"foo": "bar"}


# -- reading


async def test_history_shows_metadata_only_when_asked(client: AsyncWebClient) -> None:
    metadata = {"event_type": "flip", "event_payload": {"id": 1}}
    await client.chat_postMessage(channel=VOICE_OPS, text="a", metadata=metadata)
    plain = await client.conversations_history(channel=VOICE_OPS)
    assert "metadata" not in plain["messages"][0]
    full = await client.conversations_history(channel=VOICE_OPS, include_all_metadata=True)
    assert full["messages"][0]["metadata"] == metadata


async def test_history_is_newest_first_in_pages_and_bounds(client: AsyncWebClient, clock: SettableClock) -> None:
    stamps = []
    for number in range(4):
        stamps.append((await client.chat_postMessage(channel=VOICE_OPS, text=str(number)))["ts"])
        clock.move(seconds=10)
    page = await client.conversations_history(channel=VOICE_OPS, limit=3)
    assert [each["text"] for each in page["messages"]] == ["3", "2", "1"]
    assert page["has_more"]
    rest = await client.conversations_history(
        channel=VOICE_OPS, limit=3, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [each["text"] for each in rest["messages"]] == ["0"]
    within = await client.conversations_history(channel=VOICE_OPS, oldest=stamps[1], latest=stamps[3])
    assert [each["text"] for each in within["messages"]] == ["2"]
    both = await client.conversations_history(channel=VOICE_OPS, oldest=stamps[1], latest=stamps[3], inclusive=True)
    assert [each["text"] for each in both["messages"]] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("channel", "code"),
    [("C0RANDOMNB", "not_in_channel"), ("C0PRIVNOBT", "channel_not_found"), ("D0ANAANDBE", "channel_not_found")],
)
async def test_history_is_for_members(
    server: PlaygroundServer, client: AsyncWebClient, channel: str, code: str
) -> None:
    await refused(server, client.conversations_history(channel=channel), code)


async def test_people_have_time_zones_and_standing(server: PlaygroundServer, client: AsyncWebClient) -> None:
    users = {name: (await client.users_info(user=server.workspace.person(name).id))["user"] for name in ("ana", "kim")}
    assert (users["ana"]["tz"], users["ana"]["tz_offset"]) == ("Europe/Stockholm", 3600)
    assert users["kim"]["tz_offset"] == 32400
    assert (await client.users_info(user="U0GUSGUEST"))["user"]["is_restricted"]
    assert (await client.users_info(user="U0SAMSINGL"))["user"]["is_ultra_restricted"]
    olga = (await client.users_info(user="U0OLGAELSE"))["user"]
    assert olga["is_stranger"]
    assert olga["team_id"] != seed.TEAM_ID
    dora = (await client.users_info(user="U0DORAGONE"))["user"]
    assert dora["deleted"]
    assert "tz" not in dora
    assert (await client.users_info(user="U0DEPLOYBT"))["user"]["is_bot"]
    assert (await client.bots_info(bot=seed.BOT_ID))["bot"]["user_id"] == seed.BOT_USER_ID
    await refused(server, client.users_info(user="U0NOBODY00"), "user_not_found")


async def test_a_permalink_names_message_and_thread(server: PlaygroundServer, client: AsyncWebClient) -> None:
    parent = await client.chat_postMessage(channel=VOICE_OPS, text="a")
    reply = await client.chat_postMessage(channel=VOICE_OPS, text="b", thread_ts=parent["ts"])
    link = (await client.chat_getPermalink(channel=VOICE_OPS, message_ts=reply["ts"]))["permalink"]
    digits = reply["ts"].replace(".", "")
    assert link == f"{server.url}archives/{VOICE_OPS}/p{digits}?thread_ts={parent['ts']}&cid={VOICE_OPS}"


# -- rates


async def test_posts_are_limited_per_channel_and_recover(
    server: PlaygroundServer, client: AsyncWebClient, clock: SettableClock
) -> None:
    for _ in range(5):
        await client.chat_postMessage(channel=VOICE_OPS, text="a")
    with pytest.raises(SlackApiError) as error:
        await client.chat_postMessage(channel=VOICE_OPS, text="a")
    assert error.value.response.status_code == 429
    assert error.value.response.headers["Retry-After"] == "1"
    assert error.value.response["error"] == "ratelimited"
    await client.chat_postMessage(channel="C0SUPPORT1", text="another channel")
    clock.move(seconds=1)
    await client.chat_postMessage(channel=VOICE_OPS, text="a")
    assert len(server.journal.take_violations("ratelimited")) == 1


async def test_methods_are_limited_by_their_tier(manifest: Manifest, clock: SettableClock) -> None:
    async with PlaygroundServer(manifest, clock=clock, limits=Limits(tiers=(1, 1, 2, 2))) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
        await client.users_info(user=ANA)
        await client.users_info(user=ANA)
        clock.move(seconds=20)
        answer = await refused(server, client.users_info(user=ANA), "ratelimited")
        assert answer.headers["Retry-After"] == "40"
        await client.conversations_history(channel=VOICE_OPS)
        clock.move(seconds=40)
        await client.users_info(user=ANA)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:1"}, 200),
        ({"Host": "127.0.0.1:nonsense"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8080"}, 200),
    ],
)
async def test_only_loopback_names_and_pages_are_let_in(
    server: PlaygroundServer, headers: dict[str, str], status: int
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.api_url}api.test", headers=headers) as answer,
    ):
        assert answer.status == status
