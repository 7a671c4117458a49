"""Rows: the stream of events, to many clients at once."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import statistics
import time
from typing import TYPE_CHECKING

from bench.figures import Figure, Row, Setting, at_most
from bench.nodes import Node, deploy, entities, many, plane, start_all, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLIENTS, CHANGES, PAUSE_S, SETTLE_S = 500, 50, 0.1, 3.0
QUERY = "topics=plane,entities&sensors=n"
MARK = b'"set":{"n":'


class Listeners:
    """So many streams, read as they come by one thread that does nothing else."""

    def __init__(self, node: Node, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self.heads = 0
        self.arrived: dict[int, list[float]] = {}
        for _ in range(count):
            self._open(node)

    def read(self, seconds: float) -> None:
        """Read for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            for key, _ in self._selector.select(left):
                data = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                assert data, "a stream has ended"
                self._take(data)

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _take(self, data: bytes) -> None:
        now = time.perf_counter()
        self.heads += data.count(b"event: hello")
        for piece in data.split(MARK)[1:]:
            number = int(piece.partition(b"}")[0])
            self.arrived.setdefault(number, []).append(now)

    def _open(self, node: Node) -> None:
        sock = socket.create_connection(("127.0.0.1", node.port))
        login = node.connection().login["Authorization"]
        head = (
            f"GET /v1/events?{QUERY} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {login}\r\n\r\n"
        )
        sock.sendall(head.encode())
        self._selector.register(sock, selectors.EVENT_READ)


def events(setting: Setting) -> Sequence[Figure]:
    """From the sending of a change to its arrival at each of 500 clients, and what they weigh."""
    here, there, weights = [], [], []
    for number in range(setting.rounds):
        with plane(setting.folder / f"events-{number}", "n1", "n2") as nodes:
            start_all(nodes)
            app = deploy(nodes[0], many(10))
            entity = entities(nodes[0], app)[0]
            path = f"/v1/applications/{app}/entities/{entity}/sensors/n"
            weights.append(_weight_kb(nodes[1]))
            here.append(_p99_ms(nodes[0], nodes[0], path))
            there.append(_p99_ms(nodes[0], nodes[1], path))
    clients = f"to {CLIENTS} clients"
    return [
        at_most(f"change {clients} of the master's stream, p99", here, 300, form="{:.0f} ms"),
        at_most(f"change {clients} of a hot standby's stream, p99", there, 300, form="{:.0f} ms"),
        at_most("memory of one idle client of the stream", weights, 40, form="{:.0f} kB"),
    ]


def _weight_kb(node: Node) -> float:
    with _listening(node, 20):
        before = node.memory_mb()
        with _listening(node, CLIENTS):
            return 1000 * (node.memory_mb() - before) / CLIENTS


def _p99_ms(master: Node, node: Node, path: str) -> float:
    """Return the 99th percentile over all changes and clients."""
    with _listening(node, CLIENTS) as listeners, contextlib.closing(master.connection()) as writer:
        sent = {}
        for number in range(CHANGES):
            sent[number] = time.perf_counter()
            answer = writer.ask("POST", path, json.dumps(number).encode(), "application/json")
            assert answer.status == 204, answer.body
            listeners.read(PAUSE_S)
        listeners.read(2.0)
        assert [len(listeners.arrived[n]) for n in sent] == [CLIENTS] * CHANGES
        took = [1000 * (at - sent[n]) for n, all_at in listeners.arrived.items() for at in all_at]
    return statistics.quantiles(took, n=100)[98]


@contextlib.contextmanager
def _listening(node: Node, count: int) -> Iterator[Listeners]:
    listeners = Listeners(node, count)
    try:

        def all_stand() -> bool:
            listeners.read(0.05)
            return listeners.heads >= count

        wait_until(all_stand)
        listeners.read(SETTLE_S)
        listeners.arrived.clear()
        yield listeners
    finally:
        listeners.close()


ROWS = (Row("events", events),)
