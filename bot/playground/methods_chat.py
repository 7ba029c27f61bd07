"""chat.*: posting, changing and deleting, with membership, threads, metadata and the rate per channel."""

from __future__ import annotations

from bot.playground import rules
from bot.playground.journal import Kind
from bot.playground.methods import Arg, Method, Office, find_channel, require_scope
from bot.playground.models import Author, Channel, ChannelKind, Message
from bot.playground.payloads import message_json
from bot.playground.wire import Json, RefusalError

WRITTEN = {
    "channel": Arg.TEXT,
    "text": Arg.TEXT,
    "blocks": Arg.JSON,
    "attachments": Arg.JSON,
    "parse": Arg.TEXT,
    "link_names": Arg.FLAG,
    "as_user": Arg.FLAG,
}
FACE = {"username": Arg.TEXT, "icon_emoji": Arg.TEXT, "icon_url": Arg.TEXT}


def post_message(office: Office, args: Json) -> Json:
    """Post a message that every member sees."""
    workspace = office.workspace
    channel = _find_writable(office, args["channel"])
    _check(office, args)
    wait_s = office.limiter.wait_for_post(channel.id, workspace.clock().timestamp())
    if wait_s:
        raise RefusalError("ratelimited", status=429, retry_after_s=wait_s)
    is_reply = _is_reply(office, channel, args)
    warnings = _warn_if_cut(office, args, "chat.postMessage")
    message = workspace.post(
        channel,
        workspace.bot.id,
        Author.APP,
        **rules.content(args, workspace.ids.next),
        thread_ts=args.get("thread_ts") if is_reply else None,
        is_broadcast=is_reply and args.get("reply_broadcast", False),
        metadata=args.get("metadata"),
    )
    shown = message_json(workspace, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown, **warnings}


def post_ephemeral(office: Office, args: Json) -> Json:
    """Show a message to one member only."""
    workspace = office.workspace
    channel = _find_writable(office, args["channel"])
    _check(office, args)
    if args["user"] not in channel.members:
        raise RefusalError("user_not_in_channel")
    is_reply = _is_reply(office, channel, args)
    message = workspace.post(
        channel,
        workspace.bot.id,
        Author.APP,
        **rules.content(args, workspace.ids.next),
        viewer_id=args["user"],
        thread_ts=args.get("thread_ts") if is_reply else None,
    )
    return {"message_ts": message.ts}


def update(office: Office, args: Json) -> Json:
    """Change one of the bot's own messages; blocks and metadata that are not mentioned stay."""
    workspace = office.workspace
    message = _find_own(office, args, "cant_update_message")
    _check(office, args, shown=message)
    if len(args.get("text", "")) > rules.MAX_UPDATED_TEXT:
        raise RefusalError("msg_too_long")
    content = rules.content(args, workspace.ids.next)
    if "text" not in args:
        content["text"] = message.text
    if "metadata" in args:
        content["metadata"] = args["metadata"] or None
    if args.get("reply_broadcast") and message.is_reply:
        content["is_broadcast"] = True
    changed = workspace.change(message, **content, edited_ts=workspace.next_ts())
    shown = message_json(workspace, changed, with_metadata=True)
    return {"channel": changed.channel_id, "ts": changed.ts, "text": changed.text, "message": shown}


def delete(office: Office, args: Json) -> Json:
    """Take one of the bot's own messages away."""
    message = _find_own(office, args, "cant_delete_message")
    office.workspace.delete(message)
    return {"channel": message.channel_id, "ts": message.ts}


def get_permalink(office: Office, args: Json) -> Json:
    """Return the address of a message, with its thread when it is a reply."""
    channel = find_channel(office.workspace, args["channel"])
    message = office.workspace.find(channel.id, args["message_ts"])
    if message is None or message.is_ephemeral:
        raise RefusalError("message_not_found")
    link = f"{office.url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _find_writable(office: Office, channel_id: str) -> Channel:
    workspace = office.workspace
    person = workspace.people.get(channel_id)
    if person is not None:
        if person.is_bot:
            raise RefusalError("cannot_dm_bot")
        if person.is_deleted:
            raise RefusalError("channel_not_found")
        channel_id = workspace.direct(person).id
    channel = find_channel(workspace, channel_id)
    if channel.kind is ChannelKind.IM and not workspace.manifest.has_messages_tab:
        raise RefusalError("messages_tab_disabled")
    if channel.is_archived:
        raise RefusalError("is_archived")
    if workspace.bot.id not in channel.members and "chat:write.public" not in workspace.manifest.scopes:
        raise RefusalError("not_in_channel")
    return channel


