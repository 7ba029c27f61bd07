"""How long a service was seen and was down, whatever was not seen in between."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reporting.models import Status
from bot.timerange import TimeRange
from bot.watching.models import Outage, ServiceState
from bot.watching.uptime import Turn, record, with_present

T0 = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
NOW = T0 + timedelta(hours=10)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def span(since: float, until: float) -> TimeRange:
    return TimeRange(at(since), at(until))


def outage(down: float, up: float | None = None, *, number: int = 1, is_over: bool | None = None, flips: int = 2):
    return Outage(
        outage_id=number,
        service_id="rtpproxy",
        status=Status.DOWN if up is None else Status.UP,
        last_seen_up=at(down - 1),
        first_seen_down=at(down),
        first_seen_up=None if up is None else at(up),
        is_over=up is not None if is_over is None else is_over,
        flips=flips,
    )


def turns(*minutes: float, number: int = 1) -> list[Turn]:
    return [Turn(number, Status.UP if index % 2 else Status.DOWN, at(minute)) for index, minute in enumerate(minutes)]


@pytest.mark.parametrize(
    ("outages", "flips", "covered", "seen", "down"),
    [
        ([], [], [], 0, 0),
        ([], [], [span(0, 600)], 600, 0),
        ([], [], [span(-60, 60), span(120, 700)], 60 + 480, 0),
        ([outage(10, 20)], turns(10, 20), [span(0, 600)], 600, 10),
        ([outage(10, 20)], turns(10, 20), [span(0, 15), span(18, 600)], 597, 5 + 2),
        ([outage(-30, 20)], turns(-30, 20), [span(-60, 600)], 600, 20),
        ([outage(590)], turns(590), [span(0, 600)], 600, 10),
        ([outage(10, 40, flips=4)], turns(10, 15, 30, 40), [span(0, 600)], 600, 5 + 10),
        ([outage(5, 20, flips=1)], [Turn(1, Status.UP, at(20))], [span(0, 600)], 600, 15),
        ([outage(10, is_over=True)], turns(10), [span(0, 30), span(300, 600)], 330, 20),
        ([outage(50, 60, number=2), outage(1, 9)], [*turns(1, 9), *turns(50, 60, number=2)], [span(0, 600)], 600, 18),
    ],
    ids=[
        "never seen",
        "always up",
        "seen in parts",
        "down once",
        "down where nobody looked",
        "down before the range",
        "down still",
        "flapping",
        "down at first sight",
        "nobody watched how it went on",
        "down twice",
    ],
)  # fmt: skip
def test_only_what_was_seen_counts(outages, flips, covered, seen, down):
    found = record("rtpproxy", span(0, 600), outages, flips, covered, now=NOW)

    assert (found.seen_s, found.down_s) == (seen * 60, down * 60)
    assert found.uptime_pct == (pytest.approx(100 * (seen - down) / seen) if seen else None)
    assert found.coverage_pct == pytest.approx(100 * seen / 600)


def state(since: float, last_seen: float, *, is_unknown: bool = False) -> ServiceState:
    return ServiceState(
        "rtpproxy",
        Status.UP,
        since=at(since),
        last_seen=at(last_seen),
        unknown_since=at(last_seen) if is_unknown else None,
    )


@pytest.mark.parametrize(
    ("covered", "present", "expected"),
    [
        ([], state(0, 1), [span(0, 1)]),
        ([span(0, 10)], state(5, 11), [span(0, 11)]),
        ([span(0, 10)], state(14, 15), [span(0, 10), span(14, 15)]),
        ([span(0, 10)], state(5, 15), [span(0, 10)]),
        ([span(0, 10)], state(5, 11, is_unknown=True), [span(0, 10)]),
        ([span(0, 10)], ServiceState("rtpproxy"), [span(0, 10)]),
    ],
    ids=["the first minute", "the last minute", "a new beginning", "a gap", "unknown now", "never seen"],
)
def test_the_minute_that_is_not_written_down_yet_counts_too(covered, present, expected):
    assert with_present(covered, present) == expected


def test_an_outage_in_the_first_minute_was_seen():
    down = Outage(1, "rtpproxy", Status.UP, last_seen_up=at(0.4), first_seen_down=at(0.5), first_seen_up=at(0.9))
    assert with_present([], state(0.9, 1), [down]) == [span(0.4, 1)]


minutes = st.integers(-100, 700)


@given(
    st.lists(st.tuples(minutes, minutes), max_size=6),
    st.lists(st.tuples(minutes, st.none() | minutes, st.booleans()), max_size=5),
)
def test_down_is_never_more_than_seen_and_neither_more_than_the_range(covered, downs):
    spans, edge = [], -200
    for since, length in sorted(covered):
        since = max(since, edge)
        edge = since + abs(length) % 90
        spans.append(span(since, edge))
    outages, edge = [], -200
    for number, (since, length, is_over) in enumerate(sorted(downs, key=lambda each: each[0])):
        since = max(since, edge)
        edge = since + (abs(length) % 60 if length is not None else 0)
        outages.append(outage(since, None if length is None else edge, number=number, is_over=is_over))
        if length is None:
            break
    found = record("rtpproxy", span(0, 600), outages, [], spans, now=NOW)

    assert 0 <= found.down_s <= found.seen_s <= 600 * 60
