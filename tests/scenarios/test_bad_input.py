"""What bad input and bad weather get: a sentence that says what to do, and never silence."""

from datetime import timedelta

import pytest

from bot.app import utc_now
from bot.demo import DEMO_KEY, running_demo
from bot.playground.typed import MOBILE
from bot.reporting.models import Identity, IdentityType
from bot.reporting.server import faults
from bot.reporting.server.serving import ReportingServer
from tests.scenarios.conftest import sample_records

LONG = "x" * 3000
FUTURE = (utc_now() + timedelta(days=40)).date()

TYPED = [
    ("nothing", "/calls", "/calls username abc123 last-7d"),
    ("only spaces", "/calls      ", "/calls username abc123 last-7d"),
    ("3,000 characters", f"/calls username {LONG}", "too long"),
    ("3,000 words", f"/calls {'ab ' * 1000}", "too long"),
    ("control characters", "/calls username abc\x00\x07123", "·"),
    ("right-to-left override", "/calls username \u202eabc123", "·"),
    ("only invisible characters", "/calls \u200b\u2060", "/calls username abc123"),
    ("an unknown type", "/calls usrname abc123", "username"),
    ("a number without plus", "/calls number 0730170101", "+46"),
    ("over 30 days", "/calls abc123 last-31d", "last-30d"),
    ("over 30 days of dates", "/calls abc123 2026-01-01..2026-03-01", "30 days"),
    ("the future", f"/calls abc123 {FUTURE}", "future"),
    ("stop before start", "/calls abc123 2026-11-10..2026-11-02", "2026-11-10..2026-11-02"),
    ("an impossible date", "/calls abc123 2026-02-30", "2026-02-30"),
    ("a typo in a range", "/calls abc123 lst-7d", "last-7d"),
    ("everybody as a user name", "/calls username <!channel>", "knows no username"),
    ("a person as a user name", "/calls username @Ana", "user name"),
    ("a path as a user name", "/calls username ..", ".."),
    ("an unknown user", "/calls username nosuchuser", "The platform knows no username “nosuchuser”"),
    ("an unknown counter", "/counters nosuchcounter", "set up together with the provider"),
    ("an unknown service", "/services nosuchservice", "set up together with the provider"),
    ("a verb of a later version", "/calls schedule username abc123 last-week", "schedule"),
]


@pytest.mark.parametrize(("typed", "said"), [row[1:] for row in TYPED], ids=[row[0] for row in TYPED])
async def test_what_was_typed_wrongly_gets_a_private_sentence(ana, typed, said):
    await ana.types(typed)
    answer = await ana.reads()

    assert answer.is_ephemeral
    assert said in answer.all_text
    assert "Traceback" not in answer.all_text
    assert answer.pings == ()
    assert len(answer.all_text) < 1500


@pytest.mark.parametrize(("typed", "said"), [row[1:] for row in TYPED], ids=[row[0] for row in TYPED])
async def test_the_same_in_a_mention_is_told_to_the_asker_alone(stage, ana, typed, said):
    await ana.mentions(typed.removeprefix("/"), "#support", keyboard=MOBILE)
    answer = await ana.reads("#support")
    while answer.text.startswith(":hourglass"):  # a machine that is busy takes its time
        answer = await ana.reads("#support")

    assert answer.pings == ()
    assert answer.all_text
    if "·" not in answer.text and "What I understand" not in answer.text:
        assert answer.is_ephemeral
        assert stage.workspace.person("ben").unread("#support") == []


async def test_a_typo_in_a_command_word_gets_the_nearest(ana):
    await ana.writes("cals abc123 last-7d")

    assert "calls" in (await ana.reads("dm")).all_text


async def test_user_text_never_pings_in_a_public_answer(stage, ana):
    stage.api.records.declare(Identity(IdentityType.USERNAME, "<!channel>"))
    asked = await ana.mentions('calls username "<!channel>"', "#support")
    answer = await stage.workspace.person("ben").reads("#support", asked.ts)

    assert "<!channel>" in answer.all_text
    assert answer.pings == ()


async def test_a_wrong_secret_is_told_with_a_reference_and_who_can_help(tmp_path):
    other = "b3RoZXItc2VjcmV0LW9mLXRoZS1wbGF0Zm9ybQ=="
    api = ReportingServer(DEMO_KEY, other, sample_records(utc_now()), now=utc_now)
    async with running_demo(api, tmp_path / "callwatch.db") as stage:
        ana = stage.workspace.person("ana")
        await ana.types("/calls username abc123")
        answer = await ana.reads()

    assert "key and secret do not match" in answer.all_text
    assert "callwatch doctor" in answer.all_text
    assert "Reference " in answer.all_text


