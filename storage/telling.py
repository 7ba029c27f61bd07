"""What a decision owes: the flip on record, the outage it begins or ends, and a notice for each channel that watches.

Functions here run inside the transaction of `storage.services` or `storage.watches`; each returns the channels that
have something to hear or to see. A muted channel is owed nothing: its card is kept true without a sound, and what it
was told last (`watch.told`) says at unmute whether there is anything to tell.
"""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database as Connection

from bot.reporting.models import Status
from bot.watching.models import Decision, Flip, NoticeKind, Reason, ServiceState
from storage.cards import want_edits
from storage.instants import maybe_ms, to_ms
from storage.owing import cancel, owe
from storage.samples import calls_around


def tell(db: Connection, decision: Decision, now_ms: int) -> list[str]:
    """Write down what follows from a decision beside the state itself."""
    state = decision.state
    if decision.flip is not None:
        return _flipped(db, decision, decision.flip, now_ms)
    match decision.reason:
        case Reason.FIRST_SIGHT_UP:
            db.execute("UPDATE watch SET told = 'up' WHERE service_id = ?", (state.service_id,))
        case Reason.FIRST_SIGHT_DOWN:
            return _down_at_first_sight(db, state, now_ms)
        case Reason.STEADY_AGAIN:
            return _steady(db, state, now_ms)
        case Reason.CAN_TELL:
            return can_tell(db, state.service_id, now_ms)
    return []


def _flipped(db: Connection, decision: Decision, flip: Flip, now_ms: int) -> list[str]:
    outage_id = _open_outage(db, flip.service_id)
    is_silent = decision.reason in {Reason.STARTED_FLAPPING, Reason.STILL_FLAPPING}
    if flip.new is Status.UP:
        outage_id = outage_id or _begin(db, flip, is_flapping=False)
        db.execute(
            """
            UPDATE outage SET status = 'up', last_seen_down_ms = ?, first_seen_up_ms = ?, ended_off_s = ?,
                lasted_s = CASE WHEN flips > 1 THEN max(0, ? - first_seen_down_ms) / 1000.0 ELSE ? END,
                flips = flips + 1, is_flapping = ?, is_over = ?
            WHERE id = ?
            """,
            (
                maybe_ms(flip.last_seen_old),
                to_ms(flip.first_seen_new),
                flip.off_s,
                to_ms(flip.first_seen_new),
                flip.lasted_s,
                int(is_silent),
                int(not is_silent),
                outage_id,
            ),
        )
    elif outage_id is not None and decision.reason is Reason.STILL_FLAPPING:
        db.execute(
            """
            UPDATE outage SET status = 'down', last_seen_down_ms = NULL, first_seen_up_ms = NULL, lasted_s = NULL,
                flips = flips + 1 WHERE id = ?
            """,
            (outage_id,),
        )
    else:
        # A first flip that makes it flapping still rings: it is down, and has no card yet.
        is_silent = False
        outage_id = _begin(db, flip, is_flapping=decision.reason is not Reason.WENT_DOWN)
    _save_flip(db, decision, flip, outage_id)
    channels = want_edits(db, outage_id)
    if is_silent:
        return channels
    kind = NoticeKind.DOWN if flip.new is Status.DOWN else NoticeKind.UP
    return channels + _tell_watchers(db, flip.service_id, kind, outage_id, flip.seq, now_ms)


def _save_flip(db: Connection, decision: Decision, flip: Flip, outage_id: int) -> None:
    db.execute(
        """
        INSERT INTO flip (service_id, seq, old, new, last_seen_old_ms, first_seen_new_ms, at_ms, lasted_s, off_s,
                          reason, outage_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            flip.service_id,
            flip.seq,
            flip.old.value,
            flip.new.value,
            maybe_ms(flip.last_seen_old),
            to_ms(flip.first_seen_new),
            to_ms(flip.at),
            flip.lasted_s,
            flip.off_s,
            decision.reason.value,
            outage_id,
        ),
    )


def _begin(db: Connection, flip: Flip, *, is_flapping: bool) -> int:
    """Begin the outage that a flip to down is; a flip to up without one begins (and ends) what was not recorded."""
    is_down = flip.new is Status.DOWN
    first_seen_down = flip.first_seen_new if is_down else (flip.last_seen_old or flip.first_seen_new)
    calls = calls_around(db, to_ms(flip.at))
    begun = db.execute(
        """
        INSERT INTO outage (service_id, status, last_seen_up_ms, first_seen_down_ms, off_s, calls, calls_ms,
                            calls_before, calls_before_ms, is_flapping, flips)
        VALUES (?, 'down', ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            flip.service_id,
            maybe_ms(flip.last_seen_old) if is_down else None,
            to_ms(first_seen_down),
            flip.off_s if is_down else 0.0,
            *calls,
            int(is_flapping),
            int(is_down),
        ),
    )
    return int(begun.lastrowid or 0)


def _down_at_first_sight(db: Connection, state: ServiceState, now_ms: int) -> list[str]:
    """Remember the outage without a flip. Who was not told by the answer to `watch` that it is down is told now."""
    begun = db.execute(
        "INSERT INTO outage (service_id, status, first_seen_down_ms, flips) VALUES (?, 'down', ?, 0)",
        (state.service_id, maybe_ms(state.since) or now_ms),
    )
    watchers = db.query("SELECT * FROM watch WHERE service_id = ? AND told IS NOT 'down'", (state.service_id,))
    return _tell_each(db, list(watchers), NoticeKind.DOWN, int(begun.lastrowid or 0), f"first/{now_ms}", now_ms)


