"""A channel with 5,000 messages opens and grows as quickly as an empty one; the figures are recorded."""

import time

import pytest
from playwright.async_api import expect

from bot.playground.models import Author

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COUNT = 5_000
#: Scroll up, and come back when that has been drawn.
TO_TOP = """(log) => new Promise((done) => {
  log.scrollTop = 0;
  requestAnimationFrame(() => requestAnimationFrame(done));
})"""


async def test_five_thousand_messages_do_not_slow_the_page_down(ana, stage, record_property):
    workspace = stage.workspace.workspace
    channel, ben = workspace.channel("#general"), workspace.person("ben")
    for number in range(COUNT):
        workspace.post(channel, ben.id, Author.PERSON, f"message *{number}* of many, with `code` and :tada:")
    await expect(
        ana.page.get_by_label("Conversations").get_by_role("button", name=f"general, {COUNT} unread")
    ).to_be_visible()

    began_s = time.perf_counter()
    await ana.page.get_by_label("Conversations").get_by_role("button", name="general").click()
    await expect(ana.newest).to_contain_text(f"message {COUNT - 1} of many")
    opened_ms = (time.perf_counter() - began_s) * 1000
    messages = ana.log.locator(".message")
    assert await messages.count() < 100

    began_s = time.perf_counter()
    workspace.post(channel, ben.id, Author.PERSON, "one more")
    await expect(ana.newest).to_contain_text("one more")
    appended_ms = (time.perf_counter() - began_s) * 1000

    began_s = time.perf_counter()
    for _ in range(3):
        before = await messages.count()
        while await messages.count() == before:
            await ana.log.evaluate(TO_TOP)
    older_ms = (time.perf_counter() - began_s) * 1000 / 3
    await expect(ana.message("message 4850 of many")).to_be_attached()

    record_property("open_ms", round(opened_ms))
    record_property("append_ms", round(appended_ms))
    record_property("older_page_ms", round(older_ms))
    print(f"opened {opened_ms:.0f} ms, appended {appended_ms:.0f} ms, a page of older ones {older_ms:.0f} ms")
    assert opened_ms < 3_000
    assert appended_ms < 1_500
