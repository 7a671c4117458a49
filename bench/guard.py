"""Row: what it costs to run a command on the server's own host once, whoever asks.

By itself, on the disk of a folder:

    .venv/bin/python bench/guard.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import asyncio
import statistics
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, table, told

from brookline.locations.command import Command
from brookline.locations.here import host_key
from brookline.locations.local import LocalMachine
from brookline.locations.machine import Host
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = 40
WARM_UP = 5
EXTRA_MS = 25


def guard(setting: Setting) -> Sequence[Figure]:
    """A trivial command under the guard, on the server's own host, beside a bare sh."""
    bare, syncs, guarded = [], [], []
    for number in range(setting.rounds):
        folder = setting.folder / f"guard-{number}"
        folder.mkdir()
        bare.append(_median_ms(_bare))
        syncs.append(_median_ms(lambda folder=folder: _synced(folder)))
        guarded.append(asyncio.run(_guarded(folder)))
    over = [ran - sh for ran, sh in zip(guarded, bare, strict=True)]
    value, limit = statistics.median(over), EXTRA_MS + statistics.median(syncs)
    what = "a trivial command under the guard, over a bare sh -c"
    target = f"≤ {limit:.1f} ms ({EXTRA_MS} ms and a sync)"
    return [
        Figure(what, "-", target, f"{value:.1f} ms", value <= limit, tuple(over)),
        told("the same: bare sh -c in a subprocess", bare, form="{:.1f} ms"),
        told("the same: a sync of a file and its folder", syncs, form="{:.1f} ms"),
    ]


async def _guarded(folder: Path) -> float:
    host = Host(host_key(), *["127.0.0.1"] * 4, "bench")
    machine = LocalMachine(host, str(folder / "base"), SystemClock())
    times = []
    for _ in range(WARM_UP + COMMANDS):
        began = time.perf_counter()
        finished = await machine.run(Command("bench", "true"))
        times.append(time.perf_counter() - began)
        assert finished.ok
    return 1000 * statistics.median(times[WARM_UP:])


def _bare() -> None:
    subprocess.run(["sh", "-c", "true"], check=True)


def _synced(folder: Path) -> None:
    path = folder / "synced"
    path.write_text("x")
    subprocess.run(["sync", str(path), str(folder)], check=True)


def _median_ms(act: Callable[[], None]) -> float:
    times = []
    for _ in range(COMMANDS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


ROWS = (Row("guard", guard),)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        print(table(guard(Setting(Path(name), 3))))
