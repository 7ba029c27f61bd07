"""The bot that is killed: real polls, real storage, real posts, none of Slack's sockets. Runs in a fork of its own.

Where it dies is wrapped around the parts from outside; the code of the bot knows nothing of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot import app
from bot.notifier import SlackPort
from bot.rendering.blocks import Message
from bot.reporting.client import ReportingClient
from bot.reporting.signing import SignatureAuth, parse_secret
from bot.running import run_until_stopped
from bot.scheduler import Ticker
from bot.settings import Need, Settings
from bot.watching.models import Telling, Thresholds
from bot.watching.outgoing import Pace
from bot.watching.service import Books, Plan, Watching
from storage import opening
from storage.database import Database
from storage.inbox import Inbox
from storage.lock import InstanceLock, take_charge
from storage.outages import Outages
from storage.outbox import Outbox
from storage.samples import Samples
from storage.services import Services
from storage.watches import Watches


@dataclass(frozen=True)
class Orders:
    """What one bot is told. `point` is where it ends, at the `hit`-th time; 0: nowhere."""

    database: str
    slack_url: str
    token: str
    reporting_url: str
    key: str
    secret: str
    point: int = 0
    hit: int = 1
    app_token: str = ""
    ending: str = "kill"  # or "freeze": stopped and not killed; "terminate": SIGTERM, and killed while it is handled
    pace: dict[str, float] = field(default_factory=dict)
    timeout_s: float = 5.0  # of one call of Slack


class Fate:
    """Ends the process the n-th time it is met at its point."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._left = orders.hit
        self.is_terminating = False

    def meet(self, point: int) -> None:
        if point != self._orders.point:
            return
        self._left -= 1
        if self._left:
            return
        match self._orders.ending:
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "terminate":
                self.is_terminating = True
                os.kill(os.getpid(), signal.SIGTERM)
            case _:
                os.kill(os.getpid(), signal.SIGKILL)

    def trace(self, statement: str) -> None:
        """Points inside transactions, met before the statement is carried out; in the database's thread."""
        if statement.startswith("\n        INSERT INTO flip"):
            self._is_flip = True
        if statement.lstrip().startswith("INSERT INTO notice"):
            self.meet(2)
        if statement.lstrip().startswith("INSERT INTO card_line"):
            self.meet(11)
        if statement.startswith("COMMIT"):
            if self._is_flip:
                self.meet(3)
            self._is_flip = False

    _is_flip = False


def render(telling: Telling) -> Message:
    outages = [line.outage for line in telling.card.lines] if telling.card else telling.outages
    told = ", ".join(f"{each.service_id} {each.status} #{each.outage_id}" for each in outages)
    text = f"{telling.card.kind if telling.card else telling.kind}: {told or ', '.join(telling.services)}"
    return Message(text, [{"type": "section", "text": {"type": "mrkdwn", "text": text[:2900] or "-"}}])


class KilledClient(ReportingClient):
    fate: Fate
    seen: dict[str, Any]

    async def fetch_service_status(self, service_id: str) -> Any:
        answer = await super().fetch_service_status(service_id)
        before = self.seen.get(service_id)
        self.seen[service_id] = answer.status
        if before is not None and before is not answer.status:
            self.fate.meet(1)
        return answer


class KilledServices(Services):
    fate: Fate

    async def record(self, decision: Any) -> list[str]:
        channels = await super().record(decision)
        if channels:
            self.fate.meet(4)
        return channels


class KilledOutbox(Outbox):
    fate: Fate

    async def sent(self, notice_id: int, ts: str, version: int, now: datetime) -> None:
        await super().sent(notice_id, ts, version, now)
        self.fate.meet(8)

    async def wait(self, channel_id: str, seconds: float, now: datetime) -> None:
        await super().wait(channel_id, seconds, now)
        self._is_waiting = True

    async def release(self, notice_id: int, **how: bool) -> None:
        await super().release(notice_id, **how)
        if self._is_waiting:
            self._is_waiting = False
            self.fate.meet(9)

    _is_waiting = False


