from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.rangewords import find_range, nearest_range, read_range
from bot.timerange import (
    DEFAULT_RANGE,
    LONGEST_DAYS,
    ParsedRange,
    RangeError,
    TimeRange,
    bucket_edges,
    parse_range,
    start_of_day,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # until 2019, clocks went forward at midnight: some days began at 01:00
HAVANA = ZoneInfo("America/Havana")  # clocks go back from 01:00 to 00:00: some midnights come twice
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # clocks change by half an hour
KOLKATA = ZoneInfo("Asia/Kolkata")  # half an hour off the full hours of UTC
APIA = ZoneInfo("Pacific/Apia")  # crossed the date line: 30 December 2011 never was
UTC_ZONE = ZoneInfo("UTC")
ZONES = (BERLIN, NEW_YORK, SAO_PAULO, HAVANA, LORD_HOWE, KOLKATA, APIA, UTC_ZONE)

NOW = datetime(2014, 5, 14, 12, 30, 15, 250, tzinfo=UTC)  # a Wednesday


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(text: str, now: datetime = NOW, tz: ZoneInfo = UTC_ZONE) -> ParsedRange:
    return parse_range(text, now=now, tz=tz)


@pytest.mark.parametrize(
    ("text", "since", "until", "words", "label"),
    [
        ("today", "2014-05-14", "2014-05-14T12:30:15", "today", "today"),
        ("yesterday", "2014-05-13", "2014-05-14", "yesterday", "yesterday"),
        ("last-1d", "2014-05-14", "2014-05-14T12:30:15", "today", "today"),
        ("last-7d", "2014-05-08", "2014-05-14T12:30:15", "last-7d", "last 7 days"),
        ("last-30d", "2014-04-15", "2014-05-14T12:30:15", "last-30d", "last 30 days"),
        ("last-24h", "2014-05-13T12:30:15", "2014-05-14T12:30:15", "last-24h", "last 24 hours"),
        ("last-1h", "2014-05-14T11:30:15", "2014-05-14T12:30:15", "last-1h", "last hour"),
        ("last-90m", "2014-05-14T11:00:15", "2014-05-14T12:30:15", "last-90m", "last 90 minutes"),
        ("last-720h", "2014-04-14T12:30:15", "2014-05-14T12:30:15", "last-720h", "last 720 hours"),
        ("this-week", "2014-05-12", "2014-05-14T12:30:15", "this-week", "this week"),
        ("last-week", "2014-05-05", "2014-05-12", "last-week", "last week"),
        ("this-month", "2014-05-01", "2014-05-14T12:30:15", "this-month", "this month"),
        ("last-month", "2014-04-01", "2014-05-01", "last-month", "last month"),
        ("2014-04-28", "2014-04-28", "2014-04-29", "2014-04-28", "28 April 2014"),
        ("2014-04-28..2014-04-28", "2014-04-28", "2014-04-29", "2014-04-28", "28 April 2014"),
        ("2014-04-28..2014-04-30", "2014-04-28", "2014-05-01", "2014-04-28..2014-04-30", "28–30 April 2014"),
        ("2014-04-28..2014-05-02", "2014-04-28", "2014-05-03", "2014-04-28..2014-05-02", "28 Apr–2 May 2014"),
        ("2013-12-30..2014-01-02", "2013-12-30", "2014-01-03", "2013-12-30..2014-01-02", "30 Dec 2013–2 Jan 2014"),
        (
            *("2014-04-28T10:00..2014-04-28T12:00", "2014-04-28T10:00", "2014-04-28T12:00"),
            *("2014-04-28T10:00..2014-04-28T12:00", "28 April 2014, 10:00–12:00"),
        ),
        (
            *("2014-04-28T10..2014-04-29T12:00:30", "2014-04-28T10:00", "2014-04-29T12:00:30"),
            *("2014-04-28T10:00..2014-04-29T12:00:30", "28 Apr 2014 10:00–29 Apr 2014 12:00:30"),
        ),
        (
            *("2014-04-28T10:00..2014-04-29", "2014-04-28T10:00", "2014-04-30"),
            *("2014-04-28T10:00..2014-04-29", "28 Apr 2014 10:00–29 Apr 2014"),
        ),
        ("since 2014-04-28", "2014-04-28", "2014-05-14T12:30:15", "since 2014-04-28", "since 28 April 2014"),
        (
            *("since 2014-04-28T10:00", "2014-04-28T10:00", "2014-05-14T12:30:15"),
            *("since 2014-04-28T10:00", "since 28 April 2014, 10:00"),
        ),
        ("since yesterday", "2014-05-13", "2014-05-14T12:30:15", "since yesterday", "since yesterday"),
        ("1999-12-31", "1999-12-31", "2000-01-01", "1999-12-31", "31 December 1999"),
    ],
)
def test_a_range_means_these_instants(text: str, since: str, until: str, words: str, label: str) -> None:
    assert read(text) == ParsedRange(TimeRange(utc(since), utc(until)), words, label)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *((text, "last-7d") for text in ("last 7 days", "7d", "last7d", "LAST-7D", "Last 7 Days", "1w", "past 7 days")),
        *(
            (text, "last-7d")
            for text in ("last-1w", "last_7_days", "past week", "previous 7 days", " last   7   days ")
        ),
        *((text, "last-24h") for text in ("past 24 hours", "24h", "last 24 hrs", "past day", "last day", "24 hours")),
        *((text, "last-90m") for text in ("90min", "last 90 minutes", "90 mins", "last-090m")),
        *((text, "last-14d") for text in ("last 2 weeks", "2w", "past 14 days")),
        *((text, "last-week") for text in ("last week", "LAST WEEK", "lastweek", "previous week")),
        *((text, "last-30d") for text in ("past month", "30 days")),
        ("this month", "this-month"),
        ("since today", "today"),
        ("yesterday..yesterday", "yesterday"),
        ("yesterday..now", "since yesterday"),
        ("2014-05-01..now", "since 2014-05-01"),
        ("2014-05-01..", "since 2014-05-01"),
        ("from 2014-05-01", "since 2014-05-01"),
        ("2014-5-1", "2014-05-01"),
        ("2014-04-28 to 2014-05-02", "2014-04-28..2014-05-02"),
        ("from 2014-04-28 until 2014-05-02", "2014-04-28..2014-05-02"),
        ("2014-04-28 .. 2014-05-02", "2014-04-28..2014-05-02"),
        ("2014-04-28…2014-05-02", "2014-04-28..2014-05-02"),
        ("2014-04-28-2014-05-02", "2014-04-28..2014-05-02"),
        ("2014-04-28 - 2014-05-02", "2014-04-28..2014-05-02"),
        ("2014-04-28T10:00..12:00", "2014-04-28T10:00..2014-04-28T12:00"),
        ("2014-04-28 10:00..2014-04-28 12:00", "2014-04-28T10:00..2014-04-28T12:00"),
        ("2014-04-28t10:00:00..2014-04-28t12:00:00", "2014-04-28T10:00..2014-04-28T12:00"),
        ("2014-04-28T10:00Z..2014-04-28T14:00+02:00", "2014-04-28T10:00Z..2014-04-28T14:00+02:00"),
    ],
)
def test_people_spell_ranges_in_their_own_ways(text: str, words: str) -> None:
    assert read(text).words == words


