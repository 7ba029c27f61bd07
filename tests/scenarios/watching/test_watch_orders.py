"""Watch, unwatch, notify, remind, mute, history, the board: said anywhere, answered to whom it concerns."""

import pytest

from tests.scenarios.watching.conftest import are_seen, eventually, flip, of_bot, until, watches


async def test_the_answer_to_watch_is_private_and_says_how_it_is_and_how_to_ring_somebody(stage, ana, ben):
    answer = await watches(stage.bot, ana)

    assert answer.is_ephemeral
    assert "rtpproxy is up now. This channel is told when that changes." in answer.text
    assert "Nobody is rung" in answer.all_text
    assert "/services notify rtpproxy here" in answer.all_text
    assert ben.unread() == []


async def test_the_command_that_the_answer_offers_works(stage, ana):
    await watches(stage.bot, ana)
    await ana.types("/services notify rtpproxy here")

    assert "rtpproxy: cards ring `@here`" in (await ana.reads()).text
    await ana.types("/services watch rtpproxy remind 30m")
    answer = await ana.reads()
    assert "It was watched here already" in answer.text
    assert "Cards ring `@here`" in answer.all_text
    assert "Reminders every 30 min" in answer.all_text


async def test_an_id_that_the_platform_does_not_know_is_not_stored(stage, ana):
    await ana.types("/services watch rtpproxy nosuchservice")
    answer = await ana.reads()

    assert "rtpproxy is up now" in answer.text
    assert "nosuchservice: not watched. The platform knows no service “nosuchservice”" in answer.text
    assert "set up together with the provider" in answer.text
    await ana.types("/services")
    assert "nosuchservice" not in (await ana.reads()).all_text


async def test_a_service_that_is_down_at_first_sight_is_said_and_its_recovery_told(stage, ana):
    flip(stage, "rtpproxy", "down")
    answer = await watches(stage.bot, ana)

    assert "rtpproxy is down now" in answer.text
    assert "told when it is up again" in answer.text
    assert of_bot(ana) == []
    flip(stage, "rtpproxy", "up")
    assert "rtpproxy is up again, down at least" in (await until(ana, "is up again")).text


async def test_a_second_channel_that_begins_during_an_outage_hears_since_when(stage, ana):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    await until(ana, "DOWN since")
    answer = await watches(stage.bot, ana, channel="#support")

    assert "rtpproxy is down now; it went down " in answer.text


async def test_while_the_platform_cannot_be_asked_a_watch_is_kept_all_the_same(stage, ana):
    await stage.api.stop()
    await ana.types("/services watch rtpproxy")
    answer = await ana.reads(timeout_s=8)
    assert "rtpproxy is unknown now. The platform cannot be reached" in answer.text

    flip(stage, "rtpproxy", "down")
    await stage.api.start()
    card = await until(ana, "rtpproxy is DOWN since before")
    assert not card.is_ephemeral


async def test_where_the_bot_is_not_it_says_how_to_invite_it_and_trying_again_works(stage, ana):
    await ana.types("/services watch rtpproxy", "#random-no-bot")
    answer = await ana.reads("#random-no-bot")
    assert answer.is_ephemeral
    assert "/invite @Callwatch" in answer.text

    await ana.presses(answer, "Try again")
    again = await ana.reads("#random-no-bot")
    assert again.ts == answer.ts
    assert "/invite @Callwatch" in again.text

    await ana.invites_bot("#random-no-bot")
    await ana.presses(again, "Try again")
    done = await until(ana, "rtpproxy is up now", "#random-no-bot")
    assert done.ts == answer.ts
    await are_seen(stage.bot, "rtpproxy")
    flip(stage, "rtpproxy", "down")
    await until(ana, "DOWN since", "#random-no-bot")
    stage.workspace.journal.take_violations("not_in_channel")


async def test_a_mention_is_an_order_too_and_answered_aside(stage, ana, ben):
    asked = await ana.mentions("services watch rtpproxy", "#support")
    answer = await ana.reads("#support")

    assert answer.is_ephemeral
    assert "rtpproxy is up now" in answer.text
    assert ben.unread("#support", asked.ts) == []


