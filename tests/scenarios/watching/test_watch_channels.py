"""A channel that takes no posts: what waits is not lost, whoever set the watch hears of it, an invitation ends it."""

from tests.scenarios.watching.conftest import flip, of_bot, until, watches


async def test_a_channel_that_lost_the_bot_is_told_to_its_owner_and_gets_its_card_with_the_invitation(stage, ana):
    await watches(stage.bot, ana, "rtpproxy", "#voice-ops")
    stage.workspace.gestures.remove_bot(stage.workspace.workspace.channel("#voice-ops"))
    flip(stage, "rtpproxy", "down")
    lost = await until(ana, "I cannot tell", "dm")
    assert "about rtpproxy: I am not in it (not_in_channel). Type `/invite @Callwatch` there." in lost.text
    assert of_bot(ana) == []

    await ana.invites_bot("#voice-ops")
    assert not (await until(ana, "rtpproxy is DOWN since")).is_ephemeral
    stage.workspace.journal.take_violations("not_in_channel")


async def test_an_archived_channel_gets_its_card_when_it_is_unarchived(stage, ana):
    await watches(stage.bot, ana, "rtpproxy", "#voice-ops")
    await ana.archives("#voice-ops")
    flip(stage, "rtpproxy", "down")
    assert "it is archived" in (await until(ana, "I cannot tell", "dm")).text

    await ana.archives("#voice-ops", is_archived=False)
    assert not (await until(ana, "rtpproxy is DOWN since")).is_ephemeral
    stage.workspace.journal.take_violations("is_archived")
