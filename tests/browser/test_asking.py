"""People ask on the page, everywhere they can, and read the answer."""

import re

import pytest
from playwright.async_api import expect

from bot.playground.models import Author

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REPORT = re.compile(r"abc123 · last 7 days: [\d,]+ calls, [\d.]+ % succeeded")


async def test_a_report_is_typed_for_and_read(ana):
    await ana.types("/calls username abc123 last-7d")

    await expect(ana.newest).to_contain_text(REPORT)
    await expect(ana.newest).to_contain_text("Only visible to you")
    await expect(ana.newest.locator(".fields").get_by_text("Success rate")).to_be_visible()
    await expect(ana.newest.locator("pre")).to_contain_text("calls ")
    await expect(ana.newest).to_contain_text("(Europe/Stockholm)")


async def test_the_buttons_below_a_report_replace_it(ana):
    await ana.types("/calls username abc123 last-7d")
    await expect(ana.newest).to_contain_text(REPORT)

    await ana.presses("30 d")
    await expect(ana.newest).to_contain_text("last 30 days")
    await ana.presses("Show pstn")
    await expect(ana.newest).to_contain_text("calls that ended on the phone network")

    await expect(ana.page.get_by_text("Only visible to you", exact=True)).to_have_count(1)


async def test_nobody_else_sees_a_private_answer(ana):
    await ana.types("/calls username abc123 last-7d")
    await expect(ana.newest).to_contain_text(REPORT)

    await ana.acts_as("Ben Cole")

    await expect(ana.message("Quiet night")).to_be_visible()
    await expect(ana.message("abc123")).to_have_count(0)


async def test_a_mention_in_a_thread_is_answered_there_for_everybody(ana):
    await ana.goes_to("support")
    await ana.message("Ticket 4711").get_by_role("button", name="1 reply").click()
    await ana.types("@Callwatch calls abc123 last-7d", ana.thread.get_by_role("combobox"))

    await expect(ana.thread.locator(".message").last).to_contain_text(REPORT)
    await expect(ana.message("Ticket 4711")).to_contain_text("3 replies")
    await expect(ana.log).not_to_contain_text("succeeded")

    await ana.acts_as("Kim Sato")
    await ana.message("Ticket 4711").get_by_role("button", name="3 replies").click()
    await expect(ana.thread.locator(".message").last).to_contain_text("succeeded")


async def test_a_thread_is_begun_from_any_message(ana):
    await ana.message("Watching the counters").hover()
    await ana.page.get_by_role("button", name="Reply in thread").click()
    await ana.types("looks fine", ana.thread.get_by_role("combobox"))

    await expect(ana.thread.locator(".message")).to_have_count(2)
    await expect(ana.message("Watching the counters")).to_contain_text("1 reply")


async def test_a_slash_command_in_a_thread_is_refused_as_in_slack(ana):
    await ana.goes_to("support")
    await ana.message("Ticket 4711").get_by_role("button", name="1 reply").click()
    await ana.types("/calls username abc123", ana.thread.get_by_role("combobox"))

    await expect(ana.thread.locator(".message").last).to_contain_text("/calls is not supported in threads. Sorry!")


async def test_plain_words_do_in_a_direct_message(ana):
    await ana.goes_to("Callwatch")
    await ana.types("counters currentcalls")

    await expect(ana.newest).to_contain_text(re.compile(r"currentcalls: [\d,]+, as of \d\d:\d\d"))


async def test_a_time_is_shown_in_the_zone_of_whoever_reads(ana):
    await ana.types("@Callwatch counters currentcalls")
    await ana.newest.get_by_role("button", name="1 reply").click()
    shown = ana.thread.locator(".message").last.locator(".body time").first
    in_stockholm = await shown.text_content()

    await ana.acts_as("Kim Sato")
    await ana.newest.get_by_role("button", name="1 reply").click()

    hour, minute = map(int, in_stockholm.split(":"))
    await expect(shown).to_have_text(re.compile(rf"^(?!{hour:02}).*:{minute:02}$"))


async def test_a_guest_gets_a_polite_no(ana):
    await ana.acts_as("Gus Guest")
    await ana.types("/calls username abc123 last-7d")

    await expect(ana.newest).to_contain_text("guest", ignore_case=True)
    await expect(ana.log).not_to_contain_text("succeeded")


async def test_somebody_of_another_organisation_has_no_commands(ana):
    await ana.acts_as("Olga Elsewhere")
    await ana.types("/calls username abc123")

    await expect(ana.newest).to_contain_text("/calls is not a valid command.")


