"""What people do, as Slack carries it to the app, and what they see when the app does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.playground import payloads
from bot.playground.controls import action_of, find_control
from bot.playground.deliveries import Deliveries, Delivery, EnvelopeType, Outcome
from bot.playground.events import Events
from bot.playground.models import Author, Channel, ChannelKind, Message, Person
from bot.playground.responses import Responses, ResponseUrl
from bot.playground.wire import Json, RefusalError
from bot.playground.workspace import Workspace

#: How Slack names the two ways in which an app can fail to answer.
ERROR_NAMES = {Outcome.TIMED_OUT: "operation_timeout", Outcome.NOBODY_THERE: "dispatch_failed"}

#: What the events about archiving begin with.
CHANNEL_NAMES = {ChannelKind.PUBLIC: "channel", ChannelKind.PRIVATE: "group", ChannelKind.IM: "im"}


@dataclass(slots=True)
class Gestures:
    """Takes gestures with their text already as a Slack client sends it (`bot.playground.typed`)."""

    workspace: Workspace
    deliveries: Deliveries
    responses: Responses
    events: Events

    def write(
        self, person: Person, channel: Channel, text: str, thread_ts: str | None = None, *, is_broadcast: bool = False
    ) -> Message:
        """Return the message `person` wrote. Raises PermissionError where they cannot write."""
        self._check_can_write(person, channel)
        return self.workspace.post(
            channel,
            person.id,
            Author.APP if person.is_bot else Author.PERSON,
            text,
            thread_ts=thread_ts,
            is_broadcast=is_broadcast,
            client_msg_id=None if person.is_bot else self.workspace.ids.next_uuid(),
        )

    def run_command(
        self, person: Person, channel: Channel, name: str, text: str, thread_ts: str | None = None
    ) -> Delivery | None:
        """Return the command on its way; None when Slack itself says no, which the person then reads."""
        self._check_can_write(person, channel)
        if thread_ts is not None:
            self.workspace.notice(channel, person, f"{name} is not supported in threads. Sorry!", thread_ts)
            return None
        # Commands of an app belong to the workspace it is installed in: people of another one do not have them.
        if self.workspace.manifest.command(name) is None or person.is_stranger:
            self.workspace.notice(channel, person, f"{name} is not a valid command.")
            return None
        url = self.responses.give_url("commands", channel, person, typed=f"{name} {text}".strip())
        payload = payloads.command(
            self.workspace,
            channel,
            person,
            name,
            text,
            response_url=url.address,
            trigger_id=self.responses.give_trigger(person, channel),
        )

        def on_end(_: Delivery, outcome: Outcome, answer: Json) -> None:
            if outcome is not Outcome.ACKED:
                self.workspace.notice(channel, person, f'{name} failed with the error "{ERROR_NAMES[outcome]}"')
            elif answer:
                self._show_answer(url, name, answer)

        return self.deliveries.send(EnvelopeType.COMMAND, payload, on_end)

    def use_control(self, person: Person, message: Message, action_id: str, **chosen: Any) -> Delivery:
        """Return the use of a control on its way; `chosen` is e.g. `selected_option`.

        Raises LookupError when the message does not show that control to the person any more.
        """
        current = self.workspace.find(message.channel_id, message.ts)
        if current is None or not self.workspace.is_visible(current, person):
            raise LookupError(f"{person.name} does not see this message: {message.text[:80]!r}")
        channel = self.workspace.channels[current.channel_id]
        block, control = find_control(current.blocks, action_id)
        action = {**action_of(block, control), **chosen, "action_ts": self.workspace.next_ts()}
        url = self.responses.give_url("actions", channel, person, original=current)
        payload = payloads.block_actions(
            self.workspace,
            channel,
            person,
            current,
            action,
            response_url=url.address,
            trigger_id=self.responses.give_trigger(person, channel),
        )

        def on_end(_: Delivery, outcome: Outcome, answer: Json) -> None:
            if outcome is not Outcome.ACKED:
                thread_ts = current.thread_ts if current.is_reply else None
                text = f'This app failed with the error "{ERROR_NAMES[outcome]}"'
                self.workspace.notice(channel, person, text, thread_ts)
            elif answer:
                self.workspace.journal.blame(
                    "unexpected_ack_payload", action_id, "a control's acknowledgement is empty"
                )

        return self.deliveries.send(EnvelopeType.INTERACTIVE, payload, on_end)

    def invite_bot(self, person: Person, channel: Channel) -> None:
        """Make the bot a member of `channel`."""
        self._check_can_write(person, channel)
        self.workspace.admit(channel, self.workspace.bot)
        current = self.workspace.channels[channel.id]
        inner = payloads.membership(self.workspace, current, self.workspace.bot, person)
        self.events.send(current, "member_joined_channel", inner)

    def remove_bot(self, channel: Channel) -> None:
        """Take the bot out of `channel`."""
        current = self.workspace.remove(channel, self.workspace.bot)
        inner = payloads.membership(self.workspace, current, self.workspace.bot)
        self.events.send(current, "member_left_channel", inner)

    def archive(self, person: Person, channel: Channel, *, is_archived: bool = True) -> None:
        """Put `channel` into the archive, or take it out."""
        if person.is_restricted or person.is_stranger or person.id not in channel.members:
            raise PermissionError(f"{person.name} cannot archive {channel.label}")
        current = self.workspace.archive(channel, is_archived=is_archived)
        name = f"{CHANNEL_NAMES[channel.kind]}_{'archive' if is_archived else 'unarchive'}"
        inner = {"channel": channel.id, "user": person.id, "event_ts": self.workspace.next_ts()}
        self.events.send(current, name, inner)

    def _show_answer(self, url: ResponseUrl, name: str, answer: Json) -> None:
        try:
            self.responses.answer(url, answer)
        except RefusalError as refusal:
            self.workspace.journal.blame(refusal.code, f"ack of {name}", "; ".join(refusal.messages))

    def _check_can_write(self, person: Person, channel: Channel) -> None:
        current = self.workspace.channels[channel.id]
        if person.is_deleted or current.is_archived or person.id not in current.members:
            raise PermissionError(f"{person.name} cannot write in {channel.label}")
