"""The page stays where it was: reloaded, with the bot gone and back, with the workspace started anew."""

import re
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import expect

from bot.app import running_bot
from bot.demo import Demo, demo_page, demo_settings
from bot.manifest import load_manifest
from bot.playground.manifest import parse_manifest
from bot.playground.pageserver import PageServer
from bot.playground.server import PlaygroundServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_reload_comes_back_to_the_same_place_with_everything_that_was_there(ana):
    await ana.goes_to("support")
    await ana.types("/calls username abc123 last-7d")
    await expect(ana.newest).to_contain_text("succeeded")
    await ana.message("Ticket 4711").get_by_role("button", name="1 reply").click()
    await ana.field.fill("half a sent")

    await ana.page.reload()

    await expect(ana.page.locator("#title")).to_have_text("#support")
    await expect(ana.newest).to_contain_text("Only visible to you")
    await expect(ana.thread.locator(".message")).to_have_count(2)
    await expect(ana.field).to_have_value("half a sent")
    await expect(ana.page.get_by_text("Three things to try")).to_be_hidden()


async def test_a_bot_that_is_away_is_said_and_one_that_is_back_answers(visit, api, tmp_path):
    manifest = load_manifest()
    async with api, PlaygroundServer(parse_manifest(manifest.text)) as workspace:
        settings = demo_settings(workspace, api, tmp_path / "callwatch.db")
        async with AsyncExitStack() as stack:
            async with running_bot(settings, manifest) as bot:
                site = await stack.enter_async_context(await demo_page(Demo(api, workspace, bot)))
                ana = await visit(site)
                state = ana.page.locator("#link-state")
                await expect(state).to_have_text("Callwatch is connected")
                await ana.types("/calls username abc123 last-7d")
                await expect(ana.newest).to_contain_text("last 7 days")

            await expect(state).to_have_text("Callwatch is away")
            await ana.types("/calls username abc123 today")
            await expect(ana.newest).to_contain_text('/calls failed with the error "dispatch_failed"')
            await ana.page.reload()
            await expect(state).to_have_text("Callwatch is away")

            async with running_bot(settings, manifest):
                await expect(state).to_have_text("Callwatch is connected")
                await ana.presses("30 d")
                await expect(ana.message("last 30 days")).to_be_visible()
        workspace.assert_no_violations()


async def test_a_page_finds_the_workspace_again_when_it_was_started_anew(visit, stage):
    first = await demo_page(stage)
    await first.start()
    port = int(first.url.split(":")[2].rstrip("/"))
    ana = await visit(first)
    ana.forgive("net::ERR")
    await ana.goes_to("support")
    state = ana.page.locator("#link-state")
    await expect(state).to_have_text("Callwatch is connected")

    await first.stop()
    await expect(state).to_have_text("Workspace not reached")
    await ana.types("is anybody there?")
    await expect(ana.page.get_by_role("alert")).to_contain_text("the workspace does not answer")
    await expect(ana.field).to_have_value("is anybody there?")

    async with PlaygroundServer(stage.workspace.workspace.manifest) as other, PageServer(other, port=port):
        await expect(state).to_have_text("Callwatch is away")
        await expect(ana.page.locator("#title")).to_have_text("#support")
        await expect(ana.message("Ticket 4711")).to_have_count(0)
        await ana.field.press("Enter")
        await expect(ana.newest).to_contain_text("is anybody there?")


async def test_the_first_steps_are_one_click_each(visit, site):
    visitor = await visit(site)
    guide = visitor.page.get_by_role("region", name="First steps")

    await guide.get_by_role("button", name="Ask for a report").click()
    await expect(visitor.newest).to_contain_text("succeeded")
    await guide.get_by_role("button", name="Ask in a thread").click()
    await expect(visitor.thread.locator(".message").last).to_contain_text("succeeded")
    await guide.get_by_role("button", name="Flip a service").click()
    await expect(visitor.newest).to_contain_text("rtpproxy is DOWN since")

    await guide.get_by_text("Then, with your own Slack").click()
    await expect(guide.get_by_text("python3 -m bot doctor")).to_be_visible()
    await guide.get_by_role("button", name="Put the first steps away").click()
    await visitor.page.reload()
    await expect(visitor.newest).to_be_visible()
    await expect(guide).to_be_hidden()
    await visitor.page.get_by_role("button", name="First steps").click()
    await expect(guide).to_be_visible()


async def test_a_person_who_is_somewhere_else_still_gets_there(visit, site):
    visitor = await visit(site, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    await visitor.put_guide_away()
    await visitor.page.get_by_role("button", name=re.compile("^Conversations")).click()
    await visitor.goes_to("support")
    await visitor.message("Ticket 4711").get_by_role("button", name="1 reply").click()
    await visitor.types("@callwatch services rtpproxy", visitor.thread.get_by_role("combobox"))

    await expect(visitor.thread.locator(".message").last).to_contain_text("rtpproxy is up")
    await visitor.page.get_by_role("button", name="Close the thread").click()
    await expect(visitor.message("Ticket 4711")).to_contain_text("3 replies")
