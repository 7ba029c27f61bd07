"""manifest.yml as the bot needs it: what its commands are called, and which scopes it was promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from bot.errors import CallwatchError

#: What the commands are about; a command is known by the noun in its name, so that it can be renamed.
TOPICS = ("calls", "counters", "services")


#: Written in C where PyYAML has it: a start is 10 ms faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ManifestError(CallwatchError):
    """manifest.yml cannot be used; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The Slack app's manifest."""

    text: str  # as written
    commands: Mapping[str, str]  # topic -> name in Slack ("calls" -> "/calls")
    bot_scopes: tuple[str, ...]


def parse_manifest(text: str) -> Manifest:
    """Return the manifest written in `text`. Raises ManifestError when it is none, or a topic has no command or two."""
    try:
        document: dict[str, Any] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
        names = [command["command"] for command in document["features"]["slash_commands"]]
        bot_scopes = tuple(document["oauth_config"]["scopes"]["bot"])
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ManifestError(
            f"manifest.yml is no manifest of Callwatch ({type(error).__name__}: {error}). Take the one it came with."
        ) from error
    commands = {topic: [name for name in names if topic in name] for topic in TOPICS}
    for topic, found in commands.items():
        if len(found) != 1:
            raise ManifestError(
                f"manifest.yml needs one slash command with “{topic}” in its name and has {len(found)}."
            )
    return Manifest(
        text=text,
        commands={topic: found[0] for topic, found in commands.items()},
        bot_scopes=bot_scopes,
    )


def load_manifest() -> Manifest:
    """Return the manifest that came with the package, or the checkout's. Raises ManifestError."""
    packaged = files("bot") / "_manifest.yml"
    if packaged.is_file():
        return parse_manifest(packaged.read_text(encoding="utf-8"))
    return parse_manifest((Path(__file__).parent.parent / "manifest.yml").read_text(encoding="utf-8"))
