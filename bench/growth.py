"""Row: a plane of 100,000 entities, as large as one should be."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import TYPE_CHECKING

from bench.failover import FEW
from bench.figures import Figure, Row, Setting, at_most, told
from bench.nodes import deploy, entities, many, plane, start_all
from bench.probes import BULK, LIMIT_MS, Prober
from bench.sizes import LARGE, wait_for_rest
from bench.writers import Writer

from brookline.journal import snapshot
from brookline.stores.registry import open_store
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.nodes import Node

APPLICATIONS = 10
"""Each of `LARGE` entities."""

BEFORE_S, AFTER_S = 1.0, 5.0


class Growth:
    """What the rounds measured; each list has a value a round."""

    def __init__(self) -> None:
        self.deployed: list[float] = []
        self.size: list[float] = []
        self.encoded: list[float] = []
        self.held: list[float] = []
        self.alive: list[float] = []
        self.memory: list[float] = []
        self.behind: list[float] = []
        self.promoted: list[float] = []
        self.started: list[float] = []

    def round(self, folder: Path) -> None:
        """Measure everything once."""
        with plane(folder, "n1", "n2") as (master, standby):
            start_all([master, standby])
            began = time.perf_counter()
            apps = [deploy(master, many(LARGE)) for _ in range(APPLICATIONS)]
            self.deployed.append(time.perf_counter() - began)
            for node in (master, standby):
                wait_for_rest(node)
            with Prober(master) as prober:
                newest = _snapshot(master, apps[0])
            self.alive.append(prober.p99_ms())
            self.size.append(newest.stat().st_size / 1e6)
            took_s, held_s = asyncio.run(_encode(master.store, f"snapshot/{newest.name}"))
            self.encoded.append(took_s)
            self.held.append(held_s * 1000)
            self.memory.append(master.memory_mb())
            self.behind.append(standby.memory_mb())
            self._promote(master, standby, apps[0])
            standby.kill()
            self.started.append(master.start().wait_for_state("MASTER"))

    def _promote(self, master: Node, standby: Node, app: str) -> None:
        with Writer((master, standby), app, entities(master, app)[:FEW]) as writer:
            time.sleep(BEFORE_S)
            moment = time.perf_counter()
            master.kill()
            time.sleep(AFTER_S)
        self.promoted.append(writer.account.first_after(moment, standby.port).at - moment)


def growth(setting: Setting) -> Sequence[Figure]:
    """100,000 entities in ten applications: what they take, and how soon one leads them."""
    found = Growth()
    for number in range(setting.rounds):
        found.round(setting.folder / f"growth-{number}")
    what = "100,000 entities"
    return [
        told(f"{what}, deploy of ten applications", found.deployed, form="{:.1f} s"),
        told(f"{what}, size of a snapshot", found.size, form="{:.0f} MB"),
        told(f"{what}, making of a snapshot, processor time", found.encoded, form="{:.2f} s"),
        at_most("the same: longest without a pause", found.held, 50, form="{:.0f} ms"),
        at_most(
            f"/healthz/live, p99 while {what} are snapshotted", found.alive, LIMIT_MS,
            form="{:.0f} ms",
        ),
        at_most(f"{what}, resident memory of the master", found.memory, 1500, form="{:.0f} MB"),
        at_most(f"{what}, that of a hot standby", found.behind, 1500, form="{:.0f} MB"),
        at_most(
            f"{what}, kill -9 of the master to the first write accepted by the other",
            found.promoted, 1.0, form="{:.2f} s",
        ),
        at_most(f"{what}, cold start to up and MASTER", found.started, 20, form="{:.1f} s"),
    ]  # fmt: skip


def _snapshot(master: Node, app: str) -> Path:
    """Write until a snapshot is due, and wait for it; return its file."""
    folder = master.shared / "snapshot"
    before = set(folder.glob("[0-9]*-*"))
    path = f"/v1/applications/{app}/entities/{app}/config/bench.bulk"
    with contextlib.closing(master.connection()) as connection:
        while not (new := set(folder.glob("[0-9]*-*")) - before):
            assert connection.ask("POST", path, BULK, "application/json").status < 300
    return max(new)


async def _encode(url: str, key: str) -> tuple[float, float]:
    """Return the processor time of making a snapshot of what one says, and the longest at once."""
    clock, pauses = _Pauses(), SystemClock()
    store = await open_store(url, pauses)
    replica = await snapshot.read(store, key, pauses)
    assert replica is not None, key
    clock.moments = [time.process_time()]
    await snapshot.encode(replica, clock)
    clock.moments.append(time.process_time())
    await store.close()
    held = [after - before for before, after in itertools.pairwise(clock.moments)]
    return sum(held), max(held)


class _Pauses(SystemClock):
    """A clock that notes when somebody lets others run."""

    moments: list[float]

    async def sleep(self, seconds: float) -> None:
        self.moments.append(time.process_time())
        await super().sleep(seconds)


ROWS = (Row("growth", growth),)
