"""What may stand inside blocks: texts, options, confirmations, images, buttons, menus and inputs, with Slack's limits.

Source: docs.slack.dev/reference/block-kit/block-elements and /composition-objects. Where the SDK and the documents
differ the tighter figure holds (option values: 75).
"""

from __future__ import annotations

from typing import Any

from bot.playground.rules_shapes import (
    Check,
    Problem,
    at_least_one,
    boolean,
    both,
    by_type,
    exactly_one,
    integer,
    items,
    link,
    one_of,
    shape,
    string,
    written_as,
)


def plain(longest: int) -> Check:
    """Return a check for a plain_text object."""
    return by_type({"plain_text": shape({"text": string(longest), "emoji": boolean}, required=("text",))})


def mrkdwn_or_plain(longest: int) -> Check:
    """Return a check for a text object of either kind."""
    return by_type(
        {
            "plain_text": shape({"text": string(longest), "emoji": boolean}, required=("text",)),
            "mrkdwn": shape({"text": string(longest), "verbatim": boolean}, required=("text",)),
        }
    )


ACTION_ID = string(255)
BLOCK_ID = string(255)

CONFIRM = shape(
    {
        "title": plain(100),
        "text": mrkdwn_or_plain(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
    required=("title", "text", "confirm", "deny"),
)

IMAGE_SOURCE = {
    "image_url": link(),
    # Its address is ours, and we are on loopback without TLS.
    "slack_file": both(
        shape({"id": string(255), "url": link(schemes=("https://", "http://"))}), exactly_one("id", "url")
    ),
}

IMAGE = both(
    shape({**IMAGE_SOURCE, "alt_text": string(2000)}, required=("alt_text",)), exactly_one("image_url", "slack_file")
)

#: Options of menus are plain; those of checkboxes and radio buttons may be mrkdwn; only overflow options have a url.
MENU_OPTION = shape({"text": plain(75), "value": string(75), "description": plain(75)}, required=("text", "value"))
CHOICE_OPTION = shape(
    {"text": mrkdwn_or_plain(75), "value": string(75), "description": mrkdwn_or_plain(75)}, required=("text", "value")
)
OVERFLOW_OPTION = shape(
    {"text": plain(75), "value": string(75), "description": plain(75), "url": link(schemes=("https://", "http://"))},
    required=("text", "value"),
)
OPTION_GROUP = shape({"label": plain(75), "options": items(MENU_OPTION, 1, 100)}, required=("label", "options"))

COMMON = {"action_id": ACTION_ID, "confirm": CONFIRM, "focus_on_load": boolean}
PLACED = {**COMMON, "placeholder": plain(150)}

BUTTON = shape(
    {
        "text": plain(75),
        "action_id": ACTION_ID,
        "url": link(schemes=("https://", "http://", "mailto:", "tel:")),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
    required=("text",),
)


def known_initial(name: str) -> Check:
    """Return a check that what is chosen from the start is among the options, and that no option appears twice."""

    def check(value: Any, pointer: str, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            return
        groups = value.get("option_groups")
        sources = [value, *(groups if isinstance(groups, list) else ())]
        lists = [each.get("options") for each in sources if isinstance(each, dict)]
        options = [option for each in lists if isinstance(each, list) for option in each]
        chosen = value.get(name, [])
        if any(each not in options for each in (chosen if isinstance(chosen, list) else [chosen])):
            found.append(Problem(f"{pointer}/{name}", "must be one of the options"))
        values = [str(each.get("value")) for each in options if isinstance(each, dict)]
        if len(values) != len(set(values)):
            found.append(Problem(f"{pointer}/options", "option values must be unique"))

    return check


STATIC_SELECT = both(
    shape(
        {
            **PLACED,
            "options": items(MENU_OPTION, 1, 100),
            "option_groups": items(OPTION_GROUP, 1, 100),
            "initial_option": MENU_OPTION,
        }
    ),
    exactly_one("options", "option_groups"),
    known_initial("initial_option"),
)
MULTI_STATIC_SELECT = both(
    shape(
        {
            **PLACED,
            "options": items(MENU_OPTION, 1, 100),
            "option_groups": items(OPTION_GROUP, 1, 100),
            "initial_options": items(MENU_OPTION, 1, 100),
            "max_selected_items": integer(1, 100),
        }
    ),
    exactly_one("options", "option_groups"),
    known_initial("initial_options"),
)
OVERFLOW = both(
    shape({"action_id": ACTION_ID, "confirm": CONFIRM, "options": items(OVERFLOW_OPTION, 1, 5)}, required=("options",)),
    known_initial("none"),
)
CHECKBOXES = both(
    shape(
        {**COMMON, "options": items(CHOICE_OPTION, 1, 10), "initial_options": items(CHOICE_OPTION, 1, 10)},
        required=("options",),
    ),
    known_initial("initial_options"),
)
RADIO_BUTTONS = both(
    shape({**COMMON, "options": items(CHOICE_OPTION, 1, 10), "initial_option": CHOICE_OPTION}, required=("options",)),
    known_initial("initial_option"),
)
CONVERSATION_FILTER = both(
    shape(
        {
            "include": items(one_of("im", "mpim", "private", "public"), 1, 4),
            "exclude_external_shared_channels": boolean,
            "exclude_bot_users": boolean,
        }
    ),
    at_least_one("include", "exclude_external_shared_channels", "exclude_bot_users"),
)
CONVERSATIONS_SELECT = shape(
    {
        **PLACED,
        "initial_conversation": string(255),
        "default_to_current_conversation": boolean,
        "response_url_enabled": boolean,
        "filter": CONVERSATION_FILTER,
    }
)
CHANNELS_SELECT = shape({**PLACED, "initial_channel": string(255), "response_url_enabled": boolean})
USERS_SELECT = shape({**PLACED, "initial_user": string(255)})
MULTI_CONVERSATIONS_SELECT = shape(
    {
        **PLACED,
        "initial_conversations": items(string(255), 1, 100),
        "default_to_current_conversation": boolean,
        "filter": CONVERSATION_FILTER,
        "max_selected_items": integer(1, 100),
    }
)
MULTI_CHANNELS_SELECT = shape(
    {**PLACED, "initial_channels": items(string(255), 1, 100), "max_selected_items": integer(1, 100)}
)
MULTI_USERS_SELECT = shape(
    {**PLACED, "initial_users": items(string(255), 1, 100), "max_selected_items": integer(1, 100)}
)


def fitting_lengths(value: Any, pointer: str, found: list[Problem]) -> None:
    """Check that a text input can be filled, and that what stands in it at first fits."""
    if not isinstance(value, dict):
        return
    shortest, longest, initial = (value.get(name) for name in ("min_length", "max_length", "initial_value"))
    if isinstance(shortest, int) and isinstance(longest, int) and shortest > longest:
        found.append(Problem(f"{pointer}/min_length", "must not be more than max_length"))
    if isinstance(initial, str) and isinstance(longest, int) and len(initial) > longest:
        found.append(Problem(f"{pointer}/initial_value", f"must be less than {longest + 1} characters"))


TYPED = {
    "action_id": ACTION_ID,
    "initial_value": string(3000, shortest=0),
    "placeholder": plain(150),
    "focus_on_load": boolean,
    "dispatch_action_config": shape(
        {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
        required=("trigger_actions_on",),
    ),
}
PLAIN_TEXT_INPUT = both(
    shape({**TYPED, "multiline": boolean, "min_length": integer(0, 3000), "max_length": integer(1, 3000)}),
    fitting_lengths,
)
ADDRESS_INPUT = shape(TYPED)
NUMBER_INPUT = shape(
    {**TYPED, "is_decimal_allowed": boolean, "min_value": string(40), "max_value": string(40)},
    required=("is_decimal_allowed",),
)
DATEPICKER = shape({**PLACED, "initial_date": written_as("%Y-%m-%d")})
TIMEPICKER = shape({**PLACED, "initial_time": written_as("%H:%M"), "timezone": string(255)})
DATETIMEPICKER = shape({**COMMON, "initial_date_time": integer(1_000_000_000, 9_999_999_999)})
FILE_INPUT = shape(
    {"action_id": ACTION_ID, "filetypes": items(string(255), 1, 100), "max_files": integer(1, 10)},
)
FEEDBACK_BUTTON = shape(
    {"text": plain(75), "value": string(2000), "accessibility_label": string(75)}, required=("text", "value")
)
FEEDBACK_BUTTONS = shape(
    {"action_id": ACTION_ID, "positive_button": FEEDBACK_BUTTON, "negative_button": FEEDBACK_BUTTON},
    required=("positive_button", "negative_button"),
)
ICON_BUTTON = shape(
    {
        "action_id": ACTION_ID,
        "icon": one_of("trash"),
        "text": plain(75),
        "value": string(2000),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
        "visible_to_user_ids": items(string(255), 1, 100),
    },
    required=("icon", "text"),
)

MENUS = {
    "static_select": STATIC_SELECT,
    "multi_static_select": MULTI_STATIC_SELECT,
    "conversations_select": CONVERSATIONS_SELECT,
    "channels_select": CHANNELS_SELECT,
    "users_select": USERS_SELECT,
    "multi_conversations_select": MULTI_CONVERSATIONS_SELECT,
    "multi_channels_select": MULTI_CHANNELS_SELECT,
    "multi_users_select": MULTI_USERS_SELECT,
}
CHOICES = {
    "checkboxes": CHECKBOXES,
    "radio_buttons": RADIO_BUTTONS,
    "datepicker": DATEPICKER,
    "timepicker": TIMEPICKER,
}
#: What may stand beside a section, in an actions block, and in an input block.
ACCESSORIES = {**MENUS, **CHOICES, "button": BUTTON, "overflow": OVERFLOW, "image": IMAGE}
ACTIONS = {**MENUS, **CHOICES, "button": BUTTON, "overflow": OVERFLOW, "datetimepicker": DATETIMEPICKER}
INPUTS = {
    **MENUS,
    **CHOICES,
    "plain_text_input": PLAIN_TEXT_INPUT,
    "email_text_input": ADDRESS_INPUT,
    "url_text_input": ADDRESS_INPUT,
    "number_input": NUMBER_INPUT,
    "datetimepicker": DATETIMEPICKER,
    "file_input": FILE_INPUT,
}
