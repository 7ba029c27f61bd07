"""The small parts alone: ids, timestamps, limits, the journal, the manifest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.journal import Entry, Journal, Kind
from bot.playground.limits import Limits, RateLimiter
from bot.playground.manifest import Manifest, parse_manifest
from bot.playground.models import Author
from bot.playground.wire import Ids
from bot.playground.workspace import Workspace
from tests.bot.playground.conftest import SettableClock, at


def test_ids_are_never_given_twice_also_not_by_the_next_run(clock: SettableClock) -> None:
    ids = Ids(clock)
    first = {ids.next("Ev") for _ in range(100)} | {ids.next_uuid() for _ in range(100)}
    clock.move(seconds=1)
    later = Ids(clock)
    assert len(first) == 200
    assert first.isdisjoint({later.next("Ev") for _ in range(100)} | {later.next_uuid() for _ in range(100)})


def test_timestamps_differ_while_the_clock_stands(manifest: Manifest) -> None:
    workspace = Workspace(manifest, at)
    stamps = [workspace.next_ts() for _ in range(3)]
    assert stamps == ["1795428000.000000", "1795428000.000001", "1795428000.000002"]


@given(st.lists(st.floats(0, 10), max_size=60))
def test_a_channel_never_gets_more_than_the_burst_and_one_a_second(pauses_s: list[float]) -> None:
    limiter = RateLimiter(Limits())
    now_s = 0.0
    posted = 0
    for pause_s in pauses_s:
        now_s += pause_s
        wait_s = limiter.wait_for_post("C1", now_s)
        posted += not wait_s
        assert posted <= 5 + now_s


def test_waiting_as_told_is_enough() -> None:
    limiter = RateLimiter(Limits(posts_per_minute=3))
    assert [limiter.wait_for_post(f"C{number}", 0.0) for number in range(4)] == [0, 0, 0, 60]
    assert limiter.wait_for_post("C3", 60.0) == 0


def test_no_limits_are_no_limits() -> None:
    limiter = RateLimiter(Limits.none())
    assert not any(limiter.wait_for_post("C1", 0.0) for _ in range(1000))


def test_the_journal_keeps_counting_when_it_forgets() -> None:
    journal = Journal(at, keep=2)
    heard: list[Entry] = []
    unsubscribe = journal.subscribe(heard.append)
    for number in range(5):
        journal.add(Kind.CALL, str(number))
    unsubscribe()
    journal.add(Kind.CALL, "5")
    assert journal.last_seq == 6
    assert [each.seq for each in journal] == [5, 6]
    assert [each.seq for each in journal.after(0)] == [5, 6]
    assert [each.seq for each in journal.after(5)] == [6]
    assert [each.summary for each in heard] == ["0", "1", "2", "3", "4"]


def test_violations_are_struck_out_by_rule() -> None:
    journal = Journal(at)
    journal.blame("no_text", "chat.postMessage", "a")
    journal.blame("used_url", "response_url", "b")
    assert [each.method for each in journal.take_violations("no_text")] == ["chat.postMessage"]
    assert [each.rule for each in journal.violations] == ["used_url"]
    assert len(journal.take_violations()) == 1
    assert journal.violations == []


def test_ephemerals_stand_on_one_screen_and_replies_in_their_thread(manifest: Manifest) -> None:
    workspace = Workspace(manifest, at)
    ana, ben = workspace.person("ana"), workspace.person("@Ben")
    channel = workspace.channel("voice-ops")
    parent = workspace.post(channel, ana.id, Author.PERSON, "parent")
    workspace.post(channel, ben.id, Author.PERSON, "reply", thread_ts=parent.ts)
    workspace.post(channel, workspace.bot.id, Author.APP, "psst", viewer_id=ana.id)
    assert [each.text for each in workspace.screen(ana, channel)] == ["parent", "psst"]
    assert [each.text for each in workspace.screen(ben, channel)] == ["parent"]
    assert [each.text for each in workspace.screen(ben, channel, parent.ts)] == ["parent", "reply"]


def test_the_apps_manifest_is_read(manifest: Manifest) -> None:
    assert {each.command for each in manifest.commands} >= {"/calls", "/counters", "/services"}
    assert "chat:write" in manifest.scopes
    assert "app_mention" in manifest.events
    assert manifest.is_interactive
    assert manifest.has_messages_tab
    assert manifest.is_socket_mode


def test_what_a_manifest_leaves_out_is_off() -> None:
    manifest = parse_manifest('{"display_information": {"name": "Bare"}}')
    assert manifest == Manifest("Bare", "Bare", (), frozenset(), frozenset(), False, False, False)
    with pytest.raises(TypeError):
        parse_manifest("- a list")
