"""Finding one's way: which conversations there are, joining one, and who is in a user group."""

from __future__ import annotations

from bot.playground import payloads
from bot.playground.methods import SCOPE_PREFIX, Arg, Method, Office, find_channel, require_scope
from bot.playground.methods_read import channel_json, limit_of, start_of
from bot.playground.models import Channel, ChannelKind, UserGroup
from bot.playground.wire import Json, RefusalError

TYPES = {
    "public_channel": ChannelKind.PUBLIC,
    "private_channel": ChannelKind.PRIVATE,
    "im": ChannelKind.IM,
    "mpim": None,
}


def conversations_list(office: Office, args: Json) -> Json:
    """List the conversations the bot may know of: public ones, and others it is a member of."""
    kinds, bot = _kinds(office, args), office.workspace.bot
    found = [
        each
        for each in office.workspace.channels.values()
        if each.kind in kinds and (each.kind is ChannelKind.PUBLIC or bot.id in each.members)
    ]
    return _page(office, found, args)


def users_conversations(office: Office, args: Json) -> Json:
    """List the conversations somebody is a member of, the bot itself unless told; private ones only with the bot in."""
    workspace = office.workspace
    kinds, user = _kinds(office, args), args.get("user", workspace.bot.id)
    if user not in workspace.people:
        raise RefusalError("user_not_found")
    found = [
        each
        for each in workspace.channels.values()
        if each.kind in kinds
        and user in each.members
        and (each.kind is ChannelKind.PUBLIC or workspace.bot.id in each.members)
    ]
    return _page(office, found, args)


def conversations_join(office: Office, args: Json) -> Json:
    """Make the bot a member of a public channel."""
    workspace = office.workspace
    channel = find_channel(workspace, args["channel"])
    if channel.kind is not ChannelKind.PUBLIC:
        raise RefusalError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise RefusalError("is_archived")
    if workspace.bot.id in channel.members:
        warnings = ["already_in_channel"]
        return {
            "channel": channel_json(office, channel),
            "warning": warnings[0],
            "response_metadata": {"warnings": warnings},
        }
    channel = workspace.admit(channel, workspace.bot)
    office.events.send(channel, "member_joined_channel", payloads.membership(workspace, channel, workspace.bot))
    return {"channel": channel_json(office, channel)}


def usergroups_list(office: Office, args: Json) -> Json:
    """List the user groups."""
    with_users = args.get("include_users", False)
    groups = office.workspace.usergroups.values()
    return {"usergroups": [_group_json(office, each, with_users=with_users) for each in groups]}


def usergroups_users_list(office: Office, args: Json) -> Json:
    """List the ids of a user group's members."""
    group = office.workspace.usergroups.get(args["usergroup"])
    if group is None:
        raise RefusalError("no_such_subteam")
    return {"users": list(group.members)}


def _kinds(office: Office, args: Json) -> set[ChannelKind | None]:
    """Return what sorts are asked for; each needs its scope, and an unknown one is refused."""
    names = [each.strip() for each in args.get("types", "public_channel").split(",")]
    if any(name not in TYPES for name in names):
        raise RefusalError("invalid_types")
    kinds = {TYPES[name] for name in names}
    for kind in kinds:
        require_scope(office.workspace, f"{SCOPE_PREFIX[kind]}:read" if kind is not None else "mpim:read")
    return kinds


def _page(office: Office, channels: list[Channel], args: Json) -> Json:
    if args.get("exclude_archived"):
        channels = [each for each in channels if not each.is_archived]
    start, limit = start_of(args), limit_of(args)
    more = str(start + limit) if start + limit < len(channels) else ""
    shown = [channel_json(office, each) for each in channels[start : start + limit]]
    return {"channels": shown, "response_metadata": {"next_cursor": more}}


def _group_json(office: Office, group: UserGroup, *, with_users: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": office.workspace.bot.team_id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "date_delete": 0,
        "user_count": len(group.members),
    }
    return shown | {"users": list(group.members)} if with_users else shown


_LISTED = {"cursor": Arg.TEXT, "limit": Arg.NUMBER, "types": Arg.TEXT, "exclude_archived": Arg.FLAG}
METHODS = {
    "conversations.list": Method(conversations_list, _LISTED, tier=2),
    "users.conversations": Method(users_conversations, {**_LISTED, "user": Arg.TEXT}),
    "conversations.join": Method(conversations_join, {"channel": Arg.TEXT}, ("channel",), "channels:join"),
    "usergroups.list": Method(
        usergroups_list,
        {"include_users": Arg.FLAG, "include_count": Arg.FLAG, "include_disabled": Arg.FLAG},
        scope="usergroups:read",
        tier=2,
    ),
    "usergroups.users.list": Method(
        usergroups_users_list,
        {"usergroup": Arg.TEXT, "include_disabled": Arg.FLAG},
        ("usergroup",),
        "usergroups:read",
        tier=2,
    ),
}
