"""What people fill into a view's controls: in their words, as Slack holds it, and what Slack's client complains of."""

from __future__ import annotations

import re
from datetime import datetime

from bot.playground.controls import all_options, controls, held_in, holds_many
from bot.playground.models import Channel, ChannelKind, Person
from bot.playground.rules_shapes import Problem, written_as
from bot.playground.views import View
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

#: What Slack's client says; the first is its own wording, the others tell the same as its own.
REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")
_TYPED = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
_PLACES_AND_PEOPLE = ("conversations_select", "channels_select", "users_select")
_FILTERS = {ChannelKind.PUBLIC: "public", ChannelKind.PRIVATE: "private", ChannelKind.IM: "im"}


def find_field(view: View, what: str) -> tuple[Json, Json]:
    """Return the block and the control that a person means: by label, block_id, action_id or placeholder.

    Raises LookupError naming those there are.
    """
    found = []
    for block in view.blocks:
        for control in controls(block):
            placeholder = control.get("placeholder", {}).get("text", "")
            names = (block.get("label", {}).get("text", ""), block["block_id"], control["action_id"], placeholder)
            if what and what in names:
                return block, control
            found.append(names[0] or control["action_id"])
    raise LookupError(f"there is nothing called {what!r} to fill in; there are {found}")


def held_from(workspace: Workspace, person: Person, control: Json, value: object) -> object:
    """Return what a control holds when `person` chooses or types `value`, as people say it.

    Options go by text or value, conversations as `#voice-ops`, people as `@ben`, dates as ISO text; a list for controls
    that hold many; None empties. Raises LookupError for what cannot be chosen.
    """
    if value is None:
        return [] if holds_many(control) else None
    if holds_many(control):
        values = value if isinstance(value, list | tuple) else [value]
        return [_one(workspace, person, control, each) for each in values]
    return _one(workspace, person, control, value)


def _one(workspace: Workspace, person: Person, control: Json, value: object) -> object:
    kind: str = control["type"]
    if kind in _TYPED:
        return str(value) or None
    if kind == "datetimepicker":
        return int(value.timestamp()) if isinstance(value, datetime) else value
    if kind in ("datepicker", "timepicker"):
        return str(value)
    if kind.endswith(_PLACES_AND_PEOPLE):
        wanted = str(value).lstrip("#@")
        for each in choosable(workspace, person, control):
            if wanted in (each["value"], each["text"].lstrip("#@")):
                return each["value"]
        raise LookupError(f"{value!r} cannot be chosen by {person.name}")
    for option in all_options(control):
        if value in (option["value"], option["text"]["text"], option):
            return option
    raise LookupError(f"no option {value!r}; there are {[each['text']['text'] for each in all_options(control)]}")


def can_hold(workspace: Workspace, person: Person, control: Json, held: object) -> bool:
    """Tell whether `held` is something that Slack's client could have put into the control for `person`."""
    if holds_many(control):
        return isinstance(held, list) and all(_can_hold(workspace, person, control, each) for each in held)
    return held is None or _can_hold(workspace, person, control, held)


def _can_hold(workspace: Workspace, person: Person, control: Json, held: object) -> bool:
    kind: str = control["type"]
    if kind.endswith(_PLACES_AND_PEOPLE):
        return held in [each["value"] for each in choosable(workspace, person, control)]
    match kind:
        case "datepicker":
            return _is_written_as("%Y-%m-%d", held)
        case "timepicker":
            return _is_written_as("%H:%M", held)
        case "datetimepicker":
            return isinstance(held, int) and not isinstance(held, bool)
    return isinstance(held, str) if kind in _TYPED else held in all_options(control)


def _is_written_as(pattern: str, held: object) -> bool:
    found: list[Problem] = []
    written_as(pattern)(held, "", found)
    return not found


def choosable(workspace: Workspace, person: Person, control: Json) -> list[Json]:
    """Return what a menu of people or conversations offers to `person`: `{"value": id, "text": "#voice-ops"}` each."""
    kind: str = control["type"]
    if kind.endswith("users_select"):
        people = (each for each in workspace.people.values() if not each.is_deleted)
        return [{"value": each.id, "text": f"@{each.name}"} for each in people]
    chosen: Json = control.get("filter", {})
    include = chosen.get("include", ["public"] if kind.endswith("channels_select") else list(_FILTERS.values()))
    return [
        {"value": each.id, "text": each.label}
        for each in workspace.channels.values()
        if _FILTERS[each.kind] in include
        and not each.is_archived
        and _is_open_to(each, person)
        and not (chosen.get("exclude_external_shared_channels") and each.is_ext_shared)
        and not (chosen.get("exclude_bot_users") and _is_with_bot(workspace, each))
    ]


def client_errors(view: View) -> dict[str, str]:
    """Return what Slack's client itself finds wrong with what was filled in, by block_id."""
    errors = {}
    for block in view.blocks:
        if block["type"] != "input":
            continue
        state = view.values.get(block["block_id"], {}).get(block["element"]["action_id"])
        told = _complaint(block, held_in(state)) if state is not None else ""
        if told:
            errors[block["block_id"]] = told
    return errors


def _complaint(block: Json, held: object) -> str:
    control = block["element"]
    if held in (None, "", []):
        return "" if block.get("optional") else REQUIRED
    most = control.get("max_selected_items")
    if isinstance(held, list) and most is not None and len(held) > most:
        return f"Please choose at most {most}."
    return _complaint_of_text(control, held) if isinstance(held, str) else ""


def _complaint_of_text(control: Json, text: str) -> str:
    match control["type"]:
        case "plain_text_input":
            if len(text) < control.get("min_length", 0):
                return f"Please write at least {control['min_length']} characters."
            if len(text) > control.get("max_length", 3000):
                return f"Please write at most {control.get('max_length', 3000)} characters."
        case "email_text_input" if not _EMAIL.fullmatch(text):
            return "Please enter a valid email address."
        case "url_text_input" if not _URL.fullmatch(text):
            return "Please enter a valid URL."
        case "number_input":
            return _complaint_of_number(control, text)
    return ""


def _complaint_of_number(control: Json, text: str) -> str:
    digits = r"-?\d+(\.\d+)?" if control["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(digits, text, re.ASCII):
        return "Please enter a valid number."
    if "min_value" in control and float(text) < float(control["min_value"]):
        return f"Please enter {control['min_value']} or more."
    if "max_value" in control and float(text) > float(control["max_value"]):
        return f"Please enter {control['max_value']} or less."
    return ""


def _is_open_to(channel: Channel, person: Person) -> bool:
    """Tell whether `person` can find a conversation: guests only what they are in, others public channels too."""
    is_guest = person.is_restricted or person.is_stranger
    return person.id in channel.members or (channel.kind is ChannelKind.PUBLIC and not is_guest)


def _is_with_bot(workspace: Workspace, channel: Channel) -> bool:
    return channel.kind is ChannelKind.IM and any(workspace.people[each].is_bot for each in channel.members)
