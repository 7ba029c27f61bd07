"""The embedded API's own noun: one call."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reporting.models import Domain, Identity


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as the platform would have recorded it."""

    identity: Identity
    domain: Domain
    started_at_ms: int  # milliseconds since 1970, UTC
    duration_s: int  # seconds, 0 or more
    is_success: bool