@pytest.mark.parametrize(
    ("text", "said", "suggestion"),
    [
        ("last-31d", "longer than 30 days", "last-30d"),
        ("last-721h", "longer than 30 days", "last-720h"),
        ("last-43201m", "longer than 30 days", "last-30d"),
        ("last 5 weeks", "longer than 30 days", "last-30d"),
        ("last 3 months", "longer than 30 days", "last-30d"),
        ("last-year", "longer than 30 days", "last-30d"),
        ("last-999999999999d", "longer than 30 days", "last-30d"),
        ("last-" + "9" * 70 + "d", "longer than 30 days", "last-30d"),
        ("since 2014-01-01", "longer than 30 days", "last-30d"),
        ("2014-01-01..2014-03-01", "longer than 30 days", "2014-01-01..2014-01-30"),
        ("2014-05-14T12:30:16..2014-05-15", "in the future", DEFAULT_RANGE),
        ("2014-05-15", "in the future", DEFAULT_RANGE),
        ("9999-12-31", "in the future", DEFAULT_RANGE),
        ("since 9999-12-31T23:59", "in the future", DEFAULT_RANGE),
        ("2014-05-02..2014-04-28", "stops before it starts", "2014-04-28..2014-05-02"),
        ("2014-04-28T12:00..10:00", "stops before it starts", "2014-04-28T10:00..2014-04-28T12:00"),
        ("2014-04-28T12:00..2014-04-28T12:00", "needs a start and an end", "2014-04-28T12:00..2014-04-28T13:00"),
        ("2014-04-28T12:00", "needs a start and an end", "2014-04-28T12:00..2014-04-28T13:00"),
        ("last-0d", "no time at all", "today"),
        ("last-0h", "no time at all", "last-1h"),
        ("since now", "no time at all", DEFAULT_RANGE),
        ("2014-02-30", "a day that does not exist", "2014-02-28"),
        ("2014-02-30..2014-03-05", "a day that does not exist", "2014-02-28"),
        ("2014-13-01", "a day that does not exist", DEFAULT_RANGE),
        ("2014-00-00", "a day that does not exist", DEFAULT_RANGE),
        ("2014-04-28T25:00..2014-04-29", "a time that does not exist", "2014-04-28"),
        ("2014-04-28T10:61..2014-04-29", "a time that does not exist", "2014-04-28"),
        ("0001-01-01", "too long ago", DEFAULT_RANGE),
        ("0000-01-01", "too long ago", DEFAULT_RANGE),
        ("28.4.2014", "year, month, day", "2014-04-28"),
        ("4/28/2014", "year, month, day", "2014-04-28"),
        ("2014/04/28", "year, month, day", "2014-04-28"),
        ("2014-02", "year, month, day", "2014-02-01..2014-02-28"),
        ("2014-99", "not a time range I know", DEFAULT_RANGE),
        ("lst-7d", "not a time range I know", "last-7d"),
        ("lst-99d", "not a time range I know", "last-30d"),
        ("yesterdy", "not a time range I know", "yesterday"),
        ("", "not a time range I know", DEFAULT_RANGE),
        ("bananas", "not a time range I know", DEFAULT_RANGE),
    ],
)
def test_what_is_no_range_gets_a_sentence_that_quotes_it_and_a_range_that_works(
    text: str, said: str, suggestion: str
) -> None:
    with pytest.raises(RangeError, match=said) as error:
        read(text)
    assert str(error.value).startswith(f"“{text[:39]}")
    assert error.value.suggestion == suggestion
    read(suggestion)


