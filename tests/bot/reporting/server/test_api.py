from dataclasses import replace
from datetime import timedelta

import pytest

from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server import faults
from bot.reporting.server.board import Manner
from bot.reporting.server.faults import EmptyStart, WholeDays
from bot.reporting.server.wire import Cut
from tests.bot.reporting.server.asking import ABC, CALLS, NOW, an_api, basic, call, code, instant, said, signed


def ask(api, raw_path, now=NOW):
    return api.handle(basic(raw_path), now)


def totals(api, query="", path=CALLS, now=NOW):
    reply = ask(api, path + (f"?{query}" if query else ""), now)
    assert reply.status == 200, reply.body
    return said(reply)


# Call reports


def test_a_report_sums_up_the_calls_of_one_user_and_domain():
    api = an_api(
        call("2026-01-10T08:00:00.250Z", duration_s=100),
        call("2026-01-09T08:00:00Z", duration_s=0, is_success=False),
        call("2026-01-11T08:00:00Z", duration_s=23),
        call("2026-01-11T08:00:00Z", domain=Domain.PSTN),
        call("2026-01-11T08:00:00Z", identity=Identity(IdentityType.USERNAME, "other")),
        call("2026-01-11T08:00:00Z", identity=Identity(IdentityType.EMAIL, "abc123")),
    )
    expected = {"success": 2, "duration": 123, "failed": 1, "start": "2026-01-09T08:00:00Z"}
    assert totals(api) == totals(api, path=f"{CALLS}/data") == expected
    assert totals(api, path=f"{CALLS}/pstn")["success"] == 1


def test_start_keeps_its_milliseconds():
    assert totals(an_api(call("2026-01-10T08:00:00.250Z")))["start"] == "2026-01-10T08:00:00.250Z"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_start=2026-01-10&_stop=2026-01-11", 1),
        ("_start=2026-01-10T12:00:00Z&_stop=2026-01-11", 1),
        ("_start=2026-01-10T12:00:00.001Z&_stop=2026-01-11", 0),
        ("_start=2026-01-10T12:00:00.000000001Z&_stop=2026-01-11", 0),
        ("_start=2026-01-10&_stop=2026-01-10T12:00:00Z", 0),
        ("_start=2026-01-10&_stop=2026-01-10T12:00:00.000000001Z", 1),
        ("_start=2026-01-10T12:00:00Z&_stop=2026-01-10T12:00:00Z", 0),
        ("_start=2026-01-10T14%3A00%3A00%2B02:00&_stop=2026-01-10T14%3A00%3A01%2B02:00", 1),
        ("_start=2026-01-10T04:30:00-0730&_stop=2026-01-11", 1),
        ("_start=2026-01-12", 0),
        ("_stop=2026-01-10T12:00:01Z", 1),
        ("_stop=2026-02-10", 0),  # its 30 days begin after the call
        ("_start=2026-01-09&_stop=2026-02-08", 1),
        ("other=1", 1),
        ("", 1),
    ],
)
def test_the_window_is_half_open_and_both_ends_may_be_left_out(query, expected):
    assert totals(an_api(call("2026-01-10T12:00:00Z")), query)["success"] == expected


def test_without_filters_the_last_thirty_days_are_told():
    edge = NOW - timedelta(days=30)
    api = an_api(call(edge.isoformat()), call((edge - timedelta(milliseconds=1)).isoformat()))
    assert totals(api)["success"] == 1


def test_no_call_is_told_before_its_time():
    api = an_api(call("2026-01-15T09:31:02.499Z"), call("2026-01-15T09:31:02.5Z"))
    assert totals(api, "_start=2026-01-15&_stop=2026-01-16")["success"] == 1
    assert totals(api, "_start=2026-01-15&_stop=2026-01-16", now=NOW + timedelta(seconds=1))["success"] == 2


