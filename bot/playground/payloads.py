"""The JSON that Slack sends: events, commands and button presses, with the fields nobody asked for too."""

from __future__ import annotations

from bot.playground import seed
from bot.playground.controls import state_values
from bot.playground.models import Channel, ChannelKind, Message, Person
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

#: Slack still sends this deprecated token, and adds fields without notice; a bot must bear both.
DEPRECATED_FIELD = "callwatch-demo"

CHANNEL_TYPES = {ChannelKind.PUBLIC: "channel", ChannelKind.PRIVATE: "group", ChannelKind.IM: "im"}


def channel_name(channel: Channel) -> str:
    """Return the name a payload gives: only public channels tell theirs."""
    if channel.kind is ChannelKind.IM:
        return "directmessage"
    return "privategroup" if channel.kind is ChannelKind.PRIVATE else channel.name


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = False) -> Json:
    """Return the message as history, events and interactions show it."""
    speaker = workspace.people.get(message.user_id)
    shown: Json = {
        "type": "message",
        "user": message.user_id,
        "text": message.text,
        "ts": message.ts,
        "team": speaker.team_id if speaker is not None else workspace.bot.team_id,
    }
    if speaker is not None and speaker.is_bot:
        shown |= {"bot_id": speaker.bot_id, "app_id": speaker.app_id, "bot_profile": bot_json(speaker)}
        if speaker.id != workspace.bot.id:
            shown["subtype"] = "bot_message"
    if message.blocks:
        shown["blocks"] = list(message.blocks)
    if message.attachments:
        shown["attachments"] = list(message.attachments)
    if message.file_ids:
        files = (workspace.files.get(file_id) for file_id in message.file_ids)
        shown |= {"files": [workspace.files.json(each) for each in files if each is not None], "upload": False}
    if message.client_msg_id is not None:
        shown["client_msg_id"] = message.client_msg_id
    if message.edited_ts is not None:
        shown["edited"] = {"user": message.user_id, "ts": message.edited_ts}
    if message.is_broadcast:
        shown["subtype"] = "thread_broadcast"
    shown |= _thread_json(workspace, message)
    if with_metadata and message.metadata is not None:
        shown["metadata"] = message.metadata
    return shown


def _thread_json(workspace: Workspace, message: Message) -> Json:
    if message.is_reply:
        parent = workspace.find(message.channel_id, message.thread_ts or "")
        return {"thread_ts": message.thread_ts, "parent_user_id": parent.user_id if parent is not None else ""}
    replies = workspace.replies(message)
    if not replies:
        return {}
    users = list(dict.fromkeys(each.user_id for each in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users[:5],
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }


def bot_json(person: Person) -> Json:
    """Return an app's face."""
    return {
        "id": person.bot_id,
        "app_id": person.app_id,
        "name": person.real_name,
        "deleted": person.is_deleted,
        "team_id": person.team_id,
        "updated": 1700000000,
        "icons": {},
    }


def user_json(person: Person, workspace: Workspace) -> Json:
    """Return a person as users.info does."""
    # Somebody who has left has no time zone any more.
    zone: Json = {} if person.is_deleted else _zone_json(person, workspace)
    return {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.is_deleted,
        "color": "9f69e7",
        "real_name": person.real_name,
        **zone,
        "profile": {
            "real_name": person.real_name,
            "real_name_normalized": person.real_name,
            "display_name": person.name,
            "display_name_normalized": person.name,
            "team": person.team_id,
            **({"bot_id": person.bot_id, "api_app_id": person.app_id} if person.is_bot else {}),
        },
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "is_stranger": person.is_stranger,
        "updated": 1700000000,
        "who_can_share_contact_card": "EVERYONE",
    }


def _zone_json(person: Person, workspace: Workspace) -> Json:
    return {"tz": person.tz, "tz_label": person.tz_label, "tz_offset": person.tz_offset_s(workspace.clock())}


def event(workspace: Workspace, channel: Channel, inner: Json) -> Json:
    """Return an Events API payload around `inner`, with an event_id of its own."""
    now = workspace.clock()
    return {
        "token": DEPRECATED_FIELD,
        "team_id": workspace.bot.team_id,
        "context_team_id": workspace.bot.team_id,
        "context_enterprise_id": None,
        "api_app_id": seed.APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": workspace.ids.next("Ev"),
        "event_time": int(now.timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.bot.team_id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": channel.is_ext_shared,
        "event_context": f"4-{workspace.ids.next('')}",
    }


def message_event(workspace: Workspace, channel: Channel, message: Message, event_type: str) -> Json:
    """Return the inner event for a new message: `message`, or `app_mention` where the text names the bot."""
    inner = message_json(workspace, message)
    for name in ("reply_count", "reply_users", "reply_users_count", "latest_reply"):
        inner.pop(name, None)
    inner |= {"type": event_type, "channel": channel.id, "event_ts": message.ts}
    if message.file_ids:
        inner["subtype"] = "file_share"
    if event_type == "message":
        inner["channel_type"] = CHANNEL_TYPES[channel.kind]
    speaker = workspace.people.get(message.user_id)
    if speaker is not None and speaker.is_stranger:
        inner |= {"user_team": speaker.team_id, "source_team": speaker.team_id}
    return inner


def change_event(workspace: Workspace, channel: Channel, message: Message, before: Message) -> Json:
    """Return the inner event for a message that was edited, or deleted."""
    changed_at = workspace.next_ts()
    inner: Json = {
        "type": "message",
        "subtype": "message_deleted" if message.is_deleted else "message_changed",
        "hidden": True,
        "channel": channel.id,
        "channel_type": CHANNEL_TYPES[channel.kind],
        "previous_message": message_json(workspace, before),
        "ts": changed_at,
        "event_ts": changed_at,
    }
    if message.is_deleted:
        return inner | {"deleted_ts": message.ts}
    return inner | {"message": message_json(workspace, message)}


def membership(workspace: Workspace, channel: Channel, person: Person, inviter: Person | None = None) -> Json:
    """Return the inner fields of `member_joined_channel` and `member_left_channel`."""
    inner: Json = {
        "user": person.id,
        "channel": channel.id,
        "channel_type": "G" if channel.kind is ChannelKind.PRIVATE else "C",
        "team": workspace.bot.team_id,
        "event_ts": workspace.next_ts(),
    }
    return inner | ({"inviter": inviter.id} if inviter is not None else {})


def command(workspace: Workspace, channel: Channel, person: Person, name: str, text: str, **given: str) -> Json:
    """Return a slash command's payload; `given` are `response_url` and `trigger_id`. There is no thread_ts, ever."""
    return {
        "token": DEPRECATED_FIELD,
        "team_id": person.team_id,
        "team_domain": seed.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": seed.APP_ID,
        "is_enterprise_install": "false",
        **given,
        "x_playground_extra": "fields come without notice",
    }


def block_actions(
    workspace: Workspace, channel: Channel, person: Person, message: Message, action: Json, **given: str
) -> Json:
    """Return the payload of a used control; an ephemeral message is named, not shown."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.is_ephemeral,
    }
    if message.is_reply:
        container["thread_ts"] = message.thread_ts
    payload: Json = {
        "type": "block_actions",
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": seed.APP_ID,
        "token": DEPRECATED_FIELD,
        "container": container,
        "trigger_id": given["trigger_id"],
        "team": {"id": workspace.bot.team_id, "domain": seed.TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": state_values(message.blocks, action)},
        "response_url": given["response_url"],
        "actions": [action],
        "x_playground_extra": {"fields": "come without notice"},
    }
    if not message.is_ephemeral:
        payload["message"] = message_json(workspace, message)
    return payload