def test_the_whole_last_day_of_a_range_is_in_it_up_to_now() -> None:
    clipped = read("2014-05-10..2014-05-20")
    assert clipped.time_range == TimeRange(utc("2014-05-10"), utc("2014-05-14T12:30:15"))
    assert clipped.label == "10–14 May 2014"
    assert clipped.notes == ("Ends now, because the range reaches into the future.",)


@pytest.mark.parametrize("text", ["2014-05-10..9999-12-31", "2014-05-10T00:00..9999-12-31T23:59Z"])
def test_an_end_at_the_end_of_time_is_now(text: str) -> None:
    assert read(text, tz=BERLIN).time_range.until == utc("2014-05-14T12:30:15")


def test_this_month_on_its_31st_day_shows_the_last_30_days_and_says_so() -> None:
    on_the_31st = read("this-month", now=utc("2014-05-31T08:00"))
    assert on_the_31st.time_range == TimeRange(utc("2014-05-02"), utc("2014-05-31T08:00"))
    assert on_the_31st.notes == ("This month is longer than 30 days so far: showing the last 30.",)


def test_a_last_month_of_31_days_shows_its_last_30_and_says_so() -> None:
    march = read("last-month", now=utc("2014-04-10T08:00"))
    assert march.time_range == TimeRange(utc("2014-03-02"), utc("2014-04-01"))
    assert march.notes == ("Last month has 31 days: showing the last 30.",)


@pytest.mark.parametrize("text", ["today", "last-1d", "this-week", "this-month"])
def test_at_midnight_what_begins_now_is_refused_with_a_range_that_works(text: str) -> None:
    monday_the_first = utc("2014-09-01T00:00")
    with pytest.raises(RangeError, match="only just begun") as error:
        read(text, now=monday_the_first)
    assert read(error.value.suggestion, now=monday_the_first).words == "yesterday"


def test_a_day_is_the_asker_s_day_not_that_of_utc() -> None:
    late_in_new_york = utc("2014-05-15T02:00")
    assert read("today", late_in_new_york, NEW_YORK).time_range.since == utc("2014-05-14T04:00")


