"""What is remembered of services between observations, and the one transaction that a change of it is.

State, flip, outage and the notices owed to every watching channel are written together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database as Connection

from bot.reporting.models import Status
from bot.watching.models import Cause, Decision, ServiceState, Sight, SightChange
from storage import telling
from storage.database import Database
from storage.instants import from_ms, maybe_instant, maybe_ms, to_ms


class Services:
    """The states of services in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_watched(self) -> list[ServiceState]:
        """Return the state of every watched service, new ones as never seen, by id.

        What was unchanged when the bot stopped counts as seen until its last pulse, not only until its last change.
        """

        def unit(db: Connection) -> list[ServiceState]:
            pulse = maybe_instant(db.execute("SELECT pulse_ms FROM origin").fetchone()[0])
            rows = db.query(
                """
                SELECT watched.service_id AS watched_id, service.*
                FROM (SELECT DISTINCT service_id FROM watch) AS watched
                LEFT JOIN service USING (service_id) ORDER BY watched_id
                """
            )
            return [state_of(row["watched_id"], row, pulse) for row in rows]

        return await self._database.read(unit)

    async def load(self, service_id: str) -> ServiceState:
        """Return what is remembered of one service; status UNKNOWN and no instants when that is nothing."""

        def unit(db: Connection) -> ServiceState:
            rows = list(db.query("SELECT * FROM service WHERE service_id = ?", (service_id,)))
            return state_of(service_id, rows[0] if rows else {}, None)

        return await self._database.read(unit)

    async def record(self, decision: Decision) -> list[str]:
        """Save a decision with all that it owes; return the channels that have something to hear or to see.

        Nothing is saved when the service is watched no more. Raises StorageError, and then nothing was saved.
        """
        return await self._database.write(recording(decision))

    async def record_unknown(self, decisions: Sequence[Decision], now: datetime) -> list[str]:
        """Save that services are unknown for long, in one transaction; return the channels that are told."""

        def unit(db: Connection) -> list[str]:
            channels: list[str] = []
            for decision in decisions:
                save_state(db, decision.state)
                channels += telling.cannot_tell(db, decision.state, to_ms(now))
            return channels

        return await self._database.write(unit)

    async def load_sight(self) -> Sight:
        """Return what is known of the platform as a whole."""

        def unit(db: Connection) -> Sight:
            row = db.execute("SELECT blind_since_ms, blind_checks, is_blind_told FROM origin").fetchone()
            return Sight(maybe_instant(row[0]), row[1], bool(row[2]))

        return await self._database.read(unit)

    async def record_sight(self, sight: Sight, change: SightChange, now: datetime) -> list[str]:
        """Save that the platform is out of sight, or back, and owe every channel that watches a word about it.

        Only who heard that it is out of sight hears that it is back. Returns the channels that are told.
        """

        def unit(db: Connection) -> list[str]:
            told_since_ms = db.execute("SELECT blind_since_ms FROM origin").fetchone()[0]
            db.execute(
                "UPDATE origin SET blind_since_ms = ?, blind_checks = ?, is_blind_told = ?",
                (maybe_ms(sight.blind_since), sight.checks, int(sight.is_told)),
            )
            if change is SightChange.LOST:
                return telling.platform_lost(db, maybe_ms(sight.blind_since) or to_ms(now), to_ms(now))
            return telling.platform_back(db, told_since_ms or 0, to_ms(now))

        return await self._database.write(unit)

    async def flush(
        self, states: Iterable[ServiceState], spans: Iterable[tuple[str, datetime, datetime]], pulse: datetime | None
    ) -> None:
        """Save until when services were seen: `states` as of now, the `spans` (id, since, until) without a break.

        `pulse` is the earliest `last_seen` of those without a change on record.
        """
        seen = [(maybe_ms(each.last_seen), maybe_ms(each.seen_at), each.service_id) for each in states]
        covered = [(service_id, to_ms(since), to_ms(until)) for service_id, since, until in spans]

        def unit(db: Connection) -> None:
            db.execute("UPDATE origin SET pulse_ms = coalesce(?, pulse_ms)", (maybe_ms(pulse),))
            db.conn.executemany("UPDATE service SET last_seen_ms = ?, seen_ms = ? WHERE service_id = ?", seen)
            db.conn.executemany(
                """
                INSERT INTO coverage (service_id, since_ms, until_ms) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET until_ms = max(until_ms, excluded.until_ms)
                """,
                covered,
            )

        await self._database.write(unit)


def recording(decision: Decision) -> Callable[[Connection], list[str]]:
    """Return the unit of work that saves a decision; its result are the channels that have something to hear."""

    def unit(db: Connection) -> list[str]:
        state = decision.state
        is_watched = db.execute("SELECT 1 FROM watch WHERE service_id = ? LIMIT 1", (state.service_id,)).fetchone()
        if not is_watched:
            return []
        save_state(db, state)
        return telling.tell(db, decision, to_ms(state.seen_at) if state.seen_at else 0)

    return unit


def save_state(db: Connection, state: ServiceState) -> None:
    """Write a state over whatever was there."""
    db.execute(
        """
        INSERT INTO service VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
            status = excluded.status, seq = excluded.seq, since_ms = excluded.since_ms,
            last_seen_ms = excluded.last_seen_ms, seen_ms = excluded.seen_ms, count = excluded.count,
            first_counted_ms = excluded.first_counted_ms, counted_ms = excluded.counted_ms, off_s = excluded.off_s,
            unknown_since_ms = excluded.unknown_since_ms, unknown_cause = excluded.unknown_cause,
            is_unknown_told = excluded.is_unknown_told, flips_ms = excluded.flips_ms,
            is_flapping = excluded.is_flapping
        """,
        (
            state.service_id,
            state.status.value,
            state.seq,
            maybe_ms(state.since),
            maybe_ms(state.last_seen),
            maybe_ms(state.seen_at),
            state.count,
            maybe_ms(state.first_counted_at),
            maybe_ms(state.counted_at),
            state.off_s,
            maybe_ms(state.unknown_since),
            state.unknown_cause.value if state.unknown_cause else None,
            int(state.is_unknown_told),
            json.dumps([to_ms(at) for at in state.flips_at]),
            int(state.is_flapping),
        ),
    )


def state_of(service_id: str, row: dict[str, Any], pulse: datetime | None) -> ServiceState:
    """Return the value that a row of `service` stands for; an empty one for no row."""
    if not row or row.get("status") is None:
        return ServiceState(service_id)
    status = Status(row["status"])
    last_seen, seen_at = maybe_instant(row["last_seen_ms"]), maybe_instant(row["seen_ms"])
    is_quiet = status is not Status.UNKNOWN and row["unknown_since_ms"] is None and row["count"] == 0
    if is_quiet and pulse is not None and last_seen is not None and seen_at is not None:
        last_seen, seen_at = max(last_seen, pulse), max(seen_at, pulse)
    return ServiceState(
        service_id=service_id,
        status=status,
        seq=row["seq"],
        since=maybe_instant(row["since_ms"]),
        last_seen=last_seen,
        seen_at=seen_at,
        count=row["count"],
        first_counted_at=maybe_instant(row["first_counted_ms"]),
        counted_at=maybe_instant(row["counted_ms"]),
        off_s=row["off_s"],
        unknown_since=maybe_instant(row["unknown_since_ms"]),
        unknown_cause=Cause(row["unknown_cause"]) if row["unknown_cause"] else None,
        is_unknown_told=bool(row["is_unknown_told"]),
        flips_at=tuple(from_ms(ms) for ms in json.loads(row["flips_ms"])),
        is_flapping=bool(row["is_flapping"]),
    )
