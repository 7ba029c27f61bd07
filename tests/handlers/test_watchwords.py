import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.timerange import parse_range
from handlers.intents import AskBoard, AskService, Help, Intent, UsageError, parse, spell
from handlers.lengths import read_length, read_moment, spell_length
from handlers.watchwords import (
    AskHistory,
    MuteServices,
    NotifyAbout,
    RemindOf,
    UnmuteServices,
    UnwatchServices,
    WatchServices,
)
from handlers.words import normalise, tokenise, words_from_argv

NOW = datetime(2014, 5, 14, 12, 30, 15, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def read(text: str, command: str | None = "services") -> Intent:
    return parse(text, command=command, now=NOW, tz=BERLIN, bot_user_id="UBOT")


def watch(*service_ids: str, notify: tuple[str, ...] | None = None, remind: int | None = None) -> WatchServices:
    return WatchServices(service_ids, notify, remind)


def mute(*service_ids: str, words: str = "1h", seconds: float = 3600, reason: str = "") -> MuteServices:
    return MuteServices(service_ids, NOW + timedelta(seconds=seconds), words, reason)


def history(service_id: str, words: str = "last-30d") -> AskHistory:
    return AskHistory(service_id, parse_range(words, now=NOW, tz=BERLIN))


def at(text: str) -> float:
    """Return the seconds from NOW to an instant in UTC."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - NOW).total_seconds()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("watch rtpproxy", watch("rtpproxy")),
        ("WATCH rtpproxy.", watch("rtpproxy")),
        ("watch rtpproxy sbc, gateway and billing", watch("rtpproxy", "sbc", "gateway", "billing")),
        ("watch rtpproxy rtpproxy", watch("rtpproxy")),
        ("watch rtpproxy notify <@U123|ana>", watch("rtpproxy", notify=("U123",))),
        ("watch rtpproxy <@U123>", watch("rtpproxy", notify=("U123",))),
        ("watch <@W123> rtpproxy", watch("rtpproxy", notify=("W123",))),
        (
            "watch rtpproxy notify <@U1>, <!subteam^S12|@oncall> and here",
            watch("rtpproxy", notify=("U1", "S12", "here")),
        ),
        ("watch rtpproxy notify <!here|here>", watch("rtpproxy", notify=("here",))),
        ("watch rtpproxy notify &lt;!here&gt;", watch("rtpproxy", notify=("here",))),
        ("watch rtpproxy notify @here @here", watch("rtpproxy", notify=("here",))),
        ("watch rtpproxy notify nobody", watch("rtpproxy", notify=())),
        ("watch rtpproxy remind 30m", watch("rtpproxy", remind=1800)),
        ("watch rtpproxy remind every 1 h notify here", watch("rtpproxy", notify=("here",), remind=3600)),
        ("watch rtpproxy notify here remind off", watch("rtpproxy", notify=("here",), remind=0)),
        ('watch "here" "a b" "notify"', watch("here", "a b", "notify")),
        ("unwatch rtpproxy sbc", UnwatchServices(("rtpproxy", "sbc"))),
        ("notify rtpproxy <@U1> <!subteam^S1>", NotifyAbout(("rtpproxy",), ("U1", "S1"))),
        ("notify <@U1> rtpproxy sbc", NotifyAbout(("rtpproxy", "sbc"), ("U1",))),
        ("notify rtpproxy nobody", NotifyAbout(("rtpproxy",), ())),
        ("notify rtpproxy off", NotifyAbout(("rtpproxy",), ())),
        ("remind rtpproxy 30m", RemindOf(("rtpproxy",), 1800)),
        ("remind rtpproxy sbc every 2 hours", RemindOf(("rtpproxy", "sbc"), 7200)),
        ("remind rtpproxy off", RemindOf(("rtpproxy",), 0)),
        ("mute rtpproxy", mute("rtpproxy")),
        ("mute rtpproxy 2h", mute("rtpproxy", words="2h", seconds=7200)),
        ("mute rtpproxy for 90 minutes", mute("rtpproxy", words="90m", seconds=5400)),
        ("mute rtpproxy 1h30m", mute("rtpproxy", words="90m", seconds=5400)),
        ("mute rtpproxy sbc 1d new disks", mute("rtpproxy", "sbc", words="1d", seconds=86400, reason="new disks")),
        ('mute rtpproxy 2h "30m late"', mute("rtpproxy", words="2h", seconds=7200, reason="30m late")),
        ("mute rtpproxy 30d", mute("rtpproxy", words="30d", seconds=30 * 86400)),
        # It is 14:30:15 in Berlin.
        ("mute rtpproxy until 16:00", mute("rtpproxy", words="until 16:00", seconds=at("2014-05-14T14:00"))),
        ("mute rtpproxy until 14:00", mute("rtpproxy", words="until 14:00", seconds=at("2014-05-15T12:00"))),
        ("mute rtpproxy until tomorrow", mute("rtpproxy", words="until tomorrow", seconds=at("2014-05-14T22:00"))),
        (
            "mute rtpproxy until tomorrow 9:00 new disks",
            mute("rtpproxy", words="until tomorrow 09:00", seconds=at("2014-05-15T07:00"), reason="new disks"),
        ),
        (
            "mute rtpproxy until 2014-05-20T08:30",
            mute("rtpproxy", words="until 2014-05-20 08:30", seconds=at("2014-05-20T06:30")),
        ),
        ("mute rtpproxy until 2014-05-20 why", mute(
            "rtpproxy", words="until 2014-05-20", seconds=at("2014-05-19T22:00"), reason="why"
        )),
        ("unmute rtpproxy", UnmuteServices(("rtpproxy",))),
        ("history rtpproxy", history("rtpproxy")),
        ("history rtpproxy last 7 days", history("rtpproxy", "last-7d")),
        ("history rtpproxy 2014-04-28..2014-05-02", history("rtpproxy", "2014-04-28..2014-05-02")),
        ("history last-7d rtpproxy", history("rtpproxy", "last-7d")),
        ("history yesterday last-7d", history("yesterday", "last-7d")),
        ('history "yesterday"', history("yesterday")),
    ],
)  # fmt: skip
def test_orders_are_given_in_many_ways(text: str, intent: Intent) -> None:
    assert read(text) == intent


@pytest.mark.parametrize(
    ("command", "text", "intent"),
    [
        (None, "services watch rtpproxy", watch("rtpproxy")),
        (None, "<@UBOT> services watch rtpproxy notify <@U1>", watch("rtpproxy", notify=("U1",))),
        (None, "<@UBOT> watch rtpproxy", watch("rtpproxy")),
        (None, "mute rtpproxy 2h", mute("rtpproxy", words="2h", seconds=7200)),
        (None, "history rtpproxy last-7d", history("rtpproxy", "last-7d")),
        (None, "services", AskBoard()),
        ("services", "/services watch rtpproxy", watch("rtpproxy")),
        ("services", "help watch", Help("services")),
        ("services", '"watch"', AskService("watch")),
    ],
)
def test_every_place_has_the_same_words(command: str | None, text: str, intent: Intent) -> None:
    assert read(text, command) == intent


@pytest.mark.parametrize(
    ("text", "sentence", "suggestion"),
    [
        *(
            (verb, f"{verb.capitalize()} which service?", f"/services {example}")
            for verb, example in {
                "watch": "watch rtpproxy",
                "unwatch": "unwatch rtpproxy",
                "notify": "notify rtpproxy here",
                "remind": "remind rtpproxy 30m",
                "mute": "mute rtpproxy 1h",
                "unmute": "unmute rtpproxy",
                "history": "history rtpproxy",
            }.items()
        ),
        ("wacth rtpproxy sbc", "Did you mean `watch`?", "/services watch rtpproxy sbc"),
        ('mut "a b" 2h', "Did you mean `mute`?", '/services mute "a b" 2h'),
        ("rtpproxy mute 2h", "`mute` goes before the service", "/services mute rtpproxy 2h"),
        ("rtpproxy watch", "`watch` goes before the service", "/services watch rtpproxy"),
        ("rtpproxy last-7d", "One service at a time", "/services rtpproxy"),
        ("watch rtpproxy here", "“here” says whom to ring; that goes after `notify`", "/services watch rtpproxy"),
        ("watch rtpproxy notify", "Whom?", "/services watch rtpproxy notify here"),
        (
            "watch rtpproxy notify @ana",
            "“@ana” is nobody whom Slack could ring",
            "/services watch rtpproxy notify here",
        ),
        ("watch rtpproxy @ana", "“@ana” is nobody whom Slack could ring", "/services watch rtpproxy notify here"),
        ("watch rtpproxy notify <#C1|general>", "is nobody whom Slack", "/services watch rtpproxy notify here"),
        ("watch rtpproxy notify <!channel>", "would ring everybody", "/services watch rtpproxy notify here"),
        ("notify rtpproxy everyone", "would ring everybody", "/services notify rtpproxy here"),
        ("notify rtpproxy", "Whom?", "/services notify rtpproxy here"),
        (
            f"notify rtpproxy {' '.join(f'<@U{n}>' for n in range(11))}",
            "a user group",
            "/services notify rtpproxy here",
        ),
        ("watch rtpproxy remind", "How often?", "/services watch rtpproxy remind 30m"),
        ("remind rtpproxy 1m", "every 5 minutes at the most", "/services remind rtpproxy 30m"),
        ("remind rtpproxy 8d", "once a week at the least", "/services remind rtpproxy 30m"),
        ("remind rtpproxy 30m please", "“please”", "/services remind rtpproxy 30m"),
        ("mute rtpproxy forever", "A mute always ends", "/services mute rtpproxy 30d"),
        ("mute rtpproxy off", "taken away by `unmute`", "/services unmute rtpproxy"),
        ("mute rtpproxy 31d", "“31d” is too long", "/services mute rtpproxy 30d"),
        ("mute rtpproxy 999999d", "“999999d” is too long", "/services mute rtpproxy 30d"),
        ("mute rtpproxy 30 sec", "“30 sec” is no time to mute", "/services mute rtpproxy 1h"),
        ("mute rtpproxy until", "I do not know when “until” is", "/services mute rtpproxy 2h"),
        ("mute rtpproxy until 25:00", "I do not know when “until 25:00” is", "/services mute rtpproxy 2h"),
        ("mute rtpproxy until 2014-02-30", "I do not know when", "/services mute rtpproxy 2h"),
        ("mute rtpproxy until 2014-05-01", "“until 2014-05-01” is no time to mute", "/services mute rtpproxy 1h"),
        ("mute rtpproxy until 2015-05-01", "“until 2015-05-01” is too long", "/services mute rtpproxy 30d"),
        ("mute rtpproxy 2h " + "x" * 201, "201 characters long", "/services mute rtpproxy 2h"),
        ("history rtpproxy lst-7d", "Did you mean `last-7d`?", "/services history rtpproxy last-7d"),
        ("history rtpproxy last-60d", "longer than 30 days", "/services history rtpproxy last-30d"),
        ("history rtpproxy sbc last-7d", "one service at a time", "/services history rtpproxy last-7d"),
        (f"watch {' '.join(f's{n}' for n in range(26))}", "26 services at once", "/services watch rtpproxy"),
        ("watch ..", "cannot be asked for", "/services watch rtpproxy"),
    ],
)
def test_what_is_not_understood_gets_a_sentence_and_a_command_that_works(
    text: str, sentence: str, suggestion: str
) -> None:
    with pytest.raises(UsageError) as error:
        read(text)

    assert sentence in str(error.value)
    assert error.value.suggestion == suggestion
    read(suggestion, None)


@pytest.mark.parametrize(
    ("intent", "spelled"),
    [
        (watch("rtpproxy", notify=("U1", "S2", "here"), remind=1800),
         "/services watch rtpproxy notify <@U1> <!subteam^S2> here remind 30m"),
        (watch("until", "30m", "here", "a,"), '/services watch "until" "30m" "here" "a,"'),
        (watch("a", notify=(), remind=0), "/services watch a notify nobody remind off"),
        (mute("a", words="2h", seconds=7200, reason='say "no"'), '/services mute a 2h "say ""no"""'),
        (RemindOf(("a",), 5400), "/services remind a 90m"),
        (history("a", "last-7d"), "/services history a last-7d"),
    ],
)  # fmt: skip
def test_an_order_has_one_spelling_that_reads_back_the_same(intent: Intent, spelled: str) -> None:
    assert spell(intent) == spelled
    assert read(spelled, None) == intent


