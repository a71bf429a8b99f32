"""ISO weeks against the calendar of the standard library."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.stats.kpi.week import monday, week_at, week_number, week_of


@pytest.mark.parametrize(
    ("day", "week"),
    [("2026-03-05", "2026-W10"), ("2026-01-01", "2026-W01"), ("2027-01-01", "2026-W53"), ("2024-12-30", "2025-W01")],
)
def test_known_weeks(day: str, week: str) -> None:
    assert week_of(day) == week


@given(st.dates(date(1971, 1, 1), date(2200, 1, 1)))
def test_a_week_begins_on_monday_holds_its_days_and_sorts_as_text(day: date) -> None:
    week = week_of(day)
    assert monday(week) <= day < monday(week) + timedelta(days=7)
    assert monday(week).weekday() == 0
    after = week_of(day + timedelta(days=7))
    assert week_number(after) == week_number(week) + 1
    assert after > week


def test_a_time_is_of_the_week_in_utc() -> None:
    sunday = 1_772_323_199  # 2026-02-28T23:59:59Z is a Saturday; one day on, the last second of Sunday
    assert (week_at(sunday + 86400), week_at(sunday + 86401)) == ("2026-W09", "2026-W10")
