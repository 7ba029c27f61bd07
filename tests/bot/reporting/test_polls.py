"""The wire of polls against the embedded API, which verifies every signature; its errors are those of the client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.reporting.client import ReportingClient
from bot.reporting.errors import BadAnswer, BadRequest, ClockWrong, NotFound, Refused, Throttled, Unavailable
from bot.reporting.models import Status
from bot.reporting.polls import PollingClient
from bot.reporting.server import faults
from bot.reporting.server.board import Manner
from bot.reporting.server.records import CallRecords
from bot.reporting.server.serving import ReportingServer
from bot.reporting.server.wire import Cut
from bot.reporting.signing import SignatureAuth, parse_secret

KEY, SECRET = "ca11ca11-0000-4000-8000-ca11ca11ca11", "Y2FsbHdhdGNoLWRlbW8tc2VjcmV0"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def api() -> AsyncIterator[ReportingServer]:
    async with ReportingServer(KEY, SECRET, CallRecords(), now=now) as api:
        api.services.set("rtpproxy", "up")
        api.counters.set("currentcalls", 312)
        yield api


@pytest.fixture
async def client(api: ReportingServer) -> AsyncIterator[PollingClient]:
    client = PollingClient(api.url, SignatureAuth(KEY, parse_secret(SECRET), now), connections=4, timeout_s=0.5)
    yield client
    await client.aclose()


async def test_a_signed_question_is_answered(api: ReportingServer, client: PollingClient) -> None:
    assert (await client.fetch_service_status("rtpproxy")).status is Status.UP
    api.services.set("rtpproxy", "down")
    assert (await client.fetch_service_status("rtpproxy")).status is Status.DOWN
    assert (await client.fetch_counter("currentcalls")).value == 312


@pytest.mark.parametrize("name", ["a b", "ö/ü", "100%", "x?y#z", "semi;colon", "a+b", "~tilde"])
async def test_the_path_goes_over_the_wire_as_it_was_signed(api, client, name: str) -> None:
    api.services.set(name, "up")

    assert (await client.fetch_service_status(name)).status is Status.UP


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "\ud800"])
async def test_a_name_that_cannot_be_sent_is_not(api: ReportingServer, client: PollingClient, name: str) -> None:
    with pytest.raises(BadRequest):
        await client.fetch_service_status(name)
    assert not api.journal


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.refused(42900, retry_after_s=2), Throttled),
        (faults.refused(50000), Unavailable),
        (faults.refused(40300), Refused),
        (faults.html(502), Unavailable),
        (faults.html(200), BadAnswer),
        (faults.empty(200), BadAnswer),
        # A kept connection that turns out to be closed is no answer: aiohttp asks once more, over a new one.
        (replace(faults.cut(Cut.BEFORE), times=2), Unavailable),
        (faults.slow(5.0), Unavailable),
    ],
    ids=["429", "500", "403", "HTML 502", "HTML 200", "empty", "cut", "slow"],
)
async def test_what_goes_wrong_is_told_once_and_not_repeated(api, client, fault, error) -> None:
    await client.fetch_service_status("rtpproxy")
    api.faults.add(fault)

    with pytest.raises(error):
        await client.fetch_service_status("rtpproxy")
    async with asyncio.timeout(5):
        while list(api.faults):
            await asyncio.sleep(0)
    assert (await client.fetch_service_status("rtpproxy")).status is Status.UP


async def test_an_unknown_service_is_named(client: PollingClient) -> None:
    with pytest.raises(NotFound, match="no service “typo”"):
        await client.fetch_service_status("typo")


async def test_a_service_that_hangs_takes_no_longer_than_it_may(api: ReportingServer, client: PollingClient) -> None:
    api.services.set("rtpproxy", "up", Manner.HANGS)
    started = asyncio.get_running_loop().time()

    with pytest.raises(Unavailable, match="too long"):
        await client.fetch_service_status("rtpproxy")
    assert asyncio.get_running_loop().time() - started < 2


async def test_a_clock_that_is_off_is_corrected_for_this_and_the_next_questions(api, client) -> None:
    api.quirks.clock_offset_s = 3600

    assert (await client.fetch_service_status("rtpproxy")).status is Status.UP
    assert (await client.fetch_service_status("rtpproxy")).status is Status.UP
    assert [served.status for served in api.journal] == [401, 200, 200]


async def test_a_wrong_secret_is_refused_and_not_taken_for_a_wrong_clock(api: ReportingServer) -> None:
    client = PollingClient(api.url, SignatureAuth(KEY, b"wrong", now), connections=1, timeout_s=1.0)

    with pytest.raises(Refused) as caught:
        await client.fetch_service_status("rtpproxy")
    assert not isinstance(caught.value, ClockWrong)
    await client.aclose()


async def test_nobody_there_is_a_sentence(api: ReportingServer, client: PollingClient) -> None:
    await api.stop()

    with pytest.raises(Unavailable, match="cannot be reached"):
        await client.fetch_service_status("rtpproxy")
    await api.start()
    assert (await client.fetch_service_status("rtpproxy")).status is Status.UP


def test_it_asks_as_the_client_does() -> None:
    for name in ("fetch_service_status", "fetch_counter", "aclose"):
        assert inspect.signature(getattr(PollingClient, name)) == inspect.signature(getattr(ReportingClient, name))
