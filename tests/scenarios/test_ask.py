"""People ask, everywhere they can, and read the answer."""

import pytest

from bot.playground.deliveries import Outcome
from bot.playground.typed import MOBILE


async def test_a_report_is_for_the_asker_alone(stage, ana):
    delivery = await ana.types("/calls username abc123 last-7d", "#voice-ops")
    report = await ana.reads()

    assert await delivery.ended() is Outcome.ACKED
    assert report.is_ephemeral
    assert report.text.startswith("abc123 · last 7 days: ")
    assert "succeeded" in report.text
    assert stage.workspace.person("ben").unread() == []


async def test_a_report_says_all_that_the_reader_needs(ana):
    await ana.types("/calls username abc123 last-7d")
    report = await ana.reads()

    for figure in ("Calls", "Success rate (ASR-like)", "Succeeded", "Failed", "Talked", "A call (ACD)", "First call"):
        assert figure in report.all_text
    assert "One bar per day" in report.all_text
    assert "(Europe/Stockholm)" in report.all_text
    assert "calls that ended over data" in report.all_text
    assert "pstn: 3 calls, 100 % succeeded" in report.all_text
    assert [button.text for button in report.buttons] == ["24 h", "7 d", "30 d", "Show pstn"]


async def test_buttons_replace_the_report(ana):
    await ana.types("/calls abc123")
    report = await ana.reads()

    await ana.presses(report, "Show pstn")
    replaced = await ana.reads()
    assert replaced.ts == report.ts
    assert replaced.text.startswith("abc123 · last 7 days: 3 calls, 100 % succeeded")

    await ana.presses(replaced, "24 h")
    hourly = await ana.reads()
    assert hourly.ts == report.ts
    assert "last 24 hours" in hourly.text
    assert "One bar per hour" in hourly.all_text
    assert len(ana.screen()) == 1


async def test_a_mention_is_answered_in_a_thread_on_it_for_everybody(stage, ana):
    asked = await ana.mentions("calls abc123 yesterday", "#support")
    answer = await stage.workspace.person("ben").reads("#support", asked.ts)

    assert answer.thread_ts == asked.ts
    assert not answer.is_ephemeral
    assert "yesterday" in answer.text
    assert answer.buttons == ()


async def test_a_mention_in_a_thread_is_answered_in_that_thread(stage, ana):
    problem = await ana.writes("Calls of abc123 are bad", "#support")
    await ana.mentions("abc123 last-24h", "#support", problem.ts)
    answer = await ana.reads("#support", problem.ts)

    assert answer.thread_ts == problem.ts
    assert "24 hours" in answer.text


async def test_a_direct_message_is_answered_where_it_was_written(ana):
    await ana.writes("calls abc123")
    report = await ana.reads("dm")
    await ana.presses(report, "Show pstn")
    replaced = await ana.reads("dm")

    assert report.thread_ts is None
    assert replaced.ts == report.ts
    assert "(pstn)" in replaced.text


async def test_what_phones_make_of_typed_text_is_understood(ana):
    await ana.types("/calls number +46730170101 last-7d", keyboard=MOBILE)
    assert (await ana.reads()).text.startswith("+46730170101 · last 7 days: 1 call, 100 % succeeded")

    await ana.mentions("calls +46 73 017 01 01 last–7d", "#support", keyboard=MOBILE)
    assert (await ana.reads("#support")).text.startswith("+46730170101 · last 7 days: 1 call")


async def test_a_counter_has_its_age(stage, ana):
    stage.api.counters.set("currentcalls", 1312)
    await ana.types("/counters currentcalls")
    answer = await ana.reads()

    assert "currentcalls: 1,312, as of" in answer.text
    assert "the platform refreshes it every 2 minutes" in answer.all_text


async def test_counters_alone_shows_every_counter_that_is_set_up(stage, ana):
    stage.api.counters.set("currentcalls", 7)
    await ana.types("/counters")

    assert "currentcalls: 7" in (await ana.reads()).text


@pytest.mark.parametrize(
    ("word", "said"), [("up", "rtpproxy is up"), ("down", "rtpproxy is down"), ("degraded", "neither up nor down")]
)
async def test_a_service_is_up_down_or_unknown(stage, ana, word, said):
    stage.api.services.set("rtpproxy", word)
    await ana.types("/services rtpproxy")
    answer = await ana.reads()

    assert said in answer.text
    assert "DOWN since" not in answer.all_text


@pytest.mark.parametrize("command", ["/calls", "/calls help", "/counters help", "/services", "/services help"])
async def test_help_has_examples(ana, command):
    await ana.types(command)
    answer = await ana.reads()

    assert answer.is_ephemeral
    assert command.split()[0] in answer.all_text


async def test_the_examples_of_the_help_work(ana):
    await ana.types("/calls help")
    lines = [line.partition("`")[2].partition("`")[0] for line in (await ana.reads()).all_text.splitlines()]
    examples = [line for line in lines if line.startswith("/calls ")]

    assert len(examples) >= 4
    for example in examples:
        await ana.types(example)
        answer = await ana.reads()
        assert "·" in answer.text or "knows no" in answer.text


async def test_no_calls_is_an_answer_of_its_own(ana):
    await ana.types("/calls username newcomer")
    answer = await ana.reads()

    assert "no calls" in answer.text
    assert "does not know" in answer.all_text


async def test_no_calls_here_points_to_the_other_domain(ana):
    await ana.types("/calls +46730170101 pstn")
    answer = await ana.reads()

    assert "No pstn calls in this time, but 1 call over data." in answer.all_text


async def test_every_lookup_is_in_the_audit_log(stage, ana, tmp_path):
    await ana.types("/calls username abc123 pstn yesterday", "#support")
    await ana.reads()
    asked = await ana.mentions("calls abc123", "#voice-ops")
    await ana.reads("#voice-ops", asked.ts)

    entries = await stage.bot.audit.entries()

    assert [(entry.identity.endpoint, entry.domain, entry.place) for entry in reversed(entries)] == [
        ("abc123", "pstn", "command"),
        ("abc123", "data", "mention"),
    ]
    assert {entry.user_id for entry in entries} == {ana.who.id}
