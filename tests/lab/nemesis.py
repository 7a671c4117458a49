"""The nemesis: carries out a schedule on a running lab, several deeds at once, and mends all."""

from __future__ import annotations

import dataclasses
import signal
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING

from tests.lab import schedule as s
from tests.lab.history import Fault
from tests.lab.proxy import ANY, CALM, Conduct
from tests.lab.store_faults import CUT, OF_ALL, OF_ONE, NotNow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.lab.lab import Lab
    from tests.lab.nodes import LabNode
    from tests.lab.schedule import Deed

EXIT_S = 6.0


@dataclasses.dataclass
class Undo:
    """How a deed is undone, and whom it befell."""

    where: tuple[str, ...]
    undo: Callable[[], None]


class Nemesis:
    """Does what a schedule says."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.faults: list[Fault] = []
        self._failures: list[Exception] = []
        self._store_wide = threading.Lock()
        self._held: dict[tuple[str, ...], int] = {}
        self._without_store: set[str] = set()
        self._holding = threading.Lock()
        self._deeds: dict[str, Callable[[Deed, LabNode], Undo | None]] = {
            s.KILL: self._kill, s.TERM: self._term, s.PAUSE: self._pause, s.KILL_ALL: self._kill_all,
            s.ROLL: self._roll, s.SWITCH: self._switch, s.UPGRADE: self._upgrade, s.NODE_NODE: self._cut_nodes,
            s.NODE_CLIENT: self._cut_client, s.ISOLATE: self._isolate, s.CLIENTS: self._cut_clients, s.SLOW: self._slow,
            s.LOSSY: self._lossy, s.CLOCK: self._clock,
        } | dict.fromkeys(OF_ONE, self._cut_store) | dict.fromkeys(OF_ALL, self._stop_store)  # fmt: skip

    def rage(self, deeds: Sequence[Deed]) -> None:
        """Carry out the deeds at their times; returns when all are undone."""
        began = self.lab.now()
        threads = [
            threading.Thread(target=self._do, args=(deed, began), daemon=True) for deed in deeds
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failures:
            raise ExceptionGroup("the nemesis failed", self._failures)

    def mend(self) -> None:
        """Start what does not run."""
        for node in self.lab.nodes.values():
            node.start()

    def _do(self, deed: Deed, began: float) -> None:
        self._pass(began + deed.at - self.lab.now())
        begin = self.lab.now()
        node = self._who(deed.who)
        try:
            done = self._deeds[deed.what](deed, node)
            if done is None:
                return
            self._pass(deed.lasts)
            done.undo()
        except Exception as error:  # noqa: BLE001 - it is raised when all threads have ended
            error.add_note(str(deed))
            self._failures.append(error)
            return
        detail = f"{deed.way} {deed.amount:g}".strip()
        self.faults.append(Fault(begin, self.lab.now(), deed.what, done.where, detail))

    def _who(self, who: str) -> LabNode:
        nodes = self.lab.nodes
        if who in nodes:
            return nodes[who]
        master = self.lab.master() or next(iter(nodes.values()))
        if who == s.MASTER:
            return master
        return next(node for node in nodes.values() if node is not master)

    def _pass(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    # --- processes -------------------------------------------------------------------------------

    def _kill(self, _: Deed, node: LabNode) -> Undo | None:
        if not node.lives:
            return None
        node.send(signal.SIGKILL)
        return Undo((node.name,), lambda: self._again(node))

    def _term(self, _: Deed, node: LabNode) -> Undo | None:
        if not node.lives:
            return None
        node.send(signal.SIGTERM)
        return Undo((node.name,), lambda: self._again(node))

    def _again(self, node: LabNode) -> None:
        """Start it anew once it has ended, by force if it does not."""
        if not node.ended_within(EXIT_S):
            node.send(signal.SIGKILL)
            node.ended_within(EXIT_S)
        node.start()

    def _pause(self, _: Deed, node: LabNode) -> Undo | None:
        if not node.lives:
            return None
        node.send(signal.SIGSTOP)
        return Undo((node.name,), lambda: node.send(signal.SIGCONT))

    def _kill_all(self, _: Deed, __: LabNode) -> Undo | None:
        nodes = list(self.lab.nodes.values())
        for node in nodes:
            node.send(signal.SIGKILL)

        def again() -> None:
            for node in nodes:
                self._again(node)

        return Undo(tuple(self.lab.nodes), again)

    def _roll(self, _: Deed, __: LabNode) -> Undo | None:
        for node in self.lab.nodes.values():
            self._anew(node)
        return Undo(tuple(self.lab.nodes), lambda: None)

    def _upgrade(self, _: Deed, __: LabNode) -> Undo | None:
        """Replace each node by one of the other version, the master last."""
        master = self.lab.master()
        for node in sorted(self.lab.nodes.values(), key=lambda node: node is master):
            node.change_version()
            self._anew(node)
        return Undo(tuple(self.lab.nodes), lambda: None)

    def _anew(self, node: LabNode) -> None:
        """End it, start it anew, and wait until it is ready, but not for ever."""
        node.send(signal.SIGTERM)
        self._again(node)
        deadline = time.monotonic() + EXIT_S
        while time.monotonic() < deadline and not node.is_well("ready"):
            time.sleep(0.05)

    def _switch(self, _: Deed, node: LabNode) -> Undo | None:
        try:
            node.ask("POST", "/v1/server/ha/switchover", "", timeout_s=3.0)
        except (OSError, HTTPException):
            return None
        return Undo((node.name,), lambda: None)

    def _clock(self, deed: Deed, node: LabNode) -> Undo | None:
        node.set_clock(deed.amount)
        return Undo((node.name,), lambda: node.set_clock(0))

    # --- the network -----------------------------------------------------------------------------

    def _cut_nodes(self, deed: Deed, node: LabNode) -> Undo | None:
        others = [name for name in self.lab.nodes if name != node.name]
        return self._cut(deed, node.name, others[int(deed.at * 100) % len(others) :][:1])

    def _cut_client(self, deed: Deed, node: LabNode) -> Undo | None:
        clients = self.lab.client_names
        return self._cut(deed, node.name, [clients[int(deed.at * 100) % len(clients)]])

    def _cut_clients(self, deed: Deed, node: LabNode) -> Undo | None:
        return self._cut(deed, node.name, self.lab.client_names)

    def _isolate(self, deed: Deed, node: LabNode) -> Undo | None:
        """Cut it off from all others, and half the time from the store too."""
        others = [name for name in (*self.lab.nodes, *self.lab.client_names) if name != node.name]
        undo = self._cut(deed, node.name, others)
        if CUT not in self.lab.store.faults or int(deed.at * 100) % 2:
            return undo
        if not self._hold_store(CUT, node.name):
            return undo

        def mend() -> None:
            self._free_store(CUT, node.name)
            undo.undo()

        return Undo((*undo.where, "store"), mend)

    def _cut(self, deed: Deed, name: str, others: Sequence[str]) -> Undo:
        ways = [way for other in others for way in _ways(deed.way, name, other)]
        for way in ways:
            if self._hold("cut", *way):
                self.lab.cut(*way)

        def mend() -> None:
            for way in ways:
                if self._free("cut", *way):
                    self.lab.mend(*way)

        return Undo((name, *others), mend)

    def _slow(self, deed: Deed, node: LabNode) -> Undo | None:
        return self._behave(node, Conduct(delay_s=deed.amount, rate=200_000))

    def _lossy(self, deed: Deed, node: LabNode) -> Undo | None:
        return self._behave(node, Conduct(loss=deed.amount, reset=deed.amount / 20))

    def _behave(self, node: LabNode, conduct: Conduct) -> Undo | None:
        if not self._hold("link", node.name):
            self._free("link", node.name)
            return None
        self.lab.behave(ANY, node.name, conduct)

        def calm() -> None:
            self._free("link", node.name)
            self.lab.behave(ANY, node.name, CALM)

        return Undo((node.name,), calm)

    # --- the store -------------------------------------------------------------------------------

    def _cut_store(self, deed: Deed, node: LabNode) -> Undo | None:
        if not self._hold_store(deed.what, node.name):
            return None
        return Undo((node.name, "store"), lambda: self._free_store(deed.what, node.name))

    def _hold_store(self, what: str, name: str) -> bool:
        """Break the store for a node, unless it is broken for it already."""
        with self._holding:
            if name in self._without_store or what not in self.lab.store.faults:
                return False
            self._without_store.add(name)
        try:
            self.lab.store.begin(what, name)
        except NotNow:
            self._without_store.discard(name)
            return False
        return True

    def _free_store(self, what: str, name: str) -> None:
        self.lab.store.end(what, name)
        with self._holding:
            self._without_store.discard(name)

    def _stop_store(self, deed: Deed, _: LabNode) -> Undo | None:
        if deed.what not in self.lab.store.faults:
            return None
        if not self._store_wide.acquire(blocking=False):
            return None
        self.lab.store.begin(deed.what, "")

        def mend() -> None:
            self.lab.store.end(deed.what, "")
            self._store_wide.release()

        return Undo(("store",), mend)

    # --- what several deeds hold at once ------------------------------------------------------------

    def _hold(self, *what: str) -> bool:
        """Tell whether it is the first deed that holds this."""
        with self._holding:
            self._held[what] = self._held.get(what, 0) + 1
            return self._held[what] == 1

    def _free(self, *what: str) -> bool:
        """Tell whether it was the last one."""
        with self._holding:
            self._held[what] -= 1
            return not self._held[what]


def _ways(way: str, name: str, other: str) -> Iterator[tuple[str, str]]:
    if way in {"both", "out"}:
        yield name, other
    if way in {"both", "in"}:
        yield other, name
