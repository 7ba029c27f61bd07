from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reporting.server.times import format_instant, from_ms, parse_instant_ns, to_ms

MS = st.integers(-62_135_596_800_000, 253_402_300_799_999)  # the years 1 to 9999


@pytest.mark.parametrize(
    ("text", "expected_ns"),
    [
        ("1970-01-01", 0),
        ("1970-01-02", 86_400 * 10**9),
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-01T00:00:00.1Z", 10**8),
        ("1970-01-01T00:00:00.123456789Z", 123_456_789),
        ("1970-01-01T01:00:00.000+01:00", 0),
        ("1970-01-01T00:00:00-0030", 1800 * 10**9),
        ("1969-12-31T23:59:59.9999999Z", -100),
        ("2014-06-02T15:39:31.2729234Z", 1_401_723_571_272_923_400),
    ],
)
def test_every_documented_form_is_read_exactly(text, expected_ns):
    assert parse_instant_ns(text) == expected_ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2014",
        "2014-4-28",
        "2014-04-31",
        "2014-04-28T24:00:00Z",
        "2014-04-28T10:00Z",
        "2014-04-28T10:00:60Z",
        "2014-04-28T10:00:00",
        "2014-04-28 10:00:00Z",
        "2014-04-28T10:00:00.Z",
        "2014-04-28T10:00:00.1234567890Z",
        "2014-04-28T10:00:00+24:00",
        "2014-04-28T10:00:00+01:60",
        "2014-04-28T10:00:00Z\n",
        "٢٠١٤-04-28",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"^(write a time as|that time|that offset)"):
        parse_instant_ns(text)


@given(MS)
@settings(deadline=None)
def test_what_is_written_is_read_back(instant_ms):
    assert parse_instant_ns(format_instant(from_ms(instant_ms))) == instant_ms * 10**6
    assert to_ms(from_ms(instant_ms)) == instant_ms


@given(
    st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
@settings(deadline=None)
def test_any_offset_is_read_back_to_the_same_instant(microseconds, zone):
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert parse_instant_ns(moment.astimezone(zone).isoformat()) == microseconds * 1000


@given(st.text(max_size=40))
@settings(deadline=None)
def test_no_text_raises_anything_else(text):
    with suppress(ValueError):
        parse_instant_ns(text)
