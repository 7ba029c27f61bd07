"""One person's modals and Home tab as JSON, for pages."""

from __future__ import annotations

from bot.playground.payloads_views import view_json
from bot.playground.views import View
from bot.playground.wire import Json
from bot.playground.workspace import Workspace


def screen_json(workspace: Workspace, person_id: str) -> Json:
    """Return `modals`, the one on the screen last, and `home` (null without one), each with what its client shows.

    A view is `{"view": Slack's view JSON, "errors": {block_id: text}, "notice": text, "is_busy": …, "version": …}`.
    """
    home = workspace.views.home(person_id)
    return {
        "modals": [_shown(workspace, each) for each in workspace.views.modals(person_id)],
        "home": _shown(workspace, home) if home is not None else None,
    }


def _shown(workspace: Workspace, view: View) -> Json:
    return {
        "view": view_json(workspace, view),
        "errors": dict(view.errors),
        "notice": view.notice,
        "is_busy": view.is_busy,
        "version": view.version,
    }
