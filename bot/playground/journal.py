"""The journal of all that happens in the workspace, and the ledger of rules the bot broke."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.playground.models import Message
from bot.playground.wire import Clock, Json


class Kind(StrEnum):
    """What an entry tells."""

    MESSAGE = "message"
    CHANGED = "changed"
    DELETED = "deleted"
    ENVELOPE = "envelope"
    ACK = "ack"
    NO_ACK = "no_ack"
    CALL = "call"
    REFUSED = "refused"
    RESPONSE = "response"
    VIEW = "view"
    FILE = "file"
    SOCKET = "socket"
    FAULT = "fault"
    VIOLATION = "violation"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: `seq` counts from 1, `summary` is a line for people, `detail` the raw JSON behind it.

    `message` is the message as it stood at that moment, for the three kinds about messages.
    """

    seq: int
    at: datetime
    kind: Kind
    summary: str
    detail: Json = field(default_factory=dict)
    message: Message | None = None

    def __str__(self) -> str:
        return f"{self.seq:>4} {self.at:%H:%M:%S.%f} {self.kind:<9} {self.summary}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A strict rule the bot broke: `rule` is Slack's error code or ours, `method` where, `detail` the whole story."""

    rule: str
    method: str
    detail: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.rule} in {self.method}: {self.detail}"


class Journal:
    """An append-only list of entries that people, pages and tests can follow.

    At least the last `keep` entries stay readable; `seq` goes on counting. Violations are kept apart, all of them.
    """

    def __init__(self, clock: Clock, *, keep: int = 20_000) -> None:
        self._clock = clock
        self._keep = keep
        self._entries: list[Entry] = []
        self._dropped = 0
        self._subscribers: list[Callable[[Entry], None]] = []
        self._waiters: set[asyncio.Future[None]] = set()
        self.violations: list[Violation] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def last_seq(self) -> int:
        """The number of the newest entry, 0 before the first."""
        return self._dropped + len(self._entries)

    def after(self, seq: int) -> list[Entry]:
        """Return the entries that came after number `seq`, oldest first."""
        return self._entries[max(seq - self._dropped, 0) :]

    def add(self, kind: Kind, summary: str, detail: Json | None = None, message: Message | None = None) -> Entry:
        """Append an entry, tell the subscribers and wake whoever waits."""
        entry = Entry(self.last_seq + 1, self._clock(), kind, summary, detail or {}, message)
        self._entries.append(entry)
        if len(self._entries) >= 2 * self._keep:
            self._dropped += self._keep
            del self._entries[: self._keep]
        for subscriber in tuple(self._subscribers):
            subscriber(entry)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        return entry

    def blame(self, rule: str, method: str, detail: str) -> None:
        """Write into the ledger that the bot broke `rule`."""
        violation = Violation(rule, method, detail, self._clock())
        self.violations.append(violation)
        self.add(Kind.VIOLATION, str(violation), {"rule": rule, "method": method, "detail": detail})

    def take_violations(self, rule: str | None = None) -> list[Violation]:
        """Return and strike out the violations of `rule`, or all: what a test says when it asked for them."""
        taken = [each for each in self.violations if rule is None or each.rule == rule]
        self.violations = [each for each in self.violations if each not in taken]
        return taken

    def subscribe(self, subscriber: Callable[[Entry], None]) -> Callable[[], None]:
        """Call `subscriber` with each new entry; the returned function ends that."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            self._subscribers.remove(subscriber)

        return unsubscribe

    async def beyond(self, seq: int) -> None:
        """Wait until there is an entry after number `seq`."""
        if self.last_seq > seq:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def told(self, last: int = 40) -> str:
        """Return the last entries as lines for a person who wonders what happened."""
        return "\n".join(str(entry) for entry in self._entries[-last:]) or "(nothing happened)"
