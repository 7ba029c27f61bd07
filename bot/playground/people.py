"""People at their Slack clients, for tests and for the terminal: they type, mention, write, press, and read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.playground.deliveries import Delivery
from bot.playground.gestures import Gestures
from bot.playground.journal import Entry, Kind
from bot.playground.models import Author, Channel, Message, Person
from bot.playground.seen import Control, SeenMessage
from bot.playground.typed import DESKTOP, Keyboard, as_command, as_message
from bot.playground.workspace import Workspace

#: Where somebody types when nothing else is said, and the name of the conversation with the bot.
DEFAULT_CHANNEL = "#voice-ops"
DIRECT = "dm"
#: How long a reader waits before saying that nothing came, seconds.
PATIENCE_S = 5.0

_ABOUT_MESSAGES = (Kind.MESSAGE, Kind.CHANGED)


@dataclass(slots=True)
class PersonAtClient:
    """One person with a client open. `read_up_to` is the journal's number up to which they have read."""

    who: Person
    workspace: Workspace
    gestures: Gestures
    keyboard: Keyboard = DESKTOP
    read_up_to: int = 0
    _unread: list[Message] = field(default_factory=list)

    # -- doing

    async def types(
        self, text: str, channel: str = DEFAULT_CHANNEL, thread: str | None = None, keyboard: Keyboard | None = None
    ) -> Delivery | None:
        """Run a slash command. Returns it on its way (`await it.ended()`), or None when Slack refused it itself."""
        if not text.startswith("/"):
            raise ValueError(f"a command begins with a slash: {text!r}; use writes or mentions")
        name, _, rest = text.partition(" ")
        command = self.workspace.manifest.command(name)
        sent = as_command(
            rest.strip(),
            self.workspace,
            keyboard or self.keyboard,
            should_escape=command.should_escape if command is not None else False,
        )
        return self.gestures.run_command(self.who, self._channel(channel), name, sent, thread)

    async def mentions(
        self, text: str, channel: str = DEFAULT_CHANNEL, thread: str | None = None, keyboard: Keyboard | None = None
    ) -> SeenMessage:
        """Write `@bot text` and return that message."""
        return await self.writes(f"@{self.workspace.bot.name} {text}".rstrip(), channel, thread, keyboard)

    async def writes(
        self, text: str, channel: str = DIRECT, thread: str | None = None, keyboard: Keyboard | None = None
    ) -> SeenMessage:
        """Write a plain message, to the bot directly unless told where, and return it."""
        sent = as_message(text, self.workspace, keyboard or self.keyboard)
        return self._seen(self.gestures.write(self.who, self._channel(channel), sent, thread))

    async def presses(self, message: SeenMessage, what: str) -> Delivery:
        """Press the button whose action_id or text is `what`. Raises LookupError naming the buttons there are."""
        control = _find_control(what, message.buttons)
        return self.gestures.use_control(self.who, message.message, control.action_id)

    async def chooses(self, message: SeenMessage, what: str, option: str) -> Delivery:
        """Choose the option whose text or value is `option` in the menu `what` (action_id or placeholder)."""
        control = _find_control(what, message.menus)
        chosen = next((each for each in control.options if option in (each["value"], each["text"]["text"])), None)
        if chosen is None:
            raise LookupError(f"no option {option!r}; there are {[each['text']['text'] for each in control.options]}")
        return self.gestures.use_control(self.who, message.message, control.action_id, selected_option=chosen)

    async def invites_bot(self, channel: str) -> None:
        """Make the bot a member of a channel this person is in."""
        self.gestures.invite_bot(self.who, self._channel(channel))

    # -- seeing

    async def reads(
        self, channel: str | None = None, thread: str | None = None, timeout_s: float = PATIENCE_S
    ) -> SeenMessage:
        """Wait for the next message by an app or by Slack that this person sees and has not read, and return it.

        A message that is changed or replaced is read again. `channel` and `thread` (its parent's ts) let the others
        pass unread. Raises AssertionError with the journal when nothing comes in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while (seen := self._next_unread(channel, thread)) is None:
                    await self.workspace.journal.beyond(self.read_up_to)
        except TimeoutError:
            raise AssertionError(
                f"{self.who.name} read nothing in {timeout_s:g} s. The journal ends:\n{self.workspace.journal.told()}"
            ) from None
        return seen

    def unread(self, channel: str | None = None, thread: str | None = None) -> list[SeenMessage]:
        """Return, and mark as read, all there is to read now, without waiting."""
        found = []
        while (seen := self._next_unread(channel, thread)) is not None:
            found.append(seen)
        return found

    def screen(self, channel: str = DEFAULT_CHANNEL, thread: str | None = None) -> list[SeenMessage]:
        """Return what this person sees now in a channel, or in one thread of it, oldest first."""
        where = self._channel(channel)
        return [self._seen(each) for each in self.workspace.screen(self.who, where, thread)]

    def _next_unread(self, channel: str | None, thread: str | None) -> SeenMessage | None:
        journal = self.workspace.journal
        self._unread += [
            entry.message for entry in journal.after(self.read_up_to) if entry.message and self._is_for_me(entry)
        ]
        self.read_up_to = journal.last_seq
        where = self._channel(channel) if channel is not None else None
        for index, message in enumerate(self._unread):
            if where is not None and message.channel_id != where.id:
                continue
            if thread is not None and thread not in (message.thread_ts, message.ts):
                continue
            return self._seen(self._unread.pop(index))
        return None

    def _is_for_me(self, entry: Entry) -> bool:
        message = entry.message
        return (
            entry.kind in _ABOUT_MESSAGES
            and message is not None
            and message.author is not Author.PERSON
            and message.user_id != self.who.id
            and self.workspace.is_visible(message, self.who)
        )

    def _channel(self, name: str) -> Channel:
        return (
            self.workspace.direct(self.who) if name in (DIRECT, f"@{self.who.name}") else self.workspace.channel(name)
        )

    def _seen(self, message: Message) -> SeenMessage:
        return SeenMessage(message, self.workspace)


def _find_control(what: str, controls: tuple[Control, ...]) -> Control:
    for control in controls:
        if what in (control.action_id, control.text):
            return control
    raise LookupError(f"no {what!r} here; there are {[f'{each.text} ({each.action_id})' for each in controls]}")