PIECES = st.sampled_from(
    [
        *("watch", "unwatch", "notify", "remind", "mute", "unmute", "history", "wacth", "services"),
        *("rtpproxy", "sbc", "7", "m", "30m", "2h", "h", "1d", "every", "for", "until", "14:00", "tomorrow", "today"),
        *("2014-05-20", "2014-05-20t8:00", "last-7d", "last", "days", "yesterday", "off", "never", "forever", "and"),
        *("<@U1>", "<@W1|x>", "<!subteam^S1|@oncall>", "<!here>", "here", "@here", "nobody", "@ana", "channel"),
        *(",", "a,", '"', "'", '""', '"a b"', '"30m"', "&amp;", "&lt;!here&gt;", "&lt;@U2&gt;", "`", "\u202e", ".."),
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.builds(" ".join, st.lists(PIECES | st.text(max_size=8), max_size=9).map(lambda rest: ["services watch", *rest])),
    st.lists(PIECES, max_size=10).map(" ".join),
    st.lists(PIECES | st.text(max_size=12), max_size=8).map(" ".join),
)


@settings(max_examples=500, deadline=None)
@given(TEXTS, st.sampled_from([None, "services"]))
@example("mute 7 m 30m 30m m", "services")
@example("watch a notify <@U1> remind never", "services")
def test_any_text_is_an_intent_that_reads_back_or_a_sentence_with_a_command_that_works(
    text: str, command: str | None
) -> None:
    try:
        intent = read(text, command)
    except UsageError as error:
        assert 0 < len(str(error)) < 300
        parse(tokenise(error.suggestion), command=None, now=NOW, tz=BERLIN)
        return
    spelled = spell(intent)
    assert parse(tokenise(spelled), command=None, now=NOW, tz=BERLIN) == intent
    escaped = spelled.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert read(escaped, None) == intent


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=7))
def test_any_arguments_are_an_intent_that_reads_back_or_a_sentence(arguments: list[str]) -> None:
    try:
        intent = parse(words_from_argv(arguments), command="services", now=NOW, tz=BERLIN)
    except UsageError:
        return
    assert parse(tokenise(spell(intent)), command=None, now=NOW, tz=BERLIN) == intent


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_whom_to_ring_is_only_ever_named_by_an_id(text: str) -> None:
    try:
        intent = read(text)
    except UsageError:
        return
    for each in getattr(intent, "notify", None) or ():
        assert each == "here" or (each[0] in "UWS" and each.isascii() and each.isalnum() and each == each.upper())


