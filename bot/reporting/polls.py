"""The wire of polls: the same signed GETs as `bot.reporting.client`, as cheap as they can be, and never repeated.

A thousand services at one second are a thousand requests a second. httpx spends on each what three cost here, and its
pool gets slower with every connection; a poll needs neither redirects nor retries, because the next one comes anyway.
Source: facts on performance, section 4.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from bot.reporting.client import quote_segment
from bot.reporting.errors import BadAnswer, NotFound, Unavailable, error_for
from bot.reporting.models import Counter, ServiceStatus
from bot.reporting.parsing import parse_counter, parse_object, parse_service_status
from bot.reporting.signing import SignatureAuth

_CONTENT_TYPE = "application/json"
_MAX_BODY_BYTES = 100_000
_KEEP_ALIVE_S = 30
_OK, _UNAUTHORIZED, _NOT_FOUND = 200, 401, 404


class PollingClient:
    """Ask for statuses and counters, each once. Methods raise a `ReportingError`, as those of `ReportingClient` do.

    Only what was sent over a kept connection that turns out to be closed is sent again, over a new one.

    `connections` requests are on the wire at most; one takes `timeout_s` seconds at most, its wait for a connection
    included. Made anywhere, used in one event loop.
    """

    def __init__(self, base_url: str, auth: SignatureAuth, *, connections: int, timeout_s: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._connections = connections
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None

    async def fetch_service_status(self, service_id: str) -> ServiceStatus:
        """Return what the platform says of its service. Source: spec/call-report.md, "Get Service Status"."""
        sentence = "The platform knows no service “{}”. Services are set up together with the provider."
        return parse_service_status(service_id, await self._get("services", service_id, sentence))

    async def fetch_counter(self, counter_id: str) -> Counter:
        """Return the counter as the platform last refreshed it. Source: spec/call-report.md, "Counters"."""
        sentence = "The platform knows no counter “{}”. Counters are set up together with the provider."
        return parse_counter(counter_id, await self._get("counters", counter_id, sentence))

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _get(self, kind: str, name: str, not_found: str) -> dict[str, Any]:
        url = _url(self._base_url, kind, name)
        try:
            async with asyncio.timeout(self._timeout_s):
                signed_with_s = self._auth.offset_s
                status, body, date = await self._attempt(url)
                if status == _UNAUTHORIZED and self._auth.is_explained_by_clock(date, signed_with_s):
                    status, body, _ = await self._attempt(url)
        except TimeoutError as error:
            raise Unavailable("The platform takes too long to answer. Try again in a minute.") from error
        except aiohttp.ClientConnectorError as error:
            raise Unavailable("The platform cannot be reached. Try again in a minute.") from error
        except aiohttp.ClientError as error:
            raise Unavailable("The connection to the platform broke. Try again in a minute.") from error
        if status == _OK:
            return parse_object(body)
        problem = error_for(status, body)
        if isinstance(problem, NotFound) and status == _NOT_FOUND and body.lstrip()[:1] == b"{":
            raise NotFound(not_found.format(name), code=problem.code, reference=problem.reference)
        raise problem

    async def _attempt(self, url: URL) -> tuple[int, bytes, str | None]:
        """Send one signed request; return status, body and the Date header of its answer."""
        if self._session is None:
            self._session = self._open(url)
        headers = self._auth.headers_for(method="GET", path=url.raw_path, body=b"", content_type=_CONTENT_TYPE)
        async with self._session.get(url, headers=headers, allow_redirects=False, proxy=self._proxy) as response:
            body = await response.content.read(_MAX_BODY_BYTES)
            while not response.content.at_eof():
                body += await response.content.read(_MAX_BODY_BYTES)
                if len(body) > _MAX_BODY_BYTES:
                    raise BadAnswer("The platform's answer is far too long to be a status. Try again in a minute.")
            return response.status, body, response.headers.get("date")

    def _open(self, url: URL) -> aiohttp.ClientSession:
        # aiohttp itself would ask the environment for a proxy at every request, in a thread.
        self._proxy = None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(total=None),  # one of our own is around each question
            headers={"content-type": _CONTENT_TYPE, "accept": _CONTENT_TYPE, "user-agent": "callwatch"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )


@lru_cache(maxsize=16_384)
def _url(base_url: str, kind: str, name: str) -> URL:
    """Return an address whose path goes over the wire as it was quoted, because that is what is signed."""
    return URL(f"{base_url}/{kind}/{quote_segment(name)}", encoded=True)
