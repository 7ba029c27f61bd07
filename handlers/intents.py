"""What a text asks for: one parser for slash commands, mentions, direct messages and the terminal.

    calls     [username|number|email|did] <endpoint> [data|pstn] [range]
    counters  [<counter>]
    services  [<service>], and the verbs of `handlers.watchwords`
    help      after any of them, or alone

A verb is a row of `_VERBS`; what begins with none is the topic's own question. Source: design.md section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from bot.reporting.models import IdentityType
from bot.timerange import quoted
from handlers.callwords import AskCalls, read_calls, spell_calls
from handlers.identities import TYPES, UsageError, check_name, guess_type, is_number_start
from handlers.watchwords import RESERVED, VERBS, AskHistory, Order, misplaced_verb, read_verb, spell_verb
from handlers.words import Word, nearest, normalise, spell_word, tokenise

__all__ = ["AskBoard", "AskCalls", "AskCounter", "AskCounters", "AskService", "Help", "Intent", "UsageError"]
__all__ += ["parse", "spell"]


@dataclass(frozen=True, slots=True)
class AskCounter:
    """What does this counter say?"""

    counter_id: str


@dataclass(frozen=True, slots=True)
class AskCounters:
    """What do all counters that are set up say?"""


@dataclass(frozen=True, slots=True)
class AskService:
    """Is this service up?"""

    service_id: str


@dataclass(frozen=True, slots=True)
class AskBoard:
    """What does this channel watch?"""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be asked, about one topic ("calls", "counters", "services") or, with None, at all?"""

    topic: str | None


Question = AskCalls | AskCounter | AskCounters | AskService | AskBoard | AskHistory | Help
Intent = Question | Order

#: More than any question needs; what is longer is a pasted log.
_MOST_CHARACTERS, _MOST_WORDS = 1000, 60
_HELP_WORDS = ("help", "?")
_GREETINGS = ("hi", "hello", "hey", *_HELP_WORDS)
_TOPICS = {"calls": "calls", "call": "calls", "counters": "counters", "counter": "counters"} | dict.fromkeys(
    ("services", "service"), "services"
)
_EXAMPLES = {"calls": "username abc123 last-7d", "counters": "currentcalls", "services": "rtpproxy"}


