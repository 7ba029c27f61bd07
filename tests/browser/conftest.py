"""A browser at the page of a running demo. Without Chromium these tests are left out (tests/conftest.py)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from bot.app import utc_now
from bot.demo import DEMO_KEY, DEMO_SECRET, Demo, demo_page, running_demo
from bot.playground.pageserver import PageServer
from bot.reporting.server import traffic
from bot.reporting.server.records import CallRecords
from bot.reporting.server.serving import ReportingServer
from tests.browser.visitor import Visitor
from tests.conftest import CHROMIUM

#: The second line: no network but ours, and none of the start-up chatter.
FLAGS = (
    *(("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()),
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def records() -> Iterator[CallRecords]:
    """The sample calls, made once: no test here adds any."""
    with CallRecords() as records:
        traffic.fill(records, utc_now(), days=31)
        yield records


@pytest.fixture
def api(records: CallRecords) -> ReportingServer:
    """The platform, not started yet."""
    return ReportingServer(DEMO_KEY, DEMO_SECRET, records, now=utc_now, ongoing=traffic.ongoing_elsewhere)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(api: ReportingServer, tmp_path: Path) -> AsyncIterator[Demo]:
    """A running bot; a rule of Slack's that it breaks and no test asked for fails the test."""
    async with running_demo(api, tmp_path / "callwatch.db", note_after_s=0.5) as demo:
        yield demo
        demo.workspace.assert_no_violations()


@pytest_asyncio.fixture(loop_scope="session")
async def site(stage: Demo) -> AsyncIterator[PageServer]:
    """The page of the demo."""
    async with await demo_page(stage) as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[object]:
    """Open a page in a fresh browser profile; whatever it complains of at the end fails the test."""
    async with AsyncExitStack() as stack:
        visitors = []

        async def visit(site: PageServer, **options: object) -> Visitor:
            context = await browser.new_context(**{"viewport": WIDE, **options})
            stack.push_async_callback(context.close)
            visitor = Visitor(await context.new_page(), site)
            visitors.append(visitor)
            await visitor.arrive()
            return visitor

        yield visit
        complaints = [each for visitor in visitors for each in visitor.complaints]
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def ana(visit, site: PageServer) -> Visitor:
    """Ana at the page, the first steps put away."""
    visitor = await visit(site)
    await visitor.put_guide_away()
    return visitor


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder named by SCREENSHOTS, or one that pytest forgets."""
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return tmp_path_factory.mktemp("screenshots")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
