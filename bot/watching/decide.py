"""The flip machine: what was known, and what is seen now, in; what is known then, and whether it is told, out. Pure.

Source: facts on reliability, section 3 (rules R1 to R13), as settled by design.md sections 3 and 10.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.reporting.models import Status
from bot.watching.models import (
    Cause,
    Decision,
    Flip,
    Observation,
    Reason,
    ServiceState,
    Sight,
    SightChange,
    Thresholds,
)


def decide(state: ServiceState, seen: Observation, *, thresholds: Thresholds) -> Decision:
    """Return the state after `seen` and the flip it causes, if any, with the reason for speaking or staying silent.

    A flip needs `thresholds.down` (or `.up`) observations in a row. UNKNOWN breaks no row and flips nothing; the first
    known status is learnt silently. Time only ever passes: a clock that was set back makes what was remembered "now".
    """
    now = seen.observed_at
    if state.seen_at is not None and now < state.seen_at:
        state = _not_after(state, now)
    gap_s = _elapsed_s(state.seen_at, now)
    off_s = state.off_s + gap_s if gap_s > thresholds.gap_s else state.off_s
    if seen.status is Status.UNKNOWN:
        return _unknown(state, seen, off_s, thresholds)
    if seen.status is state.status:
        return _unchanged(state, now, thresholds)
    if state.status is Status.UNKNOWN:
        return _first_sight(state, seen)
    return _contrary(state, seen, off_s, thresholds)


def decide_sight(
    sight: Sight, *, watched: int, unseen: int, at: datetime, thresholds: Thresholds
) -> tuple[Sight, SightChange | None]:
    """Return what is known of the platform after a round, and what changed.

    `unseen` of `watched` services could not be asked because of the platform. It is out of sight when that is more than
    half of them for `unseen_checks` rounds and `unseen_after_s` seconds, and back with the first round that is better.
    """
    if not watched:
        return sight, None  # nobody asks, so nothing is known anew
    if unseen * 2 <= watched:
        return (Sight(), SightChange.BACK) if sight.is_told else (sight if sight == Sight() else Sight(), None)
    since = at if sight.blind_since is None else min(sight.blind_since, at)
    checks = sight.checks + 1
    is_lost = checks >= thresholds.unseen_checks and _elapsed_s(since, at) >= thresholds.unseen_after_s
    change = SightChange.LOST if is_lost and not sight.is_told else None
    return Sight(since, checks, is_told=sight.is_told or is_lost), change


def is_news(before: ServiceState, after: ServiceState) -> bool:
    """Tell whether more differs than when the service was last looked at, so that it is worth saving."""
    return (
        before.status is not after.status
        or before.seq != after.seq
        or before.count != after.count
        or before.unknown_since != after.unknown_since
        or before.unknown_cause is not after.unknown_cause
        or before.is_unknown_told != after.is_unknown_told
        or before.is_flapping != after.is_flapping
        or before.off_s != after.off_s
    )


def is_lost_in_the_platform(state: ServiceState) -> bool:
    """Tell whether a service is unknown now because the platform could not be asked."""
    return state.unknown_since is not None and state.unknown_cause is Cause.PLATFORM


def is_unknown_due(state: ServiceState, now: datetime, *, thresholds: Thresholds) -> bool:
    """Tell whether a service has been unknown for so long that it is told by name, and was not told yet."""
    return (
        state.unknown_since is not None
        and not state.is_unknown_told
        and _elapsed_s(state.unknown_since, now) >= thresholds.unknown_after_s
    )


def tell_unknown(state: ServiceState) -> Decision:
    """Return the state of a service whose being unknown is told now, which the flip machine leaves to the round.

    One service by itself cannot know whether it is alone in being unknown.
    """
    return Decision(replace(state, is_unknown_told=True), Reason.CANNOT_TELL)


def _unknown(state: ServiceState, seen: Observation, off_s: float, thresholds: Thresholds) -> Decision:
    after = replace(
        state,
        seen_at=seen.observed_at,
        off_s=off_s,
        unknown_since=state.unknown_since or seen.observed_at,
        unknown_cause=seen.cause,
    )
    return Decision(after, Reason.COULD_NOT_ASK)


def _unchanged(state: ServiceState, now: datetime, thresholds: Thresholds) -> Decision:
    reason = Reason.UNCHANGED
    is_flapping = state.is_flapping
    if state.is_unknown_told:
        reason = Reason.CAN_TELL
    elif is_flapping and _elapsed_s(state.flips_at[-1] if state.flips_at else None, now) >= thresholds.steady_after_s:
        reason, is_flapping = Reason.STEADY_AGAIN, False
    after = replace(
        state,
        last_seen=now,
        seen_at=now,
        count=0,
        first_counted_at=None,
        counted_at=None,
        off_s=0.0,
        unknown_since=None,
        unknown_cause=None,
        is_unknown_told=False,
        is_flapping=is_flapping,
    )
    return Decision(after, reason)


def _first_sight(state: ServiceState, seen: Observation) -> Decision:
    now = seen.observed_at
    after = ServiceState(state.service_id, seen.status, state.seq, since=now, last_seen=now, seen_at=now)
    return Decision(after, Reason.FIRST_SIGHT_UP if seen.status is Status.UP else Reason.FIRST_SIGHT_DOWN)


def _contrary(state: ServiceState, seen: Observation, off_s: float, thresholds: Thresholds) -> Decision:
    now = seen.observed_at
    is_stale = state.count == 0 or _elapsed_s(state.counted_at, now) > thresholds.stale_after_s
    count = 1 if is_stale else state.count + 1
    first = now if is_stale or state.first_counted_at is None else state.first_counted_at
    if count >= (thresholds.down if seen.status is Status.DOWN else thresholds.up):
        return _flip(state, seen, first, off_s, thresholds)
    after = replace(
        state,
        seen_at=now,
        count=count,
        first_counted_at=first,
        counted_at=now,
        off_s=off_s,
        unknown_since=None,
        unknown_cause=None,
    )
    return Decision(after, Reason.NOT_CONFIRMED)


def _flip(state: ServiceState, seen: Observation, first: datetime, off_s: float, thresholds: Thresholds) -> Decision:
    now = seen.observed_at
    flip = Flip(
        service_id=state.service_id,
        seq=state.seq + 1,
        old=state.status,
        new=seen.status,
        last_seen_old=state.last_seen,
        first_seen_new=first,
        at=now,
        lasted_s=_elapsed_s(state.since, first),
        off_s=off_s,
    )
    flips_at = (*state.flips_at, now)[-thresholds.flapping_flips - 1 :]
    recent = sum(_elapsed_s(at, now) <= thresholds.flapping_within_s for at in flips_at)
    is_flapping = state.is_flapping or recent > thresholds.flapping_flips
    after = ServiceState(
        state.service_id,
        seen.status,
        flip.seq,
        since=first,
        last_seen=now,
        seen_at=now,
        flips_at=flips_at,
        is_flapping=is_flapping,
    )
    if state.is_flapping:
        reason = Reason.STILL_FLAPPING
    elif is_flapping:
        reason = Reason.STARTED_FLAPPING
    else:
        reason = Reason.WENT_DOWN if seen.status is Status.DOWN else Reason.CAME_UP
    return Decision(after, reason, flip)


def _not_after(state: ServiceState, now: datetime) -> ServiceState:
    """Return `state` with no instant later than `now`."""

    def clamp(instant: datetime | None) -> datetime | None:
        return None if instant is None else min(instant, now)

    return replace(
        state,
        since=clamp(state.since),
        last_seen=clamp(state.last_seen),
        seen_at=clamp(state.seen_at),
        first_counted_at=clamp(state.first_counted_at),
        counted_at=clamp(state.counted_at),
        unknown_since=clamp(state.unknown_since),
        flips_at=tuple(min(at, now) for at in state.flips_at),
    )


def _elapsed_s(since: datetime | None, now: datetime) -> float:
    """Return the seconds since then, never negative; 0.0 when there is no then."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
