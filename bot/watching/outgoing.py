"""What the sender and the outbox say to each other: how patient to be, and what a lane has to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.errors import CallwatchError
from bot.watching.models import Notice, Telling


class SupersededError(CallwatchError):
    """Another bot is in charge of this database; this one must not post any more."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patiently one channel is told. Seconds."""

    between_posts_s: float = 1.1  # Slack takes one a second
    first_look_s: float = 10.0  # after an unclear answer, look for our own message …
    second_look_s: float = 30.0  # … and once more, before it is posted again. Both from the attempt
    backoff_s: float = 1.0  # first wait when Slack cannot be reached; doubled each time …
    backoff_most_s: float = 60.0  # … up to this
    parked_s: float = 3600.0  # a channel that takes no posts is tried again after this
    expire_s: float = 7 * 86400.0  # and given up after this
    broken_s: float = 60.0  # a bot that Slack does not know any more tries again after this
    storm_s: float = 15.0  # so long a digest takes more lines by an edit, and its thread no second reply

    @classmethod
    def for_interval(cls, interval_s: float) -> Pace:
        """Return the pace for polls so far apart: a storm is seen over a whole interval, and is one storm all along."""
        return cls(storm_s=max(15.0, 1.5 * interval_s))


@dataclass(frozen=True, slots=True)
class Post:
    """Claimed: this notice is to be posted now, and nobody else posts it."""

    notice: Notice
    telling: Telling
    thread_ts: str | None = None  # of the card; such a reply is also sent to the channel
    version: int = 0  # of the card as told here


@dataclass(frozen=True, slots=True)
class Edit:
    """A card's message does not show what it should."""

    card_id: int
    ts: str
    telling: Telling
    version: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """A notice whose post may have happened: look for it before anything else is posted."""

    notice: Notice
    thread_ts: str | None
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing to do now; look again at `until`, when there is something then."""

    until: datetime | None = None


Work = Post | Edit | Lookup | Idle


@dataclass(frozen=True, slots=True)
class Lane:
    """What is remembered of a channel over a restart."""

    channel_id: str
    wait_s: float = 0.0  # of Slack's Retry-After, what is left
    is_parked: bool = False
