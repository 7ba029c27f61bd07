"""What people type, made clean: one normaliser before all parsing, and the words it leaves.

What Slack sends is not what was typed: `<tel:…|…>` around numbers, `&amp;` for `&`, curly quotes, em dashes and
no-break spaces. After `normalise` the text is plain again; whatever it says, rendering escapes it before Slack sees it.
Source: design.md section 2, "What arrives is messy".
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_DASHES = "‐‑‒–—―−﹘﹣－"
_DOUBLE_QUOTES = "“”„‟«»″＂"
_SINGLE_QUOTES = "‘’‚‛‹›′＇"
_FOLDED = str.maketrans(
    dict.fromkeys(_DASHES, "-") | dict.fromkeys(_DOUBLE_QUOTES, '"') | dict.fromkeys(_SINGLE_QUOTES, "'")
)
# None of these patterns can look at a character more than twice: a text of any length is read in linear time.
_LINK = re.compile(r"<([^<>]*)>")
_MENTION = re.compile(r"(?:@[UW]|#[CGD]|!subteam\^S)[A-Z0-9]+")
_ENTITY = re.compile(r"&(lt|gt|amp);")
_CODE = re.compile(r"`([^`]*)`")
_SPACE = re.compile(r"\s")
_OPEN_RANGE = re.compile(r"(?:[-:][0-9]{2}|yesterday)\.{2,3}$", re.IGNORECASE)
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word. In quotes it is a name, whatever it says: `"pstn"` is a user, not the phone network."""

    text: str
    is_quoted: bool = False

    @property
    def key(self) -> str:
        """The word as the grammar compares it; "" for a name in quotes, which is no word of the grammar."""
        return "" if self.is_quoted else self.text.casefold()


def normalise(text: str) -> str:
    """Return what a person meant by a text that Slack sent, on one line. Never raises.

    Characters first (an invisible one may stand inside a link), then Slack's `<…>`, which only Slack can have written,
    and entities last and once: a typed `<!channel>` arrives escaped and becomes those ten characters, nothing more.
    """
    text = _LINK.sub(_unwrapped, fold(text))
    text = _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)
    # Commands are copied out of help texts and tickets together with their backticks.
    text = " ".join(_CODE.sub(r"\1", text).split())
    without_stop = text.rstrip(".")
    # "2014-04-28.." is a range that is open at its end, and ".." alone is for the parser to refuse.
    is_stop = without_stop and not without_stop.endswith(" ") and not _OPEN_RANGE.search(text)
    return without_stop if is_stop else text


def fold(text: str) -> str:
    """Return text with plain quotes, dashes and spaces, without characters that cannot be seen.

    Dropped are control and format characters (zero-width, direction marks) and halves of surrogate pairs.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text.translate(_FOLDED)))


def tokenise(text: str) -> tuple[Word, ...]:
    """Return the words of a normalised text. Never raises.

    Quotes hold a name with spaces when they open a word and close one; inside, a doubled quote is one quote. A quote
    without its second is a character like any other.
    """
    words: list[Word] = []
    characters_only = ""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        quote = text[at]
        if quote in "\"'" and quote not in characters_only:
            if (end := _closing(text, at)) is not None:
                words.append(Word(text[at + 1 : end].replace(quote * 2, quote), is_quoted=True))
                at = end + 1
                continue
            # Nor will a later one of its kind be closed: no second look keeps this linear.
            characters_only += quote
        end = space.start() if (space := _SPACE.search(text, at)) else len(text)
        words.append(Word(text[at:end]))
        at = end
    return tuple(words)


def words_from_argv(arguments: Iterable[str]) -> tuple[Word, ...]:
    """Return a terminal's arguments as words: the shell has split them, they are never split again."""
    return tuple(Word(fold(argument).strip()) for argument in arguments)


def spell_word(text: str, *, reserved: Iterable[str] = ()) -> str:
    """Return a name so that `tokenise` reads it back as that name and not as one of the `reserved` words."""
    is_plain = text and text[0] not in "\"'/" and not text.endswith(".") and not any(map(str.isspace, text))
    if is_plain and text.casefold() not in reserved:
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def is_slack_mention(text: str) -> bool:
    """Tell whether a word is Slack's name for a person, a group or a channel (`<@U123>`)."""
    return text.startswith("<") and text.endswith(">") and _MENTION.fullmatch(text[1:-1]) is not None


def nearest(word: str, choices: Sequence[str]) -> str | None:
    """Return the choice that `word` is a likely slip of, None when none is near."""
    if len(word) > 40:
        return None
    return next(iter(difflib.get_close_matches(word.casefold(), choices, n=1, cutoff=0.7)), None)


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in ("Cc", "Cf", "Cs") else char


def _unwrapped(link: re.Match[str]) -> str:
    """Return what was typed where Slack wrote `<target|label>`."""
    target, _, label = link[1].partition("|")
    if target.startswith(("tel:", "mailto:")):
        return target.partition(":")[2].partition("?")[0]
    if target.startswith(("http://", "https://")):
        return label or target
    # A label may hold spaces; an id with spaces around it is one word wherever it stands.
    return f" <{target}> " if _MENTION.fullmatch(target) else link[0]


def _closing(text: str, opening: int) -> int | None:
    """Return where the quote that opens at `opening` is closed: before a space or the end, and not doubled."""
    quote, at = text[opening], opening + 1
    while (at := text.find(quote, at)) != -1:
        if text.startswith(quote, at + 1):
            at += 2
        elif at + 1 == len(text) or text[at + 1].isspace():
            return at
        else:
            at += 1
    return None
