"""The wire: signed GETs to the Reporting API, retried above the signature, parsed into values.

This is the only module that sends with httpx.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import stamina
import structlog

from bot.reporting.errors import (
    BadAnswer,
    BadRequest,
    ClockWrong,
    NotFound,
    ReportingError,
    Unavailable,
    error_for,
)
from bot.reporting.models import CallReport, Counter, Domain, Identity, ServiceStatus
from bot.reporting.parsing import parse_call_report, parse_counter, parse_object, parse_service_status
from bot.reporting.signing import SignatureAuth, parse_date
from bot.timerange import TimeRange

#: Everything that a path segment may hold unencoded (RFC 3986): official signers agree on these alone.
_SEGMENT_SAFE = "!$&'()*+,;=:@"
_MAX_BODY_BYTES = 1_000_000
_SPELLING = "Check the spelling; numbers begin with a plus, like `+46730170101`."

log = structlog.get_logger(__name__)


class ReportingClient:
    """Ask the Reporting API. Every method raises a `ReportingError` whose text is a sentence for people.

    `base_url` ends with the version ("http://127.0.0.1:9000/v1"). `connections` requests are on the wire at most; each
    has a client of its own, because one pool gets slower with every connection in it. One question, with its `attempts`
    and its wait for a connection, takes `budget_s` seconds at most; waits between attempts grow from `first_wait_s`.
    """

    def __init__(
        self,
        base_url: str,
        auth: SignatureAuth,
        *,
        connections: int = 8,
        attempts: int = 3,
        budget_s: float = 20.0,
        first_wait_s: float = 0.5,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._attempts = attempts
        self._budget_s = budget_s
        self._first_wait_s = first_wait_s
        self._transport = transport
        self._tls: ssl.SSLContext | bool = httpx.create_ssl_context() if base_url.startswith("https:") else False
        self._free = asyncio.Semaphore(connections)
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []
        #: The Date header of the newest answer, as sent; None before the first. The doctor measures the clock by it.
        self.last_date: str | None = None

    @property
    def clock_offset_s(self) -> float:
        """How far the platform's clock is ahead of ours, seconds; 0.0 unless a refusal showed a difference."""
        return self._auth.offset_s

    async def fetch_call_report(self, identity: Identity, domain: Domain, time_range: TimeRange) -> CallReport:
        """Return the aggregate of all calls of `identity` that started in `time_range` (at most 30 days).

        Source: spec/call-report.md, "User Call Report".
        """
        path = f"/users/{identity.type}/{quote_segment(identity.endpoint)}/calls/{domain}"
        query = f"_start={_instant(time_range.since)}&_stop={_instant(time_range.until)}"
        data = await self._get(
            f"{path}?{query}", f"The platform knows no {identity.type} “{identity.endpoint}”. {_SPELLING}"
        )
        return parse_call_report(data)

    async def fetch_counter(self, counter_id: str) -> Counter:
        """Return the counter as the platform last refreshed it. Source: spec/call-report.md, "Counters"."""
        sentence = f"The platform knows no counter “{counter_id}”. Counters are set up together with the provider."
        return parse_counter(counter_id, await self._get(f"/counters/{quote_segment(counter_id)}", sentence))

    async def fetch_service_status(self, service_id: str) -> ServiceStatus:
        """Return what the platform says of its service. Source: spec/call-report.md, "Get Service Status"."""
        sentence = f"The platform knows no service “{service_id}”. Services are set up together with the provider."
        return parse_service_status(service_id, await self._get(f"/services/{quote_segment(service_id)}", sentence))

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._all:
            await client.aclose()

    async def _get(self, target: str, not_found: str) -> dict[str, Any]:
        give_up_at = asyncio.get_running_loop().time() + self._budget_s

        def is_worth_retrying(error: Exception) -> bool | float:
            """Wait as long as the platform wishes, but only when that leaves time for an answer."""
            if not isinstance(error, ReportingError) or not error.is_retryable:
                return False
            if isinstance(error, Unavailable) and error.retry_after_s is not None:
                left_s = give_up_at - asyncio.get_running_loop().time()
                return error.retry_after_s if error.retry_after_s < left_s else False
            return True

        try:
            async with asyncio.timeout(self._budget_s):
                if self._attempts == 1:
                    return await self._attempt(target, not_found)
                async for attempt in stamina.retry_context(
                    on=is_worth_retrying,
                    attempts=self._attempts,
                    timeout=self._budget_s,
                    wait_initial=self._first_wait_s,
                    wait_jitter=self._first_wait_s,
                ):
                    with attempt:
                        return await self._attempt(target, not_found)
        except TimeoutError:
            raise Unavailable(
                f"The platform did not answer within {self._budget_s:.0f} s. Try again in a minute."
            ) from None
        raise AssertionError("stamina either returns or raises")

    async def _attempt(self, target: str, not_found: str) -> dict[str, Any]:
        """Send one signed request; return the JSON object of its answer."""
        offset_s = self._auth.offset_s
        try:
            async with self._connection() as client:
                request = client.build_request("GET", self._base_url + target)
                response = await client.send(request, auth=self._auth, stream=True)
                try:
                    body = await _read_bounded(response)
                finally:
                    await response.aclose()
        except httpx.TransportError as cause:
            raise _unreachable(cause) from cause
        except httpx.DecodingError as cause:
            raise BadAnswer("The platform's answer could not be unpacked. Try again in a minute.") from cause
        self.last_date = response.headers.get("date")
        if self._auth.offset_s != offset_s:
            log.warning("clock_corrected", offset_s=round(self._auth.offset_s))
        if response.status_code == httpx.codes.OK:
            return parse_object(body)
        error = error_for(response.status_code, body, retry_after_s=_retry_after_s(response.headers))
        if isinstance(error, NotFound) and response.status_code == httpx.codes.NOT_FOUND and _is_api_answer(body):
            raise NotFound(not_found, code=error.code, reference=error.reference)
        if isinstance(error, ClockWrong) and abs(self._auth.offset_s) >= 1:
            side = "behind" if self._auth.offset_s > 0 else "ahead"
            raise ClockWrong(
                f"The platform finds our clock wrong: it is about {abs(self._auth.offset_s):,.0f} s {side}. "
                "Whoever runs Callwatch should check NTP on its host.",
                code=error.code,
                reference=error.reference,
            )
        raise error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[httpx.AsyncClient]:
        """Lend a client of one connection, the warmest first."""
        async with self._free:
            client = self._idle.pop() if self._idle else self._new_client()
            try:
                yield client
            finally:
                self._idle.append(client)

    def _new_client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            headers={"content-type": "application/json", "accept": "application/json", "user-agent": "callwatch"},
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30),
            timeout=httpx.Timeout(15, connect=5),
            transport=self._transport,
            verify=self._tls,
        )
        self._all.append(client)
        return client


