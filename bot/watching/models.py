"""Watching's nouns as values. Instants are aware UTC, by the wall clock; words as in style.md section 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.reporting.models import Status


class Cause(StrEnum):
    """Why a status is UNKNOWN."""

    PLATFORM = "platform"  # the Reporting API could not be reached, was down, slow, or did not let us ask
    SERVICE = "service"  # it answered, but not with a status of this service: 404, a word or a form we do not know


@dataclass(frozen=True, slots=True)
class Observation:
    """One status of one service at one instant."""

    service_id: str
    status: Status
    observed_at: datetime  # when the answer was read
    cause: Cause | None = None  # only with UNKNOWN


class Reason(StrEnum):
    """Why a decision speaks or stays silent."""

    # These speak.
    WENT_DOWN = "went_down"
    CAME_UP = "came_up"
    CANNOT_TELL = "cannot_tell"  # this service alone has been unknown for long
    CAN_TELL = "can_tell"  # and now is not any more
    STEADY_AGAIN = "steady_again"  # it had been flapping, and has not flipped for a while
    # These flip, and speak by an edit of the card alone.
    STARTED_FLAPPING = "started_flapping"
    STILL_FLAPPING = "still_flapping"
    # These are silent.
    FIRST_SIGHT_UP = "first_sight_up"
    FIRST_SIGHT_DOWN = "first_sight_down"  # no flip: the answer to `watch` says it; its recovery is told
    UNCHANGED = "unchanged"
    NOT_CONFIRMED = "not_confirmed"  # too few in a row so far
    COULD_NOT_ASK = "could_not_ask"  # neither adds to a count nor clears it


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When what was seen counts. Source: facts on reliability, section 3, as settled by design.md section 10."""

    down: int = 1  # DOWN in a row before a flip
    up: int = 1  # UP in a row before a flip
    interval_s: float = 10.0  # between two polls of one service, seconds
    flapping_flips: int = 3  # more than these …
    flapping_within_s: float = 15 * 60.0  # … in this time are flapping
    steady_after_s: float = 10 * 60.0  # without a flip, flapping is over
    unknown_after_s: float = 5 * 60.0  # unknown for so long, a service alone is told by name
    unseen_checks: int = 3  # rounds without an answer before "cannot see the platform" …
    unseen_after_s: float = 60.0  # … and at least so long

    @property
    def stale_after_s(self) -> float:
        """Counts older than this start again."""
        return max(5 * self.interval_s, 600.0)

    @property
    def gap_s(self) -> float:
        """More than this between two observations means that nobody was looking: the bot was off."""
        return max(3 * self.interval_s, 5.0)


@dataclass(frozen=True, slots=True)
class ServiceState:
    """All that is remembered of a service between two observations. `status` UNKNOWN: never known so far."""

    service_id: str
    status: Status = Status.UNKNOWN  # as confirmed
    seq: int = 0  # flips so far; no number is ever used twice
    since: datetime | None = None  # first seen in this status
    last_seen: datetime | None = None  # last seen in this status
    seen_at: datetime | None = None  # last observation of any kind, UNKNOWN too
    count: int = 0  # observations of the other status in a row
    first_counted_at: datetime | None = None
    counted_at: datetime | None = None
    off_s: float = 0.0  # how long nobody looked since `last_seen`, seconds
    unknown_since: datetime | None = None  # first UNKNOWN after the last known status
    unknown_cause: Cause | None = None  # of the newest UNKNOWN
    is_unknown_told: bool = False
    flips_at: tuple[datetime, ...] = ()  # the newest flips, oldest first; as many as flapping needs
    is_flapping: bool = False


@dataclass(frozen=True, slots=True)
class Flip:
    """A confirmed change of a service's status."""

    service_id: str
    seq: int  # 1 for the service's first flip, then without gaps
    old: Status
    new: Status
    last_seen_old: datetime | None  # None only when the service was never seen in its old status
    first_seen_new: datetime  # the first observation of the row that confirmed it
    at: datetime  # when it was confirmed
    lasted_s: float  # how long the old status was seen to last, seconds: from first seen old to first seen new
    off_s: float = 0.0  # how long nobody looked in between, seconds; 0.0 when the bot was on all the time


@dataclass(frozen=True, slots=True)
class Decision:
    """The state after an observation, the flip it causes if any, and why it speaks or stays silent."""

    state: ServiceState
    reason: Reason
    flip: Flip | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the platform as a whole can be seen; counted in rounds, one each interval."""

    blind_since: datetime | None = None
    checks: int = 0  # blind rounds in a row
    is_told: bool = False


class SightChange(StrEnum):
    """What there is to tell about the platform."""

    LOST = "lost"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Watch:
    """One channel's wish to be told about one service."""

    channel_id: str
    service_id: str
    created_by: str  # Slack user id
    created_at: datetime
    notify: tuple[str, ...] = ()  # whom the card mentions: ids "U…"/"W…", "S…", or "here"
    remind_after_s: int | None = None  # remind of an outage that lasts, so often, seconds; None: never
    muted_until: datetime | None = None
    mute_reason: str = ""
    muted_by: str | None = None

    def is_muted(self, now: datetime) -> bool:
        """Tell whether the channel wants no pings about this service now."""
        return self.muted_until is not None and self.muted_until > now


