"""What a Slack client makes of typed text before the bot gets it, and what a reader sees of Slack's markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.models import ChannelKind
from bot.playground.workspace import Workspace

_NAME = re.compile(r"(?<![\w<.])([@#])([\w-]+)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<!\w)\+?\d[\d -]{6,}\d")
_URL = re.compile(r"https?://[^\s<>|]+")
_DOMAIN = re.compile(r"(?<![\w./@-])(?:[a-z0-9-]+\.)+(?:com|org|net|de|se|io|dev)\b(?:/[^\s<>|]*)?", re.IGNORECASE)
_TOKEN = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Keyboard:
    """What somebody's device does to text; all off is a plain desktop client.

    `auto_link` makes links of numbers, e-mail addresses, addresses and domains; `smart_quotes` bends quotes;
    `smart_dashes` makes a dash of `--` and of a `-` before a figure; `nbsp_after_mention` puts U+00A0 there.
    """

    auto_link: bool = False
    smart_quotes: bool = False
    smart_dashes: bool = False
    nbsp_after_mention: bool = False


#: A desktop client, and a phone with every help switched on.
DESKTOP = Keyboard()
MOBILE = Keyboard(auto_link=True, smart_quotes=True, smart_dashes=True, nbsp_after_mention=True)


def as_message(text: str, workspace: Workspace, keyboard: Keyboard = DESKTOP) -> str:
    """Return a message's text as it reaches the bot: escaped, `@ana` as `<@U…>`, `#general` as `<#C…|general>`."""
    sent = _resolved(_escaped(_bent(text, keyboard)), workspace, with_names=False)
    sent = _linked(sent) if keyboard.auto_link else sent
    return re.sub(r"(<@\w+>) ", "\\1\u00a0", sent) if keyboard.nbsp_after_mention else sent


def as_command(text: str, workspace: Workspace, keyboard: Keyboard = DESKTOP, *, should_escape: bool) -> str:
    """Return a command's text as it reaches the bot: `@ana` becomes `<@U…|ana>` only with `should_escape`."""
    sent = _escaped(_bent(text, keyboard))
    sent = _resolved(sent, workspace, with_names=True) if should_escape else sent
    return _linked(sent) if keyboard.auto_link else sent


def readable(text: str, workspace: Workspace) -> str:
    """Return what a person reads: links by their label, names for ids, the three entities as characters."""

    def shown(match: re.Match[str]) -> str:
        token, _, label = match[1].partition("|")
        if label:
            return label
        if token.startswith("@") and token[1:] in workspace.people:
            return f"@{workspace.people[token[1:]].name}"
        if token.startswith("#") and token[1:] in workspace.channels:
            return workspace.channels[token[1:]].label
        group = workspace.usergroups.get(token.removeprefix("!subteam^"))
        if group is not None:
            return f"@{group.handle}"
        return f"@{token[1:]}" if token.startswith("!") else token

    return unescaped(_TOKEN.sub(shown, text))


def pings(text: str) -> tuple[str, ...]:
    """Return whom a text rings: `channel`, `here`, `everyone`, ids of people and of groups."""
    found = []
    for token in _TOKEN.findall(text):
        name = token.partition("|")[0]
        if name in ("!channel", "!here", "!everyone") or name.startswith("@"):
            found.append(name[1:])
        elif name.startswith("!subteam^"):
            found.append(name.removeprefix("!subteam^"))
    return tuple(found)


def unescaped(text: str) -> str:
    """Return `text` with Slack's three entities as characters, each once."""
    entities = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
    return re.sub("&(?:lt|gt|amp);", lambda match: entities[match[0]], text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bent(text: str, keyboard: Keyboard) -> str:
    if keyboard.smart_quotes:
        text = re.sub(r'"([^"]*)"', "“\\1”", text)
        text = re.sub(r"'([^']*)'", "‘\\1’", text).replace("'", "’")
    if keyboard.smart_dashes:
        text = re.sub(r"-(?=\d)", "–", text.replace("--", "—"))
    return text


def _resolved(text: str, workspace: Workspace, *, with_names: bool) -> str:
    def resolve(match: re.Match[str]) -> str:
        sign, name = match[1], match[2].lower()
        if sign == "@":
            if name in ("channel", "here", "everyone"):
                return f"<!{name}>"
            for group in workspace.usergroups.values():
                if group.handle == name:
                    return f"<!subteam^{group.id}|@{group.handle}>" if with_names else f"<!subteam^{group.id}>"
            for person in workspace.people.values():
                if person.name == name:
                    return f"<@{person.id}|{person.name}>" if with_names else f"<@{person.id}>"
        else:
            for channel in workspace.channels.values():
                if channel.name == name and channel.kind is not ChannelKind.IM:
                    return f"<#{channel.id}|{channel.name if channel.kind is ChannelKind.PUBLIC else ''}>"
        return match[0]

    return _NAME.sub(resolve, text)


def _linked(text: str) -> str:
    """Return `text` with everything that looks like a link made one; what is a token already stays."""
    text = _outside_tokens(_URL, lambda match: f"<{match[0]}>", text)
    text = _outside_tokens(_EMAIL, lambda match: f"<mailto:{match[0]}|{match[0]}>", text)
    text = _outside_tokens(_DOMAIN, lambda match: f"<http://{match[0]}|{match[0]}>", text)
    return _outside_tokens(_PHONE, lambda match: f"<tel:{re.sub('[ -]', '', match[0])}|{match[0]}>", text)


def _outside_tokens(pattern: re.Pattern[str], make: Callable[[re.Match[str]], str], text: str) -> str:
    parts = re.split(r"(<[^<>]*>)", text)
    return "".join(part if part.startswith("<") else pattern.sub(make, part) for part in parts)
