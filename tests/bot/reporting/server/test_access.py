import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.reporting.server.access import Application, Gate
from bot.reporting.server.api import ReportingApi
from bot.reporting.server.records import CallRecords
from bot.reporting.server.wire import Request
from tests.bot.reporting.server.asking import KEY, NOW, SECRET, an_api, basic, code, said, signed

VECTORS = json.loads((Path(__file__).parents[1] / "signing-vectors.json").read_text())
COUNTER = "/v1/counters/currentcalls"
SERVICE = "/v1/services/rtpproxy"


def from_vector(vector) -> Request:
    query = f"?{vector['query']}" if vector["query"] else ""
    headers = {"authorization": vector["authorization"], "x-timestamp": vector["timestamp"]}
    if vector["content_type"]:
        headers["content-type"] = vector["content_type"]
    return Request(vector["method"], vector["path"] + query, headers, vector.get("body", "").encode())


def ask_at_its_time(vector, *, is_path_lenient=False):
    api = ReportingApi(Application(vector["key"], vector["secret"]), CallRecords())
    api.quirks.is_path_lenient = is_path_lenient
    stamped = datetime.fromisoformat(vector["timestamp"]).astimezone(UTC)
    return code(api.handle(from_vector(vector), stamped))


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_every_published_and_own_vector_is_let_in_at_its_time(vector):
    # No user is known and not every path leads somewhere: being told so is being let in.
    assert ask_at_its_time(vector) in (0, 40400, 40500)


@pytest.mark.parametrize("vector", VECTORS["negative_vectors"], ids=lambda vector: vector["name"])
def test_every_negative_vector_is_refused_with_its_code(vector):
    assert ask_at_its_time(vector) == vector["expect_error_code"]


def test_a_lenient_server_accepts_the_decoded_path_too():
    vector = next(vector for vector in VECTORS["negative_vectors"] if vector["name"] == "decoded-path-signed")
    assert ask_at_its_time(vector, is_path_lenient=True) == 40400
    wrong = next(vector for vector in VECTORS["negative_vectors"] if vector["name"] == "trailing-slash")
    assert ask_at_its_time(wrong, is_path_lenient=True) == 40102


@pytest.mark.parametrize("vector", VECTORS["basic_auth"], ids=lambda vector: vector["name"])
def test_basic_takes_the_current_form_and_names_the_old_ones(vector):
    api = ReportingApi(Application(vector["key"], vector["secret"]), CallRecords())
    reply = api.handle(Request("GET", COUNTER, {"authorization": vector["authorization"]}), NOW)
    assert code(reply) == (0 if vector["accepted"] else 40107)
    if not vector["accepted"]:
        assert "without 'application'" in said(reply)["message"]


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (f"{KEY}:{SECRET}", 0),
        (f"{KEY.upper().replace('-', '')}:{SECRET}", 0),
        (f"project-key:{SECRET}", 40107),
        (f"{KEY}:wrong", 40108),
        (f"{KEY}:", 40108),
        (KEY, 40100),
        ("", 40100),
    ],
    ids=["right", "guid-without-hyphens", "other-key", "other-secret", "no-secret", "no-colon", "empty"],
)
def test_a_wrong_basic_pair_is_told_by_its_wrong_half(pair, expected):
    assert code(an_api().handle(basic(COUNTER, pair=pair), NOW)) == expected


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, 40100),
        ("", 40100),
        ("Bearer abc", 40100),
        ("Basic: abc", 40100),
        ("Basic not*base64", 40100),
        ("Application", 40100),
        ("Application :abc", 40100),
        ("Application kéy:abc", 40100),
        ("Application other-key", 40004),
        ("Application other-key:abc", 40004),
        (f"Application {KEY}", 40104),
        (f"Application {KEY}:", 40102),
        (f"Application {KEY}:abc", 40102),
    ],
    ids=str,
)
def test_a_signed_resource_refuses_other_credentials(authorization, expected):
    request = signed(COUNTER)
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    if authorization is not None:
        headers["authorization"] = authorization
    assert code(an_api().handle(replace(request, headers=headers), NOW)) == expected