@pytest.mark.parametrize(
    ("raw_path", "expected"),
    [
        (f"{CALLS}?_start=2026-01-10&_stop=2026-01-09", 40001),
        (f"{CALLS}?_start=2026-01-01&_stop=2026-01-31T00:00:00.000000001Z", 40001),
        (f"{CALLS}?_start=2025-01-01", 40001),
        (f"{CALLS}?_start=2026-02-30", 40001),
        (f"{CALLS}?_start=", 40001),
        (f"{CALLS}?_start=2026-01-10T10:00:00", 40001),
        (f"{CALLS}?_start=2026-01-10T10:00:00+01:00", 40001),
        (f"{CALLS}?_start=2026-01-10&_start=2026-01-10", 40001),
        (f"{CALLS}?" + "a=1&" * 200, 40001),
        (f"{CALLS}/fax", 40001),
        (f"{CALLS}/DATA", 40001),
        (f"{CALLS}/", 40001),
        ("/v1/users/conference/x/calls", 40001),
        ("/v1/users/Username/abc123/calls", 40001),
        ("/v1/users/username/%FF/calls", 40001),
        ("/v1/users/number/46730170101/calls", 40005),
        ("/v1/users/number/46730170101/calls?_start=never", 40001),
        ("/v1/users/number/+4813/calls", 40001),
        ("/v1/users/number/+1234567890123456/calls", 40001),
        ("/v1/users/number/+4673017010l/calls", 40001),
        ("/v1/users/number/%2B46730170101/calls", 40400),
        ("/v1/users/username/nobody/calls", 40400),
        ("/v1/users/username/ABC123/calls", 40400),
        ("/v1/users/username//calls", 40400),
        ("/v1/users/username/abc123", 40400),
        ("/v1/users/username/abc123/calls/data/", 40400),
        ("/v2/users/username/abc123/calls", 40400),
        ("/users/username/abc123/calls", 40400),
        ("/v1/counters/nothing", 40400),
        ("/v1/counters/", 40400),
        ("/v1/counters/currentcalls/", 40400),
        ("/v1/services/nothing", 40400),
        ("/v1/services/RTPPROXY", 40400),
        ("/", 40400),
        ("", 40400),
        ("http://127.0.0.1/v1/counters/currentcalls", 40400),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_code(raw_path, expected):
    assert code(ask(an_api(), raw_path)) == expected


def test_a_plus_that_became_a_space_is_explained():
    reply = ask(an_api(), f"{CALLS}?_start=2026-01-10T10:00:00+01:00")
    assert "%2B" in said(reply)["message"]


def test_percent_encoding_in_a_path_is_read():
    odd = Identity(IdentityType.USERNAME, "åsa/öberg ?#%")
    api = an_api(call("2026-01-10T08:00:00Z", identity=odd))
    path = "/v1/users/username/%C3%A5sa%2F%C3%B6berg%20%3F%23%25/calls/data"
    assert totals(api, path=path)["success"] == 1
    assert code(api.handle(signed(path), NOW)) == 0


def test_only_get_is_allowed():
    for method in ("POST", "HEAD", "DELETE"):
        reply = an_api().handle(basic(CALLS, method=method), NOW)
        assert (code(reply), reply.headers["Allow"]) == (40500, "GET")


@pytest.mark.parametrize(
    ("empty_start", "expected"),
    [(EmptyStart.MISSING, {}), (EmptyStart.BLANK, {"start": ""}), (EmptyStart.NULL, {"start": None})],
)
def test_a_known_user_without_calls_gets_zeros(empty_start, expected):
    api = an_api(call("2026-01-10T08:00:00Z", identity=Identity(IdentityType.USERNAME, "bob"), domain=Domain.PSTN))
    api.quirks.empty_start = empty_start
    zeros = {"success": 0, "duration": 0, "failed": 0, **expected}
    assert totals(api) == totals(api, path="/v1/users/username/bob/calls/data") == zeros


# Counters and services


def test_current_calls_are_counted_at_the_last_even_two_minutes():
    api = an_api(
        call("2026-01-15T09:29:59Z", duration_s=1),  # ended as the counter was refreshed
        call("2026-01-15T09:29:59Z", duration_s=2),
        call("2026-01-15T09:30:00Z", duration_s=1),
        call("2026-01-15T09:30:00.001Z", duration_s=60),  # not yet
    )
    refreshed = {"value": 2, "modified": "2026-01-15T09:30:00Z"}
    assert said(ask(api, "/v1/counters/currentcalls", instant("2026-01-15T09:30:00Z"))) == refreshed
    assert said(ask(api, "/v1/counters/currentCalls", instant("2026-01-15T09:31:59.999Z"))) == refreshed
    assert said(ask(api, "/v1/counters/currentcalls", instant("2026-01-15T09:32:00Z"))) == {
        "value": 0,
        "modified": "2026-01-15T09:32:00Z",
    }


def test_a_counter_set_by_hand_shows_at_once_until_it_is_released():
    api = an_api()
    assert said(ask(api, "/v1/counters/currentcalls"))["value"] == 0
    api.counters.set("currentCalls", 312)
    assert said(ask(api, "/v1/counters/currentcalls")) == {"value": 312, "modified": "2026-01-15T09:30:00Z"}
    api.counters.set("currentcalls", 313, modified_at=instant("2026-01-15T08:00:00Z"))
    assert said(ask(api, "/v1/counters/CURRENTCALLS")) == {"value": 313, "modified": "2026-01-15T08:00:00Z"}
    api.counters.release("CurrentCalls")
    assert said(ask(api, "/v1/counters/currentcalls"))["value"] == 0
    api.counters.set("queued", 2**40)
    assert said(ask(api, "/v1/counters/queued"))["value"] == 2**40
    api.counters.release("queued")
    assert code(ask(api, "/v1/counters/queued")) == 40400


def test_a_strict_server_knows_a_counter_in_one_spelling_only():
    api = an_api()
    api.quirks.is_counter_case_strict = True
    assert code(ask(api, "/v1/counters/currentcalls")) == 0
    assert code(ask(api, "/v1/counters/currentCalls")) == 40400


def test_a_service_says_what_it_was_told_to_say():
    api = an_api()
    assert said(ask(api, "/v1/services/rtpproxy")) == {"status": "up"}
    api.services.set("rtpproxy", "down")
    assert said(ask(api, "/v1/services/rtpproxy")) == {"status": "down"}
    api.services.set("rtpproxy", "degraded")
    assert said(ask(api, "/v1/services/rtpproxy")) == {"status": "degraded"}
    api.services.remove("rtpproxy")
    assert code(ask(api, "/v1/services/rtpproxy")) == 40400


def test_a_service_can_fail_or_hang_while_the_others_answer():
    api = an_api()
    api.services.set("rtpproxy", "up", Manner.FAILS)
    api.services.set("webrtc", "up", Manner.HANGS)
    assert code(ask(api, "/v1/services/rtpproxy")) == 50300
    assert ask(api, "/v1/services/webrtc").delay_s == float("inf")
    assert said(ask(api, "/v1/services/sipgw")) == {"status": "up"}


# Faults and quirks


def test_a_fault_spoils_as_many_answers_as_it_was_told_to():
    api = an_api()
    api.faults.add(faults.refused(42900, retry_after_s=2, times=2))
    for _ in range(2):
        reply = ask(api, CALLS)
        assert (code(reply), reply.headers["Retry-After"]) == (42900, "2")
    assert code(ask(api, CALLS)) == 0


def test_a_fault_without_end_lasts_until_cleared():
    api = an_api()
    api.faults.add(faults.refused(50300, times=None))
    assert [code(ask(api, CALLS)) for _ in range(5)] == [50300] * 5
    api.faults.clear()
    assert code(ask(api, CALLS)) == 0


def test_faults_wait_in_line_and_only_for_their_path():
    api = an_api()
    api.faults.add(faults.refused(50000, path="/v1/services"))
    api.faults.add(faults.refused(50300))
    api.faults.add(faults.refused(50301))
    assert code(ask(api, CALLS)) == 50300
    assert code(ask(api, "/v1/services/rtpproxy")) == 50000
    assert code(ask(api, "/v1/services/rtpproxy")) == 50301
    assert code(ask(api, CALLS)) == 0


@pytest.mark.parametrize("status", [200, 502])
def test_a_fault_can_answer_with_a_page(status):
    api = an_api()
    api.faults.add(faults.html(status))
    reply = ask(api, CALLS)
    assert (reply.status, reply.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert "Date" in reply.headers


def test_a_fault_can_answer_with_nothing_late_or_by_halves():
    api = an_api()
    for fault in (faults.empty(200), faults.slow(2.5), faults.cut(Cut.BEFORE), faults.cut(Cut.AFTER)):
        api.faults.add(fault)
    empty, slow, before, after = (ask(api, CALLS) for _ in range(4))
    assert (empty.status, empty.body) == (200, b"")
    assert (code(slow), slow.delay_s) == (0, 2.5)
    assert (before.status, before.body, before.cut) == (0, b"", Cut.BEFORE)
    assert (code(after), after.cut) == (0, Cut.AFTER)


def test_an_error_code_may_come_as_text():
    api = an_api()
    api.quirks.is_error_code_text = True
    assert said(ask(api, "/v1/services/none")) == {
        "errorCode": "40400",
        "message": "There is no such service.",
        "reference": "ref",
    }


@pytest.mark.parametrize(
    ("whole_days", "query", "expected"),
    [
        (WholeDays.OFF, "_start=2026-01-10T06:00:00Z&_stop=2026-01-10T18:00:00Z", 1),
        (WholeDays.TRUNCATE, "_start=2026-01-10T06:00:00Z&_stop=2026-01-10T18:00:00Z", 0),
        (WholeDays.TRUNCATE, "_start=2026-01-10T23:00:00Z&_stop=2026-01-11T01:00:00Z", 2),
        (WholeDays.WIDEN, "_start=2026-01-10T06:00:00Z&_stop=2026-01-10T18:00:00Z", 2),
        (WholeDays.WIDEN, "_start=2026-01-10&_stop=2026-01-11", 2),
        (WholeDays.WIDEN, "_start=2026-01-15&_stop=2026-01-15T01:00:00Z", 1),  # and still nothing of the future
    ],
)
def test_an_api_may_know_whole_days_only(whole_days, query, expected):
    api = an_api(
        call("2026-01-10T03:00:00Z"),
        call("2026-01-10T12:00:00Z"),
        call("2026-01-15T08:00:00Z"),
        call("2026-01-15T10:00:00Z"),
    )
    api.quirks.whole_days = whole_days
    assert totals(api, query)["success"] == expected


def test_an_api_may_look_back_thirty_days_only():
    api = an_api()
    window = "_start={}&_stop=2026-01-01"
    assert code(ask(api, f"{CALLS}?{window.format('2025-12-15')}")) == 0
    api.quirks.is_look_back_limited = True
    assert code(ask(api, f"{CALLS}?{window.format('2025-12-16')}")) == 0
    assert code(ask(api, f"{CALLS}?{window.format('2025-12-15T23:59:59Z')}")) == 40001
    assert code(ask(api, CALLS)) == 0


def test_every_reply_is_dated_and_refusals_have_a_reference_each():
    api = an_api()
    assert ask(api, CALLS).headers["Date"] == "Thu, 15 Jan 2026 09:31:02 GMT"
    assert ask(api, CALLS, NOW + timedelta(seconds=1)).headers["Date"] == "Thu, 15 Jan 2026 09:31:03 GMT"
    refused = api.handle(replace(signed(CALLS), headers={}), NOW)
    assert refused.headers["Date"] == "Thu, 15 Jan 2026 09:31:02 GMT"
    assert ABC.endpoint not in refused.body.decode()
