"""`callwatch demo`: everything on one machine, no accounts, over real HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import demopage
from bot.app import Bot, running_bot, utc_now
from bot.errors import CallwatchError
from bot.manifest import load_manifest
from bot.playground import samples
from bot.playground.manifest import parse_manifest
from bot.playground.pageserver import PageServer
from bot.playground.people import PersonAtClient
from bot.playground.seen import SeenMessage
from bot.playground.server import PlaygroundServer
from bot.reporting.server import traffic
from bot.reporting.server.callfile import CallFileError
from bot.reporting.server.records import CallRecords
from bot.reporting.server.serving import ReportingServer
from bot.settings import Need, Settings
from bot.watching.models import Watch

#: Made up for this machine alone; the embedded API knows no other.
DEMO_KEY = "ca11ca11-0000-4000-8000-ca11ca11ca11"
DEMO_SECRET = "Y2FsbHdhdGNoLWRlbW8tc2VjcmV0"  # noqa: S105 - opens nothing

#: Where the page is when nothing else is said; another one when this is taken.
PAGE_PORT = 8765

#: How long the terminal waits for an answer, seconds: the API's budget and a little more.
_PATIENCE_S = 25.0
_WORKING = ":hourglass_flowing_sand:"

_WELCOME = """\
This is Callwatch, the real bot, with sample calls and a local workspace. Nothing here leaves this machine.
Type what you would type in Slack:
  /calls username abc123 last-7d        a report, only for you
  @Callwatch counters currentcalls      the same words as a mention, answered in a thread for all
  services rtpproxy                     a direct message with the bot
  press 30 d                            press a button of the last answer
