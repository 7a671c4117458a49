"""Rows: requests per second, in units of an empty Starlette page that is measured in the same round."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, at_least, told
from bench.journal import bare
from bench.nodes import Node, deploy, entities, plane

from bench import wrk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

READERS, WRITERS = 16, 32
WRITES_TARGET, PER_COMMIT_TARGET, SLOW_COMMIT_MS = 0.3, 12.0, 1.0
ENTRY, COMMITS = b"x" * 2048, 300
PLAN = "services:\n- type: org.apache.brooklyn.entity.stock.BasicStartable\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """A server with one application, and the page that is the unit."""

    node: Node
    entity: str
    page: str

    def rate(self, path: str, *more: str, connections: int) -> float:
        """Load the server, with a login."""
        authorization = self.node.connection().login["Authorization"]
        login = ("-H", f"Authorization: {authorization}", *more)
        url = f"http://127.0.0.1:{self.node.port}{path}"
        return wrk.load(url, *login, connections=connections)

    def unit(self, connections: int) -> float:
        """Load the page that is the unit."""
        return wrk.load(self.page, connections=connections)


def reads(setting: Setting) -> Sequence[Figure]:
    """Three pages that are asked most, with a login, over 16 connections."""
    with _stage(setting, "reads") as on:
        pages = {
            "GET server/ha/state": ("/v1/server/ha/state", 1.1, "0.6"),
            "GET one entity": (on.entity, 0.75, "0.4"),
            "GET its sensors/current-state": (f"{on.entity}/sensors/current-state", 0.85, "0.8"),
        }
        found: dict[str, list[float]] = {what: [] for what in ("unit", *pages)}
        for _ in range(1 + setting.rounds):
            unit = on.unit(READERS)
            found["unit"].append(unit)
            for what, (path, _, _) in pages.items():
                found[what].append(on.rate(path, connections=READERS) / unit)
    warm = {what: rates[1:] for what, rates in found.items()}
    return [
        told("the unit: an empty Starlette page, 16 connections", warm["unit"], form="{:,.0f}/s"),
        *(
            at_least(
                f"{what}, with login", warm[what], limit,
                form="{:.2f} units", brooklyn=f"{brooklyn} (no login)",
            )
            for what, (_, limit, brooklyn) in pages.items()
        ),
    ]  # fmt: skip


def writes(setting: Setting) -> Sequence[Figure]:
    """Config writes over 32 connections, each answered when it is durable."""
    units, rates, commits = [], [], []
    script = setting.folder / "post.lua"
    script.write_text(wrk.POST)
    with _stage(setting, "writes") as on:
        for number in range(1 + setting.rounds):
            unit = on.unit(WRITERS)
            path = f"{on.entity}/config/bench.key"
            rates.append(on.rate(path, "-s", str(script), connections=WRITERS))
            units.append(rates[-1] / unit)
            commits.append(_bare_commit_ms(setting, number))
    del units[0], rates[0], commits[0]  # the warm-up
    return [
        _writes_figure(units, rates, commits),
        told("the same, per second", rates, form="{:,.0f}/s"),
        told("a bare durable commit on this disk", commits, form="{:.2f} ms"),
    ]


def _writes_figure(
    units: Sequence[float], rates: Sequence[float], commits: Sequence[float]
) -> Figure:
    """Judge writes in units; on a slow disk, where durability is what costs, by bare commits."""
    what, brooklyn = "config writes over HTTP, 32 connections, durable", "0.6, not durable"
    in_units = at_least(what, units, WRITES_TARGET, form="{:.2f} units", brooklyn=brooklyn)
    if in_units.met or sorted(commits)[len(commits) // 2] <= SLOW_COMMIT_MS:
        return in_units
    per_commit = [rate * commit / 1000 for rate, commit in zip(rates, commits, strict=True)]
    form = "{:.1f} per bare commit"
    return at_least(what, per_commit, PER_COMMIT_TARGET, form=form, brooklyn=brooklyn)


def _bare_commit_ms(setting: Setting, number: int) -> float:
    folder = setting.folder / f"bare-{number}"
    folder.mkdir()
    seconds = sorted(bare(folder, ENTRY, commit) for commit in range(COMMITS))
    return 1000 * seconds[COMMITS // 2]


@contextlib.contextmanager
def _stage(setting: Setting, name: str) -> Iterator[Stage]:
    wrk.require_tools()
    with plane(setting.folder / name, "n1") as (node,), wrk.empty_page() as page:
        node.start().wait_for_state("MASTER")
        app = deploy(node, PLAN)
        entity = f"/v1/applications/{app}/entities/{entities(node, app)[0]}"
        yield Stage(node, entity, page)


ROWS = (Row("reads", reads), Row("writes", writes))