@given(st.integers(1, 10**7))
def test_a_length_is_spelled_so_that_it_reads_back(seconds: int) -> None:
    length = read_length(tokenise(spell_length(seconds)), 0)

    assert length is not None
    assert length.seconds == seconds


@pytest.mark.parametrize(
    ("words", "now", "expected"),
    [
        # Clocks in Berlin go forward at 02:00 on 30 March 2014, back at 03:00 on 26 October.
        ("02:30", datetime(2014, 3, 30, 0, 0, tzinfo=UTC), datetime(2014, 3, 30, 1, 30, tzinfo=UTC)),
        ("02:30", datetime(2014, 10, 25, 20, 0, tzinfo=UTC), datetime(2014, 10, 26, 0, 30, tzinfo=UTC)),
        ("tomorrow", datetime(2014, 3, 29, 20, 0, tzinfo=UTC), datetime(2014, 3, 29, 23, 0, tzinfo=UTC)),
        ("today 23:59", datetime(2014, 5, 14, 10, 0, tzinfo=UTC), datetime(2014, 5, 14, 21, 59, tzinfo=UTC)),
    ],
)
def test_a_moment_is_of_the_asker_s_clock(words: str, now: datetime, expected: datetime) -> None:
    moment = read_moment(tokenise(normalise(words)), 0, now=now, tz=BERLIN)

    assert moment is not None
    assert moment.at == expected


@pytest.mark.parametrize("piece", ["x ", "7 ", "30m ", "<@U1> ", "watch ", '"a ', "until ", "1h30m"])
def test_a_thousand_characters_are_read_at_once(piece: str) -> None:
    started = time.process_time()
    for verb in ("watch", "notify", "mute", "remind", "history"):
        with pytest.raises(UsageError):
            read(f"{verb} {piece * (960 // len(piece))}"[:1000])
    assert time.process_time() - started < 0.1
