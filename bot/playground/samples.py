"""Conversations that were there before anybody came: a page with empty channels tells nobody what the bot is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.playground.models import Author, Message
from bot.playground.workspace import Workspace

#: How the message begins in whose thread somebody can ask the bot.
COMPLAINT = "Ticket 4711:"


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody said something `minutes_ago`; a reply follows the last line that is none."""

    minutes_ago: int
    who: str
    text: str
    is_reply: bool = False


def conversations(endpoint: str) -> dict[str, tuple[Line, ...]]:
    """Return what was said in each channel; `endpoint` is the user whom the customer complains about."""
    return {
        "#general": (
            Line(1520, "ben", "Good morning from New York :wave:"),
            Line(1490, "kim", "Good night from Tokyo. The weekly numbers are in <#C0VOICEOPS|voice-ops> tomorrow."),
        ),
        "#voice-ops": (
            Line(1300, "deploybot", "Deployed `media-relay 2.14.0` to production"),
            Line(1292, "ana", "Thanks. Watching the counters for a while."),
            Line(95, "kim", "Quiet night. Handing over to Europe now."),
        ),
        "#support": (
            Line(1210, "ben", "Reminder: call figures go into the ticket, not into the mail to the customer."),
            Line(64, "ben", f"{COMPLAINT} the customer behind `{endpoint}` says that calls fail since yesterday."),
            Line(58, "kim", "Let us ask Callwatch here, then everybody sees the figures.", is_reply=True),
        ),
        "#shared-with-olga": (Line(400, "olga", "Hello! Is there news about the number porting?"),),
    }


def fill(workspace: Workspace, now: datetime, endpoint: str) -> None:
    """Let everybody have said what they said before `now`, oldest first; the app hears none of it."""
    lines = sorted(_lines(endpoint), key=lambda each: -each[1].minutes_ago)
    parents: dict[str, Message] = {}
    for label, line in lines:
        channel, person = workspace.channel(label), workspace.person(line.who)
        message = workspace.post(
            channel,
            person.id,
            Author.APP if person.is_bot else Author.PERSON,
            line.text,
            at=now - timedelta(minutes=line.minutes_ago),
            thread_ts=parents[label].ts if line.is_reply else None,
        )
        if not line.is_reply:
            parents[label] = message


def _lines(endpoint: str) -> Iterator[tuple[str, Line]]:
    for label, lines in conversations(endpoint).items():
        yield from ((label, line) for line in lines)
