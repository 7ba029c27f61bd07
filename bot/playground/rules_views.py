"""Slack's limits on modals and Home tabs, checked on raw JSON, and what stands only on one surface.

Source: docs.slack.dev/reference/views, /surfaces/modals, /surfaces/app-home.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.playground.rules_blocks import check_blocks
from bot.playground.rules_elements import plain
from bot.playground.rules_shapes import Problem, boolean, by_type, items, shape, string
from bot.playground.wire import RefusalError

MAX_VIEW_BLOCKS = 100
#: Slack says 250 kB and not which kilobyte; the smaller one.
MAX_VIEW_BYTES = 250_000
MODAL, HOME = "modal", "home"
#: The blocks that views may show; all others are for messages.
VIEW_BLOCKS = frozenset(("actions", "context", "divider", "header", "image", "input", "rich_text", "section"))


def _anything(value: Any, pointer: str, found: list[Problem]) -> None:
    """Check nothing: blocks are looked at apart, with what may stand in a view."""


_EVERYWHERE = {
    "blocks": items(_anything, 1, MAX_VIEW_BLOCKS),
    "private_metadata": string(3000, shortest=0),
    "callback_id": string(255, shortest=0),
    "external_id": string(255, shortest=0),
}
VIEW = by_type(
    {
        MODAL: shape(
            {
                **_EVERYWHERE,
                "title": plain(24),
                "submit": plain(24),
                "close": plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
            },
            required=("title", "blocks"),
        ),
        HOME: shape(_EVERYWHERE, required=("blocks",)),
    }
)


def problems(view: Any) -> list[Problem]:
    """Return all that is wrong with a view, each with a JSON pointer."""
    found: list[Problem] = []
    VIEW(view, "/view", found)
    blocks = view.get("blocks") if isinstance(view, dict) else None
    if not isinstance(blocks, list):
        return found
    surface = view.get("type")
    # The count was looked at above, with the view's own limit.
    found += check_blocks(blocks, "/view/blocks", limit=max(len(blocks), MAX_VIEW_BLOCKS))
    found += misplaced(blocks, "/view/blocks", surface)
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)]
    found += [
        Problem(f"/view/blocks/{index}/type", f"unsupported type: {kind} in a {surface}")
        for index, kind in enumerate(kinds)
        if not isinstance(kind, str) or kind not in VIEW_BLOCKS
    ]
    if surface == MODAL and "input" in kinds and "submit" not in view:
        found.append(Problem("/view", "missing required field: submit, because there are inputs"))
    if sum(each.get("focus_on_load") is True for _, each in _objects(blocks, "/view/blocks")) > 1:
        found.append(Problem("/view/blocks", "only one element may have focus_on_load"))
    return found


def check_view(view: Any, surface: str) -> None:
    """Raise RefusalError (`invalid_arguments`, `view_too_large`) unless `view` can be shown as a `surface`."""
    if len(json.dumps(view).encode()) > MAX_VIEW_BYTES:
        raise RefusalError("view_too_large")
    found = problems(view)
    if isinstance(view, dict) and view.get("type") in (MODAL, HOME) and view["type"] != surface:
        found.append(Problem("/view/type", f"must be {surface}"))
    if found:
        raise RefusalError("invalid_arguments", messages=tuple(str(each) for each in found))


def misplaced(blocks: list[Any], pointer: str, surface: str) -> Iterator[Problem]:
    """Yield what may not stand on this surface: `modal`, `home` or `message`."""
    inputs = {f"{pointer}/{index}/element" for index, block in enumerate(blocks) if _type(block) == "input"}
    for where, each in _objects(blocks, pointer):
        if each.get("response_url_enabled") and (surface != MODAL or where not in inputs):
            yield Problem(f"{where}/response_url_enabled", "works only in the input blocks of a modal")
        if each.get("type") == "file_input" and surface != MODAL:
            yield Problem(where, f"unsupported type: file_input in a {surface}")


def _type(block: Any) -> Any:
    return block.get("type") if isinstance(block, dict) else None


def _objects(value: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object inside, with its pointer."""
    if isinstance(value, dict):
        yield pointer, value
        for name, part in value.items():
            yield from _objects(part, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _objects(part, f"{pointer}/{index}")
