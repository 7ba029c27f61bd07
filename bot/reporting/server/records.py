"""Call records in SQLite: one row per call, sums made by SQL.

The connection belongs to the thread that made it, which is the event loop's. That is fine for this server alone: a sum
reads one stretch of one covering index, 0.1 ms for a few hundred calls and under 1 ms for thousands, and nobody but the
bot beside it is waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from sqlite_utils import Database

from bot.reporting.models import CallReport, Domain, Identity, IdentityType
from bot.reporting.server.callfile import read_csv
from bot.reporting.server.calls import CallRecord
from bot.reporting.server.times import from_ms

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS calls (
        type TEXT NOT NULL, endpoint TEXT NOT NULL, domain TEXT NOT NULL,
        started_at INTEGER NOT NULL, -- milliseconds since 1970, UTC
        duration_s INTEGER NOT NULL CHECK (duration_s >= 0),
        success INTEGER NOT NULL CHECK (success IN (0, 1))
    ) STRICT""",
    # Covering: a report never touches the table itself.
    """CREATE INDEX IF NOT EXISTS calls_by_identity
        ON calls (type, endpoint, domain, started_at, success, duration_s)""",
    "CREATE INDEX IF NOT EXISTS calls_by_start ON calls (started_at, duration_s)",
    # Users who exist although they may never have called.
    """CREATE TABLE IF NOT EXISTS users (
        type TEXT NOT NULL, endpoint TEXT NOT NULL, PRIMARY KEY (type, endpoint)
    ) STRICT, WITHOUT ROWID""",
)

_REPORT = """
    SELECT count(*), coalesce(sum(success), 0), coalesce(sum(duration_s), 0), min(started_at)
    FROM calls WHERE type = ? AND endpoint = ? AND domain = ? AND started_at >= ? AND started_at < ?"""

_KNOWN = """
    SELECT EXISTS (SELECT 1 FROM users WHERE type = :type AND endpoint = :endpoint)
        OR EXISTS (SELECT 1 FROM calls WHERE type = :type AND endpoint = :endpoint)"""

_BUSIEST = """
    SELECT type, endpoint FROM calls GROUP BY type, endpoint ORDER BY count(*) DESC, type, endpoint LIMIT ?"""

_ONGOING = """
    SELECT count(*) FROM calls
    WHERE started_at <= :at AND started_at > :at - 1000 * :longest AND started_at + 1000 * duration_s > :at"""


class CallRecords:
    """The calls and users that the embedded API knows; in memory, or in a file that is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._database = Database(memory=True) if path is None else Database(path)
        with self._database.atomic():
            for statement in _SCHEMA:
                self._database.conn.execute(statement)
        self._longest_s = self._number("SELECT coalesce(max(duration_s), 0) FROM calls")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._number("SELECT count(*) FROM calls")

    def close(self) -> None:
        """Close the database; records in memory are gone."""
        self._database.conn.close()

    def add(self, records: Iterable[CallRecord]) -> int:
        """Store all of `records` or, when one is impossible, none of them; return how many there were."""
        rows = [
            (
                record.identity.type,
                record.identity.endpoint,
                record.domain,
                record.started_at_ms,
                record.duration_s,
                int(record.is_success),
            )
            for record in records
        ]
        with self._database.atomic():
            self._database.conn.executemany("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._longest_s = max(self._longest_s, max((row[4] for row in rows), default=0))
        return len(rows)

    def load_csv(self, path: Path) -> int:
        """Add all calls of a CSV file and return how many; nothing is added when any line is wrong.

        Raises CallFileError naming the first wrong line, OSError when the file cannot be read.
        """
        return self.add(read_csv(path))

    def declare(self, identity: Identity) -> None:
        """Make `identity` known although it has no calls."""
        with self._database.atomic():
            self._database.conn.execute("INSERT OR IGNORE INTO users VALUES (?, ?)", (identity.type, identity.endpoint))

    def is_known(self, identity: Identity) -> bool:
        """Tell whether `identity` was declared or has any call at all, in either domain."""
        return bool(self._number(_KNOWN, {"type": identity.type, "endpoint": identity.endpoint}))

    def identities(self, limit: int) -> list[Identity]:
        """Return whose calls there are, those with the most first, at most `limit`."""
        rows = self._database.conn.execute(_BUSIEST, (limit,)).fetchall()
        return [Identity(IdentityType(kind), endpoint) for kind, endpoint in rows]

    def report(self, identity: Identity, domain: Domain, since_ms: int, until_ms: int) -> CallReport:
        """Return the sums over calls with `since_ms <= start < until_ms` (milliseconds since 1970, UTC)."""
        values = (identity.type, identity.endpoint, domain, since_ms, until_ms)
        calls, success, duration_s, first_ms = self._database.conn.execute(_REPORT, values).fetchone()
        return CallReport(success, calls - success, duration_s, None if first_ms is None else from_ms(first_ms))

    def ongoing(self, at_ms: int) -> int:
        """Return how many calls had started and not yet ended at `at_ms` (milliseconds since 1970, UTC)."""
        return self._number(_ONGOING, {"at": at_ms, "longest": self._longest_s})

    def _number(self, statement: str, values: dict[str, object] | None = None) -> int:
        return int(self._database.conn.execute(statement, values or {}).fetchone()[0])
