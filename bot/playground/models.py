"""The nouns of the workspace: people, channels and messages, all values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.playground.wire import Json


class ChannelKind(StrEnum):
    """What sort of conversation a channel is."""

    PUBLIC = "public"
    PRIVATE = "private"
    IM = "im"


class Author(StrEnum):
    """Who speaks in a message: a person, an app, or Slack itself."""

    PERSON = "person"
    APP = "app"
    SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can write: `name` is the handle people type after `@`, `tz` an IANA zone, `tz_label` Slack's words.

    `is_restricted` is a guest, `is_ultra_restricted` a guest of one channel, `is_stranger` someone of another
    organisation (then `team_id` is theirs); `bot_id` is set for apps.
    """

    id: str
    name: str
    real_name: str
    team_id: str
    tz: str = "America/Los_Angeles"
    tz_label: str = "Pacific Standard Time"
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_bot: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    is_deleted: bool = False

    def tz_offset_s(self, now: datetime) -> int:
        """Return the seconds this person's clock is ahead of UTC at `now`."""
        offset = now.astimezone(ZoneInfo(self.tz)).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation; `name` has no `#`, and for an im it is the handle of the person the bot talks to."""

    id: str
    name: str
    kind: ChannelKind = ChannelKind.PUBLIC
    members: frozenset[str] = frozenset()
    is_archived: bool = False
    is_ext_shared: bool = False

    @property
    def label(self) -> str:
        """The name a person sees: `#voice-ops`, or `@ana` for a direct conversation."""
        return f"@{self.name}" if self.kind is ChannelKind.IM else f"#{self.name}"


@dataclass(frozen=True, slots=True)
class UserGroup:
    """Some people with a handle of their own, such as `oncall`; `id` begins with S, `members` are ids."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands now; each change makes a new value with `version` one higher.

    `ts` is Slack's "seconds.micros" text. `thread_ts` is the parent's ts for a reply, None otherwise. `viewer_id` is
    set for an ephemeral message: only that person sees it. `file_ids` are the files shown under it.
    """

    channel_id: str
    ts: str
    user_id: str
    author: Author
    text: str
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    thread_ts: str | None = None
    is_broadcast: bool = False
    metadata: Json | None = None
    viewer_id: str | None = None
    client_msg_id: str | None = None
    edited_ts: str | None = None
    version: int = 0
    is_deleted: bool = False
    file_ids: tuple[str, ...] = ()

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.viewer_id is not None

    @property
    def is_reply(self) -> bool:
        """Whether it lives inside a thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts
