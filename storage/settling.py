"""Settling: what became of a claimed notice or an edit, written down. Each function runs inside one transaction."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database as Connection

from bot.watching.models import NoticeKind
from bot.watching.outgoing import Lane
from storage.cards import posted, unmake_card
from storage.owing import cancel, owe

_ABOUT_OUTAGES = "('down', 'up', 'steady', 'reminder', 'card_again')"
_OPEN = "state IN ('pending', 'sending')"


def busy_lanes(db: Connection, now_ms: int) -> list[Lane]:
    """Return the channels with something to do, with what is left of their waits."""
    rows = db.query(
        f"""
        SELECT busy.channel_id, lane.due_ms, lane.noted_ms, lane.parked_ms
        FROM (SELECT channel_id FROM notice WHERE {_OPEN}
              UNION SELECT channel_id FROM card WHERE shown < wanted AND ts IS NOT NULL) AS busy
        LEFT JOIN lane USING (channel_id)
        """  # noqa: S608 - constants
    )
    return [
        Lane(row["channel_id"], _left_s(row["due_ms"], row["noted_ms"], now_ms), row["parked_ms"] is not None)
        for row in list(rows)
    ]


def _left_s(due_ms: int | None, noted_ms: int | None, now_ms: int) -> float:
    """Return what is left of a wait; never more than all of it, whatever was done to the clock."""
    if due_ms is None or noted_ms is None:
        return 0.0
    return max(0, min(due_ms - now_ms, due_ms - noted_ms)) / 1000


def sent(db: Connection, notice_id: int, ts: str, version: int, now_ms: int) -> None:
    """Note that a notice is told."""
    row = _row(db, notice_id)
    db.execute("UPDATE notice SET state = 'sent', ts = ?, told_ms = ? WHERE id = ?", (ts, now_ms, notice_id))
    if row["card_id"] is not None and _is_unposted(db, row["card_id"]):
        posted(db, row["card_id"], ts, now_ms, version=version)
    db.execute("DELETE FROM lane WHERE channel_id = ?", (row["channel_id"],))


def release(db: Connection, notice_id: int, *, is_plain: bool, is_repeat: bool) -> None:
    """Undo a claim: what it would have carried waits again, too, and may go out in another company."""
    row = _row(db, notice_id)
    db.execute(
        """
        UPDATE notice SET state = 'pending', card_id = NULL, is_plain = max(is_plain, ?), is_repeat = max(is_repeat, ?)
        WHERE id = ?
        """,
        (int(is_plain), int(is_repeat), notice_id),
    )
    db.execute(
        """
        UPDATE notice SET state = 'pending', reason = '', carrier_id = NULL, told_ms = NULL
        WHERE carrier_id = ? AND state = 'digested'
        """,
        (notice_id,),
    )
    if row["card_id"] is not None:
        if _is_unposted(db, row["card_id"]):
            unmake_card(db, row["card_id"])
        db.execute("UPDATE card SET reply_due_ms = 0 WHERE id = ?", (row["card_id"],))
    # What was unwatched while it was on its way is not wanted any more.
    unwatched = """
        channel_id = :channel AND service_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM watch WHERE watch.channel_id = notice.channel_id AND watch.service_id = notice.service_id)
    """
    cancel(db, unwatched, {"channel": row["channel_id"]}, "the channel watches it no more")


def bury(db: Connection, notice_id: int, code: str, now_ms: int) -> None:
    """Give up a notice and what it carried; a plain one says that there is something it cannot say."""
    row = _row(db, notice_id)
    services = [
        each["service_id"]
        for each in list(
            db.query(
                "SELECT DISTINCT service_id FROM notice WHERE (id = ? OR carrier_id = ?) AND service_id IS NOT NULL",
                (notice_id, notice_id),
            )
        )
    ]
    db.execute(
        "UPDATE notice SET state = 'dead', reason = ?, told_ms = NULL WHERE id = ? OR carrier_id = ?",
        (f"Slack takes it in no form: {code}", notice_id, notice_id),
    )
    if row["card_id"] is not None and _is_unposted(db, row["card_id"]):
        db.execute("UPDATE notice SET card_id = NULL WHERE id = ?", (notice_id,))
        unmake_card(db, row["card_id"])
    if row["kind"] != NoticeKind.UNSAYABLE.value:
        detail = {"code": code, "services": json.dumps(services)}
        owe(db, row["channel_id"], NoticeKind.UNSAYABLE, row["key"], now_ms, detail=detail)


def wait(db: Connection, channel_id: str, seconds: float, now_ms: int) -> None:
    """Remember a Retry-After."""
    db.execute(
        """
        INSERT INTO lane (channel_id, due_ms, noted_ms) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET due_ms = excluded.due_ms, noted_ms = excluded.noted_ms
        """,
        (channel_id, now_ms + int(seconds * 1000), now_ms),
    )


def park(db: Connection, channel_id: str, code: str, now_ms: int, retry_ms: int, expired_ms: int) -> list[str]:
    """Park a channel; owe whoever set its watches one direct message about it, and return them."""
    db.execute(
        """
        INSERT INTO lane (channel_id, parked_ms, code, retry_ms) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET parked_ms = coalesce(parked_ms, excluded.parked_ms), code = excluded.code,
                                  retry_ms = excluded.retry_ms
        """,
        (channel_id, now_ms, code, retry_ms),
    )
    db.execute(
        f"""
        UPDATE notice SET state = 'expired', reason = ? WHERE channel_id = ? AND {_OPEN} AND created_ms <= ?
        """,  # noqa: S608 - constants
        (f"the channel took no posts for too long: {code}", channel_id, expired_ms),
    )
    first_time = db.execute(
        "UPDATE lane SET is_owner_told = 1 WHERE channel_id = ? AND is_owner_told = 0", (channel_id,)
    ).rowcount
    if not first_time:
        return []
    watches = list(db.query("SELECT * FROM watch WHERE channel_id = ? ORDER BY created_ms, service_id", (channel_id,)))
    owners = dict.fromkeys(watch["created_by"] for watch in watches if watch["created_by"] != channel_id)
    for owner in owners:
        services = json.dumps([watch["service_id"] for watch in watches if watch["created_by"] == owner])
        detail = {"channel": channel_id, "code": code, "services": services}
        owe(db, owner, NoticeKind.LOST_CHANNEL, f"{channel_id}/{now_ms}", now_ms, detail=detail)
    return list(owners)


def unpark(db: Connection, channel_id: str) -> bool:
    """Take a channel up again at once. Whoever was told stays told until a post has gone through."""
    return (
        db.execute(
            "UPDATE lane SET retry_ms = NULL WHERE channel_id = ? AND retry_ms IS NOT NULL", (channel_id,)
        ).rowcount
        > 0
    )


def edited(db: Connection, card_id: int, version: int) -> None:
    """Note what a card's message shows."""
    db.execute("UPDATE card SET shown = max(shown, min(?, wanted)) WHERE id = ?", (version, card_id))


