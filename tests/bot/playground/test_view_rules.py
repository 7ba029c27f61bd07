"""Slack's limits on modals and Home tabs, each with the last value that passes and the first that does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground import rules, rules_views
from bot.playground.wire import RefusalError
from tests.bot.playground.screen_samples import (
    Json,
    actions,
    button,
    home,
    input_block,
    modal,
    option,
    plain,
    section,
    select,
)


def conversations(**fields: Any) -> Json:
    return {"type": "conversations_select", "action_id": "where", **fields}


def typed(**fields: Any) -> Json:
    return modal(input_block(element=fields))


def focused(count: int) -> Json:
    return modal(*(input_block(f"b{number}", element={"focus_on_load": True}) for number in range(count)))


def without(view: Json, name: str) -> Json:
    return {key: value for key, value in view.items() if key != name}


FIELD: Json = {"type": "number_input", "is_decimal_allowed": False}
LIMITS: dict[str, tuple[Json, Json]] = {
    "title of 24": (modal(title=plain("x" * 24)), modal(title=plain("x" * 25))),
    "a modal has a title": (modal(), without(modal(), "title")),
    "title is plain": (modal(), modal(title={"type": "mrkdwn", "text": "x"})),
    "submit of 24": (modal(submit=plain("x" * 24)), modal(submit=plain("x" * 25))),
    "close of 24": (modal(close=plain("x" * 24)), modal(close=plain("x" * 25))),
    "inputs need submit": (without(modal(section()), "submit"), without(modal(), "submit")),
    "private_metadata of 3,000": (modal(private_metadata="x" * 3000), modal(private_metadata="x" * 3001)),
    "callback_id of 255": (modal(callback_id="x" * 255), modal(callback_id="x" * 256)),
    "external_id of 255": (modal(external_id="x" * 255), modal(external_id="x" * 256)),
    "100 blocks": (modal(*[section()] * 100), modal(*[section()] * 101)),
    "100 blocks at home": (home(*[section()] * 100), home(*[section()] * 101)),
    "a view has blocks": (home(), without(home(), "blocks")),
    "blocks are not empty": (home(), {"type": "home", "blocks": []}),
    "no unknown fields": (modal(clear_on_close=True, notify_on_close=False), modal(submit_disabled=True)),
    "flags are booleans": (modal(clear_on_close=True), modal(clear_on_close="true")),
    "a home tab has no title": (home(), home(title=plain())),
    "type modal or home": (home(), {**home(), "type": "page"}),
    "no markdown block": (home(), home({"type": "markdown", "text": "x"})),
    "no table": (home(), home({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]})),
    "inputs at home are fine, files are not": (
        home(input_block()),
        home(input_block(element={"type": "file_input"})),
    ),
    "10 files in a modal": (
        modal(input_block(element={"type": "file_input", "max_files": 10})),
        modal(input_block(element={"type": "file_input", "max_files": 11})),
    ),
    "block_id once": (modal(input_block("a"), input_block("b")), modal(input_block("a"), input_block("a"))),
    "action_id once": (
        modal(actions(button("a"), button("b"))),
        modal(actions(button("a")), section(accessory=button("a"))),
    ),
    "one focus_on_load": (focused(1), focused(2)),
    "label of 2,000": (modal(input_block(label="x" * 2000)), modal(input_block(label="x" * 2001))),
    "hint of 2,000": (modal(input_block(hint=plain("x" * 2000))), modal(input_block(hint=plain("x" * 2001)))),
    "max_length of 3,000": (typed(max_length=3000), typed(max_length=3001)),
    "min_length up to max_length": (typed(min_length=5, max_length=5), typed(min_length=6, max_length=5)),
    "initial_value up to max_length": (
        typed(initial_value="x" * 5, max_length=5),
        typed(initial_value="x" * 6, max_length=5),
    ),
    "a number says whether decimals": (modal(input_block(element=FIELD)), typed(type="number_input")),
    "placeholder of 150": (typed(placeholder=plain("x" * 150)), typed(placeholder=plain("x" * 151))),
    "a date is ISO": (
        typed(type="datepicker", initial_date="2014-04-28"),
        typed(type="datepicker", initial_date="28.04.2014"),
    ),
    "a date exists": (
        typed(type="datepicker", initial_date="2014-02-28"),
        typed(type="datepicker", initial_date="2014-02-30"),
    ),
    "a time is 24 h": (
        typed(type="timepicker", initial_time="23:59"),
        typed(type="timepicker", initial_time="24:00"),
    ),
    "100 options": (
        modal(input_block(element=select("a", *map(str, range(100))))),
        modal(input_block(element=select("a", *map(str, range(101))))),
    ),
    "initial option among the options": (
        modal(input_block(element=select("a", initial_option=option("data")))),
        modal(input_block(element=select("a", initial_option=option("other")))),
    ),
    "response_url_enabled in inputs only": (
        modal(input_block(element=conversations(response_url_enabled=True))),
        modal(actions(conversations(response_url_enabled=True))),
    ),
    "response_url_enabled in modals only": (
        home(input_block(element=conversations())),
        home(input_block(element=conversations(response_url_enabled=True))),
    ),
    "no button as an input": (modal(input_block()), modal(input_block(element=button()))),
}


@pytest.mark.parametrize(("passing", "failing"), LIMITS.values(), ids=LIMITS.keys())
def test_the_last_value_passes_and_the_next_does_not(passing: Json, failing: Json) -> None:
    assert rules_views.problems(passing) == []
    assert rules_views.problems(failing) != []


def test_a_problem_is_told_with_a_pointer_into_the_view() -> None:
    with pytest.raises(RefusalError) as error:
        rules_views.check_view(modal(title=plain("x" * 25)), "modal")
    assert error.value.code == "invalid_arguments"
    assert error.value.messages == ("[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",)


@pytest.mark.parametrize("view", [None, [], "view", {}, {"type": 7}, {"type": "modal", "blocks": "none"}])
def test_what_is_no_view_at_all_is_refused(view: Any) -> None:
    with pytest.raises(RefusalError, match="invalid_arguments"):
        rules_views.check_view(view, "modal")


NAMES = st.sampled_from(("type", "title", "blocks", "element", "elements", "text", "options", "focus_on_load"))
KINDS = st.sampled_from(("modal", "home", "input", "section", "actions", "plain_text", "conversations_select"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_json_makes_the_rules_stumble(value: Any) -> None:
    for view in (value, modal(value), home(value), {"type": "modal", "blocks": value}):
        rules_views.problems(view)


def test_each_method_takes_its_own_surface() -> None:
    rules_views.check_view(home(), "home")
    for view, surface in ((home(), "modal"), (modal(), "home")):
        with pytest.raises(RefusalError, match="invalid_arguments"):
            rules_views.check_view(view, surface)


def test_a_view_above_250_kilobytes_is_too_large() -> None:
    blocks = [section("x" * 3000) for _ in range(90)]
    with pytest.raises(RefusalError, match="view_too_large"):
        rules_views.check_view(modal(*blocks), "modal")


@pytest.mark.parametrize(
    "block",
    [
        input_block(element={"type": "file_input"}),
        input_block(element=conversations(response_url_enabled=True)),
    ],
    ids=["file_input", "response_url_enabled"],
)
def test_what_belongs_into_modals_is_refused_in_messages(block: Json) -> None:
    assert rules.problems([block]) != []
