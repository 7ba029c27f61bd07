import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.reporting.models import Domain, Identity, IdentityType
from bot.timerange import parse_range
from handlers.identities import LONGEST_ENDPOINT
from handlers.intents import (
    AskBoard,
    AskCalls,
    AskCounter,
    AskCounters,
    AskService,
    Help,
    Intent,
    UsageError,
    parse,
    spell,
)
from handlers.words import tokenise, words_from_argv

NOW = datetime(2014, 5, 14, 12, 30, 15, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
TOPICS = ("calls", "counters", "services")


def read(text: str, command: str | None = "calls") -> Intent:
    return parse(text, command=command, now=NOW, tz=BERLIN, bot_user_id="UBOT")


def asked(identity: str, words: str = "last-7d", domain: Domain | None = None) -> AskCalls:
    kind, _, endpoint = identity.partition(" ")
    time_range = parse_range(words, now=NOW, tz=BERLIN)
    return AskCalls(Identity(IdentityType(kind), endpoint), domain or Domain.DATA, time_range, domain is not None)


def outcome(text: str, command: str | None) -> Intent | UsageError:
    try:
        return read(text, command)
    except UsageError as error:
        return error


def refused(text: str, command: str | None = "calls") -> UsageError:
    with pytest.raises(UsageError) as error:
        read(text, command)
    return error.value


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("username abc123 last-7d", asked("username abc123")),
        ("abc123", asked("username abc123")),
        ("Username Abc123", asked("username Abc123")),
        ("abc123 pstn", asked("username abc123", domain=Domain.PSTN)),
        ("abc123 data", asked("username abc123", domain=Domain.DATA)),
        ("abc123 last 24 hours PSTN", asked("username abc123", "last-24h", Domain.PSTN)),
        ("abc123 PSTN last 24 hours", asked("username abc123", "last-24h", Domain.PSTN)),
        ("yesterday pstn abc123", asked("username abc123", "yesterday", Domain.PSTN)),
        ("yesterday username abc123 pstn", asked("username abc123", "yesterday", Domain.PSTN)),
        ("abc123 2014-04-28 10:00 to 2014-04-28 12:00", asked("username abc123", "2014-04-28T10:00..2014-04-28T12:00")),
        ("username pstn", asked("username pstn")),
        ("username last-7d yesterday", asked("username last-7d", "yesterday")),
        ("username schedule", asked("username schedule")),
        ("username help", asked("username help")),
        ('"pstn"', asked("username pstn")),
        ('"schedule"', asked("username schedule")),
        ('"ana maria" last week', asked("username ana maria", "last-week")),
        ('abc123 "last 7 days"', asked("username abc123")),
        ('abc123 "pstn" "yesterday"', asked("username abc123", "yesterday", Domain.PSTN)),
        ("“ana maria” last–24h.", asked("username ana maria", "last-24h")),
        ("ana@example.com", asked("email ana@example.com")),
        ("<mailto:ana@example.com|ana@example.com> pstn", asked("email ana@example.com", domain=Domain.PSTN)),
        ("email ana@example.com", asked("email ana@example.com")),
        ("username ana@example.com", asked("username ana@example.com")),
        ("ana@host", asked("username ana@host")),
        ("+46730170101", asked("number +46730170101")),
        ("<tel:+46730170101|+46 73 017 01 01> yesterday", asked("number +46730170101", "yesterday")),
        ("+46 73 017 01 01 last 7 days pstn", asked("number +46730170101", domain=Domain.PSTN)),
        ("+46 73 017 01 01 7 days", asked("number +46730170101")),
        ("number +46 73-017.01 01 2014-04-28", asked("number +46730170101", "2014-04-28")),
        ("yesterday number +46 (0)73 017 01 01", asked("number +46730170101", "yesterday")),
        ("number 0046 73 017 01 01", asked("number +46730170101")),
        ("0046 73 017 01 01", asked("number +46730170101")),
        ('number "+46 73 017 01 01"', asked("number +46730170101")),
        ("46730170101", asked("username 46730170101")),
        ("username +46730170101", asked("username +46730170101")),
        ("did +46 8 123 456", asked("did +468123456")),
        ("did 12345", asked("did 12345")),
        ("&lt;!channel&gt;", asked("username <!channel>")),
        ("a&amp;b", asked("username a&b")),
        ("/calls abc123", asked("username abc123")),
        ("", Help("calls")),
        ("   \u200b ", Help("calls")),
        ("help", Help("calls")),
        ("help me", Help("calls")),
    ],
)
def test_calls_are_asked_for_in_many_ways(text: str, intent: Intent) -> None:
    assert read(text) == intent


