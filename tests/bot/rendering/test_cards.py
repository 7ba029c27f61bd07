"""Cards and what is said beside them: what they say, that Slack takes them whatever comes in, and whom they ring."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground import rules
from bot.playground.rules_blocks import walk_texts
from bot.rendering import cards, digests
from bot.reporting.models import Status
from bot.watching.models import Calls, Card, CardKind, Line, NoticeKind, Outage, Telling

SEEN_UP = datetime(2026, 11, 23, 14, 2, 10, tzinfo=UTC)
SEEN_DOWN = datetime(2026, 11, 23, 14, 2, 40, tzinfo=UTC)
COUNTED = datetime(2026, 11, 23, 14, 2, 0, tzinfo=UTC)
DOWN = Outage(
    outage_id=7,
    service_id="rtpproxy",
    status=Status.DOWN,
    last_seen_up=SEEN_UP,
    first_seen_down=SEEN_DOWN,
    calls=Calls(312, COUNTED),
    calls_before=Calls(1204, COUNTED - timedelta(minutes=10)),
)
UP = replace(
    DOWN,
    status=Status.UP,
    last_seen_down=SEEN_DOWN + timedelta(minutes=14),
    first_seen_up=SEEN_DOWN + timedelta(minutes=14, seconds=30),
    lasted_s=870.0,
    flips=2,
    is_over=True,
)


def card(*lines: Line, kind: CardKind = CardKind.CARD) -> Card:
    return Card(card_id=3, channel_id="C1", kind=kind, ts=None, lines=lines, version=1)


def shown(outage: Outage, *, kind: NoticeKind = NoticeKind.DOWN, notify: tuple[str, ...] = (), **line: object):
    """Return the card of one outage; keywords that a telling knows go there, others to its line."""
    telling = {name: line.pop(name) for name in ("delayed_s", "is_repeat") if name in line}
    return cards.render(Telling(kind, "C1", card=card(Line(outage, **line)), notify=notify, **telling))


def digest(*outages: Outage, notify: tuple[str, ...] = (), **line: object):
    lines = [Line(outage, **line) for outage in outages]
    return cards.render(Telling(NoticeKind.DIGEST, "C1", card=card(*lines, kind=CardKind.DIGEST), notify=notify))


def told(kind: NoticeKind, **telling: object):
    return cards.render(Telling(kind, "C1", **telling))


def named(count: int, outage: Outage = DOWN) -> list[Outage]:
    return [replace(outage, outage_id=number, service_id=f"service{number:03}") for number in range(count)]


def readable(message) -> str:
    """Return all that the blocks say, in UTC."""
    texts = "\n".join(text.text for text in walk_texts(message.blocks))
    return re.sub(r"<!date\^[0-9]+\^[^|]*\|([^>]*)>", r"\1", texts)


def buttons(message) -> list[str]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row if element["type"] == "button"]


def menus(message) -> dict[str, list[tuple[str, str]]]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {
        element["action_id"]: [(option["text"]["text"], option["value"]) for option in element["options"]]
        for row in rows
        for element in row
        if element["type"] == "static_select"
    }


class TestCard:
    def test_says_in_one_line_what_is_down_since_when_and_whether_calls_suffer(self):
        assert shown(DOWN).text == (
            ":red_circle: rtpproxy is DOWN since 14:02:10–14:02:40 UTC · "
            "ongoing calls 312, 1,204 ten minutes ago (−74 %)"
        )

    def test_shows_times_in_the_reader_s_own_zone(self):
        first = shown(DOWN).blocks[0]["text"]["text"]

        assert first.startswith(":red_circle: *rtpproxy is DOWN since* <!date^")
        assert first.count("{time_secs}") == 2

    def test_says_how_old_the_calls_are(self):
        assert "Calls as counted by the platform at 14:02:00 UTC" in readable(shown(DOWN))

    @pytest.mark.parametrize(
        ("change", "end"),
        [
            ({"calls": None, "calls_before": None}, "14:02:40 UTC"),
            ({"calls_before": None}, "ongoing calls 312"),
            ({"calls_before": Calls(0, COUNTED)}, "ongoing calls 312, 0 ten minutes ago"),
            ({"calls": Calls(0, COUNTED)}, "ongoing calls 0, 1,204 ten minutes ago (−100 %)"),
        ],
        ids=["no calls known", "none before", "nought before", "nought now"],
    )
    def test_says_of_calls_what_is_known(self, change, end):
        assert shown(replace(DOWN, **change)).text.endswith(end)

    def test_names_one_instant_where_seconds_tell_no_two_apart(self):
        seen = replace(
            DOWN, last_seen_up=SEEN_DOWN, first_seen_down=SEEN_DOWN + timedelta(milliseconds=250), calls=None
        )

        assert shown(seen).text == ":red_circle: rtpproxy is DOWN since 14:02:40 UTC"

    def test_names_the_days_of_a_long_interval(self):
        seen = replace(DOWN, last_seen_up=SEEN_UP - timedelta(days=1), calls=None)

        assert shown(seen).text.endswith("since Sun 22 Nov 14:02:10 UTC – Mon 23 Nov 14:02:40 UTC")

    def test_says_that_the_bot_was_off_in_between(self):
        assert "the bot was off 12 min in between" in shown(replace(DOWN, off_s=720.0)).text

    def test_says_that_it_was_down_at_the_first_look(self):
        text = shown(replace(DOWN, last_seen_up=None, calls=None, flips=0)).text

        assert text == ":red_circle: rtpproxy is DOWN since before 14:02:40 UTC, when it was first looked at"

    def test_rings_whom_the_channel_chose(self):
        message = shown(DOWN, notify=("U123", "S9", "here", "W1"))

        for text in (message.text, message.blocks[0]["text"]["text"]):
            assert text.endswith(" <@U123> <!subteam^S9> <!here> <@W1>")

    @pytest.mark.parametrize("odd", ["", "channel", "<!channel>", "u1", "U1>", "everyone", "C123"])
    def test_rings_nobody_by_what_is_no_id(self, odd):
        assert shown(DOWN, notify=(odd,)).text == shown(DOWN).text

    def test_says_that_it_comes_late_or_a_second_time(self):
        assert shown(DOWN, delayed_s=40.0, is_repeat=True).text.endswith(" (delayed 40 s) (may be a repeat)")
        assert "delayed" not in shown(DOWN, delayed_s=2.0).text

    def test_has_buttons_that_work_while_it_is_down(self):
        assert buttons(shown(DOWN)) == ["Acknowledge", "Mute 1 h"]
        (row,) = (block for block in shown(DOWN).blocks if block["type"] == "actions")
        assert {element["value"] for element in row["elements"]} == {"7 rtpproxy"}

    def test_says_who_acknowledged_it_and_when(self):
        seen = replace(DOWN, acknowledged_by="U5", acknowledged_at=SEEN_DOWN + timedelta(minutes=2))
        message = shown(seen)

        assert ":eyes: Acknowledged by <@U5> at 14:04:40 UTC" in readable(message)
        assert message.text.endswith("· acknowledged")
        assert buttons(message) == ["Undo acknowledge", "Mute 1 h"]

    def test_says_until_when_it_is_muted_and_by_whom(self):
        message = shown(DOWN, muted_until=SEEN_DOWN + timedelta(hours=1), muted_by="U5")

        assert ":no_bell: Muted here until Mon 23 Nov 15:02 UTC by <@U5>" in readable(message)
        assert buttons(message) == ["Acknowledge", "Unmute"]

    def test_keeps_the_facts_when_it_turns_green(self):
        message = shown(UP, notify=("U123",))

        assert message.text == (
            ":large_green_circle: rtpproxy is up again, down 14 min 30 s · "
            "went down 14:02:10–14:02:40 UTC, came up 14:16:40–14:17:10 UTC"
        )
        for fact in ("Last seen up", "first seen down", "First seen up", "Ongoing calls then 312, 1,204 ten minutes"):
            assert fact in readable(message)
        assert buttons(message) == []
        assert "DOWN since" not in readable(message)

    def test_keeps_who_acknowledged_it_when_it_turns_green(self):
        assert "Acknowledged by <@U5>" in readable(shown(replace(UP, acknowledged_by="U5", acknowledged_at=SEEN_DOWN)))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"lasted_s": 0.3}, "down under 1 s"),
            ({"lasted_s": None}, "down for a time that is not known"),
            ({"last_seen_up": None}, "down at least 14 min 30 s"),
        ],
    )
    def test_says_how_long_it_was_down_as_exactly_as_is_known(self, change, said):
        assert said in shown(replace(UP, **change)).text

    def test_says_when_the_recovery_came_while_the_bot_was_off(self):
        message = readable(shown(replace(UP, ended_off_s=720.0)))

        assert "The bot was off 12 min in between before it was seen up, which it may have been earlier" in message

    @pytest.mark.parametrize(("status", "state"), [(Status.DOWN, "DOWN"), (Status.UP, "up")])
    def test_says_that_it_flaps(self, status, state):
        message = shown(replace(DOWN, status=status, is_flapping=True, flips=6))

        assert message.text == (
            f":large_orange_circle: rtpproxy is flapping, {state} now · 6 flips since 14:02:10–14:02:40 UTC"
        )
        assert buttons(message) == ["Acknowledge", "Mute 1 h"]

    def test_closes_when_the_channel_watches_no_more(self):
        message = shown(DOWN, closed_at=SEEN_DOWN + timedelta(minutes=5), closed_by="U5", notify=("U1",))

        assert message.text.startswith(":white_circle: rtpproxy is no longer watched here")
        assert "Unwatched by <@U5> at 14:07:40 UTC" in readable(message)
        assert buttons(message) == []
        assert "<@U1>" not in message.text

    def test_takes_its_buttons_values_back(self):
        assert cards.parse_value(cards.value_of(replace(DOWN, service_id="a b"))) == (7, "a b")
        assert [cards.parse_value(odd) for odd in ("", "x", "-1 a", "1" * 30, "٣ a")] == [None] * 5


class TestDigest:
    def test_has_a_line_and_state_per_service(self):
        down, up, flapping = named(3)
        message = digest(down, replace(UP, service_id="sbc"), replace(flapping, is_flapping=True), up)

        assert message.text.startswith(":red_circle: Of 4 services: 2 down, 1 flapping, 1 up again: ")
        said = readable(message)
        assert ":red_circle: *service000* down, first seen 14:02:40 UTC" in said
        assert ":large_green_circle: *sbc* up again, down 14 min 30 s" in said
        assert ":large_orange_circle: *service002* flapping, down now" in said

    def test_names_fifty_services_that_went_down_together(self):
        message = digest(*named(50))

        assert message.text.startswith(":red_circle: 50 services are DOWN: service000, service001, ")
        assert all(f"service{number:03}" in readable(message) for number in range(50))

    def test_tells_how_many_of_a_thousand_it_does_not_name(self):
        message = digest(*named(1000))
        said = readable(message)
        rows = len(re.findall(r"down, first seen", said))
        others = sum(line.count("service") for line in said.splitlines() if line.startswith("Also down: "))
        (unnamed,) = re.findall(r"and ([0-9,]+) more: ask", said)

        assert rows + others + int(unnamed) == 1000
        assert rows >= 40
        assert others >= 100

    def test_turns_green_when_all_are_up(self):
        message = digest(*named(6, UP))

        assert message.text.startswith(":large_green_circle: All 6 services are up again, the longest was down 14 min")
        assert menus(message) == {}

    def test_offers_each_outage_and_all_of_them(self):
        first, second, third = named(3)
        seen = replace(third, acknowledged_by="U1", acknowledged_at=SEEN_DOWN)
        offered = menus(digest(first, second, seen))

        assert offered[digests.ACKNOWLEDGE] == [("All (2)", "all 3"), ("service000", "0"), ("service001", "1")]
        assert offered[digests.UNACKNOWLEDGE] == [("service002", "2")]
        assert [text for text, _ in offered[digests.MUTE]] == ["All (3)", "service000", "service001", "service002"]

    def test_offers_no_mute_for_what_is_muted(self):
        assert digests.MUTE not in menus(digest(*named(2), muted_until=SEEN_DOWN, muted_by="U1"))

    @pytest.mark.parametrize(
        ("value", "meant"), [("12", (12, None)), ("all 3", (None, 3)), ("", (None, None)), ("all x", (None, None))]
    )
    def test_takes_its_options_values_back(self, value, meant):
        assert digests.parse_value(value) == meant


class TestReplies:
    def test_a_recovery_is_short(self):
        assert told(NoticeKind.UP, outages=(UP,)).text == (
            ":large_green_circle: rtpproxy is up again, down 14 min 30 s"
        )

    def test_a_recovery_rings_nobody(self):
        assert "<@" not in str(told(NoticeKind.UP, outages=(UP,), notify=("U1",)))

    @pytest.mark.parametrize("kind", [NoticeKind.UP, NoticeKind.RECOVERIES])
    def test_recoveries_are_told_together_by_name(self, kind):
        text = told(kind, outages=tuple(named(3, UP))).text

        assert text.startswith(
            ":large_green_circle: 3 services are up again: service000 (down 14 min 30 s), service001"
        )

    def test_a_recovery_that_is_none_any_more_says_what_is_true(self):
        up, down = named(1, UP)[0], named(2)[1]

        assert "1 services are down: service001" in told(NoticeKind.RECOVERIES, outages=(up, down)).text
        assert "rtpproxy is down, first seen 14:02:40" in told(NoticeKind.UP, outages=(DOWN,)).text

    @pytest.mark.parametrize(("outage", "state"), [(DOWN, "down"), (UP, "up")])
    def test_flapping_that_is_over_says_the_final_state(self, outage, state):
        text = told(NoticeKind.STEADY, outages=(replace(outage, flips=7),)).text

        assert f"rtpproxy is steady again: {state}, after 7 flips since 14:02:10–14:02:40 UTC" in text

    def test_a_reminder_reads_differently_from_the_first_word(self):
        text = told(NoticeKind.REMINDER, outages=(DOWN,), until=SEEN_DOWN + timedelta(minutes=30), notify=("U1",)).text

        assert text == (
            ":red_circle: Reminder: rtpproxy is still down for 30 min, first seen Mon 23 Nov 14:02:40 UTC. "
            "Nobody has acknowledged it. <@U1>"
        )


class TestNotices:
    @pytest.mark.parametrize(
        ("kind", "telling", "said"),
        [
            (
                NoticeKind.CANNOT_TELL,
                {"services": ("rtpproxy",), "since": SEEN_UP},
                "rtpproxy is unknown since Mon 23 Nov 14:02:10 UTC",
            ),
            (NoticeKind.CANNOT_TELL, {"services": ("a", "b")}, "2 services are unknown (a, b)"),
            (NoticeKind.CAN_TELL, {"services": ("rtpproxy",)}, "rtpproxy can be seen again"),
            (NoticeKind.UNSEEN, {"since": SEEN_UP}, "cannot see the platform since Mon 23 Nov 14:02:10 UTC"),
            (
                NoticeKind.SEEN,
                {"since": SEEN_UP, "until": SEEN_UP + timedelta(minutes=12)},
                "can see the platform again after 12 min (14:02:10–14:14:10 UTC)",
            ),
            (
                NoticeKind.LOST_CHANNEL,
                {"detail": {"channel": "C9", "code": "not_in_channel"}, "services": ("a", "b")},
                "about a, b: I am not in it (not_in_channel). Type `/invite @Callwatch` there",
            ),
            (
                NoticeKind.LOST_CHANNEL,
                {"detail": {"channel": "C9", "code": "restricted_action"}, "services": ("a",)},
                "Slack does not let me post there (restricted_action)",
            ),
            (
                NoticeKind.UNSAYABLE,
                {"detail": {"code": "invalid_blocks"}, "services": ("a",)},
                "I have news about a that Slack did not take in any form (invalid_blocks)",
            ),
        ],
    )
    def test_say_what_is_not_seen_or_not_said(self, kind, telling, said):
        assert said in told(kind, **telling).text

    def test_a_lost_channel_is_named_as_slack_names_it(self):
        detail = {"channel": "C9", "code": "is_archived"}

        assert "<#C9>" in readable(told(NoticeKind.LOST_CHANNEL, detail=detail, services=("a",)))


def test_only_an_outage_card_says_is_down_since():
    for kind in NoticeKind:
        for outage in (DOWN, UP):
            message = told(kind, outages=(outage,), services=("a",), since=SEEN_UP, until=SEEN_DOWN)
            assert "is DOWN since" not in message.text + readable(message)
    assert "is DOWN since" not in readable(digest(DOWN, UP))


def test_colour_is_never_alone():
    for message in (shown(DOWN), shown(UP), shown(replace(DOWN, is_flapping=True)), shown(DOWN, closed_at=SEEN_DOWN)):
        without = re.sub(r":[a-z_]+:", "", message.text)
        assert re.search(r"DOWN|up again|flapping|no longer watched", without)


def valid(message):
    """Assert that Slack takes a message, and that the only markup in it is our own: dates, ids, @here."""
    rules.check_content({"text": message.text, "blocks": message.blocks})
    assert message.text.strip()
    texts = [message.text, *(text.text for text in walk_texts(message.blocks) if text.is_markup)]
    for token in (token for text in texts for token in re.findall(r"<([^<>]*)>", text)):
        assert re.match(r"!date\^|@[UW][A-Z0-9]+$|!subteam\^S[A-Z0-9]+$|!here$|#[CGD][A-Z0-9]+$", token), token


any_text = st.text(min_size=1, max_size=300) | st.text("<>!&*_~`:|@#^ channel", min_size=1, max_size=80)
any_text |= st.sampled_from(["&" * 300, "x" * 255, " ", "`" * 80])
instants = st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
counts = st.builds(Calls, st.integers(0, 2**40), instants)
lengths = st.floats(0, 1e9)
ids = st.sampled_from(["U1", "W2", "S3", "here", "<!channel>", "", "U1|x"]) | any_text
outages = st.builds(
    Outage,
    outage_id=st.integers(1, 2**62),
    service_id=any_text,
    status=st.sampled_from([Status.UP, Status.DOWN]),
    last_seen_up=st.none() | instants,
    first_seen_down=instants,
    last_seen_down=st.none() | instants,
    first_seen_up=st.none() | instants,
    lasted_s=st.none() | lengths,
    off_s=lengths,
    ended_off_s=lengths,
    calls=st.none() | counts,
    calls_before=st.none() | counts,
    acknowledged_by=st.none() | ids,
    acknowledged_at=st.none() | instants,
    is_flapping=st.booleans(),
    flips=st.integers(0, 10**6),
)
lines = st.builds(
    Line,
    outage=outages,
    muted_until=st.none() | instants,
    muted_by=st.none() | ids,
    closed_at=st.none() | instants,
    closed_by=st.none() | ids,
)
tellings = st.builds(
    Telling,
    kind=st.sampled_from(NoticeKind),
    channel_id=st.just("C1"),
    card=st.none(),
    outages=st.lists(outages, max_size=3).map(tuple),
    services=st.lists(any_text, max_size=3).map(tuple),
    notify=st.lists(ids, max_size=4).map(tuple),
    since=st.none() | instants,
    until=st.none() | instants,
    delayed_s=lengths,
    is_repeat=st.booleans(),
    detail=st.dictionaries(st.sampled_from(["channel", "code"]), any_text),
)


@settings(max_examples=40, deadline=None)
@given(tellings, st.lists(lines, max_size=4, unique_by=lambda line: line.outage.outage_id), st.sampled_from(CardKind))
def test_anything_that_is_told_is_a_message_that_slack_takes(telling, found, kind):
    valid(cards.render(telling))
    valid(cards.render(replace(telling, card=card(*found, kind=kind))))


@pytest.mark.parametrize(
    "name", ["&" * 255, "x" * 255, "`*_~" * 60, "s", "service-name-of-usual-length", "\n", "漢" * 99]
)
@pytest.mark.parametrize("outage", [DOWN, UP, replace(DOWN, is_flapping=True)], ids=["down", "up", "flapping"])
def test_a_thousand_services_are_a_message_that_slack_takes(name, outage):
    many = tuple(
        replace(outage, outage_id=2**62 + number, service_id=f"{name}{number}"[:255]) for number in range(1000)
    )
    people = tuple(f"U{number:010}" for number in range(1000))
    seen = tuple(replace(each, acknowledged_by="U1", acknowledged_at=SEEN_DOWN) for each in many[::2])

    valid(digest(*many, *seen, notify=people))
    valid(told(NoticeKind.RECOVERIES, outages=many))
    valid(told(NoticeKind.STEADY, outages=many))
    valid(told(NoticeKind.REMINDER, outages=many, notify=people))
    valid(told(NoticeKind.CANNOT_TELL, services=tuple(each.service_id for each in many)))
    valid(told(NoticeKind.LOST_CHANNEL, services=tuple(each.service_id for each in many)))
