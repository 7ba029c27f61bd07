"""What a channel watches, and how one service is doing: the board, and the lines below a service's status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering import history
from bot.rendering import outages as about
from bot.rendering.blocks import Message
from bot.rendering.voice import BLOCKS, TEXT, person, unrung
from bot.reporting.models import Status
from bot.watching.models import Outage, ServiceState, Sight, Watch
from bot.watching.uptime import Record

#: Characters of rows, and of the names of services that have no row. Slack takes some 13,000 for a message.
_ROWS_LIMIT, _NAMES_LIMIT, _ROW_LIMIT = 8000, 2500, 480
_ROWS_A_BLOCK, _TEXT_NAMES = 6, 40


@dataclass(frozen=True, slots=True)
class Row:
    """One watched service."""

    watch: Watch
    state: ServiceState | None  # None: not asked yet
    outage: Outage | None = None  # the open one

    @property
    def status(self) -> Status:
        """What is known now: nothing while it cannot be asked."""
        is_known = self.state is not None and self.state.unknown_since is None
        return self.state.status if self.state is not None and is_known else Status.UNKNOWN


def board(rows: Sequence[Row], sight: Sight, *, now: datetime, command: str, is_public: bool) -> Message:
    """Return all that a channel watches, what is down first; `is_public` leaves out whose work the watches are."""
    ordered = sorted(rows, key=lambda row: (_ORDER[row.status], row.watch.service_id))
    counts = [(status, sum(row.status is status for row in rows)) for status in _ORDER]
    said = ", ".join(f"{say.number(count)} {status}" for status, count in counts if count)
    what = f"This channel watches {say.number(len(rows))} {'service' if len(rows) == 1 else 'services'}"
    shown = [kit.section(f"*{what}*: {said}")]
    if sight.is_told and sight.blind_since is not None:
        shown.append(kit.section(f":warning: I cannot see the platform since {BLOCKS.moment(sight.blind_since)}."))
    texts: list[str] = []
    room = _ROWS_LIMIT
    for row in ordered:
        text = kit.clip(_row(row, now=now, is_public=is_public), _ROW_LIMIT)
        room -= len(text) + 1
        if room < 0:
            break
        texts.append(text)
    shown += [kit.section("\n".join(texts[at : at + _ROWS_A_BLOCK])) for at in range(0, len(texts), _ROWS_A_BLOCK)]
    if rest := ordered[len(texts) :]:
        shown.append(_names_only([row.watch.service_id for row in rest]))
    name = kit.escape(command)
    shown.append(kit.context([f"`{name} NAME` tells more about one · `{name} watch NAME` · `{name} mute NAME 2h`"]))
    down = [row.watch.service_id for row in ordered if row.status is Status.DOWN]
    named = f". Down: {kit.clip(TEXT.names(down, _TEXT_NAMES), 2500)}" if down else ""
    return kit.message(f"{what}: {said}{named}", shown)


def empty_board(help_message: Message) -> Message:
    """Return the board of a channel that watches nothing: what to type."""
    text = "This channel watches nothing yet."
    return kit.message(f"{text} {help_message.text}", [kit.section(text), *help_message.blocks])


def service(now_message: Message, row: Row | None, record: Record | None, *, now: datetime, is_public: bool) -> Message:
    """Return a service's status now (`now_message`), and below it what is on record of it."""
    shown = list(now_message.blocks)
    lines = []
    if row is not None:
        state = row.state
        if state is not None and state.since is not None and state.status is not Status.UNKNOWN:
            lines.append(f"Seen {state.status} since {BLOCKS.moment(state.since)}")
        wishes = " · ".join(_wishes(row.watch, now=now, is_public=is_public))
        lines += [text[0].upper() + text[1:] for text in (_since_unknown(state), wishes) if text]
        if row.outage is not None and row.outage.acknowledged_at is not None:
            seen_at = BLOCKS.clock(row.outage.acknowledged_at)
            lines.append(f"{about.SEEN_TO} Acknowledged at {seen_at}" + _by(row.outage.acknowledged_by, is_public))
    text = now_message.text
    if record is not None and (record.outages or record.first_seen is not None):
        text = f"{text} · {history.summary(record, TEXT)}"
        lines.append(history.summary(record, BLOCKS))
        shown.append(kit.context(lines))
        if record.outages:
            shown.append(history.listed(record.outages, 3))
    elif lines:
        shown.append(kit.context(lines))
    return kit.message(text, shown)


_ORDER = {Status.DOWN: 0, Status.UNKNOWN: 1, Status.UP: 2}
_ICONS = {Status.DOWN: about.DOWN, Status.UNKNOWN: about.UNKNOWN, Status.UP: about.UP}


def _row(row: Row, *, now: datetime, is_public: bool) -> str:
    state, outage = row.state, row.outage
    icon = about.FLAPPING if state is not None and state.is_flapping else _ICONS[row.status]
    said = f"{icon} {BLOCKS.name(row.watch.service_id)} "
    if state is None or state.seen_at is None:
        said += "not asked yet"
    elif state.unknown_since is not None:
        said += f"unknown: {_since_unknown(state)}"
    elif row.status is Status.UNKNOWN:
        said += "unknown so far"
    else:
        flapping = "flapping, " if state.is_flapping else ""
        since = f" since {BLOCKS.moment(state.since)}" if state.since is not None else ""
        said += f"{flapping}{state.status}{since} · seen {say.age(state.last_seen or state.seen_at, now)}"
    if outage is not None and outage.acknowledged_at is not None:
        said += f" · {about.SEEN_TO} acknowledged" + _by(outage.acknowledged_by, is_public)
    return " · ".join([said, *_wishes(row.watch, now=now, is_public=is_public)])


def _since_unknown(state: ServiceState | None) -> str:
    if state is None or state.unknown_since is None:
        return ""
    before = f"; {state.status} before that" if state.status is not Status.UNKNOWN else ""
    return f"could not ask since {BLOCKS.moment(state.unknown_since)}{before}"


def _wishes(watch: Watch, *, now: datetime, is_public: bool) -> list[str]:
    """Return what the channel wants of a service: quiet, whom to ring, reminders, and who asked for it."""
    said = []
    if watch.is_muted(now) and watch.muted_until is not None:
        why = f" ({kit.escape(watch.mute_reason)})" if watch.mute_reason else ""
        said.append(
            f"{about.QUIET} muted until {BLOCKS.minute(watch.muted_until)}{_by(watch.muted_by, is_public)}{why}"
        )
    if watch.notify and not is_public:
        said.append(f"rings {unrung(watch.notify)}")
    if watch.remind_after_s:
        said.append(f"reminds every {say.duration(watch.remind_after_s)}")
    if not is_public:
        said.append(f"watched by {person(watch.created_by)}")
    return said


def _by(user_id: str | None, is_public: bool) -> str:
    """Return who did it, but not where naming people would ring them."""
    return "" if is_public or user_id is None else f" by {person(user_id)}"


def _names_only(names: Iterable[str]) -> kit.Block:
    listed, room, count = [], _NAMES_LIMIT, 0
    for each in names:
        shown = TEXT.name(each).replace("`", "'")
        room -= len(shown) + 1
        if room >= 0:
            listed.append(shown)
        else:
            count += 1
    also = f"Also: `{' '.join(listed)}`" if listed else ""
    more = f"and {say.number(count)} more" if count else ""
    return kit.section("\n".join(filter(None, (also, more))))
