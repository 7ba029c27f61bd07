"""Who is asking: looked up once in a while, and whether they may see call data."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import CallwatchError, SlackError

_REMEMBERED_S = 600.0
_REMEMBERED_PEOPLE = 10_000


class NotAllowed(CallwatchError):
    """Somebody may not see call data; `str()` is a polite sentence for them."""

    log_level = logging.INFO


class NotKnown(CallwatchError):
    """Slack did not tell who somebody is; without that nobody gets call data."""


class Person(Protocol):
    """What is known of somebody in Slack."""

    @property
    def tz(self) -> str | None:
        """IANA name of their time zone; None when Slack tells none."""

    @property
    def is_guest(self) -> bool:
        """A guest of this workspace."""

    @property
    def is_bot(self) -> bool:
        """Not a person."""

    @property
    def is_outsider(self) -> bool:
        """Of another organisation."""

    @property
    def is_deactivated(self) -> bool:
        """No longer here."""


class People:
    """Remember people for ten minutes, so that most answers need no question about the asker.

    `fetch` asks Slack and raises the port's errors; `clock` is monotonic, seconds.
    """

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[Person]],
        default_tz: ZoneInfo,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._default_tz = default_tz
        self._clock = clock
        self._known: dict[str, tuple[float, Person]] = {}

    async def person(self, user_id: str) -> Person:
        """Return who `user_id` is. Raises NotKnown when Slack does not tell."""
        known = self._known.get(user_id)
        if known and self._clock() - known[0] < _REMEMBERED_S:
            return known[1]
        try:
            person = await self._fetch(user_id)
        except SlackError as error:
            raise NotKnown(
                f"Slack did not tell me who you are ({error.code}), so I cannot show call data. Try again in a minute; "
                "if it stays so, whoever runs Callwatch should run `callwatch doctor`."
            ) from error
        if len(self._known) >= _REMEMBERED_PEOPLE:
            self._known.clear()
        self._known[user_id] = (self._clock(), person)
        return person

    def zone(self, person: Person) -> ZoneInfo:
        """Return the person's time zone, or the configured one where Slack gives none that we know."""
        try:
            return ZoneInfo(person.tz) if person.tz else self._default_tz
        except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
            return self._default_tz


def check_rights(person: Person) -> None:
    """Raise NotAllowed, with a polite sentence, for whoever may not see call data."""
    if person.is_bot:
        raise NotAllowed("Callwatch answers people; bots get no answers.")
    if person.is_deactivated:
        raise NotAllowed("This account is deactivated, so it gets no answers.")
    if person.is_outsider:
        raise NotAllowed("Callwatch is only for members of the organisation that runs it. Please ask one of them.")
    if person.is_guest:
        raise NotAllowed("Callwatch is only for full members of this workspace, not for guests. Please ask a member.")
