"""`callwatch demo` with its page: where it is, on whose calls, and what is said when something is wrong."""

from __future__ import annotations

import asyncio
import re
import socket
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from bot.app import utc_now
from bot.demo import DemoError, demo_page, running_demo, sample_api
from bot.demopage import busiest, tour
from bot.manifest import load_manifest
from bot.playground.tour import Kind
from handlers.intents import AskCalls, AskCounter, Intent, parse
from tests.bot.test_running import process

HEADER = "type,endpoint,domain,start,duration_s,result"


def understood(words: str) -> Intent:
    """Return what the bot makes of words said to it."""
    return parse(words, command=None, now=utc_now(), tz=ZoneInfo("Europe/Stockholm"))


@pytest.fixture
def calls_file(tmp_path):
    """Write a file of calls and return its path."""

    def write(*lines: str):
        path = tmp_path / "records.csv"
        path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
        return path

    return write


async def test_the_page_is_there_where_it_says_and_goes_with_the_demo():
    async with process("demo", "--port", "0") as demo:
        async with asyncio.timeout(15):
            address = re.search(rb"http://127\.0\.0\.1:\d+/", await demo.stdout.readline())[0].decode()
        async with aiohttp.ClientSession() as session, session.get(f"{address}api/state") as answer:
            state = await answer.json()
        demo.terminate()
        async with asyncio.timeout(5):
            await demo.wait()
        _, err = await demo.communicate()

    assert state["is_connected"]
    assert state["app"]["name"] == "Callwatch"
    assert (demo.returncode, err) == (0, b"")


def test_a_port_that_is_taken_is_told_when_it_was_asked_for(callwatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = callwatch.run("demo", "--no-browser", "--port", str(port))

    assert said.code == 1
    assert said.err == f"Port {port} is taken on this machine: name another with --port; 0 takes one that is free.\n"


def test_a_wrong_row_is_told_with_its_line_and_nothing_is_loaded(callwatch, calls_file):
    path = calls_file(
        "username,zoe,data,2026-11-02T10:00:00Z,60,success", "username,zoe,data,2026-11-02T10:00:00Z,60,perhaps"
    )
    for form in (("--no-browser",), ("--text",)):
        said = callwatch.run("demo", "--calls", str(path), *form)

        assert (said.code, said.out) == (1, "")
        assert said.err == f"{path}, line 3: result must be success or failed, not 'perhaps'. Nothing was loaded.\n"


def test_the_help_tells_the_columns(callwatch):
    said = callwatch.run("demo", "--help")

    for column in HEADER.split(","):
        assert re.search(rf"^ +{column}  ", said.out, re.MULTILINE)


def test_what_is_offered_comes_from_the_calls_that_were_loaded(calls_file):
    path = calls_file(
        "username,zoe,data,2026-11-02T10:00:00Z,60,success",
        "did,+4685,pstn,2026-11-02T10:00:00Z,60,failed",
        "did,+4685,pstn,2026-11-02T11:00:00Z,60,success",
    )
    with pytest.raises(DemoError):
        sample_api(csv_path=path.with_name("nosuch.csv"))
    api = sample_api(csv_path=path)

    assert list(map(str, busiest(api))) == ["did +4685", "username zoe"]
    assert tour(load_manifest(), api, "callwatch").tries[0].text == "/calls did +4685 last-7d"


@pytest.mark.parametrize("can_watch", [False, True])
def test_three_things_can_be_tried_and_flipping_a_service_only_when_it_is_told(can_watch):
    tries = tour(load_manifest(), sample_api(), "callwatch", can_watch=can_watch).tries

    assert len(tries) == 3
    assert (Kind.FLIP in [each.kind for each in tries]) is can_watch
    report, thread = (each.text.removeprefix("/").removeprefix("@callwatch ") for each in tries[:2])
    for words in (report, thread):
        assert isinstance(understood(words), AskCalls)
    if not can_watch:
        assert isinstance(understood(tries[2].text), AskCounter)


def test_every_word_that_is_offered_is_understood():
    manifest = load_manifest()
    completions = tour(manifest, sample_api(), "callwatch").completions

    assert set(manifest.commands.values()) < set(completions)
    for group in completions[manifest.commands["calls"]]:
        for word, _ in group.words:
            lines = {
                "type": f"{word} {'ana@example.com' if word == 'email' else '+46730170101'}",
                "identity": " ".join((*group.after, word)),
            }
            line = lines.get(group.kind, f"username abc123 {word}")
            assert isinstance(understood(f"calls {line}"), AskCalls), line


async def test_the_channels_have_something_to_read_and_the_bot_heard_none_of_it(tmp_path):
    async with running_demo(sample_api(), tmp_path / "callwatch.db") as demo:
        await demo_page(demo)
        workspace = demo.workspace.workspace

        assert any("Ticket 4711" in each.text for each in workspace.messages(workspace.channel("#support").id))
        assert [each for each in workspace.journal if each.kind == "envelope"] == []
