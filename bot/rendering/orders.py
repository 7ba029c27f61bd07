"""Answers to orders: watch, unwatch, notify, remind, mute, unmute, and to buttons that came too late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering import outages as about
from bot.rendering.blocks import Message
from bot.rendering.messages import AGAIN_PREFIX
from bot.rendering.voice import BLOCKS, TEXT, Voice, unrung
from bot.reporting.models import Status
from bot.watching.models import Outage, Watch

_RETRY_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of the wish to watch one service."""

    service_id: str
    is_new: bool = False  # False: it was watched here already
    status: Status = Status.UNKNOWN
    why_unknown: str = ""  # a sentence
    outage: Outage | None = None  # the open one, when it is down
    refused: str = ""  # a sentence: it is not watched


def watching(begun: Sequence[Begun], watches: Sequence[Watch], to_ring: str) -> Message:
    """Return what `watch` did: how each service is now, and whom cards ring; `to_ring` is a command to change it."""
    lines = [kit.clip(_begun(each, BLOCKS), 400) for each in begun]
    shown = [kit.section("\n".join(lines[at : at + 7])) for at in range(0, len(lines), 7)]
    notes = _wishes(watches, to_ring)
    if notes:
        shown.append(kit.context(notes))
    return kit.message("\n".join([*(_begun(each, TEXT) for each in begun), *notes]), shown)


def done(what: Callable[[Voice], str], service_ids: Sequence[str], missing: Sequence[str], command: str) -> Message:
    """Return `what` an order did, and to which services; `missing` are those that the channel does not watch."""
    lines = [f"{BLOCKS.name(each)}: {what(BLOCKS)}" for each in service_ids]
    plain = [f"{TEXT.name(each)}: {what(TEXT)}" for each in service_ids]
    if missing:
        hint = f"`{kit.escape(command)}` shows what it watches."
        lines.append(f":grey_question: This channel does not watch {BLOCKS.names(missing, 25)}. {hint}")
        plain.append(f"This channel does not watch {TEXT.names(missing, 25)}. {hint}")
    texts = [kit.clip(line, 500) for line in lines]
    shown = [kit.section("\n".join(texts[at : at + 5])) for at in range(0, len(texts), 5)]
    return kit.message("\n".join(plain), shown)


def unwatched(voice: Voice) -> str:
    """Return that a service is watched no more; a card that is open says so, too."""
    return "no longer watched here"


def rung(notify: Sequence[str], voice: Voice) -> str:
    """Return whom cards ring from now on."""
    return f"cards ring {unrung(notify)}" if notify else "cards ring nobody any more"


def reminded(after_s: int, voice: Voice) -> str:
    """Return how often an outage is reminded of from now on."""
    if not after_s:
        return "no reminders any more"
    return f"a reminder every {say.duration(after_s)} while it stays down and nobody has acknowledged it"


def muted(until: datetime, reason: str, voice: Voice) -> str:
    """Return until when a service is muted."""
    why = f" ({kit.escape(reason)})" if reason else ""
    return f"{about.QUIET} muted here until {voice.minute(until)}{why}. If it is in another state then, you are told."


def unmuted(voice: Voice) -> str:
    """Return that a service is not muted; what changed meanwhile follows by itself."""
    return "not muted any more"


def not_here(sentence: str, retry: str) -> Message:
    """Return why the channel cannot be told anything; `retry` is the command behind a button, "" for none."""
    shown = [kit.section(sentence)]
    if 0 < len(retry) <= _RETRY_LIMIT:
        shown.append(kit.actions([kit.button("Try again", f"{AGAIN_PREFIX}retry", retry, is_primary=True)], "retry"))
    return kit.message(sentence, shown)


def too_late(sentence: str) -> Message:
    """Return, to whoever pressed a button, why nothing came of it; `sentence` is ready markup."""
    return kit.message(sentence, [kit.section(sentence)])


def _begun(begun: Begun, voice: Voice) -> str:
    name = voice.name(begun.service_id)
    if begun.refused:
        return f":x: {name}: not watched. {kit.escape(begun.refused)}"
    here = "This channel is told" if begun.is_new else "It was watched here already: this channel is told"
    match begun.status:
        case Status.UP:
            return f"{about.UP} {voice.stated(begun.service_id, 'is up now')}. {here} when that changes."
        case Status.DOWN:
            since = f"; it went down {about.went_down(begun.outage, voice)}" if begun.outage is not None else ""
            return f"{about.DOWN} {voice.stated(begun.service_id, 'is down now')}{since}. {here} when it is up again."
        case Status.UNKNOWN:
            why = kit.escape(begun.why_unknown)
            return (
                f"{about.UNKNOWN} {voice.stated(begun.service_id, 'is unknown now')}. {why} "
                f"{here} if it turns out to be down, or stays unknown."
            )


def _wishes(watches: Iterable[Watch], to_ring: str) -> list[str]:
    """Return whom the watches ring and how often they remind, in words that are the same for all of them."""
    listed = list(watches)
    if not listed:
        return []
    ringing = {watch.notify for watch in listed}
    how = f"`{kit.escape(to_ring.replace('`', chr(39)))}`, or `@` and a person or a user group"
    if ringing == {()}:
        notes = [f"Nobody is rung: a bot's message alone makes no phone ring. To ring somebody: {how}."]
    elif len(ringing) == 1:
        notes = [f"Cards ring {unrung(next(iter(ringing)))}. To change that: {how}."]
    else:
        notes = [f"Whom cards ring stays as it was for each. To change that: {how}."]
    if reminding := sorted({watch.remind_after_s for watch in listed if watch.remind_after_s}):
        notes.append(f"Reminders every {' and '.join(say.duration(each) for each in reminding)} while it stays down.")
    return notes
