"""Moments as users type them: a date, a time of today, or how long ago."""

from __future__ import annotations

import datetime as dt

import click

from brookline.values.durations import Duration

_END_MS = 253_402_300_800_000
"""The year 10000, which calendars do not know."""


def moment_of(text: str, now_ms: int) -> int:
    """Return a moment in milliseconds since 1970.

    Args:
        text: ``2026-11-25T22:10:00``, with a zone or in local time; ``2026-11-25``; ``22:10``, today;
            ``10m``, so long ago; or milliseconds since 1970.
        now_ms: The wall clock.

    Raises:
        click.UsageError: If it is none of them.
    """
    text = text.strip()
    if text.isdecimal() and 12 <= len(text) < 16:
        return _within_time(int(text), text)
    for read in (_date, lambda one: _time(one, now_ms)):
        try:
            return read(text)
        except ValueError:
            continue
    try:
        ago = Duration.of(text)
    except ValueError:
        ago = None
    if ago is None or text.isdecimal():
        raise click.UsageError(
            f"{text!r} is no moment such as 2026-11-25T22:10:00, 22:10 or 10m (ago)"
        )
    return _away(now_ms, text, ago, forth=False)


def past_moment_of(text: str, now_ms: int) -> int:
    """Return a moment that is past: as `moment_of`, but never one of this evening typed in the morning.

    Raises:
        click.UsageError: If it is none, or to come; says how that of yesterday is written.
    """
    at = moment_of(text, now_ms)
    if at <= now_ms:
        return at
    before = at
    while before > now_ms and ":" in text and len(text.strip()) <= len("22:10:00"):
        before = _days_later(before, -1)
    form = f"{dt.datetime.fromtimestamp(before / 1000).astimezone():%Y-%m-%dT%H:%M:%S}"
    hint = f"yesterday's is {form.removesuffix(':00')}" if before < at else "a past one is wanted"
    raise click.UsageError(f"{text!r} is {stamp(at)}, which is still to come: {hint}")


def coming_moment_of(text: str, now_ms: int) -> int:
    """Return a moment that is to come: as `moment_of`, but ``10m`` is in ten minutes.

    Raises:
        click.UsageError: If it is none, or past. A time of the day that is past is tomorrow's.
    """
    text = text.strip()
    try:
        at = _away(now_ms, text, Duration.of(text))
    except ValueError:
        at = moment_of(text, now_ms)
    else:
        at = moment_of(text, now_ms) if text.isdecimal() else at
    if at <= now_ms and ":" in text and len(text) <= len("22:10:00"):
        at = _days_later(at, 1)
    if at <= now_ms:
        raise click.UsageError(
            f"{text!r} is past; a moment to come is wanted, such as 22:10 or 10m"
        )
    return at


def _days_later(ms: int, days: int) -> int:
    """Return the same time of another day, also where clocks are changed between."""
    local = dt.datetime.fromtimestamp(ms / 1000).astimezone()
    other = dt.datetime.combine(local.date() + dt.timedelta(days=days), local.time())
    return round(other.astimezone().timestamp() * 1000)


def stamp(ms: int) -> str:
    """Return a moment as people read it, in local time, to the second."""
    return f"{dt.datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M:%S}"


def _within_time(ms: int, text: str) -> int:
    """Return a moment that calendars know.

    Raises:
        click.UsageError: If it is before 1970 or after the year 9999.
    """
    if not 0 <= ms < _END_MS:
        raise click.UsageError(f"{text[:40]!r} is too far away")
    return ms


def _away(now_ms: int, text: str, far: Duration, *, forth: bool = True) -> int:
    """Return the moment that is so far away, to come or past."""
    at = now_ms + (far.ms if forth else -far.ms)
    return _within_time(_END_MS if far.forever else at, text)


def _date(text: str) -> int:
    if text.isdecimal():
        raise ValueError(text)
    return round(dt.datetime.fromisoformat(text).astimezone().timestamp() * 1000)


def _time(text: str, now_ms: int) -> int:
    time = dt.time.fromisoformat(text) if ":" in text else None
    if time is None:
        raise ValueError(text)
    today = dt.datetime.fromtimestamp(now_ms / 1000).astimezone().date()
    return round(dt.datetime.combine(today, time).astimezone().timestamp() * 1000)
