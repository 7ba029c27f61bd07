"""The inbox: what came from Slack and is not answered yet, and the memory of what came at all.

A question is taken after its acknowledgement and closed after its answer. After a crash `open_payloads` says whom an
answer is still owed; one that died between answering and closing is answered twice, which is better than never.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database as Connection

from storage.database import Database


class Inbox:
    """The questions in one database.

    A payload is whatever JSON object answering needs. Never log one: it holds personal data, and whoever has its
    response_url can post where it was asked. It leaves the file when the question is closed or pruned.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, keys: Sequence[str], kind: str, payload: str, received_at_ms: int) -> bool:
        """Keep a question and return True; return False when any of `keys` was seen before, and keep only those.

        `keys` are all the names under which Slack may deliver it again; the first is the one it is closed by. Of many
        deliveries at the same moment exactly one is True. `kind` is where it was asked: command, button, mention, dm.
        Raises StorageError.
        """
        names = dict.fromkeys(keys)

        def unit(db: Connection) -> bool:
            remembered = db.conn.executemany(
                "INSERT INTO seen (key, seen_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(name, received_at_ms) for name in names],
            )
            if remembered.rowcount < len(names):
                return False
            db.execute(
                "INSERT INTO inbox (key, kind, payload, received_at_ms) VALUES (?, ?, ?, ?)",
                (keys[0], str(kind), payload, received_at_ms),
            )
            return True

        return await self._database.write(unit)

    async def close(self, key: str) -> None:
        """Erase the question `key`, which was answered or never will be; its names stay seen. Again is harmless."""

        def unit(db: Connection) -> None:
            db.execute("DELETE FROM inbox WHERE key = ?", (key,))

        await self._database.write(unit)

    async def open_payloads(self, received_since_ms: int) -> list[str]:
        """Return the payloads of questions received then or later and not closed, oldest first. Raises StorageError."""

        def unit(db: Connection) -> list[str]:
            rows = db.query(
                "SELECT payload FROM inbox WHERE received_at_ms >= ? ORDER BY received_at_ms, key", (received_since_ms,)
            )
            return [row["payload"] for row in rows]

        return await self._database.read(unit)

    async def prune(self, *, received_before_ms: int, seen_before_ms: int) -> int:
        """Erase unanswered questions and names older than these instants; return how many rows went.

        Questions go when they cannot be answered any more (30 minutes), names when Slack does not deliver again any
        more (a day is plenty).
        """

        def unit(db: Connection) -> int:
            questions = db.execute("DELETE FROM inbox WHERE received_at_ms < ?", (received_before_ms,))
            names = db.execute("DELETE FROM seen WHERE seen_at_ms < ?", (seen_before_ms,))
            return questions.rowcount + names.rowcount

        return await self._database.write(unit)
