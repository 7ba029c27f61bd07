"""Outages: read for cards, the board and the history; acknowledged, once, by whoever is first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlite_utils import Database as Connection

from bot.reporting.models import Status
from bot.timerange import TimeRange
from bot.watching.models import Calls, Outage
from storage.cards import want_edits
from storage.database import Database
from storage.instants import from_ms, maybe_instant, to_ms


class Outages:
    """The outages in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, outage_id: int) -> Outage | None:
        """Return one outage; None when there is none with that id."""

        def unit(db: Connection) -> Outage | None:
            return next(iter(load_outages(db, [outage_id])), None)

        return await self._database.read(unit)

    async def load_open(self, service_ids: Iterable[str] | None = None) -> list[Outage]:
        """Return the outages of these services (None: of all) that are not over, oldest first."""
        wanted = None if service_ids is None else frozenset(service_ids)

        def unit(db: Connection) -> list[Outage]:
            rows = db.query("SELECT * FROM outage WHERE is_over = 0 ORDER BY first_seen_down_ms, id")
            return [outage_of(row) for row in rows if wanted is None or row["service_id"] in wanted]

        return await self._database.read(unit)

    async def history(self, service_id: str, within: TimeRange, *, limit: int = 1000) -> list[Outage]:
        """Return the outages of a service that touch `within`, newest first."""

        def unit(db: Connection) -> list[Outage]:
            rows = db.query(
                """
                SELECT * FROM outage WHERE service_id = ? AND first_seen_down_ms < ?
                   AND (is_over = 0 OR coalesce(first_seen_up_ms, first_seen_down_ms) >= ?)
                ORDER BY first_seen_down_ms DESC, id DESC LIMIT ?
                """,
                (service_id, to_ms(within.until), to_ms(within.since), limit),
            )
            return [outage_of(row) for row in rows]

        return await self._database.read(unit)

    async def coverage(self, service_id: str, within: TimeRange) -> list[TimeRange]:
        """Return when in `within` the service was seen without a break, oldest first; written at most a minute late."""

        def unit(db: Connection) -> list[TimeRange]:
            since_ms, until_ms = to_ms(within.since), to_ms(within.until)
            rows = db.query(
                """
                SELECT max(since_ms, ?) AS since_ms, min(until_ms, ?) AS until_ms FROM coverage
                WHERE service_id = ? AND since_ms < ? AND until_ms > ? ORDER BY since_ms
                """,
                (since_ms, until_ms, service_id, until_ms, since_ms),
            )
            return [TimeRange(from_ms(row["since_ms"]), from_ms(row["until_ms"])) for row in rows]

        return await self._database.read(unit)

    async def acknowledge(self, outage_id: int, by: str, at: datetime) -> tuple[bool, list[str]]:
        """Note that `by` looks after it. Return whether they are the first, and the channels whose cards change.

        Of two people who press at once one is first; an outage that is over is acknowledged by nobody any more.
        """

        def unit(db: Connection) -> tuple[bool, list[str]]:
            changed = db.execute(
                """
                UPDATE outage SET acknowledged_by = ?, acknowledged_ms = ?
                WHERE id = ? AND acknowledged_by IS NULL AND is_over = 0
                """,
                (by, to_ms(at), outage_id),
            ).rowcount
            return (True, want_edits(db, outage_id)) if changed else (False, [])

        return await self._database.write(unit)

    async def unacknowledge(self, outage_id: int) -> tuple[bool, list[str]]:
        """Take the acknowledgement back. Return whether there was one, and the channels whose cards change."""

        def unit(db: Connection) -> tuple[bool, list[str]]:
            changed = db.execute(
                """
                UPDATE outage SET acknowledged_by = NULL, acknowledged_ms = NULL
                WHERE id = ? AND acknowledged_by IS NOT NULL AND is_over = 0
                """,
                (outage_id,),
            ).rowcount
            return (True, want_edits(db, outage_id)) if changed else (False, [])

        return await self._database.write(unit)


def load_outages(db: Connection, outage_ids: Iterable[int]) -> list[Outage]:
    """Return the outages with these ids, oldest first."""
    found: list[Outage] = []
    for outage_id in sorted(set(outage_ids)):
        found += [outage_of(row) for row in db.query("SELECT * FROM outage WHERE id = ?", (outage_id,))]
    return found


def outage_of(row: dict[str, Any]) -> Outage:
    """Return the value that a row of `outage` stands for."""
    return Outage(
        outage_id=row["id"],
        service_id=row["service_id"],
        status=Status(row["status"]),
        last_seen_up=maybe_instant(row["last_seen_up_ms"]),
        first_seen_down=from_ms(row["first_seen_down_ms"]),
        last_seen_down=maybe_instant(row["last_seen_down_ms"]),
        first_seen_up=maybe_instant(row["first_seen_up_ms"]),
        lasted_s=row["lasted_s"],
        off_s=row["off_s"],
        ended_off_s=row["ended_off_s"],
        calls=_calls(row["calls"], row["calls_ms"]),
        calls_before=_calls(row["calls_before"], row["calls_before_ms"]),
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=maybe_instant(row["acknowledged_ms"]),
        is_flapping=bool(row["is_flapping"]),
        flips=row["flips"],
        is_over=bool(row["is_over"]),
    )


def _calls(value: int | None, modified_ms: int | None) -> Calls | None:
    return None if value is None or modified_ms is None else Calls(value, from_ms(modified_ms))
