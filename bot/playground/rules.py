"""Slack's limits on what a message carries, checked on raw JSON; shares no code with the bot's own builders.

`check_content` raises as Slack answers; `problems` lists everything wrong with blocks without raising.
Source: docs.slack.dev/reference/methods/chat.postMessage and /reference/block-kit; slackapi/bolt-js#2509 for the total.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bot.playground.rules_blocks import check_blocks, walk_texts
from bot.playground.rules_shapes import Problem
from bot.playground.rules_views import misplaced
from bot.playground.wire import Json, RefusalError

#: Slack cuts text here.
MAX_TEXT = 40_000
#: markdown_text is refused above this.
MAX_MARKDOWN_TEXT = 12_000
#: Longer text is refused by chat.update.
MAX_UPDATED_TEXT = 4_000
#: Characters over all blocks of a message; undocumented, seen at about 13,200.
MAX_BLOCK_CHARACTERS = 13_000
MAX_MESSAGE_BLOCKS = 50
MAX_ATTACHMENTS = 100
#: Slack does not publish its cap on metadata; this is ours.
MAX_METADATA_BYTES = 8_000

#: Elements that send something when used.
INTERACTIVE = frozenset(
    (
        "button",
        "static_select",
        "external_select",
        "users_select",
        "conversations_select",
        "channels_select",
        "multi_static_select",
        "multi_users_select",
        "multi_conversations_select",
        "multi_channels_select",
        "overflow",
        "checkboxes",
        "radio_buttons",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "plain_text_input",
        "email_text_input",
        "url_text_input",
        "number_input",
        "file_input",
    )
)


def problems(blocks: Any) -> list[Problem]:
    """Return all that is wrong with the blocks of a message, each with a JSON pointer."""
    found = check_blocks(blocks, "/blocks", limit=MAX_MESSAGE_BLOCKS)
    if isinstance(blocks, list):
        found += misplaced(blocks, "/blocks", "message")
    return found


def check_content(body: Json, *, status: int = 200) -> None:
    """Raise RefusalError (`no_text`, `invalid_blocks`, `msg_blocks_too_long`, …) when `body` cannot be a message."""
    blocks = body.get("blocks")
    attachments = body.get("attachments") or []
    text = body.get("text") or ""
    if not str(text).strip() and not blocks and not attachments:
        raise RefusalError("no_text", status=status)
    if blocks is not None:
        check_message_blocks(blocks, status=status)
    if len(attachments) > MAX_ATTACHMENTS:
        raise RefusalError("too_many_attachments", status=status)
    if body.get("metadata") is not None:
        check_metadata(body["metadata"], status=status)


def check_message_blocks(blocks: Any, *, status: int = 200) -> None:
    """Raise RefusalError when Slack would refuse these blocks in a message."""
    if not isinstance(blocks, list):
        raise RefusalError("invalid_blocks_format", status=status)
    found = problems(blocks)
    if found:
        raise RefusalError("invalid_blocks", messages=tuple(str(each) for each in found), status=status)
    if sum(len(each.text) for each in walk_texts(blocks)) > MAX_BLOCK_CHARACTERS:
        raise RefusalError("msg_blocks_too_long", status=status)


def check_metadata(metadata: Any, *, status: int = 200) -> None:
    """Raise RefusalError unless `metadata` is `{event_type, event_payload}`, flat enough and small enough."""
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise RefusalError("invalid_metadata_format", status=status)
    event_type, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(event_type, str) or not event_type or not isinstance(payload, dict):
        raise RefusalError("invalid_metadata_format", status=status)
    if event_type != event_type.lower() or not event_type.replace("_", "").isalnum():
        raise RefusalError("invalid_metadata_format", messages=("event_type is snake_case",), status=status)
    for value in payload.values():
        if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
            raise RefusalError("invalid_metadata_schema", messages=("no arrays of objects",), status=status)
    if len(json.dumps(metadata).encode()) > MAX_METADATA_BYTES:
        raise RefusalError("metadata_too_large", status=status)


def content(body: Json, fresh_id: Callable[[str], str]) -> Json:
    """Return the fields of a `Message` that `body` sets: text cut as Slack does, blocks with the ids they lack."""
    fields: Json = {"text": str(body.get("text") or "")[:MAX_TEXT]}
    if body.get("blocks") is not None:
        fields["blocks"] = tuple(completed(block, fresh_id) for block in body["blocks"])
    if body.get("attachments") is not None:
        fields["attachments"] = tuple(body["attachments"])
    return fields


def completed(block: Json, fresh_id: Callable[[str], str]) -> Json:
    """Return the block as Slack stores it: ids for itself and its controls, defaults spelled out in texts."""
    stored: Json = _with_defaults(block)
    stored.setdefault("block_id", fresh_id("")[-5:])
    controls = [*stored.get("elements", ()), stored.get("accessory"), stored.get("element")]
    for control in controls:
        if isinstance(control, dict) and control.get("type") in INTERACTIVE:
            control.setdefault("action_id", fresh_id("")[-5:])
    return stored


def _with_defaults(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_defaults(each) for each in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _with_defaults(each) for key, each in value.items()}
    if isinstance(copy.get("text"), str):
        if copy.get("type") == "plain_text":
            copy.setdefault("emoji", True)
        elif copy.get("type") == "mrkdwn":
            copy.setdefault("verbatim", False)
    return copy
