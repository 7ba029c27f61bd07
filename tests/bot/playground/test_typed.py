"""What a Slack client makes of typed text, and what a reader sees of markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground import typed
from bot.playground.manifest import Manifest
from bot.playground.typed import DESKTOP, Keyboard
from bot.playground.workspace import Workspace
from tests.bot.playground.conftest import at, read_manifest

LINKS = Keyboard(auto_link=True)
WORKSPACE = Workspace(read_manifest(), at)

COMMANDS = {
    "the three characters": ("<!channel> & co", DESKTOP, "&lt;!channel&gt; &amp; co"),
    "an entity typed by hand": ("&amp;", DESKTOP, "&amp;amp;"),
    "a known name": ("notify @ana", DESKTOP, "notify <@U0ANALIND1|ana>"),
    "an unknown name": ("notify @nobody", DESKTOP, "notify @nobody"),
    "a public channel": ("#support", DESKTOP, "<#C0SUPPORT1|support>"),
    "a private channel": ("#private-with-bot", DESKTOP, "<#C0PRIVWITH|>"),
    "an e-mail address left alone": ("a@b.com", DESKTOP, "a@b.com"),
    "an e-mail address": ("email a@b.com", LINKS, "email <mailto:a@b.com|a@b.com>"),
    "a number": ("+46 70 123 45 67", LINKS, "<tel:+46701234567|+46 70 123 45 67>"),
    "an address": ("see https://a.de/x?y=1", LINKS, "see <https://a.de/x?y=1>"),
    "a domain": ("username abc.de", LINKS, "username <http://abc.de|abc.de>"),
    "curly quotes": ('"Ana\'s"', Keyboard(smart_quotes=True), "“Ana’s”"),
    "dashes": ("last-7d -- now", Keyboard(smart_dashes=True), "last–7d — now"),
}


@pytest.fixture
def workspace(manifest: Manifest) -> Workspace:
    return Workspace(manifest, at)


@pytest.mark.parametrize(("text", "keyboard", "sent"), COMMANDS.values(), ids=COMMANDS.keys())
def test_a_command_reaches_the_bot_as(workspace: Workspace, text: str, keyboard: Keyboard, sent: str) -> None:
    assert typed.as_command(text, workspace, keyboard, should_escape=True) == sent


def test_without_should_escape_names_stay_literal(workspace: Workspace) -> None:
    assert typed.as_command("@ana <b>", workspace, should_escape=False) == "@ana &lt;b&gt;"


def test_a_message_names_people_by_id_alone(workspace: Workspace) -> None:
    assert typed.as_message("@callwatch ask @ben", workspace) == "<@U0CALLWBOT> ask <@U0BENCOLE2>"


def test_a_phone_puts_a_hard_space_after_a_mention(workspace: Workspace) -> None:
    keyboard = Keyboard(nbsp_after_mention=True)
    assert typed.as_message("@callwatch help", workspace, keyboard) == "<@U0CALLWBOT>\u00a0help"


READ = {
    "entities once": ("&amp;lt; &lt;b&gt;", "&lt; <b>"),
    "a label": ("<https://a.de|here>", "here"),
    "a person": ("<@U0ANALIND1>", "@ana"),
    "a channel": ("<#C0SUPPORT1>", "#support"),
    "a broadcast": ("<!here>", "@here"),
    "a date": ("<!date^1700000000^{time}|22:13 UTC>", "22:13 UTC"),
    "a bare link": ("<https://a.de>", "https://a.de"),
}


@pytest.mark.parametrize(("text", "read"), READ.values(), ids=READ.keys())
def test_a_reader_sees(workspace: Workspace, text: str, read: str) -> None:
    assert typed.readable(text, workspace) == read


def test_pings_are_found_only_in_markup() -> None:
    assert typed.pings("<!channel> <!here|here> <@U1> <!subteam^S1|@oncall> &lt;!everyone&gt;") == (
        "channel",
        "here",
        "U1",
        "S1",
    )


@given(st.text())
def test_typed_text_pings_nobody_unless_a_name_is_typed(text: str) -> None:
    sent = typed.as_command(text.replace("@", ""), WORKSPACE, LINKS, should_escape=True)
    assert typed.pings(sent) == ()


@given(st.text(alphabet=st.characters(exclude_characters="@#")))
def test_what_is_sent_reads_as_it_was_typed(text: str) -> None:
    assert typed.readable(typed.as_message(text, WORKSPACE), WORKSPACE) == text
