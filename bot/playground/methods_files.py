"""files.*: the first and the last of an upload's three steps, and how far Slack is with a file.

The bytes go by POST to the address that the first step gives (`bot.playground.uploads`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from bot.playground import rules
from bot.playground.files import File, FileState, Share
from bot.playground.methods import Arg, Method, Office, find_channel
from bot.playground.models import Author, Channel, ChannelKind
from bot.playground.wire import Json, RefusalError

MAX_NAME = 255
MAX_ALT_TEXT = 1000
#: Files in one message.
MAX_FILES = 10


def get_upload_url(office: Office, args: Json) -> Json:
    """Promise a file: give out an id and an address for exactly `length` bytes."""
    if not 0 < len(args["filename"]) <= MAX_NAME or args["length"] < 1:
        raise RefusalError("invalid_arguments", messages=("[ERROR] filename and length must not be empty",))
    if len(args.get("alt_txt", "")) > MAX_ALT_TEXT:
        raise RefusalError("alt_txt_too_large")
    file, url = office.workspace.files.promise(args["filename"], args["length"], args.get("alt_txt", ""))
    return {"upload_url": url, "file_id": file.id}


def complete_upload(office: Office, args: Json) -> Json:
    """End an upload. The message with the files comes later, when Slack is done with them."""
    workspace = office.workspace
    wanted = _titles(args["files"])
    files = [_uploaded(office, file_id) for file_id in wanted]
    channels = _channels(office, args)
    _check_thread(office, channels, args)
    content = _check_message(office, args)
    files = [workspace.files.complete(each, wanted[each.id]) for each in files]
    ids = tuple(each.id for each in files)
    finish = partial(_finish, office, ids, channels, args.get("thread_ts"), content)
    office.deliveries.later(office.deliveries.timing.file_ready_s, finish)
    return {"files": [workspace.files.json(each) for each in files]}


def info(office: Office, args: Json) -> Json:
    """Tell about one file; `mimetype` stays empty until Slack is done with it."""
    file = office.workspace.files.get(args["file"])
    if file is None or file.state not in (FileState.COMPLETED, FileState.READY):
        raise RefusalError("file_not_found")
    return {
        "file": office.workspace.files.json(file),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def _finish(
    office: Office, file_ids: tuple[str, ...], channels: list[Channel], thread_ts: str | None, content: Json
) -> None:
    """Make files visible, and post the messages that carry them."""
    workspace = office.workspace
    for file_id in file_ids:
        workspace.files.make_ready(file_id)
    for channel in channels:
        message = workspace.post(
            channel, workspace.bot.id, Author.APP, **content, thread_ts=thread_ts, file_ids=file_ids
        )
        share = Share(channel.id, message.ts, thread_ts, is_public=channel.kind is ChannelKind.PUBLIC)
        for file_id in file_ids:
            workspace.files.share(file_id, share)


def _titles(files: Any) -> dict[str, str | None]:
    """Return the title of each file by its id."""
    is_list = isinstance(files, list) and all(isinstance(each, dict) and "id" in each for each in files)
    if not is_list or not 1 <= len(files) <= MAX_FILES:
        message = f"[ERROR] files must be an array of 1 to {MAX_FILES} objects with an id"
        raise RefusalError("invalid_arguments", messages=(message,))
    unknown = {name for each in files for name in each} - {"id", "title", "highlight_type"}
    if unknown:
        raise RefusalError("invalid_arguments", messages=(f"[ERROR] unsupported: {', '.join(sorted(unknown))}",))
    return {each["id"]: each.get("title") for each in files}


def _uploaded(office: Office, file_id: str) -> File:
    file = office.workspace.files.get(file_id)
    if file is None:
        raise RefusalError("file_not_found")
    if file.state is FileState.PROMISED:
        raise RefusalError("file_not_found", messages=("[ERROR] the bytes have not come",))
    if file.state is not FileState.UPLOADED:
        raise RefusalError("file_update_failed", messages=("[ERROR] the upload was completed before",))
    return file


def _channels(office: Office, args: Json) -> list[Channel]:
    """Return where the files go; none means that they stay private. Membership is needed everywhere."""
    if "channel_id" in args and "channels" in args:
        raise RefusalError("invalid_arguments", messages=("[ERROR] either channel_id or channels",))
    ids = (
        [args["channel_id"]] if "channel_id" in args else [each for each in args.get("channels", "").split(",") if each]
    )
    channels = [find_channel(office.workspace, each) for each in ids]
    for channel in channels:
        if channel.is_archived:
            raise RefusalError("is_archived")
        # chat:write.public opens nothing here.
        if office.workspace.bot.id not in channel.members:
            raise RefusalError("not_in_channel")
    return channels


def _check_thread(office: Office, channels: list[Channel], args: Json) -> None:
    thread_ts = args.get("thread_ts")
    if thread_ts is None:
        return
    if len(channels) != 1:
        raise RefusalError("invalid_arguments", messages=("[ERROR] thread_ts goes with exactly one channel",))
    parent = office.workspace.find(channels[0].id, thread_ts)
    if parent is None or parent.is_ephemeral:
        raise RefusalError("thread_not_found")
    if parent.is_reply:
        raise RefusalError("cannot_reply_to_message")


def _check_message(office: Office, args: Json) -> Json:
    """Return text and blocks of the message; blocks beside a comment are ignored, which the ledger tells."""
    blocks = args.get("blocks")
    if "initial_comment" in args:
        if blocks is not None:
            detail = "blocks beside initial_comment are ignored"
            office.workspace.journal.blame("blocks_ignored", "files.completeUploadExternal", detail)
        if len(args["initial_comment"]) > rules.MAX_TEXT:
            raise RefusalError("msg_too_long")
        return {"text": args["initial_comment"]}
    if blocks is None:
        return {"text": ""}
    rules.check_message_blocks(blocks)
    if any(block["type"] == "markdown" for block in blocks):
        # Source: slackapi/python-slack-sdk#1756.
        raise RefusalError("internal_error")
    office.workspace.files.check_used(blocks, "/blocks", "invalid_blocks")
    return rules.content({"blocks": blocks}, office.workspace.ids.next)


METHODS = {
    "files.getUploadURLExternal": Method(
        get_upload_url,
        {"filename": Arg.TEXT, "length": Arg.NUMBER, "alt_txt": Arg.TEXT, "snippet_type": Arg.TEXT},
        ("filename", "length"),
        "files:write",
        tier=4,
    ),
    "files.completeUploadExternal": Method(
        complete_upload,
        {
            "files": Arg.JSON,
            "channel_id": Arg.TEXT,
            "channels": Arg.TEXT,
            "thread_ts": Arg.TEXT,
            "initial_comment": Arg.TEXT,
            "blocks": Arg.JSON,
        },
        ("files",),
        "files:write",
        tier=4,
    ),
    "files.info": Method(
        info,
        {"file": Arg.TEXT, "count": Arg.NUMBER, "cursor": Arg.TEXT, "limit": Arg.NUMBER, "page": Arg.NUMBER},
        ("file",),
        "files:read",
        tier=4,
    ),
}