def _find_own(office: Office, args: Json, refusal: str) -> Message:
    channel = find_channel(office.workspace, args["channel"])
    message = office.workspace.find(channel.id, args["ts"])
    if message is None or message.is_ephemeral:
        raise RefusalError("message_not_found")
    if message.user_id != office.workspace.bot.id:
        raise RefusalError(refusal)
    return message


def _check(office: Office, args: Json, shown: Message | None = None) -> None:
    """Raise RefusalError unless the arguments make a message; `shown` is the one they change, whose blocks may stay."""
    if args.get("as_user"):
        raise RefusalError("invalid_arguments", messages=("[ERROR] as_user is for classic apps only",))
    if any(name in args for name in FACE):
        require_scope(office.workspace, "chat:write.customize")
    if "attachments" in args and not isinstance(args["attachments"], list):
        raise RefusalError("invalid_attachments")
    markdown = args.get("markdown_text")
    if markdown is not None:
        if "text" in args or "blocks" in args:
            raise RefusalError("markdown_text_conflict")
        if len(markdown) > rules.MAX_MARKDOWN_TEXT:
            raise RefusalError("msg_too_long")
        args["text"] = markdown
    body = dict(args)
    if shown is not None and "blocks" not in args:
        body["blocks"] = list(shown.blocks)
    if shown is not None and body.get("metadata") == {}:
        del body["metadata"]
    rules.check_content(body)
    office.workspace.files.check_used(body.get("blocks"), "/blocks", "invalid_blocks")


def _is_reply(office: Office, channel: Channel, args: Json) -> bool:
    """Tell whether it goes into a thread. Raises RefusalError for a parent that is not there or is itself a reply."""
    thread_ts = args.get("thread_ts")
    if thread_ts is None:
        if args.get("reply_broadcast"):
            raise RefusalError("invalid_arguments", messages=("[ERROR] reply_broadcast needs thread_ts",))
        return False
    parent = office.workspace.find(channel.id, thread_ts)
    if parent is None or parent.is_ephemeral:
        raise RefusalError("thread_not_found")
    if parent.is_reply:
        raise RefusalError("cannot_reply_to_message")
    return True


def _warn_if_cut(office: Office, args: Json, method: str) -> Json:
    if len(args.get("text", "")) <= rules.MAX_TEXT:
        return {}
    office.workspace.journal.add(Kind.FAULT, f"text cut at {rules.MAX_TEXT} characters")
    office.workspace.journal.blame("message_truncated", method, f"text of {len(args['text'])} characters was cut")
    return {"warning": "message_truncated"}


POSTED = {
    **WRITTEN,
    **FACE,
    "thread_ts": Arg.TEXT,
    "reply_broadcast": Arg.FLAG,
    "unfurl_links": Arg.FLAG,
    "unfurl_media": Arg.FLAG,
    "mrkdwn": Arg.FLAG,
    "metadata": Arg.JSON,
    "markdown_text": Arg.TEXT,
}
METHODS = {
    "chat.postMessage": Method(post_message, POSTED, ("channel",), "chat:write", tier=0),
    "chat.postEphemeral": Method(
        post_ephemeral,
        {**WRITTEN, **FACE, "user": Arg.TEXT, "thread_ts": Arg.TEXT, "markdown_text": Arg.TEXT},
        ("channel", "user"),
        "chat:write",
        tier=4,
    ),
    "chat.update": Method(
        update,
        {**WRITTEN, "ts": Arg.TEXT, "metadata": Arg.JSON, "reply_broadcast": Arg.FLAG, "markdown_text": Arg.TEXT},
        ("channel", "ts"),
        "chat:write",
    ),
    "chat.delete": Method(
        delete, {"channel": Arg.TEXT, "ts": Arg.TEXT, "as_user": Arg.FLAG}, ("channel", "ts"), "chat:write"
    ),
    "chat.getPermalink": Method(
        get_permalink, {"channel": Arg.TEXT, "message_ts": Arg.TEXT}, ("channel", "message_ts"), tier=0
    ),
}
