"""Moments as users type them."""

from __future__ import annotations

import datetime as dt

import click
import pytest

from brookline.cli.times import coming_moment_of, past_moment_of

NOON = round(dt.datetime(2026, 11, 25, 12, 0).astimezone().timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("10m", 10), ("1h 5m", 65), ("12:30", 30), ("11:00", 23 * 60), ("2026-11-26T12:00", 24 * 60)],
)
def test_a_moment_to_come(text, minutes):
    assert coming_moment_of(text, NOON) == NOON + minutes * 60_000


@pytest.mark.parametrize("text", ["2026-11-24", "2026-11-25T11:00", "5", "soon", "0s"])
def test_what_is_past_or_no_moment_is_refused(text):
    with pytest.raises(click.UsageError):
        coming_moment_of(text, NOON)


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 15, "9" * 14 + "d", "999999d", "1e300d"])
@pytest.mark.parametrize("read", [coming_moment_of, past_moment_of])
def test_what_no_calendar_knows_is_refused(read, text):
    with pytest.raises(click.UsageError):
        read(text, NOON)


@pytest.mark.parametrize(
    ("text", "minutes"), [("10m", 10), ("11:00", 60), ("12:00", 0), ("2026-11-24T12:00", 24 * 60)]
)
def test_a_moment_that_is_past(text, minutes):
    assert past_moment_of(text, NOON) == NOON - minutes * 60_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "22:10",
            "is 2026-11-25 22:10:00, which is still to come: yesterday's is 2026-11-24T22:10",
        ),
        ("12:00:01", "yesterday's is 2026-11-24T12:00:01"),
        ("2026-11-25T22:10", "still to come: a past one is wanted"),
        ("2027-01-01", "still to come: a past one is wanted"),
    ],
)
def test_tonight_is_not_last_night(text, said):
    with pytest.raises(click.UsageError, match=said):
        past_moment_of(text, NOON)
