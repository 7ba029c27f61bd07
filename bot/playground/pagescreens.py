"""The app's screens on the page, as JSON: modals, the Home tab and shortcuts, and the bytes of files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.playground.controls import controls
from bot.playground.files import File
from bot.playground.inputs import choosable
from bot.playground.models import Person
from bot.playground.pagegestures import chosen_of, text_of
from bot.playground.pagestate import PageState
from bot.playground.screen_json import screen_json
from bot.playground.screens import Screens
from bot.playground.wire import Json


@dataclass(slots=True)
class PageScreens:
    """Shows screens and carries out what people do on them. Methods raise LookupError and WrongGestureError."""

    screens: Screens
    state: PageState

    def shown(self, person: Person) -> Json:
        """Return the person's modals and home, and under `choices` what menus of people and conversations offer."""
        workspace = self.state.workspace
        shown = screen_json(workspace, person.id)
        views = [*shown["modals"], *([shown["home"]] if shown["home"] is not None else [])]
        offered = [
            element
            for each in views
            for block in each["view"]["blocks"]
            for element in controls(block)
            if element["type"].endswith(("users_select", "conversations_select", "channels_select"))
        ]
        choices = {each["action_id"]: choosable(workspace, person, each) for each in offered}
        return {**shown, "choices": choices}

    def use_shortcut(self, person: Person, body: Json) -> Json:
        """Use a shortcut: on the message `ts` of `channel`, or with no `ts` a global one."""
        channel_id, ts = text_of(body, "channel"), text_of(body, "ts")
        channel = self.state.find_channel(person, channel_id) if channel_id else None
        message = self.state.find_message(person, channel_id, ts) if ts else None
        self.screens.use_shortcut(person, text_of(body, "callback_id"), message, channel)
        return {}

    def open_home(self, person: Person, _body: Json) -> Json:
        """Look at the Home tab."""
        self.screens.open_home(person)
        return {}

    def fill(self, person: Person, body: Json) -> Json:
        """Let a control hold something, as Slack's view state holds it."""
        held: Any = body.get("held")
        self.screens.fill(person, text_of(body, "view_id"), text_of(body, "block_id"), text_of(body, "action_id"), held)
        return {}

    def press(self, person: Person, body: Json) -> Json:
        """Press a button, or choose from an overflow menu."""
        self.screens.press(person, text_of(body, "view_id"), text_of(body, "action_id"), **chosen_of(body))
        return {}

    def submit(self, person: Person, body: Json) -> Json:
        """Submit the modal on top."""
        self.screens.submit(person, text_of(body, "view_id"))
        return {}

    def close(self, person: Person, body: Json) -> Json:
        """Close the modal on top, or all of them."""
        self.screens.close(person, text_of(body, "view_id"), everything=body.get("everything") is True)
        return {}

    def find_file(self, person: Person, query: Json) -> File:
        """Return a file that stands in a conversation of `person`'s, or that one of their screens may show.

        `query` is an image block's `slack_file`, or has the file's id. Raises LookupError.
        """
        files = self.state.workspace.files
        file = files.resolve({name: query[name] for name in ("id", "url") if query.get(name)})
        if file is None or not file.is_ready:
            raise LookupError("there is no such file")
        for share in file.shares:
            if person.id in self.state.workspace.channels[share.channel_id].members:
                return file
        if file.shares:
            raise LookupError(f"{person.name} is in no conversation with this file")
        return file
