"""What the platform says of itself: services that are up or down, and counters refreshed every two minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.reporting.models import Counter
from bot.reporting.server.times import from_ms, to_ms

REFRESH_MS = 120_000  # source: spec "Current Calls"
CURRENT_CALLS = "currentcalls"
SAMPLE_SERVICES = ("rtpproxy", "sipgw", "webrtc", "pstn-out", "pstn-in", "recording")


class Manner(StrEnum):
    """How questions about one service are answered."""

    ANSWERS = "answers"
    FAILS = "fails"  # 503
    HANGS = "hangs"  # no answer at all


@dataclass(frozen=True, slots=True)
class Service:
    """One service as the platform reports it."""

    status: str  # "up", "down", or any other word
    manner: Manner = Manner.ANSWERS


class Services:
    """The services set up for the application, by id."""

    def __init__(self, service_ids: tuple[str, ...] = SAMPLE_SERVICES) -> None:
        self._services = {service_id: Service("up") for service_id in service_ids}

    def __iter__(self) -> Iterator[tuple[str, Service]]:
        return iter(self._services.items())

    def find(self, service_id: str) -> Service | None:
        """Return the service, or None when it was never set up."""
        return self._services.get(service_id)

    def set(self, service_id: str, status: str, manner: Manner = Manner.ANSWERS) -> None:
        """Set up the service, or change what is said of it: `set("rtpproxy", "down")`."""
        self._services[service_id] = Service(status, manner)

    def remove(self, service_id: str) -> None:
        """Make the service unknown."""
        self._services.pop(service_id, None)


class Counters:
    """The counters set up for the application.

    `currentcalls` counts calls in progress at the last even two minutes unless it was set by hand; hand-set values show
    at once, because whoever sets one wants to see it.
    """

    def __init__(self, ongoing: Callable[[int], int]) -> None:
        self._ongoing = ongoing
        self._counted: tuple[int, int] | None = None  # instant (ms) and what was ongoing then
        self._by_hand: dict[str, Counter | int] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._by_hand, CURRENT_CALLS]))

    def set(self, counter_id: str, value: int, modified_at: datetime | None = None) -> None:
        """Set up the counter, or give it a value; with `modified_at` (aware) it looks stuck since then."""
        self.release(counter_id)
        self._by_hand[counter_id] = value if modified_at is None else Counter(counter_id, value, modified_at)

    def release(self, counter_id: str) -> None:
        """Forget the hand-set value: `currentcalls` is counted again, any other counter becomes unknown."""
        for name in [name for name in self._by_hand if name.lower() == counter_id.lower()]:
            del self._by_hand[name]

    def find(self, counter_id: str, now: datetime, *, is_case_strict: bool = False) -> Counter | None:
        """Return the counter as last refreshed before `now`, or None when it was never set up."""
        wanted = counter_id if is_case_strict else counter_id.lower()
        known = next((name for name in self if (name if is_case_strict else name.lower()) == wanted), None)
        if known is None:
            return None
        refreshed_ms = to_ms(now) // REFRESH_MS * REFRESH_MS
        value = self._by_hand.get(known)
        if isinstance(value, Counter):
            return value
        if value is None:
            value = self._count(refreshed_ms)
        return Counter(known, value, from_ms(refreshed_ms))

    def _count(self, at_ms: int) -> int:
        if self._counted is None or self._counted[0] != at_ms:
            self._counted = (at_ms, self._ongoing(at_ms))
        return self._counted[1]
