import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reporting.server.board import Manner, Service
from bot.reporting.server.control import CONTROL_PATH, handle_control, state
from bot.reporting.server.faults import Quirks, WholeDays
from bot.reporting.server.wire import Request
from tests.bot.reporting.server.asking import NOW, an_api, call, code, said

LOOPBACK = "127.0.0.1"


def post(document, **headers) -> Request:
    given_headers = {"host": "127.0.0.1:9000", "content-type": "application/json", **headers}
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Request("POST", CONTROL_PATH, given_headers, body)


def control(api, document):
    return handle_control(api, post(document), peer=LOOPBACK, now=NOW)


def test_the_state_is_told_in_the_form_in_which_it_is_set():
    api = an_api(call("2026-01-10T08:00:00Z"))
    document = {
        "services": {"rtpproxy": "down", "webrtc": {"status": "up", "manner": "hangs"}, "sipgw": None},
        "counters": {"currentcalls": 312, "queued": 0},
        "faults": [
            {"code": 42900, "retry_after_s": 2, "times": 3},
            {"code": 50000, "path": "/v1/services"},
            {"html": 502, "times": None},
            {"empty": 200},
            {"slow_s": 2.5, "path": "/v1/counters"},
            {"slow_s": None},
            {"cut": "after"},
        ],
        "quirks": {"clock_offset_s": 3600, "whole_days": "widen", "empty_start": "null", "is_error_code_text": True},
    }
    first = said(control(api, document))
    assert api.services.find("rtpproxy") == Service("down")
    assert api.services.find("webrtc") == Service("up", Manner.HANGS)
    assert api.services.find("sipgw") is None
    assert api.quirks.whole_days is WholeDays.WIDEN
    assert (first["counters"], first["calls"], first["now"]) == (
        {"currentcalls": 312, "queued": 0},
        1,
        "2026-01-15T09:31:02.500Z",
    )
    settable = {name: first[name] for name in ("services", "counters", "faults", "quirks")}
    other = an_api(call("2026-01-10T08:00:00Z"))
    other.services.remove("sipgw")
    assert said(control(other, settable)) == first
    assert list(other.faults) == list(api.faults)


def test_parts_left_out_stay_and_faults_are_replaced():
    api = an_api()
    control(api, {"faults": [{"code": 50000}, {"code": 50300}], "counters": {"currentcalls": 5}})
    control(api, {"faults": [{"html": 502}]})
    assert [fault.instead.status for fault in api.faults] == [502]
    assert said(control(api, {}))["counters"] == {"currentcalls": 5}
    assert said(control(api, {"counters": {"currentcalls": None}, "faults": []}))["counters"] == {"currentcalls": 0}
    assert list(api.faults) == []


def test_a_service_that_hangs_answers_again_when_only_its_status_is_set():
    api = an_api()
    control(api, {"services": {"rtpproxy": {"manner": "hangs"}, "new": {"manner": "fails"}}})
    assert api.services.find("rtpproxy") == Service("up", Manner.HANGS)
    assert api.services.find("new") == Service("up", Manner.FAILS)
    control(api, {"services": {"rtpproxy": "down"}})
    assert api.services.find("rtpproxy") == Service("down")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ([], "The body must be a JSON object"),
        ({"service": {}}, "unknown key 'service'; known are services, counters, faults, quirks"),
        ({"services": []}, "services must be a JSON object"),
        ({"services": {"a": 1}}, "services.a must be a JSON object"),
        ({"services": {"a": {"state": "up"}}}, "services.a has an unknown key 'state'"),
        ({"services": {"a": {"status": 1}}}, "services.a.status must be a string"),
        ({"services": {"a": {"manner": "sulks"}}}, "services.a.manner must be one of answers, fails, hangs"),
        ({"services": {"a": {"manner": []}}}, "services.a.manner must be one of"),
        ({"counters": {"a": 1.5}}, "counters.a must be a whole number"),
        ({"counters": {"a": True}}, "counters.a must be a whole number"),
        ({"counters": {"a": 2**63}}, "counters.a must be a whole number"),
        ({"faults": {}}, "faults must be a list"),
        ({"faults": ["slow"]}, "faults[0] must be a JSON object"),
        ({"faults": [{}]}, "faults[0] must have exactly one of code, html, empty, slow_s, cut"),
        ({"faults": [{"code": 50000, "html": 502}]}, "exactly one of"),
        ({"faults": [{"code": 429}]}, "faults[0].code must be a whole number from 40000 to 59999"),
        ({"faults": [{"code": 50000, "times": 0}]}, "faults[0].times must be a whole number from 1"),
        ({"faults": [{"slow_s": -1}]}, "faults[0].slow_s must be a number from 0 to 3600"),
        (b'{"faults": [{"slow_s": NaN}]}', "faults[0].slow_s must be a number"),
        ({"faults": [{"cut": "off"}]}, "faults[0].cut must be one of before, after"),
        ({"quirks": {"mood": True}}, "quirks has an unknown key 'mood'"),
        ({"quirks": {"is_error_code_text": 1}}, "quirks.is_error_code_text must be true or false"),
        ({"quirks": {"clock_offset_s": "1h"}}, "quirks.clock_offset_s must be a number"),
        ({"quirks": {"whole_days": True}}, "quirks.whole_days must be one of off, truncate, widen"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_part_is_named_and_nothing_is_changed(document, message):
    api = an_api()
    if isinstance(document, dict):
        document = {"counters": {"currentcalls": 77}, **document} if "counters" not in document else document
    before = state(api, NOW)
    reply = control(api, document)
    assert code(reply) == 40001
    assert message in said(reply)["message"]
    assert state(api, NOW) == before


@pytest.mark.parametrize(
    ("peer", "host", "content_type", "expected"),
    [
        ("127.0.0.1", "localhost:9000", "application/json; charset=utf-8", 0),
        ("::1", "[::1]:9000", "application/json", 0),
        ("127.0.0.1", "127.0.0.1", "Application/JSON", 0),
        ("127.0.0.1", "evil.example:9000", "application/json", 40300),
        ("127.0.0.1", "", "application/json", 40300),
        ("192.0.2.7", "127.0.0.1:9000", "application/json", 40300),
        ("", "127.0.0.1:9000", "application/json", 40300),
        ("127.0.0.1", "127.0.0.1:9000", "text/plain", 41500),
        ("127.0.0.1", "127.0.0.1:9000", "", 41500),
    ],
)
def test_only_this_machine_and_no_web_page_may_change_anything(peer, host, content_type, expected):
    request = post({"services": {"rtpproxy": "down"}}, host=host, **{"content-type": content_type})
    api = an_api()
    assert code(handle_control(api, request, peer=peer, now=NOW)) == expected
    assert api.services.find("rtpproxy").status == ("up" if expected else "down")


def test_other_methods_are_refused():
    reply = handle_control(an_api(), replace(post({}), method="PUT"), peer=LOOPBACK, now=NOW)
    assert (code(reply), reply.headers["Allow"]) == (40500, "GET, POST")


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
words = st.sampled_from(
    ["a", "status", "manner", "code", "html", "slow_s", "cut", "times", "path", *Quirks.__dataclass_fields__]
)
part = st.dictionaries(words, json_value, max_size=3)


@given(
    st.dictionaries(
        st.sampled_from(["services", "counters", "faults", "quirks"]), part | st.lists(part, max_size=2) | json_value
    )
)
@settings(deadline=None, max_examples=150)
def test_any_json_is_applied_or_refused(document):
    assert code(control(an_api(), document)) in (0, 40001)
