"""Boards, histories, answers to orders, sampled counters: what they say, and that Slack takes them all."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering import board, history, messages, orders, sampled
from bot.rendering.board import Row
from bot.rendering.orders import Begun
from bot.rendering.voice import BLOCKS, TEXT
from bot.reporting.models import Counter, ServiceStatus, Status
from bot.timerange import parse_range
from bot.watching.models import ServiceState, Sight, Watch
from bot.watching.uptime import Record
from tests.bot.rendering.test_cards import DOWN, SEEN_DOWN, UP, any_text, ids, instants, outages, readable, valid

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
MONTH = parse_range("last-30d", now=NOW, tz=ZoneInfo("Europe/Stockholm"))
WATCH = Watch("C1", "rtpproxy", "U1", NOW - timedelta(days=3))
SEEN = ServiceState(
    "rtpproxy", Status.UP, since=NOW - timedelta(hours=2), last_seen=NOW - timedelta(seconds=8), seen_at=NOW
)


def said(*rows: Row, sight: Sight | None = None, is_public: bool = False) -> str:
    message = board.board(rows, sight or Sight(), now=NOW, command="/services", is_public=is_public)
    valid(message)
    return readable(message)


class TestBoard:
    def test_has_what_is_down_first(self):
        down = Row(replace(WATCH, service_id="zz"), replace(SEEN, service_id="zz", status=Status.DOWN), DOWN)
        text = said(Row(WATCH, SEEN), down)

        assert text.startswith("*This channel watches 2 services*: 1 down, 1 up")
        assert text.index("*zz* down since") < text.index("*rtpproxy* up since Mon 23 Nov 13:00:00 UTC · seen 8 s ago")

    @pytest.mark.parametrize(
        ("state", "part"),
        [
            (None, "not asked yet"),
            (ServiceState("rtpproxy"), "not asked yet"),
            (replace(SEEN, unknown_since=NOW), "unknown: could not ask since Mon 23 Nov 15:00:00 UTC; up before that"),
            (replace(SEEN, status=Status.UNKNOWN), "unknown so far"),
            (replace(SEEN, is_flapping=True), ":large_orange_circle: *rtpproxy* flapping, up since"),
        ],
    )
    def test_never_guesses(self, state, part):
        assert part in said(Row(WATCH, state))

    def test_says_what_the_channel_wants(self):
        watch = replace(
            WATCH,
            notify=("U2", "here"),
            remind_after_s=1800,
            muted_until=NOW + timedelta(hours=2),
            muted_by="U3",
            mute_reason="new <disks>",
        )

        assert (
            said(Row(watch, SEEN))
            .splitlines()[1]
            .endswith(
                ":no_bell: muted until Mon 23 Nov 17:00 UTC by <@U3> (new &lt;disks&gt;) · rings <@U2>, `@here` · "
                "reminds every 30 min · watched by <@U1>"
            )
        )

    def test_names_nobody_where_everybody_reads(self):
        watch = replace(WATCH, notify=("U2",), muted_until=NOW + timedelta(hours=2), muted_by="U3")
        outage = replace(DOWN, acknowledged_by="U4", acknowledged_at=NOW)

        assert "<@" not in said(Row(watch, SEEN, outage), is_public=True)

    def test_says_when_the_platform_is_out_of_sight(self):
        text = said(Row(WATCH, SEEN), sight=Sight(NOW, 5, is_told=True))

        assert "I cannot see the platform since Mon 23 Nov 15:00:00 UTC" in text

    def test_counts_what_has_no_room(self):
        rows = [Row(replace(WATCH, service_id=f"service{number:04}"), None) for number in range(2000)]
        text = said(*rows)
        (unnamed,) = re.findall(r"and ([0-9,]+) more", text)
        named = set(re.findall(r"service[0-9]{4}", text))

        assert "*This channel watches 2,000 services*" in text
        assert len(named) + int(unnamed.replace(",", "")) == 2000
        assert len(named) > 100


class TestService:
    def test_tells_since_when_and_the_last_outages(self):
        record = Record("rtpproxy", MONTH.time_range, (UP,), seen_s=86_400.0, down_s=870.0, first_seen=NOW)
        now = messages.service(ServiceStatus("rtpproxy", Status.UP, "up"))
        message = board.service(now, Row(WATCH, SEEN), record, now=NOW, is_public=False)
        valid(message)

        assert message.text.startswith("rtpproxy is up · down 14 min 30 s, uptime 98.993 % of the 24 h seen (3.")
        for part in (
            "Seen up since Mon 23 Nov 13:00:00 UTC",
            "Watched by <@U1>",
            "Mon 23 Nov 14:02:40 UTC · down 14 min 30 s",
        ):
            assert part in readable(message)

    def test_is_the_bare_status_where_nothing_is_on_record(self):
        now = messages.service(ServiceStatus("rtpproxy", Status.UP, "up"))

        assert board.service(now, None, None, now=NOW, is_public=True) == now


class TestHistory:
    def test_lists_outages_with_length_and_uptime_of_the_time_seen(self):
        record = Record("rtpproxy", MONTH.time_range, (DOWN, UP), MONTH.time_range.length.total_seconds(), 870.0, NOW)
        message = history.history(record, MONTH, "Europe/Stockholm")
        valid(message)

        assert message.text == (
            "rtpproxy · last 30 days: 2 outages, down 14 min 30 s, uptime 99.966 % of the 713 h seen"
        )
        lines = readable(message).splitlines()
        assert ":red_circle: Mon 23 Nov 14:02:40 UTC · down now · ongoing calls 312" in lines
        assert ":large_green_circle: Mon 23 Nov 14:02:40 UTC · down 14 min 30 s · ongoing calls 312" in lines
        assert "Time that nobody saw counts neither as up nor as down." in lines

    @pytest.mark.parametrize(
        ("value", "text"), [(100.0, "100 %"), (99.99999, "99.999 %"), (0.0, "0.000 %"), (99.9533, "99.953 %")]
    )
    def test_an_uptime_is_never_rounded_up(self, value, text):
        assert history.percent(value) == text

    def test_of_what_nobody_watched_says_how_to(self):
        message = history.no_history("rtpproxy", MONTH, "/services watch rtpproxy")

        assert "nothing is on record for last 30 days" in message.text
        assert "`/services watch rtpproxy`" in readable(message)


class TestOrders:
    @pytest.mark.parametrize(
        ("begun", "text"),
        [
            (Begun("a", is_new=True, status=Status.UP), "a is up now. This channel is told when that changes."),
            (Begun("a", status=Status.UP), "a is up now. It was watched here already: this channel is told when"),
            (Begun("a", is_new=True, status=Status.DOWN), "a is down now. This channel is told when it is up again."),
            (
                Begun("a", is_new=True, status=Status.DOWN, outage=DOWN),
                "a is down now; it went down 14:02:10–14:02:40 UTC. This channel is told when it is up again.",
            ),
            (
                Begun("a", is_new=True, why_unknown="The platform cannot be reached."),
                "a is unknown now. The platform cannot be reached. This channel is told if it turns out to be down",
            ),
            (Begun("a", refused="The platform knows no service “a”."), "a: not watched. The platform knows no service"),
        ],
    )
    def test_the_answer_to_watch_says_how_it_is(self, begun, text):
        assert text in orders.watching([begun], [], "/services notify a here").text

    def test_a_bot_s_message_alone_rings_nobody_and_the_answer_says_so(self):
        begun = [Begun("rtpproxy", is_new=True, status=Status.UP)]
        message = orders.watching(begun, [WATCH], "/services notify rtpproxy here")

        assert "Nobody is rung" in readable(message)
        assert "`/services notify rtpproxy here`" in readable(message)

    def test_whom_cards_ring_is_said_without_ringing_all_who_are_here(self):
        begun = [Begun("rtpproxy", status=Status.UP)]
        message = orders.watching(begun, [replace(WATCH, notify=("S1", "here"), remind_after_s=600)], "x")

        assert "Cards ring <!subteam^S1>, `@here`" in readable(message)
        assert "<!here>" not in readable(message) + message.text
        assert "Reminders every 10 min" in readable(message)

    def test_text_says_utc_and_blocks_the_reader_s_own_clock(self):
        assert "until Mon 23 Nov 15:00 UTC" in orders.muted(NOW, "", TEXT)
        assert "<!date^" in orders.muted(NOW, "", BLOCKS)


def samples(*values: int) -> list[Counter]:
    return [Counter("currentcalls", value, NOW + timedelta(minutes=2 * index)) for index, value in enumerate(values)]


def test_a_sampled_counter_shows_its_last_hour():
    now = messages.counter(samples(300)[0], NOW)
    message = sampled.counter(now, samples(0, 150, 300))

    assert message.text.endswith("in the last hour 0 to 300")
    assert "```·▄█```" in readable(message)
    assert "lowest 0 at 15:00:00 UTC, highest 300 at 15:04:00 UTC" in readable(message)
    assert sampled.counter(now, samples(300)) == now


watches = st.builds(
    Watch,
    channel_id=st.just("C1"),
    service_id=any_text,
    created_by=ids,
    created_at=instants,
    notify=st.lists(ids, max_size=3).map(tuple),
    remind_after_s=st.none() | st.integers(300, 10**6),
    muted_until=st.none() | instants,
    mute_reason=any_text,
    muted_by=st.none() | ids,
)
states = st.builds(
    ServiceState,
    any_text,
    st.sampled_from(Status),
    since=st.none() | instants,
    last_seen=st.none() | instants,
    seen_at=st.none() | instants,
    unknown_since=st.none() | instants,
    is_flapping=st.booleans(),
)
rows = st.builds(Row, watches, st.none() | states, st.none() | outages)
begun = st.builds(
    Begun,
    any_text,
    st.booleans(),
    st.sampled_from(Status),
    any_text,
    st.none() | outages,
    st.just("") | any_text,
)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(rows, min_size=1, max_size=4),
    st.lists(begun, min_size=1, max_size=3),
    st.lists(outages, max_size=3).map(tuple),
    any_text,
    st.booleans(),
)
def test_any_answer_is_a_message_that_slack_takes(found, wished, happened, text, is_public):
    record = Record(text, MONTH.time_range, happened, seen_s=9.0, down_s=3.0, first_seen=SEEN_DOWN)
    asked = replace(MONTH, label=text, notes=(text,))
    now = messages.service(ServiceStatus(text, Status.UP, "up"))

    valid(board.board(found, Sight(NOW, 3, is_told=True), now=NOW, command=text, is_public=is_public))
    valid(board.service(now, found[0], record, now=NOW, is_public=is_public))
    valid(history.history(record, asked, "UTC"))
    valid(history.no_history(text, asked, text))
    valid(orders.watching(wished, [row.watch for row in found], text))
    valid(orders.done(lambda voice: orders.muted(NOW, text[:200], voice), [text] * 25, [text] * 25, text))
    valid(orders.not_here("Type `/invite @Callwatch` here.", text))


@pytest.mark.parametrize("name", ["&" * 255, "x" * 255, "`*_~" * 60, "漢" * 99], ids=["amp", "x", "marks", "han"])
def test_a_thousand_watches_are_a_board_that_slack_takes(name):
    people = tuple(f"U{number:010}" for number in range(10))
    watch = replace(WATCH, notify=people, mute_reason="&" * 200, muted_until=NOW + timedelta(days=1), muted_by="U1")
    many = [Row(replace(watch, service_id=f"{name}{number}"[-255:]), SEEN, DOWN) for number in range(1000)]
    wished = [Begun(f"{name}{number}"[-255:], status=Status.DOWN, outage=DOWN) for number in range(25)]

    said(*many)
    valid(orders.watching(wished, [row.watch for row in many[:25]], "/services notify x here"))
    valid(history.history(Record(name, MONTH.time_range, (DOWN,) * 1000, 9.0, 3.0, NOW), MONTH, "UTC"))
