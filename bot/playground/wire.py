"""What every room of the workspace speaks: raw JSON, the clock, fresh ids and Slack's way to refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

#: A JSON object exactly as it travels; the workspace never turns it into the bot's own types.
Json = dict[str, Any]

#: Returns the present instant, aware.
Clock = Callable[[], datetime]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class RefusalError(Exception):
    """A request Slack would refuse: `code` as in the API's `error`, `extra` merged into the answer.

    `messages` become `response_metadata.messages`; `status` is the HTTP status, 200 for the Web API.
    """

    def __init__(self, code: str, *, messages: tuple[str, ...] = (), status: int = 200, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.status = status
        self.extra: Json = extra

    def body(self) -> Json:
        """Return the answer's JSON."""
        answer: Json = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            answer["response_metadata"] = {"messages": list(self.messages)}
        return answer


class Ids:
    """Fresh ids that look like Slack's and are never given twice, also not by a later run on the same machine.

    The start instant is part of each id, because a bot remembers the events it has seen across our restarts.
    """

    def __init__(self, clock: Clock) -> None:
        self._run = base36(int(clock().timestamp() * 1_000_000))
        self._count = 0

    def next(self, prefix: str) -> str:
        """Return `prefix` followed by capitals and digits."""
        self._count += 1
        return f"{prefix}{self._run}{base36(self._count).rjust(4, '0')}"

    def next_uuid(self) -> str:
        """Return an id shaped like a UUID, as envelopes and `client_msg_id` carry."""
        self._count += 1
        figures = f"{int(self._run, 36):020x}{self._count:012x}"
        return f"{figures[:8]}-{figures[8:12]}-{figures[12:16]}-{figures[16:20]}-{figures[20:]}"


def base36(number: int) -> str:
    """Return `number` (0 or more) in digits and capitals."""
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
