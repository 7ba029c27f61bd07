"""The flip machine: tables of situations, and properties that hold whatever is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reporting.models import Status
from bot.watching.decide import decide, decide_sight, is_news, is_unknown_due, tell_unknown
from bot.watching.models import Cause, Decision, Observation, Reason, ServiceState, Sight, SightChange, Thresholds
from tests.bot.watching.world import T0

U, D, X = Status.UP, Status.DOWN, Status.UNKNOWN
ONE = Thresholds()
TWO = Thresholds(down=2, up=2)


def see(*statuses: Status, thresholds: Thresholds = ONE, every_s: float = 10.0, state=None) -> list[Decision]:
    """Return the decisions of observations that follow each other."""
    state = state or ServiceState("rtpproxy")
    at = state.seen_at or T0
    made = []
    for status in statuses:
        at += timedelta(seconds=every_s)
        cause = Cause.PLATFORM if status is X else None
        made.append(decide(state, Observation("rtpproxy", status, at, cause), thresholds=thresholds))
        state = made[-1].state
    return made


@pytest.mark.parametrize(
    ("thresholds", "seen", "reasons"),
    [
        pytest.param(ONE, [U], [Reason.FIRST_SIGHT_UP], id="first sight up is silent"),
        pytest.param(ONE, [D], [Reason.FIRST_SIGHT_DOWN], id="first sight down is no flip"),
        pytest.param(ONE, [X, X], [Reason.COULD_NOT_ASK] * 2, id="never known"),
        pytest.param(ONE, [U, U], [Reason.FIRST_SIGHT_UP, Reason.UNCHANGED], id="nothing new"),
        pytest.param(ONE, [U, D], [Reason.FIRST_SIGHT_UP, Reason.WENT_DOWN], id="one down is a flip by default"),
        pytest.param(ONE, [D, U], [Reason.FIRST_SIGHT_DOWN, Reason.CAME_UP], id="recovery of what was down at first"),
        pytest.param(
            ONE, [U, X, D], [Reason.FIRST_SIGHT_UP, Reason.COULD_NOT_ASK, Reason.WENT_DOWN], id="unknown in between"
        ),
        pytest.param(
            TWO, [U, D, D], [Reason.FIRST_SIGHT_UP, Reason.NOT_CONFIRMED, Reason.WENT_DOWN], id="two in a row"
        ),
        pytest.param(
            TWO,
            [U, D, U, D],
            [Reason.FIRST_SIGHT_UP, Reason.NOT_CONFIRMED, Reason.UNCHANGED, Reason.NOT_CONFIRMED],
            id="one up clears the count",
        ),
        pytest.param(
            TWO,
            [U, D, X, D],
            [Reason.FIRST_SIGHT_UP, Reason.NOT_CONFIRMED, Reason.COULD_NOT_ASK, Reason.WENT_DOWN],
            id="unknown neither adds nor clears",
        ),
    ],
)
def test_reasons(thresholds: Thresholds, seen: list[Status], reasons: list[Reason]) -> None:
    assert [made.reason for made in see(*seen, thresholds=thresholds)] == reasons


def test_a_flip_tells_the_interval_from_last_seen_up_to_first_seen_down() -> None:
    flip = see(U, U, X, D, D, thresholds=TWO)[-1].flip

    assert flip is not None
    assert (flip.seq, flip.old, flip.new) == (1, U, D)
    assert flip.last_seen_old == T0 + timedelta(seconds=20)
    assert flip.first_seen_new == T0 + timedelta(seconds=40)
    assert flip.at == T0 + timedelta(seconds=50)
    assert flip.off_s == 0


def test_recovery_carries_the_length_since_the_first_failing_observation() -> None:
    flip = see(U, D, D, D, D, U, U, thresholds=TWO)[-1].flip

    assert flip is not None
    assert flip.lasted_s == 40  # first seen down at 20 s, first seen up at 60 s


def test_counts_that_are_too_old_start_again() -> None:
    *_, started = see(U, D, thresholds=TWO)
    later = see(D, thresholds=TWO, every_s=601, state=started.state)

    assert later[0].reason is Reason.NOT_CONFIRMED
    assert later[0].state.count == 1


@pytest.mark.parametrize(("gap_s", "off_s"), [(30.0, 0.0), (31.0, 31.0), (3600.0, 3600.0)])
def test_a_flip_after_more_than_three_intervals_says_how_long_nobody_looked(gap_s: float, off_s: float) -> None:
    *_, before = see(U, U)
    flip = see(D, every_s=gap_s, state=before.state)[0].flip

    assert flip is not None
    assert flip.off_s == off_s


def test_a_gap_is_remembered_while_the_platform_cannot_be_asked_and_forgotten_when_nothing_changed() -> None:
    *_, before = see(U, U)
    *_, unknown = see(X, every_s=3600, state=before.state)

    assert see(D, state=unknown.state)[0].flip.off_s == 3600
    *_, same = see(U, state=unknown.state)
    assert see(D, state=same.state)[0].flip.off_s == 0


class TestFlapping:
    def test_more_than_three_flips_in_fifteen_minutes_are_flapping(self) -> None:
        made = see(U, D, U, D, U, D)

        assert [each.reason for each in made[1:]] == [
            Reason.WENT_DOWN,
            Reason.CAME_UP,
            Reason.WENT_DOWN,
            Reason.STARTED_FLAPPING,
            Reason.STILL_FLAPPING,
        ]
        assert all(each.flip for each in made[1:])

    def test_flips_further_apart_are_not(self) -> None:
        made = see(U, D, U, D, U, D, every_s=301)

        assert {each.reason for each in made[1:]} == {Reason.WENT_DOWN, Reason.CAME_UP}

    def test_it_is_over_after_ten_minutes_without_a_flip(self) -> None:
        *_, flapping = see(U, D, U, D, U)
        before, after = see(U, U, every_s=300, state=flapping.state)

        assert (before.reason, before.state.is_flapping) == (Reason.UNCHANGED, True)
        assert (after.reason, after.state.is_flapping) == (Reason.STEADY_AGAIN, False)

    def test_unknown_does_not_end_it(self) -> None:
        *_, flapping = see(U, D, U, D, U)

        assert see(X, every_s=3600, state=flapping.state)[0].state.is_flapping


class TestUnknownAlone:
    def test_is_due_after_five_minutes_and_told_once(self) -> None:
        *_, unknown = see(U, X, X)
        now = unknown.state.unknown_since + timedelta(minutes=5)

        assert not is_unknown_due(unknown.state, now - timedelta(seconds=1), thresholds=ONE)
        assert is_unknown_due(unknown.state, now, thresholds=ONE)
        assert not is_unknown_due(tell_unknown(unknown.state).state, now, thresholds=ONE)

    def test_being_known_again_is_told_when_it_was(self) -> None:
        told = tell_unknown(see(U, X)[-1].state)

        assert see(U, state=told.state)[0].reason is Reason.CAN_TELL
        assert see(U, U, state=told.state)[1].reason is Reason.UNCHANGED

    def test_a_flip_is_told_instead_when_it_comes_back_down(self) -> None:
        told = tell_unknown(see(U, X)[-1].state)

        assert see(D, state=told.state)[0].reason is Reason.WENT_DOWN


class TestClockSetBack:
    def test_nothing_remembered_stays_in_the_future(self) -> None:
        *_, before = see(U, U, D, thresholds=TWO)
        back = before.state.seen_at - timedelta(hours=1)
        after = decide(before.state, Observation("rtpproxy", D, back), thresholds=TWO)

        assert after.flip is not None
        assert after.flip.last_seen_old == back
        assert after.flip.lasted_s == 0

    def test_flips_go_on_being_seen(self) -> None:
        *_, before = see(U, U)
        back = before.state.seen_at - timedelta(hours=1)
        state = decide(before.state, Observation("rtpproxy", U, back), thresholds=ONE).state

        assert see(D, state=state)[0].reason is Reason.WENT_DOWN


class TestSight:
    @staticmethod
    def rounds(*unseen: int, watched: int = 4, every_s: float = 30.0) -> list[SightChange | None]:
        sight, changes, at = Sight(), [], T0
        for number in unseen:
            sight, change = decide_sight(sight, watched=watched, unseen=number, at=at, thresholds=ONE)
            changes.append(change)
            at += timedelta(seconds=every_s)
        return changes

    def test_is_lost_after_three_rounds_and_sixty_seconds_and_told_once(self) -> None:
        assert self.rounds(4, 4, 4, 4) == [None, None, SightChange.LOST, None]

    def test_needs_the_sixty_seconds(self) -> None:
        assert self.rounds(*[4] * 8, every_s=10.0) == [None] * 6 + [SightChange.LOST, None]

    def test_needs_more_than_half_of_what_is_watched(self) -> None:
        assert self.rounds(2, 2, 2, 2) == [None] * 4
        assert self.rounds(3, 3, 3, 3)[2] is SightChange.LOST

    def test_is_back_with_the_first_round_that_is_better(self) -> None:
        assert self.rounds(4, 4, 4, 1, 0) == [None, None, SightChange.LOST, SightChange.BACK, None]

    def test_a_short_loss_is_never_told(self) -> None:
        assert self.rounds(4, 4, 0, 4, 4, 0) == [None] * 6

    def test_nothing_watched_is_nothing_lost(self) -> None:
        assert self.rounds(0, 0, 0, watched=0) == [None] * 3


STATUSES = st.lists(st.sampled_from([U, D, X]), max_size=40)
THRESHOLDS = st.builds(Thresholds, down=st.integers(1, 3), up=st.integers(1, 3))


@given(STATUSES, THRESHOLDS)
@settings(max_examples=200)
def test_flips_are_numbered_without_gaps_and_alternate(statuses: list[Status], thresholds: Thresholds) -> None:
    flips = [made.flip for made in see(*statuses, thresholds=thresholds) if made.flip]

    assert [flip.seq for flip in flips] == list(range(1, len(flips) + 1))
    assert all(flip.old is not flip.new for flip in flips)
    assert all(first.new is second.old for first, second in pairwise(flips))


@given(STATUSES, THRESHOLDS, st.data())
@settings(max_examples=200)
def test_more_unknowns_change_no_flip(statuses: list[Status], thresholds: Thresholds, data) -> None:
    """Metamorphic: what could not be asked is as if it had not been asked."""
    known = [status for status in statuses if status is not X]

    def flips(seen: list[Status]) -> list[tuple[Status, int]]:
        return [(made.flip.new, made.flip.seq) for made in see(*seen, thresholds=thresholds, every_s=1.0) if made.flip]

    assert flips(known) == flips(statuses)


@given(STATUSES, THRESHOLDS)
@settings(max_examples=200)
def test_the_status_follows_a_model_that_only_counts(statuses: list[Status], thresholds: Thresholds) -> None:
    """A second implementation, in the fewest words."""
    status, count, expected = X, 0, []
    for seen in statuses:
        if seen is X:
            pass
        elif status is X:
            status = seen
        elif seen is status:
            count = 0
        else:
            count += 1
            if count >= (thresholds.down if seen is D else thresholds.up):
                status, count = seen, 0
        expected.append(status)

    assert [made.state.status for made in see(*statuses, thresholds=thresholds, every_s=1.0)] == expected


@given(STATUSES, THRESHOLDS)
def test_what_is_not_worth_saving_differs_in_the_time_of_the_last_look_only(statuses, thresholds) -> None:
    before = ServiceState("rtpproxy")
    for made in see(*statuses, thresholds=thresholds):
        if not is_news(before, made.state) and before.seen_at is not None:
            after = made.state
            assert (
                replace(before, seen_at=after.seen_at, last_seen=after.last_seen, counted_at=after.counted_at) == after
            )
            assert made.flip is None
        before = made.state
