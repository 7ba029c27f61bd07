"""The workspace's page over HTTP: static files, JSON, and a stream of what happens. For this machine only.

Whoever can reach this can act as everybody in the workspace, so a request must come to our own name, and one that
changes something must come from our own page.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.resources import files
from types import TracebackType
from typing import Protocol, Self

from aiohttp import web

from bot.playground.models import Person
from bot.playground.pagegestures import PageGestures, WrongGestureError
from bot.playground.pagescreens import PageScreens
from bot.playground.pagestate import PageState
from bot.playground.server import HOST, PlaygroundServer
from bot.playground.tour import Tour
from bot.playground.wire import Json

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: A stream that has nothing to tell says so this often, seconds, so that both sides notice when the other is gone.
HEARTBEAT_S = 15.0
#: How long a page waits before it comes back to a stream that ended, milliseconds.
COME_BACK_MS = 500
MAX_BODY_BYTES = 1024 * 1024

#: Carries out one request of a page: whoever acts, and the query or the body.
Ask = Callable[[Person, Json], Json]


class Platform(Protocol):
    """The switches of the platform that the app asks: services, counters, faults. JSON in, JSON out."""

    def control(self, method: str, body: bytes) -> tuple[int, bytes]:
        """Return status and JSON: the state for GET, and after the changes in `body` for POST."""
        ...


class PageServer:
    """Serves the page of a running workspace. `async with PageServer(playground) as page:` listens; see `page.url`.

    `port` 0 takes a free one. Starting raises OSError when the port is taken.
    """

    def __init__(
        self,
        playground: PlaygroundServer,
        *,
        tour: Tour | None = None,
        platform: Platform | None = None,
        port: int = 0,
    ) -> None:
        self.state = PageState(playground, tour or Tour(), has_platform=platform is not None)
        self.gestures = PageGestures(playground, self.state)
        self.screens = PageScreens(playground.screens, self.state)
        self.url = ""
        self._journal = playground.journal
        self.platform = platform
        self._port = port
        self._static = _read_static()
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._stopping.clear()
        app = web.Application(middlewares=[_guarded], client_max_size=MAX_BODY_BYTES)
        self._add_routes(app)
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]
        self.url = f"http://{HOST}:{self._port}/"

    async def stop(self) -> None:
        """End the streams and stop listening; it can be started again, on the same port."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _add_routes(self, app: web.Application) -> None:
        routes = app.router
        routes.add_get("/", self._on_static)
        routes.add_get("/{name:[a-z]+\\.[a-z]+}", self._on_static)
        routes.add_get("/files", self._on_file)
        routes.add_get("/api/events", self._on_stream)
        routes.add_get("/api/platform", self._on_platform)
        routes.add_post("/api/platform", self._on_platform)
        for name, ask in self._questions().items():
            routes.add_get(f"/api/{name}", self._answering(ask))
        for name, gesture in self._gestures().items():
            routes.add_post(f"/api/{name}", self._doing(gesture))

    def _questions(self) -> dict[str, Ask]:
        """Return what a page may ask for: each takes a person and the query."""
        state = self.state
        return {
            "state": lambda who, _: state.whole(who),
            "messages": lambda who, query: state.messages(
                who, state.find_channel(who, query.get("channel", "")), query.get("before") or None
            ),
            "thread": lambda who, query: state.thread(
                who, state.find_channel(who, query.get("channel", "")), query.get("ts", "")
            ),
            "link": lambda who, query: state.link(who, query.get("channel", ""), query.get("ts", "")),
            "traffic": lambda _, __: state.traffic(),
            "entry": lambda _, query: state.detail(_whole(query.get("seq", ""))),
            "weather": lambda _, __: self.gestures.weather(),
            "screens": lambda who, _: self.screens.shown(who),
        }

    def _gestures(self) -> dict[str, Ask]:
        """Return what a page may do: each takes a person and the body."""
        gestures, screens = self.gestures, self.screens
        return {
            "send": gestures.send,
            "press": gestures.press,
            "delete": gestures.delete,
            "read": gestures.read,
            "weather": gestures.change_weather,
            "view/shortcut": screens.use_shortcut,
            "view/open_home": screens.open_home,
            "view/fill": screens.fill,
            "view/press": screens.press,
            "view/submit": screens.submit,
            "view/close": screens.close,
        }

    # -- static files

    async def _on_static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "index.html")
        if name not in self._static:
            raise web.HTTPNotFound(text="no such page")
        content_type, content = self._static[name]
        return web.Response(body=content, content_type=content_type, charset="utf-8")

    async def _on_file(self, request: web.Request) -> web.StreamResponse:
        """Give a file to whoever may see it; nothing but a picture is ever shown as what it says it is."""
        query = dict(request.query)
        try:
            file = self.screens.find_file(self.state.find_person(query.get("as", "")), query)
        except LookupError as error:
            raise web.HTTPNotFound(text=str(error.args[0])) from error
        if file.is_image:
            return web.Response(body=file.content, content_type=file.mimetype)
        return web.Response(
            body=file.content, content_type="application/octet-stream", headers={"Content-Disposition": "attachment"}
        )

    # -- questions and gestures

    def _answering(self, ask: Ask) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def on_get(request: web.Request) -> web.StreamResponse:
            query = dict(request.query)
            return self._answer(ask, query.get("as", ""), query)

        return on_get

    def _doing(self, gesture: Ask) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def on_post(request: web.Request) -> web.StreamResponse:
            try:
                body = await request.json()
            except ValueError:
                body = None
            if not isinstance(body, dict):
                return _json({"error": "send a JSON object"}, HTTPStatus.BAD_REQUEST)
            return self._answer(gesture, body.get("as", ""), body)

        return on_post

    def _answer(self, ask: Ask, person_id: object, what: Json) -> web.Response:
        """Return what `ask` says, or why not, as a sentence under `error`."""
        try:
            return _json(ask(self.state.find_person(str(person_id) or self._first_actor()), what))
        except LookupError as error:
            return _json({"error": str(error.args[0])}, HTTPStatus.NOT_FOUND)
        except PermissionError as error:
            return _json({"error": str(error)}, HTTPStatus.FORBIDDEN)
        except WrongGestureError as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _first_actor(self) -> str:
        return self.state.actors()[0].id

    async def _on_platform(self, request: web.Request) -> web.StreamResponse:
        if self.platform is None:
            raise web.HTTPNotFound(text="no platform here")
        status, body = self.platform.control(request.method, await request.read())
        return web.Response(status=status, body=body, content_type="application/json")

    # -- the stream

    async def _on_stream(self, request: web.Request) -> web.StreamResponse:
        """Tell a page what happens after the entry it knows; a page of an earlier run is told to ask anew."""
        try:
            person = self.state.find_person(request.query.get("as", ""))
        except LookupError as error:
            return _json({"error": str(error.args[0])}, HTTPStatus.NOT_FOUND)
        run, _, number = request.headers.get("Last-Event-ID", request.query.get("after", "")).partition(".")
        seq = int(number) if run == self.state.run and number.isdecimal() else self._journal.last_seq
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        hello = {"run": self.state.run, "is_connected": self.state.is_connected}
        try:
            await response.write(f"retry: {COME_BACK_MS}\n{_event('hello', hello)}".encode())
            while not self._stopping.is_set():
                entries = self._journal.after(seq)
                told = [
                    _event(name, shown, f"{self.state.run}.{entry.seq}")
                    for entry in entries
                    for name, shown in self.state.entry_events(person, entry)
                ]
                seq = entries[-1].seq if entries else seq
                await response.write("".join(told).encode() or b": still here\n\n")
                await self._wait_beyond(seq)
        except ConnectionError:  # the page was closed
            pass
        return response

    async def _wait_beyond(self, seq: int) -> None:
        """Wait until something happens after entry `seq`, the server stops, or it is time for a sign of life."""
        waiting = {asyncio.ensure_future(self._journal.beyond(seq)), asyncio.ensure_future(self._stopping.wait())}
        try:
            await asyncio.wait(waiting, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what another site could make a browser send, and put our headers on what is answered."""
    reason = _refusal(request)
    if reason:
        return web.Response(status=HTTPStatus.FORBIDDEN, text=reason, headers=HEADERS)
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(HEADERS)
        raise
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def _refusal(request: web.Request) -> str:
    """Return why a request is refused, "" when it is not.

    Another name for this machine would be DNS rebinding; a request of another site's page has its Origin, or says so in
    Sec-Fetch-Site.
    """
    assert request.transport is not None
    port = request.transport.get_extra_info("sockname")[1]
    if request.host not in (f"{HOST}:{port}", f"localhost:{port}"):
        return "this page answers to its own address only"
    origin = request.headers.get("Origin")
    if origin not in (None, f"http://{request.host}") or (origin is None and request.method == "POST"):
        return "this came from another page"
    is_api = request.path.startswith("/api/")
    if is_api and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return "this came from another site"
    if request.method == "POST" and request.content_type != "application/json":
        return "send application/json"
    return ""


def _read_static() -> dict[str, tuple[str, bytes]]:
    """Return the page's files by name, each with its content type."""
    found = {}
    for each in (files("bot.playground") / "page").iterdir():
        suffix = each.name[each.name.rfind(".") :]
        if suffix in TYPES:
            found[each.name] = (TYPES[suffix], each.read_bytes())
    return found


def _event(name: str, data: Json, event_id: str = "") -> str:
    id_line = f"id: {event_id}\n" if event_id else ""
    return f"event: {name}\n{id_line}data: {json.dumps(data)}\n\n"


def _json(answer: Json, status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(text=json.dumps(answer), status=status, content_type="application/json")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise WrongGestureError("seq is a number")
    return int(text)
