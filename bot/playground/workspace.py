"""The workspace's state: who is where, and every message as it stands. No network; the clock is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.playground import seed
from bot.playground.files import Files
from bot.playground.journal import Journal, Kind, Violation
from bot.playground.manifest import Manifest
from bot.playground.models import Author, Channel, ChannelKind, Message, Person, UserGroup
from bot.playground.views import Views
from bot.playground.wire import Clock, Ids


class Workspace:
    """People, channels and messages of one Slack workspace with one app installed.

    Whatever changes a message is written into `journal`, with the message as it then stood.
    """

    def __init__(self, manifest: Manifest, clock: Clock) -> None:
        self.manifest = manifest
        self.clock = clock
        self.journal = Journal(clock)
        self.ids = Ids(clock)
        self.people: dict[str, Person] = {each.id: each for each in seed.people(manifest.bot_name)}
        self.channels: dict[str, Channel] = {each.id: each for each in seed.channels()}
        self.usergroups: dict[str, UserGroup] = {each.id: each for each in seed.usergroups()}
        self.bot = self.people[seed.BOT_USER_ID]
        self.views = Views(self.journal, self.ids, clock)
        self.files = Files(self.journal, self.ids, clock)
        #: Called with each message as it was (None: it is new) and as it is now.
        self.watchers: list[Callable[[Message | None, Message], None]] = []
        self._messages: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._last_ts_us = 0

    @property
    def violations(self) -> list[Violation]:
        """The rules the bot broke so far."""
        return self.journal.violations

    # -- who and where

    def person(self, name: str) -> Person:
        """Return the person with this handle or id. Raises LookupError naming those there are."""
        wanted = name.removeprefix("@").lower()
        for each in self.people.values():
            if wanted in (each.name, each.id.lower()):
                return each
        raise LookupError(f"nobody is called {name!r}; there are {', '.join(p.name for p in self.people.values())}")

    def channel(self, name: str) -> Channel:
        """Return the channel called `name` (`#voice-ops`, `voice-ops` or an id). Raises LookupError."""
        found = self.channels.get(name)
        if found is not None:
            return found
        wanted = name.removeprefix("#")
        for each in self.channels.values():
            if each.name == wanted and each.kind is not ChannelKind.IM:
                return each
        raise LookupError(f"no channel {name!r}; there are {', '.join(c.label for c in self.channels.values())}")

    def direct(self, person: Person) -> Channel:
        """Return the direct conversation between `person` and the bot, opened when there was none."""
        channel_id = f"D{person.id[1:]}"
        if channel_id not in self.channels:
            members = frozenset((person.id, self.bot.id))
            self.channels[channel_id] = Channel(channel_id, person.name, ChannelKind.IM, members)
        return self.channels[channel_id]

    def admit(self, channel: Channel, person: Person) -> Channel:
        """Return `channel` with `person` as a member."""
        return self._set_members(channel, self.channels[channel.id].members | {person.id})

    def remove(self, channel: Channel, person: Person) -> Channel:
        """Return `channel` without `person`."""
        return self._set_members(channel, self.channels[channel.id].members - {person.id})

    def archive(self, channel: Channel, *, is_archived: bool = True) -> Channel:
        """Return `channel` archived, or taken out of the archive."""
        self.channels[channel.id] = replace(self.channels[channel.id], is_archived=is_archived)
        return self.channels[channel.id]

    def _set_members(self, channel: Channel, members: frozenset[str]) -> Channel:
        self.channels[channel.id] = replace(self.channels[channel.id], members=members)
        return self.channels[channel.id]

    # -- messages

    def next_ts(self, at: datetime | None = None) -> str:
        """Return a timestamp that no message has had: of `at` or now, never before the ones given out."""
        self._last_ts_us = max(self._last_ts_us + 1, int((at or self.clock()).timestamp() * 1_000_000))
        return f"{self._last_ts_us // 1_000_000}.{self._last_ts_us % 1_000_000:06d}"

    def find(self, channel_id: str, ts: str) -> Message | None:
        """Return the message as it stands now, None when there is none or it was deleted."""
        return self._messages.get(channel_id, {}).get(ts)

    def messages(self, channel_id: str) -> Iterable[Message]:
        """Return all messages of a channel, replies and ephemeral ones too, oldest first."""
        return self._messages.get(channel_id, {}).values()

    def replies(self, parent: Message) -> list[Message]:
        """Return the replies in `parent`'s thread that all members see, oldest first."""
        found = (self.find(parent.channel_id, ts) for ts in self._replies.get((parent.channel_id, parent.ts), ()))
        return [each for each in found if each is not None]

    def post(
        self, channel: Channel, user_id: str, author: Author, text: str, *, at: datetime | None = None, **fields: Any
    ) -> Message:
        """Return the new message, of now or of `at`; `fields` are further fields of `Message`."""
        message = Message(channel.id, self.next_ts(at), user_id, author, text, **fields)
        self._messages.setdefault(channel.id, {})[message.ts] = message
        if message.is_reply and not message.is_ephemeral:
            self._replies.setdefault((channel.id, message.thread_ts or ""), []).append(message.ts)
        self.journal.add(Kind.MESSAGE, self._told(message), message=message)
        self._tell(None, message)
        return message

    def change(self, message: Message, **fields: Any) -> Message:
        """Return the message with `fields` changed. Raises LookupError when it is gone."""
        current = self._messages[message.channel_id][message.ts]
        changed = replace(current, **fields, version=current.version + 1)
        self._messages[message.channel_id][message.ts] = changed
        self.journal.add(Kind.CHANGED, self._told(changed), message=changed)
        self._tell(current, changed)
        return changed

    def delete(self, message: Message) -> None:
        """Take the message away. Raises LookupError when it is gone."""
        gone = self._messages[message.channel_id].pop(message.ts)
        deleted = replace(gone, is_deleted=True, version=gone.version + 1)
        self.journal.add(Kind.DELETED, self._told(deleted), message=deleted)
        self._tell(gone, deleted)

    def notice(self, channel: Channel, person: Person, text: str, thread_ts: str | None = None) -> Message:
        """Return what Slack itself tells `person` alone in `channel`."""
        return self.post(channel, "USLACKBOT", Author.SLACK, text, viewer_id=person.id, thread_ts=thread_ts)

    def is_visible(self, message: Message, person: Person) -> bool:
        """Tell whether `person` can see `message`."""
        if message.viewer_id is not None:
            return message.viewer_id == person.id
        return person.id in self.channels[message.channel_id].members

    def screen(self, person: Person, channel: Channel, thread_ts: str | None = None) -> list[Message]:
        """Return what `person` sees in a channel, or in one thread of it (the parent first), oldest first."""
        return [
            each
            for each in self.messages(channel.id)
            if self.is_visible(each, person)
            and (
                thread_ts in (each.ts, each.thread_ts)
                if thread_ts is not None
                else not each.is_reply or each.is_broadcast
            )
        ]

    def _tell(self, before: Message | None, after: Message) -> None:
        for watcher in self.watchers:
            watcher(before, after)

    def _told(self, message: Message) -> str:
        where = self.channels[message.channel_id].label + (" thread" if message.is_reply else "")
        who = self.people[message.user_id].name if message.user_id in self.people else "slack"
        to = f" (only {self.people[message.viewer_id].name})" if message.viewer_id else ""
        return f"{where} {who}{to}: {message.text[:200]!r}"
