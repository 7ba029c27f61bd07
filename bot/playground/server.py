"""The workspace as a server on loopback: Web API, Socket Mode and response_urls, started and stopped as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground.deliveries import Deliveries, Timing
from bot.playground.events import Events
from bot.playground.faults import Faults
from bot.playground.gestures import Gestures
from bot.playground.journal import Journal, Violation
from bot.playground.limits import Limits, RateLimiter
from bot.playground.manifest import Manifest
from bot.playground.methods import Office
from bot.playground.people import PersonAtClient
from bot.playground.responses import Responses
from bot.playground.screens import Screens
from bot.playground.socketmode import Sockets
from bot.playground.typed import DESKTOP, Keyboard
from bot.playground.uploads import Uploads
from bot.playground.webapi import Tokens, WebApi
from bot.playground.wire import Clock
from bot.playground.workspace import Workspace

HOST = "127.0.0.1"
#: Made up; nothing but this server takes them.
TOKENS = Tokens("xoxb-callwatch-demo", "xapp-callwatch-demo", "callwatch-demo-signing-secret")
#: Larger bodies than Slack would ever take.
MAX_BODY_BYTES = 4 * 1024 * 1024


def system_clock() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)


class PlaygroundServer:
    """A local Slack. `async with PlaygroundServer(manifest) as server:` listens on a free port of 127.0.0.1.

    The bot is pointed at it by `api_url`, `bot_token` and `app_token`; people are had by `person("ana")`. `clock` rules
    timestamps, rate limits and the lives of trigger ids and response_urls; acknowledgements and redeliveries follow
    `timing` in real seconds.
    """

    def __init__(
        self,
        manifest: Manifest,
        *,
        clock: Clock = system_clock,
        limits: Limits | None = None,
        timing: Timing | None = None,
        port: int = 0,
    ) -> None:
        self.workspace = Workspace(manifest, clock)
        self.faults = Faults()
        self.sockets = Sockets(self.workspace, self.faults)
        self.deliveries = Deliveries(self.workspace, self.sockets, timing or Timing())
        self.sockets.on_ack = self.deliveries.acknowledge
        self.responses = Responses(self.workspace)
        self.events = Events(self.workspace, self.deliveries, self.faults)
        self.workspace.watchers.append(self.events.on_message)
        self.gestures = Gestures(self.workspace, self.deliveries, self.responses, self.events)
        self.screens = Screens(self.workspace, self.deliveries, self.responses, self.events)
        limiter = RateLimiter(limits or Limits())
        self._office = Office(self.workspace, self.sockets, limiter, self.deliveries, self.events, self.responses)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._people: dict[str, PersonAtClient] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The workspace's own address, with a slash at its end; empty before `start`."""
        return self._office.url

    @property
    def bot_token(self) -> str:
        """What `SLACK_BOT_TOKEN` gets."""
        return TOKENS.bot

    @property
    def app_token(self) -> str:
        """What `SLACK_APP_TOKEN` gets."""
        return TOKENS.app

    @property
    def signing_secret(self) -> str:
        """What `SLACK_SIGNING_SECRET` gets."""
        return TOKENS.signing_secret

    @property
    def api_url(self) -> str:
        """The Web API's base, with a slash at its end: what `SLACK_API_URL` gets."""
        return f"{self.url}api/"

    @property
    def journal(self) -> Journal:
        """All that happened."""
        return self.workspace.journal

    @property
    def violations(self) -> list[Violation]:
        """The strict rules the bot broke and no test asked for."""
        return self.workspace.violations

    def person(self, name: str, keyboard: Keyboard = DESKTOP) -> PersonAtClient:
        """Return somebody at their client, the same one each time; `keyboard` counts when first asked for."""
        who = self.workspace.person(name)
        if who.id not in self._people:
            self._people[who.id] = PersonAtClient(who, self.workspace, self.gestures, self.screens, keyboard)
        return self._people[who.id]

    def assert_no_violations(self) -> None:
        """Raise AssertionError that lists the broken rules, if there are any."""
        if self.violations:
            told = "\n".join(map(str, self.violations))
            raise AssertionError(f"the bot broke rules:\n{told}\nThe journal ends:\n{self.journal.told()}")

    async def start(self) -> None:
        """Listen."""
        app = web.Application(middlewares=[_loopback_only], client_max_size=MAX_BODY_BYTES)
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.5)
        self._add_routes(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self._office.url = f"http://{HOST}:{port}/"
        self.sockets.ws_url = f"ws://{HOST}:{port}"
        self.responses.base_url = f"http://{HOST}:{port}/respond"
        self.workspace.files.base_url = self._office.url

    def _add_routes(self, app: web.Application) -> None:
        api = WebApi(self._office, self.responses, self.faults, TOKENS)
        app.router.add_get("/api/{method}", api.on_call, allow_head=False)
        app.router.add_post("/api/{method}", api.on_call)
        app.router.add_post("/respond/{key:.+}", api.on_response_url)
        app.router.add_get("/link/", self.sockets.serve)
        uploads = Uploads(self.workspace, self.faults, TOKENS.bot)
        app.router.add_post("/upload/v1/{ticket}", uploads.on_upload)
        app.router.add_get("/files-pri/{key}/{name}", uploads.on_download, allow_head=False)

    async def stop(self) -> None:
        """Close every connection and forget what was on its way; done within a second."""
        await self.deliveries.close()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


@web.middleware
async def _loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what comes under another name than loopback's, or from a page elsewhere: our tokens are no secret."""
    origin = request.headers.get("Origin")
    if not _is_loopback(request.host) or (origin is not None and not _is_loopback(origin.partition("://")[2])):
        raise web.HTTPForbidden(text="this workspace answers on loopback only")
    return await handler(request)


def _is_loopback(authority: str) -> bool:
    """Tell whether a Host header, with or without a port, names this machine."""
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
