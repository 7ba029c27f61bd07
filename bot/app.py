"""The composition root: settings in, a running bot out. Everything is made here, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

import handlers
from bot.connecting import bolt_app, sign_in, socket_url, web_client
from bot.errors import CallwatchError
from bot.manifest import Manifest
from bot.notifier import SlackPort
from bot.rendering import cards
from bot.reporting.client import ReportingClient
from bot.reporting.polls import PollingClient
from bot.reporting.service import ReportingService
from bot.reporting.signing import SignatureAuth, parse_secret
from bot.scheduler import Ticker
from bot.settings import ReportingSettings, Settings
from bot.slacksocket import SlackSocketHandler
from bot.watching.models import Thresholds
from bot.watching.outgoing import Pace
from bot.watching.service import Books, Plan, Watching, polls_in_flight
from handlers.answers import Answers
from handlers.desk import RESPONSE_URL_LIFE, Desk
from handlers.people import People
from handlers.presses import Presses
from handlers.watching import Archive, WatchAnswers
from storage.audit import AuditLog
from storage.board import Board
from storage.database import Database
from storage.inbox import Inbox
from storage.lock import InstanceLock, take_charge
from storage.outages import Outages
from storage.outbox import Outbox
from storage.samples import Samples
from storage.services import Services
from storage.watches import Watches

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]

_DRAIN_S = 3.0
_CLOSE_S = 0.75  # waited for twice
#: How long the sender may go on telling when the bot stops, seconds; it runs while the desk drains.
_TOLD_S = 1.0
#: Connections are for so many services at least, because a watch may be added at any time.
_WATCHED_AT_LEAST = 100
_PRUNE_EVERY_S = 3600
_SEEN_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot."""

    desk: Desk
    audit: AuditLog
    watching: Watching


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@asynccontextmanager
async def reporting_service(settings: ReportingSettings, now: Clock = utc_now) -> AsyncIterator[ReportingService]:
    """Lend the reporting service, which the bot and the terminal share."""
    client = ReportingClient(settings.url, _signature(settings, now))
    try:
        yield ReportingService(client)
    finally:
        await client.aclose()


def _signature(settings: ReportingSettings, now: Clock) -> SignatureAuth:
    return SignatureAuth(settings.application_key, parse_secret(settings.application_secret.reveal()), now)


@asynccontextmanager
async def running_bot(
    settings: Settings,
    manifest: Manifest,
    *,
    now: Clock = utc_now,
    note_after_s: float = 2.0,
    drain_s: float = _DRAIN_S,
    pace: Pace | None = None,
    on_fatal: Callable[[str], None] = lambda reason: None,
) -> AsyncIterator[Bot]:
    """Lend a bot that is connected to Slack. Raises StartError, StorageError.

    A second bot on the same database waits here, without a connection to Slack, until the first one is gone. Leaving
    takes 5 s at most and loses nothing: what is not answered or told by then follows the next start. `on_fatal` is
    called with a sentence when the bot cannot go on; the process should end then.
    """
    slack_settings = settings.require_slack()
    async with AsyncExitStack() as stack:
        lock = InstanceLock(settings.database)
        if not lock.try_take():
            log.warning("another_bot_is_running", database=str(settings.database), waiting_for=str(lock.path))
        await stack.enter_async_context(lock)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        database = await stack.enter_async_context(await Database.open(settings.database))
        epoch = await take_charge(database)
        identity = await sign_in(slack_settings, session, manifest)
        reporting = await stack.enter_async_context(reporting_service(settings.require_reporting(), now))
        client = web_client(slack_settings, session, token=slack_settings.bot_token.reveal())
        slack = SlackPort(client, session, team_id=identity.team_id or "")
        inbox, audit = Inbox(database), AuditLog(database)
        archive = Archive(Watches(database), Outages(database), Samples(database), Board(database))
        watching = await _watching(
            stack, settings, database, archive, epoch, slack, pace or Pace.for_interval(settings.poll_s), now, on_fatal
        )
        answers = Answers(
            reporting,
            People(slack.fetch_person, settings.timezone),
            audit,
            WatchAnswers(watching, archive, slack.check_channel, commands=manifest.commands, now=now),
            Presses(watching, archive, now=now),
            commands=manifest.commands,
            counter_ids=settings.counters,
            bot_user_id=identity.bot_user_id or "",
            now=now,
        )
        desk = Desk(answers, slack, inbox, now=now, note_after_s=note_after_s)
        app = bolt_app(slack_settings, session, identity)
        handlers.register(app, desk, manifest.commands, watching.channel_available)
        socket: AsyncSocketModeHandler = SlackSocketHandler(app, slack_settings.app_token.reveal())
        stack.push_async_callback(_stop, socket, desk, watching, drain_s)
        # Asked for here: the SDK itself would ask for ever, with a token that Slack will never take.
        socket.client.wss_uri = await socket_url(slack_settings, session)
        # First what watches: a question that is taken up again may be about it.
        await watching.start()
        # Before anything new can come in: a question asked in between would be found in the inbox and answered twice.
        await desk.resume()
        await socket.connect_async()
        log.info("connected", team=identity.team_id, bot_user=identity.bot_user_id)
        pruning = asyncio.create_task(_prune_hourly(inbox, now))
        stack.callback(pruning.cancel)
        yield Bot(desk, audit, watching)