class KilledSlack(SlackPort):
    fate: Fate

    async def post(self, channel: str, message: Message, **more: Any) -> str:
        self.fate.meet(5)
        ts = await super().post(channel, message, **more)
        self.fate.meet(7)
        return ts

    async def find_own(self, channel: str, thread_ts: str | None, key: str, *, oldest: str | None = None) -> str | None:
        found = await super().find_own(channel, thread_ts, key, oldest=oldest)
        self.fate.meet(10)
        return found


def _on_the_wire(fate: Fate) -> aiohttp.TraceConfig:
    """Point 6: the body of a post has been handed to the network, and no answer was read."""

    async def sent(session: Any, context: Any, chunk: Any) -> None:
        if chunk.url.path.endswith("chat.postMessage"):
            fate.meet(6)

    config = aiohttp.TraceConfig()
    config.on_request_chunk_sent.append(sent)
    return config


async def run(orders: Orders) -> None:
    """Be a bot until SIGTERM."""
    fate, stopped, loop = Fate(orders), asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    pace, path = Pace(**orders.pace), Path(orders.database)
    async with InstanceLock(path), await Database.open(path) as database:
        services, outbox = KilledServices(database), KilledOutbox(database, await take_charge(database), pace)
        await database.read(lambda db: db.conn.set_trace_callback(fate.trace))
        auth = SignatureAuth(orders.key, parse_secret(orders.secret), _now)
        platform = KilledClient(orders.reporting_url, auth, attempts=1)
        platform.seen = {state.service_id: state.status for state in await services.load_watched() if state.seen_at}
        async with aiohttp.ClientSession(trace_configs=[_on_the_wire(fate)]) as session:
            client = AsyncWebClient(
                orders.token,
                base_url=orders.slack_url,
                session=session,
                timeout=orders.timeout_s,  # type: ignore[arg-type]
                retry_handlers=[],
            )
            slack = KilledSlack(client, session, team_id="")
            for part in (services, outbox, platform, slack):
                part.fate = fate
            books = Books(services, Watches(database), Outages(database), Samples(database), outbox)
            plan = Plan(Thresholds(interval_s=0.05), pace, timeout_s=1.0)
            watching = Watching(platform, books, slack, render, Ticker(plan.tick_s), plan, now=_now)
            await watching.start()
            await stopped.wait()
            if fate.is_terminating:
                loop.call_later(0.003, os.kill, os.getpid(), signal.SIGKILL)
            await watching.stop()
        await platform.aclose()


def _now() -> datetime:
    return datetime.now(UTC)


def main(orders: Orders) -> None:
    asyncio.run(run(orders))


def migrate(orders: Orders) -> None:
    """Open a database that has no tables yet, and die before the n-th statement that makes them."""
    left = orders.hit

    def trace(statement: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(path: Path, **more: Any) -> Any:
        db = opening_connect(path, **more)
        db.conn.set_trace_callback(trace)
        return db

    opening_connect, opening.connect = opening.connect, connect
    opening.open_connection(Path(orders.database), busy_timeout_s=5.0).close()


class KilledInbox(Inbox):
    fate: Fate

    async def take(self, keys: Sequence[str], kind: str, payload: str, received_at_ms: int) -> bool:
        is_new = await super().take(keys, kind, payload, received_at_ms)
        if is_new:
            self.fate.meet(15)
        return is_new


def whole(orders: Orders) -> None:
    """Be the whole bot, Socket Mode included, until SIGTERM."""
    KilledInbox.fate = Fate(orders)
    app.Inbox = KilledInbox  # type: ignore[misc]
    environment = {
        "SLACK_BOT_TOKEN": orders.token,
        "SLACK_APP_TOKEN": orders.app_token,
        "SLACK_API_URL": orders.slack_url,
        "SINCH_APPLICATION_KEY": orders.key,
        "SINCH_APPLICATION_SECRET": orders.secret,
        "SINCH_REPORTING_URL": orders.reporting_url,
        "CALLWATCH_DATABASE": orders.database,
    }
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    settings = Settings.from_env(environment, {Need.SLACK, Need.REPORTING})
    asyncio.run(run_until_stopped(settings))


MODES: dict[str, Callable[[Orders], None]] = {"bot": main, "migrate": migrate, "whole": whole}
