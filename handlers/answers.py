"""From a question to the message that answers it: who asks, what they mean, what the platform says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.rendering import messages
from bot.rendering.blocks import Message
from bot.rendering.messages import Again
from bot.reporting.errors import ReportingError, Unavailable
from bot.reporting.models import Counter, Domain, FullReport, Identity, ServiceStatus
from bot.timerange import TimeRange, parse_range
from handlers.asks import Answer, Ask, Place
from handlers.intents import AskBoard, AskCalls, AskCounter, AskCounters, AskService, Help, Question, parse, spell
from handlers.people import NotAllowed, People, check_rights
from handlers.presses import Presses
from handlers.watching import WatchAnswers
from handlers.watchwords import AskHistory, Order
from handlers.words import tokenise

log = structlog.get_logger(__name__)

#: The ranges on offer below a report.
_OFFERED_RANGES = (("24 h", "24h", "last-24h"), ("7 d", "7d", "last-7d"), ("30 d", "30d", "last-30d"))


class Reporting(Protocol):
    """What is asked of the reporting service. Methods raise ReportingError."""

    async def call_report(self, identity: Identity, domain: Domain, time_range: TimeRange, tz: ZoneInfo) -> FullReport:
        """Return a whole call report."""

    async def counter(self, counter_id: str) -> Counter:
        """Return one counter."""

    async def service_status(self, service_id: str) -> ServiceStatus:
        """Return a service's status now."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One row of the audit log: who asked about whom, when and where."""

    at: datetime
    user_id: str
    team_id: str
    channel_id: str
    place: Place
    identity: Identity
    domain: Domain
    time_range: TimeRange


class Audit(Protocol):
    """The log of lookups."""

    async def record_lookup(self, lookup: Lookup) -> None:
        """Keep one lookup; raises when it cannot be kept."""


class Answers:
    """Turn a question into a message. Raises UsageError, NotAllowed, ReportingError and the storage's errors.

    `watching` and `presses` answer what is about watched services; `commands` are the slash commands' names by topic;
    `counter_ids` the counters that `/counters` alone shows.
    """

    def __init__(
        self,
        reporting: Reporting,
        people: People,
        audit: Audit,
        watching: WatchAnswers,
        presses: Presses,
        *,
        commands: Mapping[str, str],
        counter_ids: Sequence[str],
        bot_user_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._reporting = reporting
        self._people = people
        self._audit = audit
        self._watching = watching
        self._presses = presses
        self._commands = commands
        self._counter_ids = counter_ids
        self._bot_user_id = bot_user_id
        self._now = now

    async def answer(self, ask: Ask) -> Answer | None:
        """Return the answer to `ask`; None when there is nothing to say."""
        person = await self._people.person(ask.user_id)
        check_rights(person)
        if ask.is_card_press:
            return await self._presses.press(ask)
        now, tz = self._now(), self._people.zone(person)
        names = self._commands if ask.place is Place.COMMAND else None
        # A button's value is a command that we spelled ourselves: nothing of Slack's to undo in it.
        words = tokenise(ask.text) if ask.place is Place.BUTTON else ask.text
        intent = parse(words, command=ask.topic, now=now, tz=tz, bot_user_id=self._bot_user_id, names=names)
        if isinstance(intent, Order):
            return await self._watching.order(ask, intent)
        return Answer(await self._question(ask, intent, now, tz))

    async def _question(self, ask: Ask, intent: Question, now: datetime, tz: ZoneInfo) -> Message:
        if ask.is_shared_channel and ask.place is Place.MENTION and not isinstance(intent, Help):
            raise NotAllowed(
                "This channel is shared with another organisation, and an answer here would be read there too. Ask "
                f"with {self._commands['calls']}, which answers only you, or in a direct message."
            )
        match intent:
            case AskCalls():
                return await self._calls(ask, intent, now, tz)
            case AskCounter(counter_id):
                return await self._watching.counter(await self._reporting.counter(counter_id))
            case AskCounters():
                return await self._counters()
            case AskService(service_id):
                return await self._watching.service(ask, await self._service(service_id), service_id)
            case AskBoard():
                return await self._watching.board(ask)
            case AskHistory():
                return await self._watching.history(intent, tz)
            case Help(topic):
                return messages.help_text(topic, self._commands)

    async def _calls(self, ask: Ask, intent: AskCalls, now: datetime, tz: ZoneInfo) -> Message:
        await self._audit.record_lookup(
            Lookup(
                at=now,
                user_id=ask.user_id,
                team_id=ask.team_id,
                channel_id=ask.channel_id,
                place=ask.place,
                identity=intent.identity,
                domain=intent.domain,
                time_range=intent.range.time_range,
            )
        )
        report = await self._reporting.call_report(intent.identity, intent.domain, intent.range.time_range, tz)
        for missing in report.missing:
            log.warning("part_missing", key=ask.key, part=missing.part, reason=missing.reason)
        # What was said for everybody is a snapshot: no buttons that would rewrite it.
        again = () if ask.place is Place.MENTION else again_buttons(intent, now, tz)
        return messages.call_report(report, intent.range, again)

    async def _counters(self) -> Message:
        answers = await asyncio.gather(*(self._one_counter(counter_id) for counter_id in self._counter_ids))
        return messages.counters(answers)

    async def _one_counter(self, counter_id: str) -> Message:
        try:
            return messages.counter(await self._reporting.counter(counter_id), self._now())
        except ReportingError as error:
            if len(self._counter_ids) == 1:
                raise
            log.warning("counter_not_asked", counter_id=counter_id, reason=error.sentence)
            return messages.refusal(f"{counter_id}: {error.sentence}")

    async def _service(self, service_id: str) -> Message:
        try:
            return messages.service(await self._reporting.service_status(service_id))
        except Unavailable as error:
            log.warning("service_not_asked", service_id=service_id, reason=error.sentence)
            return messages.service_unknown(service_id, error.sentence)


def again_buttons(intent: AskCalls, now: datetime, tz: ZoneInfo) -> list[Again]:
    """Return the buttons below a report: other ranges, and the other domain."""
    shown = [
        Again(
            label, action, spell(replace(intent, range=parse_range(words, now=now, tz=tz))), intent.range.words == words
        )
        for label, action, words in _OFFERED_RANGES
    ]
    other = replace(intent, domain=intent.domain.other, is_domain_given=True)
    return [*shown, Again(f"Show {other.domain}", "domain", spell(other))]
