"""Reading methods: who am I, people, conversations and their history; and the way into Socket Mode."""

from __future__ import annotations

from itertools import islice

from bot.playground.methods import (
    SCOPE_PREFIX,
    Arg,
    Method,
    Office,
    TokenKind,
    find_channel,
    find_readable,
    require_scope,
)
from bot.playground.models import Channel, ChannelKind, Message
from bot.playground.payloads import bot_json, message_json, user_json
from bot.playground.wire import Json, RefusalError

DEFAULT_PAGE = 100
LARGEST_PAGE = 999


def auth_test(office: Office, args: Json) -> Json:
    """Say who the token belongs to."""
    bot = office.workspace.bot
    return {
        "url": office.url,
        "team": "Playground",
        "user": bot.name,
        "team_id": bot.team_id,
        "user_id": bot.id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def api_test(office: Office, args: Json) -> Json:
    """Give back what was sent; `error` makes it fail."""
    if "error" in args:
        raise RefusalError(args["error"])
    return {"args": args}


def connections_open(office: Office, args: Json) -> Json:
    """Give out an address for one WebSocket connection."""
    limiter, clock = office.limiter, office.workspace.clock
    wait_s = limiter.wait_for_call("connect", limiter.limits.connections_opened_per_minute, clock().timestamp())
    if wait_s:
        raise RefusalError("ratelimited", status=429, retry_after_s=wait_s)
    return {"url": office.sockets.issue_url()}


def users_info(office: Office, args: Json) -> Json:
    """Tell about one person, with the time zone."""
    person = office.workspace.people.get(args["user"])
    if person is None:
        raise RefusalError("user_not_found")
    return {"user": user_json(person, office.workspace)}


def bots_info(office: Office, args: Json) -> Json:
    """Tell about one app."""
    for person in office.workspace.people.values():
        if person.bot_id is not None and person.bot_id == args["bot"]:
            return {"bot": bot_json(person) | {"user_id": person.id}}
    raise RefusalError("bot_not_found")


def conversations_info(office: Office, args: Json) -> Json:
    """Tell about one conversation."""
    channel = _find_known(office, args["channel"])
    shown = channel_json(office, channel)
    if args.get("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def conversations_members(office: Office, args: Json) -> Json:
    """List the ids of a conversation's members."""
    channel = _find_known(office, args["channel"])
    members = sorted(channel.members)
    start = start_of(args)
    limit = limit_of(args)
    more = str(start + limit) if start + limit < len(members) else ""
    return {"members": members[start : start + limit], "response_metadata": {"next_cursor": more}}


def conversations_open(office: Office, args: Json) -> Json:
    """Open the direct conversation with one person."""
    users = [each for each in args["users"].split(",") if each]
    if len(users) != 1:
        raise RefusalError("not_supported", messages=("[ERROR] this workspace opens conversations with one person",))
    person = office.workspace.people.get(users[0])
    if person is None:
        raise RefusalError("user_not_found")
    if person.is_deleted:
        raise RefusalError("user_disabled")
    if person.is_bot:
        raise RefusalError("cannot_dm_bot")
    channel = office.workspace.direct(person)
    return {"channel": channel_json(office, channel) if args.get("return_im") else {"id": channel.id}}


def conversations_history(office: Office, args: Json) -> Json:
    """List a conversation's messages, newest first: no replies (unless also sent to the channel), none ephemeral."""
    channel = find_readable(office.workspace, args["channel"])
    shown = [
        each
        for each in office.workspace.messages(channel.id)
        if not each.is_ephemeral and (not each.is_reply or each.is_broadcast) and _is_within(each, args)
    ]
    shown.reverse()
    return _page(office, shown, args)


def conversations_replies(office: Office, args: Json) -> Json:
    """List a thread, oldest first, its parent at the head."""
    channel = find_readable(office.workspace, args["channel"])
    parent = office.workspace.find(channel.id, args["ts"])
    if parent is None or parent.is_ephemeral:
        raise RefusalError("thread_not_found")
    replies = [each for each in office.workspace.replies(parent) if _is_within(each, args)]
    return _page(office, [parent, *replies], args)


def channel_json(office: Office, channel: Channel) -> Json:
    """Return a conversation as conversations.info shows it."""
    shown: Json = {
        "id": channel.id,
        "created": 1700000000,
        "is_channel": channel.kind is not ChannelKind.IM,
        "is_group": False,
        "is_im": channel.kind is ChannelKind.IM,
        "is_mpim": False,
        "is_private": channel.kind is not ChannelKind.PUBLIC,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "is_shared": channel.is_ext_shared,
        "context_team_id": office.workspace.bot.team_id,
    }
    if channel.kind is ChannelKind.IM:
        people = channel.members - {office.workspace.bot.id}
        return shown | {"user": next(iter(people)), "is_open": True}
    is_member = office.workspace.bot.id in channel.members
    return shown | {"name": channel.name, "name_normalized": channel.name, "is_member": is_member}


def _find_known(office: Office, channel_id: str) -> Channel:
    channel = find_channel(office.workspace, channel_id)
    require_scope(office.workspace, f"{SCOPE_PREFIX[channel.kind]}:read")
    return channel


def _is_within(message: Message, args: Json) -> bool:
    oldest, latest = _instant(args.get("oldest", "0")), _instant(args.get("latest", "9999999999"))
    ts = _instant(message.ts)
    return oldest <= ts <= latest if args.get("inclusive") else oldest < ts < latest


def _instant(ts: str) -> int:
    """Return a ts as whole microseconds: two floats may be equal where the texts differ."""
    seconds, _, micros = ts.partition(".")
    if not seconds.isdecimal() or (micros and not micros.isdecimal()):
        raise RefusalError("invalid_arguments", messages=(f"[ERROR] not a timestamp: {ts}",))
    return int(seconds) * 1_000_000 + int(micros[:6].ljust(6, "0"))


def _page(office: Office, messages: list[Message], args: Json) -> Json:
    start, limit = start_of(args), limit_of(args)
    with_metadata = args.get("include_all_metadata", False)
    shown = [
        message_json(office.workspace, each, with_metadata=with_metadata)
        for each in islice(messages, start, start + limit)
    ]
    has_more = start + limit < len(messages)
    answer: Json = {"messages": shown, "has_more": has_more}
    if has_more:
        answer["response_metadata"] = {"next_cursor": str(start + limit)}
    return answer


def start_of(args: Json) -> int:
    """Return from which place on a page is wanted. Raises RefusalError (`invalid_cursor`)."""
    cursor = args.get("cursor") or "0"
    if not cursor.isdecimal():
        raise RefusalError("invalid_cursor")
    return int(cursor)


def limit_of(args: Json) -> int:
    """Return how many a page holds. Raises RefusalError (`invalid_limit`)."""
    limit: int = args.get("limit", DEFAULT_PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise RefusalError("invalid_limit")
    return limit


PAGED = {"channel": Arg.TEXT, "cursor": Arg.TEXT, "limit": Arg.NUMBER}
SPAN = {**PAGED, "oldest": Arg.TEXT, "latest": Arg.TEXT, "inclusive": Arg.FLAG, "include_all_metadata": Arg.FLAG}
METHODS = {
    "auth.test": Method(auth_test, {}, tier=0),
    "api.test": Method(api_test, {"foo": Arg.TEXT, "error": Arg.TEXT}, tier=4, token=TokenKind.NONE),
    "apps.connections.open": Method(connections_open, {}, tier=0, token=TokenKind.APP),
    "users.info": Method(
        users_info, {"user": Arg.TEXT, "include_locale": Arg.FLAG}, ("user",), scope="users:read", tier=4
    ),
    "bots.info": Method(bots_info, {"bot": Arg.TEXT}, ("bot",), scope="users:read"),
    "conversations.info": Method(
        conversations_info,
        {"channel": Arg.TEXT, "include_locale": Arg.FLAG, "include_num_members": Arg.FLAG},
        ("channel",),
    ),
    "conversations.members": Method(conversations_members, PAGED, ("channel",), tier=4),
    "conversations.open": Method(
        conversations_open, {"users": Arg.TEXT, "return_im": Arg.FLAG}, ("users",), scope="im:write"
    ),
    "conversations.history": Method(conversations_history, SPAN, ("channel",)),
    "conversations.replies": Method(conversations_replies, {**SPAN, "ts": Arg.TEXT}, ("channel", "ts")),
}
