"""Slack as an outgoing port: messages out, people looked up, and what Slack's refusals mean, classified once.

SlackError                 Slack did not take it; `code` is Slack's own error name
├── SlackRefused           it never will: the same call again gets the same answer
└── SlackUnavailable       it may later; `retry_after_s` is Slack's wish. `is_ambiguous`: it may have been done
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import SlackError, SlackRefused, SlackUnavailable
from bot.rendering.blocks import Message

_TRY_LATER = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_RESPOND_TIMEOUT_S = 10
_FOUND_PAGE = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack, as users.info tells."""

    user_id: str
    team_id: str  # the workspace they belong to; not ours for people of other organisations
    tz: str | None  # IANA name; None when Slack tells none
    is_guest: bool
    is_bot: bool
    is_outsider: bool  # of another organisation, seen through a shared channel
    is_deactivated: bool


class SlackPort:
    """Say things in Slack. Every method raises `SlackError`.

    `client` posts without the SDK's own retries, which double posts after a reset connection; `session` serves every
    call. A response_url is used only when it points at `response_host` (Slack's, or the local workspace's), because it
    comes from outside.
    """

    def __init__(self, client: AsyncWebClient, session: aiohttp.ClientSession, *, team_id: str) -> None:
        self._client = client
        self._session = session
        self._team_id = team_id
        self._hosts = _response_hosts(client.base_url)

    async def respond(self, response_url: str, message: Message, *, is_replacing: bool = False) -> None:
        """Answer through a response_url, for the asker alone; `is_replacing` replaces what stands there."""
        call = "response_url"
        if urlsplit(response_url).netloc not in self._hosts:
            raise SlackRefused("foreign_response_url", call)
        hook = AsyncWebhookClient(
            response_url, session=self._session, timeout=_RESPOND_TIMEOUT_S, retry_handlers=[], default_headers={}
        )
        try:
            # What is replaced stays as visible as it was, and Slack wants no word on that.
            visibility = {} if is_replacing else {"response_type": "ephemeral"}
            answer = await hook.send_dict(
                {"replace_original": is_replacing, "text": message.text, "blocks": message.blocks, **visibility}
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _broken(error, call) from error
        if answer.status_code != 200:
            raise _classify(answer.status_code, _hook_error(answer.body), answer.headers, call)

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None = None, key: str | None = None
    ) -> str:
        """Post a message; return its ts. `key` is put into the message's metadata, for `find_own`."""
        metadata = {"event_type": "callwatch_answer", "event_payload": {"key": key}} if key else None
        answer = await _call(
            "chat.postMessage",
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks,
                thread_ts=thread_ts,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours."""
        await _call(
            "chat.update",
            lambda: self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks),
        )

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours."""
        await _call("chat.delete", lambda: self._client.chat_delete(channel=channel, ts=ts))

    async def post_private(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Post a message that only `user` sees; Slack does not promise to show it."""
        await _call(
            "chat.postEphemeral",
            lambda: self._client.chat_postEphemeral(
                channel=channel, user=user, text=message.text, blocks=message.blocks, thread_ts=thread_ts
            ),
        )

    async def find_own(self, channel: str, thread_ts: str | None, key: str, *, oldest: str) -> str | None:
        """Return the ts of our message with `key` in its metadata, posted at `oldest` (a ts) or later; None if none."""

        def ask() -> Awaitable[AsyncSlackResponse]:
            if thread_ts:
                return self._client.conversations_replies(
                    channel=channel, ts=thread_ts, oldest=oldest, include_all_metadata=True, limit=_FOUND_PAGE
                )
            return self._client.conversations_history(
                channel=channel, oldest=oldest, include_all_metadata=True, limit=_FOUND_PAGE
            )

        answer = await _call("conversations.replies" if thread_ts else "conversations.history", ask)
        messages: list[dict[str, Any]] = answer.get("messages", [])
        for message in messages:
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                return str(message["ts"])
        return None

    async def fetch_person(self, user_id: str) -> Person:
        """Return who somebody is. Source: users.info (scope users:read)."""
        answer = await _call("users.info", lambda: self._client.users_info(user=user_id))
        user: dict[str, Any] = answer["user"]
        team_id = str(user.get("team_id") or "")
        return Person(
            user_id=user_id,
            team_id=team_id,
            tz=user.get("tz") or None,
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_bot=bool(user.get("is_bot")) or user_id == "USLACKBOT",
            is_outsider=bool(user.get("is_stranger")) or team_id != self._team_id,
            is_deactivated=bool(user.get("deleted")),
        )


def _response_hosts(base_url: str) -> frozenset[str]:
    api_host = urlsplit(base_url).netloc
    return frozenset({"hooks.slack.com", "hooks.slack-gov.com"} if api_host.endswith("slack.com") else {api_host})


async def _call(name: str, ask: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
    """Do one Web API call; every way it can fail becomes a SlackError."""
    try:
        return await ask()
    except SlackApiError as error:
        response = error.response
        code = response.get("error") if hasattr(response, "get") else None
        # A 200 that is not JSON leaves a bare aiohttp response here, which names its status differently.
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
        raise _classify(status, str(code or f"http_{status}"), dict(response.headers), name) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _broken(error, name) from error


def _hook_error(body: str) -> str:
    """Return the error name in a response_url's answer, which is JSON or the bare word."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        return body.strip()[:80]


def _classify(status: int, code: str, headers: dict[str, Any], call: str) -> SlackError:
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        wish = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
        wish = wish[0] if isinstance(wish, list) else wish
        retry_after_s = float(wish) if str(wish).isdigit() else None
        return SlackUnavailable("ratelimited", call, retry_after_s=retry_after_s, is_ambiguous=False)
    if status >= 500 or code in _TRY_LATER or code.startswith("http_200"):
        return SlackUnavailable(code or f"http_{status}", call, is_ambiguous=True)
    return SlackRefused(code or f"http_{status}", call)


def _broken(error: Exception, call: str) -> SlackUnavailable:
    is_unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return SlackUnavailable(type(error).__name__, call, is_ambiguous=not is_unsent)
