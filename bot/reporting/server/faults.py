"""Bad weather on demand: faults that spoil the next answers, and quirks in which another API would differ.

A fault is used up (`times`) or lasts until cleared; the first one that matches a request is taken. A quirk is a switch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.reporting.server.wire import Cut, Reply

_HTML = b"<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1><hr>proxy</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which an answer is spoilt. Made by the functions below."""

    instead: Reply | None = None  # sent instead of handling the request
    delay_s: float = 0.0  # the answer comes this much later, seconds
    cut: Cut | None = None
    code: int | None = None  # refuse with this platform code instead of handling the request
    retry_after_s: int | None = None  # the Retry-After header that goes with `code`, seconds
    times: int | None = 1  # answers still to be spoilt; None means until cleared
    path: str = ""  # only requests whose raw path starts with this, for example "/v1/services"


def refused(code: int, *, retry_after_s: int | None = None, times: int | None = 1, path: str = "") -> Fault:
    """Return a refusal with a platform code: 42900 with Retry-After, 50000, 50300, and so on."""
    return Fault(code=code, retry_after_s=retry_after_s, times=times, path=path)


def html(status: int, *, times: int | None = 1, path: str = "") -> Fault:
    """Return a proxy's HTML page in place of JSON, with any status, 200 included."""
    title = str(status).encode("ascii")
    page = Reply(status, _HTML % (title, title), {"Content-Type": "text/html; charset=utf-8"})
    return Fault(instead=page, times=times, path=path)


def empty(status: int, *, times: int | None = 1, path: str = "") -> Fault:
    """Return an answer without a body."""
    return Fault(instead=Reply(status, b"", {}), times=times, path=path)


def slow(delay_s: float, *, times: int | None = 1, path: str = "") -> Fault:
    """Return a right answer that comes `delay_s` late, seconds; infinite hangs until the server stops."""
    return Fault(delay_s=delay_s, times=times, path=path)


def cut(where: Cut, *, times: int | None = 1, path: str = "") -> Fault:
    """Return a connection that breaks before, or half-way through, the answer."""
    return Fault(cut=where, times=times, path=path)


class Faults:
    """The faults waiting to happen, in the order they were added."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._waiting)

    def add(self, fault: Fault) -> None:
        """Spoil the next answers with `fault`, after those already waiting."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

    def take(self, raw_path: str) -> Fault | None:
        """Return the fault for a request and count it as used; None in good weather."""
        for index, fault in enumerate(self._waiting):
            if raw_path.startswith(fault.path):
                if fault.times is not None and fault.times > 1:
                    self._waiting[index] = replace(fault, times=fault.times - 1)
                elif fault.times is not None:
                    del self._waiting[index]
                return fault
        return None


class WholeDays(StrEnum):
    """How an API that knows only whole UTC days reads a window."""

    OFF = "off"
    TRUNCATE = "truncate"  # both ends are cut down to their midnight
    WIDEN = "widen"  # every day that the window touches counts whole


class EmptyStart(StrEnum):
    """What `start` is when there were no calls; the platform does not document it."""

    MISSING = "missing"
    BLANK = "blank"  # ""
    NULL = "null"


@dataclass(slots=True)
class Quirks:
    """Lasting differences in how the API behaves; set the attributes."""

    clock_offset_s: float = 0.0  # the server's clock minus the true one: Date header and timestamp check, seconds
    is_error_code_text: bool = False  # errorCode as a string, as one schema has it
    empty_start: EmptyStart = EmptyStart.MISSING
    whole_days: WholeDays = WholeDays.OFF
    is_look_back_limited: bool = False  # refuses windows that start before the UTC day 30 days ago
    is_path_lenient: bool = False  # also accepts a signature over the percent-decoded path
    is_counter_case_strict: bool = False  # knows counters only in the spelling they were set up with
