"""What an interaction leaves in the app's hands: a trigger id for 3 s, a response_url for five posts in 30 minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.playground import rules
from bot.playground.journal import Kind
from bot.playground.models import Author, Channel, Message, Person
from bot.playground.wire import Json, RefusalError
from bot.playground.workspace import Workspace

#: A trigger id opens one view, this soon.
TRIGGER_LIFE = timedelta(seconds=3)
#: A response_url takes this many posts in this time.
RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5
#: Slack's own Incoming Webhook fields that a response_url understands, and the type each must have.
FIELDS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "blocks": list,
    "attachments": list,
    "response_type": str,
    "replace_original": (bool, str),
    "delete_original": (bool, str),
    "thread_ts": str,
    "unfurl_links": bool,
    "unfurl_media": bool,
    "metadata": dict,
    "mrkdwn": bool,
    "parse": str,
    "link_names": (bool, int),
}


@dataclass(slots=True)
class Trigger:
    """A trigger id given to the app, with whom and when; `is_used` once a view was opened with it.

    `channel` is the conversation the person was in, `view_id` the view they used, each None elsewhere.
    """

    person: Person
    given_at: datetime
    channel: Channel | None = None
    view_id: str | None = None
    is_used: bool = False

    def spend(self) -> None:
        """Use it up."""
        self.is_used = True


@dataclass(slots=True)
class ResponseUrl:
    """One response_url, at `address`. `original` is the message the pressed button sits on.

    `typed` is what a command's person typed, shown before a public answer. `last` is the message
    last posted through it: for a command that is what `replace_original` means.
    """

    address: str
    channel: Channel
    person: Person
    given_at: datetime
    original: Message | None = None
    typed: str | None = None
    uses: int = 0
    last: Message | None = None
    was_typed_shown: bool = False


@dataclass(slots=True)
class Responses:
    """Every response_url and trigger id given out, and what comes back through them."""

    workspace: Workspace
    base_url: str = ""
    _urls: dict[str, ResponseUrl] = field(default_factory=dict)
    _triggers: dict[str, Trigger] = field(default_factory=dict)

    def give_trigger(self, person: Person, channel: Channel | None = None, view_id: str | None = None) -> str:
        """Return a fresh trigger id, and forget those long dead."""
        now = self.workspace.clock()
        _forget_old(self._triggers, now)
        trigger_id = f"{self.workspace.ids.next('').lower()}.{self.workspace.bot.team_id}"
        self._triggers[trigger_id] = Trigger(person, now, channel, view_id)
        return trigger_id

    def look_at_trigger(self, trigger_id: str) -> Trigger:
        """Return who may be shown a view, and where they were; good once (`spend`) and within 3 s.

        Raises RefusalError as views.open answers.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise RefusalError("invalid_trigger_id")
        if trigger.is_used:
            raise RefusalError("exchanged_trigger_id")
        if self.workspace.clock() - trigger.given_at > TRIGGER_LIFE:
            raise RefusalError("expired_trigger_id")
        return trigger

    def give_url(self, kind: str, channel: Channel, person: Person, **fields: Any) -> ResponseUrl:
        """Return a fresh response_url; `kind` is "commands", "actions" or "app", `fields` are of `ResponseUrl`."""
        now = self.workspace.clock()
        _forget_old(self._urls, now)
        key = f"{kind}/{self.workspace.bot.team_id}/{self.workspace.ids.next('').lower()}"
        self._urls[key] = ResponseUrl(f"{self.base_url}/{key}", channel, person, now, **fields)
        return self._urls[key]

    def post(self, key: str, body: Any) -> Message | None:
        """Carry out one post to a response_url and return the message it made or changed.

        Raises RefusalError with the HTTP status Slack uses: 404 `expired_url` or `used_url`, 400 for the rest.
        """
        url = self._urls.get(key)
        if url is None or self.workspace.clock() - url.given_at > RESPONSE_URL_LIFE:
            raise RefusalError("expired_url", status=404)
        if url.uses >= RESPONSE_URL_USES:
            raise RefusalError("used_url", status=404)
        _check_fields(body)
        url.uses += 1
        self.workspace.journal.add(Kind.RESPONSE, f"response_url, use {url.uses} of {RESPONSE_URL_USES}", body)
        return self._show(url, body)

    def answer(self, url: ResponseUrl, body: Any) -> Message | None:
        """Carry out what a command's acknowledgement carries, which is no use of the url. Raises RefusalError."""
        _check_fields(body)
        return self._show(url, body)

    def _show(self, url: ResponseUrl, body: Json) -> Message | None:
        if _is_true(body.get("delete_original")):
            self._delete(url)
            return None
        rules.check_content(body, status=400)
        self.workspace.files.check_used(body.get("blocks"), "/blocks", "invalid_blocks", status=400)
        if len(body.get("text", "")) > rules.MAX_TEXT:
            self._blame("message_truncated", f"text of {len(body['text'])} characters was cut")
        content = rules.content(body, self.workspace.ids.next)
        target = self._target(url, body)
        if target is not None:
            if body.get("response_type") not in (None, "ephemeral" if target.is_ephemeral else "in_channel"):
                self._blame("response_type_cannot_change", "a replaced message stays as visible as it was")
            content.setdefault("blocks", ())
            url.last = self.workspace.change(target, **content, edited_ts=self.workspace.next_ts())
            return url.last
        return self._post_new(url, body, content)

    def _post_new(self, url: ResponseUrl, body: Json, content: Json) -> Message:
        thread_ts = body.get("thread_ts")
        if thread_ts is not None and self.workspace.find(url.channel.id, thread_ts) is None:
            raise RefusalError("thread_not_found", status=400)
        is_public = body.get("response_type") == "in_channel"
        if is_public and url.typed is not None and not url.was_typed_shown:
            url.was_typed_shown = True
            self.workspace.post(url.channel, url.person.id, Author.PERSON, url.typed)
        viewer_id = None if is_public else url.person.id
        url.last = self.workspace.post(
            url.channel,
            self.workspace.bot.id,
            Author.APP,
            **content,
            thread_ts=thread_ts,
            viewer_id=viewer_id,
            metadata=body.get("metadata"),
        )
        return url.last

    def _target(self, url: ResponseUrl, body: Json) -> Message | None:
        replaces = body.get("replace_original")
        if url.original is not None and replaces is None:
            self._blame("replace_original_unsaid", "say whether an answer to a button replaces the message or not")
        if not _is_true(replaces) and not (url.original is not None and replaces is None):
            return None
        original = url.original if url.original is not None else url.last
        if original is None:
            return None
        current = self.workspace.find(original.channel_id, original.ts)
        if current is None:
            raise RefusalError("message_not_found", status=404)
        return current

    def _delete(self, url: ResponseUrl) -> None:
        original = url.original if url.original is not None else url.last
        current = self.workspace.find(original.channel_id, original.ts) if original is not None else None
        if current is None:
            raise RefusalError("message_not_found", status=404)
        self.workspace.delete(current)

    def _blame(self, rule: str, detail: str) -> None:
        self.workspace.journal.blame(rule, "response_url", detail)


def _forget_old(given: dict[str, Trigger] | dict[str, ResponseUrl], now: datetime) -> None:
    """Drop from the front, where the oldest are, what has long been refused for its age."""
    while given and now - given[next(iter(given))].given_at > 2 * RESPONSE_URL_LIFE:
        del given[next(iter(given))]


def _check_fields(body: Any) -> None:
    if not isinstance(body, dict):
        raise RefusalError("invalid_payload", status=400)
    problems = [f"unsupported field: {name}" for name in body if name not in FIELDS]
    problems += [
        f"{name} has the wrong type"
        for name, type_ in FIELDS.items()
        if name in body and not isinstance(body[name], type_)
    ]
    if body.get("response_type") not in (None, "ephemeral", "in_channel"):
        problems.append("response_type must be ephemeral or in_channel")
    if problems:
        raise RefusalError("invalid_payload", messages=tuple(problems), status=400)


def _is_true(value: Any) -> bool:
    return value in (True, "true")
