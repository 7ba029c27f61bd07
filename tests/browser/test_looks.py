"""Each screen in each form, as pictures for somebody to look at; SCREENSHOTS names the folder in which they stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NARROW, WIDE
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FORMS = {
    "wide-light": {"viewport": WIDE, "color_scheme": "light"},
    "wide-dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone-light": {"viewport": NARROW, "color_scheme": "light", "has_touch": True, "is_mobile": True},
    "phone-dark": {"viewport": NARROW, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}


async def is_wider_than_the_screen(visitor: Visitor) -> bool:
    return await visitor.page.evaluate("() => document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("form", FORMS)
async def test_every_screen_fits_and_can_be_looked_at(visit, site, pictures: Path, form: str):
    visitor = await visit(site, **FORMS[form], reduced_motion="reduce", device_scale_factor=1)
    page = visitor.page
    is_phone = form.startswith("phone")

    async def shoot(name: str) -> None:
        await page.screenshot(path=pictures / f"{name}-{form}.png", animations="disabled")
        assert not await is_wider_than_the_screen(visitor), name

    await shoot("1-first-minute")
    await page.get_by_role("button", name="Ask for a report").click()
    await expect(visitor.newest).to_contain_text("succeeded")
    await shoot("2-report")
    if not is_phone:
        await visitor.put_guide_away()
    await visitor.field.click()
    await page.keyboard.type("/calls username ")
    await expect(page.get_by_role("listbox")).to_be_visible()
    await shoot("3-completion")
    await visitor.field.fill("")
    await visitor.types("/calls username abc123 lst-7d")
    await expect(visitor.newest).to_contain_text("Did you mean")
    await shoot("4-typo")
    if is_phone:
        await page.get_by_role("button", name="Conversations").click()
        await shoot("5-conversations")
    await visitor.goes_to("support")
    await visitor.message("Ticket 4711").get_by_role("button", name="1 reply").click()
    await visitor.types("@callwatch calls abc123 yesterday", visitor.thread.get_by_role("combobox"))
    await expect(visitor.thread.locator(".message").last).to_contain_text("succeeded")
    await shoot("6-thread")
    await page.get_by_role("button", name="Close the thread").click()
    panel = await visitor.opens_panel()
    await panel.get_by_text("Weather at Slack").click()
    await panel.locator(".line-envelope").first.get_by_role("button").click()
    await expect(panel.locator("pre")).to_be_visible()
    await shoot("7-behind-the-scenes")
    await page.get_by_role("button", name="Close the panel").click()
    await page.get_by_role("button", name="Settings").click()
    await shoot("8-settings")
