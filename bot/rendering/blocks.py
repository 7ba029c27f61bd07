"""Block Kit words, with Slack's limits kept whatever comes in. Source: Slack's reference of blocks and elements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Block = dict[str, Any]

TEXT_LIMIT = 3000
FIELD_LIMIT = 2000
FIELDS_LIMIT = 10
CONTEXT_LIMIT = 10
#: A line of small print; ten of them leave room for the rest of a message, of which Slack takes some 13,000 characters.
SMALL_PRINT_LIMIT = 400
ACTIONS_LIMIT = 25
LABEL_LIMIT = 75
OPTIONS_LIMIT = 100
VALUE_LIMIT = 2000
#: Slack shows 40,000 characters of a notification text, but asks for 4,000.
NOTIFICATION_LIMIT = 4000

#: How much of a name that somebody typed is shown in a sentence.
NAME_LIMIT = 80

_MARKUP = re.compile(r"[*_~`:\\\n\r\t]|\s{2,}|^\s|\s$")
_TORN_TAIL = re.compile(r"(&[a-z]{0,3}|<[^<>]*)$")


@dataclass(frozen=True, slots=True)
class Message:
    """What is said in Slack: `text` is a full sentence (the notification, and what a screen reader reads)."""

    text: str
    blocks: list[Block]


def escape(text: str) -> str:
    """Return `text` so that Slack reads no `<…>` token or entity in it. Do this once, at the last moment."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(text: str, limit: int) -> str:
    """Return at most `limit` characters of ready markup, never ending inside an entity or a `<…>` token."""
    if len(text) <= limit:
        return text
    return _TORN_TAIL.sub("", text[: limit - 1]) + "…"


def name(text: str, *, style: str = "*") -> str:
    """Return what somebody typed as a name inside mrkdwn: bold, or as code when it holds formatting characters."""
    shown = text if len(text) <= NAME_LIMIT else text[: NAME_LIMIT - 1] + "…"
    if _MARKUP.search(shown):
        style, shown = "`", " ".join(shown.replace("`", "'").split()) or " "
    return f"{style}{escape(shown)}{style}"


def date(instant: datetime, form: str, fallback: str) -> str:
    """Return a date token that each reader sees in a zone of their own, for example form `{date_short} {time}`."""
    return f"<!date^{int(instant.timestamp())}^{form}|{escape(fallback)}>"


def mrkdwn(text: str, limit: int = TEXT_LIMIT) -> Block:
    """Return a text object; verbatim, so that Slack links nothing by itself."""
    return {"type": "mrkdwn", "text": clip(text, limit) or " ", "verbatim": True}


def plain(text: str, limit: int) -> Block:
    """Return a plain text object."""
    return {"type": "plain_text", "text": text[:limit] or " ", "emoji": True}


def section(text: str) -> Block:
    """Return a section of one text."""
    return {"type": "section", "text": mrkdwn(text)}


def fields(texts: Iterable[str]) -> Block:
    """Return a section of short texts, two a row; at most ten are shown."""
    return {"type": "section", "fields": [mrkdwn(text, FIELD_LIMIT) for text in texts][:FIELDS_LIMIT]}


def context(texts: Iterable[str]) -> Block:
    """Return small print; at most ten lines are shown."""
    return {"type": "context", "elements": [mrkdwn(text, SMALL_PRINT_LIMIT) for text in texts][:CONTEXT_LIMIT]}


def button(label: str, action_id: str, value: str, *, is_primary: bool = False) -> Block:
    """Return a button; `value` comes back when it is pressed and has to fit (2,000 characters)."""
    if len(value) > VALUE_LIMIT:
        raise ValueError(f"a button's value has {len(value)} characters, Slack takes {VALUE_LIMIT}")
    element: Block = {"type": "button", "text": plain(label, LABEL_LIMIT), "action_id": action_id, "value": value}
    return element | {"style": "primary"} if is_primary else element


def menu(label: str, action_id: str, options: Iterable[tuple[str, str]]) -> Block:
    """Return a menu of (text, value) to choose from; a value fits 75 characters, a text is cut to them."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(label, LABEL_LIMIT),
        "options": [{"text": plain(text, LABEL_LIMIT), "value": value} for text, value in options][:OPTIONS_LIMIT],
    }


def actions(elements: Iterable[Block], block_id: str) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)[:ACTIONS_LIMIT]}


def message(text: str, blocks: Iterable[Block]) -> Message:
    """Return a message whose notification text fits."""
    return Message(text=clip(text, NOTIFICATION_LIMIT), blocks=list(blocks))
