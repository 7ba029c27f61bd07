"""What channels are owed: notices are made here, always inside the transaction that makes the reason for them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database as Connection

from bot.watching.models import NoticeKind

_KEYS = uuid.UUID("5d6a4a7e-7c0b-4f0e-9d3c-5a3c1c0f6b1e")


def owe(
    db: Connection,
    channel_id: str,
    kind: NoticeKind,
    subject: str,
    now_ms: int,
    *,
    service_id: str | None = None,
    outage_id: int | None = None,
    detail: Mapping[str, str] | None = None,
) -> bool:
    """Owe a channel a message; False when it is owed, or was told, already.

    `subject` names what it is about so that it is the same whenever the same thing happens again ("rtpproxy/3").
    """
    made = db.execute(
        """
        INSERT INTO notice (key, channel_id, kind, service_id, outage_id, detail, created_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
        """,
        (
            message_key(db, channel_id, kind, subject),
            channel_id,
            kind.value,
            service_id,
            outage_id,
            json.dumps(dict(detail or {})),
            now_ms,
        ),
    )
    return made.rowcount > 0


def message_key(db: Connection, channel_id: str, kind: NoticeKind, subject: str) -> str:
    """Return the name under which the message is looked for in Slack: the same after a restart and after a replay."""
    origin = db.execute("SELECT uuid, generation FROM origin").fetchone()
    return str(uuid.uuid5(_KEYS, f"{origin[0]}/{origin[1]}/{channel_id}/{kind.value}/{subject}"))


def cancel(db: Connection, where: str, parameters: Mapping[str, Any], reason: str) -> int:
    """Cancel the pending notices that `where` (our own words, never a person's) finds; one being sent goes on."""
    return db.execute(
        f"UPDATE notice SET state = 'cancelled', reason = :why WHERE state = 'pending' AND {where}",  # noqa: S608 - constants
        {"why": reason, **parameters},
    ).rowcount
