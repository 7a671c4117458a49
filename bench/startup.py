"""Rows: start on an empty store, and what an idle master costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, at_most
from bench.nodes import plane, start_all

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTLE_S, IDLE_S = 5.0, 20.0


def start(setting: Setting) -> Sequence[Figure]:
    """From exec to both signs of life: `server/up` is true, and `ha/state` is MASTER."""
    rounds = []
    for number in range(setting.rounds):
        with plane(setting.folder / f"start-{number}", "n1") as (node,):
            rounds.append(node.start().wait_for_state("MASTER"))
    what = "start on an empty store, exec to up and MASTER"
    return [at_most(what, rounds, 1.2, form="{:.2f} s", brooklyn="3.7 s")]


def idle(setting: Setting) -> Sequence[Figure]:
    """Memory and processor of a master of an empty plane, which a hot standby listens to."""
    memory, share = [], []
    for number in range(setting.rounds):
        with plane(setting.folder / f"idle-{number}", "n1", "n2") as nodes:
            start_all(nodes)
            master = nodes[0]
            time.sleep(SETTLE_S)
            used, began = master.cpu_s(), time.perf_counter()
            time.sleep(IDLE_S)
            share.append(100 * (master.cpu_s() - used) / (time.perf_counter() - began))
            memory.append(master.memory_mb())
    return [
        at_most("idle master, resident memory", memory, 90, form="{:.0f} MB", brooklyn="592 MB"),
        at_most("idle master, CPU", share, 1.0, form="{:.1f} %", brooklyn="1.4 %"),
    ]


ROWS = (Row("start", start), Row("idle", idle))
