"""From words to an identity: which type was meant, and the endpoint as the Reporting API wants it."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import ClassVar

from bot.errors import CallwatchError
from bot.rangewords import find_range
from bot.reporting.models import Identity, IdentityType
from bot.timerange import quoted
from handlers.words import Word, is_slack_mention

#: Longer names are no names; a path segment of a URL should not be longer either.
LONGEST_ENDPOINT = 255
TYPES: Sequence[str] = tuple(IdentityType)

_NUMBER_START = re.compile(r"\+[ (]*[0-9]")
_NUMBER_PART = re.compile(r"\+?[0-9().\-/]+|\+")
_NUMBER_NOISE = re.compile(r"[\s().\-/]")
_NUMBER = re.compile(r"\+[0-9]{1,15}")
_EXAMPLE_NUMBER = "+46730170101"


class UsageError(CallwatchError):
    """What was typed cannot be understood, or not be done: `str()` says why, `suggestion` is a command that works."""

    log_level: ClassVar[int] = logging.INFO
    exit_code: ClassVar[int] = 2

    def __init__(self, sentence: str, suggestion: str = "") -> None:
        super().__init__(sentence)
        self.suggestion = suggestion


def number_words(words: Sequence[Word], start: int) -> int:
    """Return where a number that begins at `start` ends: people write `+46 70 123 45 67`, which is five words."""
    stop = start + 1
    while stop < len(words) and is_number_part(words[stop]) and not _begins_range(words, stop):
        stop += 1
    return stop


def is_number_start(word: Word) -> bool:
    """Tell whether a word without a type is a number: it starts with `+` and a digit."""
    return not word.is_quoted and _NUMBER_START.match(word.text) is not None


def is_number_part(word: Word) -> bool:
    """Tell whether a word can stand inside a number."""
    return not word.is_quoted and _NUMBER_PART.fullmatch(word.text) is not None


def guess_type(text: str) -> IdentityType:
    """Return the type of an endpoint that came without one. Source: design.md section 2."""
    if _NUMBER_START.match(text):
        return IdentityType.NUMBER
    return IdentityType.EMAIL if _is_email(text) else IdentityType.USERNAME


def read_identity(kind: IdentityType, text: str) -> Identity:
    """Return the identity that was typed. Raises UsageError, whose suggestion is the words of one that works."""
    text = text.strip()
    check_name(text)
    match kind:
        case IdentityType.NUMBER:
            return Identity(kind, _number(text))
        case IdentityType.DID if text.startswith(("+", "00")) and _NUMBER_PART.fullmatch(text.replace(" ", "")):
            return Identity(kind, _number(text))
        case IdentityType.EMAIL if not _is_email(text):
            raise UsageError(f"{quoted(text)} is not an e-mail address.", "email ana@example.com")
        case _:
            return Identity(kind, text)


def check_name(text: str) -> None:
    """Raise UsageError for what can be no name on the platform: of a user, a counter or a service."""
    if not text:
        raise UsageError("That name is empty.")
    if is_slack_mention(text):
        raise UsageError(
            "That is a name in Slack. I need the name on the phone platform: a user name, number or e-mail."
        )
    if text in (".", ".."):
        raise UsageError(f"{quoted(text)} cannot be asked for: in a web address it means another place.")
    if len(text) > LONGEST_ENDPOINT:
        raise UsageError(f"{quoted(text)} is {len(text):,} characters long; a name has at most {LONGEST_ENDPOINT}.")


def _begins_range(words: Sequence[Word], at: int) -> bool:
    found = find_range([word.text for word in words[at : at + 6]])
    return found is not None and found[0] == 0


def _is_email(text: str) -> bool:
    name, _, host = text.partition("@")
    return bool(name and "." in host.strip(".") and "@" not in host and not any(map(str.isspace, text)))


def _number(text: str) -> str:
    """Return a number as `+` and digits; the API decides the rest. Source: facts of the Reporting API, 5.7."""
    is_international = text.startswith(("+", "00", "(+", "(00"))
    # "+46 (0)70": the nought is for callers inside the country.
    digits = _NUMBER_NOISE.sub("", text.replace("(0)", "") if is_international else text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if _NUMBER.fullmatch(digits):
        return digits
    example = f"number {_EXAMPLE_NUMBER}"
    if digits.isdecimal():
        raise UsageError(f"{quoted(text)} has no `+` with a country code. Write the number from its `+` on.", example)
    if digits.removeprefix("+").isdecimal():
        raise UsageError(f"{quoted(text)} has more than 15 digits, which no number has.", example)
    raise UsageError(f"{quoted(text)} is not a number: that is `+`, the country code, then digits.", example)
