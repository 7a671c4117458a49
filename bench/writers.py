"""The client of the failover rows: writes, to whichever node takes them, and keeps account.

Each write is unique: a config key of its own, whose value is its number. A write that was sent and not
answered is never sent again; one that certainly was not done (the connection was refused, or the answer
says so) goes to the other node. At the end all are read back.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import itertools
import json
import select
import threading
import time
from typing import TYPE_CHECKING, Self

from bench.nodes import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from bench.nodes import Answer, Node

PAUSE_S = 0.005
"""Between two tries that were refused."""

MOST_KEYS = 200
"""Config keys that one entity gets, so that its record stays small."""


@dataclasses.dataclass(frozen=True, slots=True)
class Accepted:
    """A write that was acknowledged.

    Attributes:
        key: Its config key.
        entity: On which it is.
        at: When the answer came.
        port: Of the node that was asked.
        by: Name or id of the node that answered, as its headers say.
        sequence: Of the commit, as they say.
    """

    key: str
    entity: str
    at: float
    port: int
    by: str
    sequence: int


@dataclasses.dataclass(slots=True)
class Account:
    """What became of all writes of one writer.

    Attributes:
        accepted: Acknowledged.
        refused: Answered with an error.
        unknown: Sent and never answered, or answered that nobody knows.
    """

    accepted: list[Accepted] = dataclasses.field(default_factory=list)
    refused: list[str] = dataclasses.field(default_factory=list)
    unknown: list[str] = dataclasses.field(default_factory=list)

    def first_after(self, moment: float, port: int | None = None) -> Accepted:
        """Return the first that was accepted then, by a certain node if one is given."""
        return next(one for one in self.accepted if one.at > moment and port in (None, one.port))

    def longest_pause_s(self, begin: float, end: float) -> float:
        """Return the longest time without an acknowledgement between two moments."""
        moments = [begin, *(one.at for one in self.accepted if begin < one.at < end), end]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))


class Writer(threading.Thread):
    """Writes one after the other until told to stop.

    Args:
        nodes: Those that it knows; it begins with the first and stays as long as that works.
        app: Application on whose entities it writes.
        entities: Theirs ids.
        name: Begins its keys.
        every_s: Time between the beginnings of two writes; 0 for one as soon as the other is done.
        timeout_s: How long it waits for an answer.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        app: str,
        entities: Sequence[str],
        *,
        name: str = "w",
        every_s: float = 0.0,
        timeout_s: float = 60.0,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.account = Account()
        self._nodes = list(nodes)
        self._app = app
        self._entities = entities
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._password = nodes[0].password
        self._connections: dict[int, Connection] = {}
        self._stop_wish = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._stop_wish.set()
        self.join(self._timeout_s + 5)
        assert kind is not None or not self.is_alive(), "a write hangs"

    def run(self) -> None:
        for number in itertools.count():
            begun = time.perf_counter()
            if self._stop_wish.is_set():
                break
            self._write(number)
            spent = time.perf_counter() - begun
            if spent < self._every_s:
                self._stop_wish.wait(self._every_s - spent)
        for connection in self._connections.values():
            connection.close()

    def wait_for(self, count: int) -> None:
        """Wait until that many more were accepted."""
        wanted = len(self.account.accepted) + count
        while len(self.account.accepted) < wanted:
            time.sleep(0.005)

    def _write(self, number: int) -> None:
        """Write one, wherever it is taken."""
        key = f"{self.name}.{number:06}"
        entity = self._entities[number // MOST_KEYS % len(self._entities)]
        path = f"/v1/applications/{self._app}/entities/{entity}/config/{key}"
        while not self._stop_wish.is_set():
            node = self._nodes[0]
            connection = self._connected(node)
            if connection is None:
                self._turn()
                continue
            try:
                answer = connection.ask("POST", path, str(number).encode(), "application/json")
            except (OSError, http.client.HTTPException):
                self.account.unknown.append(key)
                self._drop(node)
                return
            if not self._judge(answer, key, entity, node):
                return

    def _judge(self, answer: Answer, key: str, entity: str, node: Node) -> bool:
        """Note what became of a write; tell whether to try it again."""
        if "close" in answer.headers.get("connection", ""):
            self._drop(node)
            self._nodes.append(self._nodes.pop(0))
        if answer.status < 300:
            by = answer.headers.get("brookline-node", "")
            sequence = int(answer.headers.get("brookline-sequence", "0"))
            self.account.accepted.append(
                Accepted(key, entity, time.perf_counter(), node.port, by, sequence)
            )
            return False
        self.account.refused.append(f"{key}: {answer.status} {answer.body[:200]!r}")
        if b"not-done" in answer.body:
            self._turn()
            return True
        self.account.unknown.append(key)
        return False

    def _connected(self, node: Node) -> Connection | None:
        """Return an open connection, None if there is none to be had; nothing was sent then."""
        kept = self._connections.get(node.port)
        if kept is not None and not _is_readable(kept):
            return kept
        self._drop(node)
        connection = Connection(node.port, self._password, self._timeout_s)
        try:
            connection.connect()
        except OSError:
            return None
        self._connections[node.port] = connection
        return connection

    def _drop(self, node: Node) -> None:
        if (kept := self._connections.pop(node.port, None)) is not None:
            kept.close()

    def _turn(self) -> None:
        """Try the next node, after a moment if there is only this one."""
        self._nodes.append(self._nodes.pop(0))
        time.sleep(PAUSE_S)


def missing(node: Node, app: str, accounts: Sequence[Account]) -> list[str]:
    """Return the keys of acknowledged writes that a node does not show."""
    accepted = [one for account in accounts for one in account.accepted]
    gone = []
    with contextlib.closing(node.connection()) as connection:
        for entity in {one.entity for one in accepted}:
            path = f"/v1/applications/{app}/entities/{entity}/config/current-state"
            shown = json.loads(connection.ask("GET", path).body)
            gone += [one.key for one in accepted if one.entity == entity and one.key not in shown]
    return gone


def _is_readable(connection: Connection) -> bool:
    """Tell whether an idle connection has something to read: that can only be its end."""
    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
