"""Behind the scenes: services, counter, weather, traffic, and the rules the bot breaks."""

import re

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    ("switched", "answer"),
    [("Down", "rtpproxy is down"), ("Failing", "could not ask just now"), ("Up", "rtpproxy is up")],
)
async def test_a_service_is_switched(ana, switched, answer):
    panel = await ana.opens_panel()
    await panel.get_by_role("group", name="rtpproxy").get_by_label(switched).check()
    await ana.types("/services rtpproxy")

    await expect(ana.newest).to_contain_text(answer, timeout=25_000)


async def test_the_counter_is_slid_and_let_go(ana, api):
    panel = await ana.opens_panel()
    slider = panel.get_by_role("slider", name="currentcalls")
    await slider.fill("12")
    await expect(panel.get_by_role("status")).to_have_text("12")
    await ana.types("/counters currentcalls")
    await expect(ana.newest).to_contain_text("currentcalls: 12,")

    await panel.get_by_role("button", name="Count again").click()

    await expect(panel.get_by_role("status")).not_to_have_text("12")


async def test_weather_at_slack_is_ordered_told_and_survived(ana):
    panel = await ana.opens_panel()
    await panel.get_by_text("Weather at Slack").click()
    await panel.get_by_role("button", name="The next event comes twice").click()
    await expect(panel.get_by_text("event redelivered")).to_be_visible()
    await ana.types("@callwatch services rtpproxy")
    await expect(panel.locator(".line-fault")).to_contain_text("event redelivered")
    await expect(panel.locator(".waiting li")).to_have_count(0)
    await expect(panel.locator(".line-ack", has_text="app_mention")).to_have_count(2)

    await expect(ana.newest.get_by_role("button", name="1 reply")).to_be_visible()


async def test_the_traffic_shows_each_step_with_its_json(ana):
    panel = await ana.opens_panel()
    await ana.types("/counters currentcalls")
    await expect(ana.newest).to_contain_text("currentcalls")
    await expect(panel.locator(".line-ack").first).to_contain_text(re.compile(r"/counters after \d+\.\d ms"))
    await expect(panel.locator(".line-response").first).to_contain_text("response_url, use 1 of 5")

    sent = panel.locator(".line-envelope").first
    await sent.get_by_role("button").click()
    await expect(sent.locator("pre")).to_contain_text('"command": "/counters"')
    await sent.get_by_role("button").click()
    await expect(sent.locator("pre")).to_have_count(0)

    await panel.get_by_role("button", name="To the bot").click()
    await expect(panel.locator(".line-response")).to_have_count(0)
    await panel.get_by_role("button", name="Broken rules").click()
    await expect(panel.locator(".line")).to_have_count(0)
    await expect(panel).to_contain_text("The bot has broken no rule of Slack's")


async def test_a_broken_rule_is_shown_in_red_with_its_name(ana, stage):
    panel = await ana.opens_panel()
    stage.workspace.journal.blame("not_in_channel", "chat.postMessage", "the bot is not in #random-no-bot")

    line = panel.locator(".line-violation")
    await expect(line.locator(".line-rule")).to_have_text("not_in_channel")
    await expect(panel).to_contain_text("The bot broke 1 rule of Slack's")
    await expect(ana.page.get_by_role("button", name="Behind the scenes: 1 rule broken")).to_be_visible()
    red = await line.evaluate("(each) => getComputedStyle(each).color")
    assert int(re.findall(r"\d+", red)[0]) > 150
    stage.workspace.journal.take_violations("not_in_channel")