async def test_a_direct_message_watches_for_the_one_who_wrote_it(stage, ana):
    await ana.writes("watch rtpproxy")
    assert "rtpproxy is up now" in (await ana.reads("dm")).text
    await are_seen(stage.bot, "rtpproxy")
    flip(stage, "rtpproxy", "down")

    assert "rtpproxy is DOWN since" in (await ana.reads("dm")).text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("unwatch rtpproxy", "rtpproxy: no longer watched here"),
        ("mute rtpproxy 2h new disks", "muted here until"),
        ("unmute rtpproxy", "rtpproxy: not muted any more"),
        ("remind rtpproxy 30m", "a reminder every 30 min"),
        ("remind rtpproxy off", "no reminders any more"),
        ("notify rtpproxy nobody", "cards ring nobody"),
    ],
)
async def test_every_order_says_what_it_did_or_that_there_was_nothing_to_do_it_to(stage, ana, ben, words, said):
    await ana.types(f"/services {words}")
    assert "This channel does not watch rtpproxy" in (await ana.reads()).text

    await watches(stage.bot, ana)
    await ana.types(f"/services {words}")
    answer = await ana.reads()
    assert answer.is_ephemeral
    assert said in answer.text
    assert ben.unread() == []


async def test_what_is_muted_is_silent_and_told_at_unmute(stage, ana):
    await watches(stage.bot, ana)
    await ana.types("/services mute rtpproxy 2h new disks")
    assert "new disks" in (await ana.reads()).text
    flip(stage, "rtpproxy", "down")
    await eventually(lambda: str(stage.bot.watching.state("rtpproxy").status) == "down")
    assert of_bot(ana) == []

    await ana.types("/services unmute rtpproxy")
    assert "DOWN since" in (await until(ana, "DOWN since")).text


async def test_the_board_shows_what_this_channel_watches(stage, ana):
    await watches(stage.bot, ana, "rtpproxy sbc notify here")
    await ana.types("/services mute sbc 2h new disks")
    await ana.reads()
    flip(stage, "rtpproxy", "down")
    await until(ana, "DOWN since")
    await ana.types("/services")
    board = await until(ana, "This channel watches")

    assert board.is_ephemeral
    assert board.text == "This channel watches 2 services: 1 down, 1 up. Down: rtpproxy"
    for part in ("muted until", "new disks", "rings `@here`", "watched by", "seen just now"):
        assert part in board.all_text
    await ana.types("/services", "#support")
    assert "This channel watches nothing yet" in (await ana.reads("#support")).text


async def test_a_board_that_everybody_reads_rings_nobody(stage, ana, ben):
    await watches(stage.bot, ana, f"rtpproxy notify <@{ben.who.id}>", "#support")
    asked = await ana.mentions("services", "#support")
    board = await ben.reads("#support", asked.ts)

    assert "This channel watches 1 service" in board.text
    assert board.pings == ()


async def test_a_service_tells_since_when_and_its_last_outages(stage, ana):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ana, "DOWN since")
    flip(stage, "rtpproxy", "up")
    await until(ana, "is up again", thread=card.ts)
    await ana.types("/services rtpproxy")
    answer = await until(ana, "rtpproxy is up")

    assert "Seen up since" in answer.all_text
    assert "down under 1 s" in answer.all_text
    assert "DOWN since" not in answer.all_text


async def test_the_history_lists_outages_with_their_length(stage, ana):
    await ana.types("/services history rtpproxy")
    assert "nothing is on record for last 30 days" in (await ana.reads()).text

    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ana, "DOWN since")
    flip(stage, "rtpproxy", "up")
    await until(ana, "is up again", thread=card.ts)
    await ana.types("/services history rtpproxy last-7d")
    answer = await until(ana, "last 7 days")

    assert answer.text.startswith("rtpproxy · last 7 days: 1 outage, ")
    assert "down under 1 s" in answer.all_text
    assert "Time that nobody saw counts neither as up nor as down." in answer.all_text


async def test_a_sampled_counter_shows_its_last_hour(stage, ana, clock):
    stage.api.counters.set("currentcalls", 300)
    await ana.types("/counters currentcalls")
    assert "last hour" not in (await ana.reads()).text


@pytest.mark.parametrize("words", ["watch rtpproxy", "unwatch rtpproxy", "mute rtpproxy", "history rtpproxy"])
async def test_guests_are_politely_refused(stage, words):
    gus = stage.workspace.person("gus")
    await gus.types(f"/services {words}", "#voice-ops")
    answer = await gus.reads("#voice-ops")

    assert answer.is_ephemeral
    assert "not for guests" in answer.text


async def test_a_guest_who_presses_is_refused_and_the_card_stays(stage, ana):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    gus = stage.workspace.person("gus")
    card = await until(gus, "DOWN since")
    await gus.presses(card, "Acknowledge")
    answer = await gus.reads()

    assert answer.is_ephemeral
    assert "not for guests" in answer.text
    assert "Acknowledged" not in of_bot(ana)[0].all_text
