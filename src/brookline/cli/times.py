"""Moments as users type them: a date, a time of today, or how long ago."""

from __future__ import annotations

import datetime as dt

import click

from brookline.values.durations import Duration


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
    if text.isdecimal() and len(text) >= 12:
        return int(text)
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
    return now_ms - round(ago.seconds * 1000)


def stamp(ms: int) -> str:
    """Return a moment as people read it, in local time, to the second."""
    return f"{dt.datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M:%S}"


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
