"""Somebody at the page, in verbs; what they see is asked with Playwright's `expect`, which waits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.async_api import ConsoleMessage, Locator, Page, expect

from bot.playground.pageserver import PageServer


@dataclass
class Visitor:
    """One tab. `complaints` are the console's errors and warnings, refused by the page's policy or thrown."""

    page: Page
    site: PageServer
    complaints: list[str] = field(default_factory=list)
    _forgiven: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"thrown: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(each in message.text for each in self._forgiven):
            self.complaints.append(f"{message.type}: {message.text}")

    def forgive(self, text: str) -> None:
        """Let the console say this: the test asked for it."""
        self._forgiven.append(text)

    # -- doing

    async def arrive(self) -> None:
        """Open the page and wait until there is something to read."""
        await self.page.goto(self.site.url)
        await expect(self.log.locator(".message").first).to_be_visible()

    async def put_guide_away(self) -> None:
        """Put the first steps away."""
        await self.page.get_by_role("button", name="Put the first steps away").click()

    async def goes_to(self, name: str) -> None:
        """Open a conversation by its name at the left."""
        await self.page.get_by_label("Conversations").get_by_role("button", name=re.compile(f"^{name}")).click()
        await expect(self.page.locator("#title")).to_have_text(re.compile(name))

    async def types(self, text: str, field: Locator | None = None) -> None:
        """Type into the field below the messages, or into another one, and send it."""
        where = field or self.field
        await where.click()
        await where.press_sequentially(text)
        await where.press("Enter")

    async def presses(self, name: str, within: Locator | None = None) -> None:
        """Press a button of the newest message that has it."""
        await (within or self.log).get_by_role("button", name=name, exact=True).last.click()

    async def acts_as(self, name: str) -> None:
        """Be somebody else."""
        label = await self.page.get_by_label("Acting as").locator("option", has_text=name).get_attribute("value")
        await self.page.get_by_label("Acting as").select_option(label)
        await expect(self.page.locator(".who b")).to_have_text(re.compile(name))

    async def opens_panel(self) -> Locator:
        """Look behind the scenes, and return that part of the page."""
        panel = self.page.get_by_role("complementary", name="Behind the scenes")
        if not await panel.is_visible():
            await self.page.get_by_role("button", name="Behind the scenes").click()
        await expect(panel.get_by_role("heading", name="Traffic")).to_be_visible()
        return panel

    # -- seeing

    @property
    def field(self) -> Locator:
        """Where a message is typed."""
        return self.page.locator("#composer textarea")

    @property
    def log(self) -> Locator:
        """The messages of the open conversation."""
        return self.page.locator("#log")

    @property
    def thread(self) -> Locator:
        """The thread at the right."""
        return self.page.get_by_role("complementary", name="Thread")

    @property
    def newest(self) -> Locator:
        """The newest message."""
        return self.log.locator(".message").last

    def message(self, text: str) -> Locator:
        """The messages that hold `text`."""
        return self.log.locator(".message", has_text=text)
