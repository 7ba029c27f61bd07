"""Questions asked in a terminal: the same words as in Slack, one argument a word."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bot.app import reporting_service, utc_now
from bot.rendering import plain
from bot.rendering.messages import report_notes
from bot.reporting.models import Domain
from bot.settings import Settings
from handlers.intents import AskCalls, AskCounter, AskService, Intent, UsageError, parse
from handlers.words import words_from_argv

#: How the questions are spelled here, for suggestions.
_NAMES = {topic: f"callwatch {topic}" for topic in ("calls", "counters", "services")}


async def ask_calls(settings: Settings, words: Sequence[str], *, form: str) -> str:
    """Return a call report as `form`: text, json, or csv, whose column for the domain lets both be asked for."""
    are_both = form == "csv" and set(Domain) <= {word.lower() for word in words}
    intent = _parse(settings, "calls", [word for word in words if not (are_both and word.lower() == Domain.PSTN)])
    if not isinstance(intent, AskCalls):
        raise UsageError("Whose calls?", "callwatch calls username abc123 last-7d")
    async with reporting_service(settings.require_reporting()) as reporting:
        reports = [
            await reporting.call_report(intent.identity, domain, intent.range.time_range, settings.timezone)
            for domain in (tuple(Domain) if are_both else (intent.domain,))
        ]
    if form == "text":
        return plain.call_report(reports[0], intent.range)
    for note in (note for report in reports for note in report_notes(report, intent.range)):
        print(note, file=sys.stderr)  # noqa: T201 - stdout is data
    return plain.call_report_json(reports[0]) if form == "json" else plain.call_report_csv(reports)


async def ask_counters(settings: Settings, words: Sequence[str]) -> str:
    """Return a counter, or all that are configured, a line each."""
    intent = _parse(settings, "counters", words)
    wanted = (intent.counter_id,) if isinstance(intent, AskCounter) else settings.counters
    async with reporting_service(settings.require_reporting()) as reporting:
        values = [await reporting.counter(counter_id) for counter_id in wanted]
    return "\n".join(plain.counter(value, utc_now(), settings.timezone) for value in values)


async def ask_service(settings: Settings, words: Sequence[str]) -> str:
    """Return what the platform says of a service."""
    intent = _parse(settings, "services", words)
    if not isinstance(intent, AskService):
        sentence = "That is for a channel in Slack; here I tell how a service is now." if words else "Which service?"
        raise UsageError(sentence, "callwatch services rtpproxy")
    async with reporting_service(settings.require_reporting()) as reporting:
        return plain.service(await reporting.service_status(intent.service_id))


def _parse(settings: Settings, topic: str, words: Sequence[str]) -> Intent:
    return parse(words_from_argv(words), command=topic, now=utc_now(), tz=settings.timezone, names=_NAMES)
