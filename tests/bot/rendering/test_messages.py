"""Answers as Slack messages: what they say, that Slack takes them whatever comes in, and that nobody is pinged."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.playground import rules
from bot.rendering import blocks as kit
from bot.rendering import messages, plain
from bot.rendering.messages import Again
from bot.reporting.models import (
    Bucket,
    CallReport,
    Counter,
    Domain,
    FullReport,
    Identity,
    IdentityType,
    Missing,
    Part,
    ServiceStatus,
    Status,
)
from bot.timerange import ParsedRange, TimeRange, parse_range

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
WEEK = parse_range("last-7d", now=NOW, tz=STOCKHOLM)
WHOLE = CallReport(1157, 47, 148_320, NOW - timedelta(days=6))
BEFORE = CallReport(1000, 22, 120_000, NOW - timedelta(days=13))


def report(whole=WHOLE, before=BEFORE, other=None, buckets=(), missing=(), endpoint="abc123", offset_s=0.0):
    """Return a week of abc123."""
    return FullReport(
        identity=Identity(IdentityType.USERNAME, endpoint),
        domain=Domain.DATA,
        time_range=WEEK.time_range,
        tz=STOCKHOLM,
        whole=whole,
        before=before,
        other=other or CallReport(0, 0, 0, None),
        buckets=buckets,
        missing=missing,
        clock_offset_s=offset_s,
    )


def days(*figures):
    """Return a bucket a day from the range's start, with (succeeded, failed)."""
    first = WEEK.time_range.since
    return tuple(
        Bucket(
            TimeRange(first + timedelta(days=number), first + timedelta(days=number + 1)),
            CallReport(success, failed, success * 60, None),
        )
        for number, (success, failed) in enumerate(figures)
    )


def test_the_sentence_is_one_that_a_manager_can_read():
    assert messages.call_report(report(), WEEK).text == (
        "abc123 · last 7 days: 1,204 calls, 96.1 % succeeded (−1.8 pt on the 7 days before), 41 h 12 min talked, "
        "2 min 8 s a call (data)"
    )


def test_without_the_window_before_the_sentence_compares_nothing():
    text = messages.call_report(report(before=None), WEEK).text

    assert "96.1 % succeeded, 41 h" in text


def test_missing_parts_and_a_wrong_clock_are_said():
    missing = (
        Missing(Part.BEFORE, "The platform knows no more."),
        Missing(Part.BUCKETS, "The platform took too long."),
    )
    shown = str(messages.call_report(report(before=None, missing=missing, offset_s=-90), WEEK).blocks)

    assert "No comparison: The platform knows no more." in shown
    assert "No bars: The platform took too long." in shown
    assert "The bot's clock is 1 min 30 s ahead" in shown


def test_bars_show_calls_and_failures_and_say_where_the_peaks_are():
    shown = str(messages.call_report(report(buckets=days((10, 0), (20, 0), (5, 5))), WEEK).blocks)

    assert r"calls  ▄█▄\nfailed ··█" in shown
    assert "most calls 20 (Wed 18 Nov); most failed 5 (Thu 19 Nov)" in shown


def test_days_are_days_when_the_first_one_is_cut():
    first = WEEK.time_range.since
    cut = Bucket(
        TimeRange(first + timedelta(hours=23, minutes=30), first + timedelta(days=1)), CallReport(1, 0, 9, None)
    )
    shown = str(messages.call_report(report(buckets=(cut, *days((0, 0), (7, 0), (2, 0))[1:])), WEEK).blocks)

    assert "One bar per day; most calls 7 (Wed 18 Nov)" in shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("abc123", "*abc123*"),
        ("ana@example.com", "*ana@example.com*"),
        ("<!channel>", "*&lt;!channel&gt;*"),
        ("*bold*", "`*bold*`"),
        ("`code`", "`'code'`"),
        ("john_doe", "`john_doe`"),
        (":boom:", "`:boom:`"),
        ("a\nb", "`a b`"),
        ("`", "`'`"),
        ("x" * 99, "*" + "x" * 79 + "…*"),
    ],
)
def test_a_typed_name_is_shown_and_never_formats(typed, shown):
    assert kit.name(typed) == shown


