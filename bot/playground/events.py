"""Which messages the app hears of: those the manifest subscribes to, in conversations the bot is a member of."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground import payloads
from bot.playground.deliveries import Deliveries, Delivery, EnvelopeType
from bot.playground.faults import Faults, Twist
from bot.playground.journal import Kind
from bot.playground.models import Channel, ChannelKind, Message
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

SUBSCRIPTIONS = {
    ChannelKind.PUBLIC: "message.channels",
    ChannelKind.PRIVATE: "message.groups",
    ChannelKind.IM: "message.im",
}


@dataclass(slots=True)
class Events:
    """Turns what happens to messages into events. `last` is the event sent most recently, for sending it again."""

    workspace: Workspace
    deliveries: Deliveries
    faults: Faults
    last: Delivery | None = None

    def on_message(self, before: Message | None, after: Message) -> None:
        """Send the events that this change of a message causes; ephemeral messages and Slack's own cause none."""
        channel = self.workspace.channels[after.channel_id]
        bot = self.workspace.bot
        if after.is_ephemeral or bot.id not in channel.members:
            return
        subscribed = SUBSCRIPTIONS[channel.kind] in self.workspace.manifest.events
        if before is not None:
            if subscribed:
                self._send(channel, payloads.change_event(self.workspace, channel, after, before))
            return
        mentions_bot = f"<@{bot.id}>" in after.text and channel.kind is not ChannelKind.IM and after.user_id != bot.id
        if mentions_bot and "app_mention" in self.workspace.manifest.events:
            self._send(channel, payloads.message_event(self.workspace, channel, after, "app_mention"))
        if subscribed:
            self._send(channel, payloads.message_event(self.workspace, channel, after, "message"))

    def send(self, channel: Channel, event_type: str, inner: Json) -> None:
        """Send another event, such as `member_joined_channel`, if the manifest subscribes to it."""
        if event_type in self.workspace.manifest.events:
            self._send(channel, {"type": event_type, **inner})

    def _send(self, channel: Channel, inner: Json) -> None:
        payload = payloads.event(self.workspace, channel, inner)
        self.last = self.deliveries.send(EnvelopeType.EVENT, payload)
        twist = self.faults.take_twist() if _is_gesture(inner, self.workspace.bot.id) else None
        if twist is None:
            return
        self.workspace.journal.add(Kind.FAULT, f"event {twist}")
        if twist is Twist.REDELIVERED:
            self.deliveries.redeliver(self.last)
            return
        if twist is Twist.PHANTOM_TWIN:
            ts = self.workspace.next_ts()
            inner = {**inner, "ts": ts, "event_ts": ts}
        self.deliveries.send(EnvelopeType.EVENT, payloads.event(self.workspace, channel, inner))


def _is_gesture(inner: Json, bot_user_id: str) -> bool:
    """Tell whether somebody else did something new: only that is doubled on order."""
    return not inner.get("hidden") and inner.get("user") != bot_user_id