@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        pytest.param(BERLIN, "2014-03-30", 23, id="Berlin, forward"),
        pytest.param(BERLIN, "2014-10-26", 25, id="Berlin, back"),
        pytest.param(NEW_YORK, "2014-03-09", 23, id="New York, forward"),
        pytest.param(NEW_YORK, "2014-11-02", 25, id="New York, back"),
        pytest.param(SAO_PAULO, "2018-11-04", 23, id="Sao Paulo, no midnight"),
        pytest.param(SAO_PAULO, "2018-02-17", 25, id="Sao Paulo, 23:00 twice"),
        pytest.param(HAVANA, "2014-11-02", 25, id="Havana, midnight twice"),
        pytest.param(LORD_HOWE, "2014-10-05", 23.5, id="Lord Howe, half an hour"),
        pytest.param(BERLIN, "2014-06-01", 24, id="an ordinary day"),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_say(tz: ZoneInfo, day: str, hours: float) -> None:
    parsed = read(day, utc("2020-01-01"), tz)
    assert parsed.time_range.length == timedelta(hours=hours)
    slices = bucket_edges(parsed.time_range, tz)
    assert slices[0].since == parsed.time_range.since
    assert slices[-1].until == parsed.time_range.until


def test_thirty_calendar_days_may_be_721_hours() -> None:
    parsed = read("last-30d", utc("2014-11-10T22:59:59"), BERLIN)
    assert parsed.time_range.length == timedelta(days=30, hours=1) - timedelta(seconds=1)
    assert read("2014-10-05..2014-11-03", utc("2020-01-01"), BERLIN).time_range.length == timedelta(hours=721)


def test_a_day_that_a_zone_skipped_is_refused() -> None:
    with pytest.raises(RangeError, match="a day that Pacific/Apia never had"):
        read("2011-12-30", utc("2020-01-01"), APIA)


def test_a_time_that_comes_twice_is_the_first_and_says_so() -> None:
    parsed = read("2014-10-26T02:30..2014-10-26T04:00", utc("2020-01-01"), BERLIN)
    assert parsed.time_range == TimeRange(utc("2014-10-26T00:30"), utc("2014-10-26T03:00"))
    assert parsed.notes == ("02:30 came twice on 26 October 2014, when clocks went back: the first is meant.",)


def test_a_time_that_does_not_exist_is_as_far_after_the_change_and_says_so() -> None:
    parsed = read("2014-03-30T01:00..2014-03-30T02:30", utc("2020-01-01"), BERLIN)
    assert parsed.time_range == TimeRange(utc("2014-03-30T00:00"), utc("2014-03-30T01:30"))
    assert parsed.notes == ("02:30 did not exist on 30 March 2014, when clocks went forward: 03:30 is meant.",)


def test_a_typed_offset_is_kept() -> None:
    parsed = read("2014-04-28T10:00Z..2014-04-28T14:00+02:00", utc("2014-05-01"), NEW_YORK)
    assert parsed.time_range == TimeRange(utc("2014-04-28T10:00"), utc("2014-04-28T12:00"))
    assert parsed.label == "28 April 2014, 06:00–08:00"


@pytest.mark.parametrize(
    ("text", "tz", "count", "first", "last"),
    [
        pytest.param("last-7d", BERLIN, 7, "2014-05-07T22:00", "2014-05-13T22:00", id="days"),
        pytest.param("last-24h", BERLIN, 25, "2014-05-13T12:30:15", "2014-05-14T12:00", id="hours, both ends cut"),
        pytest.param("last-24h", KOLKATA, 25, "2014-05-13T12:30:15", "2014-05-14T12:30", id="hours of a half zone"),
        pytest.param("last-47h", BERLIN, 48, "2014-05-12T13:30:15", "2014-05-14T12:00", id="the most hours"),
        pytest.param("last-48h", BERLIN, 3, "2014-05-12T12:30:15", "2014-05-13T22:00", id="48 hours are days"),
        pytest.param("last-720h", BERLIN, 31, "2014-04-14T12:30:15", "2014-05-13T22:00", id="the most days"),
        pytest.param("last-10m", BERLIN, 1, "2014-05-14T12:20:15", "2014-05-14T12:20:15", id="one slice is the whole"),
    ],
)
def test_buckets_are_days_or_under_48_hours_hours(text: str, tz: ZoneInfo, count: int, first: str, last: str) -> None:
    slices = bucket_edges(read(text, tz=tz).time_range, tz)
    assert (len(slices), slices[0].since, slices[-1].since) == (count, utc(first), utc(last))


