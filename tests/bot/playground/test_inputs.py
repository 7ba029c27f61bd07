"""What people fill in: their words, what Slack holds of them, and what Slack's client complains of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.playground import inputs
from bot.playground.controls import initial_values, kept_values, state_of
from bot.playground.manifest import parse_manifest
from bot.playground.views import Change
from bot.playground.workspace import Workspace
from tests.bot.playground.conftest import SettableClock, at
from tests.bot.playground.screen_samples import MANIFEST, Json, actions, button, input_block, modal, option, select


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(parse_manifest(MANIFEST), SettableClock(at()))


def test_what_is_empty_is_told_as_null_or_as_an_empty_list() -> None:
    kinds = ("plain_text_input", "static_select", "checkboxes", "conversations_select", "datepicker", "number_input")
    blocks = [input_block(kind, element={"type": kind}) for kind in kinds]
    assert initial_values([*blocks, actions(button())]) == {
        "plain_text_input": {"plain_text_input_field": {"type": "plain_text_input", "value": None}},
        "static_select": {"static_select_field": {"type": "static_select", "selected_option": None}},
        "checkboxes": {"checkboxes_field": {"type": "checkboxes", "selected_options": []}},
        "conversations_select": {
            "conversations_select_field": {"type": "conversations_select", "selected_conversation": None}
        },
        "datepicker": {"datepicker_field": {"type": "datepicker", "selected_date": None}},
        "number_input": {"number_input_field": {"type": "number_input", "value": None}},
    }


@pytest.mark.parametrize(
    ("kind", "held"),
    [("conversations_select", "C1"), ("multi_conversations_select", ["C1"])],
)
def test_the_current_conversation_is_chosen_from_the_start(kind: str, held: object) -> None:
    block = input_block(element={"type": kind, "default_to_current_conversation": True})
    assert held in initial_values([block], "C1")["who"]["who_field"].values()
    assert held not in initial_values([block])["who"]["who_field"].values()


def test_a_changed_view_keeps_what_was_filled_in_where_nothing_moved() -> None:
    text, menu = input_block("text"), input_block("menu", element=select("menu_field"))
    filled = {
        "text": {"text_field": state_of(text["element"], "abc123")},
        "menu": {"menu_field": state_of(menu["element"], option("pstn"))},
    }
    assert kept_values(filled, [text, menu]) == filled
    shorter = input_block("menu", element=select("menu_field", "data"))
    renamed = input_block("other")
    assert kept_values(filled, [renamed, shorter]) == initial_values([renamed, shorter])


FILLED: dict[str, tuple[Json, object, object]] = {
    "text": ({"type": "plain_text_input"}, "a < b & c", "a < b & c"),
    "nothing typed": ({"type": "plain_text_input"}, "", None),
    "emptied": ({"type": "plain_text_input"}, None, None),
    "all unchosen": ({"type": "checkboxes", "options": [option("a")]}, None, []),
    "option by text": (select("m"), "pstn", option("pstn")),
    "option by value": (
        {"type": "radio_buttons", "options": [option("Seven days", "7d")]},
        "7d",
        option("Seven days", "7d"),
    ),
    "several": ({"type": "checkboxes", "options": [option("a"), option("b")]}, ["b", "a"], [option("b"), option("a")]),
    "channel": ({"type": "conversations_select"}, "#voice-ops", "C0VOICEOPS"),
    "channel she is not in": ({"type": "channels_select"}, "#random-no-bot", "C0RANDOMNB"),
    "direct": ({"type": "conversations_select"}, "@ana", "D0ANALIND1"),
    "person": ({"type": "users_select"}, "@ben", "U0BENCOLE2"),
    "people": ({"type": "multi_users_select"}, ["@ben"], ["U0BENCOLE2"]),
    "date": ({"type": "datepicker"}, "2014-04-28", "2014-04-28"),
    "instant": ({"type": "datetimepicker"}, datetime(2014, 4, 28, tzinfo=UTC), 1398643200),
}


@pytest.mark.parametrize(("control", "value", "held"), FILLED.values(), ids=FILLED.keys())
def test_words_become_what_slack_holds(workspace: Workspace, control: Json, value: object, held: object) -> None:
    ana = workspace.person("ana")
    workspace.direct(ana)
    assert inputs.held_from(workspace, ana, control, value) == held
    assert inputs.can_hold(workspace, ana, control, held)


@pytest.mark.parametrize(
    ("control", "held"),
    [
        ({"type": "plain_text_input"}, 7),
        (select("m"), option("other")),
        (select("m"), "pstn"),
        ({"type": "checkboxes", "options": [option("a")]}, option("a")),
        ({"type": "checkboxes", "options": [option("a")]}, None),
        ({"type": "conversations_select"}, "C0PRIVNOBT"),
        ({"type": "users_select"}, "U1"),
        ({"type": "datepicker"}, "2014-02-30"),
        ({"type": "timepicker"}, "9:00"),
        ({"type": "datetimepicker"}, "1398643200"),
    ],
)
def test_a_control_holds_nothing_that_slacks_client_could_not_put_there(
    workspace: Workspace, control: Json, held: object
) -> None:
    assert not inputs.can_hold(workspace, workspace.person("ben"), control, held)


@pytest.mark.parametrize(
    ("control", "value"),
    [
        (select("m"), "other"),
        ({"type": "conversations_select"}, "#archived"),
        ({"type": "conversations_select", "filter": {"include": ["private"]}}, "#voice-ops"),
        ({"type": "channels_select"}, "#private-with-bot"),
        ({"type": "conversations_select", "filter": {"exclude_external_shared_channels": True}}, "#shared-with-olga"),
        ({"type": "conversations_select", "filter": {"exclude_bot_users": True}}, "@ana"),
        ({"type": "users_select"}, "@dora"),
    ],
)
def test_what_is_not_offered_cannot_be_chosen(workspace: Workspace, control: Json, value: str) -> None:
    ana = workspace.person("ana")
    workspace.direct(ana)
    with pytest.raises(LookupError):
        inputs.held_from(workspace, ana, control, value)


def test_guests_choose_among_the_conversations_they_are_in(workspace: Workspace) -> None:
    offered = inputs.choosable(workspace, workspace.person("sam"), {"type": "conversations_select"})
    assert [each["text"] for each in offered] == ["#support"]


COMPLAINTS: dict[str, tuple[Json, Any, str]] = {
    "nothing": ({}, None, inputs.REQUIRED),
    "nothing chosen": (select("m"), None, inputs.REQUIRED),
    "none checked": ({"type": "checkboxes", "options": [option("a")]}, [], inputs.REQUIRED),
    "too short": ({"min_length": 3}, "ab", "Please write at least 3 characters."),
    "too long": ({"max_length": 3}, "abcd", "Please write at most 3 characters."),
    "no address": ({"type": "email_text_input"}, "ana", "Please enter a valid email address."),
    "no link": ({"type": "url_text_input"}, "example.com", "Please enter a valid URL."),
    "no number": ({"type": "number_input", "is_decimal_allowed": True}, "x", "Please enter a valid number."),
    "no whole number": ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "Please enter a valid number."),
    "too small": (
        {"type": "number_input", "is_decimal_allowed": True, "min_value": "2"},
        "1.5",
        "Please enter 2 or more.",
    ),
    "too large": (
        {"type": "number_input", "is_decimal_allowed": True, "max_value": "1"},
        "1.5",
        "Please enter 1 or less.",
    ),
    "too many": (
        {"type": "multi_users_select", "max_selected_items": 1},
        ["U1", "U2"],
        "Please choose at most 1.",
    ),
}


@pytest.mark.parametrize(("element", "held", "complaint"), COMPLAINTS.values(), ids=COMPLAINTS.keys())
def test_slacks_client_complains(workspace: Workspace, element: Json, held: Any, complaint: str) -> None:
    block = input_block(element=element)
    block["element"]["action_id"] = "field"
    view = workspace.views.open("U0ANALIND1", modal(block), None)
    values = {"who": {"field": state_of(block["element"], held)}}
    filled = workspace.views.change(view, Change.FILLED, values=values)
    assert inputs.client_errors(filled) == {"who": complaint}


@pytest.mark.parametrize(
    ("element", "held"),
    [
        ({"type": "email_text_input"}, "a@b.c"),
        ({"type": "url_text_input"}, "https://b.c"),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": "-2", "max_value": "0"}, "-1.5"),
        ({"min_length": 2, "max_length": 2}, "ab"),
    ],
)
def test_slacks_client_is_content(workspace: Workspace, element: Json, held: Any) -> None:
    block = input_block(element=element)
    view = workspace.views.open("U0ANALIND1", modal(block, input_block("more", optional=True)), None)
    values = {**view.values, "who": {"who_field": state_of(block["element"], held)}}
    assert inputs.client_errors(workspace.views.change(view, Change.FILLED, values=values)) == {}


def test_a_field_is_found_by_any_of_its_names(workspace: Workspace) -> None:
    element = {"placeholder": {"type": "plain_text", "text": "abc123"}}
    view = workspace.views.open("U0ANALIND1", modal(input_block(element=element)), None)
    for name in ("Who", "who", "who_field", "abc123"):
        assert inputs.find_field(view, name)[0]["block_id"] == "who"
    with pytest.raises(LookupError, match="Who"):
        inputs.find_field(view, "Whom")
