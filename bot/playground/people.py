"""People at their Slack clients, for tests and for the terminal: they type, mention, write, press, and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.playground.deliveries import Delivery
from bot.playground.gestures import Gestures
from bot.playground.inputs import find_field, held_from
from bot.playground.journal import Entry, Kind
from bot.playground.models import Author, Channel, Message, Person
from bot.playground.rules_views import HOME
from bot.playground.screens import Screens
from bot.playground.seen import Control, SeenMessage
from bot.playground.seen_views import SeenView
from bot.playground.typed import DESKTOP, Keyboard, as_command, as_message
from bot.playground.wire import Json
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
    screens: Screens
    keyboard: Keyboard = DESKTOP
    read_up_to: int = 0
    _seen_modal: tuple[str, int] | None = None
    _seen_home: tuple[str, int] | None = None
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
        chosen = _option(control, option)
        return self.gestures.use_control(self.who, message.message, control.action_id, selected_option=chosen)

    async def invites_bot(self, channel: str) -> None:
        """Make the bot a member of a channel this person is in."""
        self.gestures.invite_bot(self.who, self._channel(channel))

    async def archives(self, channel: str, *, is_archived: bool = True) -> None:
        """Put a channel this person is in into the archive, or take it out."""
        self.gestures.archive(self.who, self._channel(channel), is_archived=is_archived)

    # -- screens

    async def uses_shortcut(
        self, what: str, message: SeenMessage | None = None, channel: str = DEFAULT_CHANNEL
    ) -> Delivery:
        """Use the shortcut with this name or callback_id: a message's with `message`, else a global one.

        Raises LookupError for one that Slack's client does not offer there.
        """
        on = message.message if message is not None else None
        return self.screens.use_shortcut(self.who, what, on, self._channel(channel))

    async def opens_home(self, tab: str = HOME) -> None:
        """Look at the app's page, its `home` or its `messages` tab. Raises LookupError when it has none."""
        self.screens.open_home(self.who, tab)

    async def fills(self, what: str, value: object) -> Delivery | None:
        """Fill in the modal's input with this label, block_id, action_id or placeholder; None empties it.

        Values in people's words: text, an option, `#voice-ops`, `@ben`, an ISO date, a list for controls that hold
        many. Returns a delivery where the app is told at once. Raises LookupError for what is not there to choose.
        """
        return self._fill(self._open_modal(), what, value)

    async def submits(self) -> Delivery | None:
        """Submit the modal; None when Slack's client itself found errors, which the modal then shows."""
        return self.screens.submit(self.who, self._open_modal().id)

    async def closes(self, *, everything: bool = False) -> tuple[Delivery, ...]:
        """Close the modal on the screen, or with `everything` all of the stack; returns what the app is told."""
        return self.screens.close(self.who, self._open_modal().id, everything=everything)

    async def presses_in_modal(self, what: str) -> Delivery:
        """Press the button whose action_id or text is `what`, among the modal's blocks."""
        modal = self._open_modal()
        return self.screens.press(self.who, modal.id, _find_control(what, modal.buttons).action_id)

    async def presses_at_home(self, what: str) -> Delivery:
        """Press the button whose action_id or text is `what`, on the Home tab."""
        home = self._own_home()
        return self.screens.press(self.who, home.id, _find_control(what, home.buttons).action_id)

    async def chooses_at_home(self, what: str, value: object) -> Delivery | None:
        """Choose in a menu of the Home tab, or from an overflow menu there, by action_id or placeholder."""
        home = self._own_home()
        if what in (each.action_id for each in home.menus):
            control = _find_control(what, home.menus)
            return self.screens.press(self.who, home.id, what, selected_option=_option(control, str(value)))
        return self._fill(home, what, value)

    @property
    def modal(self) -> SeenView | None:
        """The modal on the screen, None without one."""
        stack = self.workspace.views.modals(self.who.id)
        return SeenView(stack[-1], self.workspace, len(stack)) if stack else None

    @property
    def home(self) -> SeenView | None:
        """The Home tab as it was published last, None before."""
        view = self.workspace.views.home(self.who.id)
        return SeenView(view, self.workspace) if view is not None else None

    async def sees_modal(self, timeout_s: float = PATIENCE_S) -> SeenView:
        """Wait for a modal that was not seen so before: a new one, or a change by the app or by Slack; return it.

        Raises AssertionError with the journal when nothing comes in time.
        """
        seen = await self._awaited(lambda: self.modal, self._seen_modal, "no other modal", timeout_s)
        self._seen_modal = _version(seen)
        return seen

    async def sees_home(self, timeout_s: float = PATIENCE_S) -> SeenView:
        """Wait for a Home tab that was not seen so before and return it; AssertionError as `sees_modal`."""
        seen = await self._awaited(lambda: self.home, self._seen_home, "no other Home tab", timeout_s)
        self._seen_home = _version(seen)
        return seen

    async def _awaited(
        self,
        look: Callable[[], SeenView | None],
        seen_before: tuple[str, int] | None,
        nothing: str,
        timeout_s: float,
    ) -> SeenView:
        journal = self.workspace.journal
        try:
            async with asyncio.timeout(timeout_s):
                while (seen := look()) is None or _version(seen) == seen_before:
                    await journal.beyond(journal.last_seq)
        except TimeoutError:
            raise AssertionError(
                f"{self.who.name} saw {nothing} in {timeout_s:g} s. The journal ends:\n{journal.told()}"
            ) from None
        return seen

    def _open_modal(self) -> SeenView:
        modal = self.modal
        if modal is None:
            raise LookupError(f"{self.who.name} has no modal open")
        return modal

    def _own_home(self) -> SeenView:
        home = self.home
        if home is None:
            raise LookupError(f"{self.who.name} has no Home tab yet")
        return home

    def _fill(self, view: SeenView, what: str, value: object) -> Delivery | None:
        block, control = find_field(view.state, what)
        held = held_from(self.workspace, self.who, control, value)
        return self.screens.fill(self.who, view.id, block["block_id"], control["action_id"], held)

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


def _option(control: Control, wanted: str) -> Json:
    for option in control.options:
        if wanted in (option["value"], option["text"]["text"]):
            return option
    raise LookupError(f"no option {wanted!r}; there are {[each['text']['text'] for each in control.options]}")


def _version(seen: SeenView) -> tuple[str, int]:
    return seen.id, seen.state.version