def _steady(db: Connection, state: ServiceState, now_ms: int) -> list[str]:
    outage_id = _open_outage(db, state.service_id)
    if outage_id is None:
        return []
    db.execute("UPDATE outage SET is_flapping = 0, is_over = (status = 'up') WHERE id = ?", (outage_id,))
    channels = want_edits(db, outage_id)
    watchers = db.query("SELECT * FROM watch WHERE service_id = ?", (state.service_id,))
    return channels + _tell_each(db, list(watchers), NoticeKind.STEADY, outage_id, str(state.seq), now_ms)


def _tell_watchers(
    db: Connection, service_id: str, kind: NoticeKind, outage_id: int, seq: int, now_ms: int
) -> list[str]:
    told = "down" if kind is NoticeKind.DOWN else "up"
    watchers = db.query("SELECT * FROM watch WHERE service_id = ? AND told IS NOT ?", (service_id, told))
    return _tell_each(db, list(watchers), kind, outage_id, str(seq), now_ms)


def _tell_each(
    db: Connection, watchers: list[dict[str, Any]], kind: NoticeKind, outage_id: int, seq: str, now_ms: int
) -> list[str]:
    """Owe each channel that is not muted the news about an outage."""
    channels = []
    for watch in watchers:
        if watch["muted_until_ms"] is None or watch["muted_until_ms"] <= now_ms:
            tell_channel(db, watch, kind, outage_id, seq, now_ms)
            channels.append(watch["channel_id"])
    return channels


def tell_channel(
    db: Connection, watch: dict[str, Any], kind: NoticeKind, outage_id: int, seq: str, now_ms: int
) -> None:
    """Owe one channel the news about an outage, and remember what it knows then."""
    service_id = watch["service_id"]
    owe(db, watch["channel_id"], kind, f"{service_id}/{seq}", now_ms, service_id=service_id, outage_id=outage_id)
    is_down = bool(db.execute("SELECT status = 'down' FROM outage WHERE id = ?", (outage_id,)).fetchone()[0])
    remind_ms = now_ms + 1000 * watch["remind_after_s"] if is_down and watch["remind_after_s"] else None
    db.execute(
        "UPDATE watch SET told = ?, remind_due_ms = ? WHERE channel_id = ? AND service_id = ?",
        ("down" if is_down else "up", remind_ms, watch["channel_id"], service_id),
    )


def cannot_tell(db: Connection, state: ServiceState, now_ms: int) -> list[str]:
    """Owe every channel that watches the service, and is not muted, that it has been unknown for long."""
    since_ms = maybe_ms(state.unknown_since) or now_ms
    channels = _listening(db, "service_id = :service", service=state.service_id, now=now_ms)
    for channel in channels:
        subject, since = f"{state.service_id}/{since_ms}", {"since_ms": str(since_ms)}
        owe(db, channel, NoticeKind.CANNOT_TELL, subject, now_ms, service_id=state.service_id, detail=since)
    return channels


def can_tell(db: Connection, service_id: str, now_ms: int) -> list[str]:
    """Owe it to those who heard of the unknown that it is over; who did not hear yet never will."""
    cancel(
        db, "kind = 'cannot_tell' AND service_id = :service", {"service": service_id}, "seen again before it was told"
    )
    channels = []
    for row in list(
        db.query(
            """
            SELECT DISTINCT channel_id FROM notice AS heard
            WHERE kind = 'cannot_tell' AND service_id = ? AND state IN ('sending', 'sent', 'digested')
              AND EXISTS (SELECT 1 FROM watch WHERE watch.channel_id = heard.channel_id
                                                AND watch.service_id = heard.service_id)
              AND NOT EXISTS (SELECT 1 FROM notice AS later WHERE later.kind = 'can_tell' AND later.id > heard.id
                              AND later.channel_id = heard.channel_id AND later.service_id = heard.service_id)
            """,
            (service_id,),
        )
    ):
        owe(db, row["channel_id"], NoticeKind.CAN_TELL, f"{service_id}/{now_ms}", now_ms, service_id=service_id)
        channels.append(row["channel_id"])
    return channels


def platform_lost(db: Connection, since_ms: int, now_ms: int) -> list[str]:
    """Owe every channel that watches anything unmuted that the platform cannot be seen."""
    channels = _listening(db, "1", now=now_ms)
    for channel in channels:
        owe(db, channel, NoticeKind.UNSEEN, str(since_ms), now_ms, detail={"since_ms": str(since_ms)})
    return channels


def platform_back(db: Connection, since_ms: int, now_ms: int) -> list[str]:
    """Owe it to those who heard of it that the platform can be seen again."""
    cancel(db, "kind = 'unseen'", {}, "seen again before it was told")
    rows = db.query(
        "SELECT channel_id FROM notice WHERE kind = 'unseen' AND json_extract(detail, '$.since_ms') = ? "
        "AND state IN ('sending', 'sent')",
        (str(since_ms),),
    )
    channels = [row["channel_id"] for row in list(rows)]
    for channel in channels:
        detail = {"since_ms": str(since_ms), "until_ms": str(now_ms)}
        owe(db, channel, NoticeKind.SEEN, str(since_ms), now_ms, detail=detail)
    return channels


def _open_outage(db: Connection, service_id: str) -> int | None:
    row = db.execute("SELECT id FROM outage WHERE service_id = ? AND is_over = 0", (service_id,)).fetchone()
    return None if row is None else int(row[0])


def _listening(db: Connection, where: str, **parameters: object) -> list[str]:
    """Return the channels with a watch that `where` (our own words) finds and that is not muted."""
    unmuted = "coalesce(muted_until_ms, 0) <= :now"
    rows = db.query(f"SELECT DISTINCT channel_id FROM watch WHERE {where} AND {unmuted}", parameters)  # noqa: S608 - constants
    return [row["channel_id"] for row in list(rows)]