@pytest.mark.parametrize("key", [KEY, KEY.upper(), KEY.replace("-", "")], ids=["as-is", "upper", "no-hyphens"])
@pytest.mark.parametrize("scheme", ["Application", "application", "APPLICATION"])
def test_scheme_and_key_are_compared_as_the_platform_does(key, scheme):
    request = signed(COUNTER, key=key)
    headers = {**request.headers, "authorization": request.headers["authorization"].replace("Application", scheme)}
    assert code(an_api().handle(replace(request, headers=headers), NOW)) == 0


def test_a_service_tells_its_status_for_the_key_alone_but_checks_a_signature_that_is_there():
    api = an_api()
    assert code(api.handle(Request("GET", SERVICE, {"authorization": f"Application {KEY}"}), NOW)) == 0
    assert code(api.handle(Request("GET", SERVICE, {"authorization": "Application other"}), NOW)) == 40004
    assert code(api.handle(Request("GET", SERVICE, {}), NOW)) == 40100
    assert code(api.handle(signed(SERVICE), NOW)) == 0
    assert code(api.handle(signed(SERVICE, secret="AAAA"), NOW)) == 40102


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-01-15T09:26:02.5Z", 0),
        ("2026-01-15T09:26:02.499999999Z", 40101),
        ("2026-01-15T09:36:02.5Z", 0),
        ("2026-01-15T09:36:02.500000001Z", 40101),
        ("2026-01-15T10:31:02+01:00", 0),
        ("2026-01-15T10:31:02Z", 40101),
        ("2026-01-15", 40101),
        ("yesterday", 40101),
        ("", 40101),
    ],
)
def test_a_timestamp_may_be_five_minutes_off_either_way(timestamp, expected):
    assert code(an_api().handle(signed(COUNTER, timestamp=timestamp), NOW)) == expected


def test_the_tolerance_can_be_set():
    assert code(an_api(tolerance_s=1).handle(signed(COUNTER), NOW)) == 40101
    assert code(an_api(tolerance_s=3).handle(signed(COUNTER), NOW)) == 0


def test_the_servers_clock_can_be_wrong():
    api = an_api()
    api.quirks.clock_offset_s = 3600
    reply = api.handle(signed(COUNTER), NOW)
    assert code(reply) == 40101
    assert "-3602 s" in said(reply)["message"] or "-3603 s" in said(reply)["message"]
    assert reply.headers["Date"] == "Thu, 15 Jan 2026 10:31:02 GMT"
    assert code(api.handle(signed(COUNTER, timestamp="2026-01-15T10:31:00Z"), NOW)) == 0


def test_checks_come_in_their_order():
    """Each request is wrong in everything from one check on; the first of them is told."""
    path = "/v1/users/conference/x/calls?_start=never"
    old = "2020-01-01T00:00:00Z"
    api = an_api()
    assert code(api.handle(Request("GET", path, {"x-timestamp": old}), NOW)) == 40100
    assert code(api.handle(signed(path, key="other", timestamp=old, secret="AAAA"), NOW)) == 40004
    assert code(api.handle(signed(path, timestamp=old, secret="AAAA"), NOW)) == 40101
    assert code(api.handle(signed(path, secret="AAAA"), NOW)) == 40102
    assert code(api.handle(signed(path), NOW)) == 40001


def test_a_signature_covers_method_and_body():
    api, request = an_api(), signed(COUNTER)
    assert code(api.handle(replace(request, method="POST"), NOW)) == 40102
    assert code(api.handle(replace(request, body=b"{}"), NOW)) == 40102


def test_secrets_are_not_shown_and_a_wrong_one_is_refused_at_once():
    assert SECRET not in repr(Application(KEY, SECRET))
    with pytest.raises(ValueError, match="is not base64"):
        Gate(Application(KEY, "not*base64"))


def test_now_may_be_in_any_zone():
    abroad = NOW.astimezone(datetime.fromisoformat("2026-01-15T00:00:00+05:30").tzinfo)
    reply = an_api().handle(signed(COUNTER), abroad + timedelta(seconds=1))
    assert reply.headers["Date"] == "Thu, 15 Jan 2026 09:31:03 GMT"
