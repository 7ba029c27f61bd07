"""Two voices for one sentence: blocks show each reader's own clock and set names in bold, plain text says UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rendering import blocks as kit
from bot.rendering import figures as say

#: A span longer than this names its days: midnight may lie in it, in UTC or where the reader is.
_SAME_DAY = timedelta(hours=12)
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")
_GROUP = re.compile(r"S[A-Z0-9]{1,30}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class Voice:
    """How names, instants and emphasis are written."""

    is_marked: bool  # for blocks

    def bold(self, text: str) -> str:
        """Return ready text with weight."""
        return f"*{text}*" if self.is_marked else text

    def name(self, text: str) -> str:
        """Return a name that somebody chose; it never formats and never pings."""
        shown = text if len(text) <= kit.NAME_LIMIT else text[: kit.NAME_LIMIT - 1] + "…"
        return kit.name(text) if self.is_marked else kit.escape(" ".join(shown.split()) or "?")

    def names(self, texts: Iterable[str], most: int) -> str:
        """Return names in a row, cut after `most` with the number of the others told."""
        listed = list(texts)
        shown = ", ".join(self.name(text) for text in listed[:most])
        return f"{shown} and {say.number(len(listed) - most)} more" if len(listed) > most else shown

    def stated(self, name: str, words: str) -> str:
        """Return a name and what is said of it with the same weight: `*rtpproxy is up again*`."""
        shown = self.name(name)
        if shown.startswith("*"):
            return f"{shown[:-1]} {words}*"
        return f"{shown} {self.bold(words)}"

    def clock(self, instant: datetime) -> str:
        """Return a time of day, with seconds."""
        fallback = f"{instant:%H:%M:%S} UTC"
        return kit.date(instant, "{time_secs}", fallback) if self.is_marked else fallback

    def moment(self, instant: datetime) -> str:
        """Return a day with a time of day."""
        fallback = f"{instant:%a} {instant.day} {instant:%b %H:%M:%S} UTC"
        return kit.date(instant, "{date_short_pretty} {time_secs}", fallback) if self.is_marked else fallback

    def minute(self, instant: datetime) -> str:
        """Return a day with a time of day, for what is not a matter of seconds."""
        fallback = f"{instant:%a} {instant.day} {instant:%b %H:%M} UTC"
        return kit.date(instant, "{date_short_pretty} {time}", fallback) if self.is_marked else fallback

    def between(self, since: datetime, until: datetime) -> str:
        """Return two instants as an interval, "14:02:10–14:02:40 UTC"; one where seconds cannot tell them apart."""
        if until - since >= _SAME_DAY:
            return f"{self.moment(since)} – {self.moment(until)}"
        if f"{since:%H:%M:%S}" == f"{until:%H:%M:%S}":
            return self.clock(until)
        first = f"{since:%H:%M:%S}"
        return f"{kit.date(since, '{time_secs}', first) if self.is_marked else first}–{self.clock(until)}"


BLOCKS = Voice(is_marked=True)
TEXT = Voice(is_marked=False)


def mention(who: str) -> str:
    """Return what rings somebody: an id "U…", "W…", "S…", or "here". What is no such id is left out."""
    if who == "here":
        return "<!here>"
    if _PERSON.fullmatch(who):
        return f"<@{who}>"
    return f"<!subteam^{who}>" if _GROUP.fullmatch(who) else ""


def mentions(whom: Iterable[str]) -> str:
    """Return several mentions in a row."""
    return " ".join(filter(None, map(mention, whom)))


def unrung(whom: Iterable[str]) -> str:
    """Return whom a card would ring, for a message that must not: people and groups by a private mention, @here not."""
    return ", ".join("`@here`" if who == "here" else shown for who in whom if (shown := mention(who)))


def person(user_id: str | None) -> str:
    """Return somebody as Slack shows them; "somebody" for what is no id."""
    return f"<@{user_id}>" if user_id and _PERSON.fullmatch(user_id) else "somebody"


def channel(channel_id: str) -> str:
    """Return a channel as Slack shows it; "a channel" for what is no id."""
    return f"<#{channel_id}>" if _CHANNEL.fullmatch(channel_id) else "a channel"
