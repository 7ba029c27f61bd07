"""The JSON that Slack sends about views and shortcuts, and the view object that the Web API answers with."""

from __future__ import annotations

from bot.playground import seed
from bot.playground.manifest import Shortcut
from bot.playground.models import Channel, Message, Person
from bot.playground.payloads import DEPRECATED_FIELD, channel_name, message_json
from bot.playground.rules_views import HOME
from bot.playground.views import View
from bot.playground.wire import Json
from bot.playground.workspace import Workspace


def view_json(workspace: Workspace, view: View) -> Json:
    """Return a view as Slack shows it to the app, with what the person has filled in so far."""
    raw = view.raw
    shown: Json = {
        "id": view.id,
        "team_id": workspace.bot.team_id,
        "type": view.surface,
        "blocks": view.blocks,
        "private_metadata": raw.get("private_metadata", ""),
        "callback_id": raw.get("callback_id", ""),
        "external_id": raw.get("external_id", ""),
        "state": {"values": view.values},
        "hash": view.hash,
        "title": raw.get("title"),
        "clear_on_close": raw.get("clear_on_close", False),
        "notify_on_close": raw.get("notify_on_close", False),
        "close": raw.get("close"),
        "submit": raw.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": seed.APP_ID,
        "app_installed_team_id": workspace.bot.team_id,
        "bot_id": seed.BOT_ID,
    }
    if view.surface == HOME:
        shown |= {"title": {"type": "plain_text", "text": "View Title", "emoji": True}}
    return shown


def view_submission(
    workspace: Workspace, person: Person, view: View, response_urls: list[Json], trigger_id: str
) -> Json:
    """Return the payload of a submitted modal; `response_urls` are for the conversations that were chosen in it."""
    return {
        "type": "view_submission",
        **_common(workspace, person),
        "trigger_id": trigger_id,
        "view": view_json(workspace, view),
        "response_urls": response_urls,
    }


def view_closed(workspace: Workspace, person: Person, view: View, *, is_cleared: bool) -> Json:
    """Return the payload for a modal that was closed; `is_cleared` when the whole stack was."""
    return {
        "type": "view_closed",
        **_common(workspace, person),
        "view": view_json(workspace, view),
        "is_cleared": is_cleared,
    }


def view_action(workspace: Workspace, person: Person, view: View, action: Json, trigger_id: str) -> Json:
    """Return the payload of a control used in a view: no channel, no message and no response_url."""
    return {
        "type": "block_actions",
        **_common(workspace, person),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger_id,
        "view": view_json(workspace, view),
        "actions": [action],
    }


def global_shortcut(workspace: Workspace, person: Person, shortcut: Shortcut, trigger_id: str) -> Json:
    """Return the payload of a global shortcut: it knows no channel."""
    return {
        "type": "shortcut",
        **_common(workspace, person),
        "callback_id": shortcut.callback_id,
        "trigger_id": trigger_id,
        "action_ts": workspace.next_ts(),
    }


def message_shortcut(
    workspace: Workspace, person: Person, shortcut: Shortcut, channel: Channel, message: Message, **given: str
) -> Json:
    """Return the payload of a message shortcut with the message it was used on.

    `given` are `response_url` and `trigger_id`.
    """
    return {
        "type": "message_action",
        **_common(workspace, person),
        "callback_id": shortcut.callback_id,
        "action_ts": workspace.next_ts(),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": message_json(workspace, message),
        **given,
    }


def home_opened(workspace: Workspace, person: Person, channel: Channel, tab: str, view: View | None) -> Json:
    """Return the inner event for somebody who looks at the app's page; `view` is their Home tab if there is one."""
    inner: Json = {"user": person.id, "channel": channel.id, "tab": tab, "event_ts": workspace.next_ts()}
    if tab == HOME and view is not None:
        inner["view"] = view_json(workspace, view)
    return inner


def _common(workspace: Workspace, person: Person) -> Json:
    return {
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": seed.APP_ID,
        "token": DEPRECATED_FIELD,
        "team": {"id": workspace.bot.team_id, "domain": seed.TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "x_playground_extra": {"fields": "come without notice"},
    }
