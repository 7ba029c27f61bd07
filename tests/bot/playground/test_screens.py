"""Shortcuts, modals and the Home tab with a bare Bolt app behind them, through Slack's own SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.deliveries import Delivery, Outcome, Timing
from bot.playground.manifest import parse_manifest
from bot.playground.models import Author
from bot.playground.screen_json import screen_json
from bot.playground.server import PlaygroundServer
from bot.playground.views import TROUBLE
from tests.bot.playground.conftest import BareBot, RawSocket, SettableClock, running
from tests.bot.playground.screen_samples import (
    MANIFEST,
    Json,
    actions,
    button,
    home,
    input_block,
    modal,
    plain,
    section,
    select,
)

WHERE = input_block("where", "Where to", {"type": "conversations_select", "response_url_enabled": True}, optional=True)
REPORT = modal(input_block(), WHERE, notify_on_close=True)


@dataclass
class Answers:
    """What the app answers to the next submissions, in this order, and everything it has heard."""

    queue: list[Json] = field(default_factory=list)
    heard: list[Json] = field(default_factory=list)
    opens: Json = field(default_factory=lambda: REPORT)

    def __call__(self, bot: BareBot) -> None:
        @bot.app.shortcut("report_global")
        @bot.app.shortcut("report_message")
        async def on_shortcut(ack: Any, body: Json, client: Any) -> None:
            await ack()
            self.heard.append(body)
            bot.later(client.views_open(trigger_id=body["trigger_id"], view=self.opens))

        @bot.app.view("report")
        async def on_submit(ack: Any, body: Json) -> None:
            self.heard.append(body)
            await ack(**(self.queue.pop(0) if self.queue else {}))

        @bot.app.view_closed("report")
        async def on_closed(ack: Any, body: Json) -> None:
            self.heard.append(body)
            await ack()

        @bot.app.action("press")
        @bot.app.action("domain")
        async def on_action(ack: Any, body: Json) -> None:
            self.heard.append(body)
            await ack()

        @bot.app.event("app_home_opened")
        async def on_home(event: Json, client: Any) -> None:
            self.heard.append(event)
            if event["tab"] == "home":
                bot.later(client.views_publish(user_id=event["user"], view=home(actions(button(), select()))))


@pytest.fixture
async def server(clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    async with PlaygroundServer(parse_manifest(MANIFEST), clock=clock) as server:
        yield server
    server.assert_no_violations()


@pytest.fixture
async def impatient(clock: SettableClock) -> AsyncIterator[PlaygroundServer]:
    async with PlaygroundServer(parse_manifest(MANIFEST), clock=clock, timing=Timing(0.2)) as server:
        yield server
    server.assert_no_violations()


async def done(delivery: Delivery | None) -> None:
    """Wait until the app has acknowledged."""
    assert delivery is not None
    assert await delivery.ended() is Outcome.ACKED


# -- shortcuts


async def test_a_global_shortcut_opens_a_modal(server: PlaygroundServer) -> None:
    ana, answers = server.person("ana"), Answers()
    async with running(server, answers):
        await done(await ana.uses_shortcut("Call report"))
        seen = await ana.sees_modal()
    assert seen.title == "Call report"
    assert [each.label for each in seen.inputs] == ["Who", "Where to"]
    assert answers.heard[0]["type"] == "shortcut"
    assert "channel" not in answers.heard[0]
    assert "response_url" not in answers.heard[0]


async def test_a_message_shortcut_tells_the_message_and_its_thread(server: PlaygroundServer) -> None:
    ana, ben, answers = server.person("ana"), server.person("ben"), Answers()
    parent = await ben.writes("calls fail", channel="#random-no-bot")
    reply = await ben.writes("for +46 70 000", channel="#random-no-bot", thread=parent.ts)
    async with running(server, answers):
        await done(await ana.uses_shortcut("report_message", message=reply))
        await ana.sees_modal()
    body = answers.heard[0]
    assert (body["type"], body["callback_id"]) == ("message_action", "report_message")
    assert (body["message"]["text"], body["message_ts"]) == ("for +46 70 000", reply.ts)
    assert (body["message"]["thread_ts"], body["message"]["user"]) == (parent.ts, ben.who.id)
    assert body["channel"] == {"id": "C0RANDOMNB", "name": "random-no-bot"}
    assert body["response_url"].startswith(server.url)


async def test_only_what_the_manifest_has_is_offered(server: PlaygroundServer) -> None:
    ana, ben = server.person("ana"), server.person("ben")
    message = await ben.writes("hello", channel="#voice-ops")
    for wanted, on in (("other", None), ("report_message", None), ("report_global", message)):
        with pytest.raises(LookupError):
            await ana.uses_shortcut(wanted, message=on)
    with pytest.raises(LookupError):
        await server.person("olga").uses_shortcut("report_global")


async def test_there_are_no_shortcuts_on_private_answers(server: PlaygroundServer) -> None:
    ana, workspace = server.person("ana"), server.workspace
    channel = workspace.channel("#voice-ops")
    workspace.post(channel, workspace.bot.id, Author.APP, "psst", viewer_id=ana.who.id)
    with pytest.raises(LookupError, match="only one person"):
        await ana.uses_shortcut("report_message", message=await ana.reads())
    secret = await ana.writes("a secret", channel="#private-with-bot")
    with pytest.raises(LookupError, match="does not see"):
        await server.person("kim").uses_shortcut("report_message", message=secret)


async def test_a_shortcut_that_nobody_answers_is_told_to_the_person(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    message = await ana.writes("down?", channel="#voice-ops")
    delivery = await ana.uses_shortcut("Add call report", message=message)
    assert await delivery.ended() is Outcome.NOBODY_THERE
    assert (await ana.reads(channel="#voice-ops")).text == 'Add call report failed with the error "dispatch_failed"'


# -- submitting


async def test_a_submission_tells_all_values_and_closes_the_modal(server: PlaygroundServer) -> None:
    ana, answers = server.person("ana"), Answers()
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        await ana.fills("Who", "a < b & c")
        await done(await ana.submits())
        assert ana.modal is None
    body = answers.heard[-1]
    assert body["type"] == "view_submission"
    assert body["view"]["state"]["values"] == {
        "who": {"who_field": {"type": "plain_text_input", "value": "a < b & c"}},
        "where": {"where_field": {"type": "conversations_select", "selected_conversation": None}},
    }
    assert body["response_urls"] == []
    assert body["user"]["id"] == ana.who.id


async def test_what_is_required_and_empty_never_reaches_the_app(server: PlaygroundServer) -> None:
    ana, answers = server.person("ana"), Answers()
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        assert await ana.submits() is None
        seen = await ana.sees_modal()
        assert seen.errors == {"Who": "Please complete this required field."}
        await ana.fills("Who", "abc123")
        assert ana.modal is not None
        assert ana.modal.errors == {}
    assert [each["type"] for each in answers.heard] == ["shortcut"]


async def test_errors_are_shown_in_place_and_what_was_typed_stays(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    answers = Answers([{"response_action": "errors", "errors": {"who": "No such user."}}])
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        await ana.fills("who", "abc124")
        await done(await ana.submits())
        seen = await ana.sees_modal()
        assert seen.input("Who").error == "No such user."
        assert seen.input("Who").value == "abc124"
        assert "No such user." in seen.all_text
        await done(await ana.submits())
        assert ana.modal is None


async def test_an_answer_can_update_push_and_clear(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    second, third = modal(section("Sure?"), title=plain("Sure")), modal(section("Really?"), title=plain("Really"))
    answers = Answers(
        [
            {"response_action": "update", "view": second},
            {"response_action": "push", "view": third},
            {"response_action": "clear"},
        ]
    )
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        first = await ana.sees_modal()
        await ana.fills("Who", "abc123")
        await ana.submits()
        updated = await ana.sees_modal()
        assert (updated.title, updated.id) == ("Sure", first.id)
        await ana.submits()
        pushed = await ana.sees_modal()
        assert (pushed.title, pushed.depth, pushed.view["previous_view_id"]) == ("Really", 2, first.id)
        await done(await ana.submits())
        assert ana.modal is None


async def test_a_submitted_modal_on_top_gives_way_to_the_one_below(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    answers = Answers([{"response_action": "push", "view": modal(section(), title=plain("Top"))}])
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        first = await ana.sees_modal()
        await ana.fills("Who", "abc123")
        await ana.submits()
        assert (await ana.sees_modal()).title == "Top"
        await done(await ana.submits())
        seen = await ana.sees_modal()
        assert (seen.id, seen.input("Who").value) == (first.id, "abc123")


WRONG_ANSWERS: dict[str, tuple[Json, str]] = {
    "an unknown action": ({"response_action": "close"}, "invalid_response_action"),
    "errors for a block that is no input": (
        {"response_action": "errors", "errors": {"who_field": "No."}},
        "unknown_error_block",
    ),
    "no errors": ({"response_action": "errors", "errors": {}}, "invalid_response_action"),
    "an error that says nothing": ({"response_action": "errors", "errors": {"who": ""}}, "invalid_response_action"),
    "a view with errors": (
        {"response_action": "errors", "errors": {"who": "No."}, "view": modal()},
        "invalid_response_action",
    ),
    "a home tab": ({"response_action": "update", "view": home()}, "invalid_arguments"),
    "a view too long": ({"response_action": "push", "view": modal(title=plain("x" * 25))}, "invalid_arguments"),
}


@pytest.mark.parametrize(("answer", "rule"), WRONG_ANSWERS.values(), ids=WRONG_ANSWERS.keys())
async def test_an_answer_slack_does_not_understand_is_trouble(
    server: PlaygroundServer, answer: Json, rule: str
) -> None:
    ana = server.person("ana")
    server.workspace.views.open(ana.who.id, REPORT, None)
    await ana.fills("Who", "abc123")
    # By hand: Bolt itself lets some of these never out.
    async with RawSocket(server) as raw:
        await raw.receive()
        delivery = await ana.submits()
        await raw.ack(await raw.receive(), answer)
        await done(delivery)
    seen = await ana.sees_modal()
    assert (seen.notice, seen.input("Who").value, seen.is_busy) == (TROUBLE, "abc123", False)
    assert [each.rule for each in server.journal.take_violations()] == [rule]


async def test_a_late_answer_is_trouble_and_nothing_typed_is_lost(impatient: PlaygroundServer) -> None:
    ana = impatient.person("ana")

    def never_answers(bot: BareBot) -> None:
        @bot.app.shortcut("report_global")
        async def on_shortcut(ack: Any, body: Json, client: Any) -> None:
            await ack()
            bot.later(client.views_open(trigger_id=body["trigger_id"], view=REPORT))

    async with running(impatient, never_answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        await ana.fills("Who", "abc123")
        delivery = await ana.submits()
        assert ana.modal is not None
        assert ana.modal.is_busy
        with pytest.raises(LookupError, match="waits"):
            await ana.submits()
        assert delivery is not None
        assert await delivery.ended() is Outcome.TIMED_OUT
        seen = await ana.sees_modal()
    assert (seen.notice, seen.input("Who").value) == (TROUBLE, "abc123")
    impatient.journal.take_violations("operation_timeout")


async def test_a_chosen_conversation_comes_with_a_response_url(server: PlaygroundServer) -> None:
    ana, ben, answers = server.person("ana"), server.person("ben"), Answers()
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        await ana.fills("Who", "abc123")
        await ana.fills("Where to", "#random-no-bot")
        await done(await ana.submits())
        (given,) = answers.heard[-1]["response_urls"]
        assert (given["block_id"], given["action_id"], given["channel_id"]) == ("where", "where_field", "C0RANDOMNB")
        await AsyncWebhookClient(given["response_url"]).send(text="all", response_type="in_channel")
        assert (await ben.reads(channel="#random-no-bot")).text == "all"


# -- closing


async def test_closing_is_told_where_the_app_asked_for_it(server: PlaygroundServer) -> None:
    ana, answers = server.person("ana"), Answers()
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        (delivery,) = await ana.closes()
        await done(delivery)
        assert ana.modal is None
    assert (answers.heard[-1]["type"], answers.heard[-1]["is_cleared"]) == ("view_closed", False)


@pytest.mark.parametrize("is_told_by_view", [True, False], ids=["clear_on_close", "the cross"])
async def test_the_whole_stack_can_be_closed(server: PlaygroundServer, *, is_told_by_view: bool) -> None:
    ana = server.person("ana")
    answers = Answers([{"response_action": "push", "view": modal(section(), clear_on_close=is_told_by_view)}])
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        await ana.fills("Who", "abc123")
        await ana.submits()
        await ana.sees_modal()
        (delivery,) = await ana.closes(everything=not is_told_by_view)
        await done(delivery)
        assert ana.modal is None
    assert (answers.heard[-1]["view"]["title"]["text"], answers.heard[-1]["is_cleared"]) == ("Call report", True)


async def test_without_notify_on_close_the_app_hears_nothing(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    server.workspace.views.open(ana.who.id, modal(), None)
    assert await ana.closes() == ()


# -- controls in views


async def test_a_button_in_a_modal_tells_the_view_and_no_channel(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    answers = Answers(opens=modal(input_block(), actions(button(), select())))
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        await ana.fills("Who", "abc123")
        await done(await ana.presses_in_modal("Press"))
        await done(await ana.fills("domain", "pstn"))
    pressed, chosen = answers.heard[-2:]
    assert pressed["container"] == {"type": "view", "view_id": pressed["view"]["id"]}
    assert not {"channel", "message", "response_url"} & set(pressed)
    assert pressed["view"]["state"]["values"]["who"]["who_field"]["value"] == "abc123"
    assert pressed["actions"][0]["value"] == "v"
    assert chosen["actions"][0]["selected_option"]["value"] == "pstn"
    assert chosen["view"]["state"]["values"]["actions"]["domain"]["selected_option"]["value"] == "pstn"


async def test_an_input_tells_at_once_only_when_asked_to(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    loud = input_block(
        "loud",
        "Loud",
        {"type": "static_select", "action_id": "domain", "options": [{"text": plain("data"), "value": "data"}]},
    )
    answers = Answers(opens=modal(input_block(), {**loud, "dispatch_action": True}))
    async with running(server, answers):
        await ana.uses_shortcut("Call report")
        await ana.sees_modal()
        assert await ana.fills("Who", "abc123") is None
        await done(await ana.fills("Loud", "data"))
    assert answers.heard[-1]["type"] == "block_actions"


async def test_a_control_that_nobody_answers_is_trouble(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    server.workspace.views.open(ana.who.id, modal(actions(button()), input_block()), None)
    delivery = await ana.presses_in_modal("press")
    assert await delivery.ended() is Outcome.NOBODY_THERE
    assert (await ana.sees_modal()).notice == TROUBLE


async def test_only_the_modal_on_the_screen_can_be_used(server: PlaygroundServer) -> None:
    ana, ben, views = server.person("ana"), server.person("ben"), server.workspace.views
    below = views.open(ana.who.id, modal(), None)
    views.push(below, modal(section()))
    for person, reason in ((ana, "on top"), (ben, "closed")):
        with pytest.raises(LookupError, match=reason):
            server.screens.submit(person.who, below.id)
    with pytest.raises(LookupError, match="no modal"):
        await ben.submits()
    with pytest.raises(LookupError, match="nothing called"):
        await ana.fills("Nobody", "x")


async def test_a_modal_without_submit_cannot_be_submitted(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    view = modal(section())
    del view["submit"]
    server.workspace.views.open(ana.who.id, view, None)
    with pytest.raises(LookupError, match="submit"):
        await ana.submits()


# -- the Home tab


async def test_opening_home_is_told_and_the_published_tab_is_seen(server: PlaygroundServer) -> None:
    ana, answers = server.person("ana"), Answers()
    async with running(server, answers):
        await ana.opens_home()
        seen = await ana.sees_home()
        assert [each.text for each in seen.buttons] == ["Press"]
        await done(await ana.presses_at_home("Press"))
        await done(await ana.chooses_at_home("domain", "pstn"))
        await ana.opens_home("messages")
        await server.events.last.ended() if server.events.last else None
    first, *_, last = answers.heard
    assert (first["tab"], first["channel"], "view" in first) == ("home", "D0ANALIND1", False)
    assert last["tab"] == "messages"
    assert [each["view"]["type"] for each in answers.heard[1:3]] == ["home", "home"]


async def test_an_opened_home_shows_the_app_what_it_published(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    server.workspace.views.publish(ana.who.id, home())
    async with running(server, Answers()):
        await ana.opens_home()
        last = server.events.last
        assert last is not None
        await last.ended()
    assert last.payload["event"]["view"]["callback_id"] == "home"


async def test_home_is_for_members_and_guests_of_this_workspace(server: PlaygroundServer) -> None:
    with pytest.raises(LookupError):
        await server.person("olga").opens_home()
    with pytest.raises(LookupError, match="no Home tab yet"):
        await server.person("gus").presses_at_home("Press")


# -- pages


async def test_a_page_gets_a_persons_screen_as_json(server: PlaygroundServer) -> None:
    ana, views = server.person("ana"), server.workspace.views
    assert screen_json(server.workspace, ana.who.id) == {"modals": [], "home": None}
    views.publish(ana.who.id, home())
    below = views.open(ana.who.id, modal(), "C0VOICEOPS")
    views.push(below, modal(input_block()))
    assert await ana.submits() is None
    shown = screen_json(server.workspace, ana.who.id)
    assert [each["errors"] for each in shown["modals"]] == [{}, {"who": "Please complete this required field."}]
    assert shown["home"]["view"]["type"] == "home"
    told = [entry.detail["what"] for entry in server.journal if entry.kind == "view"]
    assert told == ["published", "opened", "pushed", "errors"]


# -- waiting


async def test_who_waits_in_vain_is_told_what_happened(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    server.workspace.views.open(ana.who.id, modal(), None)
    await ana.sees_modal()
    with pytest.raises(AssertionError, match="modal report opened"):
        await ana.sees_modal(timeout_s=0.01)
    with pytest.raises(AssertionError, match="no other Home tab"):
        await ana.sees_home(timeout_s=0.01)


async def test_an_overflow_menu_at_home_tells_what_was_chosen(server: PlaygroundServer) -> None:
    ana, answers = server.person("ana"), Answers()
    options = [{"text": plain("Again"), "value": "again"}]
    more = {"type": "overflow", "action_id": "press", "options": options}
    server.workspace.views.publish(ana.who.id, home(section(accessory=more)))
    async with running(server, answers):
        await done(await ana.chooses_at_home("press", "Again"))
    assert answers.heard[0]["actions"][0]["selected_option"]["value"] == "again"


async def test_a_global_shortcut_that_fails_is_told_where_the_person_is(server: PlaygroundServer) -> None:
    ana, sam = server.person("ana"), server.person("sam")
    for person, where in ((ana, "#voice-ops"), (sam, "@sam")):
        delivery = await person.uses_shortcut("report_global")
        assert await delivery.ended() is Outcome.NOBODY_THERE
        seen = await person.reads()
        assert (seen.text, seen.channel) == ('Call report failed with the error "dispatch_failed"', where)


async def test_an_empty_acknowledgement_is_all_that_a_shortcut_takes(server: PlaygroundServer) -> None:
    async with RawSocket(server) as raw:
        await raw.receive()
        delivery = await server.person("ana").uses_shortcut("report_global")
        await raw.ack(await raw.receive(), {"text": "hi"})
        await done(delivery)
    assert len(server.journal.take_violations("unexpected_ack_payload")) == 1


async def test_seen_inputs_tell_what_a_person_reads(server: PlaygroundServer) -> None:
    ana = server.person("ana")
    element = {**select("range", "7 days", "30 days"), "placeholder": plain("Pick")}
    server.workspace.views.open(
        ana.who.id,
        modal(
            input_block("range", "Range", element, hint=plain("In your zone")),
            input_block("people", "People", {"type": "multi_users_select"}, optional=True),
        ),
        None,
    )
    await ana.fills("Pick", "30 days")
    await ana.fills("People", ["@ben", "@kim"])
    seen = await ana.sees_modal()
    chosen = seen.input("Range")
    assert (chosen.value, chosen.options, chosen.hint) == ("30 days", ("7 days", "30 days"), "In your zone")
    assert (chosen.placeholder, chosen.is_optional, seen.input("People").is_optional) == ("Pick", False, True)
    assert seen.input("People").value == ["@ben", "@kim"]
    with pytest.raises(LookupError, match="Range"):
        seen.input("Domain")
