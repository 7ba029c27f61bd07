"""Cards: the messages that are edited for life, and which outage each of them shows in its channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlite_utils import Database as Connection

from bot.watching.models import CardKind


def want_edits(db: Connection, outage_id: int, channel_id: str | None = None) -> list[str]:
    """Make the cards that show the outage stale (None: in every channel), unless its line is closed there.

    Returns the channels that have one.
    """
    rows = list(
        db.query(
            """
            UPDATE card SET wanted = wanted + 1
            WHERE id IN (SELECT card_id FROM card_line WHERE outage_id = ? AND closed_ms IS NULL)
              AND channel_id = coalesce(?, channel_id)
            RETURNING channel_id
            """,
            (outage_id, channel_id),
        )
    )
    return [row["channel_id"] for row in rows]


def want_edit(db: Connection, card_id: int) -> None:
    """Make one card stale."""
    db.execute("UPDATE card SET wanted = wanted + 1 WHERE id = ?", (card_id,))


def make_card(db: Connection, channel_id: str, kind: CardKind, outage_ids: Iterable[int]) -> int:
    """Make a card that is not posted yet and shows these outages; return its id."""
    made = db.execute("INSERT INTO card (channel_id, kind) VALUES (?, ?)", (channel_id, kind.value))
    card_id = int(made.lastrowid or 0)
    show_on(db, card_id, channel_id, outage_ids)
    return card_id


def show_on(db: Connection, card_id: int, channel_id: str, outage_ids: Iterable[int]) -> None:
    """Show these outages of a channel on a card, wherever they were shown before."""
    db.conn.executemany(
        """
        INSERT INTO card_line (channel_id, outage_id, card_id) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET card_id = excluded.card_id
        """,
        [(channel_id, outage_id, card_id) for outage_id in sorted(set(outage_ids))],
    )


def unmake_card(db: Connection, card_id: int) -> None:
    """Forget a card that was not posted."""
    db.execute("DELETE FROM card_line WHERE card_id = ?", (card_id,))
    db.execute("DELETE FROM card WHERE id = ? AND ts IS NULL", (card_id,))


def posted(db: Connection, card_id: int, ts: str, now_ms: int, *, version: int) -> None:
    """Note that a card stands in its channel and shows `version`."""
    db.execute(
        "UPDATE card SET ts = ?, posted_ms = ?, shown = max(shown, min(?, wanted)) WHERE id = ?",
        (ts, now_ms, version, card_id),
    )


def close_line(db: Connection, channel_id: str, service_id: str, by: str, now_ms: int) -> None:
    """Write on the channel's card that the service is not watched here any more, and keep its line no further."""
    rows = list(
        db.query(
            """
            UPDATE card_line SET closed_ms = ?, closed_by = ?
            WHERE channel_id = ? AND closed_ms IS NULL
              AND outage_id IN (SELECT id FROM outage WHERE service_id = ? AND is_over = 0)
            RETURNING card_id
            """,
            (now_ms, by, channel_id, service_id),
        )
    )
    for row in rows:
        want_edit(db, row["card_id"])


def reopen_line(db: Connection, channel_id: str, service_id: str) -> None:
    """Keep the channel's card of an open outage up to date again, because the service is watched here again."""
    rows = list(
        db.query(
            """
            UPDATE card_line SET closed_ms = NULL, closed_by = NULL
            WHERE channel_id = ? AND closed_ms IS NOT NULL
              AND outage_id IN (SELECT id FROM outage WHERE service_id = ? AND is_over = 0)
            RETURNING card_id
            """,
            (channel_id, service_id),
        )
    )
    for row in rows:
        want_edit(db, row["card_id"])


def stale_card(db: Connection, channel_id: str, *, card_id: int | None = None) -> dict[str, Any] | None:
    """Return a posted card of the channel (or that one) whose message does not show what it should."""
    rows = db.query(
        """
        SELECT * FROM card WHERE channel_id = ? AND shown < wanted AND ts IS NOT NULL AND (? IS NULL OR id = ?)
        ORDER BY id LIMIT 1
        """,
        (channel_id, card_id, card_id),
    )
    return next(iter(list(rows)), None)


def lines_of(db: Connection, card_id: int) -> Sequence[dict[str, Any]]:
    """Return a card's lines with their outages and the watch that each stands for, oldest outage first."""
    return list(
        db.query(
            """
            SELECT outage.*, card_line.closed_ms, card_line.closed_by,
                   coalesce(watch.notify, '[]') AS notify, watch.muted_until_ms, watch.muted_by
            FROM card_line
            JOIN outage ON outage.id = card_line.outage_id
            LEFT JOIN watch ON watch.channel_id = card_line.channel_id AND watch.service_id = outage.service_id
            WHERE card_line.card_id = ?
            ORDER BY outage.first_seen_down_ms, outage.id
            """,
            (card_id,),
        )
    )
