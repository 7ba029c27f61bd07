"""A manifest with screens, and views and controls to show on them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

MANIFEST = """
display_information: {name: Callwatch}
features:
  app_home: {home_tab_enabled: true, messages_tab_enabled: true}
  bot_user: {display_name: Callwatch}
  shortcuts:
    - {name: Call report, type: global, callback_id: report_global, description: How calls went}
    - {name: Add call report, type: message, callback_id: report_message, description: Below this message}
  slash_commands:
    - {command: /calls, description: Calls, should_escape: true}
oauth_config:
  scopes:
    bot: [app_mentions:read, channels:join, channels:read, chat:write, commands, files:read, files:write, groups:read,
          im:history, users:read, usergroups:read]
settings:
  event_subscriptions:
    bot_events: [app_home_opened, app_mention, channel_archive, channel_unarchive, member_joined_channel,
                 member_left_channel, message.im]
  interactivity: {is_enabled: true}
  socket_mode_enabled: true
"""


def plain(text: str = "xxx") -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "xxx", **fields: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **fields}


def input_block(block_id: str = "who", label: str = "Who", element: Json | None = None, **fields: Any) -> Json:
    element = {"type": "plain_text_input", **(element or {})}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": f"{block_id}_field", **element},
        **fields,
    }


def button(action_id: str = "press", text: str = "Press") -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": "v"}


def actions(*elements: Json, block_id: str = "actions") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(text: str, value: str | None = None) -> Json:
    return {"text": plain(text), "value": value or text}


def select(action_id: str = "domain", *texts: str, **fields: Any) -> Json:
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": [option(each) for each in texts or ("data", "pstn")],
        **fields,
    }


def modal(*blocks: Json, **fields: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "report",
        "title": plain("Call report"),
        "submit": plain("Share"),
        "blocks": list(blocks or (input_block(),)),
        **fields,
    }


def home(*blocks: Json, **fields: Any) -> Json:
    return {"type": "home", "callback_id": "home", "blocks": list(blocks or (section("All quiet"),)), **fields}
