"""A message as somebody sees it on their screen: texts, buttons, whom it pings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground import typed
from bot.playground.controls import all_options, controls
from bot.playground.files import File
from bot.playground.models import Author, Message
from bot.playground.rules_blocks import Text, walk_texts
from bot.playground.wire import Json
from bot.playground.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Control:
    """A button or a menu on the screen; `options` are a menu's, as raw JSON."""

    action_id: str
    type: str
    text: str
    value: str = ""
    style: str = ""
    url: str = ""
    options: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file under a message, as it can be opened."""

    name: str
    title: str
    mimetype: str
    alt_text: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SeenImage:
    """A picture among the blocks: at `url`, or `file` when it shows one of the workspace's."""

    alt_text: str
    title: str = ""
    url: str = ""
    file: SeenFile | None = None


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """One message at the moment it was seen; a later change is another `SeenMessage`."""

    message: Message
    workspace: Workspace

    def __repr__(self) -> str:
        private = ", only you" if self.is_ephemeral else ""
        return f"<{self.author} in {self.channel}{private}: {self.all_text!r}>"

    @property
    def text(self) -> str:
        """The raw `text`: the notification, and what a screen reader reads when there are blocks."""
        return self.message.text

    @property
    def blocks(self) -> tuple[Json, ...]:
        """The raw blocks."""
        return self.message.blocks

    @property
    def all_text(self) -> str:
        """Everything a reader can read, a line each: the blocks' texts, or `text` without blocks; markup resolved."""
        lines = walk_texts(self.blocks) if self.blocks else (Text(self.text, is_markup=True),)
        return "\n".join(typed.readable(each.text, self.workspace) if each.is_markup else each.text for each in lines)

    @property
    def is_ephemeral(self) -> bool:
        """Whether only this person sees it."""
        return self.message.is_ephemeral

    @property
    def channel(self) -> str:
        """Where it stands: `#voice-ops`, or `@ana` for Ana's conversation with the bot."""
        return self.workspace.channels[self.message.channel_id].label

    @property
    def author(self) -> str:
        """The handle of whoever wrote it, `slack` for Slack itself."""
        if self.message.author is Author.SLACK:
            return "slack"
        return self.workspace.people[self.message.user_id].name

    @property
    def ts(self) -> str:
        """Slack's timestamp, the message's id in its channel."""
        return self.message.ts

    @property
    def thread_ts(self) -> str | None:
        """The parent's ts when it is a reply, else None."""
        return self.message.thread_ts

    @property
    def replaced(self) -> bool:
        """Whether it was changed or replaced since it first appeared."""
        return self.message.version > 0

    @property
    def is_from_slack(self) -> bool:
        """Whether Slack itself says it, such as `operation_timeout`."""
        return self.message.author is Author.SLACK

    @property
    def metadata(self) -> Json | None:
        """The metadata it carries."""
        return self.message.metadata

    @property
    def pings(self) -> tuple[str, ...]:
        """Whom it rings: `channel`, `here`, `everyone`, user and group ids, from the text and all blocks."""
        raw = [self.text, *(each.text for each in walk_texts(self.blocks) if each.is_markup)]
        return tuple(dict.fromkeys(ping for text in raw for ping in typed.pings(text)))

    @property
    def buttons(self) -> tuple[Control, ...]:
        """The buttons, in reading order."""
        return tuple(each for each in self._controls() if each.type == "button")

    @property
    def menus(self) -> tuple[Control, ...]:
        """The menus, in reading order."""
        return tuple(each for each in self._controls() if each.type != "button")

    @property
    def files(self) -> tuple[SeenFile, ...]:
        """The files under it."""
        found = (self.workspace.files.get(each) for each in self.message.file_ids)
        return tuple(_file(each) for each in found if each is not None)

    @property
    def images(self) -> tuple[SeenImage, ...]:
        """The pictures among its blocks, in reading order."""
        return tuple(self._image(each) for each in _images(self.blocks))

    def _image(self, raw: Json) -> SeenImage:
        file = self.workspace.files.resolve(raw["slack_file"]) if "slack_file" in raw else None
        title = raw.get("title", {}).get("text", "")
        return SeenImage(raw["alt_text"], title, raw.get("image_url", ""), _file(file) if file is not None else None)

    def _controls(self) -> list[Control]:
        return [as_control(raw) for block in self.blocks for raw in controls(block)]


def as_control(raw: Json) -> Control:
    """Return a button or a menu as a person sees it."""
    label: Any = raw.get("text") or raw.get("placeholder") or {}
    return Control(
        action_id=raw["action_id"],
        type=raw["type"],
        text=label.get("text", ""),
        value=raw.get("value", ""),
        style=raw.get("style", ""),
        url=raw.get("url", ""),
        options=tuple(all_options(raw)),
    )


def _file(file: File) -> SeenFile:
    return SeenFile(file.name, file.title, file.mimetype, file.alt_text, file.content)


def _images(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if value.get("type") == "image":
            yield value
        for part in value.values():
            yield from _images(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _images(part)