async def _watching(
    stack: AsyncExitStack,
    settings: Settings,
    database: Database,
    archive: Archive,
    epoch: int,
    slack: SlackPort,
    pace: Pace,
    now: Clock,
    on_fatal: Callable[[str], None],
) -> Watching:
    """Return the watching, not started. Its connections are closed when `stack` is left."""
    thresholds = Thresholds(settings.confirm_down, settings.confirm_up, settings.poll_s)
    plan = Plan(thresholds, pace, settings.counters)
    reporting = settings.require_reporting()
    watched = len(await Services(database).load_watched())
    # Connections of its own, so that polls and people do not wait for each other; a poll is not repeated, the next is.
    platform = PollingClient(
        reporting.url,
        _signature(reporting, now),
        connections=polls_in_flight(max(watched, _WATCHED_AT_LEAST), plan),
        timeout_s=plan.timeout_s,
    )
    stack.push_async_callback(platform.aclose)
    books = Books(
        Services(database), Watches(database), Outages(database), Samples(database), Outbox(database, epoch, pace)
    )
    ticks = Ticker(plan.tick_s, on_dead=lambda: on_fatal("The scheduler has stopped and could not be set going again."))
    return Watching(
        platform,
        books,
        slack,
        cards.render,
        ticks,
        plan,
        now=now,
        on_superseded=lambda: on_fatal("Another bot has taken over this database."),
    )


async def _prune_hourly(inbox: Inbox, now: Clock) -> None:
    """Forget what cannot be answered or delivered again any more."""
    while True:
        try:
            await inbox.prune(received_before_ms=_ms(now() - RESPONSE_URL_LIFE), seen_before_ms=_ms(now() - _SEEN_FOR))
        except CallwatchError as error:
            log.error("inbox_not_pruned", reason=str(error))
        await asyncio.sleep(_PRUNE_EVERY_S)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


async def _stop(socket: AsyncSocketModeHandler, desk: Desk, watching: Watching, drain_s: float) -> None:
    """Stop intake, finish what is under way, close. A socket that does not want to close is left behind."""
    socket.client.auto_reconnect_enabled = False  # or it would come back while we finish
    try:
        await asyncio.wait_for(socket.disconnect_async(), _CLOSE_S)
    except TimeoutError:
        log.warning("socket_did_not_close")
    await asyncio.gather(desk.drain(drain_s), watching.stop(min(drain_s, _TOLD_S)))
    try:
        await asyncio.wait_for(socket.close_async(), _CLOSE_S)
    except TimeoutError:
        log.warning("socket_did_not_close")
