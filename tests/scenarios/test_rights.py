"""Guests, people of other organisations and bots get no call data, politely."""

import pytest


@pytest.mark.parametrize(
    ("who", "channel", "said"),
    [
        ("gus", "#support", "not for guests"),
        ("sam", "#support", "not for guests"),
        ("olga", "#shared-with-olga", "members of the organisation"),
    ],
)
@pytest.mark.parametrize("text", ["calls username abc123", "counters currentcalls", "services rtpproxy"])
async def test_a_mention_by_an_outsider_is_refused_to_them_alone(stage, who, channel, said, text):
    person = stage.workspace.person(who)
    await person.mentions(text, channel)
    answer = await person.reads(channel)

    assert answer.is_ephemeral
    assert said in answer.text
    assert await stage.bot.audit.entries() == []


async def test_a_guests_command_is_refused(stage):
    gus = stage.workspace.person("gus")
    await gus.types("/calls username abc123", "#support")
    answer = await gus.reads()

    assert answer.is_ephemeral
    assert "not for guests" in answer.text


async def test_bots_are_not_answered(stage, ana):
    await stage.workspace.person("deploybot").mentions("calls abc123", "#voice-ops")
    await ana.types("/counters currentcalls")
    await ana.reads()
    await stage.bot.desk.drain(5)

    assert all(seen.author != "callwatch" or seen.is_ephemeral for seen in ana.screen("#voice-ops"))


@pytest.mark.parametrize("text", ["calls abc123", "counters", "counters currentcalls", "services rtpproxy"])
async def test_nothing_is_shown_where_another_organisation_reads(stage, ana, text):
    asked = await ana.mentions(text, "#shared-with-olga")
    answer = await ana.reads("#shared-with-olga")

    assert answer.is_ephemeral
    assert "shared with another organisation" in answer.text
    assert stage.workspace.person("olga").unread("#shared-with-olga") == []
    assert len(ana.screen("#shared-with-olga", asked.ts)) == 1


async def test_when_slack_does_not_say_who_somebody_is_they_get_no_call_data(stage, ana):
    stage.workspace.faults.refuse("missing_scope", "users.info")
    await ana.types("/calls username abc123")
    answer = await ana.reads()

    assert "did not tell me who you are" in answer.text
    assert "Reference " in answer.all_text
