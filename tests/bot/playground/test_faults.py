"""Bad weather through the real SDK: each fault strikes as often as ordered, and nothing of it is blamed on the bot."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import BareBot, RawSocket, acking, running

VOICE_OPS = "C0VOICEOPS"


def texts(server: PlaygroundServer) -> list[str]:
    return [each.text for each in server.person("ana").screen()]


@pytest.mark.parametrize(("is_after", "shown"), [(False, []), (True, ["a"])], ids=["before", "after"])
async def test_a_cut_connection_may_or_may_not_have_posted(
    server: PlaygroundServer, client: AsyncWebClient, is_after: bool, shown: list[str]
) -> None:
    (server.faults.drop_after if is_after else server.faults.drop_before)("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=VOICE_OPS, text="a")
    assert texts(server) == shown
    await client.chat_postMessage(channel=VOICE_OPS, text="b")
    assert texts(server) == [*shown, "b"]


async def test_the_sdks_default_retry_posts_twice_after_a_cut(server: PlaygroundServer) -> None:
    server.faults.drop_after("chat.postMessage")
    await AsyncWebClient(server.bot_token, base_url=server.api_url).chat_postMessage(channel=VOICE_OPS, text="a")
    assert texts(server) == ["a", "a"]


@pytest.mark.parametrize(("is_after", "shown"), [(False, []), (True, ["a"])], ids=["before", "after"])
async def test_a_500_may_or_may_not_have_posted(
    server: PlaygroundServer, client: AsyncWebClient, is_after: bool, shown: list[str]
) -> None:
    server.faults.error_500("chat.postMessage", after=is_after)
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel=VOICE_OPS, text="a")
    assert texts(server) == shown


@pytest.mark.parametrize(("is_after", "shown"), [(False, []), (True, ["a"])], ids=["before", "after"])
async def test_an_internal_error_may_or_may_not_have_posted(
    server: PlaygroundServer, client: AsyncWebClient, is_after: bool, shown: list[str]
) -> None:
    server.faults.refuse("internal_error", "chat.postMessage", after=is_after)
    with pytest.raises(SlackApiError) as error:
        await client.chat_postMessage(channel=VOICE_OPS, text="a")
    assert error.value.response["error"] == "internal_error"
    assert texts(server) == shown


async def test_a_429_tells_when_to_come_back(server: PlaygroundServer, client: AsyncWebClient) -> None:
    server.faults.ratelimit("chat.postMessage", times=2, retry_after_s=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as error:
            await client.chat_postMessage(channel=VOICE_OPS, text="a")
        assert error.value.response.status_code == 429
        assert error.value.response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel=VOICE_OPS, text="a")


async def test_an_html_page_is_no_answer(server: PlaygroundServer, client: AsyncWebClient) -> None:
    server.faults.html()
    with pytest.raises((SlackApiError, AttributeError, TypeError)):
        (await client.auth_test()).validate()


async def test_a_slow_answer_comes(server: PlaygroundServer, client: AsyncWebClient) -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    server.faults.slow("auth.test", seconds=0.05)
    await client.auth_test()
    assert loop.time() - began_s >= 0.05


async def test_a_response_url_can_have_bad_weather_too(server: PlaygroundServer) -> None:
    async with acking(server), aiohttp.ClientSession() as session:
        delivery = await server.person("ana").types("/calls abc123")
        assert delivery is not None
        url = delivery.payload["response_url"]
        server.faults.refuse("expired_url", "response_url")
        server.faults.refuse("fatal_error", "response_url")
        server.faults.ratelimit("response_url")
        server.faults.error_500("response_url", after=True)
        server.faults.drop_after("response_url")
        for expected in (404, 400, 429, 500):
            async with session.post(url, json={"text": str(expected)}) as answer:
                assert answer.status == expected
        with pytest.raises(aiohttp.ClientError):
            await session.post(url, json={"text": "cut"})
    assert texts(server) == ["500", "cut"]


async def test_faults_can_be_cleared(server: PlaygroundServer, client: AsyncWebClient) -> None:
    server.faults.drop_before(times=100)
    server.faults.redeliver()
    server.faults.refuse_sockets()
    server.faults.clear()
    await client.auth_test()


# -- one gesture, two events


async def two_events(server: PlaygroundServer) -> list[dict[str, Any]]:
    async with RawSocket(server) as raw:
        await raw.receive()
        await server.person("ana").mentions("calls abc123")
        got = [await raw.receive(), await raw.receive()]
        for each in got:
            await raw.ack(each)
        return got


async def test_an_event_can_be_redelivered(server: PlaygroundServer) -> None:
    server.faults.redeliver()
    first, second = await two_events(server)
    assert first["payload"] == second["payload"]
    assert [first["retry_attempt"], second["retry_attempt"]] == [0, 1]


async def test_a_gesture_can_come_as_two_events(server: PlaygroundServer) -> None:
    server.faults.double()
    first, second = (each["payload"] for each in await two_events(server))
    assert first["event"] == second["event"]
    assert first["event_id"] != second["event_id"]


async def test_a_gesture_can_have_a_phantom_twin(server: PlaygroundServer) -> None:
    server.faults.phantom_twin()
    first, second = (each["payload"]["event"] for each in await two_events(server))
    assert first["ts"] != second["ts"]
    assert first["client_msg_id"] == second["client_msg_id"]
    assert [first["text"]] * 2 == [second["text"], first["text"]]


# -- the socket


def hears_mentions(bot: BareBot) -> None:
    @bot.app.event("app_mention")
    async def on_mention(event: dict[str, Any], say: Any) -> None:
        bot.later(say(text="heard", thread_ts=event["ts"]))


async def test_after_a_disconnect_message_the_bot_is_back_and_hears(server: PlaygroundServer) -> None:
    async with running(server, hears_mentions):
        for reason in ("warning", "refresh_requested"):
            before = server.sockets.opened
            await server.sockets.disconnect(reason)
            await server.sockets.opened_beyond(before)
        await server.person("ana").mentions("calls abc123")
        assert (await server.person("ana").reads()).text == "heard"


async def test_after_a_cut_socket_the_bot_is_back_and_hears_the_event_meanwhile(server: PlaygroundServer) -> None:
    async with running(server, hears_mentions):
        before = server.sockets.opened
        server.sockets.abort()
        await server.sockets.gone()
        await server.sockets.opened_beyond(before)
        await server.person("ana").mentions("calls abc123")
        assert (await server.person("ana").reads()).text == "heard"


async def test_a_half_open_socket_loses_commands_and_events_come_again(impatient: PlaygroundServer) -> None:
    ana = impatient.person("ana")
    async with running(impatient, hears_mentions):
        before = impatient.sockets.opened
        impatient.sockets.half_open()
        await ana.types("/calls abc123")
        assert (await ana.reads()).text == '/calls failed with the error "operation_timeout"'
        await impatient.sockets.opened_beyond(before)
        await ana.mentions("calls abc123")
        assert (await ana.reads()).text == "heard"
    impatient.journal.take_violations("operation_timeout")


async def test_a_refused_handshake_leaves_the_bot_without_a_socket(server: PlaygroundServer) -> None:
    server.faults.refuse_sockets()
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await RawSocket(server).__aenter__()
    assert error.value.status == 503
    assert server.sockets.connections == []
