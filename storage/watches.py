"""Watches: which channel wants to be told about which service, whom it rings, and whether it is quiet for now."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlite_utils import Database as Connection

from bot.reporting.models import Status
from bot.watching.models import NoticeKind, Watch
from storage.cards import close_line, reopen_line, want_edits
from storage.database import Database
from storage.instants import from_ms, maybe_instant, to_ms
from storage.owing import cancel, owe
from storage.telling import tell_channel


class Watches:
    """The watches in one database. Every method raises StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, watch: Watch, told: Status | None) -> bool:
        """Save a watch; True when it is new, and again changes nothing.

        `told` is the status that the answer to `watch` tells the channel; None when it could not be asked.
        """
        known = told.value if told in {Status.UP, Status.DOWN} else None

        def unit(db: Connection) -> bool:
            made = db.execute(
                """
                INSERT INTO watch (channel_id, service_id, created_by, created_ms, notify, remind_after_s, told)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                (
                    watch.channel_id,
                    watch.service_id,
                    watch.created_by,
                    to_ms(watch.created_at),
                    json.dumps(watch.notify),
                    watch.remind_after_s,
                    known,
                ),
            )
            if made.rowcount > 0:
                reopen_line(db, watch.channel_id, watch.service_id)
            return made.rowcount > 0

        return await self._database.write(unit)

    async def set_notify(self, channel_id: str, service_id: str, notify: tuple[str, ...]) -> bool:
        """Change whom the watch's cards mention; False when there is no such watch."""
        return await self._change(channel_id, service_id, "notify = ?", json.dumps(notify))

    async def set_remind(self, channel_id: str, service_id: str, remind_after_s: int | None) -> bool:
        """Change how often an outage is reminded of, from its next one on; False when there is no such watch."""
        return await self._change(channel_id, service_id, "remind_after_s = ?, remind_due_ms = NULL", remind_after_s)

    async def remove(self, channel_id: str, service_id: str, by: str, at: datetime) -> bool:
        """End a watch: cancel what it is still owed and close its card. False when there is no such watch."""

        def unit(db: Connection) -> bool:
            if _find(db, channel_id, service_id) is None:
                return False
            cancel(
                db,
                "channel_id = :channel AND service_id = :service",
                {"channel": channel_id, "service": service_id},
                "the channel watches it no more",
            )
            close_line(db, channel_id, service_id, by, to_ms(at))
            db.execute("DELETE FROM watch WHERE channel_id = ? AND service_id = ?", (channel_id, service_id))
            if not db.execute("SELECT 1 FROM watch WHERE service_id = ?", (service_id,)).fetchone():
                # Nobody looks any more: what comes after is not known, so whoever watches it next begins anew.
                db.execute(
                    """
                    UPDATE service SET status = 'unknown', since_ms = NULL, last_seen_ms = NULL, seen_ms = NULL,
                        count = 0, first_counted_ms = NULL, counted_ms = NULL, off_s = 0, unknown_since_ms = NULL,
                        unknown_cause = NULL, is_unknown_told = 0, flips_ms = '[]', is_flapping = 0
                    WHERE service_id = ?
                    """,
                    (service_id,),
                )
                db.execute("UPDATE outage SET is_over = 1 WHERE service_id = ? AND is_over = 0", (service_id,))
            return True

        return await self._database.write(unit)

    async def mute(self, channel_id: str, service_id: str, *, until: datetime, by: str, reason: str = "") -> bool:
        """Be quiet about a service until then; its cards go on being edited. False when there is no such watch."""

        def unit(db: Connection) -> bool:
            changed = db.execute(
                """
                UPDATE watch SET muted_until_ms = ?, muted_by = ?, mute_reason = ?
                WHERE channel_id = ? AND service_id = ?
                """,
                (to_ms(until), by, reason, channel_id, service_id),
            ).rowcount
            _redraw(db, channel_id, service_id)
            return changed > 0

        return await self._database.write(unit)

    async def unmute(self, channel_id: str, service_id: str, now: datetime) -> bool:
        """End a mute, and owe the channel the present state if that is not the one it was told last.

        False when there is no such watch or it is not muted.
        """

        def unit(db: Connection) -> bool:
            watch = _find(db, channel_id, service_id)
            if watch is None or watch["muted_until_ms"] is None:
                return False
            _unmute(db, watch, to_ms(now))
            return True

        return await self._database.write(unit)

    async def lapse_mutes(self, now: datetime) -> list[str]:
        """End the mutes whose time is over; return their channels."""

        def due(db: Connection) -> list[dict[str, Any]]:
            return list(db.query("SELECT * FROM watch WHERE muted_until_ms <= ?", (to_ms(now),)))

        def unit(db: Connection) -> list[str]:
            lapsed = due(db)
            for watch in lapsed:
                _unmute(db, watch, to_ms(now))
            return [watch["channel_id"] for watch in lapsed]

        # Looking costs no transaction, and mostly there is nothing.
        return await self._database.write(unit) if await self._database.read(due) else []

    async def remind(self, now: datetime) -> list[str]:
        """Owe the reminders that are due; return their channels. Acknowledged and muted outages are not reminded of."""

        def due(db: Connection) -> list[dict[str, Any]]:
            return list(
                db.query(
                    """
                    SELECT watch.*, outage.id AS outage_id, outage.acknowledged_by, outage.status
                    FROM watch JOIN outage ON outage.service_id = watch.service_id AND outage.is_over = 0
                    WHERE remind_due_ms <= ?
                    """,
                    (to_ms(now),),
                )
            )

        def unit(db: Connection) -> list[str]:
            now_ms = to_ms(now)
            channels = []
            for watch in due(db):
                where = (watch["channel_id"], watch["service_id"])
                is_quiet = watch["muted_until_ms"] is not None or watch["acknowledged_by"] is not None
                is_waiting = db.execute(
                    "SELECT 1 FROM notice WHERE channel_id = ? AND service_id = ? AND state IN ('pending', 'sending')",
                    where,
                ).fetchone()
                if watch["status"] == Status.DOWN.value and not is_quiet and not is_waiting:
                    subject = f"{watch['service_id']}/{watch['outage_id']}/{watch['remind_due_ms']}"
                    about = {"service_id": watch["service_id"], "outage_id": watch["outage_id"]}
                    owe(db, watch["channel_id"], NoticeKind.REMINDER, subject, now_ms, **about)
                    channels.append(watch["channel_id"])
                next_ms = now_ms + 1000 * watch["remind_after_s"] if watch["remind_after_s"] else None
                db.execute(
                    "UPDATE watch SET remind_due_ms = ? WHERE channel_id = ? AND service_id = ?", (next_ms, *where)
                )
            return channels

        return await self._database.write(unit) if await self._database.read(due) else []

    async def load(self, channel_id: str, service_id: str) -> Watch | None:
        """Return one watch; None when there is none."""
        found = await self._database.read(lambda db: _find(db, channel_id, service_id))
        return None if found is None else watch_of(found)

    async def of_channel(self, channel_id: str) -> list[Watch]:
        """Return what a channel watches, by service."""
        return await self._list("SELECT * FROM watch WHERE channel_id = ? ORDER BY service_id", channel_id)

    async def of_service(self, service_id: str) -> list[Watch]:
        """Return who watches a service, by channel."""
        return await self._list("SELECT * FROM watch WHERE service_id = ? ORDER BY channel_id", service_id)

    async def all(self) -> list[Watch]:
        """Return every watch, by channel and service."""
        return await self._list("SELECT * FROM watch ORDER BY channel_id, service_id")

    async def _list(self, query: str, *parameters: str) -> list[Watch]:
        return await self._database.read(lambda db: [watch_of(row) for row in db.query(query, parameters)])

    async def _change(self, channel_id: str, service_id: str, change: str, value: object) -> bool:
        def unit(db: Connection) -> bool:
            statement = f"UPDATE watch SET {change} WHERE channel_id = ? AND service_id = ?"  # noqa: S608 - constants
            return db.execute(statement, (value, channel_id, service_id)).rowcount > 0

        return await self._database.write(unit)


def watch_of(row: dict[str, Any]) -> Watch:
    """Return the value that a row of `watch` stands for."""
    return Watch(
        channel_id=row["channel_id"],
        service_id=row["service_id"],
        created_by=row["created_by"],
        created_at=from_ms(row["created_ms"]),
        notify=tuple(json.loads(row["notify"])),
        remind_after_s=row["remind_after_s"],
        muted_until=maybe_instant(row["muted_until_ms"]),
        mute_reason=row["mute_reason"],
        muted_by=row["muted_by"],
    )


def _find(db: Connection, channel_id: str, service_id: str) -> dict[str, Any] | None:
    rows = db.query("SELECT * FROM watch WHERE channel_id = ? AND service_id = ?", (channel_id, service_id))
    return next(iter(list(rows)), None)


def _unmute(db: Connection, watch: dict[str, Any], now_ms: int) -> None:
    db.execute(
        """
        UPDATE watch SET muted_until_ms = NULL, muted_by = NULL, mute_reason = ''
        WHERE channel_id = ? AND service_id = ?
        """,
        (watch["channel_id"], watch["service_id"]),
    )
    _redraw(db, watch["channel_id"], watch["service_id"])
    newest = list(
        db.query(
            """
            SELECT outage.id, outage.status, outage.is_flapping, service.seq FROM outage JOIN service USING (service_id)
            WHERE service_id = ? AND service.status = outage.status ORDER BY outage.id DESC LIMIT 1
            """,
            (watch["service_id"],),
        )
    )
    # While it flaps there is no state to tell: its steady one comes to everybody.
    if newest and newest[0]["status"] != watch["told"] and not newest[0]["is_flapping"] and watch["told"] is not None:
        outage = newest[0]
        kind = NoticeKind.DOWN if outage["status"] == Status.DOWN.value else NoticeKind.UP
        tell_channel(db, watch, kind, outage["id"], f"{outage['seq']}/unmuted/{now_ms}", now_ms)


def _redraw(db: Connection, channel_id: str, service_id: str) -> None:
    """Edit the channel's card of an open outage, which says who is muted."""
    for row in list(db.query("SELECT id FROM outage WHERE service_id = ? AND is_over = 0", (service_id,))):
        want_edits(db, row["id"], channel_id)
