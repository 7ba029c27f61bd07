"""The whole story of an outage as people in channels see it: card, acknowledgement, recovery, once each."""

import asyncio
import re
from datetime import timedelta

from bot.playground.deliveries import Outcome
from tests.scenarios.watching.conftest import A_WHILE_S, a_bot, are_seen, eventually, flip, of_bot, until, watches


async def test_a_flip_is_told_once_in_every_channel_that_watches(stage, ana, ben):
    await watches(stage.bot, ana, "rtpproxy", "#voice-ops")
    await watches(stage.bot, ana, "rtpproxy", "#support")
    flip(stage, "rtpproxy", "down")

    for channel in ("#voice-ops", "#support"):
        card = await ben.reads(channel)
        assert re.match(r":red_circle: rtpproxy is DOWN since \d\d:\d\d:\d\d(–\d\d:\d\d:\d\d)? UTC", card.text), (
            card.text
        )
        assert not card.is_ephemeral
        assert [button.text for button in card.buttons] == ["Acknowledge", "Mute 1 h"]
        assert card.pings == ()
    await asyncio.sleep(A_WHILE_S)
    assert len(of_bot(ben, "#voice-ops")) == len(of_bot(ben, "#support")) == 1
    assert of_bot(ben, "#general") == []


async def test_the_card_rings_whom_the_channel_chose_and_recovery_rings_nobody(stage, ana, ben):
    await watches(stage.bot, ana, f"rtpproxy notify <@{ben.who.id}> here")
    flip(stage, "rtpproxy", "down")
    card = await ben.reads("#voice-ops")
    assert card.pings == (ben.who.id, "here")

    flip(stage, "rtpproxy", "up")
    reply = await until(ben, "is up again", thread=card.ts)
    assert reply.pings == ()


async def test_the_card_says_how_many_calls_are_on(api, workspace, tmp_path, clock, ana):
    api.counters.set("currentcalls", 312)
    async with a_bot(workspace, api, tmp_path, clock) as bot:
        await watches(bot, ana)
        api.services.set("rtpproxy", "down")

        assert (await until(ana, "DOWN since")).text.endswith(" · ongoing calls 312")


async def test_who_acknowledges_stands_on_the_card_until_taken_back(stage, ana, ben):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ben, "DOWN since")

    await ben.presses(card, "Acknowledge")
    acknowledged = await until(ana, "Acknowledged by")
    assert acknowledged.ts == card.ts
    assert f"<@{ben.who.id}>" in str(acknowledged.blocks)
    assert acknowledged.text.endswith("· acknowledged")

    await ana.presses(acknowledged, "Undo acknowledge")
    await eventually(lambda: "Acknowledge" in [button.text for button in of_bot(ana)[0].buttons])
    assert "Acknowledged" not in of_bot(ana)[0].all_text
    assert len(of_bot(ana)) == 1


async def test_of_two_who_press_at_once_one_is_first_and_the_other_is_told(stage, ana, ben):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ben, "DOWN since")
    ana.unread()
    stage.workspace.faults.slow("chat.update", seconds=0.5)

    await ben.presses(card, "Acknowledge")
    await ana.presses(card, "Acknowledge")
    await until(ana, "Acknowledged by")
    await stage.bot.desk.drain(5)

    asides = [(person, seen) for person in (ana, ben) for seen in person.screen() if "already" in seen.text]
    assert len(asides) == 1
    late, aside = asides[0]
    first = ben if late is ana else ana
    assert aside.is_ephemeral
    assert f"<@{first.who.id}> has acknowledged it already" in aside.text
    assert f"<@{first.who.id}>" in str(of_bot(ana)[0].blocks)


async def test_recovery_turns_the_card_green_and_is_told_in_its_thread_and_in_the_channel(stage, ana, ben):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ben, "DOWN since")
    flip(stage, "rtpproxy", "up")

    reply = await until(ben, "is up again", thread=card.ts)
    assert re.fullmatch(r":large_green_circle: rtpproxy is up again, down (under 1 s|\d+ s)", reply.text)
    await eventually(lambda: "is up again" in of_bot(ben)[0].text)
    green, broadcast = of_bot(ben)
    assert green.ts == card.ts
    assert "First seen down" in green.all_text or "first seen down" in green.all_text
    assert green.buttons == ()
    assert broadcast.ts == reply.ts


async def test_a_press_that_comes_after_recovery_is_told_so(stage, ana):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ana, "DOWN since")
    stage.workspace.faults.slow("chat.update", seconds=1.0)
    flip(stage, "rtpproxy", "up")
    await eventually(lambda: str(stage.bot.watching.state("rtpproxy").status) == "up")

    await ana.presses(card, "Acknowledge")
    late = await until(ana, "That outage is over already")
    assert late.is_ephemeral


async def test_an_outage_after_recovery_gets_a_card_of_its_own(stage, ana):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ana, "DOWN since")
    flip(stage, "rtpproxy", "up")
    await until(ana, "is up again", thread=card.ts)
    flip(stage, "rtpproxy", "down")
    second = await until(ana, "DOWN since")

    assert second.ts != card.ts
    assert len([seen for seen in of_bot(ana) if seen.thread_ts is None]) == 2


