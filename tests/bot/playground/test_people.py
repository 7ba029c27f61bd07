"""People at their clients: what they can do, what they see, and what a test is told when nothing comes."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.server import PlaygroundServer
from bot.playground.typed import MOBILE
from tests.bot.playground.conftest import acking

VOICE_OPS = "C0VOICEOPS"


def message(**fields: Any) -> dict[str, Any]:
    return {"channel": VOICE_OPS, "text": "fallback", **fields}


CONTROLS = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {
            "type": "button",
            "action_id": "go",
            "text": {"type": "plain_text", "text": "Go"},
            "value": "7",
            "style": "primary",
        },
        {
            "type": "static_select",
            "action_id": "pick",
            "placeholder": {"type": "plain_text", "text": "Pick"},
            "options": [
                {"text": {"type": "plain_text", "text": "One"}, "value": "1"},
                {"text": {"type": "plain_text", "text": "Two"}, "value": "2"},
            ],
        },
    ],
}


async def test_a_slash_command_is_not_for_threads(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    parent = await ana.writes("down?", channel="#voice-ops")
    assert await ana.types("/calls abc123", thread=parent.ts) is None
    seen = await ana.reads(thread=parent.ts)
    assert (seen.text, seen.is_from_slack) == ("/calls is not supported in threads. Sorry!", True)


async def test_a_command_outside_the_manifest_does_not_exist(server: PlaygroundServer) -> None:
    assert await server.person("ana").types("/deploy now") is None
    assert (await server.person("ana").reads()).text == "/deploy is not a valid command."


async def test_people_of_another_organisation_do_not_have_our_commands(server: PlaygroundServer) -> None:
    assert await server.person("olga").types("/calls abc123", channel="#shared-with-olga") is None


async def test_only_slash_commands_are_typed(server: PlaygroundServer) -> None:
    with pytest.raises(ValueError, match="slash"):
        await server.person("ana").types("calls abc123")


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("olga", "#voice-ops"),
        ("sam", "#voice-ops"),
        ("dora", "#general"),
        ("ana", "#archived"),
        ("kim", "#private-with-bot"),
    ],
)
async def test_nobody_writes_where_they_cannot(server: PlaygroundServer, name: str, channel: str) -> None:
    with pytest.raises(PermissionError):
        await server.person(name).writes("hello", channel=channel)


async def test_unknown_names_tell_the_known_ones(server: PlaygroundServer) -> None:
    with pytest.raises(LookupError, match="ana"):
        server.person("anna")
    with pytest.raises(LookupError, match="#voice-ops"):
        server.person("ana").screen("#voice-opps")


async def test_a_reader_who_waits_in_vain_is_shown_the_journal(server: PlaygroundServer) -> None:
    await server.person("ben").writes("hello", channel="#voice-ops")
    with pytest.raises(AssertionError, match="#voice-ops ben: 'hello'"):
        await server.person("ana").reads(timeout_s=0.01)


async def test_reading_one_channel_leaves_the_others_unread(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    await client.chat_postMessage(**message(text="first"))
    await client.chat_postMessage(**message(text="second", channel="C0SUPPORT1"))
    assert (await ana.reads(channel="#support")).text == "second"
    assert [each.text for each in ana.unread()] == ["first"]
    assert ana.unread() == []


async def test_a_message_that_changed_before_it_was_read_is_read_as_it_was_then(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    ana = server.person("ana")
    posted = await client.chat_postMessage(**message(text="one moment"))
    await client.chat_update(channel=VOICE_OPS, ts=posted["ts"], text="done")
    assert [(each.text, each.replaced) for each in ana.unread()] == [("one moment", False), ("done", True)]


async def test_all_text_is_what_a_reader_reads(server: PlaygroundServer, client: AsyncWebClient) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "<!here> &amp;"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "<https://a.de|abc> &lt;b&gt; <@U0BENCOLE2>"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "as of now"}]},
        CONTROLS,
        {"type": "image", "image_url": "https://a.de/a.png", "alt_text": "a chart"},
    ]
    await client.chat_postMessage(**message(blocks=blocks))
    seen = await server.person("ana").reads()
    lines = ["<!here> &amp;", "abc <b> @ben", "as of now", "Go", "Pick", "One", "Two", "a chart"]
    assert seen.all_text.split("\n") == lines
    assert seen.pings == ("U0BENCOLE2",)
    assert "fallback" not in repr(seen)


async def test_a_pressed_button_tells_everything_about_itself(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    parent = await client.chat_postMessage(**message())
    posted = await client.chat_postMessage(**message(thread_ts=parent["ts"], blocks=[CONTROLS]))
    seen = await ana.reads(thread=posted["ts"])
    async with acking(server):
        delivery = await ana.presses(seen, "Go")
        await delivery.ended()
    payload = delivery.payload
    action = payload["actions"][0]
    assert {name: action[name] for name in ("type", "action_id", "block_id", "value")} == {
        "type": "button",
        "action_id": "go",
        "block_id": "row",
        "value": "7",
    }
    assert action["action_ts"]
    assert payload["container"]["thread_ts"] == parent["ts"]
    assert payload["message"]["ts"] == posted["ts"]
    assert payload["user"]["id"] == ana.who.id
    assert payload["channel"] == {"id": VOICE_OPS, "name": "voice-ops"}
    assert payload["state"]["values"] == {"row": {"pick": {"type": "static_select", "selected_option": None}}}


async def test_a_private_message_is_named_and_not_shown_in_its_buttons_payload(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    ana = server.person("ana")
    await client.chat_postEphemeral(**message(user=ana.who.id, blocks=[CONTROLS]))
    async with acking(server):
        delivery = await ana.presses(await ana.reads(), "go")
        await delivery.ended()
    assert delivery.payload["container"]["is_ephemeral"] is True
    assert "message" not in delivery.payload


async def test_a_chosen_option_is_in_the_action_and_in_the_state(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    ana = server.person("ana")
    await client.chat_postMessage(**message(blocks=[CONTROLS]))
    seen = await ana.reads()
    async with acking(server):
        delivery = await ana.chooses(seen, "Pick", "Two")
        await delivery.ended()
    assert delivery.payload["actions"][0]["selected_option"]["value"] == "2"
    assert delivery.payload["state"]["values"]["row"]["pick"]["selected_option"]["value"] == "2"
    with pytest.raises(LookupError, match="One"):
        await ana.chooses(seen, "pick", "Three")


async def test_a_button_that_is_gone_cannot_be_pressed(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    posted = await client.chat_postMessage(**message(blocks=[CONTROLS]))
    seen = await ana.reads()
    with pytest.raises(LookupError, match="Go"):
        await ana.presses(seen, "Stop")
    await client.chat_update(channel=VOICE_OPS, ts=posted["ts"], text="a", blocks=[])
    with pytest.raises(LookupError):
        await ana.presses(seen, "Go")
    await client.chat_delete(channel=VOICE_OPS, ts=posted["ts"])
    with pytest.raises(LookupError):
        await ana.presses(seen, "Go")


async def test_a_button_that_is_not_acknowledged_tells_who_pressed_it(
    impatient: PlaygroundServer,
) -> None:
    client = AsyncWebClient(impatient.bot_token, base_url=impatient.api_url)
    await client.chat_postMessage(**message(blocks=[CONTROLS]))
    ana = impatient.person("ana")
    await ana.presses(await ana.reads(), "Go")
    assert (await ana.reads()).text == 'This app failed with the error "dispatch_failed"'


async def test_an_invited_bot_hears_mentions(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    async with acking(server):
        await ana.invites_bot("#random-no-bot")
        await ana.mentions("calls abc123", channel="#random-no-bot")
        assert server.events.last is not None
        await server.events.last.ended()


async def test_a_phone_changes_what_arrives(server: PlaygroundServer) -> None:
    kim = server.person("kim", MOBILE)
    own = await kim.mentions("calls +46701234567 last-7d")
    assert own.text == "<@U0CALLWBOT>\u00a0calls <tel:+46701234567|+46701234567> last–7d"
    await server.deliveries.close()
