"""Reads for people's questions that no other repository answers: the flips behind outages, and what a card shows."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlite_utils import Database as Connection

from bot.reporting.models import Status
from bot.watching.models import Outage
from bot.watching.uptime import Turn
from storage.database import Database
from storage.instants import from_ms
from storage.outages import outage_of


class Board:
    """Read-only questions to one database. Methods raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turns(self, outage_ids: Iterable[int]) -> list[Turn]:
        """Return the flips of these outages in the order they happened."""
        wanted = json.dumps(list(outage_ids))

        def unit(db: Connection) -> list[Turn]:
            rows = db.query(
                """
                SELECT outage_id, new, first_seen_new_ms FROM flip
                WHERE outage_id IN (SELECT value FROM json_each(?)) ORDER BY service_id, seq
                """,
                (wanted,),
            )
            return [Turn(row["outage_id"], Status(row["new"]), from_ms(row["first_seen_new_ms"])) for row in rows]

        return await self._database.read(unit)

    async def open_on_card(self, channel_id: str, card_id: int) -> list[Outage]:
        """Return the outages on a channel's card that are not over and still watched there, oldest first."""

        def unit(db: Connection) -> list[Outage]:
            rows = db.query(
                """
                SELECT outage.* FROM card_line JOIN outage ON outage.id = card_line.outage_id
                WHERE card_line.channel_id = ? AND card_line.card_id = ? AND card_line.closed_ms IS NULL
                  AND outage.is_over = 0
                ORDER BY outage.first_seen_down_ms, outage.id
                """,
                (channel_id, card_id),
            )
            return [outage_of(row) for row in rows]

        return await self._database.read(unit)