Also: as ben · as gus (a guest) · in #support · help · quit
"""


class DemoError(CallwatchError):
    """What was asked for cannot be served on this machine; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The three parts of a demo, running."""

    api: ReportingServer
    workspace: PlaygroundServer
    bot: Bot


def demo_settings(workspace: PlaygroundServer, api: ReportingServer, database: Path) -> Settings:
    """Return the settings that point the bot at this machine; real tokens in the environment are not looked at."""
    environment = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
        "SINCH_APPLICATION_KEY": DEMO_KEY,
        "SINCH_APPLICATION_SECRET": DEMO_SECRET,
        "SINCH_REPORTING_URL": api.url,
        "CALLWATCH_DATABASE": str(database),
        "CALLWATCH_POLL_SECONDS": "1",  # whoever flips a switch wants to see what happens
    }
    return Settings.from_env(environment, {Need.SLACK, Need.REPORTING})


def sample_api(
    *, port: int = 0, csv_path: Path | None = None, now: Callable[[], datetime] = utc_now
) -> ReportingServer:
    """Return the embedded Reporting API, not started, with sample calls or those of a CSV file. Raises DemoError."""
    records = CallRecords()
    if csv_path:
        try:
            records.load_csv(csv_path)
        except CallFileError as error:
            raise DemoError(f"{csv_path}, {error}. Nothing was loaded.") from error
        except OSError as error:
            raise DemoError(f"{csv_path} cannot be read ({error.strerror}).") from error
        return ReportingServer(DEMO_KEY, DEMO_SECRET, records, now=now, port=port)
    traffic.fill(records, now())
    return ReportingServer(DEMO_KEY, DEMO_SECRET, records, now=now, port=port, ongoing=traffic.ongoing_elsewhere)


@asynccontextmanager
async def running_demo(api: ReportingServer, database: Path, *, note_after_s: float = 2.0) -> AsyncIterator[Demo]:
    """Lend a running demo on free ports of this machine, with `api` (not started yet) as the platform."""
    manifest = load_manifest()
    async with (
        api,
        PlaygroundServer(parse_manifest(manifest.text)) as workspace,
        running_bot(demo_settings(workspace, api, database), manifest, note_after_s=note_after_s) as bot,
    ):
        yield Demo(api, workspace, bot)


async def demo_page(demo: Demo, *, port: int = 0) -> PageServer:
    """Return the page of a running demo, not started; the channels get something to read, and one watches a service."""
    workspace = demo.workspace.workspace
    channel, ana = workspace.channel(demopage.WATCHING_CHANNEL), demo.workspace.person("ana").who
    await demo.bot.watching.watch(Watch(channel.id, demopage.SERVICE, ana.id, utc_now()))
    samples.fill(workspace, utc_now(), demopage.busiest(demo.api)[0].endpoint)
    tour = demopage.tour(load_manifest(), demo.api, workspace.bot.name, can_watch=True)
    return PageServer(demo.workspace, tour=tour, platform=demopage.PlatformSwitches(demo.api, utc_now), port=port)


async def serve_page(*, port: int | None = None, csv_path: Path | None = None, opens_browser: bool = True) -> None:
    """Serve the demo with its page until somebody stops it. Raises DemoError.

    Without `port` it is `PAGE_PORT`, or a free one when that is taken. A browser is opened where there is a screen.
    """
    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows: Ctrl-C ends it all the same
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="callwatch-demo-") as folder:
        async with running_demo(sample_api(csv_path=csv_path), Path(folder) / "callwatch.db") as demo:
            page = await demo_page(demo, port=PAGE_PORT if port is None else port)
            try:
                await page.start()
            except OSError as error:
                if port is not None:
                    raise _port_error(port, error) from error
                page = PageServer(demo.workspace, tour=page.state.tour, platform=page.platform)
                await page.start()
            try:
                say(f"Callwatch is here, with {len(demo.api.records):,} calls: {page.url}")
                say("Open it in a browser on this machine. Nothing leaves this machine. Ctrl-C ends it.")
                if opens_browser and _has_screen():
                    webbrowser.open(page.url)
                await stopped.wait()
            finally:
                await page.stop()


def _has_screen() -> bool:
    """Tell whether a browser would be seen: not in a pipe, and on Linux not without a display."""
    if not sys.stdout.isatty():
        return False
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _port_error(port: int, error: OSError) -> DemoError:
    reason = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used"
    return DemoError(f"Port {port} {reason} on this machine: name another with --port; 0 takes one that is free.")


async def talk(script: Sequence[str] | None = None, csv_path: Path | None = None) -> None:
    """Let somebody talk to the bot in this terminal, or play the lines of `script`. Raises DemoError."""
    with tempfile.TemporaryDirectory(prefix="callwatch-demo-") as folder:
        async with running_demo(sample_api(csv_path=csv_path), Path(folder) / "callwatch.db") as demo:
            await _talk(demo, script)


async def _talk(demo: Demo, script: Sequence[str] | None) -> None:
    say(_WELCOME)
    terminal = Terminal(demo.workspace)
    async for line in _typed() if script is None else _scripted(script):
        if line.strip() in {"quit", "exit"}:
            return
        await terminal.enter(line)


class Terminal:
    """One person at a time, in one channel at a time, typing lines."""

    def __init__(self, workspace: PlaygroundServer) -> None:
        self._workspace = workspace
        self._person: PersonAtClient = workspace.person("ana")
        self._channel = "#voice-ops"
        self._last: SeenMessage | None = None

    async def enter(self, line: str) -> None:
        """Do what one line says and print what is to be read then."""
        word, _, rest = line.strip().partition(" ")
        self._person.unread()
        try:
            match word:
                case "":
                    return
                case "as":
                    self._person = self._workspace.person(rest.strip())
                    say(f"You are {self._person.who.real_name} now.")
                    return
                case "in":
                    self._workspace.workspace.channel(rest.strip())
                    self._channel = rest.strip()
                    say(f"You are in {self._channel} now.")
                    return
                case "press":
                    if self._last is None:
                        say("There is no message with buttons yet.")
                        return
                    await self._person.presses(self._last, rest.strip())
                case _ if word.startswith("/"):
                    await self._person.types(line.strip(), self._channel)
                case _ if word.lower().startswith("@callwatch"):
                    await self._person.mentions(rest, self._channel)
                case _:
                    await self._person.writes(line.strip())
        except LookupError as error:
            say(str(error.args[0]))
            return
        await self._show_answer()

    async def _show_answer(self) -> None:
        """Print what comes; a note that it takes a while is followed by the answer."""
        while True:
            try:
                seen = await self._person.reads(timeout_s=_PATIENCE_S)
            except AssertionError:
                say("No answer came; the log above may say why.")
                return
            self._last = seen
            where = "only visible to you" if seen.is_ephemeral else f"in {seen.channel}"
            if seen.thread_ts:
                where += ", in the thread"
            say(f"\n  Callwatch ({where}):")
            labels = {button.text for button in seen.buttons}
            for text in seen.all_text.splitlines():
                if text not in labels:
                    say(f"  {text}")
            if seen.buttons:
                say("  " + " ".join(f"[{button.text}]" for button in seen.buttons))
            say("")
            if not seen.text.startswith(_WORKING):
                return


async def serve_reporting_api(port: int, csv_path: Path | None) -> None:
    """Serve the embedded Reporting API until interrupted. Raises DemoError."""
    async with AsyncExitStack() as stack:
        api = sample_api(port=port, csv_path=csv_path)
        try:
            await stack.enter_async_context(api)
        except OSError as error:
            raise _port_error(port, error) from error
        say(f"Reporting API at {api.url}")
        say(f"  SINCH_REPORTING_URL={api.url}")
        say(f"  SINCH_APPLICATION_KEY={DEMO_KEY}")
        say(f"  SINCH_APPLICATION_SECRET={DEMO_SECRET}")
        say(f"Services, counters, faults and the clock: POST {api.control_url}")
        await asyncio.Event().wait()


def say(text: str) -> None:
    """Print a line for the person at the terminal, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _scripted(script: Sequence[str]) -> AsyncIterator[str]:
    for line in script:
        say(f"> {line}")
        yield line


async def _typed() -> AsyncIterator[str]:
    """Yield the lines typed until the input ends; read in a thread that nobody has to wait for."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        try:
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line)
        finally:
            loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        sys.stdout.write("> ")
        sys.stdout.flush()
        line = await lines.get()
        if line is None:
            return
        yield line
