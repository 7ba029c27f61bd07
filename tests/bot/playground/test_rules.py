"""Block Kit's limits, each with the last value that passes and the first that does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground import rules, rules_blocks
from bot.playground.wire import Ids, RefusalError
from tests.bot.playground.conftest import at

Json = dict[str, Any]


def plain(length: int = 3) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int = 3) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def section(**fields: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain(), **fields}


def buttons(count: int) -> Json:
    return actions(*(button(action_id=f"a{number}") for number in range(count)))


def option(number: int = 0, **fields: Any) -> Json:
    return {"text": plain(), "value": str(number), **fields}


def options(count: int) -> list[Json]:
    return [option(number) for number in range(count)]


def menu(**fields: Any) -> Json:
    return actions({"type": "static_select", "options": options(2), **fields})


def confirm(**fields: Any) -> Json:
    return {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), **fields}


def image(**fields: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a chart", **fields}


def url(length: int) -> str:
    return "https://example.com/".ljust(length, "x")


def input_block(**fields: Any) -> Json:
    return {"type": "input", "label": plain(), "element": {"type": "plain_text_input"}, **fields}


def table(rows: int, columns: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def groups(count: int) -> list[Json]:
    return [{"label": plain(), "options": [option(number)]} for number in range(count)]


def card(**fields: Any) -> Json:
    return {"type": "card", "title": mrkdwn(), **fields}


def of_choices(kind: str, count: int) -> Json:
    return section(accessory={"type": kind, "options": options(count)})


LIMITS = {
    "50 blocks in a message": ([{"type": "divider"}] * 50, [{"type": "divider"}] * 51),
    "block_id of 255": (section(block_id="x" * 255), section(block_id="x" * 256)),
    "action_id of 255": (actions(button(action_id="x" * 255)), actions(button(action_id="x" * 256))),
    "section text of 3,000": (section(text=mrkdwn(3000)), section(text=mrkdwn(3001))),
    "section text not empty": (section(text=mrkdwn(1)), section(text=mrkdwn(0))),
    "a section has text or fields": ({"type": "section", "fields": [plain()]}, {"type": "section"}),
    "10 fields": (section(fields=[plain()] * 10), section(fields=[plain()] * 11)),
    "field of 2,000": (section(fields=[mrkdwn(2000)]), section(fields=[mrkdwn(2001)])),
    "header of 150": ({"type": "header", "text": plain(150)}, {"type": "header", "text": plain(151)}),
    "header is plain": ({"type": "header", "text": plain()}, {"type": "header", "text": mrkdwn()}),
    "10 context elements": (
        {"type": "context", "elements": [mrkdwn()] * 10},
        {"type": "context", "elements": [mrkdwn()] * 11},
    ),
    "a context is not empty": ({"type": "context", "elements": [plain()]}, {"type": "context", "elements": []}),
    "no button in a context": ({"type": "context", "elements": [image()]}, {"type": "context", "elements": [button()]}),
    "25 actions": (buttons(25), buttons(26)),
    "actions are not empty": (buttons(1), buttons(0)),
    "5 context actions": (
        {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain()}] * 5},
        {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain()}] * 6},
    ),
    "button text of 75": (actions(button(text=plain(75))), actions(button(text=plain(76)))),
    "button text is plain": (actions(button()), actions(button(text=mrkdwn()))),
    "button value of 2,000": (actions(button(value="x" * 2000)), actions(button(value="x" * 2001))),
    "button url of 3,000": (actions(button(url=url(3000))), actions(button(url=url(3001)))),
    "button label of 75": (
        actions(button(accessibility_label="x" * 75)),
        actions(button(accessibility_label="x" * 76)),
    ),
    "button style": (actions(button(style="danger")), actions(button(style="default"))),
    "image url of 3,000": (image(image_url=url(3000)), image(image_url=url(3001))),
    "image url is https": (image(), image(image_url="http://example.com/a.png")),
    "100 initial people": (
        actions({"type": "multi_users_select", "initial_users": ["U1"] * 100}),
        actions({"type": "multi_users_select", "initial_users": ["U1"] * 101}),
    ),
    "at least one to choose": (
        actions({"type": "multi_channels_select", "max_selected_items": 1}),
        actions({"type": "multi_channels_select", "max_selected_items": 0}),
    ),
    "known filter": (
        actions({"type": "multi_conversations_select", "filter": {"include": ["public"]}}),
        actions({"type": "multi_conversations_select", "filter": {"include": ["open"]}}),
    ),
    "image has one source": (image(), image(slack_file={"id": "F1"})),
    "slack_file has id or url": (
        {"type": "image", "alt_text": "a", "slack_file": {"id": "F1"}},
        {"type": "image", "alt_text": "a", "slack_file": {"id": "F1", "url": url(30)}},
    ),
    "image alt text of 2,000": (image(alt_text="x" * 2000), image(alt_text="x" * 2001)),
    "image title of 2,000": (image(title=plain(2000)), image(title=plain(2001))),
    "input label of 2,000": (input_block(label=plain(2000)), input_block(label=plain(2001))),
    "input hint of 2,000": (input_block(hint=plain(2000)), input_block(hint=plain(2001))),
    "plain_text_input of 3,000": (
        input_block(element={"type": "plain_text_input", "max_length": 3000}),
        input_block(element={"type": "plain_text_input", "max_length": 3001}),
    ),
    "100 options": (menu(options=options(100)), menu(options=options(101))),
    "options there are": (menu(), menu(options=[])),
    "options or groups": (
        actions({"type": "static_select", "option_groups": groups(1)}),
        menu(option_groups=groups(1)),
    ),
    "100 option groups": (
        actions({"type": "static_select", "option_groups": groups(100)}),
        actions({"type": "static_select", "option_groups": groups(101)}),
    ),
    "option text of 75": (menu(options=[option(text=plain(75))]), menu(options=[option(text=plain(76))])),
    "option value of 75": (menu(options=[option(value="x" * 75)]), menu(options=[option(value="x" * 76)])),
    "option description of 75": (
        menu(options=[option(description=plain(75))]),
        menu(options=[option(description=plain(76))]),
    ),
    "option values differ": (menu(options=options(2)), menu(options=[option(1), option(1)])),
    "initial option is one of them": (menu(initial_option=option(1)), menu(initial_option=option(2))),
    "placeholder of 150": (menu(placeholder=plain(150)), menu(placeholder=plain(151))),
    "5 overflow options": (of_choices("overflow", 5), of_choices("overflow", 6)),
    "an overflow option": (of_choices("overflow", 1), of_choices("overflow", 0)),
    "10 checkboxes": (of_choices("checkboxes", 10), of_choices("checkboxes", 11)),
    "10 radio buttons": (of_choices("radio_buttons", 10), of_choices("radio_buttons", 11)),
    "confirm title of 100": (
        actions(button(confirm=confirm(title=plain(100)))),
        actions(button(confirm=confirm(title=plain(101)))),
    ),
    "confirm text of 300": (
        actions(button(confirm=confirm(text=mrkdwn(300)))),
        actions(button(confirm=confirm(text=mrkdwn(301)))),
    ),
    "confirm buttons of 30": (
        actions(button(confirm=confirm(deny=plain(30)))),
        actions(button(confirm=confirm(deny=plain(31)))),
    ),
    "markdown of 12,000": ({"type": "markdown", "text": "x" * 12000}, {"type": "markdown", "text": "x" * 12001}),
    "markdown of 12,000 together": (
        [{"type": "markdown", "text": "x" * 6000}] * 2,
        [{"type": "markdown", "text": "x" * 6000}, {"type": "markdown", "text": "x" * 6001}],
    ),
    "100 table rows": (table(100, 1), table(101, 1)),
    "20 table columns": (table(1, 20), table(1, 21)),
    "one table": ([table(1, 1)], [table(1, 1), table(1, 1)]),
    "card title of 150": (card(title=mrkdwn(150)), card(title=mrkdwn(151))),
    "card subtitle of 150": (card(subtitle=mrkdwn(150)), card(subtitle=mrkdwn(151))),
    "card body of 200": (card(body=mrkdwn(200)), card(body=mrkdwn(201))),
    "a card shows something": (card(), {"type": "card", "subtitle": mrkdwn()}),
    "10 cards in a carousel": (
        {"type": "carousel", "elements": [card()] * 10},
        {"type": "carousel", "elements": [card()] * 11},
    ),
    "block ids differ": ([section(block_id="a"), section(block_id="b")], [section(block_id="a")] * 2),
    "action ids differ": (
        [actions(button(action_id="a")), actions(button(action_id="b"))],
        [actions(button(action_id="a")), section(accessory=button(action_id="a"))],
    ),
    "keys are known": (section(), section(colour="red")),
    "keys of elements are known": (actions(button()), actions(button(size="big"))),
    "required keys": (image(), {"type": "image", "image_url": url(30)}),
    "block types are known": ({"type": "divider"}, {"type": "data_table"}),
    "elements are known": (actions(button()), actions({"type": "teleporter"})),
    "texts are objects": (section(), section(text="plain words")),
    "flags are booleans": (section(text=mrkdwn() | {"verbatim": True}), section(text=mrkdwn() | {"verbatim": 1})),
    "an emoji flag is for plain text": (
        section(text=plain() | {"emoji": True}),
        section(text=mrkdwn() | {"emoji": True}),
    ),
    "rich text parts are known": (
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
        },
        {"type": "rich_text", "elements": [{"type": "text", "text": "a"}]},
    ),
}


def as_list(blocks: Json | list[Json]) -> list[Json]:
    return blocks if isinstance(blocks, list) else [blocks]


@pytest.mark.parametrize(("passing", "failing"), LIMITS.values(), ids=LIMITS.keys())
def test_the_last_value_passes_and_the_next_does_not(passing: Any, failing: Any) -> None:
    assert rules.problems(as_list(passing)) == []
    assert rules.problems(as_list(failing)) != []


@pytest.mark.parametrize(
    "broken", [None, "text", 3, {}, [None], [[]], [{}], [{"type": 3}], [{"type": "context", "elements": {}}]]
)
def test_nonsense_is_a_problem_and_never_an_exception(broken: Any) -> None:
    assert rules.problems(broken) != []


NAMES = st.sampled_from(
    (
        "type",
        "text",
        "elements",
        "options",
        "option_groups",
        "initial_option",
        "accessory",
        "block_id",
        "confirm",
        "rows",
    )
)
KINDS = st.sampled_from((*rules_blocks.BLOCKS, "button", "static_select", "plain_text", "mrkdwn", "rich_text_section"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_json_makes_the_rules_stumble(value: Any) -> None:
    for block in (value, {"type": "actions", "elements": [value]}, {"type": "section", "accessory": value}):
        rules.problems([block])


def test_a_problem_points_at_the_place_as_slack_does() -> None:
    found = rules.problems([section(), section(fields=[plain(), mrkdwn(2001)])])
    assert [str(each) for each in found] == [
        "[ERROR] must be less than 2001 characters [json-pointer:/blocks/1/fields/1/text]"
    ]


CONTENT = {
    "nothing": ({}, "no_text"),
    "only spaces": ({"text": "  "}, "no_text"),
    "no blocks and no text": ({"blocks": []}, "no_text"),
    "blocks that are no list": ({"text": "a", "blocks": {}}, "invalid_blocks_format"),
    "bad blocks": ({"text": "a", "blocks": [{"type": "x"}]}, "invalid_blocks"),
    "13,001 characters": (
        {"text": "a", "blocks": [section(text=mrkdwn(2600))] * 5 + [section(text=mrkdwn(1))]},
        "msg_blocks_too_long",
    ),
    "101 attachments": ({"text": "a", "attachments": [{}] * 101}, "too_many_attachments"),
    "metadata without payload": ({"text": "a", "metadata": {"event_type": "flip"}}, "invalid_metadata_format"),
    "metadata in capitals": (
        {"text": "a", "metadata": {"event_type": "Flip", "event_payload": {}}},
        "invalid_metadata_format",
    ),
    "objects in metadata": (
        {"text": "a", "metadata": {"event_type": "flip", "event_payload": {"a": [{}]}}},
        "invalid_metadata_schema",
    ),
    "much metadata": (
        {"text": "a", "metadata": {"event_type": "flip", "event_payload": {"a": "x" * 8000}}},
        "metadata_too_large",
    ),
}


@pytest.mark.parametrize(("body", "code"), CONTENT.values(), ids=CONTENT.keys())
def test_what_is_no_message_is_refused_with_slacks_code(body: Json, code: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        rules.check_content(body)
    assert refusal.value.code == code


def test_13000_characters_of_blocks_pass() -> None:
    rules.check_content({"text": "a", "blocks": [section(text=mrkdwn(2600))] * 5})


def test_metadata_of_flat_facts_passes() -> None:
    rules.check_content({"text": "a", "metadata": {"event_type": "flip_told", "event_payload": {"id": 7, "ids": [1]}}})


def test_blocks_are_stored_with_the_ids_and_defaults_slack_adds() -> None:
    stored = rules.content({"text": "a", "blocks": [actions(button())]}, Ids(at).next)["blocks"][0]
    assert stored["block_id"]
    assert stored["elements"][0]["action_id"]
    assert stored["elements"][0]["text"]["emoji"] is True
