"""The audit log: what was kept is read back whole."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot.reporting.models import Domain, Identity, IdentityType
from bot.timerange import TimeRange
from storage.audit import AuditAction, AuditEntry, AuditLog
from storage.database import Database
from storage.errors import StorageError
from storage.instants import from_ms, to_ms

NOON = datetime(2014, 4, 29, 12, tzinfo=UTC)
ENTRY = AuditEntry(
    at=NOON,
    action=AuditAction.LOOKUP,
    place="command",
    user_id="U1",
    team_id="T1",
    channel_id="C1",
    identity=Identity(IdentityType.USERNAME, "abc123"),
    domain=Domain.DATA,
    time_range=TimeRange(NOON - timedelta(days=7), NOON),
)


@pytest.fixture
def audit(database: Database) -> AuditLog:
    return AuditLog(database)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(ENTRY, id="a user's calls"),
        pytest.param(
            dataclasses.replace(
                ENTRY, place="dm", domain=Domain.PSTN, identity=Identity(IdentityType.NUMBER, "+46730170101")
            ),
            id="a number's",
        ),
        pytest.param(
            dataclasses.replace(
                ENTRY,
                place="mention",
                team_id="",
                identity=Identity(IdentityType.EMAIL, "'; DROP TABLE audit; --\0 ü😀"),
            ),
            id="a name that means harm",
        ),
        pytest.param(
            dataclasses.replace(ENTRY, place="button", at=NOON + timedelta(milliseconds=1)), id="a millisecond"
        ),
    ],
)
async def test_a_lookup_is_read_back_as_it_was_kept(audit: AuditLog, entry: AuditEntry):
    await audit.record_lookup(entry)
    assert await audit.entries() == [entry]


async def test_half_a_character_is_kept_readably(audit: AuditLog):
    await audit.record_lookup(dataclasses.replace(ENTRY, identity=Identity(IdentityType.USERNAME, "a\ud83d")))
    (entry,) = await audit.entries()
    assert entry.identity.endpoint == "a\\ud83d"


async def test_entries_come_newest_first_and_as_many_as_asked_for(audit: AuditLog):
    for number in range(5):
        await audit.record_lookup(dataclasses.replace(ENTRY, user_id=f"U{number}"))
    assert [entry.user_id for entry in await audit.entries(limit=3)] == ["U4", "U3", "U2"]


async def test_pruning_erases_what_is_older(audit: AuditLog):
    for days in (0, 1, 2):
        await audit.record_lookup(dataclasses.replace(ENTRY, at=NOON - timedelta(days=days)))
    assert await audit.prune(NOON - timedelta(days=1)) == 1
    assert [entry.at for entry in await audit.entries()] == [NOON - timedelta(days=1), NOON]


async def test_a_place_nobody_knows_is_refused(audit: AuditLog):
    with pytest.raises(StorageError):
        await audit.record_lookup(dataclasses.replace(ENTRY, place="telegram"))


@pytest.mark.parametrize(
    ("instant", "ms"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2014, 4, 29, 12, 0, 0, 999_999, tzinfo=UTC), 1_398_772_800_999),
        (datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), -1),
    ],
)
def test_an_instant_is_kept_to_the_millisecond(instant: datetime, ms: int):
    assert to_ms(instant) == ms
    assert timedelta(0) <= instant - from_ms(ms) < timedelta(milliseconds=1)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        to_ms(datetime(2014, 4, 29))
