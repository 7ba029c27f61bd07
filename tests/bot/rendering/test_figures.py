"""Figures as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering import figures as say
from bot.timerange import TimeRange

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0, "0 s"),
        (45.4, "45 s"),
        (59.6, "1 min"),
        (128, "2 min 8 s"),
        (3599.7, "1 h"),
        (3600, "1 h"),
        (148_320, "41 h 12 min"),
        (36_000_000, "10,000 h"),
        (-5, "0 s"),
    ],
)
def test_durations(seconds, said):
    assert say.duration(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(None, "–"), (0, "0 %"), (100, "100 %"), (96.13, "96.1 %"), (99.97, "99.9 %"), (0.01, "0.1 %"), (50, "50.0 %")],
)
def test_a_share_is_never_all_or_nothing_when_it_is_not(share, said):
    assert say.percent(share) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(112, 100, "+12 %"), (26, 100, "−74 %"), (100, 100, "±0 %"), (5, 0, ""), (5, None, ""), (None, 5, "")],
)
def test_changes_in_percent(now, before, said):
    assert say.relative_change(now, before) == said


@pytest.mark.parametrize(
    ("now", "before", "said"), [(96.1, 97.9, "−1.8 pt"), (97.9, 96.1, "+1.8 pt"), (50, 50.01, "±0 pt"), (5, None, "")]
)
def test_changes_in_points(now, before, said):
    assert say.point_change(now, before) == said


@pytest.mark.parametrize(
    ("passed_s", "said"), [(80, "1 min 20 s ago"), (0, "just now"), (-300, "just now"), (7200, "2 h ago")]
)
def test_ages(passed_s, said):
    assert say.age(NOW - timedelta(seconds=passed_s), NOW) == said


def test_bounds_are_exact_and_name_the_zone():
    time_range = TimeRange(datetime(2026, 11, 16, 23, tzinfo=UTC), NOW + timedelta(seconds=5))

    assert say.bounds(time_range, ZoneInfo("Europe/Stockholm")) == (
        "Tue 17 Nov 00:00 – Mon 23 Nov 2026 13:00:05 (Europe/Stockholm)"
    )


@given(st.lists(st.integers(0, 10**12), max_size=60))
def test_bars_are_one_character_a_value_and_only_nothing_is_a_dot(values):
    drawn = say.bars(values)

    assert len(drawn) == len(values)
    assert all((char == "·") == (value == 0) for char, value in zip(drawn, values, strict=True))
    assert not any(values) or "█" in drawn