async def test_a_service_that_flaps_stays_on_one_card_and_says_so(stage, ana, clock):
    await watches(stage.bot, ana)
    for status in ("down", "up", "down"):
        flip(stage, "rtpproxy", status)
        card = await until(ana, "DOWN since" if status == "down" else "is up again, ")
    for status in ("up", "down", "up"):
        flip(stage, "rtpproxy", status)
        await until(ana, "rtpproxy is flapping, " + ("DOWN" if status == "down" else "up") + " now")
    assert of_bot(ana)[-1].ts == card.ts

    clock.ahead += timedelta(minutes=11)
    steady = await until(ana, "is steady again: up, after 4 flips", thread=card.ts)
    assert steady.thread_ts == card.ts


def shows(person, message) -> str:
    """Return all that a message says now."""
    return next(seen.all_text for seen in of_bot(person) if seen.ts == message.ts)


async def test_many_at_once_are_one_digest_with_menus(stage, ana, ben):
    services = [f"gateway{number}" for number in range(8)]
    for service in services:
        stage.api.services.set(service, "up")
    await ana.types(f"/services watch {' '.join(services)}")
    await ana.reads()
    await are_seen(stage.bot, *services)
    stage.workspace.faults.slow("chat.postMessage", seconds=0.5)
    for service in services:
        flip(stage, service, "down")

    await eventually(lambda: any("services are DOWN" in seen.text for seen in of_bot(ana)))
    digest = next(seen for seen in of_bot(ana) if "services are DOWN" in seen.text)
    all_of_them = digest.menus[0].options[0]["value"]
    await ben.chooses(digest, "digest_acknowledge", all_of_them)
    await eventually(lambda: "Undo acknowledge …" in (shown := shows(ana, digest)) and "Acknowledge …" not in shown)
    assert f"<@{ben.who.id}>" in str(of_bot(ana)[-1].blocks)
    await ben.chooses(digest, "digest_mute", all_of_them)
    await eventually(lambda: "muted" in shows(ana, digest))
    told = " ".join(seen.all_text for seen in of_bot(ana))
    assert all(service in told for service in services)
    assert len(of_bot(ana)) <= 3


async def test_muting_below_the_card_keeps_what_comes_silent(stage, ana, ben):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ana, "DOWN since")
    await ana.presses(card, "Mute 1 h")
    muted = await until(ana, "Muted here until")
    flip(stage, "rtpproxy", "up")
    green = await until(ana, "is up again")
    assert green.ts == card.ts
    assert of_bot(ana, thread=card.ts)[1:] == []

    await ana.types("/services unmute rtpproxy")
    assert (await ana.reads()).is_ephemeral
    assert (await until(ana, "is up again", thread=card.ts)).thread_ts == card.ts
    assert [button.text for button in muted.buttons] == ["Acknowledge", "Unmute"]


async def test_unwatch_during_an_outage_closes_the_card(stage, ana):
    await watches(stage.bot, ana)
    flip(stage, "rtpproxy", "down")
    card = await until(ana, "DOWN since")
    await ana.types("/services unwatch rtpproxy")

    closed = await until(ana, "is no longer watched here · it went down")
    assert closed.ts == card.ts
    assert closed.buttons == ()
    flip(stage, "rtpproxy", "up")
    await asyncio.sleep(A_WHILE_S)
    assert len(of_bot(ana)) == 1


async def test_a_platform_out_of_sight_is_told_once_and_again_when_it_is_back(stage, ana, clock):
    await watches(stage.bot, ana)
    await stage.api.stop()
    await eventually(lambda: stage.bot.watching.sight.checks > 2)
    assert of_bot(ana) == []
    clock.ahead += timedelta(seconds=61)
    lost = await until(ana, "cannot see the platform")
    assert "DOWN" not in lost.text

    await stage.api.start()
    assert "can see the platform again after 1 min" in (await until(ana, "platform again")).text
    assert len(of_bot(ana)) == 2


async def test_one_service_that_stays_unknown_is_told_by_name(stage, ana, clock):
    await watches(stage.bot, ana, "rtpproxy sbc")
    flip(stage, "sbc", "degraded")
    await eventually(lambda: stage.bot.watching.state("sbc").unknown_since is not None)
    clock.ahead += timedelta(minutes=5, seconds=1)

    unknown = await until(ana, "is unknown since")
    assert "sbc" in unknown.text
    assert "rtpproxy" not in unknown.text
    flip(stage, "sbc", "up")
    assert "sbc can be seen again" in (await until(ana, "seen again")).text


async def test_a_card_and_its_buttons_outlive_the_bot(api, workspace, tmp_path, clock, ana):
    async with a_bot(workspace, api, tmp_path, clock) as bot:
        await watches(bot, ana)
        api.services.set("rtpproxy", "down")
        card = await until(ana, "DOWN since")

    async with a_bot(workspace, api, tmp_path, clock):
        pressed = await ana.presses(card, "Acknowledge")
        assert await pressed.ended() is Outcome.ACKED
        assert (await until(ana, "Acknowledged by")).ts == card.ts
        api.services.set("rtpproxy", "up")
        await until(ana, "is up again", thread=card.ts)
    assert len([seen for seen in of_bot(ana) if seen.thread_ts is None]) == 1


async def test_a_flip_while_the_bot_was_off_is_told_once_as_such(api, workspace, tmp_path, clock, ana):
    async with a_bot(workspace, api, tmp_path, clock) as bot:
        await watches(bot, ana)
    api.services.set("rtpproxy", "down")
    clock.ahead += timedelta(minutes=12)

    async with a_bot(workspace, api, tmp_path, clock):
        card = await until(ana, "DOWN since")
        assert re.search(r"the bot was off 12 min( [12] s)? in between", card.text)
        await asyncio.sleep(A_WHILE_S)
    assert len(of_bot(ana)) == 1
