"""Modals, App Home, shortcuts and files of an app that has them, on the page."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.playground import samples
from bot.playground.manifest import parse_manifest
from bot.playground.pageserver import PageServer
from bot.playground.server import PlaygroundServer, system_clock
from tests.bot.playground import screen_samples as show
from tests.bot.playground.conftest import BareBot, running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
WHERE = show.input_block("where", "Where", {"type": "conversations_select"})
FORM = show.modal(
    show.section("Whose calls *shall* it be?"),
    show.input_block("who", "User name"),
    show.input_block("domain", "Domain", show.select()),
    WHERE,
    show.actions(show.button("more", "More choices")),
)


def set_up(bot: BareBot) -> None:
    """Answer both shortcuts with the form, check what is submitted, and show a home."""

    async def on_shortcut(ack: Any, shortcut: dict[str, Any], client: Any) -> None:
        await ack()
        bot.later(client.views_open(trigger_id=shortcut["trigger_id"], view=FORM))

    async def on_submit(ack: Any, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if values["who"]["who_field"]["value"] != "abc123":
            await ack(response_action="errors", errors={"who": "I know abc123 only."})
        else:
            told = [values["domain"]["domain"], values["where"]["where_field"]]
            chosen = f"{told[0]['selected_option']['value']} in {told[1]['selected_conversation']}"
            view = {
                name: each for name, each in show.modal(show.section(f"Done: {chosen}")).items() if name != "submit"
            }
            await ack(response_action="update", view=view)

    async def on_more(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        pushed = show.modal(show.input_block("note", "A note", optional=True), title=show.plain("More"))
        bot.later(client.views_push(trigger_id=body["trigger_id"], view=pushed))

    async def on_home(event: dict[str, Any], client: Any) -> None:
        button = show.actions(show.button("refresh", "Refresh"))
        bot.later(client.views_publish(user_id=event["user"], view=show.home(show.section("*All quiet*"), button)))

    async def on_refresh(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        bot.later(client.views_publish(user_id=body["user"]["id"], view=show.home(show.section("Still quiet"))))

    for name in ("report_global", "report_message"):
        bot.app.shortcut(name)(on_shortcut)
    bot.app.view("report")(on_submit)
    bot.app.action("more")(on_more)
    bot.app.event("app_home_opened")(on_home)
    bot.app.action("refresh")(on_refresh)


@pytest_asyncio.fixture(loop_scope="session")
async def workspace() -> AsyncIterator[PlaygroundServer]:
    async with PlaygroundServer(parse_manifest(show.MANIFEST)) as server, running(server, set_up):
        samples.fill(server.workspace, system_clock(), "abc123")
        yield server
        server.assert_no_violations()


@pytest_asyncio.fixture(loop_scope="session")
async def site(workspace: PlaygroundServer) -> AsyncIterator[PageServer]:
    async with PageServer(workspace) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def ana(visit, site):
    return await visit(site)


async def test_a_form_is_opened_from_a_message_filled_corrected_and_shared(ana):
    await ana.message("Quiet night").hover()
    await ana.page.get_by_role("button", name="More actions").click()
    await ana.page.get_by_role("menuitem", name="Add call report").click()
    modal = ana.page.get_by_role("dialog", name="Call report")
    await expect(modal.locator("strong")).to_have_text("shall")
    await expect(modal.get_by_label("User name")).to_be_focused()

    await modal.get_by_role("button", name="Share").click()
    await expect(modal.get_by_role("alert").first).to_be_visible()
    await modal.get_by_label("User name").fill("nobody")
    await modal.get_by_label("Domain").select_option("pstn")
    await modal.get_by_label("Where").select_option("#support")
    await modal.get_by_role("button", name="Share").click()
    await expect(modal.get_by_text("I know abc123 only.")).to_be_visible()
    await expect(modal.get_by_label("User name")).to_have_value("nobody")
    await expect(modal.get_by_label("User name")).to_be_focused()
    await modal.get_by_label("User name").fill("abc123")
    await modal.get_by_label("User name").press("Enter")

    await expect(modal).to_contain_text("Done: pstn in C0SUPPORT1")
    await ana.page.keyboard.press("Escape")
    await expect(modal).to_have_count(0)


async def test_a_modal_upon_a_modal_goes_back_to_the_first_with_what_was_typed(ana):
    await ana.page.get_by_role("button", name="Shortcuts").click()
    await ana.page.get_by_role("menuitem", name="Call report").click()
    first = ana.page.get_by_role("dialog", name="Call report")
    await first.get_by_label("User name").fill("abc123")
    await first.get_by_role("button", name="More choices").click()
    second = ana.page.get_by_role("dialog", name="More")
    await expect(second.get_by_label("A note")).to_be_visible()

    await second.get_by_role("button", name="Back").click()

    await expect(first.get_by_label("User name")).to_have_value("abc123")
    await first.get_by_role("button", name="Close").click()
    await expect(ana.page.get_by_role("dialog")).to_have_count(0)


async def test_an_open_modal_survives_a_reload(ana):
    await ana.page.get_by_role("button", name="Shortcuts").click()
    await ana.page.get_by_role("menuitem", name="Call report").click()
    await expect(ana.page.get_by_role("dialog", name="Call report")).to_be_visible()

    await ana.page.reload()

    await expect(ana.page.get_by_role("dialog", name="Call report")).to_be_visible()


async def test_the_home_tab_shows_what_the_app_publishes(ana):
    await ana.goes_to("Callwatch")
    await ana.page.get_by_role("tab", name="Home").click()
    await expect(ana.page.get_by_role("tabpanel", name="Home").locator("strong")).to_have_text("All quiet")
    await ana.page.get_by_role("button", name="Refresh").click()
    await expect(ana.page.get_by_role("tabpanel", name="Home")).to_have_text("Still quiet")

    await ana.page.get_by_role("tab", name="Messages").click()

    await expect(ana.field).to_be_visible()


async def test_a_picture_is_shown_with_its_words(ana, workspace):
    async with running(workspace, lambda _: None) as bot:
        channel = workspace.workspace.channel("#voice-ops")
        await bot.client.files_upload_v2(
            channel=channel.id, content=PIXEL, filename="chart.png", title="A chart", alt_txt="Calls per day"
        )

        picture = ana.log.get_by_role("img", name="Calls per day")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("(each) => each.naturalWidth") == 1


async def test_a_menu_in_a_message_is_asked_about_before_it_acts(ana, workspace):
    sure = {
        "title": show.plain("Sure?"),
        "text": show.plain("It pings everybody"),
        "confirm": show.plain("Do it"),
        "deny": show.plain("No"),
    }
    blocks = [show.actions({**show.button("refresh", "Danger"), "style": "danger", "confirm": sure})]
    async with running(workspace, lambda _: None) as bot:
        await bot.client.chat_postMessage(channel="C0VOICEOPS", text="a button", blocks=blocks)
    sent = [each for each in workspace.journal if each.kind == "envelope"]
    await ana.presses("Danger")
    await ana.page.get_by_role("dialog", name="Sure?").get_by_role("button", name="No").click()
    await ana.presses("Danger")
    await ana.page.get_by_role("dialog", name="Sure?").get_by_role("button", name="Do it").click()

    async with asyncio.timeout(5):
        while (now := [each for each in workspace.journal if each.kind == "envelope"]) == sent:
            await workspace.journal.beyond(workspace.journal.last_seq)
    assert [each.summary for each in now[len(sent) :]] == ["interactive block_actions"]