@dataclass(frozen=True, slots=True)
class Calls:
    """A counter's value as sampled."""

    value: int
    modified_at: datetime  # when the platform refreshed it


@dataclass(frozen=True, slots=True)
class Outage:
    """A service's time of being down: a flip to down and, later, its flip to up; while flapping, all of its flips.

    The facts of a card: everything in it stays true after recovery.
    """

    outage_id: int
    service_id: str
    status: Status  # of the service, as told: DOWN, or UP when it recovered (for good only with `is_over`)
    last_seen_up: datetime | None  # None: it was down when first seen
    first_seen_down: datetime
    last_seen_down: datetime | None = None  # of the recovery's interval
    first_seen_up: datetime | None = None
    lasted_s: float | None = None  # first seen down to first seen up, seconds; None while down or not known
    off_s: float = 0.0  # how long the bot was off before it saw it down, seconds
    ended_off_s: float = 0.0  # and before it saw it up
    calls: Calls | None = None  # ongoing calls at the flip, from the last sample; None when not known
    calls_before: Calls | None = None  # ten minutes earlier
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    is_flapping: bool = False
    flips: int = 1  # since the card was begun, the first one included
    is_over: bool = False  # no flip will be added any more

    @property
    def is_down(self) -> bool:
        """Whether the service is down now, as far as this outage knows."""
        return self.status is Status.DOWN


class CardKind(StrEnum):
    """What a message of ours that is edited for life shows."""

    CARD = "card"  # one outage
    DIGEST = "digest"  # several, a line each


@dataclass(frozen=True, slots=True)
class Line:
    """One outage as one channel's card shows it."""

    outage: Outage
    notify: tuple[str, ...] = ()  # whom the watch mentions
    muted_until: datetime | None = None  # of the watch; may be past
    muted_by: str | None = None
    closed_at: datetime | None = None  # unwatched since; the line is not kept up to date any more
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One message about one outage (or, as a digest, several) in one channel, edited for life."""

    card_id: int
    channel_id: str
    kind: CardKind
    ts: str | None  # of the message; None before it is posted
    lines: tuple[Line, ...]  # oldest outage first
    version: int = 0  # of what is shown


class NoticeKind(StrEnum):
    """What a notice says."""

    DOWN = "down"  # posts the card
    UP = "up"  # reply in the card's thread, also sent to the channel; posts the card where there is none
    STEADY = "steady"  # flapping is over; a reply like UP
    REMINDER = "reminder"  # still down; a reply like UP
    DIGEST = "digest"  # carries several DOWN and UP
    RECOVERIES = "recoveries"  # carries several UP
    CANNOT_TELL = "cannot_tell"  # one service, or several, unknown for long
    CAN_TELL = "can_tell"
    UNSEEN = "unseen"  # the platform cannot be seen
    SEEN = "seen"  # and now can
    LOST_CHANNEL = "lost_channel"  # to whoever set a watch: the channel does not take posts
    UNSAYABLE = "unsayable"  # Slack did not take a message in any form
    CARD_AGAIN = "card_again"  # the card was deleted by hand


class NoticeState(StrEnum):
    """Where a notice stands. The last four are ends and carry a reason."""

    PENDING = "pending"
    SENDING = "sending"  # claimed: it may be posted, and is looked up before it is posted again
    SENT = "sent"
    DEAD = "dead"  # Slack does not take it in any form
    EXPIRED = "expired"  # its channel was gone for too long
    DIGESTED = "digested"  # told by the message of another notice
    CANCELLED = "cancelled"  # not wanted any more before it was told


@dataclass(frozen=True, slots=True)
class Notice:
    """One message owed to one channel."""

    notice_id: int
    key: str  # in the message's metadata, unique for ever
    channel_id: str  # or a user's id, for a direct message
    kind: NoticeKind
    state: NoticeState
    created_at: datetime
    service_id: str | None = None
    outage_id: int | None = None
    card_id: int | None = None
    attempts: int = 0
    is_plain: bool = False  # Slack refused its blocks: say it as short plain text
    is_repeat: bool = False  # it may have been posted already and nobody can look: say so
    detail: dict[str, str] = field(default_factory=dict)  # what this kind needs beside


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything that a message is rendered from, as it is now.

    `kind` says which message: DOWN and CARD_AGAIN and DIGEST show `card`; UP, STEADY and REMINDER are replies about
    `outages` (RECOVERIES too, with no thread); the rest is about `services` or `detail`:
    CANNOT_TELL, CAN_TELL: `services`, `since`. UNSEEN: `since`. SEEN: `since` (blind since), `until`.
    LOST_CHANNEL: `detail` {"channel", "code"}, `services`. UNSAYABLE: `detail` {"code"}, `services`.
    """

    kind: NoticeKind
    channel_id: str
    card: Card | None = None
    outages: tuple[Outage, ...] = ()
    services: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()  # whom to mention; empty when nobody
    since: datetime | None = None
    until: datetime | None = None
    delayed_s: float = 0.0  # how long the oldest of what is told has waited to be told, seconds
    is_repeat: bool = False
    detail: dict[str, str] = field(default_factory=dict)
