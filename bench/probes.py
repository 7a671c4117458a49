"""Row: how soon a node says that it lives while it has much to do."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from typing import TYPE_CHECKING, Self

from bench.figures import Figure, Row, Setting, at_most, percentile
from bench.nodes import Connection, deploy, many, plane, start_all, wait_until
from bench.sizes import LARGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.nodes import Node

EVERY_S = 0.005
LIMIT_MS = 250
BULK = b'"' + b"x" * 200_000 + b'"'


class Prober:
    """Asks ``/healthz/live`` every few milliseconds, without a login, from its first answer on.

    While it waits for an answer it asks no more; those questions count all the same, each with the time
    that it would have waited.
    """

    def __init__(self, node: Node) -> None:
        self.waits: list[float] = []
        self._node = node
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    def p99_ms(self) -> float:
        return 1000 * percentile(self.waits, 0.99)

    def _run(self) -> None:
        connection, answered = Connection(self._node.port, "", 60), False
        while not self._over.is_set():
            began = time.perf_counter()
            try:
                answer = connection.ask("GET", "/healthz/live")
            except (OSError, http.client.HTTPException):
                connection.close()  # it does not listen yet
                time.sleep(EVERY_S)
                continue
            waited = time.perf_counter() - began
            assert answer.status == 200
            if answered:
                self._count(waited)
            answered = True
            time.sleep(max(0.0, EVERY_S - waited))
        connection.close()

    def _count(self, waited: float) -> None:
        while waited > 0:
            self.waits.append(waited)
            waited -= EVERY_S


def probes(setting: Setting) -> Sequence[Figure]:
    """Life signs while 10,000 entities are deployed, replayed and snapshotted."""
    deployed, followed, replayed, snapshotted = [], [], [], []
    for number in range(setting.rounds):
        with plane(setting.folder / f"probes-{number}", "n1", "n2") as (master, standby):
            start_all([master, standby])
            with Prober(master) as at_master, Prober(standby) as at_standby:
                app = deploy(master, many(LARGE))
                time.sleep(0.5)
            deployed.append(at_master.p99_ms())
            followed.append(at_standby.p99_ms())
            standby.kill()
            with Prober(standby) as prober:
                standby.start().wait_for_state("HOT_STANDBY")
            replayed.append(prober.p99_ms())
            with Prober(master) as prober:
                _snapshot(master, app)
            snapshotted.append(prober.p99_ms())
    return [
        _figure("deployed", deployed),
        _figure("replayed by a hot standby", followed),
        _figure("replayed by a node that starts", replayed),
        _figure("snapshotted", snapshotted),
    ]


def _snapshot(master: Node, app: str) -> None:
    """Write so much that a snapshot is due, and wait for it."""
    folder = master.shared / "snapshot"
    before = len(list(folder.glob("*"))) if folder.exists() else 0
    path = f"/v1/applications/{app}/entities/{app}/config/bench.bulk"
    with contextlib.closing(master.connection()) as connection:
        for _ in range(100):
            assert connection.ask("POST", path, BULK, "application/json").status < 300
    wait_until(lambda: folder.exists() and len(list(folder.glob("*"))) > before, 60)


def _figure(what: str, rounds: Sequence[float]) -> Figure:
    return at_most(
        f"/healthz/live, p99 while 10,000 entities are {what}", rounds, LIMIT_MS, form="{:.0f} ms"
    )


ROWS = (Row("probes", probes),)
