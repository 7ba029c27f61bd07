"""What holds for any traffic, any window and any garbage."""

import itertools
from datetime import timedelta
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reporting.models import Domain
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.faults import Quirks, WholeDays
from bot.reporting.server.times import format_instant, from_ms, to_ms
from bot.reporting.server.windows import Window, parse_window
from bot.reporting.server.wire import ApiError, Request
from tests.bot.reporting.server.asking import ABC, CALLS, KEY, NOW, an_api, basic, code, said, signed

DAY_MS = 86_400_000
EDGE_MS = st.integers(to_ms(NOW) - 30 * DAY_MS, to_ms(NOW))
# Calls and cuts meet on few instants, so that edges are hit and not only passed.
NEAR_MS = st.integers(0, 40).map(lambda steps: to_ms(NOW) - steps * 3_600_000)
calls = st.lists(
    st.builds(
        CallRecord,
        identity=st.just(ABC),
        domain=st.sampled_from(Domain),
        started_at_ms=NEAR_MS | EDGE_MS,
        duration_s=st.integers(0, 5400),
        is_success=st.booleans(),
    ),
    max_size=25,
)


def ask(api, since_ms, until_ms):
    window = f"_start={format_instant(from_ms(since_ms))}&_stop={format_instant(from_ms(until_ms))}"
    reply = api.handle(basic(f"{CALLS}/data?{window}"), NOW)
    assert reply.status == 200, reply.body
    return said(reply)


@given(calls, st.lists(NEAR_MS | EDGE_MS, min_size=2, max_size=8))
@settings(deadline=None, max_examples=60)
def test_the_parts_of_a_window_add_up_to_the_whole(records, cuts):
    api, edges = an_api(*records), sorted(cuts)
    whole = ask(api, edges[0], edges[-1])
    parts = [ask(api, since_ms, until_ms) for since_ms, until_ms in itertools.pairwise(edges)]
    for name in ("success", "failed", "duration"):
        assert sum(part[name] for part in parts) == whole[name]
    assert min((part["start"] for part in parts if "start" in part), default=None) == whole.get("start")


garbage = st.text(max_size=30) | st.text(alphabet=st.characters(categories=["Cs", "Cc", "Nd"]), max_size=10)
segment = st.sampled_from(
    ["", "v1", "users", "username", "number", "abc123", "+46730170101", "calls", "data", "pstn", "counters", "services"]
)
raw_path = st.one_of(
    garbage,
    st.lists(segment | garbage, max_size=8).map(lambda parts: "/" + "/".join(parts)),
    garbage.map(lambda text: f"{CALLS}?_start={text}"),
    garbage.map(lambda text: f"/v1/users/number/{text}/calls?_stop={text}"),
)
authorization = st.one_of(
    garbage,
    st.just(basic("/").headers["authorization"]),
    garbage.map(lambda text: f"Application {text}"),
    garbage.map(lambda text: f"Application {KEY}:{text}"),
    garbage.map(lambda text: f"Basic {text}"),
)
headers = st.fixed_dictionaries(
    {}, optional={"authorization": authorization, "x-timestamp": garbage, "content-type": garbage}
)


@given(st.sampled_from(["GET", "POST", "HEAD"]) | garbage, raw_path, headers, st.binary(max_size=20))
@settings(deadline=None, max_examples=300)
def test_any_garbage_gets_an_answer_or_a_refusal_in_json(method, path, sent, body):
    reply = an_api().handle(Request(method, path, sent, body), NOW)
    assert reply.status == 200 or 400 <= reply.status < 500
    assert code(reply) == 0 or 400_00 <= code(reply) < 500_00


@given(garbage, garbage)
@settings(deadline=None, max_examples=150)
def test_garbage_behind_a_good_timestamp_is_refused_too(path, content_type):
    request = Request(
        "GET",
        f"/{path}",
        {
            "authorization": signed("/").headers["authorization"],
            "x-timestamp": "2026-01-15T09:31:00Z",
            "content-type": content_type,
        },
    )
    assert code(an_api().handle(request, NOW)) // 100 in (401, 404)


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
@settings(deadline=None, max_examples=100)
def test_any_name_can_be_asked_about_once_it_is_quoted(name):
    path = f"/v1/users/username/{quote(name, safe='')}/calls/data"
    assert code(an_api().handle(signed(path), NOW)) == (0 if name == "abc123" else 40400)


def window_or_code(query, quirks) -> Window | int:
    try:
        return parse_window(query, now_ns=to_ms(NOW) * 10**6, quirks=quirks)
    except ApiError as refusal:
        return refusal.code


@given(
    st.integers(-40, 5).map(lambda days: NOW + timedelta(days=days)),
    st.integers(0, 31 * 24),
    st.sampled_from(WholeDays),
    st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_a_window_is_never_longer_than_asked_nor_in_the_future(start, hours, whole_days, is_look_back_limited):
    stop = start + timedelta(hours=hours)
    quirks = Quirks(whole_days=whole_days, is_look_back_limited=is_look_back_limited)
    query = f"_start={format_instant(start)}&_stop={format_instant(stop)}"
    window = window_or_code(query, quirks)
    if not isinstance(window, Window):
        assert window == 40001
        assert hours > 720 or is_look_back_limited
        return
    slack_ms = {WholeDays.OFF: 0, WholeDays.TRUNCATE: DAY_MS, WholeDays.WIDEN: 2 * DAY_MS}[whole_days]
    assert window.until_ms <= to_ms(NOW)
    assert window.until_ms - window.since_ms <= hours * 3_600_000 + slack_ms
