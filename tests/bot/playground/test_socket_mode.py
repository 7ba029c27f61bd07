"""Socket Mode byte by byte: single-use addresses, one connection per envelope, patience, redelivery, the journal."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import pytest

from bot.playground import seed
from bot.playground.deliveries import Outcome
from bot.playground.manifest import Manifest
from bot.playground.server import PlaygroundServer
from tests.bot.playground.conftest import RawSocket, SettableClock, acking


async def test_hello_counts_connections(server: PlaygroundServer) -> None:
    async with RawSocket(server) as first, RawSocket(server) as second:
        hello = await first.receive()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert hello["debug_info"]["approximate_connection_time"] > 0
        assert (await second.receive())["num_connections"] == 2


async def test_an_address_lets_in_once(server: PlaygroundServer) -> None:
    async with RawSocket(server) as raw, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await session.ws_connect(raw.url)
        assert error.value.status == 404


async def test_an_eleventh_connection_is_refused(server: PlaygroundServer) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(RawSocket(server))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await stack.enter_async_context(RawSocket(server))
    server.journal.take_violations("too_many_websockets")


async def test_each_envelope_goes_to_exactly_one_connection(server: PlaygroundServer) -> None:
    async with RawSocket(server) as first, RawSocket(server) as second:
        await first.receive()
        await second.receive()
        for number in range(4):
            await server.person("ana").types(f"/calls {number}")
        got = [[await raw.receive() for _ in range(2)] for raw in (first, second)]
        texts = [[envelope["payload"]["text"] for envelope in envelopes] for envelopes in got]
        assert sorted(texts[0] + texts[1]) == ["0", "1", "2", "3"]
        for raw, envelopes in zip((first, second), got, strict=True):
            for envelope in envelopes:
                await raw.ack(envelope)
        await server.sockets.disconnect()


async def test_a_command_payload_has_all_of_slacks_fields_and_no_thread(server: PlaygroundServer) -> None:
    async with acking(server):
        delivery = await server.person("ana").types("/calls  @ben <b>  ", channel="#private-with-bot")
        assert delivery is not None
        assert await delivery.ended() is Outcome.ACKED
    payload = delivery.payload
    assert delivery.envelope["accepts_response_payload"] is True
    assert payload["text"] == "<@U0BENCOLE2|ben> &lt;b&gt;"
    assert {name: payload[name] for name in ("command", "user_name", "channel_name", "team_id", "api_app_id")} == {
        "command": "/calls",
        "user_name": "ana",
        "channel_name": "privategroup",
        "team_id": seed.TEAM_ID,
        "api_app_id": seed.APP_ID,
    }
    assert payload["response_url"].startswith(server.url)
    assert payload["trigger_id"]
    assert "thread_ts" not in payload


async def test_a_command_without_ack_shows_operation_timeout_and_is_not_sent_again(impatient: PlaygroundServer) -> None:
    ana = impatient.person("ana")
    async with RawSocket(impatient) as raw:
        await raw.receive()
        delivery = await ana.types("/calls abc123")
        envelope = await raw.receive()
        seen = await ana.reads()
        assert seen.is_from_slack
        assert seen.text == '/calls failed with the error "operation_timeout"'
        assert delivery is not None
        assert delivery.outcome.result() is Outcome.TIMED_OUT
        await raw.ack(envelope)
        await raw.ack({"envelope_id": "never-sent"})
        await raw.socket.send_str("not JSON")
        await raw.ack(envelope, payload="text")
        await impatient.person("ana").types("/calls again")
        await raw.ack(await raw.receive())
        assert ana.unread() == []
    rules = [each.rule for each in impatient.journal.take_violations()]
    assert rules[:2] == ["operation_timeout", "late_or_second_ack"]
    assert set(rules[2:]) == {"unknown_envelope", "unreadable_ack"}


async def test_with_nobody_connected_dispatch_fails(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    await ana.types("/calls abc123")
    assert (await ana.reads()).text == '/calls failed with the error "dispatch_failed"'


async def test_an_ack_may_carry_the_answer_and_is_checked(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    async with RawSocket(server) as raw:
        await raw.receive()
        await ana.types("/calls abc123")
        await raw.ack(await raw.receive(), {"text": "here you are"})
        assert (await ana.reads()).text == "here you are"
        await ana.types("/calls abc123")
        await raw.ack(await raw.receive(), {"text": "a", "blocks": [{"type": "section"}]})
        while not server.violations:
            await server.journal.beyond(server.journal.last_seq)
    assert [each.rule for each in server.journal.take_violations()] == ["invalid_blocks"]


async def test_an_event_without_ack_comes_again_with_retry_numbers(impatient: PlaygroundServer) -> None:
    async with RawSocket(impatient) as raw:
        await raw.receive()
        await impatient.person("ana").mentions("calls abc123")
        got = [await raw.receive() for _ in range(4)]
        await raw.ack(got[-1])
    assert [each["retry_attempt"] for each in got] == [0, 1, 2, 3]
    assert [each["retry_reason"] for each in got] == ["", "timeout", "timeout", "timeout"]
    assert len({each["payload"]["event_id"] for each in got}) == 1
    assert len({each["envelope_id"] for each in got}) == 4
    assert len(impatient.journal.take_violations("operation_timeout")) == 3


async def test_an_event_sent_to_nobody_comes_again(server: PlaygroundServer) -> None:
    await server.person("ana").mentions("calls abc123")
    async with RawSocket(server) as raw:
        await raw.receive()
        envelope = await raw.receive()
        assert envelope["retry_reason"] == "connection_failed"
        await raw.ack(envelope)


async def test_a_mention_event_has_slacks_fields(server: PlaygroundServer) -> None:
    async with acking(server):
        parent = await server.person("ben").writes("it is down", channel="#shared-with-olga")
        own = await server.person("olga").mentions("calls abc123", channel="#shared-with-olga", thread=parent.ts)
        assert server.events.last is not None
        await server.events.last.ended()
        payload = server.events.last.payload
    assert payload["is_ext_shared_channel"] is True
    assert payload["authorizations"][0]["user_id"] == seed.BOT_USER_ID
    event = payload["event"]
    assert (event["type"], event["ts"], event["thread_ts"]) == ("app_mention", own.ts, parent.ts)
    assert event["user_team"] == seed.FOREIGN_TEAM_ID
    assert event["client_msg_id"]


SILENT = {
    "a plain message in a channel": ("ana", "hello", "#voice-ops"),
    "a mention where the bot is not": ("ana", "@callwatch calls abc123", "#random-no-bot"),
    "a mention in a private channel without the bot": ("ana", "@callwatch calls abc123", "#private-no-bot"),
    "a name that is not the bot": ("ana", "@ben calls abc123", "#voice-ops"),
}


@pytest.mark.parametrize(("name", "text", "channel"), SILENT.values(), ids=SILENT.keys())
async def test_the_app_does_not_hear_of(server: PlaygroundServer, name: str, text: str, channel: str) -> None:
    await server.person(name).writes(text, channel=channel)
    assert server.events.last is None


async def test_direct_messages_and_changes_of_the_bots_own_are_events(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    client_headers = {"Authorization": f"Bearer {server.bot_token}"}
    async with RawSocket(server) as raw, aiohttp.ClientSession(server.api_url, headers=client_headers) as session:
        await raw.receive()
        await ana.writes("calls abc123")
        events = [await raw.receive()]
        async with session.post("chat.postMessage", json={"channel": ana.who.id, "text": "one"}) as answer:
            posted = await answer.json()
        events.append(await raw.receive())
        change = {"channel": posted["channel"], "ts": posted["ts"]}
        await session.post("chat.update", json={**change, "text": "two"})
        events.append(await raw.receive())
        await session.post("chat.delete", json=change)
        events.append(await raw.receive())
        for each in events:
            await raw.ack(each)
    inner = [each["payload"]["event"] for each in events]
    assert [each.get("subtype") for each in inner] == [None, None, "message_changed", "message_deleted"]
    assert {each["channel_type"] for each in inner} == {"im"}
    assert inner[1]["bot_id"] == seed.BOT_ID
    assert inner[2]["message"]["text"] == "two"
    assert inner[2]["previous_message"]["text"] == "one"


async def test_another_bots_mention_is_an_event_with_its_bot_id(server: PlaygroundServer) -> None:
    async with acking(server):
        await server.person("deploybot").mentions("calls abc123")
        assert server.events.last is not None
        await server.events.last.ended()
    assert server.events.last.payload["event"]["bot_id"] == "B0DEPLOYBT"


async def test_pings_are_answered(server: PlaygroundServer) -> None:
    async with RawSocket(server) as raw:
        await raw.receive()
        await raw.socket.ping(b"sdk-ping-pong:1.0")
        await server.person("ana").types("/calls abc123")
        await raw.ack(await raw.receive())


async def test_the_server_stops_within_a_second_whatever_is_open(manifest: Manifest, clock: SettableClock) -> None:
    loop = asyncio.get_running_loop()
    server = PlaygroundServer(manifest, clock=clock)
    await server.start()
    async with RawSocket(server) as raw, RawSocket(server):
        await raw.receive()
        server.sockets.half_open()
        await server.person("ana").types("/calls abc123")
        began_s = loop.time()
        await server.stop()
        assert loop.time() - began_s < 1


async def test_channel_messages_are_events_where_the_manifest_subscribes(
    manifest: Manifest, clock: SettableClock
) -> None:
    listening = replace(manifest, events=manifest.events | {"message.channels"})
    async with PlaygroundServer(listening, clock=clock) as server, RawSocket(server) as raw:
        await raw.receive()
        await server.person("ana").mentions("calls abc123")
        got = [await raw.receive(), await raw.receive()]
        for each in got:
            await raw.ack(each)
    inner = [each["payload"]["event"] for each in got]
    assert [each["type"] for each in inner] == ["app_mention", "message"]
    assert inner[0]["ts"] == inner[1]["ts"]
    assert inner[1]["channel_type"] == "channel"
