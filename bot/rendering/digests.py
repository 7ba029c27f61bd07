"""One message about many outages, edited for life: a line and state per service, as far as Slack's limits reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering import outages as about
from bot.rendering.blocks import Message
from bot.rendering.voice import BLOCKS, TEXT, Voice, mentions, person
from bot.watching.models import Card, Line, Telling

#: Menus of a digest. An option's value is an outage's id, or `ALL` and the card's id.
PREFIX = "digest_"
ACKNOWLEDGE, UNACKNOWLEDGE, MUTE = "digest_acknowledge", "digest_unacknowledge", "digest_mute"
ALL = "all"

#: Slack takes some 13,000 characters for a whole message, the texts in menus included. The shares, at worst:
#: mentions, services with a line of their own, the names of others, each of three menus.
_MENTIONS_LIMIT, _ROWS_LIMIT, _NAMES_LIMIT, _MENU_LIMIT = 1000, 5000, 2600, 1000
_ROW_LIMIT, _OPTION_LIMIT = 260, 60
_MOST_ROWS, _ROWS_A_BLOCK, _TEXT_NAMES = 60, 10, 60


def message(telling: Telling, card: Card, tail: str) -> Message:
    """Return the digest of a card's lines: those that want somebody's eyes first."""
    lines = sorted(card.lines, key=lambda line: _ORDER.index(_state(line)))
    open_lines = [line for line in lines if about.is_open(line)]
    rung = kit.clip(mentions(telling.notify), _MENTIONS_LIMIT) if open_lines else ""
    added = f"{tail} {rung}".rstrip()
    shown = [kit.section(_headline(lines, BLOCKS) + added)]
    rows = list(_within(_ROWS_LIMIT, map(_row, lines[:_MOST_ROWS])))
    shown += [kit.section("\n".join(rows[at : at + _ROWS_A_BLOCK])) for at in range(0, len(rows), _ROWS_A_BLOCK)]
    if rest := lines[len(rows) :]:
        shown.append(_names_only(rest))
    if menus := _menus(card.card_id, open_lines):
        shown.append(kit.actions(menus, block_id="digest"))
    named = TEXT.names((line.outage.service_id for line in open_lines or lines), _TEXT_NAMES)
    return kit.message(f"{_headline(lines, TEXT)}: {kit.clip(named, 2500)}{added}", shown)


def _within(limit: int, texts: Iterable[str]) -> Iterator[str]:
    """Yield texts while all of them together have at most `limit` characters."""
    room = limit
    for text in texts:
        room -= len(text) + 1
        if room < 0:
            return
        yield text


_ORDER = ("down", "flapping", "up again", "no longer watched")


def _state(line: Line) -> str:
    if line.closed_at is not None:
        return "no longer watched"
    if line.outage.is_flapping:
        return "flapping"
    return "down" if line.outage.is_down else "up again"


def _headline(lines: Sequence[Line], voice: Voice) -> str:
    counts = {state: sum(_state(line) == state for line in lines) for state in _ORDER}
    services = f"{say.number(len(lines))} {'service' if len(lines) == 1 else 'services'}"
    if counts["down"] == len(lines):
        return f"{about.DOWN} {voice.bold(f'{services} are DOWN')}"
    if counts["up again"] == len(lines):
        longest = say.duration(max((line.outage.lasted_s or 0 for line in lines), default=0))
        return f"{about.UP} {voice.bold(f'All {services} are up again')}, the longest was down {longest}"
    icon = about.DOWN if counts["down"] else about.FLAPPING if counts["flapping"] else about.UP
    said = ", ".join(f"{say.number(count)} {state}" for state, count in counts.items() if count)
    return f"{icon} {voice.bold(f'Of {services}: {said}')}"


def _row(line: Line) -> str:
    outage = line.outage
    if line.closed_at is not None:
        return kit.clip(f"{about.UNKNOWN} {BLOCKS.name(outage.service_id)} no longer watched here", _ROW_LIMIT)
    said = f"{about.icon(outage)} {BLOCKS.name(outage.service_id)} "
    if outage.is_flapping:
        said += f"flapping, {'down' if outage.is_down else 'up'} now"
    elif outage.is_down:
        said += f"down, first seen {BLOCKS.clock(outage.first_seen_down)}"
    else:
        said += f"up again, {about.length(outage)}"
    if outage.acknowledged_at is not None and about.is_open(line):
        said += f" · {about.SEEN_TO} {person(outage.acknowledged_by)}"
    return kit.clip(said + (f" · {about.QUIET} muted" if line.muted_until is not None else ""), _ROW_LIMIT)


def _names_only(lines: Sequence[Line]) -> kit.Block:
    """Return names by state, and the number of services whose names do not fit."""
    room, named, rows = _NAMES_LIMIT, 0, []
    for state in _ORDER:
        wanted = (TEXT.name(line.outage.service_id).replace("`", "'") for line in lines if _state(line) == state)
        names = list(_within(room, wanted))
        room -= sum(len(name) + 1 for name in names)
        named += len(names)
        if names:
            rows.append(f"Also {state}: `{' '.join(names)}`")  # as code, so that nothing in a name formats
    if named < len(lines):
        rows.append(f"and {say.number(len(lines) - named)} more: ask for the board, or for one of them by name")
    return kit.section("\n".join(rows))


def _menus(card_id: int, lines: Sequence[Line]) -> list[kit.Block]:
    rows: tuple[tuple[str, str, Callable[[Line], bool]], ...] = (
        (ACKNOWLEDGE, "Acknowledge …", lambda line: line.outage.acknowledged_at is None),
        (UNACKNOWLEDGE, "Undo acknowledge …", lambda line: line.outage.acknowledged_at is not None),
        (MUTE, "Mute 1 h …", lambda line: line.muted_until is None),
    )
    found = ((action, label, [line for line in lines if is_fitting(line)]) for action, label, is_fitting in rows)
    return [kit.menu(label, action, _options(card_id, fitting)) for action, label, fitting in found if fitting]


def _options(card_id: int, lines: Sequence[Line]) -> list[tuple[str, str]]:
    every = [(f"All ({say.number(len(lines))})", f"{ALL} {card_id}")] if len(lines) > 1 else []
    names = _within(_MENU_LIMIT, (line.outage.service_id[:_OPTION_LIMIT].strip() or "?" for line in lines))
    return [*every, *((name, str(line.outage.outage_id)) for name, line in zip(names, lines, strict=False))]


def parse_value(value: str) -> tuple[int | None, int | None]:
    """Return the outage's id, or the id of the card all of whose outages are meant; (None, None) for anything else."""
    is_all = value.startswith(f"{ALL} ")
    number = value.removeprefix(f"{ALL} ")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None, None
    return (None, int(number)) if is_all else (int(number), None)