@pytest.mark.parametrize(
    ("command", "text", "intent"),
    [
        ("counters", "", AskCounters()),
        ("counters", "currentcalls", AskCounter("currentcalls")),
        ("counters", "help", Help("counters")),
        ("counters", '"help"', AskCounter("help")),
        ("services", "", AskBoard()),
        ("services", "rtpproxy", AskService("rtpproxy")),
        ("services", '"watch"', AskService("watch")),
        ("services", "?", Help("services")),
        (None, "", Help(None)),
        (None, "hello", Help(None)),
        (None, "help counters", Help("counters")),
        (None, "counters currentcalls", AskCounter("currentcalls")),
        (None, "Counter currentcalls", AskCounter("currentcalls")),
        (None, "/services rtpproxy", AskService("rtpproxy")),
        (None, "/acme-services rtpproxy", AskService("rtpproxy")),
        (None, "services", AskBoard()),
        (None, "calls abc123", asked("username abc123")),
        (None, "<@UBOT>", Help(None)),
        (None, "<@UBOT> calls abc123 pstn", asked("username abc123", domain=Domain.PSTN)),
        (None, "<@UBOT|callwatch>: calls abc123", asked("username abc123")),
        (None, "hey <@UBOT>, calls abc123", asked("username abc123")),
        (None, "calls abc123 <@UBOT>", asked("username abc123")),
        (None, "<@UBOT> username abc123 last-7d", asked("username abc123")),
        (None, "<@UBOT> abc123 last-24h", asked("username abc123", "last-24h")),
        (None, "<@UBOT> +46 73 017 01 01", asked("number +46730170101")),
        (None, "<@UBOT> <mailto:a@b.c|a@b.c>", asked("email a@b.c")),
    ],
)
def test_every_place_has_the_same_words(command: str | None, text: str, intent: Intent) -> None:
    assert read(text, command) == intent


def test_a_terminal_s_arguments_are_words_already() -> None:
    intent = parse(words_from_argv(["ana maria", "last 24 hours"]), command="calls", now=NOW, tz=BERLIN)
    assert intent == asked("username ana maria", "last-24h")


