"""The words about watched services: watch, unwatch, notify, remind, mute, unmute, history.

    watch    <service>… [notify <whom>…] [remind <length>]     unwatch  <service>…
    notify   <service>… <whom>… | nobody                       unmute   <service>…
    remind   <service>… <length> | off                         history  <service> [range]
    mute     <service>… [<length> | until <moment>] [reason]

Whom: a person or a group as Slack offers them while typing, or `here`. Errors suggest the words after the command;
`handlers.intents` puts the command before them. Source: design.md section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rangewords import find_range, nearest_range
from bot.timerange import ParsedRange, RangeError, parse_range, quoted, working_range
from handlers.identities import UsageError, check_name
from handlers.lengths import Length, read_length, read_moment, spell_length
from handlers.whom import EVERYBODY, HERE, JOINERS, NOBODY, is_whom, read_whom, refuse_whom, spell_whom
from handlers.words import Word, nearest, spell_word

DEFAULT_HISTORY = "last-30d"
_EXAMPLE = "rtpproxy"
_MOST_SERVICES = 25
#: Reminders more often than that would be noise; more rarely than a week, nobody would remember asking.
_LEAST_REMIND_S, _MOST_REMIND_S = 300, 7 * 86_400
_LEAST_MUTE_S, _MOST_MUTE_S, _USUAL_MUTE_S = 60, 30 * 86_400, 3600
_LONGEST_REASON = 200

_OFF = frozenset({"off", "never", "none", "no"})
_ENDLESS = frozenset({"forever", "always", "permanently", "indefinitely"})


@dataclass(frozen=True, slots=True)
class WatchServices:
    """Tell this channel when these services flip. None: nothing was said, so what was asked for before stays."""

    service_ids: tuple[str, ...]
    notify: tuple[str, ...] | None = None  # ids: "U…", "W…", "S…", or "here"
    remind_after_s: int | None = None  # 0: never


@dataclass(frozen=True, slots=True)
class UnwatchServices:
    """Tell this channel about these services no more."""

    service_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotifyAbout:
    """Mention these when one of the services goes down; nobody, when empty."""

    service_ids: tuple[str, ...]
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemindOf:
    """Say so again, this often, while one of the services stays down; 0: never."""

    service_ids: tuple[str, ...]
    after_s: int


@dataclass(frozen=True, slots=True)
class MuteServices:
    """No pings about these services until then. `words` say when, so that it can be spelled: "2h", "until 14:00"."""

    service_ids: tuple[str, ...]
    until: datetime
    words: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnmuteServices:
    """Pings again."""

    service_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskHistory:
    """What happened to this service in that time?"""

    service_id: str
    range: ParsedRange


Order = WatchServices | UnwatchServices | NotifyAbout | RemindOf | MuteServices | UnmuteServices
WatchIntent = Order | AskHistory


def read_verb(words: Sequence[Word], *, now: datetime, tz: ZoneInfo) -> WatchIntent:
    """Return what the verb `words[0]` and the words after it ask for. Raises UsageError."""
    return _READERS[words[0].key](words[1:], now, tz)


def spell_verb(intent: WatchIntent) -> str:
    """Return the words that `read_verb` reads as `intent`, at the same instant and in the same zone."""
    match intent:
        case WatchServices(service_ids, notify, remind_after_s):
            whom = "" if notify is None else f" notify {spell_whom(notify)}"
            often = "" if remind_after_s is None else f" remind {_spell_often(remind_after_s)}"
            return f"watch {_spell(service_ids)}{whom}{often}"
        case UnwatchServices(service_ids):
            return f"unwatch {_spell(service_ids)}"
        case NotifyAbout(service_ids, notify):
            return f"notify {_spell(service_ids)} {spell_whom(notify)}"
        case RemindOf(service_ids, after_s):
            return f"remind {_spell(service_ids)} {_spell_often(after_s)}"
        case MuteServices(service_ids, _, words, reason):
            doubled = reason.replace('"', '""')
            return f"mute {_spell(service_ids)} {words}" + (f' "{doubled}"' if reason else "")
        case UnmuteServices(service_ids):
            return f"unmute {_spell(service_ids)}"
        case AskHistory(service_id, asked):
            return f"history {_spell((service_id,))} {asked.words}"


def misplaced_verb(words: Sequence[Word]) -> UsageError | None:
    """Return the error for a verb that is mistyped or stands after the service; None when there is none."""
    first, second = words[0], words[1]
    if second.key in VERBS:
        fitting = f"{second.key} {_spell_service(first.text)} {_as_typed(words[2:])}"
        return UsageError(f"`{second.key}` goes before the service.", fitting.strip())
    if (verb := nearest(first.key, VERBS)) is not None:
        fitting = f"{verb} {_as_typed(words[1:])}"
        return UsageError(f"I do not know {quoted(first.text)}. Did you mean `{verb}`?", fitting)
    return None


def _as_typed(words: Sequence[Word]) -> str:
    return " ".join(spell_word(word.text, reserved={word.text.casefold()} if word.is_quoted else ()) for word in words)


def _watch(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> WatchServices:
    names, whom, often = list(words), None, None
    if (at := _position(names, "remind")) is not None:
        often, stop = _often(names, at + 1, f"watch {_EXAMPLE} remind 30m")
        names[at:stop] = []
    at = _position(names, "notify")
    before, after = (names, []) if at is None else (names[:at], names[at + 1 :])
    # A person named before `notify`, or without it, can only be meant to be rung; `here` could be a slip.
    named = [word for word in before if is_whom(word) and word.key not in HERE]
    if named or at is not None:
        whom = read_whom([*named, *after], f"watch {_EXAMPLE} notify here")
    names = [word for word in before if word not in named]
    return WatchServices(_services(names, "watch"), whom, often)


def _unwatch(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> UnwatchServices:
    return UnwatchServices(_services(words, "unwatch"))


def _notify(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> NotifyAbout:
    whom = [word for word in words if is_whom(word) or word.key in NOBODY or word.key in EVERYBODY]
    service_ids = _services([word for word in words if word not in whom], "notify", "here")
    return NotifyAbout(service_ids, read_whom(whom, f"notify {_spell(service_ids)} here"))


def _remind(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> RemindOf:
    at = next((at for at, word in enumerate(words) if word.key in _OFF or read_length(words, at)), len(words))
    names = [word for word in words[:at] if word.key != "every"]
    service_ids = _services(names, "remind", "30m")
    fitting = f"remind {_spell(service_ids)} 30m"
    after_s, stop = _often(words, at, fitting)
    if stop < len(words):
        raise UsageError(f"I do not know what {quoted(words[stop].text)} is.", fitting)
    return RemindOf(service_ids, after_s)


def _mute(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> MuteServices:
    at = next((at for at in range(len(words)) if _is_end(words, at)), len(words))
    service_ids = _services([word for word in words[:at] if word.key != "for"], "mute", "1h")
    fitting = f"mute {_spell(service_ids)}"
    if at == len(words):
        length: Length | None = Length(_USUAL_MUTE_S, at)
    elif words[at].key in _ENDLESS:
        raise UsageError("A mute always ends, so that no outage is slept through for ever.", f"{fitting} 30d")
    elif words[at].key in _OFF:
        raise UsageError("A mute is taken away by `unmute`.", f"unmute {_spell(service_ids)}")
    else:
        length = read_length(words, at)
    if length is not None:
        until, spelled, stop = now + timedelta(seconds=length.seconds), spell_length(length.seconds), length.stop
    else:
        moment = read_moment(words, at + 1, now=now, tz=tz)
        if moment is None:
            what = quoted(" ".join(word.text for word in words[at : at + 3]))
            raise UsageError(f"I do not know when {what} is. Write a time of day, or how long.", f"{fitting} 2h")
        until, spelled, stop = moment.at, f"until {moment.words}", moment.stop
    typed = quoted(" ".join(word.text for word in words[at:stop]))
    if until - now < timedelta(seconds=_LEAST_MUTE_S):
        raise UsageError(f"{typed} is no time to mute anything for: a minute is the least.", f"{fitting} 1h")
    if until - now > timedelta(seconds=_MOST_MUTE_S):
        raise UsageError(f"{typed} is too long: a mute ends after 30 days at the latest.", f"{fitting} 30d")
    reason = " ".join(" ".join(word.text for word in words[stop:]).split())
    if len(reason) > _LONGEST_REASON:
        raise UsageError(
            f"That reason is {len(reason)} characters long; {_LONGEST_REASON} are the most.", f"{fitting} {spelled}"
        )
    return MuteServices(service_ids, until, spelled, reason)


def _unmute(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> UnmuteServices:
    return UnmuteServices(_services(words, "unmute"))


def _history(words: Sequence[Word], now: datetime, tz: ZoneInfo) -> AskHistory:
    texts = ["\0" if word.is_quoted else word.text for word in words]
    # A service may be called like a range; as long as another range follows, the first word is the service.
    found = find_range(["\0", *texts[1:]]) or (find_range(texts) if len(words) > 1 else None)
    start, stop = found or (len(words), len(words))
    text = " ".join(texts[start:stop]) or DEFAULT_HISTORY
    others = [*words[:start], *words[stop:]]
    if len(others) > 1 and (meant := nearest_range(others[1].key)) is not None:
        works = working_range(meant, now=now, tz=tz)
        whose = f"history {spell_word(others[0].text)} {works}"
        raise UsageError(f"I do not know {quoted(others[1].text)}. Did you mean `{works}`?", whose)
    service_ids = _services(others, "history")
    if len(service_ids) > 1:
        raise UsageError("The history of one service at a time.", f"history {_spell(service_ids[:1])} {text}")
    try:
        asked = parse_range(text, now=now, tz=tz)
    except RangeError as error:
        raise UsageError(str(error), f"history {_spell(service_ids)} {error.suggestion}") from error
    return AskHistory(service_ids[0], asked)


_READERS: Mapping[str, Callable[[Sequence[Word], datetime, ZoneInfo], WatchIntent]] = {
    "watch": _watch,
    "unwatch": _unwatch,
    "notify": _notify,
    "remind": _remind,
    "mute": _mute,
    "unmute": _unmute,
    "history": _history,
}
VERBS: Sequence[str] = tuple(_READERS)
#: Words that a service's name has to be quoted for, anywhere in these questions.
RESERVED = frozenset({"every", "for", "until", *VERBS, *JOINERS, *HERE, *NOBODY, *EVERYBODY, *_OFF, *_ENDLESS})


def _services(words: Sequence[Word], verb: str, rest: str = "") -> tuple[str, ...]:
    """Return the ids of services, each once, in the order typed; commas and `and` between them are no ids."""
    names = [word.text.strip() if word.is_quoted else word.text.strip(",") for word in words if word.key not in JOINERS]
    example = f"{verb} {_EXAMPLE} {rest}".strip()
    if not names:
        raise UsageError(f"{verb.capitalize()} which service?", example)
    for word in words:
        if is_whom(word):
            refuse_whom(word, example)
    for name in names:
        try:
            check_name(name)
        except UsageError as error:
            raise UsageError(str(error), example) from error
    ids = tuple(dict.fromkeys(names))
    if len(ids) > _MOST_SERVICES:
        raise UsageError(f"{len(ids)} services at once are too many; {_MOST_SERVICES} are the most.", example)
    return ids


def _is_end(words: Sequence[Word], at: int) -> bool:
    """Tell whether it is said here how long: the words before are services."""
    key = words[at].key
    return key == "until" or key in _ENDLESS or key in _OFF or read_length(words, at) is not None


def _position(words: Sequence[Word], key: str) -> int | None:
    return next((at for at, word in enumerate(words) if word.key == key), None)


def _often(words: Sequence[Word], at: int, example: str) -> tuple[int, int]:
    """Return how often, in seconds, and where the words after it begin."""
    if at < len(words) and words[at].key == "every":
        at += 1
    if at < len(words) and words[at].key in _OFF:
        return 0, at + 1
    length = read_length(words, at)
    if length is None:
        raise UsageError("How often? Write for example `30m`, or `off`.", example)
    if not _LEAST_REMIND_S <= length.seconds <= _MOST_REMIND_S:
        raise UsageError("A reminder comes every 5 minutes at the most, and once a week at the least.", example)
    return length.seconds, length.stop


def _spell(service_ids: Sequence[str]) -> str:
    return " ".join(_spell_service(service_id) for service_id in service_ids)


def _spell_service(service_id: str) -> str:
    is_read_otherwise = (
        service_id.strip(",") != service_id
        or is_whom(Word(service_id))
        or read_length([Word(service_id), Word("m")], 0) is not None
    )
    return spell_word(service_id, reserved={service_id.casefold()} if is_read_otherwise else RESERVED)


def _spell_often(seconds: int) -> str:
    return spell_length(seconds) if seconds else "off"
