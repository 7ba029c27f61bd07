"""The outbox: what is owed leaves by one lane for each channel, one at a time, claimed before it is posted.

pending ──claim──► sending ──► sent
   ▲                  │  └───► dead (and what it carried)
   └──release─────────┘  only on proof that nothing was posted
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database as Connection

from bot.watching.outgoing import Lane, Pace, SupersededError, Work
from storage import settling
from storage.claiming import claim
from storage.database import Database
from storage.instants import to_ms


class Outbox:
    """The outbox of one database, for the bot that took `epoch`."""

    def __init__(self, database: Database, epoch: int, pace: Pace) -> None:
        self._database = database
        self._epoch = epoch
        self._pace = pace

    async def busy_lanes(self, now: datetime) -> list[Lane]:
        """Return the lanes that have anything to do, with the waits that a restart has to keep."""
        return await self._database.read(lambda db: settling.busy_lanes(db, to_ms(now)))

    async def claim(self, channel_id: str, now: datetime, *, may_post: bool, may_edit: bool) -> Work:
        """Return what this channel's lane has to do next; a Post is saved as being sent before it is returned.

        Raises SupersededError when another bot has taken over.
        """
        now_ms = to_ms(now)

        def unit(db: Connection) -> Work:
            self._check_epoch(db)
            return claim(db, channel_id, now_ms, self._pace, may_post=may_post, may_edit=may_edit)

        return await self._database.write(unit)

    async def sent(self, notice_id: int, ts: str, version: int, now: datetime) -> None:
        """Note that a notice stands in Slack as the message `ts`; a card as of `version`."""
        await self._database.write(lambda db: settling.sent(db, notice_id, ts, version, to_ms(now)))

    async def release(self, notice_id: int, *, is_plain: bool = False, is_repeat: bool = False) -> None:
        """Make a notice pending again because it was surely not posted, or (`is_repeat`) nobody can tell."""
        await self._database.write(lambda db: settling.release(db, notice_id, is_plain=is_plain, is_repeat=is_repeat))

    async def bury(self, notice_id: int, code: str, now: datetime) -> None:
        """Give a notice up that Slack takes in no form, and owe the channel a plain word about it."""
        await self._database.write(lambda db: settling.bury(db, notice_id, code, to_ms(now)))

    async def wait(self, channel_id: str, seconds: float, now: datetime) -> None:
        """Remember Slack's Retry-After for a channel."""
        await self._database.write(lambda db: settling.wait(db, channel_id, seconds, to_ms(now)))

    async def park(self, channel_id: str, code: str, now: datetime) -> list[str]:
        """Keep what a channel is owed until it takes posts again; return whom a direct message tells of it."""
        retry_ms = to_ms(now) + int(self._pace.parked_s * 1000)
        expired_ms = to_ms(now) - int(self._pace.expire_s * 1000)
        return await self._database.write(
            lambda db: settling.park(db, channel_id, code, to_ms(now), retry_ms, expired_ms)
        )

    async def unpark(self, channel_id: str) -> bool:
        """Take a channel up again at once; False when it was not parked."""
        return await self._database.write(lambda db: settling.unpark(db, channel_id))

    async def edited(self, card_id: int, version: int) -> None:
        """Note that a card's message shows `version`, or never will."""
        await self._database.write(lambda db: settling.edited(db, card_id, version))

    async def card_lost(self, card_id: int, now: datetime) -> None:
        """Note that a card's message was deleted by hand: what is still going on gets a new one."""
        await self._database.write(lambda db: settling.card_lost(db, card_id, to_ms(now)))

    async def backlog(self) -> int:
        """Return how much is owed and not told, cards that are out of date included."""
        return await self._database.read(settling.backlog)

    async def prune(self, before: datetime) -> int:
        """Erase what was told, or given up, before then."""
        return await self._database.write(lambda db: settling.prune(db, to_ms(before)))

    def _check_epoch(self, db: Connection) -> None:
        epoch = db.execute("SELECT epoch FROM origin").fetchone()[0]
        if epoch != self._epoch:
            raise SupersededError(
                "Another Callwatch has taken over this database, so this one stops posting. Run one bot only."
            )
