"""A modal or a Home tab as somebody sees it on their screen: title, texts, inputs with what is in them, buttons."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground import typed
from bot.playground.controls import HELD, all_options, controls, held_in
from bot.playground.payloads_views import view_json
from bot.playground.rules_blocks import walk_texts
from bot.playground.seen import Control, as_control
from bot.playground.views import View
from bot.playground.wire import Json
from bot.playground.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SeenInput:
    """Something to fill in; `value` as a person reads it (a list where several can be chosen), None when empty.

    `label` is the input block's, empty for a control outside one; `options` are what stands to choose from.
    """

    label: str
    block_id: str
    action_id: str
    type: str
    value: object
    error: str
    hint: str
    placeholder: str
    options: tuple[str, ...]
    is_optional: bool


@dataclass(frozen=True, slots=True)
class SeenView:
    """One view at the moment it was seen; a later change is another `SeenView`. `depth` counts modals, 1 to 3."""

    state: View
    workspace: Workspace
    depth: int = 1

    def __repr__(self) -> str:
        return f"<{self.state.surface} {self.title!r}: {self.all_text!r}>"

    @property
    def view(self) -> Json:
        """Slack's view object, with `state.values`."""
        return view_json(self.workspace, self.state)

    @property
    def id(self) -> str:
        """Slack's id of it, the same after each change."""
        return self.state.id

    @property
    def title(self) -> str:
        """What stands at its top; a Home tab has no title."""
        return self._raw_text("title")

    @property
    def submit(self) -> str:
        """What the button says that submits it, empty without one."""
        return self._raw_text("submit")

    @property
    def close(self) -> str:
        """What the button says that closes it; Slack writes Cancel unless told."""
        return self._raw_text("close") or "Cancel"

    @property
    def callback_id(self) -> str:
        """The app's name for it."""
        return str(self.state.raw.get("callback_id", ""))

    @property
    def private_metadata(self) -> str:
        """What the app keeps in it, unseen."""
        return str(self.state.raw.get("private_metadata", ""))

    @property
    def notice(self) -> str:
        """What Slack's client says above it when the app did not answer."""
        return self.state.notice

    @property
    def is_busy(self) -> bool:
        """Whether a submission waits for the app's answer."""
        return self.state.is_busy

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text in it, in reading order, labels and options too; markup resolved."""
        return tuple(
            typed.readable(each.text, self.workspace) if each.is_markup else each.text
            for each in walk_texts(self.state.blocks)
        )

    @property
    def all_text(self) -> str:
        """Everything a reader can read, a line each: title, notice, texts, and what is wrong with inputs."""
        lines = (self.title, self.notice, *self.texts, *self.errors.values())
        return "\n".join(each for each in lines if each)

    @property
    def inputs(self) -> tuple[SeenInput, ...]:
        """What can be filled in, in reading order."""
        return tuple(
            self._input(block, control)
            for block in self.state.blocks
            for control in controls(block)
            if control["type"] in HELD
        )

    def input(self, what: str) -> SeenInput:
        """Return the input with this label, block_id or action_id. Raises LookupError naming those there are."""
        for each in self.inputs:
            if what in (each.label, each.block_id, each.action_id):
                return each
        raise LookupError(f"no input {what!r} here; there are {[each.label or each.action_id for each in self.inputs]}")

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by the label of the input."""
        return {each.label: each.error for each in self.inputs if each.error}

    @property
    def buttons(self) -> tuple[Control, ...]:
        """The buttons among the blocks, in reading order; those that submit and close are apart."""
        return tuple(each for each in self._controls() if each.type == "button")

    @property
    def menus(self) -> tuple[Control, ...]:
        """The overflow menus among the blocks."""
        return tuple(each for each in self._controls() if each.type == "overflow")

    def _controls(self) -> list[Control]:
        return [as_control(raw) for block in self.state.blocks for raw in controls(block)]

    def _raw_text(self, name: str) -> str:
        return str(self.state.raw.get(name, {}).get("text", ""))

    def _input(self, block: Json, control: Json) -> SeenInput:
        held = held_in(self.state.values[block["block_id"]][control["action_id"]])
        return SeenInput(
            label=block.get("label", {}).get("text", ""),
            block_id=block["block_id"],
            action_id=control["action_id"],
            type=control["type"],
            value=self._readable(held),
            error=self.state.errors.get(block["block_id"], ""),
            hint=block.get("hint", {}).get("text", ""),
            placeholder=control.get("placeholder", {}).get("text", ""),
            options=tuple(each["text"]["text"] for each in all_options(control)),
            is_optional=bool(block.get("optional", block["type"] != "input")),
        )

    def _readable(self, held: object) -> object:
        if isinstance(held, list):
            return [self._readable(each) for each in held]
        if isinstance(held, dict):
            return held["text"]["text"]
        if isinstance(held, str) and held in self.workspace.channels:
            return self.workspace.channels[held].label
        if isinstance(held, str) and held in self.workspace.people:
            return f"@{self.workspace.people[held].name}"
        return held
