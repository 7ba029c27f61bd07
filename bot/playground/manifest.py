"""The app's manifest as the workspace obeys it: the only commands, scopes and events there are."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from bot.playground.wire import Json


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One declared command, with its slash; `should_escape` turns typed names into ids."""

    command: str
    description: str
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One declared shortcut; `type` is `global` or `message`."""

    name: str
    callback_id: str
    type: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the app may do, in the manifest's own words."""

    name: str
    bot_name: str
    commands: tuple[SlashCommand, ...]
    scopes: frozenset[str]
    events: frozenset[str]
    is_interactive: bool
    has_messages_tab: bool
    is_socket_mode: bool
    has_home_tab: bool = False
    shortcuts: tuple[Shortcut, ...] = ()

    def command(self, name: str) -> SlashCommand | None:
        """Return the declared command called `name` (with its slash), or None."""
        return next((each for each in self.commands if each.command == name), None)

    def shortcut(self, what: str, type_: str) -> Shortcut | None:
        """Return the declared `global` or `message` shortcut with this name or callback_id, or None."""
        fitting = (each for each in self.shortcuts if each.type == type_)
        return next((each for each in fitting if what in (each.callback_id, each.name)), None)


def parse_manifest(text: str) -> Manifest:
    """Return the manifest written in `text` (YAML or JSON).

    Raises TypeError when it is not a mapping. The schema is checked elsewhere; what is left out is off.
    """
    raw = yaml.safe_load(text)
    if not isinstance(raw, dict):
        raise TypeError("a manifest is a mapping with display_information, features, oauth_config and settings")
    features: Json = raw.get("features", {})
    settings: Json = raw.get("settings", {})
    name = raw.get("display_information", {}).get("name", "App")
    home = features.get("app_home", {})
    return Manifest(
        name=name,
        bot_name=features.get("bot_user", {}).get("display_name", name),
        commands=tuple(
            SlashCommand(
                command=each["command"],
                description=each.get("description", ""),
                usage_hint=each.get("usage_hint", ""),
                should_escape=bool(each.get("should_escape", False)),
            )
            for each in features.get("slash_commands", [])
        ),
        scopes=frozenset(raw.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
        is_interactive=bool(settings.get("interactivity", {}).get("is_enabled", False)),
        has_messages_tab=bool(home.get("messages_tab_enabled", False))
        and not home.get("messages_tab_read_only_enabled", False),
        is_socket_mode=bool(settings.get("socket_mode_enabled", False)),
        has_home_tab=bool(home.get("home_tab_enabled", False)),
        shortcuts=tuple(
            Shortcut(each["name"], each["callback_id"], each["type"], each.get("description", ""))
            for each in features.get("shortcuts", [])
        ),
    )
