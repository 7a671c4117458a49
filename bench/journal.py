"""Rows: what one durable change costs beyond the bare system calls, and how many fit into a second.

By itself, on the disk of a folder:

    .venv/bin/python bench/journal.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, at_least, table, told

from brookline.journal.entry import open_entry
from brookline.journal.fencing import Fencer
from brookline.journal.keys import entry_key
from brookline.journal.queue import Decision
from brookline.journal.reader import Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.writer import Writer
from brookline.stores.registry import open_store
from brookline.values.clock import SystemClock
from brookline.values.ids import SYSTEM_RANDOM
from brookline.wire.changes import Merge
from brookline.wire.entries import Fence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from brookline.stores.store import Store

WARM_UP = 100
SERIAL = 400
CALLERS = 64
SECONDS = 3.0
FACTOR, EXTRA_MS = 1.5, 0.3


@contextlib.asynccontextmanager
async def writing(
    place: Path | str, replica: Replica | None = None
) -> AsyncIterator[tuple[Writer, Store]]:
    """Lead a plane in a new store, named by its folder or URL: fence, and write."""
    clock = SystemClock()
    store = await open_store(str(place), clock)
    replica = Replica("plane") if replica is None else replica
    common = {"clock": clock, "rules": ALL_RULES}
    reader = Reader(store, replica, gap_alarm_s=60, **common)
    fencer = Fencer(store, reader, replica, node="bench", randomness=SYSTEM_RANDOM, **common)
    await fencer.fence(lambda: Fence("bench", "first start"), lambda: True)
    writer = Writer(store, replica, node="bench", randomness=SYSTEM_RANDOM, wait_s=60, **common)
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.run())
        yield writer, store
        writer.close("measured")
    await store.close()


async def change(writer: Writer, number: int) -> int:
    """Commit one change of one record, as a write of one config key does."""
    set_key = Merge("config", f"entity{number % 100}", {"key": f"value {number}"})
    committed = await writer.commit(
        lambda _: Decision([set_key]), request=f"r{number}", user="admin"
    )
    return committed.seq


def bare(folder: Path, data: bytes, number: int) -> float:
    """Do what durability itself costs, and return how many seconds that took."""
    began = time.perf_counter()
    temp, name = folder / f".tmp-{number}", folder / f"{number:010d}"
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(fd, data)
    os.fsync(fd)
    os.close(fd)
    os.link(temp, name)
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(fd)
    os.close(fd)
    temp.unlink()
    return time.perf_counter() - began


async def latencies(folder: Path) -> tuple[float, float]:
    """Return the median seconds of a commit and of the bare calls, done by turns."""
    beside = folder / "bare"
    beside.mkdir(parents=True)
    async with writing(folder / "store") as (writer, store):
        for number in range(WARM_UP):
            seq = await change(writer, number)
        data = await store.get(entry_key(seq)) or b""
        open_entry(data, "the one that is measured")
        commits, calls = [], []
        for number in range(SERIAL):
            began = time.perf_counter()
            await change(writer, number)
            commits.append(time.perf_counter() - began)
            calls.append(bare(beside, data, number))
        return statistics.median(commits), statistics.median(calls)


async def rate(place: Path | str) -> float:
    """Return how many changes a second are durable, asked for by many callers."""
    async with writing(place) as (writer, _):
        over, done = time.perf_counter() + SECONDS, 0

        async def call(caller: int) -> None:
            nonlocal done
            while time.perf_counter() < over:
                await change(writer, caller)
                done += 1

        began = time.perf_counter()
        await asyncio.gather(*(call(caller) for caller in range(CALLERS)))
        return done / (time.perf_counter() - began)


def commit(setting: Setting) -> Sequence[Figure]:
    """One durable change after the other, beside the bare system calls with the same bytes."""
    pairs = [
        asyncio.run(latencies(setting.folder / f"commit-{number}"))
        for number in range(setting.rounds)
    ]
    ours, theirs = [1000 * a for a, _ in pairs], [1000 * b for _, b in pairs]
    mine, base = statistics.median(ours), statistics.median(theirs)
    limit = max(FACTOR * base, base + EXTRA_MS)
    what = "commit latency of one durable change, directory store"
    target = f"≤ {limit:.2f} ms ({FACTOR} times bare, or bare + {EXTRA_MS} ms)"
    return [
        Figure(what, "-", target, f"{mine:.2f} ms", mine <= limit, tuple(ours)),
        told("the same: bare write, fsync, link, fsync, unlink", theirs, form="{:.2f} ms"),
    ]


def changes(setting: Setting) -> Sequence[Figure]:
    """Durable changes a second by 64 concurrent callers in the process."""
    rates = [
        asyncio.run(rate(_folder(setting, f"changes-{number}"))) for number in range(setting.rounds)
    ]
    what = f"durable record changes a second, {CALLERS} concurrent callers in the process"
    return [at_least(what, rates, 10_000, form="{:,.0f}")]


def _folder(setting: Setting, name: str) -> Path:
    folder = setting.folder / name
    folder.mkdir(parents=True)
    return folder / "store"


ROWS = (Row("commit", commit), Row("changes", changes))


def main() -> int:
    """Measure both rows, print them, and return 1 if a target was missed."""
    where = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(prefix="brookline-bench-", dir=where) as folder:
        figures = [figure for row in ROWS for figure in row.measure(Setting(Path(folder), 5))]
    print(table(figures))
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
