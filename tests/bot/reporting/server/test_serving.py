import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from bot.reporting.server import faults
from bot.reporting.server.board import Manner
from bot.reporting.server.records import CallRecords
from bot.reporting.server.serving import ReportingServer
from bot.reporting.server.wire import Cut
from bot.reporting.signing import SignatureAuth, parse_secret
from tests.bot.reporting.server.asking import ABC, KEY, NOW, SECRET, call


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def server():
    with CallRecords() as records:
        records.declare(ABC)
        async with ReportingServer(KEY, SECRET, records, now=now) as running:
            yield running


@pytest.fixture
async def client(server):
    auth = SignatureAuth(KEY, parse_secret(SECRET), now)
    headers = {"content-type": "application/json"}
    async with httpx.AsyncClient(base_url=server.url, auth=auth, headers=headers, timeout=5) as asking:
        yield asking


async def raw(server, request: bytes) -> bytes:
    """Send bytes as they are and return all that comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def has_arrived(server: ReportingServer) -> None:
    """Return once the request that the only fault was waiting for has come."""
    while list(server.faults):
        await asyncio.sleep(0)


async def test_a_signed_request_is_answered_over_http(server, client):
    server.records.add([call(now().isoformat(), duration_s=61)])
    answer = await client.get("/users/username/abc123/calls/data")
    assert answer.status_code == 200
    assert {**answer.json(), "start": None} == {"success": 1, "failed": 0, "duration": 61, "start": None}
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert abs((parsedate_to_datetime(answer.headers["date"]) - now()).total_seconds()) < 5
    assert len(answer.headers.get_list("date")) == 1


@pytest.mark.parametrize(
    "segment",
    ["a+b@c.d", "%C3%A5sa%20%C3%B6berg", "team%2Fops", "100%25", "a%3Fb%23c", "!$&'()*,;=:", "%7Euser", "~user"],
)
async def test_the_signature_is_checked_over_the_path_on_the_wire(client, segment):
    answer = await client.get(f"/users/username/{segment}/calls?_start=2026-01-01%20")
    assert answer.json()["errorCode"] == 40001  # let in; only the filter is wrong


async def test_references_differ_and_are_guids(client):
    first, second = [(await client.get("/services/none")).json()["reference"] for _ in range(2)]
    assert first != second
    assert len(first) == 36


async def test_the_client_corrects_its_clock_by_the_servers_date(server, client):
    server.quirks.clock_offset_s = -7200
    assert (await client.get("/counters/currentcalls")).status_code == 200
    assert [line.status for line in server.journal] == [401, 200]


async def test_a_connection_is_cut_before_or_in_the_middle_of_an_answer(server, client):
    server.faults.add(faults.cut(Cut.BEFORE))
    server.faults.add(faults.cut(Cut.AFTER))
    with pytest.raises(httpx.TransportError):
        await client.get("/counters/currentcalls")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        await client.get("/counters/currentcalls")
    assert (await client.get("/counters/currentcalls")).status_code == 200
    assert [line.status for line in server.journal] == [0, 200, 200]


async def test_a_slow_answer_comes_late_and_does_not_hold_up_others(server, client):
    server.faults.add(faults.slow(0.2, path="/v1/services"))
    slow = asyncio.create_task(client.get("/services/rtpproxy"))
    await has_arrived(server)
    assert (await client.get("/counters/currentcalls")).status_code == 200
    assert (await slow).json() == {"status": "up"}
    assert [line.path for line in server.journal] == ["/v1/counters/currentcalls", "/v1/services/rtpproxy"]
    assert server.journal[-1].took_ms >= 190


async def test_stopping_ends_hanging_requests_at_once_and_it_can_start_again(server, client):
    server.faults.add(faults.slow(float("inf")))
    hanging = asyncio.create_task(client.get("/counters/currentcalls"))
    await has_arrived(server)
    started_s = time.perf_counter()
    await server.stop()
    assert time.perf_counter() - started_s < 1
    with pytest.raises(httpx.TransportError):
        await hanging
    with pytest.raises(httpx.ConnectError):
        await client.get("/counters/currentcalls")
    port = server.port
    await server.start()
    assert server.port == port
    assert (await client.get("/counters/currentcalls")).status_code == 200
    await server.stop()
    await server.stop()


async def test_a_client_that_goes_away_leaves_no_handler_behind(server, client):
    server.services.set("rtpproxy", "up", Manner.HANGS)
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/services/rtpproxy", timeout=0.05)
    assert (await client.get("/services/webrtc")).status_code == 200
    assert [line.status for line in server.journal] == [0, 200]


async def test_a_taken_port_is_said(server):
    with CallRecords() as records, pytest.raises(OSError, match="address already in use"):
        await ReportingServer(KEY, SECRET, records, now=now, port=server.port).start()


async def test_the_journal_has_a_line_for_each_request(server, client):
    await client.get("/users/username/abc123/calls?_start=never")
    (line,) = server.journal
    assert (line.method, line.path, line.status) == ("GET", "/v1/users/username/abc123/calls?_start=never", 400)
    assert line.took_ms >= 0
    assert line.at.tzinfo is UTC


async def test_control_changes_the_server_over_http(server):
    async with httpx.AsyncClient() as anyone:
        changed = await anyone.post(server.control_url, json={"services": {"rtpproxy": "down"}})
        assert changed.json()["services"]["rtpproxy"] == {"status": "down", "manner": "answers"}
        assert (await anyone.get(server.control_url)).json()["services"] == changed.json()["services"]
        refused = await anyone.get(server.control_url, headers={"host": "evil.example"})
        assert refused.json()["errorCode"] == 40300


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET http://127.0.0.1/v1/services/rtpproxy HTTP/1.1", b"401"),
        (b"GET //evil/v1 HTTP/1.1", b"401"),
        (b"GET /../../etc/passwd HTTP/1.1", b"401"),
        (b"OPTIONS * HTTP/1.1", b"401"),
        (b"GET /%zz?%zz HTTP/1.1", b"401"),
    ],
)
async def test_odd_request_lines_are_refused_as_json(server, request_line, status):
    answer = await raw(server, request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ")[1] == status
    assert b'{"errorCode":40100' in answer


async def test_bytes_that_make_no_request_are_refused(server):
    answer = await raw(server, b"GET /v1/users/username/\xff\xfe/calls HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))


async def test_a_huge_body_is_refused_as_json(server, client):
    answer = await client.request("GET", "/services/rtpproxy", content=b"x" * 2_000_000)
    assert answer.json()["errorCode"] == 41300


async def test_time_can_be_given(server):
    with CallRecords() as records:
        async with ReportingServer(KEY, SECRET, records, now=lambda: NOW) as frozen, httpx.AsyncClient() as anyone:
            answer = await anyone.get(f"{frozen.url}/counters/currentcalls", auth=(KEY, SECRET))
    assert answer.json() == {"value": 0, "modified": "2026-01-15T09:30:00Z"}
    assert answer.headers["date"] == "Thu, 15 Jan 2026 09:31:02 GMT"
