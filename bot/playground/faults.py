"""Bad weather on order: each fault strikes the next so many times and is then over."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

#: The name under which posts to response_urls go, beside the Web API's method names.
RESPONSE_URL = "response_url"
#: Likewise for the bytes of a file.
UPLOAD = "upload"


class Fault(StrEnum):
    """What can go wrong with one request. "Before" and "after" are about the request being carried out."""

    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    RATE_LIMITED = "rate_limited"
    ERROR_500_BEFORE = "error_500_before"
    ERROR_500_AFTER = "error_500_after"
    SLOW = "slow"
    HTML = "html"
    REFUSED_BEFORE = "refused_before"
    REFUSED_AFTER = "refused_after"


class Twist(StrEnum):
    """How one gesture can reach the bot more than once."""

    REDELIVERED = "redelivered"
    DOUBLED = "doubled"
    PHANTOM_TWIN = "phantom_twin"


@dataclass(slots=True)
class Strike:
    """One ordered fault: the next `times` calls of `method` (None: of any) meet it.

    `seconds` is the Retry-After of RATE_LIMITED and the delay of SLOW; `code` the error of a refusal.
    """

    fault: Fault
    method: str | None
    times: int
    seconds: float = 0.0
    code: str = ""


@dataclass(slots=True)
class Faults:
    """The switches; all off at first. Methods are Web API names, `response_url`, `upload`, or None for every one."""

    _strikes: list[Strike] = field(default_factory=list)
    _twists: list[Twist] = field(default_factory=list)
    _refused_sockets: int = 0

    def drop_before(self, method: str | None = None, times: int = 1) -> None:
        """Cut the connection before the request is carried out."""
        self._strikes.append(Strike(Fault.DROP_BEFORE, method, times))

    def drop_after(self, method: str | None = None, times: int = 1) -> None:
        """Carry the request out, then cut the connection without an answer."""
        self._strikes.append(Strike(Fault.DROP_AFTER, method, times))

    def ratelimit(self, method: str | None = None, times: int = 1, retry_after_s: int = 1) -> None:
        """Answer 429 with `Retry-After`."""
        self._strikes.append(Strike(Fault.RATE_LIMITED, method, times, seconds=retry_after_s))

    def error_500(self, method: str | None = None, times: int = 1, *, after: bool = False) -> None:
        """Answer HTTP 500, before or `after` the request was carried out."""
        self._strikes.append(Strike(Fault.ERROR_500_AFTER if after else Fault.ERROR_500_BEFORE, method, times))

    def slow(self, method: str | None = None, times: int = 1, *, seconds: float) -> None:
        """Wait before carrying the request out."""
        self._strikes.append(Strike(Fault.SLOW, method, times, seconds=seconds))

    def html(self, method: str | None = None, times: int = 1) -> None:
        """Answer an HTML page with status 200, the request not carried out."""
        self._strikes.append(Strike(Fault.HTML, method, times))

    def refuse(self, code: str, method: str | None = None, times: int = 1, *, after: bool = False) -> None:
        """Answer `ok: false` with `code` (`internal_error`, `fatal_error`, …), before or `after` carrying it out."""
        fault = Fault.REFUSED_AFTER if after else Fault.REFUSED_BEFORE
        self._strikes.append(Strike(fault, method, times, code=code))

    def redeliver(self, times: int = 1) -> None:
        """Send the next event a second time: same event_id, retry number 1."""
        self._twists.extend([Twist.REDELIVERED] * times)

    def double(self, times: int = 1) -> None:
        """Send the next event a second time under another event_id: one gesture, two events."""
        self._twists.extend([Twist.DOUBLED] * times)

    def phantom_twin(self, times: int = 1) -> None:
        """Send the next event also as a twin with another ts and an equal client_msg_id."""
        self._twists.extend([Twist.PHANTOM_TWIN] * times)

    def refuse_sockets(self, times: int = 1) -> None:
        """Fail the next WebSocket handshakes."""
        self._refused_sockets += times

    def clear(self) -> None:
        """Switch everything off."""
        self._strikes.clear()
        self._twists.clear()
        self._refused_sockets = 0

    def waiting(self) -> list[str]:
        """Return what is still to come, a line each for people."""
        lines = [f"{each.fault} on {each.method or 'any call'}, {each.times} to come" for each in self._strikes]
        lines += [f"event {twist}" for twist in self._twists]
        return [*lines, f"{self._refused_sockets} connections refused"] if self._refused_sockets else lines

    def take(self, method: str) -> Strike | None:
        """Return the fault that this call of `method` meets, counted down; None for a fine day."""
        for strike in self._strikes:
            if strike.method in (None, method):
                strike.times -= 1
                if strike.times <= 0:
                    self._strikes.remove(strike)
                return strike
        return None

    def take_twist(self) -> Twist | None:
        """Return what happens to this event."""
        return self._twists.pop(0) if self._twists else None

    def take_refused_socket(self) -> bool:
        """Tell whether this handshake fails."""
        if not self._refused_sockets:
            return False
        self._refused_sockets -= 1
        return True
