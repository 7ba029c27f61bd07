"""Sentences about one outage, for cards, replies, boards and histories."""

from __future__ import annotations

from bot.rendering import figures as say
from bot.rendering.voice import BLOCKS, Voice, person
from bot.watching.models import Line, Outage

DOWN, FLAPPING, UP, UNKNOWN = ":red_circle:", ":large_orange_circle:", ":large_green_circle:", ":white_circle:"
QUIET, SEEN_TO = ":no_bell:", ":eyes:"


def icon(outage: Outage) -> str:
    """Return the colour of an outage; words beside it always say the same."""
    if outage.is_flapping:
        return FLAPPING
    return DOWN if outage.is_down else UP


def is_open(line: Line) -> bool:
    """Tell whether a line still wants somebody's eyes."""
    return line.closed_at is None and (line.outage.is_down or line.outage.is_flapping)


def headline(line: Line, voice: Voice) -> str:
    """Return what a card says first: one line that a lock screen shows whole."""
    outage = line.outage
    if line.closed_at is not None:
        return f"{UNKNOWN} {voice.stated(outage.service_id, 'is no longer watched here')} · {past(outage, voice)}"
    if outage.is_flapping:
        state = "DOWN" if outage.is_down else "up"
        said = voice.stated(outage.service_id, f"is flapping, {state} now")
        return f"{FLAPPING} {said} · {say.number(outage.flips)} flips since {went_down(outage, voice)}"
    if outage.is_down:
        said = f"{DOWN} {voice.stated(outage.service_id, 'is DOWN since')} {went_down(outage, voice)}"
        return " · ".join(filter(None, [said, _calls_now(outage), _away(outage.off_s)]))
    return f"{recovered(outage, voice)} · {span(outage, voice)}"


def recovered(outage: Outage, voice: Voice) -> str:
    """Return that a service is up again, and how long it was down."""
    return f"{UP} {voice.stated(outage.service_id, 'is up again')}, {length(outage)}"


def length(outage: Outage) -> str:
    """Return "down 14 min 30 s", as exactly as it is known."""
    if outage.lasted_s is None:
        return "down for a time that is not known"
    least = "at least " if outage.last_seen_up is None else ""
    return f"down {least}{say.duration(outage.lasted_s) if outage.lasted_s >= 1 else 'under 1 s'}"


def went_down(outage: Outage, voice: Voice) -> str:
    """Return when it went down: last seen up to first seen down."""
    if outage.last_seen_up is None:
        return f"before {voice.clock(outage.first_seen_down)}, when it was first looked at"
    return voice.between(outage.last_seen_up, outage.first_seen_down)


def span(outage: Outage, voice: Voice) -> str:
    """Return when it went down and when it came up."""
    down = went_down(outage, voice)
    if outage.first_seen_up is None:
        return f"went down {down}"
    came_up = voice.between(outage.last_seen_down or outage.first_seen_up, outage.first_seen_up)
    return f"went down {down}, came up {came_up}"


def past(outage: Outage, voice: Voice) -> str:
    """Return what was known of an outage when it was looked at last."""
    return span(outage, voice) if outage.first_seen_up is not None else f"it went down {went_down(outage, voice)}"


def facts(line: Line) -> list[str]:
    """Return the small print of a card, a line each, in the voice of blocks: everything stays true."""
    outage, said = line.outage, []
    if outage.last_seen_up is not None:
        said.append(f"Last seen up {BLOCKS.moment(outage.last_seen_up)}")
    said.append(f"first seen down {BLOCKS.moment(outage.first_seen_down)}")
    first = " · ".join(said)
    lines = [first[0].upper() + first[1:]]
    if outage.calls is not None:
        counted = f"as counted by the platform at {BLOCKS.clock(outage.calls.modified_at)}"
        lines.append(f"{_calls_then(outage)}, {counted}" if not _is_plainly_down(line) else f"Calls {counted}")
    if outage.first_seen_up is not None:
        lines.append(f"First seen up {BLOCKS.moment(outage.first_seen_up)}")
    if outage.flips > 2 and not outage.is_flapping:
        lines.append(f"It flapped: {say.number(outage.flips)} flips")
    if outage.off_s and not _is_plainly_down(line):
        lines.append(f"{_away(outage.off_s)} before it was seen down")
    if outage.ended_off_s:
        lines.append(f"{_away(outage.ended_off_s)} before it was seen up, which it may have been earlier")
    return [line[0].upper() + line[1:] for line in lines]


def states(line: Line) -> list[str]:
    """Return what people have done about an outage, a line each, in the voice of blocks."""
    outage, said = line.outage, []
    if outage.acknowledged_at is not None:
        said.append(
            f"{SEEN_TO} Acknowledged by {person(outage.acknowledged_by)} at {BLOCKS.clock(outage.acknowledged_at)}"
        )
    if line.closed_at is not None:
        said.append(
            f"Unwatched by {person(line.closed_by)} at {BLOCKS.clock(line.closed_at)}: nothing is added here any more"
        )
    elif line.muted_until is not None:
        said.append(f"{QUIET} Muted here until {BLOCKS.minute(line.muted_until)} by {person(line.muted_by)}")
    return said


def _is_plainly_down(line: Line) -> bool:
    """Tell whether the headline is the one with the calls in it."""
    return line.closed_at is None and line.outage.is_down and not line.outage.is_flapping


def _calls_now(outage: Outage) -> str:
    if outage.calls is None:
        return ""
    return f"ongoing calls {say.number(outage.calls.value)}{_before(outage, 'ago')}"


def _calls_then(outage: Outage) -> str:
    assert outage.calls is not None
    return f"Ongoing calls then {say.number(outage.calls.value)}{_before(outage, 'before')}"


def _before(outage: Outage, word: str) -> str:
    if outage.calls is None or outage.calls_before is None:
        return ""
    change = say.relative_change(outage.calls.value, outage.calls_before.value)
    earlier = f", {say.number(outage.calls_before.value)} ten minutes {word}"
    return f"{earlier} ({change})" if change else earlier


def _away(off_s: float) -> str:
    return f"the bot was off {say.duration(off_s)} in between" if off_s else ""
