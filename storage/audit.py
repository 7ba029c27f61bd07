"""The audit log: who asked about whose calls, and who showed them to others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlite_utils import Database as Connection

from bot.reporting.models import Domain, Identity, IdentityType
from bot.timerange import TimeRange
from storage.database import Database
from storage.instants import from_ms, to_ms


class AuditAction(StrEnum):
    """What was done with the report."""

    LOOKUP = "lookup"
    SHARE = "share"


class Lookup(Protocol):
    """What has to be known of a lookup to keep it; handlers bring their own."""

    @property
    def at(self) -> datetime:
        """When it was asked, aware."""

    @property
    def place(self) -> str:
        """How it was asked: "command", "button", "mention", "dm"."""

    @property
    def user_id(self) -> str:
        """Slack's id of the person who asked, "U…" or "W…"."""

    @property
    def team_id(self) -> str:
        """Slack's id of the workspace it came from, "T…"; "" when Slack named none."""

    @property
    def channel_id(self) -> str:
        """Where it was asked."""

    @property
    def identity(self) -> Identity:
        """Whose calls."""

    @property
    def domain(self) -> Domain:
        """Which of them."""

    @property
    def time_range(self) -> TimeRange:
        """Those that started in it."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One report that was asked for or shared. Instants are kept to the millisecond."""

    at: datetime  # when it was asked, aware UTC
    action: AuditAction
    place: str  # how it was asked: "command", "button", "mention", "dm"
    user_id: str  # Slack's id of the person who asked, "U…" or "W…"
    team_id: str  # Slack's id of the workspace it came from, "T…"; "" when Slack named none
    channel_id: str  # where it was asked (lookup) or posted (share)
    identity: Identity  # whose calls
    domain: Domain
    time_range: TimeRange  # which calls


class AuditLog:
    """The audit log in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_lookup(self, lookup: Lookup) -> None:
        """Keep `lookup`; it is on disk when this returns. Raises StorageError when it cannot be kept."""
        row = (
            to_ms(lookup.at),
            AuditAction.LOOKUP.value,
            str(lookup.place),
            lookup.user_id,
            lookup.team_id,
            lookup.channel_id,
            lookup.identity.type.value,
            # People type it, and half a character is no UTF-8: the lookup is kept all the same.
            lookup.identity.endpoint.encode("utf-8", "backslashreplace").decode(),
            lookup.domain.value,
            to_ms(lookup.time_range.since),
            to_ms(lookup.time_range.until),
        )

        def unit(db: Connection) -> None:
            db.execute(
                """
                INSERT INTO audit (at_ms, action, place, user_id, team_id, channel_id,
                                   identity_type, endpoint, domain, since_ms, until_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                row,
            )

        await self._database.write(unit)

    async def entries(self, *, limit: int = 100) -> list[AuditEntry]:
        """Return the `limit` entries that were kept last, newest first. Raises StorageError."""

        def unit(db: Connection) -> list[AuditEntry]:
            return [_entry(row) for row in db.query("SELECT * FROM audit ORDER BY id DESC LIMIT ?", (limit,))]

        return await self._database.read(unit)

    async def prune(self, before: datetime) -> int:
        """Erase entries older than `before` and return how many went. Raises StorageError."""
        before_ms = to_ms(before)

        def unit(db: Connection) -> int:
            return db.execute("DELETE FROM audit WHERE at_ms < ?", (before_ms,)).rowcount

        return await self._database.write(unit)


def _entry(row: dict[str, Any]) -> AuditEntry:
    return AuditEntry(
        at=from_ms(row["at_ms"]),
        action=AuditAction(row["action"]),
        place=row["place"],
        user_id=row["user_id"],
        team_id=row["team_id"],
        channel_id=row["channel_id"],
        identity=Identity(IdentityType(row["identity_type"]), row["endpoint"]),
        domain=Domain(row["domain"]),
        time_range=TimeRange(from_ms(row["since_ms"]), from_ms(row["until_ms"])),
    )
