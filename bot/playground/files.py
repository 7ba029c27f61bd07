"""Files as they stand, from the promise of an upload to the moment they can be seen. No network."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.playground import seed
from bot.playground.journal import Journal, Kind
from bot.playground.wire import Clock, Ids, Json, RefusalError

#: What an image block takes. Source: docs.slack.dev/reference/block-kit/composition-objects/slack-file-object.
IMAGE_TYPES = frozenset(("image/png", "image/jpeg", "image/gif"))


class FileState(StrEnum):
    """How far an upload has come: the three steps, and Slack being done with it."""

    PROMISED = "promised"
    UPLOADED = "uploaded"
    COMPLETED = "completed"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Share:
    """Where a file was posted: channel and message, with the parent's ts when that is a reply."""

    channel_id: str
    ts: str
    thread_ts: str | None
    is_public: bool


@dataclass(frozen=True, slots=True)
class File:
    """One file; `size` is the promised length in bytes, `created_at_s` Unix time. `content` is empty until uploaded."""

    id: str
    name: str
    size: int
    created_at_s: int
    alt_text: str = ""
    title: str = ""
    content: bytes = b""
    state: FileState = FileState.PROMISED
    shares: tuple[Share, ...] = ()

    @property
    def mimetype(self) -> str:
        """What it is, told by its name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def filetype(self) -> str:
        """Slack's short name of what it is."""
        ending = self.name.rpartition(".")[2].lower() if "." in self.name else ""
        return {"jpeg": "jpg", "txt": "text"}.get(ending, ending or "binary")

    @property
    def is_ready(self) -> bool:
        """Whether Slack is done with it."""
        return self.state is FileState.READY

    @property
    def is_image(self) -> bool:
        """Whether an image block can show it."""
        return self.mimetype in IMAGE_TYPES


class Files:
    """Every file; each step of one is written into the journal.

    `base_url` is the workspace's own address with a slash at its end, empty before it listens.
    """

    def __init__(self, journal: Journal, ids: Ids, clock: Clock) -> None:
        self.base_url = ""
        self._journal = journal
        self._ids = ids
        self._clock = clock
        self._files: dict[str, File] = {}
        self._tickets: dict[str, str] = {}

    def get(self, file_id: str) -> File | None:
        """Return the file with this id, however far it has come."""
        return self._files.get(file_id)

    def promise(self, name: str, size: int, alt_text: str) -> tuple[File, str]:
        """Return a new file and the address that takes its bytes, once."""
        file = File(self._ids.next("F"), name, size, int(self._clock().timestamp()), alt_text, title=name)
        ticket = self._ids.next("").lower()
        self._tickets[ticket] = file.id
        return self._put(file), f"{self.base_url}upload/v1/{ticket}"

    def receive(self, ticket: str, content: bytes) -> File:
        """Return the file whose bytes came. Raises RefusalError for a used address and for another length."""
        file = self._files.get(self._tickets.get(ticket, ""))
        if file is None:
            raise RefusalError("upload_url_invalid", status=404)
        if len(content) != file.size:
            told = f"{len(content)} bytes came where {file.size} were promised"
            raise RefusalError("upload_length_mismatch", status=400, messages=(told,))
        del self._tickets[ticket]
        return self._put(replace(file, content=content, state=FileState.UPLOADED))

    def complete(self, file: File, title: str | None) -> File:
        """Return the file when the app has said that it is all there."""
        return self._put(replace(file, title=title or file.name, state=FileState.COMPLETED))

    def make_ready(self, file_id: str) -> File:
        """Return the file when Slack is done with it."""
        return self._put(replace(self._files[file_id], state=FileState.READY))

    def share(self, file_id: str, share: Share) -> None:
        """Remember where a file was posted."""
        file = self._files[file_id]
        self._files[file_id] = replace(file, shares=(*file.shares, share))

    def resolve(self, slack_file: Json) -> File | None:
        """Return the file that an image block names by `id` or `url`."""
        if "id" in slack_file:
            return self.get(slack_file["id"])
        url = slack_file.get("url")
        return next((each for each in self._files.values() if url in (self.url(each), self.permalink(each))), None)

    def url(self, file: File) -> str:
        """Return where the app can fetch it with its token."""
        return f"{self.base_url}files-pri/{seed.TEAM_ID}-{file.id}/{file.name}"

    def permalink(self, file: File) -> str:
        """Return its page for people."""
        return f"{self.base_url}files/{seed.BOT_USER_ID}/{file.id}/{file.name}"

    def check_used(self, value: Any, pointer: str, code: str, *, status: int = 200) -> None:
        """Raise RefusalError with `code` when blocks show a file that is not there, not ready yet or no image."""
        wrong = tuple(
            f"[ERROR] invalid slack file [json-pointer:{where}]"
            for where, slack_file in _slack_files(value, pointer)
            if (file := self.resolve(slack_file)) is None or not file.is_ready or not file.is_image
        )
        if wrong:
            raise RefusalError(code, messages=wrong, status=status)

    def json(self, file: File) -> Json:
        """Return Slack's file object; what Slack finds out by looking into a file is empty until it is ready."""
        is_ready = file.is_ready
        shares: dict[str, dict[str, list[Json]]] = {}
        for share in file.shares:
            told = {
                "ts": share.ts,
                "reply_users": [],
                "reply_users_count": 0,
                "reply_count": 0,
                "team_id": seed.TEAM_ID,
            }
            if share.thread_ts is not None:
                told["thread_ts"] = share.thread_ts
            shares.setdefault("public" if share.is_public else "private", {}).setdefault(share.channel_id, []).append(
                told
            )
        return {
            "id": file.id,
            "created": file.created_at_s,
            "timestamp": file.created_at_s,
            "name": file.name,
            "title": file.title,
            "mimetype": file.mimetype if is_ready else "",
            "filetype": file.filetype if is_ready else "",
            "pretty_type": file.filetype.upper() if is_ready else "",
            "user": seed.BOT_USER_ID,
            "user_team": seed.TEAM_ID,
            "editable": False,
            "size": file.size,
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": any(share.is_public for share in file.shares),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "alt_txt": file.alt_text,
            "url_private": self.url(file),
            "url_private_download": self.url(file),
            "permalink": self.permalink(file),
            "shares": shares,
            "channels": [each.channel_id for each in file.shares if each.is_public],
            "groups": [
                each.channel_id for each in file.shares if each.channel_id.startswith("C") and not each.is_public
            ],
            "ims": [each.channel_id for each in file.shares if each.channel_id.startswith("D")],
            "has_rich_preview": False,
            "file_access": "visible",
        }

    def _put(self, file: File) -> File:
        self._files[file.id] = file
        detail = {"file_id": file.id, "what": file.state.value}
        self._journal.add(Kind.FILE, f"file {file.name} {file.state}", detail)
        return file


def _slack_files(value: Any, pointer: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "slack_file" and isinstance(part, dict):
                yield f"{pointer}/{name}", part
            else:
                yield from _slack_files(part, f"{pointer}/{name}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _slack_files(part, f"{pointer}/{index}")
