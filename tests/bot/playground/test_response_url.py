"""response_urls as Slack keeps them: five uses in half an hour, private unless asked, replacing what they posted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground.responses import Responses
from bot.playground.server import PlaygroundServer
from bot.playground.wire import RefusalError
from tests.bot.playground.conftest import SettableClock, acking

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Ready"}}
BUTTON = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
}


async def command_url(server: PlaygroundServer, channel: str = "#voice-ops") -> str:
    """Type a command and return the response_url that the bot would have got."""
    delivery = await server.person("ana").types("/calls abc123", channel=channel)
    assert delivery is not None
    return str(delivery.payload["response_url"])


async def button_url(server: PlaygroundServer, *, is_public: bool) -> str:
    """Have the bot show a button, press it and return that press's response_url."""
    await post(
        await command_url(server), text="a", blocks=[BUTTON], response_type="in_channel" if is_public else "ephemeral"
    )
    ana = server.person("ana")
    delivery = await ana.presses(await ana.reads(channel="#voice-ops"), "go")
    return str(delivery.payload["response_url"])


async def post(url: str, **body: Any) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status, await answer.text()


async def refused(server: PlaygroundServer, url: str, code: str, status: int, **body: Any) -> None:
    answered, text = await post(url, **body)
    assert (answered, code in text) == (status, True)
    assert [each.rule for each in server.journal.take_violations(code)] == [code]


@pytest.fixture
async def quiet(server: PlaygroundServer) -> AsyncIterator[PlaygroundServer]:
    """A workspace whose bot acknowledges and says nothing: the test posts in its stead."""
    async with acking(server):
        yield server


async def test_an_answer_is_private_unless_said_otherwise(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet)
    assert await post(url, text="psst") == (200, "ok")
    assert [each.text for each in quiet.person("ben").screen()] == []
    assert await post(url, text="all", response_type="in_channel") == (200, "ok")
    assert [each.text for each in quiet.person("ben").screen()] == ["/calls abc123", "all"]


async def test_it_works_where_the_bot_is_no_member(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet, "#private-no-bot")
    assert await post(url, text="here") == (200, "ok")
    assert quiet.person("ana").screen("#private-no-bot")[-1].text == "here"


async def test_the_sixth_use_is_refused(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet)
    for number in range(5):
        assert (await post(url, text=str(number)))[0] == 200
    await refused(quiet, url, "used_url", 404, text="6")


async def test_it_ends_after_half_an_hour(quiet: PlaygroundServer, clock: SettableClock) -> None:
    url = await command_url(quiet)
    clock.move(minutes=30)
    assert (await post(url, text="just in time"))[0] == 200
    clock.move(seconds=1)
    await refused(quiet, url, "expired_url", 404, text="late")


async def test_a_url_never_given_is_expired(quiet: PlaygroundServer) -> None:
    await refused(quiet, f"{quiet.url}respond/commands/T0/none", "expired_url", 404, text="a")


BAD = {
    "no text": ({"text": ""}, "no_text"),
    "bad blocks": ({"text": "a", "blocks": [{"type": "section"}]}, "invalid_blocks"),
    "an unknown field": ({"text": "a", "colour": "red"}, "invalid_payload"),
    "an unknown response_type": ({"text": "a", "response_type": "loud"}, "invalid_payload"),
    "blocks as text": ({"text": "a", "blocks": "[]"}, "invalid_payload"),
    "a thread that is not there": ({"text": "a", "thread_ts": "1.000001"}, "thread_not_found"),
}


@pytest.mark.parametrize(("body", "code"), BAD.values(), ids=BAD.keys())
async def test_a_bad_post_is_refused_with_400(quiet: PlaygroundServer, body: dict[str, Any], code: str) -> None:
    await refused(quiet, await command_url(quiet), code, 400, **body)


async def test_a_body_that_is_no_json_is_refused(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet)
    async with aiohttp.ClientSession() as session, session.post(url, data=b"text=a") as answer:
        assert answer.status == 400
    quiet.journal.take_violations("invalid_payload")


async def test_a_commands_replacement_writes_over_its_last_answer(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet)
    await post(url, text=":hourglass_flowing_sand: asking", blocks=[SECTION])
    await post(url, text="done", replace_original=True)
    seen = quiet.person("ana").screen()[-1]
    assert (seen.text, seen.replaced, seen.blocks) == ("done", True, ())


async def test_a_replacement_before_any_answer_is_the_answer(quiet: PlaygroundServer) -> None:
    await post(await command_url(quiet), text="done", replace_original=True)
    assert quiet.person("ana").screen()[-1].text == "done"


async def test_delete_original_takes_the_answer_away(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet)
    await post(url, text="soon gone")
    assert "soon gone" in [each.text for each in quiet.person("ana").screen()]
    await post(url, delete_original=True)
    assert "soon gone" not in [each.text for each in quiet.person("ana").screen()]
    await refused(quiet, url, "message_not_found", 404, delete_original=True)


async def test_a_replacement_cannot_change_who_sees_it(quiet: PlaygroundServer) -> None:
    url = await command_url(quiet)
    await post(url, text="psst")
    await post(url, text="psst again", replace_original=True, response_type="in_channel")
    assert quiet.person("ben").screen() == []
    assert len(quiet.journal.take_violations("response_type_cannot_change")) == 1


@pytest.mark.parametrize("is_public", [True, False])
async def test_an_answer_to_a_button_replaces_the_message_it_is_on(quiet: PlaygroundServer, *, is_public: bool) -> None:
    url = await button_url(quiet, is_public=is_public)
    await post(url, text="b", replace_original=True)
    seen = quiet.person("ana").screen()[-1]
    assert (seen.text, seen.replaced, seen.is_ephemeral) == ("b", True, not is_public)


async def test_an_answer_to_a_button_can_stand_beside_it(quiet: PlaygroundServer) -> None:
    url = await button_url(quiet, is_public=True)
    await post(url, text="beside", replace_original=False)
    assert [each.text for each in quiet.person("ana").screen()][-2:] == ["a", "beside"]
    assert quiet.person("ben").screen()[-1].text == "a"


async def test_an_answer_to_a_button_must_say_which(quiet: PlaygroundServer) -> None:
    await post(await button_url(quiet, is_public=True), text="b")
    assert len(quiet.journal.take_violations("replace_original_unsaid")) == 1


async def test_a_public_answer_can_go_into_a_thread(quiet: PlaygroundServer) -> None:
    parent = await quiet.person("ben").writes("down?", channel="#voice-ops")
    await post(
        await command_url(quiet), text="up", response_type="in_channel", thread_ts=parent.ts, replace_original=False
    )
    assert quiet.person("ben").screen(thread=parent.ts)[-1].text == "up"


def test_a_trigger_id_opens_one_view_within_3_seconds(server: PlaygroundServer, clock: SettableClock) -> None:
    responses: Responses = server.responses
    ana = server.workspace.person("ana")
    used, late = responses.give_trigger(ana), responses.give_trigger(ana)
    assert responses.look_at_trigger(used).person is ana
    responses.look_at_trigger(used).spend()
    clock.move(seconds=3.1)
    for trigger_id, code in ((used, "exchanged_trigger_id"), (late, "expired_trigger_id"), ("?", "invalid_trigger_id")):
        with pytest.raises(RefusalError, match=code):
            responses.look_at_trigger(trigger_id)
