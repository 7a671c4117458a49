"""Rows: acknowledged writes that are gone afterwards. One in any round is one too many."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

from bench.failover import FEW, stage
from bench.figures import Figure, Row, Setting
from bench.nodes import deploy, entities, many, plane
from bench.writers import Writer, missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.writers import Account

CLIENTS = 8
LOAD_S, AFTER_S = 3.0, 5.0
PAUSE_S = 45.0


def losses(setting: Setting) -> Sequence[Figure]:
    """Three ways to lose what was acknowledged."""
    return [
        _figure("kill -9 under load", [_kill(setting, n) for n in range(setting.rounds)], "53 of 616"),
        _figure(
            "kill -9 and immediate restart",
            [_restart(setting, n) for n in range(setting.rounds)], "6 of 6",
        ),
        _figure(
            f"pause of {PAUSE_S:.0f} s",
            [_pause(setting, n) for n in range(setting.rounds)], "34 of 34",
        ),
    ]  # fmt: skip


def _kill(setting: Setting, number: int) -> tuple[int, int]:
    """Eight clients write as fast as they can; the master is killed; the other one is asked."""
    with stage(setting, f"losses-kill-{number}") as on, contextlib.ExitStack() as writing:
        writers = [writing.enter_context(on.writer(name=f"w{n}")) for n in range(CLIENTS)]
        time.sleep(LOAD_S)
        on.master.kill()
        time.sleep(AFTER_S)
        writing.close()
        return _judged([writer.account for writer in writers], on.standby, on.app)


def _restart(setting: Setting, number: int) -> tuple[int, int]:
    """A lone node is killed under load and started again on its home."""
    with plane(setting.folder / f"losses-restart-{number}", "n1") as (node,):
        node.start().wait_for_state("MASTER")
        app = deploy(node, many(FEW))
        ids = entities(node, app)
        with contextlib.ExitStack() as writing:
            writers = [Writer([node], app, ids, name=f"w{n}") for n in range(CLIENTS)]
            for writer in writers:
                writing.enter_context(writer)
            time.sleep(LOAD_S)
            node.kill()
            node.start()
        node.wait_for_state("MASTER")
        return _judged([writer.account for writer in writers], node, app)


def _pause(setting: Setting, number: int) -> tuple[int, int]:
    """The master is stopped and goes on after the time-out, while clients wait for its answers.

    Half of them know only the master, half both nodes.
    """
    with stage(setting, f"losses-pause-{number}") as on, contextlib.ExitStack() as writing:
        both = [on.writer(name=f"b{n}", every_s=0.02) for n in range(CLIENTS // 2)]
        one = [on.writer(on.master, name=f"m{n}", every_s=0.02) for n in range(CLIENTS // 2)]
        for writer in (*both, *one):
            writing.enter_context(writer)
        time.sleep(LOAD_S)
        on.master.send(signal.SIGSTOP)
        time.sleep(PAUSE_S)
        on.master.send(signal.SIGCONT)
        time.sleep(AFTER_S)
        writing.close()
        return _judged([writer.account for writer in (*both, *one)], on.standby, on.app)


def _judged(accounts: Sequence[Account], node: object, app: str) -> tuple[int, int]:
    """Return how many acknowledged writes are gone, and how many there were."""
    gone = missing(node, app, accounts)  # type: ignore[arg-type]
    return len(gone), sum(len(account.accepted) for account in accounts)


def _figure(how: str, rounds: Sequence[tuple[int, int]], brooklyn: str) -> Figure:
    lost, acknowledged = (sum(column) for column in zip(*rounds, strict=True))
    return Figure(
        f"acknowledged writes lost: {how}", brooklyn, "0", f"{lost} of {acknowledged:,}",
        lost == 0 and acknowledged > 0, tuple(float(gone) for gone, _ in rounds),
    )  # fmt: skip


ROWS = (Row("losses", losses),)
