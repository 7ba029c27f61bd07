"""The words of a call report question: whose calls, which domain, which time range, in any order.

Errors suggest the words after the command; `handlers.intents` puts the command before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.rangewords import find_range, nearest_range
from bot.reporting.models import Domain, Identity, IdentityType
from bot.timerange import DEFAULT_RANGE, ParsedRange, RangeError, parse_range, quoted, working_range
from handlers.identities import (
    TYPES,
    UsageError,
    guess_type,
    is_number_part,
    is_number_start,
    number_words,
    read_identity,
)
from handlers.words import Word, nearest, spell_word

#: Words for the types that people use and that we do not take, because users may have such names.
_TYPE_ALIASES = {
    **dict.fromkeys(("user", "usr", "name", "login"), IdentityType.USERNAME),
    **dict.fromkeys(("phone", "tel", "telephone", "mobile", "msisdn"), IdentityType.NUMBER),
    **dict.fromkeys(("mail", "e-mail"), IdentityType.EMAIL),
}
#: Stands where the identity's words were, so that the words around it never become neighbours.
_HOLE = Word("\0", is_quoted=True)


@dataclass(frozen=True, slots=True)
class AskCalls:
    """How did this identity's calls go? `is_domain_given` is False where `data` is only the default."""

    identity: Identity
    domain: Domain
    range: ParsedRange
    is_domain_given: bool


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Words by what they are: texts of time ranges, domains, and names (whatever is neither)."""

    ranges: tuple[str, ...]
    domains: tuple[Domain, ...]
    names: tuple[Word, ...]


def read_calls(words: Sequence[Word], *, now: datetime, tz: ZoneInfo) -> AskCalls:
    """Return the question in `words`. Raises UsageError."""
    typed, rest = _typed_identity(words)
    found = _sort(rest)
    if typed is None:
        if len(found.names) > 1 and not all(map(is_number_part, found.names)):
            # Quotes protect the name; around what follows they are a habit from the shell: abc123 "last 7 days".
            found = _sort([word if word is found.names[0] else Word(word.text) for word in rest])
        typed, found = _untyped_identity(found)
    identity = read_identity(*typed) if typed else None
    wanted = working_range(found.ranges[0] if found.ranges else DEFAULT_RANGE, now=now, tz=tz)
    if found.names:
        raise _unknown_words(found, identity, wanted, lambda text: working_range(text, now=now, tz=tz))
    if identity is None:
        raise UsageError(
            "Whose calls? Say a user name, a number or an e-mail address.", _suggest("username abc123", found, wanted)
        )
    spelled = _spell(identity.type, identity.endpoint)
    if len(set(found.domains)) > 1:
        raise UsageError(
            "One domain at a time: `data` or `pstn`. The answer has the other's figures too.",
            _suggest(spelled, found, wanted),
        )
    if len(found.ranges) > 1:
        raise UsageError(
            f"One time range at a time: I read {quoted(found.ranges[0])} and {quoted(found.ranges[1])}.",
            _suggest(spelled, found, wanted),
        )
    try:
        time_range = parse_range(found.ranges[0] if found.ranges else DEFAULT_RANGE, now=now, tz=tz)
    except RangeError as error:
        raise UsageError(str(error), _suggest(spelled, found, wanted)) from error
    domain = found.domains[0] if found.domains else Domain.DATA
    return AskCalls(identity, domain, time_range, is_domain_given=bool(found.domains))


def spell_calls(asked: AskCalls) -> str:
    """Return the words that `read_calls` reads as `asked`, at the same instant and in the same zone."""
    domain = f" {asked.domain}" if asked.is_domain_given or asked.domain is not Domain.DATA else ""
    return f"{_spell(asked.identity.type, asked.identity.endpoint)}{domain} {asked.range.words}"


def _typed_identity(words: Sequence[Word]) -> tuple[tuple[IdentityType, str] | None, list[Word]]:
    """Return the identity that a type word or a `+` announces, and the words with a hole where it stood."""
    at = next((at for at, word in enumerate(words[:-1]) if word.key in TYPES), None)
    if at is not None:
        kind, start = IdentityType(words[at].key), at + 1
    else:
        at = next((at for at, word in enumerate(words) if is_number_start(word)), None)
        if at is None:
            return None, list(words)
        kind, start = IdentityType.NUMBER, at
    stop = start + 1
    if kind in (IdentityType.NUMBER, IdentityType.DID) and is_number_part(words[start]):
        stop = number_words(words, start)
    text = " ".join(word.text for word in words[start:stop])
    return (kind, text), [*words[:at], _HOLE, *words[stop:]]


def _sort(words: Sequence[Word]) -> _Sorted:
    texts = [_HOLE.text if word.is_quoted else word.text for word in words]
    ranges: list[str] = []
    others: list[Word] = []
    at = 0
    while found := find_range(texts[at:]):
        others += words[at : at + found[0]]
        ranges.append(" ".join(texts[at + found[0] : at + found[1]]))
        at += found[1]
    others += words[at:]
    domains = tuple(Domain(word.key) for word in others if word.key in tuple(Domain))
    names = tuple(word for word in others if word is not _HOLE and word.key not in tuple(Domain))
    return _Sorted(tuple(ranges), domains, names)


def _untyped_identity(found: _Sorted) -> tuple[tuple[IdentityType, str] | None, _Sorted]:
    """Return the identity that the only name is, or the number that several are, and what is left then."""
    text = " ".join(name.text for name in found.names)
    left = _Sorted(found.ranges, found.domains, ())
    if len(found.names) == 1:
        is_type_alone = found.names[0].key in TYPES and not found.names[0].is_quoted
        return (None if is_type_alone else (guess_type(text), text)), left
    if found.names and all(map(is_number_part, found.names)):
        return (IdentityType.NUMBER, text), left
    return None, found


def _unknown_words(found: _Sorted, identity: Identity | None, wanted: str, working: Callable[[str], str]) -> UsageError:
    """Return the error for names beyond the one that a question has, with the likeliest reading of them.

    `wanted` is the range for suggestions; `working` turns a range that was meant into one that works.
    """
    names = found.names
    whose = _spell(identity.type, identity.endpoint) if identity else ""
    if identity and (alias := _TYPE_ALIASES.get(names[0].key)):
        return _did_you_mean(names[0], alias, _suggest(whose, found, wanted))
    if identity is None:
        for word, name in pairwise(names):
            if kind := _TYPE_ALIASES.get(word.key) or nearest(word.key, TYPES):
                return _did_you_mean(word, kind, _suggest(_spell(kind, name.text), found, wanted))
        if (kind := names[-1].key) in TYPES:
            return UsageError(f"`{kind}` goes before the name.", _suggest(_spell(kind, names[0].text), found, wanted))
    for at, word in enumerate(names):
        if identity is None:
            whose = _spell(IdentityType.USERNAME, names[1 if at == 0 else 0].text)
        if domain := nearest(word.key, tuple(Domain)):
            return _did_you_mean(word, domain, f"{whose} {domain} {wanted}")
        if (meant := nearest_range(word.key)) is not None:
            meant = working(meant)
            return _did_you_mean(word, meant, _suggest(whose, found, meant))
    if identity:
        return UsageError(f"I do not know what {quoted(names[0].text)} is.", _suggest(whose, found, wanted))
    rest = " ".join(word.text for word in names[1:])
    whole = _spell(IdentityType.USERNAME, f"{names[0].text} {rest}")
    return UsageError(
        f"I read {quoted(names[0].text)} as the user and do not know what {quoted(rest)} is. "
        "A name with spaces goes in quotes.",
        _suggest(whole, found, wanted),
    )


def _did_you_mean(word: Word, meant: str, suggestion: str) -> UsageError:
    return UsageError(f"I do not know {quoted(word.text)}. Did you mean `{meant}`?", suggestion)


def _suggest(whose: str, found: _Sorted, time_range: str) -> str:
    domain = f" {found.domains[0]}" if found.domains else ""
    return f"{whose}{domain} {time_range}"


def _spell(kind: str, endpoint: str) -> str:
    return f"{kind} {spell_word(endpoint)}"