def quote_segment(text: str) -> str:
    """Quote one path segment; `.` and `..` would be folded into another path by every HTTP client."""
    if text in {"", ".", ".."} or any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise BadRequest("This cannot be the name of a user, counter or service. Check what was typed.")
    try:
        return quote(text, safe=_SEGMENT_SAFE)
    except UnicodeEncodeError as error:
        raise BadRequest("This name has characters that cannot be sent. Check what was typed.") from error


def _instant(instant: datetime) -> str:
    """Return a full UTC timestamp; milliseconds only when there are any, so that day edges read as in the spec."""
    utc = instant.astimezone(UTC)
    text = utc.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{utc.microsecond // 1000:03d}Z" if utc.microsecond else f"{text}Z"


async def _read_bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise BadAnswer("The platform's answer is far too long to be a report. Try again in a minute.")
    return bytes(body)


def _is_api_answer(body: bytes) -> bool:
    """Tell the API's own 404 from that of a web server which has no such path at all."""
    return body.lstrip()[:1] == b"{"


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Return the seconds that Retry-After asks for: a number, or a date by the server's own clock."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 7:
        return float(value)
    served_at = parse_date(headers.get("date"))
    until = parse_date(value)
    return max(0.0, (until - served_at).total_seconds()) if until and served_at else None


def _unreachable(error: httpx.TransportError) -> Unavailable:
    if isinstance(error, httpx.TimeoutException):
        return Unavailable("The platform takes too long to answer. Try again in a minute.")
    if isinstance(error, httpx.ConnectError):
        return Unavailable(
            "The platform cannot be reached. Try again in a minute; if it stays so, whoever runs Callwatch should run "
            "`callwatch doctor`."
        )
    return Unavailable("The connection to the platform broke. Try again in a minute.")
