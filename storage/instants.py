"""Instants as the tables keep them: whole milliseconds since 1970 UTC; what is finer is cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """Return `instant` in milliseconds since 1970; raises TypeError for one without a zone."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """Return the instant `ms` milliseconds after 1970, aware UTC."""
    return _EPOCH + ms * _MILLISECOND


def maybe_ms(instant: datetime | None) -> int | None:
    """Return `instant` in milliseconds since 1970, or None for None."""
    return None if instant is None else to_ms(instant)


def maybe_instant(ms: int | None) -> datetime | None:
    """Return the instant `ms` milliseconds after 1970, or None for None."""
    return None if ms is None else from_ms(ms)
