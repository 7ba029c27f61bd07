"""What happened to a service: its outages, its time down, its uptime with the time that it was seen at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering import outages as about
from bot.rendering.blocks import Message
from bot.rendering.voice import BLOCKS, TEXT, Voice
from bot.timerange import ParsedRange
from bot.watching.models import Outage
from bot.watching.uptime import Record

#: Outages with a line of their own.
_LISTED = 30
_ROWS_A_BLOCK = 10
_ROW_LIMIT = 290


def history(record: Record, asked: ParsedRange, zone: str) -> Message:
    """Return the history of a service in the range that was asked for; `zone` is the time zone of its days."""
    outages = record.outages
    label = kit.escape(asked.label)
    text = f"{TEXT.name(record.service_id)} · {label}: {_counted(outages)}, {summary(record, TEXT)}"
    shown = [
        kit.section(f"{BLOCKS.name(record.service_id)} · {label}: *{_counted(outages)}*, {summary(record, BLOCKS)}")
    ]
    shown += [listed(outages[at : at + _ROWS_A_BLOCK], _ROWS_A_BLOCK) for at in range(0, len(outages[:_LISTED]), 10)]
    notes = [*asked.notes, "Time that nobody saw counts neither as up nor as down."]
    if len(outages) > _LISTED:
        notes.insert(0, f"and {say.number(len(outages) - _LISTED)} earlier ones; ask for a shorter time to see them.")
    since, until = asked.time_range.since, asked.time_range.until
    shown.append(kit.context([f"{BLOCKS.moment(since)} – {BLOCKS.moment(until)} ({zone})", *map(kit.escape, notes)]))
    return kit.message(text, shown)


def no_history(service_id: str, asked: ParsedRange, to_watch: str) -> Message:
    """Return the answer for a service that nobody has watched in that time; `to_watch` is the command for that."""
    rest = f"nothing is on record for {kit.escape(asked.label)}. A service is seen from when somebody watches it on:"
    todo = kit.clip(kit.escape(to_watch.replace("`", "'")), 400)
    return kit.message(
        f"{TEXT.name(service_id)}: {rest} {todo}", [kit.section(f"{BLOCKS.name(service_id)}: {rest} `{todo}`")]
    )


def summary(record: Record, voice: Voice) -> str:
    """Return uptime and coverage: "uptime 99.953 % of the 3 h 4 min seen (10.6 % of the time)"."""
    if record.uptime_pct is None:
        return "not seen for long enough to say an uptime"
    length = record.time_range.length.total_seconds()
    is_whole = record.seen_s >= length - 90  # what is seen is written down once a minute
    covered = "" if is_whole else f" ({say.percent(record.coverage_pct)} of the time)"
    down = f"down {say.duration(record.down_s)}, " if record.down_s >= 1 else ""
    return f"{down}uptime {voice.bold(percent(record.uptime_pct))} of the {say.duration(record.seen_s)} seen{covered}"


def percent(value: float) -> str:
    """Return an uptime with three digits; never 100 % when it is only nearly so."""
    if value >= 100:
        return "100 %"
    return f"{math.floor(value * 1000) / 1000:.3f} %"


def listed(outages: Sequence[Outage], most: int) -> kit.Block:
    """Return a section with a line for each of the first `most` outages."""
    return kit.section("\n".join(kit.clip(_line(outage), _ROW_LIMIT) for outage in outages[:most]))


def _line(outage: Outage) -> str:
    began = BLOCKS.moment(outage.first_seen_down)
    if outage.is_down and outage.is_over:
        return f"{about.UNKNOWN} {began} · went down; nobody watched how it went on"
    state = "down now" if outage.is_down else about.length(outage)
    flapped = f" · {say.number(outage.flips)} flips" if outage.flips > 2 else ""
    calls = f" · ongoing calls {say.number(outage.calls.value)}" if outage.calls is not None else ""
    seen_to = " · acknowledged" if outage.acknowledged_at is not None else ""
    return f"{about.icon(outage)} {began} · {state}{flapped}{calls}{seen_to}"


def _counted(outages: Sequence[Outage]) -> str:
    if not outages:
        return "no outages"
    return f"{say.number(len(outages))} {'outage' if len(outages) == 1 else 'outages'}"
