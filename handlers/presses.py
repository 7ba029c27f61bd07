"""Buttons and menus of outage cards: what a press does is asked of the record, never of the message it stands below.

Pressing again changes nothing and says nothing; pressing too late gets a private sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.rendering import cards, digests, orders
from bot.rendering.voice import BLOCKS, person
from bot.watching.models import Outage
from handlers.asks import Answer, Ask
from handlers.watching import Archive, Watching

_MUTE = timedelta(hours=1)

_GONE = (
    "I have no open outage on record for this: the card is older than what I remember, or all of it is over. "
    "Ask for `services` to see how things are."
)
_OVER = "That outage is over already, so there is nothing left to do about it."


class Presses:
    """Carry out what is pressed. Raises the storage's errors."""

    def __init__(self, watching: Watching, archive: Archive, *, now: Callable[[], datetime]) -> None:
        self._watching = watching
        self._archive = archive
        self._now = now

    async def press(self, ask: Ask) -> Answer | None:
        """Carry out `ask.text`, an action and its value; None when there is nothing to say: the card says it."""
        action, _, value = ask.text.partition(" ")
        found = await self._meant(ask.channel_id, action, value)
        if not found:
            return Answer(orders.too_late(_GONE), is_private=True)
        said = [await self._one(ask, action, outage) for outage in found]
        # Of many, some may be too late: that is worth a word only when all of them are.
        sentences = [sentence for sentence in said if sentence]
        if len(sentences) < len(said):
            return None
        return Answer(orders.too_late(sentences[0]), is_private=True)

    async def _meant(self, channel_id: str, action: str, value: str) -> Sequence[Outage]:
        """Return the outages that a control stands for; none when the record does not know them."""
        if action.startswith(digests.PREFIX):
            outage_id, card_id = digests.parse_value(value)
            if card_id is not None:
                return await self._archive.board.open_on_card(channel_id, card_id)
            service_id = None
        else:
            outage_id, service_id = cards.parse_value(value) or (None, None)
        outage = None if outage_id is None else await self._archive.outages.load(outage_id)
        is_other = outage is None or (service_id is not None and outage.service_id != service_id)
        return [] if outage is None or is_other else [outage]

    async def _one(self, ask: Ask, action: str, outage: Outage) -> str:
        """Carry out an action for one outage; return why it could not be, "" when it was (or had been)."""
        match action:
            case cards.ACKNOWLEDGE | digests.ACKNOWLEDGE:
                return await self._acknowledge(ask, outage)
            case cards.UNACKNOWLEDGE | digests.UNACKNOWLEDGE:
                was_there = await self._watching.unacknowledge(outage.outage_id)
                return _OVER if not was_there and outage.is_over else ""
            case cards.MUTE | digests.MUTE:
                return await self._mute(ask, outage)
            case cards.UNMUTE:
                was_there = await self._watching.unmute(ask.channel_id, outage.service_id)
                return "" if was_there else await self._unwatched(ask, outage)
            case _:
                return "This button is of another version of Callwatch, and I do not know what it means."

    async def _acknowledge(self, ask: Ask, outage: Outage) -> str:
        if await self._watching.acknowledge(outage.outage_id, ask.user_id):
            return ""
        now = await self._archive.outages.load(outage.outage_id) or outage
        if now.acknowledged_by == ask.user_id:
            return ""
        if now.acknowledged_by is None or now.acknowledged_at is None:
            return _OVER
        return f"{person(now.acknowledged_by)} has acknowledged it already, at {BLOCKS.clock(now.acknowledged_at)}."

    async def _mute(self, ask: Ask, outage: Outage) -> str:
        until = self._now() + _MUTE
        watch = await self._archive.watches.load(ask.channel_id, outage.service_id)
        if watch is not None and watch.muted_until is not None and watch.muted_until > until:
            return f"It is muted here already, until {BLOCKS.moment(watch.muted_until)}."
        is_muted = await self._watching.mute(ask.channel_id, outage.service_id, until=until, by=ask.user_id)
        return "" if is_muted else await self._unwatched(ask, outage)

    async def _unwatched(self, ask: Ask, outage: Outage) -> str:
        watch = await self._archive.watches.load(ask.channel_id, outage.service_id)
        return "" if watch is not None else f"This channel does not watch {BLOCKS.name(outage.service_id)} any more."
