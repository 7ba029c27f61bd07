"""Claiming: the transaction in which a lane decides what it does next, and writes that down before it is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database as Connection

from bot.watching.grouping import Form, OpenDigest, Plan, Waiting, plan
from bot.watching.models import Card, CardKind, Line, Notice, NoticeKind, NoticeState, Outage, Telling
from bot.watching.outgoing import Edit, Idle, Lookup, Pace, Post, Work
from storage.cards import lines_of, make_card, show_on, stale_card, want_edit
from storage.instants import from_ms, maybe_instant
from storage.outages import load_outages, outage_of


def claim(db: Connection, channel_id: str, now_ms: int, pace: Pace, *, may_post: bool, may_edit: bool) -> Work:
    """Return what the lane does next: nothing when it is parked; else what may have been posted is cleared up first."""
    # No wait is longer than it was meant to be, also when the clock was set back since.
    most_ms = now_ms + int(pace.parked_s * 1000)
    parked = db.execute(
        "SELECT retry_ms FROM lane WHERE channel_id = ? AND retry_ms > ? AND retry_ms <= ?",
        (channel_id, now_ms, most_ms),
    ).fetchone()
    if parked:
        return Idle(from_ms(parked[0]))
    in_doubt = list(
        db.query("SELECT * FROM notice WHERE channel_id = ? AND state = 'sending' ORDER BY id LIMIT 1", (channel_id,))
    )
    if in_doubt:
        return Lookup(notice_of(in_doubt[0]), _thread_of(db, in_doubt[0]), from_ms(in_doubt[0]["claimed_ms"] or 0))
    held_ms = None
    if may_post:
        waiting, held_ms = _waiting(db, channel_id, now_ms, pace)
        chosen = plan(waiting, _open_digest(db, channel_id, now_ms, pace)) if waiting else None
        if chosen is not None and chosen.form is Form.JOIN:
            _join(db, channel_id, chosen, now_ms)
        elif chosen is not None:
            card_id = chosen.card_id if chosen.form is Form.REPLY and may_edit else None
            # The card first: it may have been deleted, and then a reply would hang in the air.
            card = stale_card(db, channel_id, card_id=card_id) if card_id is not None else None
            return _edit(db, card) if card else _post(db, channel_id, chosen, now_ms, pace)
    card = stale_card(db, channel_id) if may_edit else None
    if card:
        return _edit(db, card)
    return Idle(maybe_instant(held_ms))


def notice_of(row: dict[str, Any]) -> Notice:
    """Return the value that a row of `notice` stands for."""
    return Notice(
        notice_id=row["id"],
        key=row["key"],
        channel_id=row["channel_id"],
        kind=NoticeKind(row["kind"]),
        state=NoticeState(row["state"]),
        created_at=from_ms(row["created_ms"]),
        service_id=row["service_id"],
        outage_id=row["outage_id"],
        card_id=row["card_id"],
        attempts=row["attempts"],
        is_plain=bool(row["is_plain"]),
        is_repeat=bool(row["is_repeat"]),
        detail=json.loads(row["detail"]),
    )


def _waiting(db: Connection, channel_id: str, now_ms: int, pace: Pace) -> tuple[list[Waiting], int | None]:
    """Return what is pending, oldest first, and when the first of what is held back may go."""
    rows = db.query(
        """
        SELECT notice.id, notice.kind, notice.service_id, notice.outage_id, card.id AS card_id, card.reply_due_ms,
               watch.notify
        FROM notice
        LEFT JOIN card_line ON card_line.channel_id = notice.channel_id AND card_line.outage_id = notice.outage_id
        LEFT JOIN card ON card.id = card_line.card_id AND card.ts IS NOT NULL
        LEFT JOIN watch ON watch.channel_id = notice.channel_id AND watch.service_id = notice.service_id
        WHERE notice.channel_id = ? AND notice.state = 'pending' ORDER BY notice.id
        """,
        (channel_id,),
    )
    waiting, held_ms = [], None
    for row in list(rows):
        due_ms = row["reply_due_ms"]
        is_held = due_ms is not None and now_ms < due_ms <= now_ms + pace.storm_s * 1000
        if is_held:
            held_ms = due_ms if held_ms is None else min(held_ms, due_ms)
        kind = NoticeKind(row["kind"])
        rings = kind in {NoticeKind.DOWN, NoticeKind.CARD_AGAIN} and row["notify"]
        notify = tuple(json.loads(row["notify"])) if rings else ()
        waiting.append(Waiting(row["id"], kind, row["service_id"], row["outage_id"], row["card_id"], notify, is_held))
    return waiting, held_ms


def _open_digest(db: Connection, channel_id: str, now_ms: int, pace: Pace) -> OpenDigest | None:
    row = db.execute(
        """
        SELECT id, mentioned, posted_ms FROM card
        WHERE channel_id = ? AND kind = 'digest' AND ts IS NOT NULL AND posted_ms BETWEEN ? AND ?
        ORDER BY id DESC LIMIT 1
        """,
        (channel_id, now_ms - int(pace.storm_s * 1000), now_ms),
    ).fetchone()
    if row is None:
        return None
    told = db.query(
        """
        SELECT service_id FROM outage JOIN card_line ON card_line.outage_id = outage.id WHERE card_id = ?
        UNION
        SELECT service_id FROM notice
        WHERE channel_id = ? AND service_id IS NOT NULL AND state IN ('sent', 'digested') AND told_ms >= ?
        """,
        (row[0], channel_id, row[2]),
    )
    services = frozenset(each["service_id"] for each in list(told))
    return OpenDigest(row[0], frozenset(json.loads(row[1])), services)


def _join(db: Connection, channel_id: str, chosen: Plan, now_ms: int) -> None:
    """Put what waits onto a digest that was posted a moment ago; the edit that follows tells it."""
    card_id = chosen.card_id or 0
    carrier = db.execute(
        "SELECT id FROM notice WHERE card_id = ? AND state = 'sent' ORDER BY id LIMIT 1", (card_id,)
    ).fetchone()
    outage_ids = _outages_of(db, chosen.notice_ids)
    show_on(db, card_id, channel_id, outage_ids)
    db.execute("UPDATE card SET kind = 'digest' WHERE id = ?", (card_id,))
    want_edit(db, card_id)
    _carry(db, chosen.notice_ids, carrier[0], now_ms)


def _post(db: Connection, channel_id: str, chosen: Plan, now_ms: int, pace: Pace) -> Post:
    """Claim the notices of a plan: the first is sent, the others are told by it."""
    head, *others = chosen.notice_ids
    card_id, thread_ts, version = None, None, 0
    if chosen.form in {Form.CARD, Form.DIGEST}:
        kind = CardKind.CARD if chosen.form is Form.CARD else CardKind.DIGEST
        card_id, version = make_card(db, channel_id, kind, _outages_of(db, chosen.notice_ids)), 1
    elif chosen.form is Form.REPLY:
        row = db.execute("SELECT ts, kind FROM card WHERE id = ?", (chosen.card_id,)).fetchone()
        thread_ts = row[0]
        if row[1] == CardKind.DIGEST.value:
            due_ms = now_ms + int(pace.storm_s * 1000)
            db.execute("UPDATE card SET reply_due_ms = ? WHERE id = ?", (due_ms, chosen.card_id))
    db.execute(
        """
        UPDATE notice SET state = 'sending', attempts = attempts + 1, claimed_ms = ?, card_id = ? WHERE id = ?
        """,
        (now_ms, card_id or chosen.card_id, head),
    )
    _carry(db, others, head, now_ms)
    rows = _rows(db, chosen.notice_ids)
    notice = notice_of(rows[0])
    return Post(notice, _telling(db, notice, rows, card_id, now_ms), thread_ts, version)


def _telling(
    db: Connection, notice: Notice, rows: Sequence[dict[str, Any]], card_id: int | None, now_ms: int
) -> Telling:
    oldest_ms = min(row["created_ms"] for row in rows)
    outages = () if card_id else tuple(load_outages(db, [row["outage_id"] for row in rows if row["outage_id"]]))
    kind = notice.kind
    if kind is NoticeKind.UP and card_id is None and notice.card_id is None:
        kind = NoticeKind.RECOVERIES
    card: Card | None = None
    rung: tuple[str, ...] = ()
    if card_id:
        card = load_card(db, card_id)
        kind = NoticeKind.DIGEST if card.kind is CardKind.DIGEST else kind
        rung = _rung(card)
        db.execute("UPDATE card SET mentioned = ? WHERE id = ?", (json.dumps(rung), card_id))
    services = dict.fromkeys(row["service_id"] for row in rows if row["service_id"])
    detail = {name: value for name, value in notice.detail.items() if not name.endswith("_ms")}
    if kind in {NoticeKind.LOST_CHANNEL, NoticeKind.UNSAYABLE}:
        services |= dict.fromkeys(json.loads(detail.pop("services", "[]")))
    return Telling(
        kind=kind,
        channel_id=notice.channel_id,
        card=card,
        outages=outages,
        services=tuple(services),
        notify=rung,
        since=_instant(notice.detail.get("since_ms")),
        until=_instant(notice.detail.get("until_ms")),
        delayed_s=max(0, now_ms - oldest_ms) / 1000,
        is_repeat=notice.is_repeat,
        detail=detail,
    )


def _edit(db: Connection, row: dict[str, Any]) -> Edit:
    card = load_card(db, row["id"])
    kind = NoticeKind.DIGEST if card.kind is CardKind.DIGEST else NoticeKind.DOWN
    telling = Telling(kind, card.channel_id, card=card, notify=tuple(json.loads(row["mentioned"])))
    return Edit(card.card_id, row["ts"], telling, row["wanted"])


def load_card(db: Connection, card_id: int) -> Card:
    """Return a card with its lines as they are now."""
    row = next(iter(list(db.query("SELECT * FROM card WHERE id = ?", (card_id,)))))
    return Card(
        card_id=card_id,
        channel_id=row["channel_id"],
        kind=CardKind(row["kind"]),
        ts=row["ts"],
        lines=tuple(_line(line) for line in lines_of(db, card_id)),
        version=row["wanted"],
    )


def _line(row: dict[str, Any]) -> Line:
    outage: Outage = outage_of(row)
    return Line(
        outage=outage,
        notify=tuple(json.loads(row["notify"])),
        muted_until=maybe_instant(row["muted_until_ms"]),
        muted_by=row["muted_by"],
        closed_at=maybe_instant(row["closed_ms"]),
        closed_by=row["closed_by"],
    )


def _rung(card: Card) -> tuple[str, ...]:
    """Return whom a post mentions: those of the watches whose services are down. Recovery mentions nobody."""
    return tuple(dict.fromkeys(who for line in card.lines if line.outage.is_down for who in line.notify))


def _thread_of(db: Connection, row: dict[str, Any]) -> str | None:
    """Return the ts of the card in whose thread a notice was sent; None when it was no reply."""
    card = db.execute("SELECT ts FROM card WHERE id = ?", (row["card_id"],)).fetchone()
    return str(card[0]) if card and card[0] else None


def _outages_of(db: Connection, notice_ids: Iterable[int]) -> list[int]:
    return [row["outage_id"] for row in _rows(db, notice_ids)]


def _rows(db: Connection, notice_ids: Iterable[int]) -> list[dict[str, Any]]:
    ids = json.dumps(list(notice_ids))
    return list(db.query("SELECT * FROM notice WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (ids,)))


def _carry(db: Connection, notice_ids: Iterable[int], carrier_id: int, now_ms: int) -> None:
    db.execute(
        """
        UPDATE notice SET state = 'digested', reason = 'told together with others', carrier_id = ?, told_ms = ?
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (carrier_id, now_ms, json.dumps(list(notice_ids))),
    )


def _instant(ms: str | None) -> Any:
    return maybe_instant(int(ms)) if ms else None