def test_buckets_pass_over_a_day_that_never_was() -> None:
    days = bucket_edges(read("2011-12-28..2012-01-02", utc("2020-01-01"), APIA).time_range, APIA)
    assert [day.since.astimezone(APIA).day for day in days] == [28, 29, 31, 1, 2]
    assert {day.length for day in days} == {timedelta(days=1)}


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("abc123 last 7 days pstn", (1, 4)),
        ("from 2014-04-28 10:00 to 2014-04-28 12:00", (0, 6)),
        ("since 2014-04-28 10:00 abc", (0, 3)),
        ("abc 2014-04-28 pstn", (1, 2)),
        ("2014-04-28 .. 2014-05-02", (0, 3)),
        ("last", None),
        ("7", None),
        ("+46 70 123", None),
        ("", None),
    ],
)
def test_the_longest_range_is_found_among_words(words: str, where: tuple[int, int] | None) -> None:
    assert find_range(words.split()) == where


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lst-7d", "last-7d"),
        ("last-7dd", "last-7d"),
        ("lsat-14d", "last-14d"),
        ("yesterdy", "yesterday"),
        ("tody", "today"),
        ("last-weak", "last-week"),
        ("abc123", None),
        ("x" * 5000, None),
    ],
)
def test_a_slip_gets_the_nearest_range(typed: str, meant: str | None) -> None:
    assert nearest_range(typed) == meant


NOWS = st.integers(40_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
#: Instants around the changes of clocks, where mistakes live.
EDGE_DAYS = st.sampled_from([date(2014, 3, 30), date(2014, 10, 26), date(2018, 11, 4), date(2011, 12, 30)])
DATES = st.one_of(
    EDGE_DAYS.flatmap(lambda day: st.integers(-3, 33).map(lambda off: (day + timedelta(off)).isoformat())),
    st.builds("{:04}-{:02}-{:02}".format, st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32)),
)
TIMES = st.builds("T{:02}:{:02}{}".format, st.integers(0, 25), st.integers(0, 61), st.sampled_from(["", ":30", "Z"]))
POINTS = st.builds("{}{}".format, DATES, st.one_of(st.just(""), TIMES)) | st.sampled_from(["today", "yesterday", "now"])
RANGES = st.one_of(
    st.builds("last-{}{}".format, st.integers(0, 800), st.sampled_from("mhdw")),
    st.sampled_from(["today", "yesterday", "this-week", "last-week", "this-month", "last-month"]),
    POINTS,
    st.builds("{}..{}".format, POINTS, POINTS),
    st.builds("since {}".format, POINTS),
)


@settings(max_examples=400, deadline=None)
@given(RANGES, NOWS, st.sampled_from(ZONES))
@example("2011-12-30..2011-12-31", utc("2012-01-05"), APIA)
@example("last-30d", utc("2014-11-10T22:59:59"), BERLIN)
def test_a_range_is_in_the_past_short_enough_and_reads_back_the_same(text: str, now: datetime, tz: ZoneInfo) -> None:
    try:
        parsed = parse_range(text, now=now, tz=tz)
    except RangeError as error:
        parsed = parse_range(error.suggestion, now=now, tz=tz)
    time_range = parsed.time_range
    assert time_range.since < time_range.until <= now
    assert time_range.length <= timedelta(days=LONGEST_DAYS, hours=1)
    assert time_range.since.tzinfo is UTC
    assert time_range.until.tzinfo is UTC
    assert parse_range(parsed.words, now=now, tz=tz) == parsed
    slices = bucket_edges(time_range, tz)
    assert (slices[0].since, slices[-1].until) == (time_range.since, time_range.until)
    assert all(one.until == other.since for one, other in pairwise(slices))
    assert all(piece.since < piece.until for piece in slices)
    assert len(slices) <= (50 if time_range.length < timedelta(days=2) else 31)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120) | st.text("0123456789-:.TZtz lastdhmw…", max_size=90), st.sampled_from(ZONES))
def test_no_text_raises_anything_but_a_range_error(text: str, tz: ZoneInfo) -> None:
    try:
        parsed = parse_range(text, now=NOW, tz=tz)
    except RangeError as error:
        parsed = parse_range(error.suggestion, now=NOW, tz=tz)
    assert parsed.time_range.since < parsed.time_range.until
    assert read_range(parsed.words) is not None


@settings(max_examples=200, deadline=None)
@given(st.dates(date(1971, 1, 1), date(2098, 1, 1)), st.sampled_from(ZONES))
def test_the_start_of_a_day_is_its_first_instant(day: date, tz: ZoneInfo) -> None:
    start = start_of_day(day, tz)
    assert (start - timedelta(seconds=1)).astimezone(tz).date() < day <= start.astimezone(tz).date()