def card_lost(db: Connection, card_id: int, now_ms: int) -> None:
    """Forget a message that is gone. Outages that go on, or whose end is not told yet, get a new card."""
    card = db.execute("SELECT channel_id FROM card WHERE id = ?", (card_id,)).fetchone()
    db.execute("UPDATE card SET ts = NULL, shown = wanted WHERE id = ?", (card_id,))
    lines = list(
        db.query(
            """
            SELECT card_line.outage_id, card_line.closed_ms, outage.service_id, outage.is_over
            FROM card_line JOIN outage ON outage.id = card_line.outage_id WHERE card_id = ? ORDER BY outage_id
            """,
            (card_id,),
        )
    )
    db.execute("DELETE FROM card_line WHERE card_id = ?", (card_id,))
    for line in lines:
        is_waiting = db.execute(
            f"""
            SELECT 1 FROM notice WHERE channel_id = ? AND outage_id = ? AND {_OPEN} AND kind IN {_ABOUT_OUTAGES}
            """,  # noqa: S608 - constants
            (card[0], line["outage_id"]),
        ).fetchone()
        if line["closed_ms"] is None and not line["is_over"] and not is_waiting:
            about = {"service_id": line["service_id"], "outage_id": line["outage_id"]}
            owe(db, card[0], NoticeKind.CARD_AGAIN, f"{card_id}/{line['outage_id']}", now_ms, **about)


def backlog(db: Connection) -> int:
    """Return the number of notices and edits that are not done."""
    return int(
        db.execute(
            f"""
            SELECT (SELECT count(*) FROM notice WHERE {_OPEN})
                 + (SELECT count(*) FROM card WHERE shown < wanted AND ts IS NOT NULL)
            """  # noqa: S608 - constants
        ).fetchone()[0]
    )


def prune(db: Connection, before_ms: int) -> int:
    """Erase notices that ended before then."""
    return db.execute(
        f"DELETE FROM notice WHERE created_ms < ? AND NOT {_OPEN}",  # noqa: S608 - constants
        (before_ms,),
    ).rowcount


def _row(db: Connection, notice_id: int) -> dict[str, Any]:
    return next(iter(list(db.query("SELECT * FROM notice WHERE id = ?", (notice_id,)))))


def _is_unposted(db: Connection, card_id: int) -> bool:
    return bool(db.execute("SELECT ts IS NULL FROM card WHERE id = ?", (card_id,)).fetchone()[0])
