"""The embedded Reporting API without a socket: a request and the time go in, a reply comes out.

    GET /v1/users/{type}/{endpoint}/calls[/{domain}]    signed or Basic
    GET /v1/counters/{id}                               signed or Basic
    GET /v1/services/{id}                               the application key alone is enough

Checks come in this order: who asks (`access`), then the path (404, 405), then type, domain and times (40001), the plus
of a number (40005), and last whether there is such a thing (40400). Source: spec "Call Report"; facts section 6.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import unquote

from bot.reporting.models import CallReport, Domain, Identity, IdentityType
from bot.reporting.server.access import Application, Gate
from bot.reporting.server.board import Counters, Manner, Services
from bot.reporting.server.faults import EmptyStart, Fault, Faults, Quirks
from bot.reporting.server.records import CallRecords
from bot.reporting.server.times import NS_PER_MS, format_instant, to_ms
from bot.reporting.server.windows import parse_window
from bot.reporting.server.wire import ApiError, Cut, Reply, Request, error_reply, json_reply

_NUMBER = re.compile(r"\+[0-9]{5,15}")
_CUT_BEFORE = Reply(0, b"", {}, cut=Cut.BEFORE)


@dataclass(frozen=True, slots=True)
class CallsRoute:
    """The path of a call report, decoded; nothing in it is checked yet."""

    type: str
    endpoint: str
    domain: str


@dataclass(frozen=True, slots=True)
class CounterRoute:
    """The path of a counter."""

    counter_id: str


@dataclass(frozen=True, slots=True)
class ServiceRoute:
    """The path of a service."""

    service_id: str


Route = CallsRoute | CounterRoute | ServiceRoute


class ReportingApi:
    """The three resources over `records`, with services, counters, faults and quirks to be changed at any time."""

    def __init__(
        self,
        application: Application,
        records: CallRecords,
        *,
        ongoing: Callable[[int], int] | None = None,
        new_reference: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """`ongoing` counts calls in progress at an instant (ms since 1970, UTC); by default the records are counted."""
        self.records = records
        self.services = Services()
        self.counters = Counters(ongoing or records.ongoing)
        self.faults = Faults()
        self.quirks = Quirks()
        self._gate = Gate(application)
        self._new_reference = new_reference
        self._dated: tuple[int, str] = (0, "")  # second since 1970 and its Date header: making one costs 10 µs

    def handle(self, request: Request, now: datetime) -> Reply:
        """Return the reply to `request` at `now` (aware); never raises, whatever the request holds."""
        fault = self.faults.take(request.raw_path)
        if fault is not None and fault.cut is Cut.BEFORE:
            return _CUT_BEFORE
        try:
            reply = self._spoilt(fault) or self._answer(request, now)
        except ApiError as error:
            reply = self.refuse(error)
        headers = {**reply.headers, "Date": self._date(now)}
        if fault is None:
            return replace(reply, headers=headers)
        return replace(reply, headers=headers, delay_s=max(reply.delay_s, fault.delay_s), cut=fault.cut)

    def refuse(self, error: ApiError) -> Reply:
        """Return the reply of a refusal, under a fresh reference."""
        return error_reply(error, reference=self._new_reference(), is_code_text=self.quirks.is_error_code_text)

    def _spoilt(self, fault: Fault | None) -> Reply | None:
        if fault is None or (fault.instead is None and fault.code is None):
            return None
        if fault.code is not None:
            headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
            raise ApiError(fault.code, "This answer was spoilt on purpose; try again.", headers)
        return fault.instead

    def _answer(self, request: Request, now: datetime) -> Reply:
        segments = request.path.split("/")
        self._gate.admit(
            request,
            clock_ns=to_ms(now + timedelta(seconds=self.quirks.clock_offset_s)) * NS_PER_MS,
            is_public=segments[:3] == ["", "v1", "services"],
            is_path_lenient=self.quirks.is_path_lenient,
        )
        route = parse_route(segments)
        if request.method != "GET":
            raise ApiError(40500, "Only GET is allowed here.", {"Allow": "GET"})
        match route:
            case CallsRoute():
                return self._call_report(route, request.query, now)
            case CounterRoute(counter_id):
                return self._counter(counter_id, now)
            case ServiceRoute(service_id):
                return self._service(service_id)

    def _call_report(self, route: CallsRoute, query: str, now: datetime) -> Reply:
        try:
            identity_type = IdentityType(route.type)
        except ValueError as error:
            raise ApiError(40001, f"The type must be one of {', '.join(IdentityType)}.") from error
        try:
            domain = Domain(route.domain)
        except ValueError as error:
            raise ApiError(40001, f"The domain must be one of {', '.join(Domain)}.") from error
        window = parse_window(query, now_ns=to_ms(now) * NS_PER_MS, quirks=self.quirks)
        if identity_type is IdentityType.NUMBER:
            _check_number(route.endpoint)
        identity = Identity(identity_type, route.endpoint)
        if not self.records.is_known(identity):
            raise ApiError(40400, "Unable to get user.")
        report = self.records.report(identity, domain, window.since_ms, window.until_ms)
        return json_reply(self._report_document(report))

    def _report_document(self, report: CallReport) -> dict[str, object]:
        document: dict[str, object] = {
            "success": report.success,
            "duration": report.duration_s,
            "failed": report.failed,
        }
        if report.first_start is not None:
            document["start"] = format_instant(report.first_start)
        elif self.quirks.empty_start is not EmptyStart.MISSING:
            document["start"] = "" if self.quirks.empty_start is EmptyStart.BLANK else None
        return document

    def _counter(self, counter_id: str, now: datetime) -> Reply:
        counter = self.counters.find(counter_id, now, is_case_strict=self.quirks.is_counter_case_strict)
        if counter is None:
            raise ApiError(40400, "There is no such counter.")
        return json_reply({"value": counter.value, "modified": format_instant(counter.modified_at)})

    def _service(self, service_id: str) -> Reply:
        service = self.services.find(service_id)
        if service is None:
            raise ApiError(40400, "There is no such service.")
        match service.manner:
            case Manner.FAILS:
                raise ApiError(50300, "The status of this service cannot be told now; try again.")
            case Manner.HANGS:
                return replace(json_reply({"status": service.status}), delay_s=float("inf"))
            case Manner.ANSWERS:
                return json_reply({"status": service.status})

    def _date(self, now: datetime) -> str:
        server_now = now.astimezone(UTC) + timedelta(seconds=self.quirks.clock_offset_s)
        second = to_ms(server_now) // 1000
        if second != self._dated[0]:
            self._dated = (second, format_datetime(server_now, usegmt=True))
        return self._dated[1]


def parse_route(segments: list[str]) -> Route:
    """Return what the raw path, split at its slashes, asks for; an absent domain is `data`.

    Raises ApiError 40400 for a path that leads nowhere, 40001 for percent-encoding that is no UTF-8.
    """
    match segments:
        case ["", "v1", "users", type_word, endpoint, "calls"] if endpoint:
            return CallsRoute(_decode(type_word), _decode(endpoint), Domain.DATA)
        case ["", "v1", "users", type_word, endpoint, "calls", domain] if endpoint:
            return CallsRoute(_decode(type_word), _decode(endpoint), _decode(domain))
        case ["", "v1", "counters", counter_id] if counter_id:
            return CounterRoute(_decode(counter_id))
        case ["", "v1", "services", service_id] if service_id:
            return ServiceRoute(_decode(service_id))
        case _:
            raise ApiError(40400, "There is nothing at this path.")


def _decode(segment: str) -> str:
    try:
        text = unquote(segment, errors="strict")
        text.encode()
    except UnicodeError as error:
        raise ApiError(40001, "The path holds bytes that are no UTF-8.") from error
    return text


def _check_number(endpoint: str) -> None:
    if not endpoint.startswith("+"):
        raise ApiError(40005, "The number must start with a plus, for example +46730170101.")
    if not _NUMBER.fullmatch(endpoint):
        raise ApiError(40001, f"Number {endpoint} is invalid: a plus and 5 to 15 digits.")