@pytest.mark.parametrize(
    ("command", "text", "sentence", "suggestion"),
    [
        ("calls", "pstn", "Whose calls? Say a user name, a number or an e-mail", "/calls username abc123 pstn last-7d"),
        ("calls", "yesterday", "Whose calls?", "/calls username abc123 yesterday"),
        ("calls", "usrname abc123", "“usrname”. Did you mean `username`?", "/calls username abc123 last-7d"),
        ("calls", "user abc123 pstn", "Did you mean `username`?", "/calls username abc123 pstn last-7d"),
        ("calls", "phone +46 1 2", "Did you mean `number`?", "/calls number +4612 last-7d"),
        ("calls", "abc123 username", "`username` goes before the name.", "/calls username abc123 last-7d"),
        ("calls", "abc123 lst-14d", "“lst-14d”. Did you mean `last-14d`?", "/calls username abc123 last-14d"),
        ("calls", "abc123 pstn lst-99d", "Did you mean `last-30d`?", "/calls username abc123 pstn last-30d"),
        ("calls", "lst-7d abc123", "Did you mean `last-7d`?", "/calls username abc123 last-7d"),
        ("calls", "username abc123 pstm", "Did you mean `pstn`?", "/calls username abc123 pstn last-7d"),
        ("calls", "abc123 pstm since 2014-05-10", "`pstn`?", "/calls username abc123 pstn since 2014-05-10"),
        ("calls", "ana maria", "A name with spaces goes in quotes.", '/calls username "ana maria" last-7d'),
        ("calls", "username abc123 please", "I do not know what “please” is.", "/calls username abc123 last-7d"),
        ("calls", "abc123 last-31d", "“last-31d” is longer than 30 days", "/calls username abc123 last-30d"),
        ("calls", "abc123 pstn 2014-02-30", "“2014-02-30” names a day", "/calls username abc123 pstn 2014-02-28"),
        ("calls", "abc123 2015-01-01", "“2015-01-01” is in the future", "/calls username abc123 last-7d"),
        ("calls", "abc123 yesterday today", "I read “yesterday” and “today”", "/calls username abc123 yesterday"),
        ("calls", "abc123 data pstn", "One domain at a time", "/calls username abc123 data last-7d"),
        ("calls", "number 0701234567", "“0701234567” has no `+` with a country code", "/calls number +46730170101"),
        ("calls", "070-123 45 67", "“070-123 45 67” has no `+` with a country code", "/calls number +46730170101"),
        ("calls", "number abc", "“abc” is not a number", "/calls number +46730170101"),
        ("calls", "+1234567890123456", "more than 15 digits", "/calls number +46730170101"),
        ("calls", "email abc", "“abc” is not an e-mail address", "/calls email ana@example.com"),
        ("calls", "<@U123|ana>", "a name in Slack", "/calls username abc123 last-7d"),
        ("calls", "username <#C1|general>", "a name in Slack", "/calls username abc123 last-7d"),
        ("calls", "username .", "cannot be asked for", "/calls username abc123 last-7d"),
        ("calls", "username ..", "cannot be asked for", "/calls username abc123 last-7d"),
        ("calls", '""', "That name is empty", "/calls username abc123 last-7d"),
        ("calls", "username " + "x" * 256, "256 characters long", "/calls username abc123 last-7d"),
        ("calls", "x" * 3000, "too long for a question (3,000 characters, 1 words)", "/calls username abc123 last-7d"),
        ("calls", "x " * 100, "too long for a question (199 characters, 100 words)", "/calls username abc123 last-7d"),
        ("calls", "schedule username abc123 last-week", "comes in a later version", "/calls username abc123 last-7d"),
        ("calls", "schedules", "comes in a later version", "/calls username abc123 last-7d"),
        ("counters", "current calls", "One counter at a time", "/counters current"),
        ("counters", "..", "cannot be asked for", "/counters currentcalls"),
        ("services", "rtpproxy last-7d", "One service at a time", "/services rtpproxy"),
        (None, "cals abc123 yesterday", "“cals”. Did you mean `calls`?", "calls username abc123 yesterday"),
        (None, "servces", "“servces”. Did you mean `services`?", "services"),
        (None, "abc123", "“abc123”. To ask how a user's calls went", "calls username abc123 last-7d"),
        (None, "thanks a lot", "I did not understand “thanks a lot”", "help"),
        (None, "email abc", "is not an e-mail address", "calls email ana@example.com"),
    ],
)
def test_what_is_not_understood_gets_a_sentence_and_a_command_that_works(
    command: str | None, text: str, sentence: str, suggestion: str
) -> None:
    error = refused(text, command)
    assert sentence in str(error)
    assert error.suggestion == suggestion
    read(suggestion, None)


def test_suggestions_call_a_command_as_it_is_called_where_it_was_asked() -> None:
    with pytest.raises(UsageError) as error:
        parse("abc123 lst-7d", command="calls", now=NOW, tz=BERLIN, names={"calls": "/acme-calls"})
    assert error.value.suggestion == "/acme-calls username abc123 last-7d"


