import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server import traffic
from bot.reporting.server.records import CallRecords
from bot.reporting.server.times import MS_PER_DAY, from_ms, to_ms

NOW = datetime(2026, 1, 15, 9, 31, tzinfo=UTC)  # a Thursday
TODAY = NOW.replace(hour=0, minute=0)
ABC = Identity(IdentityType.USERNAME, "abc123")


def test_the_same_seed_and_day_make_the_same_calls():
    calls = list(traffic.sample_calls(NOW))
    assert calls == list(traffic.sample_calls(NOW + timedelta(hours=3)))
    assert calls != list(traffic.sample_calls(NOW, seed=2))


def test_a_day_looks_the_same_from_the_next_day_except_for_the_outage():
    def before(day, calls):
        return [one for one in calls if one.started_at_ms < to_ms(day)]

    quiet = TODAY - timedelta(days=1)
    seen_today = before(quiet, traffic.sample_calls(NOW, days=5))
    assert seen_today == before(quiet, traffic.sample_calls(NOW + timedelta(days=1), days=6))


def test_the_week_of_the_first_user_is_believable():
    since_ms, until_ms = to_ms(TODAY - timedelta(days=6)), to_ms(NOW)
    for seed in range(1, 6):
        with CallRecords() as records:
            traffic.fill(records, NOW, seed=seed, days=8)
            data = records.report(ABC, Domain.DATA, since_ms, until_ms)
            pstn = records.report(ABC, Domain.PSTN, since_ms, until_ms)
        assert 750 < data.calls < 1250
        assert 94 < data.success_rate_pct < 98.5
        assert 60 < data.acd_s < 240
        assert 150 < pstn.calls < 500


def test_days_have_a_rhythm_and_weekends_are_quiet():
    calls = [one for one in traffic.sample_calls(NOW, days=28) if one.identity == ABC]
    hours = Counter(from_ms(one.started_at_ms).hour for one in calls)
    days = Counter(from_ms(one.started_at_ms).weekday() for one in calls)
    assert hours[10] > 10 * hours[2]
    assert max(days[5], days[6]) < min(days[day] for day in range(5)) / 2


def test_failures_rise_during_yesterdays_outage():
    midnight = TODAY - timedelta(days=1)
    since_ms, until_ms = to_ms(midnight + traffic.OUTAGE_FROM), to_ms(midnight + traffic.OUTAGE_UNTIL)
    with CallRecords() as records:
        traffic.fill(records, NOW, days=3)
        during = records.report(ABC, Domain.DATA, since_ms, until_ms)
        day_before = records.report(ABC, Domain.DATA, since_ms - MS_PER_DAY, until_ms - MS_PER_DAY)
    assert during.calls > 5
    assert during.success_rate_pct < 60
    assert day_before.success_rate_pct > 80


def test_failed_calls_last_no_time_and_all_calls_stay_in_their_days():
    calls = list(traffic.sample_calls(NOW, days=3))
    assert all(one.duration_s == 0 for one in calls if not one.is_success)
    assert all(2 <= one.duration_s <= 5400 for one in calls if one.is_success)
    starts = [one.started_at_ms for one in calls]
    assert to_ms(TODAY - timedelta(days=3)) <= min(starts)
    assert max(starts) < to_ms(TODAY + timedelta(days=3))


def test_every_kind_of_user_is_there_and_one_is_silent():
    with CallRecords() as records:
        traffic.fill(records, NOW, days=3)
        assert {caller.identity.type for caller in traffic.CALLERS} == set(IdentityType)
        assert all(records.is_known(caller.identity) for caller in traffic.CALLERS)
        assert records.is_known(traffic.SILENT)
        assert records.report(traffic.SILENT, Domain.DATA, 0, 2**62).calls == 0


def test_the_platforms_other_calls_follow_the_day_and_the_week():
    def at(text):
        return traffic.ongoing_elsewhere(to_ms(datetime.fromisoformat(text)))

    assert at("2026-01-15T10:00:00Z") == at("2026-01-15T10:00:00Z")
    assert at("2026-01-15T10:00:00Z") > 4 * at("2026-01-15T03:00:00Z") > 0
    assert at("2026-01-15T10:00:00Z") > 1.5 * at("2026-01-17T10:00:00Z")
    assert at("2026-01-16T10:00:00Z") > 1.5 * at("2026-01-18T10:00:00Z")


def test_a_demo_does_not_wait_for_its_history():
    started_s = time.process_time()
    with CallRecords() as records:
        assert 15_000 < traffic.fill(records, NOW) < 60_000
    assert time.process_time() - started_s < 1.5  # about 0.3 s; the bar leaves room for a busy machine
