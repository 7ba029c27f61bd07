"""Counters over time, as far as they are sampled."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering.blocks import Message
from bot.rendering.voice import BLOCKS
from bot.reporting.models import Counter

#: The platform refreshes a counter every two minutes; more bars than these wrap on a phone.
_MOST_BARS = 30


def counter(now_message: Message, samples: Sequence[Counter]) -> Message:
    """Return a counter's value (`now_message`) with the samples of its last hour, oldest first, below it."""
    shown = samples[-_MOST_BARS:]
    if len(shown) < 2:
        return now_message
    values = [sample.value for sample in shown]
    lowest = min(shown, key=lambda sample: sample.value)
    highest = max(shown, key=lambda sample: sample.value)
    said = (
        f"The last hour: lowest {say.number(lowest.value)} at {BLOCKS.clock(lowest.modified_at)}, "
        f"highest {say.number(highest.value)} at {BLOCKS.clock(highest.modified_at)}"
    )
    text = f"{now_message.text}; in the last hour {say.number(lowest.value)} to {say.number(highest.value)}"
    return kit.message(text, [*now_message.blocks, kit.section(f"```{say.bars(values)}```"), kit.context([said])])