def test_a_long_name_is_said_back_shortened() -> None:
    assert f"“{'x' * 39}…”" in str(refused("username " + "x" * (LONGEST_ENDPOINT + 1)))
    assert read("username " + "x" * LONGEST_ENDPOINT) == asked("username " + "x" * LONGEST_ENDPOINT)


@pytest.mark.parametrize(
    ("intent", "spelled"),
    [
        (asked("username abc123", domain=Domain.PSTN), "/calls username abc123 pstn last-7d"),
        (asked("username ana maria", "yesterday"), '/calls username "ana maria" yesterday'),
        (asked("username pstn"), "/calls username pstn last-7d"),
        (AskCounter("currentcalls"), "/counters currentcalls"),
        (AskCounter("help"), '/counters "help"'),
        (AskCounters(), "/counters"),
        (AskService("Watch"), '/services "Watch"'),
        (AskBoard(), "/services"),
        (Help("calls"), "/calls help"),
        (Help(None), "help"),
    ],
)
def test_an_intent_has_one_spelling_that_reads_back_the_same(intent: Intent, spelled: str) -> None:
    assert spell(intent) == spelled
    assert read(spelled, None) == intent


PIECES = st.sampled_from(
    [
        *("calls", "/calls", "counters", "services", "help", "watch", "schedule", "username", "number", "email", "did"),
        *(
            "data",
            "pstn",
            "last-7d",
            "last",
            "7",
            "days",
            "lst-7d",
            "last-31d",
            "2014-04-28",
            "2014-02-30",
            "yesterday",
        ),
        *("since", "..", ".", '"', "'", '""', '"ana maria"', "abc123", "+46", "0046", "70", "(0)", "a@b.c", "<@UBOT>"),
        *("<@U1|ana>", "<!channel>", "&lt;!channel&gt;", "&amp;lt;", "<tel:+46701|+46 70 1>", "user", "`", "\u202e"),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=8).map(" ".join),
    st.lists(PIECES | st.text(max_size=12), max_size=6).map(" ".join),
    st.text(max_size=200),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Nd", "Po"]), max_size=60),
)


@settings(max_examples=600, deadline=None)
@given(TEXTS, st.sampled_from([None, *TOPICS]))
@example('username "a "" b"', "calls")
@example("number +46 70 1 2014-04-28", "calls")
def test_any_text_is_an_intent_that_reads_back_or_a_sentence_with_a_command_that_works(
    text: str, command: str | None
) -> None:
    intent = outcome(text, command)
    if isinstance(intent, UsageError):
        assert 0 < len(str(intent)) < 300
        parse(tokenise(intent.suggestion), command=None, now=NOW, tz=BERLIN)
        return
    spelled = spell(intent)
    assert parse(tokenise(spelled), command=None, now=NOW, tz=BERLIN) == intent
    # A person who copies the spelling types it, and Slack escapes what is typed.
    escaped = spelled.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert read(escaped, None) == intent


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=5), st.sampled_from(TOPICS))
def test_any_arguments_are_an_intent_that_reads_back_or_a_sentence(arguments: list[str], command: str) -> None:
    try:
        intent = parse(words_from_argv(arguments), command=command, now=NOW, tz=BERLIN)
    except UsageError:
        return
    assert parse(tokenise(spell(intent)), command=None, now=NOW, tz=BERLIN) == intent


@pytest.mark.parametrize("piece", ["x", "x ", "last ", "7 ", "+4 ", "<@U1> ", '"a ', "a@", "2014-04-28 ", "&amp;", "`"])
def test_three_thousand_characters_are_read_at_once(piece: str) -> None:
    text = piece * (3000 // len(piece))
    tries = []
    for _ in range(3):  # the collector of garbage may come by once
        started = time.thread_time()
        assert outcome(text, "calls") is not None
        tries.append(time.thread_time() - started)
    assert min(tries) < 0.05
