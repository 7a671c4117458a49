"""Row: writes sent to a standby while the master is killed. No client may notice, nothing be done twice."""

from __future__ import annotations

import collections
import contextlib
import http.client
import itertools
import threading
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting
from bench.nodes import deploy, many, plane, start_all, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.nodes import Connection, Node

WRITES, CLIENTS, BEFORE = 1000, 50, 300
TIMEOUT_S = 30.0
CHILD = "services:\n- type: org.apache.brooklyn.entity.stock.BasicEntity\n  name: {}\n"


class Crowd:
    """Clients that send their share of the writes, each once and without a key, and see what comes."""

    def __init__(self, node: Node, path: str) -> None:
        self.errors: list[str] = []
        self.answered = 0
        self._node = node
        self._path = path
        self._numbers = iter(range(WRITES))
        self._turn = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(WRITES * TIMEOUT_S)

    def _run(self) -> None:
        connection = self._node.connection(TIMEOUT_S)
        with contextlib.closing(connection):
            for name in self._names():
                error = self._send(connection, name)
                with self._turn:
                    self.answered += 1
                    if error:
                        self.errors.append(f"{name}: {error}")

    def _names(self) -> Iterator[str]:
        """Yield the next of all the names until there are none left."""
        while True:
            with self._turn:
                number = next(self._numbers, None)
            if number is None:
                return
            yield f"child-{number}"

    def _send(self, connection: Connection, name: str) -> str:
        body = CHILD.format(name).encode()
        try:
            answer = connection.ask("POST", self._path, body, "application/yaml")
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return repr(error)
        return "" if answer.status == 201 else f"{answer.status} {answer.body[:200]!r}"


def repeats(setting: Setting) -> Sequence[Figure]:
    """1,000 writes to a standby; the master is killed meanwhile: errors seen, and done twice."""
    rounds = [_killed(setting, number) for number in range(setting.rounds)]
    errors, twice, absent = zip(*rounds, strict=True)
    what = f"writes sent to a standby during kill -9 of the master, of {WRITES:,}"
    return [
        _none(f"{what}: errors seen", errors),
        _none("the same: done twice", twice),
        _none("the same: acknowledged, and not there", absent),
    ]


def _killed(setting: Setting, number: int) -> tuple[int, int, int]:
    with plane(setting.folder / f"repeats-{number}", "n1", "n2") as (master, standby):
        start_all([master, standby])
        app = deploy(master, many(1))
        path = f"/v1/applications/{app}/entities/{app}/children"
        crowd = Crowd(standby, f"{path}?start=false")
        crowd.start()
        wait_until(lambda: crowd.answered >= BEFORE)
        master.kill()
        crowd.join()
        for error in crowd.errors[:3]:
            print(error, flush=True)
        found = collections.Counter(one["name"] for one in standby.ask("GET", path).json())
    made = [found[f"child-{number}"] for number in range(WRITES)]
    absent = sum(1 for count in made if not count)
    return len(crowd.errors), sum(made) - (WRITES - absent), max(0, absent - len(crowd.errors))


def _none(what: str, rounds: Sequence[int]) -> Figure:
    worst = max(itertools.chain([0], rounds))
    return Figure(what, "-", "0", str(worst), worst == 0, tuple(map(float, rounds)))


ROWS = (Row("repeats", repeats),)
