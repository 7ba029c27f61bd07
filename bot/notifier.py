"""Slack as an outgoing port: messages out, people looked up, and what Slack's refusals mean, classified once.

SlackError                 Slack did not take it; `code` is Slack's own error name
├── SlackRefused           it never will: the same call again gets the same answer
│   ├── ChannelRefused     not here; BotRefused: not from us; MessageRefused: not like this
│   └── MessageGone        what it is about is not there any more
└── SlackUnavailable       it may later; `retry_after_s` is Slack's wish. `is_ambiguous`: it may have been done
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import (
    BotRefused,
    ChannelRefused,
    MessageGone,
    MessageRefused,
    SlackError,
    SlackRefused,
    SlackUnavailable,
)
from bot.rendering.blocks import Message

_TRY_LATER = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_RESPOND_TIMEOUT = aiohttp.ClientTimeout(total=10)
_FOUND_PAGE = 200
_FOUND_PAGES = 5

#: Slack's error names by what they are about. Source: docs.slack.dev, chat.postMessage and chat.update.
_REFUSALS: dict[type[SlackRefused], frozenset[str]] = {
    ChannelRefused: frozenset(
        {
            "is_archived",
            "channel_not_found",
            "not_in_channel",
            "no_permission",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "restricted_action_non_threadable_channel",
            "messages_tab_disabled",
            "cannot_dm_bot",
            "user_not_found",
            "user_disabled",
        }
    ),
    BotRefused: frozenset(
        {
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
            "missing_scope",
            "access_denied",
            "not_allowed_token_type",
            "org_login_required",
            "team_access_not_granted",
            "two_factor_setup_required",
        }
    ),
    MessageRefused: frozenset(
        {
            "msg_too_long",
            "msg_blocks_too_long",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_arguments",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "metadata_too_large",
            "no_text",
        }
    ),
    MessageGone: frozenset(
        {"message_not_found", "thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"}
    ),
}


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
    call. A response_url is used only when it points at Slack, or at a workspace on this machine: it comes from outside.
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
        # What is replaced stays as visible as it was, and Slack wants no word on that.
        visibility = {} if is_replacing else {"response_type": "ephemeral"}
        content = {"replace_original": is_replacing, "text": message.text, "blocks": message.blocks, **visibility}
        try:
            async with self._session.post(
                response_url, json=content, timeout=_RESPOND_TIMEOUT, proxy=self._client.proxy
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _broken(error, call) from error
        if answer.status != 200:
            raise _classify(answer.status, _hook_error(body), dict(answer.headers), call)

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        thread_ts: str | None = None,
        key: str | None = None,
        is_broadcast: bool = False,
    ) -> str:
        """Post a message; return its ts. `key` is put into the message's metadata, for `find_own`.

        `is_broadcast` sends a reply in a thread to the channel, too.
        """
        answer = await self._call(
            "chat.postMessage",
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks or None,
                thread_ts=thread_ts,
                reply_broadcast=is_broadcast or None,
                metadata=_metadata(key),
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, message: Message, *, key: str | None = None) -> None:
        """Replace a message of ours; `key`, when given, replaces the one in its metadata."""
        await self._call(
            "chat.update",
            lambda: self._client.chat_update(
                channel=channel, ts=ts, text=message.text, blocks=message.blocks, metadata=_metadata(key)
            ),
        )

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours."""
        await self._call("chat.delete", lambda: self._client.chat_delete(channel=channel, ts=ts))

    async def post_private(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Post a message that only `user` sees; Slack does not promise to show it."""
        await self._call(
            "chat.postEphemeral",
            lambda: self._client.chat_postEphemeral(
                channel=channel, user=user, text=message.text, blocks=message.blocks, thread_ts=thread_ts
            ),
        )

    async def find_own(self, channel: str, thread_ts: str | None, key: str, *, oldest: str | None = None) -> str | None:
        """Return the ts of our message with `key` in its metadata; None if there is none.

        Looked for in a thread, or among the channel's newest thousand messages; `oldest` (a ts) bounds the search by
        Slack's clock, which need not be ours.
        """
        cursor = None
        for _ in range(_FOUND_PAGES):
            answer = await self._page(channel, thread_ts, oldest, cursor)
            messages: list[dict[str, Any]] = answer.get("messages", [])
            for message in messages:
                if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                    return str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return None

    async def _page(
        self, channel: str, thread_ts: str | None, oldest: str | None, cursor: str | None
    ) -> AsyncSlackResponse:
        def ask() -> Awaitable[AsyncSlackResponse]:
            where: dict[str, Any] = {"channel": channel, "oldest": oldest, "cursor": cursor}
            if thread_ts:
                return self._client.conversations_replies(
                    ts=thread_ts, include_all_metadata=True, limit=_FOUND_PAGE, **where
                )
            return self._client.conversations_history(include_all_metadata=True, limit=_FOUND_PAGE, **where)

        return await self._call("conversations.replies" if thread_ts else "conversations.history", ask)

    async def check_channel(self, channel: str) -> None:
        """Raise ChannelRefused where the bot cannot read: there it could not look whether a message of its own stands.

        Slack lets a bot read where it is a member, and only there.
        """
        await self._call("conversations.history", lambda: self._client.conversations_history(channel=channel, limit=1))

    async def fetch_person(self, user_id: str) -> Person:
        """Return who somebody is. Source: users.info (scope users:read)."""
        answer = await self._call("users.info", lambda: self._client.users_info(user=user_id))
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

    async def _call(self, name: str, ask: Callable[[], Awaitable[AsyncSlackResponse]]) -> AsyncSlackResponse:
        """Do one Web API call; every way it can fail becomes a SlackError."""
        try:
            # The client's own timeout does not reach a session that it was given.
            async with asyncio.timeout(self._client.timeout):
                return await ask()
        except SlackApiError as error:
            response = error.response
            data = getattr(response, "data", None)  # text where there was no JSON, and the SDK's own `get` fails on it
            code = data.get("error") if isinstance(data, dict) else None
            # A 200 that is not JSON leaves a bare aiohttp response here, which names its status differently.
            status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
            raise _classify(status, str(code or f"http_{status}"), dict(response.headers), name) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _broken(error, name) from error


def _metadata(key: str | None) -> dict[str, Any] | None:
    return {"event_type": "callwatch_answer", "event_payload": {"key": key}} if key else None


def _response_hosts(base_url: str) -> frozenset[str]:
    """Return the hosts that response_urls may point at: Slack's own, and the local workspace's."""
    api_host = urlsplit(base_url).netloc
    local = {api_host} if urlsplit(base_url).hostname in {"127.0.0.1", "::1", "localhost"} else set()
    return frozenset({"hooks.slack.com", "hooks.slack-gov.com", *local})


def _hook_error(body: bytes) -> str:
    """Return the error name in a response_url's answer, which is JSON or the bare word."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        return body.decode(errors="replace").strip()[:80]


def _classify(status: int, code: str, headers: dict[str, Any], call: str) -> SlackError:
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        wish = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
        wish = wish[0] if isinstance(wish, list) else wish
        retry_after_s = float(wish) if str(wish).isdigit() else None
        return SlackUnavailable("ratelimited", call, retry_after_s=retry_after_s, is_ambiguous=False)
    # Two of Slack's names begin with "duplicate_": it has seen such a message, so the first may stand there.
    if status >= 500 or code in _TRY_LATER or code.startswith(("http_200", "duplicate_")):
        return SlackUnavailable(code or f"http_{status}", call, is_ambiguous=True)
    kind = next((kind for kind, codes in _REFUSALS.items() if code in codes), SlackRefused)
    return kind(code or f"http_{status}", call)


def _broken(error: Exception, call: str) -> SlackUnavailable:
    is_unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return SlackUnavailable(type(error).__name__, call, is_ambiguous=not is_unsent)
