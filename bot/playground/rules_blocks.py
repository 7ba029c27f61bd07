"""Block Kit's rules for whole blocks, and for the list of them: counts, lengths, required and unknown keys, unique ids.

A block type that is not in `BLOCKS` is refused: better than letting through what nobody checked.
Source: docs.slack.dev/reference/block-kit/blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.rules_elements import (
    ACCESSORIES,
    ACTIONS,
    BLOCK_ID,
    BUTTON,
    FEEDBACK_BUTTONS,
    ICON_BUTTON,
    IMAGE,
    IMAGE_SOURCE,
    INPUTS,
    mrkdwn_or_plain,
    plain,
)
from bot.playground.rules_shapes import (
    Check,
    Problem,
    at_least_one,
    boolean,
    both,
    by_type,
    exactly_one,
    items,
    link,
    one_of,
    shape,
    string,
)

#: Characters of all markdown blocks of one message together.
MAX_MARKDOWN = 12_000


def anything(value: Any, pointer: str, found: list[Problem]) -> None:
    """Check nothing, where Slack's documents give no limit."""


RICH_STYLE = shape(dict.fromkeys(("bold", "italic", "strike", "code", "underline"), boolean))
RICH_INLINE = by_type(
    {
        "text": shape({"text": string(3000), "style": RICH_STYLE}, required=("text",)),
        "link": shape(
            {
                "url": link(schemes=("https://", "http://", "mailto:", "tel:")),
                "text": string(3000),
                "style": RICH_STYLE,
                "unsafe": boolean,
            },
            required=("url",),
        ),
        "emoji": shape({"name": string(255), "unicode": string(255)}, required=("name",)),
        "user": shape({"user_id": string(255), "style": RICH_STYLE}, required=("user_id",)),
        "channel": shape({"channel_id": string(255), "style": RICH_STYLE}, required=("channel_id",)),
        "usergroup": shape({"usergroup_id": string(255), "style": RICH_STYLE}, required=("usergroup_id",)),
        "broadcast": shape({"range": one_of("here", "channel", "everyone")}, required=("range",)),
        "date": shape(
            {"timestamp": anything, "format": string(255), "url": link(), "fallback": string(255)},
            required=("timestamp", "format"),
        ),
    }
)
RICH_SECTION = shape({"elements": items(RICH_INLINE, 0, 1000)}, required=("elements",))
RICH_PARTS = {
    "rich_text_section": RICH_SECTION,
    "rich_text_quote": shape({"elements": items(RICH_INLINE, 0, 1000), "border": one_of(0, 1)}, required=("elements",)),
    "rich_text_preformatted": shape(
        {"elements": items(RICH_INLINE, 0, 1000), "border": one_of(0, 1), "language": string(255)},
        required=("elements",),
    ),
    "rich_text_list": shape(
        {
            "elements": items(by_type({"rich_text_section": RICH_SECTION}), 1, 1000),
            "style": one_of("bullet", "ordered"),
            "indent": one_of(*range(9)),
            "offset": anything,
            "border": one_of(0, 1),
        },
        required=("elements", "style"),
    ),
}
RICH_TEXT = shape({"block_id": BLOCK_ID, "elements": items(by_type(RICH_PARTS), 1, 1000)}, required=("elements",))

CELL = by_type(
    {
        "raw_text": shape({"text": string(3000)}, required=("text",)),
        "raw_number": shape({"value": anything, "text": string(3000)}),
        "rich_text": RICH_TEXT,
    }
)
COLUMN = shape({"align": one_of("left", "center", "right"), "is_wrapped": boolean})
CARD = both(
    shape(
        {
            "block_id": BLOCK_ID,
            "hero_image": IMAGE,
            "icon": IMAGE,
            "title": mrkdwn_or_plain(150),
            "subtitle": mrkdwn_or_plain(150),
            "body": mrkdwn_or_plain(200),
            "actions": items(by_type({"button": BUTTON}), 1, 25),
        }
    ),
    at_least_one("hero_image", "title", "actions", "body"),
)

