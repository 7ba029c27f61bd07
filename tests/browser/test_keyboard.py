"""The page without a mouse, and what a screen reader is told."""

import re

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_command_is_completed_word_by_word(ana):
    keys, offers = ana.page.keyboard, ana.page.locator("#composer").get_by_role("option")
    await ana.field.focus()
    await keys.type("/ca")
    await expect(offers).to_have_text(["/calls username abc123 last-7dHow a user's calls went"])
    await expect(offers).to_have_attribute("aria-selected", "true")
    await keys.press("Tab")
    await expect(ana.field).to_have_value("/calls ")
    await keys.type("us")
    await keys.press("Tab")
    await expect(offers.first).to_contain_text("abc123")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(ana.field).to_have_value("/calls username abc123 ")
    await expect(offers.filter(has_text="pstn")).to_be_visible()
    await expect(offers.filter(has_text="username")).to_have_count(0)
    await keys.type("last-9")
    await expect(offers).to_have_text([re.compile("last-90m")])
    await keys.press("Escape")
    await expect(ana.page.get_by_role("listbox")).to_be_hidden()
    await keys.press("Enter")

    await expect(ana.newest).to_contain_text(re.compile("last-90m|Did you mean"))


async def test_a_whole_command_is_sent_by_enter_although_more_could_follow(ana):
    await ana.types("/counters")

    await expect(ana.newest).to_contain_text("currentcalls")


async def test_people_and_channels_are_completed_and_reach_the_workspace_as_ids(ana, stage):
    await ana.field.focus()
    await ana.page.keyboard.type("see #gen")
    await ana.page.keyboard.press("Tab")
    await ana.page.keyboard.type("@be")
    await ana.page.keyboard.press("Enter")
    await expect(ana.field).to_have_value("see #general @ben ")
    await ana.page.keyboard.press("Enter")

    await expect(ana.newest.locator(".mention")).to_have_text(["#general", "@Ben Cole"])
    workspace = stage.workspace.workspace
    *_, written = workspace.messages(workspace.channel("#voice-ops").id)
    assert written.text == "see <#C0GENERAL1|general> <@U0BENCOLE2>"


async def test_what_was_sent_comes_back_with_arrow_up(ana):
    await ana.types("/counters currentcalls")
    await ana.types("/services rtpproxy")
    await ana.page.keyboard.press("ArrowUp")
    await expect(ana.field).to_have_value("/services rtpproxy")
    await ana.page.keyboard.press("ArrowUp")
    await expect(ana.field).to_have_value("/counters currentcalls")
    await ana.page.keyboard.press("ArrowDown")
    await ana.page.keyboard.press("ArrowDown")

    await expect(ana.field).to_have_value("")


async def test_shift_enter_begins_a_line(ana):
    await ana.field.focus()
    await ana.page.keyboard.type("one")
    await ana.page.keyboard.press("Shift+Enter")
    await ana.page.keyboard.type("two")
    await expect(ana.field).to_have_value("one\ntwo")
    await ana.page.keyboard.press("Enter")

    await expect(ana.newest.locator(".body")).to_have_text("one\ntwo", use_inner_text=True)


async def test_a_whole_session_needs_no_mouse(ana):
    """Ask, press a button of the answer, go through the messages, answer in a thread, come back."""
    keys = ana.page.keyboard
    await ana.field.focus()
    await keys.type("/calls username abc123 last-7d")
    await keys.press("Enter")
    await expect(ana.newest).to_contain_text("last 7 days")

    await keys.press("F6")  # nothing else is open: from the conversation to the list of conversations
    await expect(ana.page.locator("#sidebar :focus")).to_have_text("voice-ops")
    await keys.press("F6")
    await expect(ana.field).to_be_focused()
    await keys.press("Shift+Tab")
    while not await ana.page.locator(":focus", has_text="Show pstn").count():
        await keys.press("Shift+Tab")
    await keys.press("Enter")
    await expect(ana.newest).to_contain_text("calls that ended on the phone network")
    await expect(ana.newest.locator(":focus")).to_have_count(1)

    await ana.newest.focus()
    await keys.press("ArrowUp")
    await expect(ana.message("Quiet night")).to_be_focused()
    await keys.press("t")
    await expect(ana.thread.get_by_role("combobox")).to_be_focused()
    await keys.type("thanks")
    await keys.press("Enter")
    await expect(ana.thread.locator(".message")).to_have_count(2)
    await keys.press("Escape")

    await expect(ana.thread).to_be_hidden()
    await expect(ana.message("Quiet night").locator(":focus")).to_have_text(re.compile("1 reply"))


async def test_a_menu_is_walked_and_left_by_keys(ana):
    await ana.message("Quiet night").focus()
    await ana.page.keyboard.press("Tab")
    await ana.page.keyboard.press("Tab")
    await ana.page.keyboard.press("Enter")
    menu = ana.page.get_by_role("menu", name="Message actions")
    await expect(menu.get_by_role("menuitem", name="Reply in thread")).to_be_focused()
    await ana.page.keyboard.press("ArrowDown")
    await expect(menu.get_by_role("menuitem", name="Copy link")).to_be_focused()
    await ana.page.keyboard.press("Escape")

    await expect(menu).to_have_count(0)
    await expect(ana.page.get_by_role("button", name="More actions")).to_be_focused()


async def test_a_screen_reader_hears_the_answer_as_its_sentence(ana):
    await ana.types("/services rtpproxy")

    await expect(ana.page.locator("#announcer")).to_contain_text("Callwatch, only visible to you: rtpproxy is up")


async def test_the_page_has_its_landmarks_and_names(ana):
    for role, name in (("navigation", "Conversations"), ("main", "#voice-ops"), ("log", "#voice-ops")):
        await expect(ana.page.get_by_role(role, name=name)).to_be_visible()
    await expect(ana.page.get_by_role("combobox", name="Message #voice-ops")).to_be_visible()
    await expect(ana.newest).to_have_accessible_name(re.compile(r"Kim Sato.*Quiet night"))
    nameless = await ana.page.evaluate(
        "() => [...document.querySelectorAll('button, a, select, textarea')]"
        ".filter((each) => !each.ariaLabel && !each.textContent.trim() && !each.labels?.length)"
        ".map((each) => each.outerHTML)"
    )
    assert nameless == []
