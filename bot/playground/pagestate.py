"""What one person's page shows, as JSON: conversations with unread marks, messages, threads, lines of traffic."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from bot.playground.journal import Entry, Kind
from bot.playground.models import Channel, ChannelKind, Message, Person
from bot.playground.server import PlaygroundServer
from bot.playground.tour import Tour
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

#: Messages in one answer; older ones are asked for when somebody scrolls up.
PAGE_OF_MESSAGES = 60
#: Lines of traffic that a page gets when its panel opens.
TRAFFIC_LINES = 300
_FACES_ON_A_THREAD = 3


@dataclass(slots=True)
class PageState:
    """Reads the workspace for pages. `run` tells one start of the server from the next; `_read` is whom what is new to.

    What was there when the page's server started counts as read by everybody.
    """

    playground: PlaygroundServer
    tour: Tour
    has_platform: bool
    run: str = ""
    _began_ts: str = ""
    _read: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.run = self.workspace.ids.next("R")
        self._began_ts = self.workspace.next_ts()

    @property
    def workspace(self) -> Workspace:
        """The workspace that is shown."""
        return self.playground.workspace

    # -- who and where

    def actors(self) -> list[Person]:
        """Return everybody whom the page can act as."""
        return [each for each in self.workspace.people.values() if not each.is_bot and not each.is_deleted]

    def find_person(self, person_id: str) -> Person:
        """Return whom the page acts as. Raises LookupError."""
        person = self.workspace.people.get(person_id)
        if person is None or person.is_bot or person.is_deleted:
            raise LookupError(f"the page cannot act as {person_id!r}")
        return person

    def find_channel(self, person: Person, channel_id: str) -> Channel:
        """Return a conversation that `person` is in. Raises LookupError."""
        channel = self.workspace.channels.get(channel_id)
        if channel is None or person.id not in channel.members:
            raise LookupError(f"{person.name} is in no conversation {channel_id!r}")
        return channel

    def find_message(self, person: Person, channel_id: str, ts: str) -> Message:
        """Return a message that `person` sees. Raises LookupError."""
        message = self.workspace.find(self.find_channel(person, channel_id).id, ts)
        if message is None or not self.workspace.is_visible(message, person):
            raise LookupError("this message is gone")
        return message

    # -- what is shown

    def whole(self, person: Person) -> Json:
        """Return everything but the messages."""
        workspace, manifest = self.workspace, self.workspace.manifest
        self.workspace.direct(person)
        return {
            "run": self.run,
            "seq": workspace.journal.last_seq,
            "me": person.id,
            "actors": [each.id for each in self.actors()],
            "people": {each.id: person_json(each, workspace) for each in workspace.people.values()},
            "channels": [self.channel_json(person, each) for each in self._channels_of(person)],
            "app": {
                "user": workspace.bot.id,
                "name": manifest.name,
                "commands": [asdict(each) for each in manifest.commands] if not person.is_stranger else [],
                "shortcuts": [asdict(each) for each in manifest.shortcuts] if not person.is_stranger else [],
                "has_home": manifest.has_home_tab and not person.is_stranger,
                "has_modals": manifest.is_interactive,
            },
            "is_connected": self.is_connected,
            "violations": len(workspace.violations),
            "tour": asdict(self.tour),
            "has_platform": self.has_platform,
        }

    @property
    def is_connected(self) -> bool:
        """Whether the app has a connection open."""
        return bool(self.playground.sockets.connections)

    def channel_json(self, person: Person, channel: Channel) -> Json:
        """Return a conversation with what is new in it for `person`."""
        unread = self._unread(person, channel)
        others = [self.workspace.people[each] for each in channel.members if each != person.id]
        is_direct = channel.kind is ChannelKind.IM
        return {
            "id": channel.id,
            "name": others[0].real_name if is_direct and others else channel.name,
            "kind": channel.kind.value,
            "with": others[0].id if is_direct and others else "",
            "members": sorted(channel.members),
            "has_bot": self.workspace.bot.id in channel.members,
            "is_ext_shared": channel.is_ext_shared,
            "read_ts": self._read_ts(person, channel),
            "unread": len(unread),
            "pings": sum(is_direct or f"<@{person.id}" in each.text for each in unread),
        }

    def messages(self, person: Person, channel: Channel, before_ts: str | None = None) -> Json:
        """Return the newest messages of a channel, or the newest before a ts, oldest first."""
        shown = self.workspace.screen(person, channel)
        if before_ts is not None:
            shown = [each for each in shown if each.ts < before_ts]
        part = shown[-PAGE_OF_MESSAGES:]
        return {
            "channel": self.channel_json(person, channel),
            "messages": [self.message_json(each) for each in part],
            "has_older": len(shown) > len(part),
        }

    def thread(self, person: Person, channel: Channel, ts: str) -> Json:
        """Return a thread, its parent first. Raises LookupError when there is none."""
        parent = self.find_message(person, channel.id, ts)
        shown = self.workspace.screen(person, channel, parent.ts)
        return {"messages": [self.message_json(each) for each in shown]}

    def message_json(self, message: Message) -> Json:
        """Return a message as the page shows it, a parent with its replies counted."""
        shown: Json = {
            "channel": message.channel_id,
            "ts": message.ts,
            "user": message.user_id,
            "author": message.author.value,
            "text": message.text,
            "blocks": list(message.blocks),
            "attachments": list(message.attachments),
            "is_ephemeral": message.is_ephemeral,
            "is_edited": message.edited_ts is not None and not message.is_ephemeral,
            "version": message.version,
            "files": self._files_json(message),
        }
        if message.is_reply:
            shown |= {"thread_ts": message.thread_ts, "is_broadcast": message.is_broadcast}
        else:
            shown["thread"] = self._thread_json(message)
        return shown

    def _files_json(self, message: Message) -> list[Json]:
        files = self.workspace.files
        return [files.json(each) for each in map(files.get, message.file_ids) if each is not None]

    def _thread_json(self, parent: Message) -> Json | None:
        replies = self.workspace.replies(parent)
        if not replies:
            return None
        faces = list(dict.fromkeys(each.user_id for each in replies))
        return {"count": len(replies), "users": faces[:_FACES_ON_A_THREAD], "last_ts": replies[-1].ts}

    def link(self, person: Person, channel_id: str, ts: str) -> Json:
        """Return a message's address, as Slack's clients copy it. Raises LookupError for one that only one sees."""
        message = self.find_message(person, channel_id, ts)
        if message.is_ephemeral:
            raise LookupError("what only one person sees has no link")
        link = f"{self.playground.url}archives/{channel_id}/p{ts.replace('.', '')}"
        return {"permalink": f"{link}?thread_ts={message.thread_ts}&cid={channel_id}" if message.is_reply else link}

    # -- what is new

    def mark_read(self, person: Person, channel: Channel, ts: str) -> None:
        """Remember that `person` has read a conversation up to `ts`; it never goes back."""
        self._read[person.id, channel.id] = max(ts, self._read_ts(person, channel))

    def _read_ts(self, person: Person, channel: Channel) -> str:
        return self._read.get((person.id, channel.id), self._began_ts)

    def _unread(self, person: Person, channel: Channel) -> list[Message]:
        read_ts = self._read_ts(person, channel)
        found = []
        for each in reversed(list(self.workspace.messages(channel.id))):
            if each.ts <= read_ts:
                break
            is_in_channel = not each.is_reply or each.is_broadcast
            if is_in_channel and each.user_id != person.id and self.workspace.is_visible(each, person):
                found.append(each)
        return found

    def _channels_of(self, person: Person) -> list[Channel]:
        return [each for each in self.workspace.channels.values() if person.id in each.members and not each.is_archived]

    # -- what happens

    def entry_events(self, person: Person, entry: Entry) -> list[tuple[str, Json]]:
        """Return what a page of `person` hears of `entry`: names of events, each with its JSON."""
        message = entry.message
        if message is None:
            events = [("traffic", self.traffic_json(entry))]
            if entry.kind is Kind.VIEW and entry.detail.get("person_id") == person.id:
                events.append(("view", {"what": entry.detail.get("what", "")}))
            return events
        if not self.workspace.is_visible(message, person):
            return []
        shown = self.message_json(message)
        shown["is_new"] = entry.kind is Kind.MESSAGE
        shown["is_deleted"] = message.is_deleted
        if message.is_reply:
            parent = self.workspace.find(message.channel_id, message.thread_ts or "")
            shown["parent"] = {"ts": parent.ts, "thread": self._thread_json(parent)} if parent is not None else None
        return [("message", shown)]

    def traffic_json(self, entry: Entry) -> Json:
        """Return a line of the journal; what is behind it is asked for by its number."""
        line: Json = {
            "seq": entry.seq,
            "at": entry.at.timestamp(),
            "kind": entry.kind.value,
            "summary": entry.summary,
            "has_detail": bool(entry.detail),
        }
        if entry.kind is Kind.VIOLATION:
            line |= {"rule": entry.detail["rule"], "violations": len(self.workspace.violations)}
        if entry.kind is Kind.SOCKET:
            line["is_connected"] = self.is_connected
        return line

    def traffic(self) -> Json:
        """Return the newest lines of traffic, oldest first."""
        lines = [each for each in self.workspace.journal if each.message is None]
        return {"lines": [self.traffic_json(each) for each in lines[-TRAFFIC_LINES:]]}

    def detail(self, seq: int) -> Json:
        """Return the JSON behind a line. Raises LookupError when the journal has dropped it."""
        entry = next(iter(self.workspace.journal.after(seq - 1)), None)
        if entry is None or entry.seq != seq:
            raise LookupError(f"line {seq} is not in the journal any more")
        return {"seq": seq, "summary": entry.summary, "detail": entry.detail}


def person_json(person: Person, workspace: Workspace) -> Json:
    """Return somebody with the words that say what they may do."""
    role = "app" if person.is_bot else "member"
    if person.is_stranger:
        role = "other organisation"
    elif person.is_ultra_restricted:
        role = "single-channel guest"
    elif person.is_restricted:
        role = "guest"
    return {
        "id": person.id,
        "name": person.name,
        "real_name": person.real_name,
        "role": role,
        "tz": person.tz,
        "tz_label": person.tz_label,
        "tz_offset_s": person.tz_offset_s(workspace.clock()),
        "is_bot": person.is_bot,
        "is_app": person.id == workspace.bot.id,
    }
