"""Rate limits as documented, never more generous: a window per method, and one message a second per channel.

Source: facts of docs.slack.dev/apis/web-api/rate-limits; the burst for posting is ours ("short bursts tolerated").
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

#: The window over which a tier counts, seconds.
WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is allowed: `tiers` are calls a minute per method; posts count per channel and per workspace.

    `connections_opened_per_minute` stands apart: a bot with two sockets must be able to lose both and come back.
    """

    tiers: tuple[int, int, int, int] = (1, 20, 50, 100)
    special_per_minute: int = 300
    posts_per_s: float = 1.0
    post_burst: int = 5
    posts_per_minute: int = 300
    connections_opened_per_minute: int = 20

    @classmethod
    def none(cls) -> Limits:
        """Return limits that nobody reaches: for benches and for tests of other things."""
        many = 1_000_000_000
        return cls((many, many, many, many), many, float(many), many, many, many)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at_s: float


@dataclass(slots=True)
class RateLimiter:
    """Counts calls; every question tells the whole seconds to wait, 0 for "go ahead"."""

    limits: Limits = field(default_factory=Limits)
    _windows: dict[str, deque[float]] = field(default_factory=dict)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def wait_for_call(self, key: str, per_minute: int, now_s: float) -> int:
        """Count one call under `key` unless `per_minute` were made in the last minute."""
        window = self._windows.setdefault(key, deque(maxlen=per_minute if per_minute < 100_000 else 1))
        while window and window[0] <= now_s - WINDOW_S:
            window.popleft()
        if len(window) >= per_minute:
            return max(1, math.ceil(window[0] + WINDOW_S - now_s))
        window.append(now_s)
        return 0

    def wait_for_post(self, channel_id: str, now_s: float) -> int:
        """Count one message to a channel unless its burst is used up or the workspace has had too many this minute."""
        limits = self.limits
        bucket = self._buckets.setdefault(channel_id, _Bucket(limits.post_burst, now_s))
        elapsed_s = max(0.0, now_s - bucket.filled_at_s)
        bucket.tokens = min(float(limits.post_burst), bucket.tokens + elapsed_s * limits.posts_per_s)
        bucket.filled_at_s = now_s
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / limits.posts_per_s))
        wait_s = self.wait_for_call("all posts", limits.posts_per_minute, now_s)
        if not wait_s:
            bucket.tokens -= 1
        return wait_s