async def test_a_skewed_clock_is_corrected_and_told(stage, ana):
    stage.api.quirks.clock_offset_s = 1200
    await ana.types("/calls abc123 yesterday")
    answer = await ana.reads()

    assert "·" in answer.text
    assert "The bot's clock is 20 min behind" in answer.all_text


async def test_an_api_that_is_down_is_told(stage, ana):
    await stage.api.stop()
    await ana.types("/calls username abc123")
    answer = await ana.reads()
    while answer.text.startswith(":hourglass"):
        answer = await ana.reads()

    assert "cannot be reached" in answer.all_text
    assert "Reference " in answer.all_text


async def test_a_service_that_cannot_be_asked_is_unknown(stage, ana):
    await stage.api.stop()
    await ana.types("/services rtpproxy")
    answer = await ana.reads()
    while answer.text.startswith(":hourglass"):
        answer = await ana.reads()

    assert "unknown" in answer.text
    assert "is up" not in answer.text
    assert "is down" not in answer.text


async def test_a_slow_api_is_announced_once_and_the_answer_takes_the_notes_place(stage, ana):
    stage.api.faults.add(faults.slow(1.7, path="/v1/users"))
    await ana.types("/calls username abc123")
    note = await ana.reads()
    answer = await ana.reads()

    assert note.text.startswith(":hourglass_flowing_sand:")
    assert note.is_ephemeral
    assert answer.ts == note.ts
    assert "last 7 days" in answer.text
    assert len(ana.screen()) == 1


async def test_a_slow_answer_to_a_mention_takes_the_notes_place(stage, ana):
    stage.api.faults.add(faults.slow(1.7, path="/v1/users"))
    asked = await ana.mentions("calls abc123", "#support")
    note = await ana.reads("#support", asked.ts)
    answer = await ana.reads("#support", asked.ts)

    assert note.text.startswith(":hourglass_flowing_sand:")
    assert answer.ts == note.ts
    assert "last 7 days" in answer.text


async def test_a_refusal_after_the_note_leaves_no_note(stage, ana):
    stage.api.faults.add(faults.slow(1.7, path="/v1/users/username/nosuchuser"))
    asked = await ana.mentions("calls nosuchuser", "#support")
    await ana.reads("#support", asked.ts)
    refusal = await ana.reads("#support")

    assert refusal.is_ephemeral
    assert not [seen for seen in ana.screen("#support", asked.ts) if seen.text.startswith(":hourglass")]


@pytest.mark.parametrize("status", [200, 403, 502])
async def test_an_api_that_answers_a_page_is_told(stage, ana, status):
    stage.api.faults.add(faults.html(status, times=None))
    await ana.types("/calls username abc123")
    answer = await ana.reads()
    while answer.text.startswith(":hourglass"):
        answer = await ana.reads()

    assert answer.text.startswith("The platform") or answer.text.startswith("This application")
    assert "<" not in answer.all_text


async def test_blocks_that_slack_refuses_come_as_plain_text(stage, ana):
    stage.workspace.faults.refuse("invalid_blocks", "response_url")
    await ana.types("/calls username abc123")
    answer = await ana.reads()

    assert "last 7 days" in answer.text
    assert answer.blocks == ()


async def test_an_answer_that_slack_has_no_time_for_comes_later(stage, ana):
    stage.workspace.faults.ratelimit("response_url", retry_after_s=1)
    await ana.types("/calls username abc123")

    assert "last 7 days" in (await ana.reads()).text


async def test_a_response_url_that_is_spent_is_told_another_way(stage, ana):
    stage.workspace.faults.refuse("used_url", "response_url", times=9)
    await ana.types("/calls username abc123", "#voice-ops")
    answer = await ana.reads()

    assert "Slack did not take it" in answer.text


async def test_an_answer_refused_in_a_channel_is_told_by_direct_message(stage, ana):
    stage.workspace.faults.refuse("restricted_action", "chat.postMessage")
    stage.workspace.faults.refuse("restricted_action", "chat.postEphemeral", times=2)
    await ana.mentions("calls abc123", "#support")
    answer = await ana.reads("dm")

    assert "Slack did not take it" in answer.text


async def test_a_mention_answer_whose_reply_was_lost_is_not_posted_twice(stage, ana):
    stage.workspace.faults.drop_after("chat.postMessage")
    asked = await ana.mentions("calls abc123", "#support")
    await ana.reads("#support", asked.ts)
    await stage.bot.desk.drain(10)

    assert len([seen for seen in ana.screen("#support", asked.ts) if seen.author != "ana"]) == 1
