"""What somebody asked, wherever they asked it: plain data, so that it survives a restart."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.rendering.blocks import Message

#: The topic of a press on an outage card; its text is the control's action and value.
CARD = "card"

#: Kinds of message that a person said; every other subtype is an edit, a deletion, or the work of a machine.
_SAID_BY_PEOPLE = frozenset({None, "file_share", "thread_broadcast"})


class Place(StrEnum):
    """Where it was asked, which decides who sees the answer."""

    COMMAND = "command"  # a slash command: the asker alone, through the response_url
    BUTTON = "button"  # below a report: the report is replaced
    MENTION = "mention"  # in a channel or thread: everybody there, in that thread
    DIRECT = "dm"  # in a direct message with the bot


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, until it is answered.

    `keys` name the gesture: any of them seen before makes this a repetition. `topic` is the command's noun for a slash
    command, None where the text begins with it. `ts` is the message that asks (None for commands and buttons).
    """

    place: Place
    keys: tuple[str, ...]
    topic: str | None
    text: str
    user_id: str
    team_id: str
    channel_id: str
    received_at_ms: int
    response_url: str | None = None
    ts: str | None = None
    thread_ts: str | None = None
    is_shared_channel: bool = False  # with another organisation
    report_ts: str | None = None  # of the report below which a button was pressed

    @property
    def key(self) -> str:
        """The gesture's first name."""
        return self.keys[0]

    @property
    def is_card_press(self) -> bool:
        """Whether it is a press on an outage card, which is answered by the card itself."""
        return self.topic == CARD

    def to_json(self) -> str:
        """Return it as text for the inbox."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> Ask:
        """Return what `to_json` wrote, in this version or a near one. Raises ValueError, TypeError or KeyError."""
        data: dict[str, Any] = json.loads(text)
        known = {name: value for name, value in data.items() if name in cls.__slots__}
        return cls(**known | {"place": Place(data["place"]), "keys": tuple(data["keys"])})


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; `is_private` keeps it from the others also where they read the question."""

    message: Message
    is_private: bool = False


def from_command(body: dict[str, Any], topic: str, received_at_ms: int) -> Ask:
    """Return the question of a slash command's payload."""
    return Ask(
        place=Place.COMMAND,
        keys=(f"command:{body['trigger_id']}",),
        topic=topic,
        text=body.get("text") or "",
        user_id=body["user_id"],
        team_id=body.get("team_id") or "",
        channel_id=body["channel_id"],
        received_at_ms=received_at_ms,
        response_url=body["response_url"],
    )


def from_button(body: dict[str, Any], received_at_ms: int, *, text: str | None = None) -> Ask:
    """Return the question that a pressed button stands for: its value is the command, unless `text` is."""
    return Ask(
        place=Place.BUTTON,
        keys=(f"button:{body['trigger_id']}",),
        topic=None,
        text=body["actions"][0]["value"] if text is None else text,
        user_id=body["user"]["id"],
        team_id=(body.get("team") or {}).get("id") or "",
        channel_id=body["container"]["channel_id"],
        received_at_ms=received_at_ms,
        response_url=body["response_url"],
        report_ts=body["container"].get("message_ts"),
    )


def from_card(body: dict[str, Any], received_at_ms: int) -> Ask:
    """Return what a button or menu of an outage card asks for."""
    action: dict[str, Any] = body["actions"][0]
    value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
    asked = from_button(body, received_at_ms, text=f"{action['action_id']} {value}")
    return replace(asked, topic=CARD, report_ts=None)


def from_event(body: dict[str, Any], received_at_ms: int) -> Ask | None:
    """Return the question of a mention or a direct message; None for what no person said to us just now."""
    event: dict[str, Any] = body["event"]
    if (
        event.get("subtype") not in _SAID_BY_PEOPLE
        or event.get("bot_id")
        or event.get("hidden")
        or not event.get("user")
    ):
        return None
    is_direct = event.get("channel_type") == "im"
    if event["type"] != "app_mention" and not is_direct:
        return None  # said in a channel, but not to us
    team_id = body.get("team_id") or ""
    channel_id, ts = event["channel"], event["ts"]
    keys = [f"event:{body['event_id']}", f"message:{team_id}:{channel_id}:{ts}"]
    if event.get("client_msg_id"):
        keys.append(f"gesture:{event['client_msg_id']}")
    return Ask(
        place=Place.DIRECT if is_direct else Place.MENTION,
        keys=tuple(keys),
        topic=None,
        text=event.get("text") or "",
        user_id=event["user"],
        team_id=team_id,
        channel_id=channel_id,
        received_at_ms=received_at_ms,
        ts=ts,
        thread_ts=event.get("thread_ts"),
        is_shared_channel=bool(body.get("is_ext_shared_channel")),
    )
