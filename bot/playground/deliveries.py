"""What Slack sends to the app: envelopes, their acknowledgements in time, and events sent again when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from bot.playground.journal import Kind
from bot.playground.wire import Json
from bot.playground.workspace import Workspace

#: How many ended envelopes are kept apart from envelopes that never were.
REMEMBERED = 10_000


class EnvelopeType(StrEnum):
    """The three things that come to an app."""

    EVENT = "events_api"
    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"


class Outcome(StrEnum):
    """How a delivery ended."""

    ACKED = "acked"
    TIMED_OUT = "timed_out"
    NOBODY_THERE = "nobody_there"


class Transport(Protocol):
    """Carries an envelope to the app over one connection of its own choice."""

    async def transmit(self, envelope: Json) -> bool:
        """Send `envelope` to exactly one connection; False when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Timing:
    """Slack's patience: seconds for an acknowledgement, and the pauses before each redelivery of an event.

    `file_ready_s` is how long Slack works on a file between the end of its upload and its message, seconds.
    """

    ack_s: float = 3.0
    redelivery_pauses_s: tuple[float, ...] = (0.0, 60.0, 300.0)
    file_ready_s: float = 0.3


@dataclass(slots=True, eq=False)
class Delivery:
    """One envelope on its way. `ack_ms` is the time from sending to the acknowledgement, milliseconds."""

    envelope: Json
    type: EnvelopeType
    attempt: int
    sent_at_s: float
    outcome: asyncio.Future[Outcome]
    on_end: Callable[[Delivery, Outcome, Json], None] | None = None
    ack_ms: float | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def payload(self) -> Json:
        """What the app gets to read."""
        payload: Json = self.envelope["payload"]
        return payload

    @property
    def name(self) -> str:
        """A word or two for the journal: the command, the event type or the interaction type."""
        payload = self.payload
        name = payload.get("command") or payload.get("event", {}).get("type") or payload.get("type", "")
        return f"{name} (attempt {self.attempt})" if self.attempt else str(name)

    async def ended(self) -> Outcome:
        """Wait for the acknowledgement, or for Slack to lose patience."""
        return await asyncio.shield(self.outcome)


@dataclass(slots=True)
class Deliveries:
    """Everything on its way to the app. Call `close` at the end: no timer outlives it."""

    workspace: Workspace
    transport: Transport
    timing: Timing = field(default_factory=Timing)
    _pending: dict[str, Delivery] = field(default_factory=dict)
    _ended: dict[str, None] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _timers: set[asyncio.TimerHandle] = field(default_factory=set)
    is_closed: bool = False

    def send(
        self,
        type_: EnvelopeType,
        payload: Json,
        on_end: Callable[[Delivery, Outcome, Json], None] | None = None,
        *,
        attempt: int = 0,
        reason: str = "",
    ) -> Delivery:
        """Put `payload` on its way and return at once; `on_end` hears the outcome and what the ack carried."""
        loop = asyncio.get_running_loop()
        envelope: Json = {
            "envelope_id": self.workspace.ids.next_uuid(),
            "type": type_.value,
            "accepts_response_payload": type_ is not EnvelopeType.EVENT,
            "payload": payload,
        }
        if type_ is EnvelopeType.EVENT:
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        delivery = Delivery(envelope, type_, attempt, loop.time(), loop.create_future(), on_end)
        if not self.is_closed:
            self._pending[envelope["envelope_id"]] = delivery
            self.start(self._transmit(delivery))
        return delivery

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` as a task that `close` will not leave behind."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _transmit(self, delivery: Delivery) -> None:
        loop = asyncio.get_running_loop()
        delivery.sent_at_s = loop.time()
        self.workspace.journal.add(Kind.ENVELOPE, f"{delivery.type} {delivery.name}", delivery.envelope)
        if not await self.transport.transmit(delivery.envelope):
            self._end(delivery, Outcome.NOBODY_THERE, {})
        elif not delivery.outcome.done():
            delivery.timer = loop.call_later(self.timing.ack_s, self._lose_patience, delivery)

    def acknowledge(self, envelope_id: str, payload: Json) -> None:
        """Take an acknowledgement from the app."""
        journal = self.workspace.journal
        delivery = self._pending.get(envelope_id)
        if delivery is None:
            rule = "late_or_second_ack" if envelope_id in self._ended else "unknown_envelope"
            journal.blame(rule, "ack", f"envelope {envelope_id} is not waiting for an acknowledgement")
            return
        delivery.ack_ms = (asyncio.get_running_loop().time() - delivery.sent_at_s) * 1000
        journal.add(Kind.ACK, f"{delivery.type} {delivery.name} after {delivery.ack_ms:.1f} ms", payload)
        if payload and delivery.type is EnvelopeType.EVENT:
            journal.blame("unexpected_ack_payload", delivery.name, "an event's acknowledgement carries nothing")
        self._end(delivery, Outcome.ACKED, payload)

    def _lose_patience(self, delivery: Delivery) -> None:
        detail = f"no acknowledgement of {delivery.name} within {self.timing.ack_s:g} s"
        self.workspace.journal.add(Kind.NO_ACK, detail)
        self.workspace.journal.blame("operation_timeout", delivery.name, detail)
        self._end(delivery, Outcome.TIMED_OUT, {})

    def _end(self, delivery: Delivery, outcome: Outcome, payload: Json) -> None:
        envelope_id = delivery.envelope["envelope_id"]
        if self._pending.pop(envelope_id, None) is None:
            return
        self._ended[envelope_id] = None
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
        if delivery.timer is not None:
            delivery.timer.cancel()
        delivery.outcome.set_result(outcome)
        if outcome is not Outcome.ACKED and delivery.type is EnvelopeType.EVENT:
            self._send_again(delivery, outcome)
        if delivery.on_end is not None:
            delivery.on_end(delivery, outcome, payload)

    def _send_again(self, delivery: Delivery, outcome: Outcome) -> None:
        pauses_s = self.timing.redelivery_pauses_s
        if delivery.attempt >= len(pauses_s) or self.is_closed:
            return
        reason = "timeout" if outcome is Outcome.TIMED_OUT else "connection_failed"
        self.later(pauses_s[delivery.attempt], lambda: self.redeliver(delivery, reason))

    def redeliver(self, delivery: Delivery, reason: str = "timeout") -> Delivery:
        """Return the same event on its way again: equal payload, the next retry number, a new envelope."""
        return self.send(delivery.type, delivery.payload, delivery.on_end, attempt=delivery.attempt + 1, reason=reason)

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Do `action` after a while, unless everything ends before."""
        if self.is_closed:
            return

        def act() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(seconds, act)
        self._timers.add(timer)

    async def close(self) -> None:
        """Forget all that is on its way and wait for the tasks."""
        self.is_closed = True
        for timer in self._timers:
            timer.cancel()
        for delivery in self._pending.values():
            if delivery.timer is not None:
                delivery.timer.cancel()
            delivery.outcome.cancel()
        self._pending.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
