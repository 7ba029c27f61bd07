"""Whole answers: figures first, then what they are compared to, and what is missing is said."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.reporting.client import ReportingClient
from bot.reporting.errors import BadRequest, NotFound, ReportingError
from bot.reporting.models import CallReport, Domain, Identity, IdentityType, Part
from bot.reporting.server.records import CallRecord, CallRecords
from bot.reporting.server.serving import ReportingServer
from bot.reporting.service import ReportingService
from bot.reporting.signing import SignatureAuth, parse_secret
from bot.timerange import TimeRange, parse_range

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ABC = Identity(IdentityType.USERNAME, "abc123")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
KEY, SECRET = "9f3c2f1e-6b1d-4c57-9d2e-0a1b2c3d4e5f", "AAECAwQFBgcICQoLDA0ODw=="


def calls(since: datetime, hours: int) -> CallRecords:
    """Return one call of a minute for each hour from `since`, every fifth failed; and one by phone."""
    records = CallRecords()
    starts = [since + timedelta(hours=number) for number in range(hours)]
    records.add(
        [CallRecord(ABC, Domain.DATA, ms(at), duration_s=60, is_success=n % 5 > 0) for n, at in enumerate(starts)]
    )
    records.add([CallRecord(ABC, Domain.PSTN, ms(NOW) - 60_000, duration_s=9, is_success=True)])
    return records


def ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


@pytest.fixture
async def asked():
    """The service in front of the embedded API, with 30 days of calls."""
    async with ReportingServer(KEY, SECRET, calls(NOW - timedelta(days=30), 720), now=lambda: NOW) as api:
        client = ReportingClient(api.url, SignatureAuth(KEY, parse_secret(SECRET), lambda: NOW), first_wait_s=0)
        yield ReportingService(client), api
        await client.aclose()


async def test_a_week_has_its_days_and_they_add_up(asked):
    service, _ = asked
    week = parse_range("last-7d", now=NOW, tz=STOCKHOLM).time_range

    report = await service.call_report(ABC, Domain.DATA, week, STOCKHOLM)

    assert len(report.buckets) == 7
    assert sum(bucket.report.calls for bucket in report.buckets) == report.whole.calls == 6 * 24 + 13
    assert report.before is not None
    assert report.other == CallReport(1, 0, 9, NOW - timedelta(minutes=1))
    assert report.missing == ()


async def test_one_request_a_bucket_and_eight_at_a_time(asked):
    service, api = asked
    month = parse_range("last-30d", now=NOW, tz=STOCKHOLM).time_range

    await service.call_report(ABC, Domain.DATA, month, STOCKHOLM)

    assert len(api.journal) == 1 + 1 + 1 + 30


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York"])
async def test_thirty_days_with_a_25_hour_day_are_asked_in_two(zone):
    tz = ZoneInfo(zone)
    now = datetime(2026, 11, 10, 23, 0, tzinfo=UTC)
    month = TimeRange(
        datetime(2026, 10, 12, tzinfo=tz).astimezone(UTC), datetime(2026, 11, 11, tzinfo=tz).astimezone(UTC)
    )
    assert month.length == timedelta(hours=721)
    records = calls(month.since, 721)
    async with ReportingServer(KEY, SECRET, records, now=lambda: now + timedelta(days=9)) as api:
        auth = SignatureAuth(KEY, parse_secret(SECRET), lambda: now + timedelta(days=9))
        client = ReportingClient(api.url, auth)
        report = await ReportingService(client).call_report(ABC, Domain.DATA, month, tz)
        await client.aclose()

    assert report.whole.calls == 721
    assert [bucket.report.calls for bucket in report.buckets].count(25) == 1
    assert len(report.buckets) == 30


class Answers:
    """A platform that answers windows by a function, and remembers them."""

    clock_offset_s = 0.0

    def __init__(self, answer):
        self._answer = answer
        self.asked = []

    async def fetch_call_report(self, identity, domain, time_range):
        self.asked.append((domain, time_range))
        await asyncio.sleep(0)
        return self._answer(domain, time_range)

    async def fetch_counter(self, counter_id):
        raise NotFound("no counter")

    async def fetch_service_status(self, service_id):
        raise NotFound("no service")


WEEK = TimeRange(NOW - timedelta(days=7), NOW)
UTC_ZONE = ZoneInfo("UTC")


def per_day(domain, time_range):
    """Ten calls a day."""
    hours = round(time_range.length.total_seconds() / 3600)
    return CallReport(hours * 10, 0, hours, time_range.since)


async def test_a_whole_that_cannot_be_had_is_an_error():
    def answer(domain, time_range):
        raise NotFound("The platform knows no such user.")

    with pytest.raises(NotFound):
        await ReportingService(Answers(answer)).call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)


@pytest.mark.parametrize("part", list(Part))
async def test_a_part_that_is_refused_is_left_out_and_said(part):
    def answer(domain, time_range):
        where = {
            Part.BEFORE: time_range.until <= WEEK.since,
            Part.OTHER: domain is Domain.PSTN,
            Part.BUCKETS: time_range.length < timedelta(days=2),
        }
        if where[part]:
            raise BadRequest("It may not look so far back.")
        return per_day(domain, time_range)

    report = await ReportingService(Answers(answer)).call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)

    assert report.whole.calls == 1680
    assert [missing.part for missing in report.missing] == [part]
    assert ("that long ago" if part is Part.BEFORE else "so far back") in report.missing[0].reason
    assert (report.before is None, report.other is None, not report.buckets) == tuple(each is part for each in Part)


async def test_parts_that_take_too_long_are_left_out_and_the_figures_stand():
    class Slow(Answers):
        async def fetch_call_report(self, identity, domain, time_range):
            if time_range != WEEK or domain is Domain.PSTN:
                await asyncio.Event().wait()
            return per_day(domain, time_range)

    service = ReportingService(Slow(None), budget_s=0.05)
    report = await service.call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)

    assert report.whole.calls == 1680
    assert {missing.part for missing in report.missing} == set(Part)


async def test_buckets_that_do_not_add_up_are_asked_once_more():
    wholes = iter([1679, 1680])

    def answer(domain, time_range):
        if domain is Domain.DATA and time_range == WEEK:
            return CallReport(next(wholes), 0, 168, WEEK.since)
        return per_day(domain, time_range)

    report = await ReportingService(Answers(answer)).call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)

    assert report.whole.calls == 1680
    assert len(report.buckets) == 8
    assert report.missing == ()


async def test_buckets_that_never_add_up_leave_the_whole_and_a_word():
    def answer(domain, time_range):
        return CallReport(5, 0, 5, None)

    report = await ReportingService(Answers(answer)).call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)

    assert report.whole.calls == 5
    assert report.buckets == ()
    assert "do not add up" in report.missing[0].reason


async def test_no_calls_need_no_bars():
    source = Answers(lambda domain, time_range: CallReport(0, 0, 0, None))
    await ReportingService(source).call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)

    assert len(source.asked) == 3


async def test_an_error_below_leaves_no_request_running():
    started, ended = 0, 0

    class Some(Answers):
        async def fetch_call_report(self, identity, domain, time_range):
            nonlocal started, ended
            if time_range.length == WEEK.length:
                return per_day(domain, time_range)
            started += 1
            try:
                if started == 3:
                    raise BadRequest("no")
                await asyncio.Event().wait()
            finally:
                ended += 1

    report = await ReportingService(Some(None)).call_report(ABC, Domain.DATA, WEEK, UTC_ZONE)

    assert [missing.part for missing in report.missing] == [Part.BUCKETS]
    assert started == ended


async def test_errors_are_of_one_root(asked):
    service, _ = asked
    with pytest.raises(ReportingError):
        await service.counter("nosuch")
    with pytest.raises(ReportingError):
        await service.service_status("nosuch")
