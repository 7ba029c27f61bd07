"""Samples of counters: each refresh by the platform that was seen, once."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database as Connection

from bot.reporting.models import Counter
from bot.timerange import TimeRange
from storage.database import Database
from storage.instants import from_ms, to_ms

#: The counter whose values stand on outage cards, as the platform's documentation writes it.
ONGOING_CALLS = "currentcalls"
_TOO_OLD_MS = 15 * 60_000
_BEFORE_MS = 10 * 60_000
_ABOUT_MS = 3 * 60_000


class Samples:
    """The samples in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, counter: Counter, sampled_at: datetime) -> None:
        """Keep a counter as it was read; the same refresh read again is kept once. Raises StorageError."""
        row = (counter.counter_id, to_ms(counter.modified_at), counter.value, to_ms(sampled_at))

        def unit(db: Connection) -> None:
            db.execute("INSERT INTO sample VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)

        await self._database.write(unit)

    async def history(self, counter_id: str, within: TimeRange) -> list[Counter]:
        """Return the samples that the platform refreshed in `within`, oldest first."""

        def unit(db: Connection) -> list[Counter]:
            rows = db.query(
                """
                SELECT * FROM sample WHERE counter_id = ? AND modified_ms >= ? AND modified_ms < ?
                ORDER BY modified_ms
                """,
                (counter_id, to_ms(within.since), to_ms(within.until)),
            )
            return [Counter(row["counter_id"], row["value"], from_ms(row["modified_ms"])) for row in rows]

        return await self._database.read(unit)

    async def prune(self, before: datetime) -> int:
        """Erase samples that were taken before then; return how many."""

        def unit(db: Connection) -> int:
            return db.execute("DELETE FROM sample WHERE sampled_ms < ?", (to_ms(before),)).rowcount

        return await self._database.write(unit)


def calls_around(db: Connection, now_ms: int) -> tuple[int | None, int | None, int | None, int | None]:
    """Return the ongoing calls and when they were counted, then the same about ten minutes earlier; None: not known."""
    find = """
        SELECT value, modified_ms FROM sample WHERE lower(counter_id) = ? AND modified_ms BETWEEN ? AND ?
        ORDER BY {order} LIMIT 1
    """
    name = ONGOING_CALLS
    newest = db.execute(find.format(order="modified_ms DESC"), (name, now_ms - _TOO_OLD_MS, now_ms)).fetchone()
    if newest is None:
        return None, None, None, None
    target_ms = newest[1] - _BEFORE_MS
    order = f"abs(modified_ms - {target_ms:d})"
    before = db.execute(find.format(order=order), (name, target_ms - _ABOUT_MS, target_ms + _ABOUT_MS)).fetchone()
    return (*newest, *(before or (None, None)))