async def test_a_typo_gets_the_nearest_word(ana):
    await ana.types("/calls username abc123 lst-7d")

    await expect(ana.newest).to_contain_text("Did you mean last-7d?")


async def test_an_unreachable_platform_gets_a_sentence_and_is_asked_again_when_it_is_back(ana):
    panel = await ana.opens_panel()
    await panel.get_by_text("Weather at the platform").click()
    await panel.get_by_role("button", name="Unreachable until cleared").click()
    await expect(panel.get_by_text("cut before, until cleared")).to_be_visible()

    await ana.types("/services rtpproxy")
    await expect(ana.newest).to_contain_text("could not ask just now", timeout=25_000)

    await panel.get_by_role("button", name="Clear all").first.click()
    await ana.types("/services rtpproxy")
    await expect(ana.newest).to_contain_text("rtpproxy is up")


async def test_the_bot_is_invited_where_it_is_not(ana):
    await ana.goes_to("random-no-bot")
    await expect(ana.page.locator("#about")).to_contain_text("/invite @callwatch")
    await ana.types("/invite @Callwatch")
    await expect(ana.newest).to_contain_text("is in this conversation now")
    await ana.types("@Callwatch counters currentcalls")

    await expect(ana.newest.get_by_role("button", name="1 reply")).to_be_visible()


async def test_what_people_write_is_text_and_nothing_else(ana, stage):
    hostile = '<img src=x onerror="document.title=1"> <b>bold?</b> <!channel> &amp; *really*'
    await ana.types(hostile)
    await expect(ana.newest.locator(".body")).to_have_text(
        '<img src=x onerror="document.title=1"> <b>bold?</b> <!channel> &amp; really'
    )
    await expect(ana.newest.locator("strong")).to_have_text("really")

    workspace = stage.workspace.workspace
    text = "<javascript:alert(1)|press me> <https://example.com/?a=1&amp;b=2|there> &lt;script&gt;"
    workspace.post(workspace.channel("#voice-ops"), workspace.bot.id, Author.APP, text)

    await expect(ana.newest.locator(".body")).to_have_text("press me there <script>")
    await expect(ana.newest.get_by_role("link")).to_have_count(1)
    await expect(ana.newest.get_by_role("link")).to_have_attribute("href", "https://example.com/?a=1&b=2")


async def test_what_the_keyboard_does_is_switched_in_the_settings(ana, stage):
    await ana.page.get_by_role("button", name="Settings").click()
    for name in ("Links by itself", "Smart dashes"):
        await ana.page.get_by_role("checkbox", name=re.compile(name)).check()
    await ana.page.get_by_role("button", name="Close", exact=True).click()
    await ana.types("/calls anna.svensson@example.com last-7d")

    await expect(ana.newest).to_contain_text("anna.svensson@example.com · last 7 days")
    (sent,) = [each.detail["payload"] for each in stage.workspace.journal if each.kind == "envelope"]
    assert sent["text"] == "<mailto:anna.svensson@example.com|anna.svensson@example.com> last–7d"


async def test_what_is_new_elsewhere_is_marked_until_it_is_read(ana, stage):
    workspace = stage.workspace.workspace
    workspace.post(workspace.channel("#general"), workspace.person("ben").id, Author.PERSON, "news")
    workspace.post(workspace.direct(workspace.person("ana")), workspace.bot.id, Author.APP, "news for you")
    sidebar = ana.page.get_by_label("Conversations")
    await expect(sidebar.get_by_role("button", name="general, 1 unread")).to_be_visible()
    await expect(sidebar.get_by_role("button", name="Callwatch, 1 unread").locator(".pings")).to_have_text("1")

    await ana.page.reload()
    await expect(sidebar.get_by_role("button", name="general, 1 unread")).to_be_visible()
    await ana.goes_to("general")
    await expect(ana.log.locator(".divider-new")).to_have_text("New")
    await ana.goes_to("voice-ops")

    await expect(sidebar.get_by_role("button", name="general", exact=True)).to_be_visible()


async def test_a_message_is_deleted_from_its_menu_for_everybody(ana, stage):
    await ana.types("oops")
    await ana.newest.hover()
    await ana.page.get_by_role("button", name="More actions").click()
    await ana.page.get_by_role("menuitem", name="Delete message").click()

    await expect(ana.message("oops")).to_have_count(0)
    workspace = stage.workspace.workspace
    assert "oops" not in [each.text for each in workspace.messages(workspace.channel("#voice-ops").id)]
