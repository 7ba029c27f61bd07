"""What watching says without a card: recoveries in a thread, reminders, and what it cannot see or say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering import outages as about
from bot.rendering.blocks import Message
from bot.rendering.voice import BLOCKS, TEXT, Voice, channel, mentions
from bot.watching.models import NoticeKind, Telling

_NAMED = 40


def message(telling: Telling, tail: str) -> Message:
    """Return a message that stands alone or in a card's thread."""
    sentences = _SENTENCES.get(telling.kind, _outages)
    rung = mentions(telling.notify) if telling.kind is NoticeKind.REMINDER else ""
    added = f"{tail} {rung}".rstrip()
    return kit.message(
        kit.clip(sentences(telling, TEXT), 3500) + added,
        [kit.section(kit.clip(sentences(telling, BLOCKS), 2900) + added)],
    )


def _outages(telling: Telling, voice: Voice) -> str:
    """Return the news about outages, whatever it is by now."""
    found = telling.outages
    if len(found) == 1:
        outage = found[0]
        if outage.is_down:
            said = voice.stated(outage.service_id, "is down")
            return f"{about.DOWN} {said}, first seen {voice.clock(outage.first_seen_down)}"
        return about.recovered(outage, voice)
    up = [outage for outage in found if not outage.is_down]
    down = [outage for outage in found if outage.is_down]
    rows = []
    if up:
        named = ", ".join(f"{voice.name(outage.service_id)} ({about.length(outage)})" for outage in up[:_NAMED])
        rows.append(f"{about.UP} {voice.bold(f'{say.number(len(up))} services are up again')}: {named}{_more(len(up))}")
    if down:
        named = voice.names((outage.service_id for outage in down), _NAMED)
        rows.append(f"{about.DOWN} {voice.bold(f'{say.number(len(down))} services are down')}: {named}")
    return "\n".join(rows) or f"{about.UNKNOWN} An outage is over whose record is gone."


def _steady(telling: Telling, voice: Voice) -> str:
    rows = []
    for outage in telling.outages[:_NAMED]:
        state, icon = ("down", about.DOWN) if outage.is_down else ("up", about.UP)
        flips = f"after {say.number(outage.flips)} flips since {about.went_down(outage, voice)}"
        rows.append(f"{icon} {voice.stated(outage.service_id, f'is steady again: {state}')}, {flips}")
    return "\n".join(rows) + _more(len(telling.outages)) or _outages(telling, voice)


def _reminder(telling: Telling, voice: Voice) -> str:
    rows = []
    for outage in telling.outages[:_NAMED]:
        if outage.is_down:
            said = voice.stated(outage.service_id, "is still down")
            so_far = (
                f" for {say.duration((telling.until - outage.first_seen_down).total_seconds())}"
                if telling.until
                else ""
            )
            rows.append(
                f"{about.DOWN} Reminder: {said}{so_far}, first seen {voice.moment(outage.first_seen_down)}. "
                "Nobody has acknowledged it."
            )
        else:
            rows.append(about.recovered(outage, voice))
    return "\n".join(rows) + _more(len(telling.outages)) or _outages(telling, voice)


def _cannot_tell(telling: Telling, voice: Voice) -> str:
    since = f" since {voice.moment(telling.since)}" if telling.since else ""
    is_one = len(telling.services) == 1
    said = _subject(telling, voice, f"{'is' if is_one else 'are'} unknown")
    return (
        f"{about.UNKNOWN} {said}{since}: the platform gives no answer that I understand. "
        f"{'It' if is_one else 'They'} may be up or down; I keep asking."
    )


def _can_tell(telling: Telling, voice: Voice) -> str:
    return f":information_source: {_subject(telling, voice, 'can be seen again')}; a change is told on its own."


def _unseen(telling: Telling, voice: Voice) -> str:
    since = f" since {voice.moment(telling.since)}" if telling.since else ""
    return (
        f"{about.UNKNOWN} {voice.bold('I cannot see the platform')}{since}: its Reporting API gives no answer. "
        "What is watched here may be up or down. I keep asking, and say when I can see it again."
    )


def _seen(telling: Telling, voice: Voice) -> str:
    blind = ""
    if telling.since and telling.until:
        length = say.duration((telling.until - telling.since).total_seconds())
        blind = f" after {length} ({voice.between(telling.since, telling.until)})"
    return (
        f":information_source: {voice.bold('I can see the platform again')}{blind}. "
        "What changed meanwhile is told on its own."
    )


def _lost_channel(telling: Telling, voice: Voice) -> str:
    where = channel(telling.detail.get("channel", "")) if voice.is_marked else "a channel"
    code = telling.detail.get("code", "")
    why, todo = _LOST.get(code, ("Slack does not let me post there", "Ask somebody who looks after that channel."))
    return (
        f":warning: {voice.bold('I cannot tell')} {where} about {voice.names(telling.services, _NAMED)}: "
        f"{why} ({kit.escape(code)}). {todo} What waits is told then, for up to 7 days."
    )


_INVITE = "Type `/invite @Callwatch` there."
_LOST: Mapping[str, tuple[str, str]] = {
    "not_in_channel": ("I am not in it", _INVITE),
    "channel_not_found": ("I cannot see it", f"If it still exists: {_INVITE}"),
    "is_archived": ("it is archived", "Unarchive it, or watch from another channel."),
}


def _unsayable(telling: Telling, voice: Voice) -> str:
    code = kit.escape(telling.detail.get("code", ""))
    named = voice.names(telling.services, _NAMED)
    what = f" about {named}" if named else ""
    return (
        f":warning: I have news{what} that Slack did not take in any form ({code}). "
        "Ask for a service by name to see how it is; the log has the details."
    )


_SENTENCES: Mapping[NoticeKind, Callable[[Telling, Voice], str]] = {
    NoticeKind.STEADY: _steady,
    NoticeKind.REMINDER: _reminder,
    NoticeKind.CANNOT_TELL: _cannot_tell,
    NoticeKind.CAN_TELL: _can_tell,
    NoticeKind.UNSEEN: _unseen,
    NoticeKind.SEEN: _seen,
    NoticeKind.LOST_CHANNEL: _lost_channel,
    NoticeKind.UNSAYABLE: _unsayable,
}


def _subject(telling: Telling, voice: Voice, words: str) -> str:
    """Return one service and what is said of it, or their number, what is said, and their names."""
    if len(telling.services) == 1:
        return voice.stated(telling.services[0], words)
    count = voice.bold(f"{say.number(len(telling.services))} services {words}")
    return f"{count} ({voice.names(telling.services, _NAMED)})" if telling.services else count


def _more(count: int) -> str:
    return f" and {say.number(count - _NAMED)} more" if count > _NAMED else ""
