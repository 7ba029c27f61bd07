"""The stage: the real bot between the embedded Reporting API and the strict workspace, over loopback."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bot.app import utc_now
from bot.demo import DEMO_KEY, DEMO_SECRET, Demo, running_demo
from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server.records import CallRecord, CallRecords
from bot.reporting.server.serving import ReportingServer

ABC = Identity(IdentityType.USERNAME, "abc123")
NOBODY = Identity(IdentityType.USERNAME, "newcomer")
NUMBER = Identity(IdentityType.NUMBER, "+46730170101")


def sample_records(now: datetime) -> CallRecords:
    """Return some calls: abc123 has one an hour for ten days over data (every 10th fails), and 3 today by phone."""
    records = CallRecords()
    hour = now.replace(minute=0, second=0, microsecond=0)
    calls = [(ABC, Domain.DATA, hour - timedelta(hours=back), 60, back % 10 != 0) for back in range(240)]
    calls += [(ABC, Domain.PSTN, now - timedelta(minutes=back), 30, True) for back in (1, 2, 3)]
    calls += [(NUMBER, Domain.DATA, now - timedelta(minutes=5), 90, True)]
    records.add(
        [
            CallRecord(who, domain, int(at.timestamp() * 1000), duration_s=length, is_success=is_success)
            for who, domain, at, length, is_success in calls
        ]
    )
    records.declare(NOBODY)
    return records


@pytest.fixture
def api() -> ReportingServer:
    """The platform, not started yet."""
    return ReportingServer(DEMO_KEY, DEMO_SECRET, sample_records(utc_now()), now=utc_now)


@pytest.fixture
async def stage(api: ReportingServer, tmp_path) -> AsyncIterator[Demo]:
    """A running bot; a rule of Slack's that it breaks and no test asked for fails the test."""
    async with running_demo(api, tmp_path / "callwatch.db", note_after_s=1.2) as demo:
        yield demo
    demo.workspace.assert_no_violations()


@pytest.fixture
def ana(stage: Demo):
    """A member of the workspace, in Stockholm."""
    return stage.workspace.person("ana")