def parse(
    text: str | Sequence[Word],
    *,
    command: str | None,
    now: datetime,
    tz: ZoneInfo,
    bot_user_id: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Intent:
    """Return what `text` asks for: raw text as Slack sends it, or words that are already split.

    `command` is the topic of a slash command; without one the text begins with it. Mentions of `bot_user_id` are no
    words. `names` tells by topic how a command is called where it was asked, for suggestions ("/calls" after a slash
    command, "calls" elsewhere). Raises UsageError, and nothing else; its suggestion parses in the same place.
    """
    words: Sequence[Word] = tokenise(normalise(text)) if isinstance(text, str) else text
    length = sum(len(word.text) + 1 for word in words) - 1
    context = _Context(now, tz, names or {topic: f"/{topic}" if command else topic for topic in _EXAMPLES})
    if length > _MOST_CHARACTERS or len(words) > _MOST_WORDS:
        about = command or "calls"
        raise UsageError(
            f"That is too long for a question ({length:,} characters, {len(words):,} words).",
            f"{context.names[about]} {_EXAMPLES[about]}",
        )
    words = _addressed(words, bot_user_id)
    if command is not None:
        is_repeated = words and _slash_topic(words[0].key) == command
        return _read(command, words[1:] if is_repeated else words, context)
    if not words:
        return Help(None)
    first = words[0].key
    if first in _GREETINGS:
        return Help(_topic(words[1].key) if len(words) > 1 else None)
    if (topic := _topic(first)) is not None:
        return _read(topic, words[1:], context)
    return _read_without_topic(words, context)


def spell(intent: Intent, names: Mapping[str, str] | None = None) -> str:
    """Return the command that asks for `intent`: "/calls username abc123 pstn last-7d".

    `parse(tokenise(spell(intent)), command=None, ...)` is an equal intent at the same instant and in the same zone.
    """
    called = names or {topic: f"/{topic}" for topic in _EXAMPLES}
    match intent:
        case AskCalls():
            return f"{called['calls']} {spell_calls(intent)}"
        case AskCounter(counter_id):
            return f"{called['counters']} {spell_word(counter_id, reserved=_reserved('counters'))}"
        case AskCounters():
            return called["counters"]
        case AskService(service_id):
            return f"{called['services']} {spell_word(service_id, reserved=_reserved('services'))}"
        case AskBoard():
            return called["services"]
        case Help(topic):
            return f"{called[topic]} help" if topic else "help"
        case _:
            return f"{called['services']} {spell_verb(intent)}"


@dataclass(frozen=True, slots=True)
class _Context:
    """When and where it is asked, and what commands are called there."""

    now: datetime
    tz: ZoneInfo
    names: Mapping[str, str]


_Reader = Callable[[Sequence[Word], _Context], Intent]


def _calls(words: Sequence[Word], context: _Context) -> Intent:
    return read_calls(words, now=context.now, tz=context.tz) if words else Help("calls")


def _counters(words: Sequence[Word], context: _Context) -> Intent:
    return AskCounter(_one_name(words, "counter")) if words else AskCounters()


def _services(words: Sequence[Word], context: _Context) -> Intent:
    if len(words) > 1 and (error := misplaced_verb(words)) is not None:
        raise error
    return AskService(_one_name(words, "service")) if words else AskBoard()


def _watching(words: Sequence[Word], context: _Context) -> Intent:
    return read_verb(words, now=context.now, tz=context.tz)


def _no_schedules(words: Sequence[Word], context: _Context) -> NoReturn:
    raise UsageError(
        f"`{words[0].key}` comes in a later version; this one posts no reports by itself. Ask when you want one."
    )


_QUESTIONS: Mapping[str, _Reader] = {"calls": _calls, "counters": _counters, "services": _services}
_VERBS: Mapping[tuple[str, str], _Reader] = {
    ("calls", "schedule"): _no_schedules,
    ("calls", "schedules"): _no_schedules,
    **{("services", verb): _watching for verb in VERBS},
}


def _read(topic: str, words: Sequence[Word], context: _Context) -> Intent:
    """Return the intent of what follows a command; an error's suggestion becomes a whole command that works."""
    try:
        return _read_after(topic, words, context)
    except UsageError as error:
        suggestion = error.suggestion
        try:
            _read_after(topic, tokenise(suggestion), context)
        except UsageError:
            suggestion = ""
        raise UsageError(str(error), f"{context.names[topic]} {suggestion or _EXAMPLES[topic]}") from error


def _read_after(topic: str, words: Sequence[Word], context: _Context) -> Intent:
    first = words[0].key if words else ""
    if first in _HELP_WORDS:
        return Help(topic)
    return _VERBS.get((topic, first), _QUESTIONS[topic])(words, context)


def _read_without_topic(words: Sequence[Word], context: _Context) -> Intent:
    """Return the question for calls that a mention without a command is, where it can be nothing else."""
    first = words[0]
    if (topic := next((topic for topic, verb in _VERBS if verb == first.key), None)) is not None:
        return _read(topic, words, context)
    if first.key in TYPES or is_number_start(first) or guess_type(first.text) is IdentityType.EMAIL:
        return _read("calls", words, context)
    if topic := _topic(nearest(first.key, tuple(_TOPICS)) or ""):
        # The words after a mistyped command are taken as they stand when they are a question.
        try:
            suggestion = spell(_read(topic, words[1:], context), context.names)
        except UsageError as error:
            suggestion = error.suggestion
        raise UsageError(f"I do not know {quoted(first.text)}. Did you mean `{topic}`?", suggestion)
    try:
        intent = _read("calls", words, context)
    except UsageError:
        intent = None
    if intent is not None and len(words) > 1:
        return intent
    whole = quoted(" ".join(word.text for word in words))
    if intent is None:
        raise UsageError(f"I did not understand {whole}. I know `calls`, `counters` and `services`.", "help")
    raise UsageError(
        f"I did not understand {whole}. To ask how a user's calls went, begin with `calls`.",
        spell(intent, context.names),
    )


def _addressed(words: Sequence[Word], bot_user_id: str | None) -> Sequence[Word]:
    """Return what was said to the bot: after its first mention, or before where nothing follows."""
    mention = f"<@{bot_user_id}>"
    at = next((at for at, word in enumerate(words) if word.text == mention), None) if bot_user_id else None
    if at is None:
        return words
    before, after = ([word for word in part if word.text != mention] for part in (words[:at], words[at:]))
    if after and after[0].text in (",", ":"):
        after = after[1:]
    return after or before


def _one_name(words: Sequence[Word], what: str) -> str:
    name = words[0].text
    if len(words) > 1:
        whole = quoted(" ".join(word.text for word in words))
        raise UsageError(f"One {what} at a time, by its id: I read {whole}.", spell_word(name))
    check_name(name)
    return name


def _topic(key: str) -> str | None:
    return _TOPICS.get(key) or _slash_topic(key)


def _slash_topic(key: str) -> str | None:
    """Return the topic of a slash command's name typed as a word; it may be renamed, as in `/acme-calls`."""
    return next((topic for topic in _EXAMPLES if key.startswith("/") and topic in key), None)


def _reserved(topic: str) -> set[str]:
    verbs = {verb for verb_topic, verb in _VERBS if verb_topic == topic}
    return verbs | set(_HELP_WORDS) | (RESERVED if topic == "services" else frozenset())
