"""Rows: requests per second, in units of an empty Starlette page that is measured in the same round.

The server has one core for itself, `wrk` the other; so has the page that is the unit.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from bench import http
from bench.figures import CannotMeasure, Figure, Row, Setting, at_least, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WRITES_TARGET, PER_COMMIT_TARGET, SLOW_COMMIT_S = 0.3, 12.0, 0.001


def reads(setting: Setting) -> Sequence[Figure]:
    """Three pages that are asked most, with a login, over 16 connections."""
    pages = {
        "GET server/ha/state": ("/v1/server/ha/state", 1.1, "0.6"),
        "GET one entity": ("", 0.75, "0.4"),
        "GET its sensors/current-state": ("/sensors/current-state", 0.85, "0.8"),
    }
    units: list[float] = []
    rates: dict[str, list[float]] = {what: [] for what in pages}
    with _served(setting, "reads") as (target, page):
        login = ("-H", f"Authorization: {target.authorization}")
        for number in range(-1, setting.rounds):  # the first warms up
            unit = http.wrk(page, http.READERS, page.url).per_s
            for what, (path, _, _) in pages.items():
                base = target.url if path.startswith("/v1/") else target.entity_url
                rate = http.wrk(target, http.READERS, base + path, *login).per_s
                if number >= 0:
                    rates[what].append(rate / unit)
            if number >= 0:
                units.append(unit)
    form = "{:.2f} units"
    return [
        told("the unit: an empty Starlette page, 16 connections", units, form="{:,.0f}/s"),
        *(
            at_least(what, rates[what], limit, form=form, brooklyn=f"{brooklyn} (no login)")
            for what, (_, limit, brooklyn) in pages.items()
        ),
    ]


def writes(setting: Setting) -> Sequence[Figure]:
    """Config writes over 32 connections, each answered when it is durable."""
    units, rates, commits = [], [], []
    with _served(setting, "writes") as (target, page):
        script = setting.folder / "post.lua"
        script.write_text(http.POST)
        more = ("-H", f"Authorization: {target.authorization}", "-s", str(script))
        for number in range(-1, setting.rounds):
            unit = http.wrk(page, http.WRITERS, page.url).per_s
            path = f"{target.entity_url}/config/bench.key"
            rate = http.wrk(target, http.WRITERS, path, *more).per_s
            if number >= 0:
                units.append(rate / unit)
                rates.append(rate)
                commits.append(http.bare_commit_s(setting.folder))
    return [
        _writes_figure(units, rates, commits),
        told("the same, per second", rates, form="{:,.0f}/s"),
        told("a bare durable commit on this disk", [1000 * s for s in commits], form="{:.2f} ms"),
    ]


def _writes_figure(
    units: Sequence[float], rates: Sequence[float], commits: Sequence[float]
) -> Figure:
    what, brooklyn = "config writes over HTTP, 32 connections, durable", "0.6, not durable"
    in_units = at_least(what, units, WRITES_TARGET, form="{:.2f} units", brooklyn=brooklyn)
    if in_units.met or sorted(commits)[len(commits) // 2] <= SLOW_COMMIT_S:
        return in_units
    per_commit = [rate * commit for rate, commit in zip(rates, commits, strict=True)]
    form = "{:.1f} per bare commit"
    return at_least(what, per_commit, PER_COMMIT_TARGET, form=form, brooklyn=brooklyn)


@contextlib.contextmanager
def _served(setting: Setting, name: str) -> Iterator[tuple[http.Target, http.Target]]:
    if shutil.which("wrk") is None:
        raise CannotMeasure("wrk is missing; it is a package of Debian: apt-get install wrk")
    folder = setting.folder / f"rates-{name}"
    folder.mkdir(exist_ok=True)
    with http.server(folder) as target, http.empty_page(folder) as page:
        http.request(target, "GET", "/v1/server/user")
        yield target, page


ROWS = (Row("reads", reads), Row("writes", writes))