@given(st.text(max_size=400), st.integers(1, 300))
def test_clipping_never_tears_an_entity_or_a_token(text, limit):
    ready = kit.escape(text) + kit.date(NOW, "{time}", "12:00 UTC")
    clipped = kit.clip(ready, limit)

    assert len(clipped) <= limit
    assert not re.search(r"&(?!amp;|lt;|gt;)", clipped)
    assert clipped.count("<") == clipped.count(">")


def valid(message):
    """Assert that Slack takes a message and that nothing typed became markup."""
    rules.check_content({"text": message.text, "blocks": message.blocks})
    assert message.text.strip()
    for text in [message.text, *marked_up(message.blocks)]:
        for token in re.findall(r"<([^<>]*)>", text):
            assert token.startswith("!date^")


def marked_up(value):
    """Yield every mrkdwn text in blocks; in plain text a `<` is a `<`."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from marked_up(each)


any_text = st.text(max_size=300) | st.text("<>!&*_~`:|@#^ channel", max_size=80) | st.just("x" * 3000)
counts = st.integers(0, 2**31)
reports = st.builds(CallReport, counts, counts, counts, st.none() | st.just(NOW))
buckets = st.lists(reports, max_size=31).map(
    lambda found: tuple(
        Bucket(TimeRange(NOW + timedelta(hours=n), NOW + timedelta(hours=n + 1)), each) for n, each in enumerate(found)
    )
)
ranges = st.builds(
    ParsedRange,
    time_range=st.just(WEEK.time_range),
    words=st.just("last-7d"),
    label=st.sampled_from(["last 7 days", "28 April 2014", "28 Apr–2 May 2014"]),
    notes=st.lists(any_text, max_size=12).map(tuple),
)
again = st.lists(
    st.builds(Again, st.sampled_from(["24 h", "Show pstn"]), st.uuids().map(str), any_text, st.booleans()),
    max_size=30,
)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(st.data())
def test_any_report_is_a_message_that_slack_takes(data):
    missing = data.draw(st.lists(st.builds(Missing, st.sampled_from(Part), any_text), max_size=8)).copy()
    full = FullReport(
        identity=Identity(IdentityType.USERNAME, data.draw(any_text)),
        domain=data.draw(st.sampled_from(Domain)),
        time_range=WEEK.time_range,
        tz=STOCKHOLM,
        whole=data.draw(reports),
        before=data.draw(st.none() | reports),
        other=data.draw(st.none() | reports),
        buckets=data.draw(buckets),
        missing=tuple(missing),
        clock_offset_s=data.draw(st.floats(-1e6, 1e6)),
    )
    asked = data.draw(ranges)

    valid(messages.call_report(full, asked, data.draw(again)))
    assert plain.call_report(full, asked)
    assert plain.call_report_json(full)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink])
@given(any_text, any_text, any_text, st.integers(-(2**63), 2**63))
def test_every_other_answer_is_one_that_slack_takes(one, two, three, value):
    valid(messages.refusal(one or "?", suggestion=two, reference=three))
    valid(messages.working())
    valid(messages.not_delivered(one))
    valid(messages.service_unknown(one, two))
    for status in Status:
        valid(messages.service(ServiceStatus(one, status, two)))
    counter = messages.counter(Counter(one, value, NOW), NOW)
    valid(counter)
    valid(messages.counters([counter] * 3))
    valid(messages.help_text(one, {"calls": "/acme-calls"}))


def test_sixty_counters_still_fit():
    valid(messages.counters([messages.counter(Counter(f"counter{n}" * 8, 2**60, NOW), NOW) for n in range(60)]))
