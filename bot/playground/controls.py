"""What the controls of messages and views hold, in the words of Slack's `state`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.playground.wire import Json

#: What each control with a memory calls the thing it holds, and where it has it from at first.
HELD = {
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
}


def controls(block: Json) -> Iterator[Json]:
    """Yield what can be used in a block as Slack stores it."""
    for control in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
        if isinstance(control, dict) and "action_id" in control:
            yield control


def find_control(blocks: Sequence[Json], action_id: str, block_id: str | None = None) -> tuple[Json, Json]:
    """Return the block and the control in it with this action_id. Raises LookupError."""
    for block in blocks:
        for control in controls(block):
            if control["action_id"] == action_id and block_id in (None, block["block_id"]):
                return block, control
    raise LookupError(f"there is no {action_id!r} here")


def action_of(block: Json, control: Json) -> Json:
    """Return the fields of an action that the used control itself tells."""
    told: Json = {name: control[name] for name in ("value", "text", "url", "placeholder") if name in control}
    return {"type": control["type"], "action_id": control["action_id"], "block_id": block["block_id"], **told}


def holds_many(control: Json) -> bool:
    """Tell whether a control holds a list."""
    return HELD.get(control["type"], ("", ""))[0] in (
        "selected_options",
        "selected_conversations",
        "selected_channels",
        "selected_users",
    )


def state_of(control: Json, held: object) -> Json:
    """Return the state of a control that holds `held`; one that holds nothing says null, or an empty list."""
    empty: object = [] if holds_many(control) else None
    return {"type": control["type"], HELD[control["type"]][0]: empty if held is None else held}


def held_in(state: Json) -> object:
    """Return what a state tells that its control holds."""
    return state[HELD[state["type"]][0]]


def initial_values(blocks: Sequence[Json], channel_id: str | None = None) -> Json:
    """Return what the controls of blocks hold at first, by block_id and action_id, the empty ones included.

    `channel_id` is the conversation the person is in, for `default_to_current_conversation`.
    """
    values: Json = {}
    for block in blocks:
        for control in controls(block):
            if control["type"] in HELD:
                held = control.get(HELD[control["type"]][1])
                if held is None and control.get("default_to_current_conversation") and channel_id is not None:
                    held = [channel_id] if holds_many(control) else channel_id
                values.setdefault(block["block_id"], {})[control["action_id"]] = state_of(control, held)
    return values


def state_values(blocks: Sequence[Json], action: Json) -> Json:
    """Return what the controls of a message hold; the one of `action` holds what was chosen."""
    values = initial_values(blocks)
    state = values.get(action["block_id"], {}).get(action["action_id"])
    if state is not None:
        held = HELD[state["type"]][0]
        state[held] = action.get(held, state[held])
    return values


def kept_values(before: Json, blocks: Sequence[Json], channel_id: str | None = None) -> Json:
    """Return what the controls of changed `blocks` hold: what was filled in before, where block and control stayed.

    A chosen option that is no longer there is forgotten. Source: docs.slack.dev/surfaces/modals, "Updating views".
    """
    values = initial_values(blocks, channel_id)
    for block in blocks:
        for control in controls(block):
            filled = before.get(block["block_id"], {}).get(control["action_id"])
            if filled is not None and filled["type"] == control["type"] and _still_there(control, filled):
                values[block["block_id"]][control["action_id"]] = filled
    return values


def all_options(control: Json) -> list[Json]:
    """Return the options of a menu or a choice, those in groups too."""
    return [
        *control.get("options", ()),
        *(each for group in control.get("option_groups", ()) for each in group["options"]),
    ]


def _still_there(control: Json, filled: Json) -> bool:
    held = held_in(filled)
    options = all_options(control)
    if not options:
        return True
    return all(each in options for each in (held if isinstance(held, list) else [held]) if each is not None)
