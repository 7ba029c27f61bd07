"""The way to Slack: clients, signing in, and the Bolt app that listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import CallwatchError
from bot.manifest import Manifest
from bot.settings import SlackSettings

log = structlog.get_logger(__name__)

#: Between attempts to reach Slack at the start, seconds, doubled each time.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
#: Slack's error names that say nothing about our token.
_PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})


class StartError(CallwatchError):
    """The bot cannot start; `str()` says what to do."""


def web_client(settings: SlackSettings, session: aiohttp.ClientSession, *, token: str | None) -> AsyncWebClient:
    """Return a client without the SDK's own retries: after a reset connection they would post twice."""
    return AsyncWebClient(token, base_url=settings.api_url, session=session, timeout=10, retry_handlers=[])


def bolt_app(settings: SlackSettings, session: aiohttp.ClientSession, identity: AuthorizeResult) -> AsyncApp:
    """Return the Bolt app, not listening to anything yet."""

    async def authorize() -> AuthorizeResult:
        """Return what auth.test told at the start, so that no request waits for it."""
        return identity

    return AsyncApp(
        # Without a name Bolt looks for the file that calls it, in the source of every module: 60 ms of the start.
        name="callwatch",
        client=web_client(settings, session, token=None),
        authorize=authorize,
        # Bolt looks for an acknowledgement every 10 ms unless it may wait for the listener, and ours return at once.
        process_before_response=True,
        # Socket Mode's requests come through a connection of ours and carry no signature.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
        ignoring_self_assistant_message_events_enabled=False,
    )


async def sign_in(settings: SlackSettings, session: aiohttp.ClientSession, manifest: Manifest) -> AuthorizeResult:
    """Return who we are in Slack; a scope that is missing is told in the log. Raises StartError."""
    bot_token = settings.bot_token.reveal()
    answer = await _until_answered(
        web_client(settings, session, token=bot_token).auth_test,
        "SLACK_BOT_TOKEN",
        "Copy it anew from the app's page, OAuth & Permissions, after installing the app.",
    )
    if missing := missing_scopes(manifest, answer.headers):
        log.warning(
            "missing_scopes", scopes=missing, remedy="put manifest.yml into the app's settings, install it again"
        )
    return AuthorizeResult.from_auth_test_response(bot_token=bot_token, auth_test_response=answer)


async def socket_url(settings: SlackSettings, session: aiohttp.ClientSession) -> str:
    """Return an address that lets one Socket Mode connection in, once and soon."""
    client = web_client(settings, session, token=None)
    answer = await _until_answered(
        lambda: client.apps_connections_open(app_token=settings.app_token.reveal()),
        "SLACK_APP_TOKEN",
        "Make one with connections:write on the app's page, Basic Information, App-Level Tokens.",
    )
    return str(answer["url"])


async def _until_answered(
    ask: Callable[[], Awaitable[AsyncSlackResponse]], setting: str, remedy: str
) -> AsyncSlackResponse:
    """Return Slack's answer. Waits while Slack cannot be reached; raises StartError when it does not want us."""
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            return await ask()
        except SlackApiError as error:
            code = slack_error_code(error)
            if code and code not in _PASSING:
                raise StartError(f"Slack does not take {setting} ({code}). {remedy}") from error
            retry_after = str(error.response.headers.get("Retry-After", ""))
            wait_s = max(wait_s, float(retry_after) if retry_after.isdigit() else 0.0)
            log.warning("slack_not_ready", setting=setting, reason=code or "no JSON", retry_in_s=wait_s)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_not_reached", setting=setting, reason=type(error).__name__, retry_in_s=wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def missing_scopes(manifest: Manifest, headers: Mapping[str, str]) -> list[str] | None:
    """Return the scopes of manifest.yml that Slack's answer does not grant; None when it tells no scopes."""
    granted = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if granted is None:
        return None
    return [scope for scope in manifest.bot_scopes if scope not in {word.strip() for word in granted.split(",")}]


def slack_error_code(error: SlackApiError) -> str | None:
    """Return Slack's own name for what is wrong; None when what answered was not Slack (a proxy, a page, a 500)."""
    data = getattr(error.response, "data", None)  # text where there was no JSON, and the SDK's own `get` fails on it
    code = data.get("error") if isinstance(data, dict) else None
    return str(code) if code else None
