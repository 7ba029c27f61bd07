"""views.*: opening, pushing, changing and publishing, each only with a trigger or a right to it."""

from __future__ import annotations

from bot.playground.methods import Arg, Method, Office
from bot.playground.payloads_views import view_json
from bot.playground.rules_views import HOME, MODAL, check_view
from bot.playground.views import View
from bot.playground.wire import Json, RefusalError


def open_view(office: Office, args: Json) -> Json:
    """Show a modal to whoever made the gesture that the trigger belongs to."""
    _check(office, args, MODAL)
    views = office.workspace.views
    trigger = office.responses.look_at_trigger(args["trigger_id"])
    used = views.find(trigger.view_id) if trigger.view_id is not None else None
    # While a submission waits for its answer the modal is about to close, and the next one may come first.
    if used is not None and used.surface == MODAL and not used.is_busy:
        raise RefusalError("invalid_arguments", messages=("[ERROR] inside an open modal views.push is needed",))
    trigger.spend()
    view = views.open(trigger.person.id, args["view"], trigger.channel.id if trigger.channel is not None else None)
    return _answer(office, view)


def push_view(office: Office, args: Json) -> Json:
    """Show a modal on top of the one in which the trigger was earned."""
    _check(office, args, MODAL)
    views = office.workspace.views
    trigger = office.responses.look_at_trigger(args["trigger_id"])
    below = views.find(trigger.view_id) if trigger.view_id is not None else None
    if below is None or below.surface != MODAL:
        raise RefusalError("not_found")
    trigger.spend()
    return _answer(office, views.push(below, args["view"]))


def update_view(office: Office, args: Json) -> Json:
    """Change an open modal, named by `view_id` or `external_id`."""
    if ("view_id" in args) == ("external_id" in args):
        raise RefusalError("invalid_arguments", messages=("[ERROR] either view_id or external_id",))
    _check(office, args, MODAL)
    views = office.workspace.views
    view = views.find(args["view_id"]) if "view_id" in args else views.find_external(args["external_id"])
    if view is None or view.surface != MODAL:
        raise RefusalError("not_found")
    _check_hash(view, args)
    return _answer(office, views.update(view, args["view"]))


def publish_view(office: Office, args: Json) -> Json:
    """Make or change somebody's Home tab."""
    workspace = office.workspace
    if not workspace.manifest.has_home_tab:
        raise RefusalError("not_enabled")
    person = workspace.people.get(args["user_id"])
    if person is None or person.is_bot or person.is_deleted or person.is_stranger:
        raise RefusalError("user_not_found")
    _check(office, args, HOME)
    before = workspace.views.home(person.id)
    if before is not None:
        _check_hash(before, args)
    return _answer(office, workspace.views.publish(person.id, args["view"]))


def _check(office: Office, args: Json, surface: str) -> None:
    if not office.workspace.manifest.is_interactive and surface == MODAL:
        raise RefusalError("invalid_arguments", messages=("[ERROR] interactivity is off in the manifest",))
    check_view(args["view"], surface)
    office.workspace.files.check_used(args["view"]["blocks"], "/view/blocks", "invalid_arguments")


def _check_hash(view: View, args: Json) -> None:
    if "hash" in args and args["hash"] != view.hash:
        raise RefusalError("hash_conflict")


def _answer(office: Office, view: View) -> Json:
    return {"view": view_json(office.workspace, view)}


_TRIGGERED = {"trigger_id": Arg.TEXT, "view": Arg.JSON}
METHODS = {
    "views.open": Method(open_view, _TRIGGERED, ("trigger_id", "view"), tier=4),
    "views.push": Method(push_view, _TRIGGERED, ("trigger_id", "view"), tier=4),
    "views.update": Method(
        update_view,
        {"view_id": Arg.TEXT, "external_id": Arg.TEXT, "hash": Arg.TEXT, "view": Arg.JSON},
        ("view",),
        tier=4,
    ),
    "views.publish": Method(
        publish_view, {"user_id": Arg.TEXT, "hash": Arg.TEXT, "view": Arg.JSON}, ("user_id", "view"), tier=4
    ),
}
