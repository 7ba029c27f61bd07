"""The schema, in small named steps. A step that was released is never edited; a change is a new step at the end.

All pending steps are applied in one transaction (`storage.opening`), so a kill leaves the old schema or the new one.
Tables are raw SQL: only that gives STRICT, CHECK and the comments, which SQLite keeps and `.schema` shows. Instants are
INTEGER milliseconds since 1970 UTC (`storage.instants`).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database as Connection
from sqlite_utils import Migrations


def inbox(db: Connection) -> None:
    """Create what came from Slack and is not answered yet, and the memory of what came at all."""
    db.execute(
        """
        CREATE TABLE inbox (
            -- One row for each request that was acknowledged and not answered yet; answering deletes it.
            key TEXT PRIMARY KEY CHECK (key <> ''),
            kind TEXT NOT NULL CHECK (kind IN ('command', 'button', 'mention', 'dm')),
            -- What answering needs, a JSON object. Personal data, and a response_url lets anyone who has it post.
            payload TEXT NOT NULL CHECK (json_valid(payload)),
            received_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE seen (
            -- Every name by which a request could come a second time. No index on seen_at_ms: pruning scans, once in a
            -- while, what would otherwise cost each request a second tree.
            key TEXT PRIMARY KEY CHECK (key <> ''),
            seen_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    )


def audit(db: Connection) -> None:
    """Create the log of who asked about whom."""
    db.execute(
        """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            user_id TEXT NOT NULL CHECK (user_id <> ''),
            team_id TEXT NOT NULL,
            action TEXT NOT NULL CHECK (action IN ('lookup', 'share')),
            place TEXT NOT NULL CHECK (place IN ('command', 'button', 'mention', 'dm')),
            -- Where it was asked (lookup) or posted (share).
            channel_id TEXT NOT NULL,
            identity_type TEXT NOT NULL CHECK (identity_type IN ('username', 'number', 'email', 'did')),
            endpoint TEXT NOT NULL,
            domain TEXT NOT NULL CHECK (domain IN ('data', 'pstn')),
            -- The half-open range of calls that was asked about.
            since_ms INTEGER NOT NULL,
            until_ms INTEGER NOT NULL CHECK (until_ms >= since_ms)
        ) STRICT
        """
    )


#: The steps, oldest first; a step's function name is the name that the database remembers.
STEPS: tuple[Callable[[Connection], None], ...] = (inbox, audit)


def migrations() -> Migrations:
    """Return the steps as sqlite-utils applies them, each with the record that it was applied."""
    result = Migrations("callwatch")
    for step in STEPS:
        result(name=step.__name__)(step)
    return result


def newer_steps(db: Connection) -> list[str]:
    """Return the names of steps that `db` has and this version of Callwatch does not know. Only reads."""
    known = {step.__name__ for step in STEPS}
    return [applied.name for applied in migrations().applied(db) if applied.name not in known]
