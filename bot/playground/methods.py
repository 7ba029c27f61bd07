"""What every Web API method shares: its declaration, its arguments, and how it finds a conversation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.playground.deliveries import Deliveries
from bot.playground.events import Events
from bot.playground.limits import RateLimiter
from bot.playground.models import Channel, ChannelKind
from bot.playground.responses import Responses
from bot.playground.socketmode import Sockets
from bot.playground.wire import Json, RefusalError
from bot.playground.workspace import Workspace


class Arg(StrEnum):
    """How an argument is written in a form; JSON bodies carry the real thing."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    JSON = "json"


class TokenKind(StrEnum):
    """Which token a method takes."""

    BOT = "bot"
    APP = "app"
    NONE = "none"


@dataclass(slots=True)
class Office:
    """What methods work with; `url` is the workspace's own address with a slash at its end, known once it listens."""

    workspace: Workspace
    sockets: Sockets
    limiter: RateLimiter
    deliveries: Deliveries
    events: Events
    responses: Responses
    url: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One Web API method. `tier` is 1 to 4, or 0 for hundreds a minute; `scope` is needed by every call of it.

    `args` maps the known arguments to how they are written, `required` those without which nothing happens.
    """

    handler: Callable[[Office, Json], Json]
    args: Mapping[str, Arg]
    required: tuple[str, ...] = ()
    scope: str | None = None
    tier: int = 3
    token: TokenKind = TokenKind.BOT


def read_args(method: Method, raw: Json) -> Json:
    """Return the arguments as values. Raises RefusalError (`invalid_arguments`) for an unknown or unreadable one."""
    # Bolt names the workspace in every call, for tokens that serve several; Slack takes it anywhere.
    raw = {name: value for name, value in raw.items() if name != "team_id"}
    unknown = [f"[ERROR] unsupported argument: {name}" for name in raw if name not in method.args]
    if unknown:
        raise RefusalError("invalid_arguments", messages=tuple(unknown))
    missing = [f"[ERROR] missing required field: {name}" for name in method.required if raw.get(name) in (None, "")]
    if missing:
        raise RefusalError("invalid_arguments", messages=tuple(missing))
    return {name: _read(name, method.args[name], value) for name, value in raw.items() if value is not None}


def _read(name: str, kind: Arg, value: object) -> object:
    if kind is Arg.TEXT and isinstance(value, str):
        return value
    if kind is Arg.FLAG and value in (True, False, "true", "false", "1", "0"):
        return value in (True, "true", "1")
    if kind is Arg.NUMBER and not isinstance(value, bool) and str(value).isdecimal():
        return int(str(value))
    if kind is Arg.JSON and isinstance(value, list | dict):
        return value
    if kind is Arg.JSON and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError as error:
            raise RefusalError(f"invalid_{name}_format") from error
    raise RefusalError("invalid_arguments", messages=(f"[ERROR] {name} must be a {kind}",))


def require_scope(workspace: Workspace, scope: str) -> None:
    """Raise RefusalError (`missing_scope`) unless the manifest grants `scope`."""
    if scope not in workspace.manifest.scopes:
        provided = ",".join(sorted(workspace.manifest.scopes))
        raise RefusalError("missing_scope", needed=scope, provided=provided)


#: What the scopes about one sort of conversation begin with.
SCOPE_PREFIX = {ChannelKind.PUBLIC: "channels", ChannelKind.PRIVATE: "groups", ChannelKind.IM: "im"}


def find_channel(workspace: Workspace, channel_id: str) -> Channel:
    """Return the conversation with this id, if the bot may know of it.

    Raises RefusalError (`channel_not_found`), also for private and direct ones the bot is not in, and for names:
    Slack takes `#name` in one method and not in the next, ids everywhere.
    """
    channel = workspace.channels.get(channel_id)
    if channel is None:
        raise RefusalError("channel_not_found")
    if channel.kind is not ChannelKind.PUBLIC and workspace.bot.id not in channel.members:
        raise RefusalError("channel_not_found")
    return channel


def find_readable(workspace: Workspace, channel_id: str) -> Channel:
    """Return a conversation whose history the bot may read: with the scope, and as a member."""
    channel = find_channel(workspace, channel_id)
    require_scope(workspace, f"{SCOPE_PREFIX[channel.kind]}:history")
    if workspace.bot.id not in channel.members:
        raise RefusalError("not_in_channel")
    return channel
