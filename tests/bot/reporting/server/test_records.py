import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reporting.models import CallReport, Domain, Identity, IdentityType
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.records import _REPORT, CallRecords
from bot.reporting.server.times import from_ms
from tests.bot.reporting.server.asking import ABC, call, instant

BOB = Identity(IdentityType.NUMBER, "+46730170101")
EVERYTHING = (-(10**15), 10**15)

record = st.builds(
    CallRecord,
    identity=st.sampled_from([ABC, BOB]),
    domain=st.sampled_from(Domain),
    started_at_ms=st.integers(0, 50),
    duration_s=st.integers(0, 100),
    is_success=st.booleans(),
)


def test_a_user_is_known_once_declared_or_once_there_is_a_call():
    with CallRecords() as records:
        assert not records.is_known(ABC)
        records.declare(ABC)
        records.declare(ABC)
        records.add([call("2026-01-10T08:00:00Z", identity=BOB, domain=Domain.PSTN)])
        assert records.is_known(ABC)
        assert records.is_known(BOB)
        assert not records.is_known(Identity(IdentityType.USERNAME, BOB.endpoint))
        assert records.report(ABC, Domain.DATA, *EVERYTHING) == CallReport(0, 0, 0, None)


def test_an_impossible_call_keeps_out_those_beside_it():
    good = call("2026-01-10T08:00:00Z")
    with CallRecords() as records:
        with pytest.raises(sqlite3.IntegrityError):
            records.add([good, replace(good, duration_s=-1)])
        assert len(records) == 0
        assert records.add([good, good]) == len(records) == 2


def test_a_file_keeps_the_calls_and_how_long_the_longest_was(tmp_path):
    start = instant("2026-01-10T08:00:00Z")
    with CallRecords(tmp_path / "calls.db") as records:
        records.add([call("2026-01-10T08:00:00Z", duration_s=7200)])
    with CallRecords(tmp_path / "calls.db") as records:
        assert len(records) == 1
        assert records.ongoing(int(start.timestamp() * 1000) + 7_199_999) == 1
        assert records.ongoing(int(start.timestamp() * 1000) + 7_200_000) == 0


@given(st.lists(record, max_size=30), st.integers(-5, 55), st.integers(-5, 55), st.sampled_from(Domain))
@settings(deadline=None, max_examples=60)
def test_a_report_is_the_sum_made_by_hand(calls, since_ms, until_ms, domain):
    mine = [
        one
        for one in calls
        if one.identity == ABC and one.domain is domain and since_ms <= one.started_at_ms < until_ms
    ]
    with CallRecords() as records:
        records.add(calls)
        assert records.report(ABC, domain, since_ms, until_ms) == CallReport(
            success=len([one for one in mine if one.is_success]),
            failed=len([one for one in mine if not one.is_success]),
            duration_s=sum(one.duration_s for one in mine),
            first_start=min((from_ms(one.started_at_ms) for one in mine), default=None),
        )


@given(st.lists(record, max_size=30), st.integers(-5, 200_000))
@settings(deadline=None, max_examples=60)
def test_ongoing_calls_are_counted_as_by_hand(calls, at_ms):
    with CallRecords() as records:
        records.add(calls)
        assert records.ongoing(at_ms) == sum(
            one.started_at_ms <= at_ms < one.started_at_ms + one.duration_s * 1000 for one in calls
        )


def test_a_report_reads_nothing_but_its_stretch_of_the_covering_index(tmp_path):
    with CallRecords(tmp_path / "calls.db"), closing(sqlite3.connect(tmp_path / "calls.db")) as database:
        plan = database.execute(f"EXPLAIN QUERY PLAN {_REPORT}", ("username", "abc123", "data", 0, 1)).fetchall()
    ((*_, how),) = plan
    assert how.startswith("SEARCH calls USING COVERING INDEX calls_by_identity")
    assert how.endswith("(type=? AND endpoint=? AND domain=? AND started_at>? AND started_at<?)")
