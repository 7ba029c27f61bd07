"""views.* through the real SDK: triggers, stacks, hashes, external ids, and the Home tab."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground import seed
from bot.playground.manifest import parse_manifest
from bot.playground.server import PlaygroundServer
from bot.playground.wire import RefusalError
from tests.bot.playground.conftest import SettableClock, refused
from tests.bot.playground.screen_samples import MANIFEST, Json, home, input_block, modal, plain, section

ANA = "U0ANALIND1"


@pytest.fixture
async def server(clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    async with PlaygroundServer(parse_manifest(MANIFEST), clock=clock) as server:
        yield server
    server.assert_no_violations()


def trigger(server: PlaygroundServer, view_id: str | None = None) -> str:
    """A trigger id as a gesture of Ana's gives, inside a view or anywhere else."""
    ana, channel = server.workspace.person("ana"), server.workspace.channel("#voice-ops")
    return server.responses.give_trigger(ana, channel, view_id)


async def opened(server: PlaygroundServer, client: AsyncWebClient, **fields: Any) -> Json:
    """A modal on Ana's screen."""
    view: Json = (await client.views_open(trigger_id=trigger(server), view=modal(**fields)))["view"]
    return view


async def test_a_trigger_opens_a_modal_for_whoever_earned_it(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    view = await opened(server, client, private_metadata="m")
    seen = await ana.sees_modal()
    assert (seen.title, seen.submit, seen.close, seen.id) == ("Call report", "Share", "Cancel", view["id"])
    assert (seen.callback_id, seen.private_metadata, seen.depth) == ("report", "m", 1)
    assert ben.modal is None
    assert view["id"] == view["root_view_id"]
    assert view["previous_view_id"] is None
    assert view["state"] == {"values": {"who": {"who_field": {"type": "plain_text_input", "value": None}}}}
    assert (view["app_id"], view["bot_id"], view["team_id"]) == (seed.APP_ID, seed.BOT_ID, seed.TEAM_ID)


async def test_a_trigger_is_good_once_and_for_3_seconds(
    server: PlaygroundServer, client: AsyncWebClient, clock: SettableClock
) -> None:
    used, late = trigger(server), trigger(server)
    await client.views_open(trigger_id=used, view=modal())
    await refused(server, client.views_open(trigger_id=used, view=modal()), "exchanged_trigger_id")
    clock.move(seconds=3.1)
    await refused(server, client.views_open(trigger_id=late, view=modal()), "expired_trigger_id")
    await refused(server, client.views_open(trigger_id="1.2.3", view=modal()), "invalid_trigger_id")


async def test_a_view_that_is_refused_does_not_use_the_trigger_up(
    server: PlaygroundServer, client: AsyncWebClient
) -> None:
    given = trigger(server)
    wrong = modal(title=plain("x" * 25))
    answer = await refused(server, client.views_open(trigger_id=given, view=wrong), "invalid_arguments")
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    await client.views_open(trigger_id=given, view=modal())


async def test_two_more_modals_go_on_top_and_no_third(server: PlaygroundServer, client: AsyncWebClient) -> None:
    root = await opened(server, client)
    below = root
    for depth in (2, 3):
        pushed = await client.views_push(trigger_id=trigger(server, below["id"]), view=modal(title=plain(f"{depth}")))
        assert pushed["view"]["previous_view_id"] == below["id"]
        assert pushed["view"]["root_view_id"] == root["id"]
        below = pushed["view"]
        seen = await server.person("ana").sees_modal()
        assert (seen.title, seen.depth) == (f"{depth}", depth)
    call = client.views_push(trigger_id=trigger(server, below["id"]), view=modal())
    await refused(server, call, "push_limit_reached")


async def test_only_a_gesture_inside_an_open_modal_pushes(server: PlaygroundServer, client: AsyncWebClient) -> None:
    await refused(server, client.views_push(trigger_id=trigger(server), view=modal()), "not_found")
    view = await opened(server, client)
    await refused(server, client.views_open(trigger_id=trigger(server, view["id"]), view=modal()), "invalid_arguments")
    await server.person("ana").closes()
    await refused(server, client.views_push(trigger_id=trigger(server, view["id"]), view=modal()), "not_found")


async def test_a_modal_is_updated_by_id_or_external_id(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    view = await opened(server, client, external_id="report-1")
    assert (await ana.sees_modal()).title == "Call report"
    await client.views_update(view_id=view["id"], view=modal(title=plain("By id")))
    assert (await ana.sees_modal()).title == "By id"
    await client.views_update(external_id="report-1", view=modal(title=plain("By name")))
    seen = await ana.sees_modal()
    assert (seen.title, seen.id) == ("By name", view["id"])


async def test_what_was_filled_in_survives_an_update(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    view = await opened(server, client)
    await ana.fills("Who", "abc123")
    answer = await client.views_update(view_id=view["id"], view=modal(section(), input_block()))
    assert answer["view"]["state"]["values"]["who"]["who_field"]["value"] == "abc123"
    assert ana.modal is not None
    assert ana.modal.input("Who").value == "abc123"
    await client.views_update(view_id=view["id"], view=modal(input_block("other", "Who")))
    assert ana.modal.input("Who").value is None


async def test_an_old_hash_conflicts(server: PlaygroundServer, client: AsyncWebClient) -> None:
    view = await opened(server, client)
    fresh = (await client.views_update(view_id=view["id"], hash=view["hash"], view=modal()))["view"]
    call = client.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    await refused(server, call, "hash_conflict")
    await client.views_update(view_id=view["id"], hash=fresh["hash"], view=modal())


async def test_a_closed_modal_is_not_found(server: PlaygroundServer, client: AsyncWebClient) -> None:
    view = await opened(server, client)
    await server.person("ana").closes()
    await refused(server, client.views_update(view_id=view["id"], view=modal()), "not_found")


async def test_an_external_id_is_never_given_twice(server: PlaygroundServer, client: AsyncWebClient) -> None:
    view = await opened(server, client, external_id="one")
    call = client.views_push(trigger_id=trigger(server, view["id"]), view=modal(external_id="one"))
    await refused(server, call, "duplicate_external_id")
    await client.views_update(view_id=view["id"], view=modal(external_id="one"))
    await server.person("ana").closes()
    call = client.views_open(trigger_id=trigger(server), view=modal(external_id="one"))
    await refused(server, call, "duplicate_external_id")


async def test_a_home_tab_is_published_and_published_again(server: PlaygroundServer, client: AsyncWebClient) -> None:
    ana = server.person("ana")
    first = (await client.views_publish(user_id=ANA, view=home()))["view"]
    assert (await ana.sees_home()).texts == ("All quiet",)
    second = (await client.views_publish(user_id=ANA, hash=first["hash"], view=home(section("One is down"))))["view"]
    seen = await ana.sees_home()
    assert (seen.all_text, seen.id) == ("One is down", first["id"])
    assert second["hash"] != first["hash"]
    assert server.person("ben").home is None
    await refused(server, client.views_publish(user_id=ANA, hash=first["hash"], view=home()), "hash_conflict")


@pytest.mark.parametrize("user", ["U0UNKNOWN", "U0OLGAELSE", "U0DORAGONE", "U0DEPLOYBT"])
async def test_nobody_else_has_a_home_tab(server: PlaygroundServer, client: AsyncWebClient, user: str) -> None:
    await refused(server, client.views_publish(user_id=user, view=home()), "user_not_found")


WRONG: dict[str, tuple[Callable[[AsyncWebClient, str], Awaitable[Any]], str]] = {
    "a home as a modal": (lambda client, given: client.views_open(trigger_id=given, view=home()), "invalid_arguments"),
    "a modal as home": (lambda client, _: client.views_publish(user_id=ANA, view=modal()), "invalid_arguments"),
    "no trigger": (lambda client, _: client.views_open(view=modal()), "invalid_arguments"),
    "no such view": (lambda client, _: client.views_update(view_id="V1", view=modal()), "not_found"),
    "neither id": (lambda client, _: client.api_call("views.update", json={"view": modal()}), "invalid_arguments"),
    "an unknown argument": (
        lambda client, given: client.views_open(trigger_id=given, view=modal(), user_id=ANA),
        "invalid_arguments",
    ),
    "a view that is no JSON": (
        lambda client, given: client.api_call("views.open", params={"trigger_id": given, "view": "{"}),
        "invalid_view_format",
    ),
    "a file that is not there": (
        lambda client, given: client.views_open(
            trigger_id=given, view=modal({"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}})
        ),
        "invalid_arguments",
    ),
}


@pytest.mark.parametrize(("call", "code"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_call_is_refused(
    server: PlaygroundServer,
    client: AsyncWebClient,
    call: Callable[[AsyncWebClient, str], Awaitable[Any]],
    code: str,
) -> None:
    await refused(server, call(client, trigger(server)), code)
    assert server.person("ana").modal is None


async def test_without_a_home_tab_in_the_manifest_none_can_be_published(clock: SettableClock) -> None:
    bare = replace(parse_manifest(MANIFEST), has_home_tab=False, is_interactive=False)
    async with PlaygroundServer(bare, clock=clock) as server:
        client = AsyncWebClient(server.bot_token, base_url=server.api_url, retry_handlers=[])
        await refused(server, client.views_publish(user_id=ANA, view=home()), "not_enabled")
        await refused(server, client.views_open(trigger_id=trigger(server), view=modal()), "invalid_arguments")
        with pytest.raises(LookupError):
            await server.person("ana").opens_home()
        with pytest.raises(LookupError):
            await server.person("ana").uses_shortcut("report_global")


async def test_a_hundred_views_a_minute_and_no_more(server: PlaygroundServer, client: AsyncWebClient) -> None:
    for _ in range(100):
        await client.views_publish(user_id=ANA, view=home())
    answer = await refused(server, client.views_publish(user_id=ANA, view=home()), "ratelimited")
    assert answer.headers["Retry-After"] == "60"


def test_a_view_that_is_gone_cannot_be_changed(server: PlaygroundServer) -> None:
    views = server.workspace.views
    view = views.open(ANA, modal(), None)
    views.clear(ANA)
    with pytest.raises(LookupError):
        views.update(view, modal())
    with pytest.raises(RefusalError):
        server.responses.look_at_trigger("gone")
