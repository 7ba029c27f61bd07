"""Modals and Home tabs as they stand: a stack of up to three modals and one Home tab a person. No network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.playground.controls import initial_values, kept_values
from bot.playground.journal import Journal, Kind
from bot.playground.rules import completed
from bot.playground.rules_views import HOME
from bot.playground.wire import Clock, Ids, Json, RefusalError

#: A modal and two more pushed onto it.
MAX_STACK = 3
#: What Slack's client says when the app did not answer, or not in a way that Slack understands.
TROUBLE = "We had some trouble connecting. Try again?"


class Change(StrEnum):
    """What happened to a view, for the journal."""

    OPENED = "opened"
    PUSHED = "pushed"
    UPDATED = "updated"
    PUBLISHED = "published"
    FILLED = "filled"
    ERRORS = "errors"
    BUSY = "busy"
    NOTICE = "notice"
    CLOSED = "closed"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class View:
    """One view as it stands now; each change makes a new value.

    `raw` is what the app sent, with the ids it left out; `values` what the controls hold, by block_id and action_id.
    `version` counts what the app and Slack change, not what the person fills in. `channel_id` is where the person was.
    `errors` are shown under inputs, by block_id; `notice` above all, `is_busy` while the app is being asked.
    """

    id: str
    person_id: str
    raw: Json
    values: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    channel_id: str | None = None
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notice: str = ""
    is_busy: bool = False
    version: int = 0

    @property
    def surface(self) -> str:
        """Where it is shown: `modal` or `home`."""
        return str(self.raw["type"])

    @property
    def blocks(self) -> list[Json]:
        """Its blocks as Slack stores them."""
        blocks: list[Json] = self.raw["blocks"]
        return blocks


class Views:
    """Every view that is open or published; what changes one is written into the journal."""

    def __init__(self, journal: Journal, ids: Ids, clock: Clock) -> None:
        self._journal = journal
        self._ids = ids
        self._clock = clock
        self._stacks: dict[str, tuple[View, ...]] = {}
        self._homes: dict[str, View] = {}
        # Never given up: an external_id is unique for all views of a team.
        self._external_ids: dict[str, str] = {}

    def modals(self, person_id: str) -> tuple[View, ...]:
        """Return the modals somebody has open, the one on the screen last."""
        return self._stacks.get(person_id, ())

    def home(self, person_id: str) -> View | None:
        """Return the Home tab published for somebody."""
        return self._homes.get(person_id)

    def find(self, view_id: str) -> View | None:
        """Return the open or published view with this id, None when it was closed."""
        return next((each for each in self._all() if each.id == view_id), None)

    def find_external(self, external_id: str) -> View | None:
        """Return the open or published view with this external_id."""
        return self.find(self._external_ids.get(external_id, ""))

    def open(self, person_id: str, raw: Json, channel_id: str | None) -> View:
        """Return the new modal, shown instead of any other. Raises RefusalError (`duplicate_external_id`)."""
        view = self._made(person_id, raw, channel_id)
        self._stacks[person_id] = (view,)
        return self._told(view, Change.OPENED)

    def push(self, top: View, raw: Json) -> View:
        """Return the new modal on top of somebody's stack.

        Raises RefusalError (`push_limit_reached`, `duplicate_external_id`).
        """
        stack = self.modals(top.person_id)
        if len(stack) >= MAX_STACK:
            raise RefusalError("push_limit_reached")
        made = self._made(top.person_id, raw, top.channel_id)
        view = replace(made, root_id=top.root_id, previous_id=stack[-1].id)
        self._stacks[top.person_id] = (*stack, view)
        return self._told(view, Change.PUSHED)

    def update(self, view: View, raw: Json) -> View:
        """Return the modal with new content; what was filled in stays where block_id and action_id stay.

        Raises RefusalError (`duplicate_external_id`), LookupError when it was closed.
        """
        return self._told(self._put(self._renewed(view, raw)), Change.UPDATED)

    def publish(self, person_id: str, raw: Json) -> View:
        """Return somebody's Home tab, made or changed. Raises RefusalError (`duplicate_external_id`)."""
        before = self.home(person_id)
        view = self._made(person_id, raw, None) if before is None else self._renewed(before, raw)
        self._homes[person_id] = view
        return self._told(view, Change.PUBLISHED)

    def change(self, view: View, what: Change, **fields: Any) -> View:
        """Return the view with `fields` changed. Raises LookupError when it was closed."""
        current = self._current(view)
        version = current.version + (what not in (Change.FILLED, Change.BUSY))
        return self._told(self._put(replace(current, **fields, version=version)), what)

    def close(self, view: View) -> None:
        """Take one modal away; those under it stay."""
        stack = self.modals(view.person_id)
        self._stacks[view.person_id] = tuple(each for each in stack if each.id != view.id)
        self._told(view, Change.CLOSED)

    def clear(self, person_id: str) -> tuple[View, ...]:
        """Take all of somebody's modals away and return them, the one on the screen first."""
        gone = tuple(reversed(self._stacks.pop(person_id, ())))
        if gone:
            self._told(gone[-1], Change.CLEARED)
        return gone

    def _all(self) -> list[View]:
        return [*(each for stack in self._stacks.values() for each in stack), *self._homes.values()]

    def _current(self, view: View) -> View:
        current = self.find(view.id)
        if current is None:
            raise LookupError("this view is closed")
        return current

    def _put(self, view: View) -> View:
        if view.surface == HOME:
            self._homes[view.person_id] = view
        else:
            stack = self.modals(view.person_id)
            self._stacks[view.person_id] = tuple(view if each.id == view.id else each for each in stack)
        return view

    def _made(self, person_id: str, raw: Json, channel_id: str | None) -> View:
        view_id = self._ids.next("V")
        self._claim(raw, view_id)
        stored = _stored(raw, self._ids.next)
        values = initial_values(stored["blocks"], channel_id)
        return View(view_id, person_id, stored, values, self._hash(), view_id, channel_id=channel_id)

    def _renewed(self, view: View, raw: Json) -> View:
        current = self._current(view)
        self._claim(raw, view.id)
        stored = _stored(raw, self._ids.next)
        values = kept_values(current.values, stored["blocks"], current.channel_id)
        fresh = View(view.id, view.person_id, stored, values, self._hash(), current.root_id)
        return replace(
            fresh,
            previous_id=current.previous_id,
            channel_id=current.channel_id,
            is_busy=current.is_busy,
            version=current.version + 1,
        )

    def _claim(self, raw: Json, view_id: str) -> None:
        external_id = raw.get("external_id")
        if external_id and self._external_ids.setdefault(external_id, view_id) != view_id:
            raise RefusalError("duplicate_external_id")

    def _hash(self) -> str:
        return f"{int(self._clock().timestamp())}.{self._ids.next('').lower()[-8:]}"

    def _told(self, view: View, what: Change) -> View:
        summary = f"{view.surface} {view.raw.get('callback_id') or view.id} {what}"
        self._journal.add(Kind.VIEW, summary, {"person_id": view.person_id, "what": what.value, "view_id": view.id})
        return view


def _stored(raw: Json, fresh_id: Callable[[str], str]) -> Json:
    return {**raw, "blocks": [completed(block, fresh_id) for block in raw["blocks"]]}