BLOCKS: dict[str, Check] = {
    "section": both(
        shape(
            {
                "block_id": BLOCK_ID,
                "text": mrkdwn_or_plain(3000),
                "fields": items(mrkdwn_or_plain(2000), 1, 10),
                "accessory": by_type(ACCESSORIES),
                "expand": boolean,
            }
        ),
        at_least_one("text", "fields"),
    ),
    "header": shape({"block_id": BLOCK_ID, "text": plain(150)}, required=("text",)),
    "divider": shape({"block_id": BLOCK_ID}),
    "context": shape(
        {
            "block_id": BLOCK_ID,
            "elements": items(
                by_type({"plain_text": plain(3000), "mrkdwn": mrkdwn_or_plain(3000), "image": IMAGE}), 1, 10
            ),
        },
        required=("elements",),
    ),
    "actions": shape({"block_id": BLOCK_ID, "elements": items(by_type(ACTIONS), 1, 25)}, required=("elements",)),
    "context_actions": shape(
        {
            "block_id": BLOCK_ID,
            "elements": items(by_type({"feedback_buttons": FEEDBACK_BUTTONS, "icon_button": ICON_BUTTON}), 1, 5),
        },
        required=("elements",),
    ),
    "image": both(
        shape(
            {**IMAGE_SOURCE, "block_id": BLOCK_ID, "alt_text": string(2000), "title": plain(2000)},
            required=("alt_text",),
        ),
        exactly_one("image_url", "slack_file"),
    ),
    "input": shape(
        {
            "block_id": BLOCK_ID,
            "label": plain(2000),
            "hint": plain(2000),
            "element": by_type(INPUTS),
            "optional": boolean,
            "dispatch_action": boolean,
        },
        required=("label", "element"),
    ),
    "rich_text": RICH_TEXT,
    "markdown": shape({"block_id": BLOCK_ID, "text": string(MAX_MARKDOWN)}, required=("text",)),
    "table": shape(
        {
            "block_id": BLOCK_ID,
            "rows": items(items(CELL, 1, 20), 1, 100),
            "column_settings": items(COLUMN, 1, 20),
        },
        required=("rows",),
    ),
    "card": CARD,
    "carousel": shape(
        {"block_id": BLOCK_ID, "elements": items(by_type({"card": CARD}), 1, 10)}, required=("elements",)
    ),
}
BLOCK = by_type(BLOCKS)


def check_blocks(blocks: Any, pointer: str, *, limit: int) -> list[Problem]:
    """Return all that is wrong with a list of at most `limit` blocks."""
    found: list[Problem] = []
    items(BLOCK, 0, limit)(blocks, pointer, found)
    if isinstance(blocks, list):
        found += _repeated_ids(blocks, pointer)
        found += _too_much_together(blocks, pointer)
    return found


def _repeated_ids(blocks: list[Any], pointer: str) -> Iterator[Problem]:
    seen: dict[str, set[str]] = {"block_id": set(), "action_id": set()}
    for index, block in enumerate(blocks):
        for name, value in _ids(block):
            if value in seen[name]:
                yield Problem(f"{pointer}/{index}", f"{name} {value} must be unique")
            seen[name].add(value)


def _ids(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name in ("block_id", "action_id"):
            if isinstance(value.get(name), str):
                yield name, value[name]
        for part in value.values():
            yield from _ids(part)
    elif isinstance(value, list):
        for part in value:
            yield from _ids(part)


def _too_much_together(blocks: list[Any], pointer: str) -> Iterator[Problem]:
    mappings = [block for block in blocks if isinstance(block, dict)]
    if sum(block.get("type") == "table" for block in mappings) > 1:
        yield Problem(pointer, "only_one_table_allowed")
    markdown = [block.get("text") for block in mappings if block.get("type") == "markdown"]
    if sum(len(text) for text in markdown if isinstance(text, str)) > MAX_MARKDOWN:
        yield Problem(pointer, f"markdown blocks must be less than {MAX_MARKDOWN + 1} characters together")


@dataclass(frozen=True, slots=True)
class Text:
    """A text in blocks; `is_markup` where Slack reads `<…>` in it as a link or a mention."""

    text: str
    is_markup: bool


def walk_texts(value: Any) -> Iterator[Text]:
    """Yield every text a reader can see in blocks, in reading order; an image tells its alternative text."""
    if isinstance(value, dict):
        kind = value.get("type")
        if kind == "broadcast":
            yield Text(f"<!{value.get('range')}>", is_markup=True)
        elif kind == "user":
            yield Text(f"<@{value.get('user_id')}>", is_markup=True)
        for name, part in value.items():
            if name in ("text", "alt_text") and isinstance(part, str):
                yield Text(part, is_markup=kind in ("mrkdwn", "markdown"))
            else:
                yield from walk_texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from walk_texts(part)
