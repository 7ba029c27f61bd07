"""The composition root: settings in, a running bot out. Everything is made here, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

import handlers
from bot.errors import CallwatchError
from bot.manifest import Manifest
from bot.notifier import SlackPort
from bot.reporting.client import ReportingClient
from bot.reporting.service import ReportingService
from bot.reporting.signing import SignatureAuth, parse_secret
from bot.settings import ReportingSettings, Settings, SlackSettings
from handlers.answers import Answers
from handlers.desk import RESPONSE_URL_LIFE, Desk
from handlers.people import People
from storage.audit import AuditLog
from storage.database import Database
from storage.inbox import Inbox

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

_DRAIN_S = 3.0
_CLOSE_S = 0.75  # waited for twice
#: Between attempts to reach Slack at the start, seconds, doubled each time.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0
#: Slack's error names that say nothing about our token.
_PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_SEEN_FOR = timedelta(days=1)


class StartError(CallwatchError):
    """The bot cannot start; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot."""

    desk: Desk
    audit: AuditLog


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@asynccontextmanager
async def reporting_service(settings: ReportingSettings, now: Clock = utc_now) -> AsyncIterator[ReportingService]:
    """Lend the reporting service, which the bot and the terminal share."""
    auth = SignatureAuth(settings.application_key, parse_secret(settings.application_secret.reveal()), now)
    client = ReportingClient(settings.url, auth)
    try:
        yield ReportingService(client, now)
    finally:
        await client.aclose()


@asynccontextmanager
async def running_bot(
    settings: Settings,
    manifest: Manifest,
    *,
    now: Clock = utc_now,
    note_after_s: float = 2.0,
    drain_s: float = _DRAIN_S,
) -> AsyncIterator[Bot]:
    """Lend a bot that is connected to Slack. Raises StartError, StorageError.

    Leaving takes 5 s at most and loses nothing: what is not answered by then is answered after the next start.
    """
    slack_settings = settings.require_slack()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        database = await stack.enter_async_context(await Database.open(settings.database))
        identity = await _auth_test(slack_settings, session)
        reporting = await stack.enter_async_context(reporting_service(settings.require_reporting(), now))
        client = _web_client(slack_settings, session, token=slack_settings.bot_token.reveal())
        slack = SlackPort(client, session, team_id=identity.team_id or "")
        inbox, audit = Inbox(database), AuditLog(database)
        answers = Answers(
            reporting,
            People(slack.fetch_person, settings.timezone),
            audit,
            commands=manifest.commands,
            counter_ids=settings.counters,
            bot_user_id=identity.bot_user_id or "",
            now=now,
        )
        desk = Desk(answers, slack, inbox, now=now, note_after_s=note_after_s)
        app = _bolt_app(slack_settings, session, identity)
        handlers.register(app, desk, manifest.commands)
        socket = AsyncSocketModeHandler(app, slack_settings.app_token.reveal())
        stack.push_async_callback(_stop, socket, desk, drain_s)
        # Asked for here: the SDK itself would ask for ever, with a token that Slack will never take.
        socket.client.wss_uri = await _socket_url(slack_settings, session)
        await socket.connect_async()
        log.info("connected", team=identity.team_id, bot_user=identity.bot_user_id)
        await desk.resume()
        await inbox.prune(received_before_ms=_ms(now() - RESPONSE_URL_LIFE), seen_before_ms=_ms(now() - _SEEN_FOR))
        yield Bot(desk, audit)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


async def _stop(socket: AsyncSocketModeHandler, desk: Desk, drain_s: float) -> None:
    """Stop intake, finish what is under way, close. A socket that does not want to close is left behind."""
    try:
        await asyncio.wait_for(socket.disconnect_async(), _CLOSE_S)
    except TimeoutError:
        log.warning("socket_did_not_close")
    await desk.drain(drain_s)
    try:
        await asyncio.wait_for(socket.close_async(), _CLOSE_S)
    except TimeoutError:
        log.warning("socket_did_not_close")


def _web_client(settings: SlackSettings, session: aiohttp.ClientSession, *, token: str | None) -> AsyncWebClient:
    """Return a client without the SDK's own retries: after a reset connection they would post twice."""
    return AsyncWebClient(token, base_url=settings.api_url, session=session, timeout=10, retry_handlers=[])


def _bolt_app(settings: SlackSettings, session: aiohttp.ClientSession, identity: AuthorizeResult) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        """Return what auth.test told at the start, so that no request waits for it."""
        return identity

    return AsyncApp(
        client=_web_client(settings, session, token=None),
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


async def _auth_test(settings: SlackSettings, session: aiohttp.ClientSession) -> AuthorizeResult:
    """Return who we are in Slack."""
    bot_token = settings.bot_token.reveal()
    answer = await _until_answered(
        _web_client(settings, session, token=bot_token).auth_test,
        "SLACK_BOT_TOKEN",
        "Copy it anew from the app's page, OAuth & Permissions, after installing the app.",
    )
    return AuthorizeResult.from_auth_test_response(bot_token=bot_token, auth_test_response=answer)


async def _socket_url(settings: SlackSettings, session: aiohttp.ClientSession) -> str:
    """Return an address that lets one Socket Mode connection in, once and soon."""
    client = _web_client(settings, session, token=None)
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
        asked_wait_s = 0.0
        try:
            return await ask()
        except SlackApiError as error:
            code = error.response.get("error") if hasattr(error.response, "get") else None
            if code and code not in _PASSING:
                raise StartError(f"Slack does not take {setting} ({code}). {remedy}") from error
            retry_after = error.response.headers.get("Retry-After", "")
            asked_wait_s = float(retry_after) if retry_after.isdigit() else 0.0
            log.warning("slack_not_ready", setting=setting, reason=code or "no answer of Slack's")
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("slack_not_reached", reason=type(error).__name__, retry_in_s=wait_s)
        await asyncio.sleep(max(wait_s, asked_wait_s))
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
