"""Everything that watching tells a channel, as Slack messages; first of all the card of an outage, edited for life.

Digests are in `bot.rendering.digests`, messages without a card in `bot.rendering.notices`. Source: design.md section 3,
"Outage card".
"""

from __future__ import annotations

from bot.rendering import blocks as kit
from bot.rendering import digests, notices
from bot.rendering import figures as say
from bot.rendering import outages as about
from bot.rendering.blocks import Message
from bot.rendering.voice import BLOCKS, TEXT, mentions
from bot.watching.models import CardKind, Line, NoticeKind, Outage, Telling

#: Buttons of a card. Their value is `value_of(outage)`; what is true is asked of the database, not of the message.
PREFIX = "card_"
ACKNOWLEDGE, UNACKNOWLEDGE = "card_acknowledge", "card_unacknowledge"
MUTE, UNMUTE = "card_mute", "card_unmute"

#: A message that waited less than this was in time.
_IN_TIME_S = 10.0


def render(telling: Telling) -> Message:
    """Return the message that says `telling`."""
    if telling.card is None:
        return notices.message(telling, tail(telling))
    if telling.card.kind is CardKind.DIGEST or len(telling.card.lines) != 1:
        return digests.message(telling, telling.card, tail(telling))
    return _card(telling, telling.card.lines[0])


def tail(telling: Telling) -> str:
    """Return what is added to the first line: delayed, perhaps said before."""
    delayed = f" (delayed {say.duration(telling.delayed_s)})" if telling.delayed_s >= _IN_TIME_S else ""
    return f"{delayed}{' (may be a repeat)' if telling.is_repeat else ''}"


def value_of(outage: Outage) -> str:
    """Return the value of an outage's buttons: its id, and its service, so that a restored database is noticed."""
    return f"{outage.outage_id} {outage.service_id}"


def parse_value(value: str) -> tuple[int, str] | None:
    """Return the outage's id and service that `value_of` wrote; None for anything else."""
    number, _, service_id = value.partition(" ")
    is_id = number.isascii() and number.isdecimal() and len(number) < 19
    return (int(number), service_id) if is_id else None


def _card(telling: Telling, line: Line) -> Message:
    reminds = "Reminder: " if telling.kind is NoticeKind.REMINDER and about.is_open(line) else ""
    ringing = f" {rung}" if about.is_open(line) and (rung := mentions(telling.notify)) else ""
    added = tail(telling)
    shown = [
        kit.section(f"{reminds}{about.headline(line, BLOCKS)}{added}{ringing}"),
        kit.context([*about.states(line), *about.facts(line)]),
    ]
    if buttons := _buttons(line):
        shown.append(kit.actions(buttons, block_id="card"))
    acknowledged = " · acknowledged" if about.is_open(line) and line.outage.acknowledged_at else ""
    return kit.message(f"{reminds}{about.headline(line, TEXT)}{added}{acknowledged}{ringing}", shown)


def _buttons(line: Line) -> list[kit.Block]:
    if not about.is_open(line):
        return []
    value = value_of(line.outage)
    return [
        kit.button("Undo acknowledge", UNACKNOWLEDGE, value)
        if line.outage.acknowledged_at is not None
        else kit.button("Acknowledge", ACKNOWLEDGE, value, is_primary=True),
        kit.button("Unmute", UNMUTE, value) if line.muted_until is not None else kit.button("Mute 1 h", MUTE, value),
    ]
