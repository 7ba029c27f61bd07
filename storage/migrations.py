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


def watching(db: Connection) -> None:
    """Create what is watched, what was seen, and the history that outages make."""
    db.execute(
        """
        CREATE TABLE origin (
            -- One row: whose history this is. Keys of messages are made from it; an epoch is one bot's time in charge.
            id INTEGER PRIMARY KEY CHECK (id = 1),
            uuid TEXT NOT NULL,
            generation INTEGER NOT NULL DEFAULT 0,
            epoch INTEGER NOT NULL DEFAULT 0,
            -- Until when all services without a change on record were seen unchanged.
            pulse_ms INTEGER,
            -- The platform as a whole: since when it cannot be seen, in how many rounds, and whether that was told.
            blind_since_ms INTEGER,
            blind_checks INTEGER NOT NULL DEFAULT 0,
            is_blind_told INTEGER NOT NULL DEFAULT 0 CHECK (is_blind_told IN (0, 1))
        ) STRICT
        """
    )
    db.execute("INSERT INTO origin (id, uuid) VALUES (1, lower(hex(randomblob(16))))")
    db.execute(
        """
        CREATE TABLE watch (
            -- One channel's wish to be told about one service.
            channel_id TEXT NOT NULL CHECK (channel_id <> ''),
            service_id TEXT NOT NULL CHECK (service_id <> ''),
            created_by TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            notify TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(notify)),
            remind_after_s INTEGER CHECK (remind_after_s >= 300),
            remind_due_ms INTEGER,
            muted_until_ms INTEGER,
            mute_reason TEXT NOT NULL DEFAULT '',
            muted_by TEXT,
            -- The status that the channel was told last; NULL before it was told any.
            told TEXT CHECK (told IN ('up', 'down')),
            PRIMARY KEY (channel_id, service_id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX watch_service ON watch (service_id)")
    db.execute(
        """
        CREATE TABLE service (
            -- What the flip machine remembers of a service (bot.watching.models.ServiceState).
            service_id TEXT PRIMARY KEY CHECK (service_id <> ''),
            status TEXT NOT NULL CHECK (status IN ('up', 'down', 'unknown')),
            seq INTEGER NOT NULL,
            since_ms INTEGER,
            last_seen_ms INTEGER,
            seen_ms INTEGER,
            count INTEGER NOT NULL,
            first_counted_ms INTEGER,
            counted_ms INTEGER,
            off_s REAL NOT NULL,
            unknown_since_ms INTEGER,
            unknown_cause TEXT CHECK (unknown_cause IN ('platform', 'service')),
            is_unknown_told INTEGER NOT NULL CHECK (is_unknown_told IN (0, 1)),
            flips_ms TEXT NOT NULL CHECK (json_valid(flips_ms)),
            is_flapping INTEGER NOT NULL CHECK (is_flapping IN (0, 1))
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE outage (
            id INTEGER PRIMARY KEY,
            service_id TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('up', 'down')),
            last_seen_up_ms INTEGER,
            first_seen_down_ms INTEGER NOT NULL,
            last_seen_down_ms INTEGER,
            first_seen_up_ms INTEGER,
            lasted_s REAL CHECK (lasted_s >= 0),
            off_s REAL NOT NULL DEFAULT 0,
            ended_off_s REAL NOT NULL DEFAULT 0,
            calls INTEGER,
            calls_ms INTEGER,
            calls_before INTEGER,
            calls_before_ms INTEGER,
            acknowledged_by TEXT,
            acknowledged_ms INTEGER,
            is_flapping INTEGER NOT NULL DEFAULT 0 CHECK (is_flapping IN (0, 1)),
            flips INTEGER NOT NULL,
            is_over INTEGER NOT NULL DEFAULT 0 CHECK (is_over IN (0, 1))
        ) STRICT
        """
    )
    db.execute("CREATE UNIQUE INDEX outage_open ON outage (service_id) WHERE is_over = 0")
    db.execute("CREATE INDEX outage_service ON outage (service_id, first_seen_down_ms)")
    db.execute(
        """
        CREATE TABLE flip (
            id INTEGER PRIMARY KEY,
            service_id TEXT NOT NULL,
            seq INTEGER NOT NULL CHECK (seq > 0),
            old TEXT NOT NULL CHECK (old IN ('up', 'down')),
            new TEXT NOT NULL CHECK (new IN ('up', 'down') AND new <> old),
            last_seen_old_ms INTEGER,
            first_seen_new_ms INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            lasted_s REAL NOT NULL,
            off_s REAL NOT NULL,
            reason TEXT NOT NULL,
            outage_id INTEGER NOT NULL REFERENCES outage (id),
            UNIQUE (service_id, seq)
        ) STRICT
        """
    )
    db.execute(
        """
        CREATE TABLE coverage (
            -- From when to when a service was seen without a break; what is between the rows, nobody knows.
            service_id TEXT NOT NULL,
            since_ms INTEGER NOT NULL,
            until_ms INTEGER NOT NULL CHECK (until_ms >= since_ms),
            PRIMARY KEY (service_id, since_ms)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute(
        """
        CREATE TABLE sample (
            -- A counter as it was refreshed by the platform; one row for each refresh that was seen.
            counter_id TEXT NOT NULL,
            modified_ms INTEGER NOT NULL,
            value INTEGER NOT NULL,
            sampled_ms INTEGER NOT NULL,
            PRIMARY KEY (counter_id, modified_ms)
        ) STRICT, WITHOUT ROWID
        """
    )


def outbox(db: Connection) -> None:
    """Create what is owed to channels, the cards that are edited for life, and the lanes by which all goes out."""
    db.execute(
        """
        CREATE TABLE card (
            -- One message that is edited for life. It is up to date when shown = wanted.
            id INTEGER PRIMARY KEY,
            channel_id TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('card', 'digest')),
            ts TEXT,
            posted_ms INTEGER,
            wanted INTEGER NOT NULL DEFAULT 1,
            shown INTEGER NOT NULL DEFAULT 0 CHECK (shown <= wanted),
            -- Whom its post mentioned: somebody who joins by an edit is not rung.
            mentioned TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(mentioned)),
            -- Before then no other group of recoveries is put into its thread.
            reply_due_ms INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """
    )
    db.execute("CREATE INDEX card_stale ON card (channel_id) WHERE shown < wanted")
    db.execute(
        """
        CREATE TABLE card_line (
            -- Where a channel shows an outage: on one card only.
            channel_id TEXT NOT NULL,
            outage_id INTEGER NOT NULL REFERENCES outage (id),
            card_id INTEGER NOT NULL REFERENCES card (id),
            closed_ms INTEGER,
            closed_by TEXT,
            PRIMARY KEY (channel_id, outage_id)
        ) STRICT, WITHOUT ROWID
        """
    )
    db.execute("CREATE INDEX card_line_card ON card_line (card_id)")
    db.execute("CREATE INDEX card_line_outage ON card_line (outage_id)")
    db.execute(
        """
        CREATE TABLE notice (
            -- One message owed to one channel. It leaves 'sending' for 'pending' only on proof that nothing was posted.
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            channel_id TEXT NOT NULL CHECK (channel_id <> ''),
            kind TEXT NOT NULL,
            service_id TEXT,
            outage_id INTEGER REFERENCES outage (id),
            card_id INTEGER REFERENCES card (id),
            detail TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
            state TEXT NOT NULL DEFAULT 'pending' CHECK (
                state IN ('pending', 'sending', 'sent', 'dead', 'expired', 'digested', 'cancelled')),
            reason TEXT NOT NULL DEFAULT '' CHECK (
                reason <> '' OR state NOT IN ('dead', 'expired', 'digested', 'cancelled')),
            -- Whose message told it, when it was not its own.
            carrier_id INTEGER CHECK (state <> 'digested' OR carrier_id IS NOT NULL),
            attempts INTEGER NOT NULL DEFAULT 0,
            is_plain INTEGER NOT NULL DEFAULT 0 CHECK (is_plain IN (0, 1)),
            is_repeat INTEGER NOT NULL DEFAULT 0 CHECK (is_repeat IN (0, 1)),
            created_ms INTEGER NOT NULL,
            claimed_ms INTEGER,
            told_ms INTEGER,
            ts TEXT CHECK (state <> 'sent' OR ts IS NOT NULL)
        ) STRICT
        """
    )
    db.execute("CREATE INDEX notice_open ON notice (channel_id, id) WHERE state IN ('pending', 'sending')")
    db.execute("CREATE INDEX notice_carrier ON notice (carrier_id) WHERE carrier_id IS NOT NULL")
    db.execute(
        """
        CREATE TABLE lane (
            -- What has to be remembered of a channel beside what it is owed.
            channel_id TEXT PRIMARY KEY,
            -- Slack's Retry-After: nothing is posted before due_ms; noted_ms tells a clock that was set since.
            due_ms INTEGER,
            noted_ms INTEGER,
            -- The channel takes no posts: since when, Slack's word for it, when it is tried again, who was told.
            parked_ms INTEGER,
            code TEXT,
            retry_ms INTEGER,
            is_owner_told INTEGER NOT NULL DEFAULT 0 CHECK (is_owner_told IN (0, 1))
        ) STRICT, WITHOUT ROWID
        """
    )


#: The steps, oldest first; a step's function name is the name that the database remembers.
STEPS: tuple[Callable[[Connection], None], ...] = (inbox, audit, watching, outbox)


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
