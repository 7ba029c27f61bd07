"""Whom a card mentions, as people name them: `@ana`, `@oncall`, `here`. Only ids of Slack's come out of here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from bot.timerange import quoted
from handlers.identities import UsageError
from handlers.words import Word

JOINERS = frozenset({"and", "&", ","})
HERE = frozenset({"here", "@here", "<!here>", "<!here|here>", "<!here|@here>"})
NOBODY = frozenset({"nobody", "none", "noone", "off"})
EVERYBODY = frozenset(f"{before}{who}{after}" for who in ("channel", "everyone") for before, after in (
    ("", ""), ("@", ""), ("<!", ">"),
))  # fmt: skip
_MOST_MENTIONS = 10


def is_whom(word: Word) -> bool:
    """Tell whether a word can be no service: it names somebody in Slack, or tries to."""
    return word.key in HERE or word.key.startswith(("@", "<@", "<!", "<#"))


def read_whom(words: Sequence[Word], example: str) -> tuple[str, ...]:
    """Return whom the words name, each once, as ids: "U…", "W…", "S…" or "here"; empty for `nobody`.

    Raises UsageError, whose suggestion is `example`.
    """
    named = [word for word in words if word.key not in JOINERS]
    if not named:
        raise UsageError("Whom? Somebody here (`@` and the name), a user group, or `here`.", example)
    if [word.key for word in named if word.key not in NOBODY] == []:
        return ()
    ids: list[str] = []
    for word in named:
        found = _id(word)
        if found is None:
            refuse_whom(word, example)
        ids.append(found)
    whom = tuple(dict.fromkeys(ids))
    if len(whom) > _MOST_MENTIONS:
        raise UsageError(f"{len(whom)} are too many to ring at once: make a user group of them.", example)
    return whom


def refuse_whom(word: Word, example: str) -> NoReturn:
    """Raise the error for a word that names nobody, or stands where nobody can be named."""
    text = quoted(word.text)
    if word.key in EVERYBODY:
        raise UsageError(f"{text} would ring everybody, asleep or not. `here` rings who is awake.", example)
    if word.key in HERE or _id(word) is not None:
        raise UsageError(f"{text} says whom to ring; that goes after `notify`.", example)
    raise UsageError(
        f"{text} is nobody whom Slack could ring. Type `@` and pick a person or a user group from Slack's list.",
        example,
    )


def spell_whom(notify: Sequence[str]) -> str:
    """Return the words that `read_whom` reads as these ids."""
    spelled = {"U": "<@{}>", "W": "<@{}>", "S": "<!subteam^{}>"}
    return " ".join(spelled.get(each[0], "{}").format(each) for each in notify) or "nobody"


def _id(word: Word) -> str | None:
    if word.is_quoted:
        return None
    if word.key in HERE:
        return "here"
    for opening, first in (("<@", "UW"), ("<!subteam^", "S")):
        found = word.text.removeprefix(opening).removesuffix(">")
        is_id = found.isascii() and found.isalnum() and found == found.upper() and found[0] in first
        if is_id and word.text == f"{opening}{found}>":
            return found
    return None
