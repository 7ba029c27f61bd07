"""What the page shows a newcomer: things to try, words that can follow a command, and what a real installation needs.

The workspace knows nothing of the app it serves; whoever starts it tells all this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a click on a thing to try does."""

    TYPE = "type"  # writes `text` in `channel`
    THREAD = "thread"  # writes `text` in the thread of the message in `channel` that begins with `thread`
    FLIP = "flip"  # switches the service named `text` between up and down


@dataclass(frozen=True, slots=True)
class Try:
    """One thing to try with one click; `channel` is a name with `#`, or `dm` for the conversation with the bot."""

    kind: Kind
    title: str
    detail: str
    text: str
    channel: str = "dm"
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one kind that can follow a command, each with a hint. A kind is offered once in a line.

    With `after`, the words are offered only behind one of those words; without it, wherever the command is.
    """

    kind: str
    words: tuple[tuple[str, str], ...]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tour:
    """All of it. `completions` goes by the command's name and by the word that stands for it in a mention.

    `next_steps` are commands with what they do, in the order in which somebody needs them.
    """

    tries: tuple[Try, ...] = ()
    next_steps: tuple[tuple[str, str], ...] = ()
    completions: Mapping[str, tuple[Words, ...]] = field(default_factory=dict)
