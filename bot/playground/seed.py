"""Who lives in the sample workspace: people of four time zones, guests, a stranger, another bot, and channels."""

from __future__ import annotations

from bot.playground.models import Channel, ChannelKind, Person, UserGroup

TEAM_ID = "T0PLAYGRND"
TEAM_DOMAIN = "playground"
FOREIGN_TEAM_ID = "T0ELSEWHER"
APP_ID = "A0CALLWATC"
BOT_USER_ID = "U0CALLWBOT"
BOT_ID = "B0CALLWBOT"


def people(bot_name: str) -> tuple[Person, ...]:
    """Return everybody, the app's own bot user (display name `bot_name`) first."""
    return (
        Person(
            BOT_USER_ID, bot_name.lower().replace(" ", ""), bot_name, TEAM_ID, is_bot=True, bot_id=BOT_ID, app_id=APP_ID
        ),
        Person("U0ANALIND1", "ana", "Ana Lind", TEAM_ID, "Europe/Stockholm", "Central European Time"),
        Person("U0BENCOLE2", "ben", "Ben Cole", TEAM_ID, "America/New_York", "Eastern Time"),
        Person("U0KIMSATO3", "kim", "Kim Sato", TEAM_ID, "Asia/Tokyo", "Japan Standard Time"),
        Person("U0GUSGUEST", "gus", "Gus Guest", TEAM_ID, is_restricted=True),
        Person("U0SAMSINGL", "sam", "Sam Single", TEAM_ID, is_restricted=True, is_ultra_restricted=True),
        Person("U0OLGAELSE", "olga", "Olga Elsewhere", FOREIGN_TEAM_ID, "Europe/Riga", "EET", is_stranger=True),
        Person("U0DORAGONE", "dora", "Dora Gone", TEAM_ID, is_deleted=True),
        Person("U0DEPLOYBT", "deploybot", "Deploy Bot", TEAM_ID, is_bot=True, bot_id="B0DEPLOYBT", app_id="A0DEPLOYAP"),
    )


def channels() -> tuple[Channel, ...]:
    """Return every channel; direct conversations with the bot are opened when first used."""
    bot, ana, ben, kim, gus, sam, olga, _, deploybot = (each.id for each in people("Callwatch"))
    everyone = frozenset((ana, ben, kim))
    return (
        Channel("C0GENERAL1", "general", members=everyone | {bot, gus}),
        Channel("C0VOICEOPS", "voice-ops", members=everyone | {bot, gus, deploybot}),
        Channel("C0SUPPORT1", "support", members=everyone | {bot, gus, sam}),
        Channel("C0RANDOMNB", "random-no-bot", members=everyone),
        Channel("C0PRIVWITH", "private-with-bot", ChannelKind.PRIVATE, frozenset((bot, ana, ben))),
        Channel("C0PRIVNOBT", "private-no-bot", ChannelKind.PRIVATE, frozenset((ana, kim))),
        Channel("C0ARCHIVED", "archived", members=everyone | {bot}, is_archived=True),
        Channel("C0SHAREDOL", "shared-with-olga", members=everyone | {bot, olga}, is_ext_shared=True),
        Channel("D0ANAANDBE", "ana-and-ben", ChannelKind.IM, frozenset((ana, ben))),
    )


def usergroups() -> tuple[UserGroup, ...]:
    """Return the groups that can be mentioned."""
    _, ana, ben, *_ = (each.id for each in people("Callwatch"))
    return (UserGroup("S0ONCALL01", "oncall", "On call", (ana, ben)),)
