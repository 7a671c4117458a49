"""Times and durations as people read them."""

from __future__ import annotations

import datetime as dt

DAY_S = 86_400


def duration(ms: float | None) -> str:
    """Return a duration such as ``40ms``, ``0.7s``, ``31.8s``, ``2m 05s``, ``3h 07m`` or ``4d 2h``."""
    if ms is None:
        return "-"
    seconds = ms / 1000
    if ms < 100:
        return f"{ms:.0f}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < DAY_S:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // DAY_S}d {whole % DAY_S // 3600}h"


def moment(ms: int | None, now_ms: int) -> str:
    """Return a time of the last day as ``10:02:11``, an earlier one with its date; local time."""
    if ms is None:
        return "-"
    local = dt.datetime.fromtimestamp(ms / 1000).astimezone()
    form = "%H:%M:%S" if abs(now_ms - ms) < DAY_S * 1000 else "%Y-%m-%d %H:%M:%S"
    return local.strftime(form)


def ago(ms: int | None, now_ms: int) -> str:
    """Return how long ago a time was, such as ``2m 05s ago``."""
    return "-" if ms is None else f"{duration(max(0, now_ms - ms))} ago"
