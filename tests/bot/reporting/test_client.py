"""The wire: the table of errors with a transport of our own, everything else against the embedded API."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reporting import errors
from bot.reporting.client import ReportingClient
from bot.reporting.models import CallReport, Domain, Identity, IdentityType, Status
from bot.reporting.parsing import parse_call_report, parse_counter, parse_object, parse_service_status
from bot.reporting.signing import SignatureAuth, parse_secret
from bot.timerange import TimeRange

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ABC = Identity(IdentityType.USERNAME, "abc123")
WEEK = TimeRange(NOW - timedelta(days=7), NOW)
SECRET = parse_secret("AAECAwQFBgcICQoLDA0ODw==")
KEY = "9f3c2f1e-6b1d-4c57-9d2e-0a1b2c3d4e5f"


def client_for(answer, *, now=lambda: NOW, **options):
    """Return a client whose platform answers by the function `answer`."""
    return ReportingClient(
        "https://api.test/v1",
        SignatureAuth(KEY, SECRET, now),
        transport=httpx.MockTransport(answer),
        **{"first_wait_s": 0.0} | options,
    )


def problem(status, code=None, **more):
    """Return a platform that answers with one error."""
    body = {"errorCode": code, "message": "Something is off.", "reference": "ref-1"} | more
    return lambda request: httpx.Response(status, json=body)


ERRORS = [
    (400, 40001, errors.BadRequest, "does not accept a part"),
    (400, 40003, errors.BadRequest, "Check the type"),
    (400, 40004, errors.Refused, "application key"),
    (400, 40005, errors.BadRequest, "leading plus"),
    (401, 40100, errors.Refused, "signature"),
    (401, 40101, errors.ClockWrong, "clock"),
    (401, 40102, errors.Refused, "do not match"),
    (401, 40104, errors.Refused, "signed request"),
    (401, 40105, errors.ClockWrong, "expired"),
    (401, 40107, errors.Refused, "project key"),
    (401, 40108, errors.Refused, "project key"),
    (402, 40200, errors.Refused, "credit"),
    (403, 40300, errors.Refused, "may not read"),
    (403, 40301, errors.Refused, "signing in"),
    (403, 40302, errors.Refused, "rights are too low"),
    (404, 40400, errors.NotFound, "knows no username “abc123”"),
    (409, 40900, errors.BadRequest, "Something is off"),
    (422, 42200, errors.BadRequest, "HTTP 422"),
    (410, None, errors.NotFound, "retired"),
    (302, None, errors.BadAnswer, "redirect"),
    (204, None, errors.BadAnswer, "HTTP 204"),
    (500, 50000, errors.Unavailable, "internal error"),
    (503, 50301, errors.Unavailable, "provider's support"),
]


@pytest.mark.parametrize(("status", "code", "kind", "said"), ERRORS, ids=[f"{row[0]}-{row[1]}" for row in ERRORS])
async def test_each_error_is_a_sentence_for_people(status, code, kind, said):
    client = client_for(problem(status, code), budget_s=5)

    with pytest.raises(kind) as caught:
        await client.fetch_call_report(ABC, Domain.DATA, WEEK)

    assert said in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "{" not in str(caught.value)
    await client.aclose()


@pytest.mark.parametrize("code", ["40102", 40102], ids=["as text", "as number"])
async def test_the_platforms_code_and_reference_are_kept(code):
    client = client_for(problem(401, code))

    with pytest.raises(errors.Refused) as caught:
        await client.fetch_counter("currentcalls")

    assert (caught.value.code, caught.value.reference) == (40102, "ref-1")
    await client.aclose()


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b'"x"', b'{"errorCode": []}', b"\xff\xfe", b'{"errorCode": true}']
)
async def test_an_error_body_of_any_form_is_told_by_its_status(body):
    client = client_for(lambda request: httpx.Response(403, content=body))

    with pytest.raises(errors.Refused):
        await client.fetch_counter("currentcalls")
    await client.aclose()


@given(st.integers(201, 599), st.binary(max_size=80))
def test_any_refusal_is_one_sentence(status, body):
    sentence = str(errors.error_for(status, body))

    assert sentence
    assert "\n" not in sentence.strip()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=3), st.text())
def test_any_answer_is_read_or_not_understood(value, text):
    for field in ("success", "failed", "duration", "start", "value", "modified", "status"):
        data = {"success": 1, "failed": 0, "duration": 5, "value": 1, "modified": text, "status": text, field: value}
        for parse in (parse_call_report, lambda d: parse_counter("c", d), lambda d: parse_service_status("s", d)):
            with contextlib.suppress(errors.BadAnswer):
                parse(data)


@pytest.mark.parametrize("start", [None, "", "missing"])
def test_a_report_without_calls_may_name_no_start(start):
    data = {"success": 0, "failed": 0, "duration": 0} | ({} if start == "missing" else {"start": start})

    assert parse_call_report(data) == CallReport(0, 0, 0, None)


@pytest.mark.parametrize(
    ("said", "status"),
    [("up", Status.UP), ("DOWN", Status.DOWN), (" up ", Status.UP), ("degraded", Status.UNKNOWN), ("", Status.UNKNOWN)],
)
def test_only_up_and_down_are_known(said, status):
    assert parse_service_status("rtpproxy", {"status": said}).status is status


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"\xff"])
def test_a_good_status_with_no_object_is_not_understood(body):
    with pytest.raises(errors.BadAnswer):
        parse_object(body)


async def test_the_question_is_signed_and_spelled_as_the_platform_documents():
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json={"success": 2, "duration": 623, "failed": 0, "start": "2014-04-28T12:00:00Z"})

    client = client_for(answer)
    report = await client.fetch_call_report(
        Identity(IdentityType.NUMBER, "+46730170101"), Domain.PSTN, TimeRange(datetime(2014, 4, 28, tzinfo=UTC), NOW)
    )

    assert report == CallReport(2, 0, 623, datetime(2014, 4, 28, 12, tzinfo=UTC))
    assert seen[0].url.raw_path == (
        b"/v1/users/number/+46730170101/calls/pstn?_start=2014-04-28T00:00:00Z&_stop=2026-11-23T12:00:00Z"
    )
    assert seen[0].headers["authorization"].startswith(f"Application {KEY}:")
    assert seen[0].headers["content-type"] == "application/json"
    await client.aclose()


@pytest.mark.parametrize("name", ["", ".", "..", "a\x00b", "line\nbreak", "\x7f", "\ud800"])
async def test_a_name_that_is_no_path_segment_is_not_sent(name):
    sent = []
    client = client_for(lambda request: sent.append(request) or httpx.Response(200, json={"status": "up"}))

    with pytest.raises(errors.BadRequest):
        await client.fetch_service_status(name)

    assert not sent
    await client.aclose()


def flaky(*answers):
    """Return a platform that gives these answers in turn (an exception is raised), and what it was asked."""
    left, seen = list(answers), []

    def answer(request):
        seen.append(request.headers["x-timestamp"])
        step = left.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    return answer, seen


GOOD = httpx.Response(200, json={"status": "up"})
TICKS = [NOW + timedelta(seconds=number) for number in range(9)]


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(500, json={"errorCode": 50000}),
        httpx.Response(502, text="<html>"),
        httpx.Response(503),
        httpx.Response(504),
        httpx.Response(429, headers={"retry-after": "0"}),
    ],
    ids=lambda fault: type(fault).__name__ if isinstance(fault, Exception) else str(fault.status_code),
)
async def test_what_may_pass_is_tried_again_with_a_fresh_signature(fault):
    answer, seen = flaky(fault, httpx.Response(200, json={"status": "up"}))
    clock = iter(TICKS)
    client = client_for(answer, now=lambda: next(clock))

    status = await client.fetch_service_status("rtpproxy")

    assert status.status is Status.UP
    assert len(set(seen)) == 2
    await client.aclose()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
async def test_what_will_not_pass_is_asked_once(status):
    answer, seen = flaky(httpx.Response(status, json={"errorCode": status * 100}))
    client = client_for(answer)

    with pytest.raises(errors.ReportingError):
        await client.fetch_service_status("rtpproxy")

    assert len(seen) == 1
    await client.aclose()


async def test_three_attempts_are_all():
    answer, seen = flaky(*[httpx.ConnectError("refused")] * 4)
    client = client_for(answer)

    with pytest.raises(errors.Unavailable, match="cannot be reached"):
        await client.fetch_service_status("rtpproxy")

    assert len(seen) == 3
    await client.aclose()


async def test_a_wait_longer_than_the_budget_is_told_and_not_waited():
    answer, seen = flaky(httpx.Response(429, headers={"retry-after": "90"}, json={"errorCode": 42900}))
    client = client_for(answer)

    with pytest.raises(errors.Throttled, match="90 s"):
        await client.fetch_service_status("rtpproxy")

    assert len(seen) == 1
    await client.aclose()


async def test_a_platform_that_hangs_is_given_up_when_the_budget_is_spent():
    async def hang(request):
        await asyncio.Event().wait()

    client = client_for(hang, budget_s=0.05)

    with pytest.raises(errors.Unavailable, match="did not answer"):
        await client.fetch_service_status("rtpproxy")
    await client.aclose()


async def test_a_clock_that_stays_wrong_is_told_with_its_offset():
    body = {"errorCode": 40101, "message": "too old"}
    late = {"date": "Mon, 23 Nov 2026 12:20:00 GMT"}
    client = client_for(lambda request: httpx.Response(401, headers=late, json=body))

    with pytest.raises(errors.ClockWrong, match=r"about 1,200 s behind"):
        await client.fetch_service_status("rtpproxy")
    await client.aclose()


async def test_a_body_without_end_is_cut_off():
    client = client_for(lambda request: httpx.Response(200, content=json.dumps("x" * 2_000_000)))

    with pytest.raises(errors.BadAnswer, match="too long"):
        await client.fetch_service_status("rtpproxy")
    await client.aclose()


async def test_no_more_requests_than_connections_are_on_the_wire():
    running, most, gate = 0, 0, asyncio.Event()

    async def answer(request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            gate.set()
        await gate.wait()
        running -= 1
        return httpx.Response(200, json={"status": "up"})

    client = client_for(answer, connections=3)

    await asyncio.gather(*(client.fetch_service_status(f"s{number}") for number in range(12)))

    assert most == 3
    await client.aclose()
