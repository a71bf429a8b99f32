"""ISO 8601 weeks, by which key figures are gathered: `2026-W09` runs from a Monday to a Sunday (UTC)."""

from datetime import UTC, date, datetime, timedelta


def week_of(day: date | str) -> str:
    """The week of a day, or of its ISO text. The year is that of the week: 2027-01-01 is in `2026-W53`."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    year, week, _ = found.isocalendar()
    return f"{year:04}-W{week:02}"


def week_at(seconds: float) -> str:
    """The week of a Unix time."""
    return week_of((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).date())


def monday(week: str) -> date:
    """The day on which a week begins.

    Raises:
        ValueError: when this is no week.
    """
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def week_number(week: str) -> int:
    """Whole weeks since year 1: neighbours differ by one, also over the turn of a year."""
    return monday(week).toordinal() // 7
