"""A run's stage: network, proxies, store, nodes, an application, clients; and what is left of it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from tests.backends.programs import free_port
from tests.lab import proxy
from tests.lab.client import Orders
from tests.lab.history import DONE, Op, Sight
from tests.lab.network import LOOPBACK, new_network
from tests.lab.nodes import PORT, Ground, LabNode, eventually
from tests.lab.proxies import Proxies
from tests.lab.stores import new_store

if TYPE_CHECKING:
    from tests.lab.network import Place

SHELVES, RACKS, MACHINES = ("shelf-1", "shelf-2", "shelf-3"), ("rack",), ("machine-1", "machine-2")
_LOOK_S = 0.1


class Options(NamedTuple):
    """A run that is wanted.

    Attributes:
        folder: For all its files.
        seed: Of all that is random.
        seconds: How long the nemesis rages.
        store: Name of one.
        nodes: How many.
        clients: How many.
        weak: Protection to switch off, or empty.
        faketime: Library that moves clocks, or empty.
        pause_s: Of a client between two operations.
        timeout_s: Silence after which a master is replaced.
        unreached_s: After how long a master hands over that the others do not reach; 0 for never.
    """

    folder: Path
    seed: int
    seconds: float
    store: str = "directory"
    nodes: int = 3
    clients: int = 6
    weak: str = ""
    faketime: str = ""
    pause_s: float = 0.05
    timeout_s: float = 2.0
    unreached_s: float = 0.0


class Lab:
    """All processes of a run."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.began = time.monotonic()
        self.network = new_network()
        self.store = new_store(options.store)
        self.node_names = tuple(f"n{n + 1}" for n in range(options.nodes))
        self.client_names = tuple(f"c{n + 1}" for n in range(options.clients))
        self.nodes: dict[str, LabNode] = {}
        self.sights: list[Sight] = []
        self.app = ""
        self.entities: dict[str, str] = {}
        self._over = threading.Event()
        self._clients: list[subprocess.Popen[bytes]] = []
        self._watchers: list[threading.Thread] = []
        self._proxies: Proxies | None = None
        self._reached: dict[tuple[str, str], tuple[str, int]] = {}

    def now(self) -> float:
        return round(time.monotonic() - self.began, 4)

    def start(self) -> None:
        """Start everything; returns once clients are at work."""
        folder = self.options.folder
        ground = Ground(
            folder, timeout_s=self.options.timeout_s, unreached_s=self.options.unreached_s,
            weak=self.options.weak, faketime=self.options.faketime,
        )  # fmt: skip
        places = {name: self.network.join(name) for name in (*self.node_names, *self.client_names)}
        self.store.start(folder, {name: places[name] for name in self.node_names})
        for name in self.node_names:
            port = PORT if self.network.kind != LOOPBACK else free_port()
            self.nodes[name] = LabNode(
                name, ground, places[name], port=port, store=self.store.url(name)
            )
        self._start_proxies()
        for node in self.nodes.values():
            node.start()
        for node in self.nodes.values():
            self._await(node)
        self._deploy()
        self._start_watchers()
        for number, name in enumerate(self.client_names):
            self._start_client(number, places[name])
        eventually("a client has written", lambda: self.written_after(0.0) is not None)

    def _await(self, node: LabNode) -> None:
        try:
            eventually(f"{node.name} takes part", node.takes_part)
        except AssertionError as error:
            error.add_note(self.log_of(node)[-3000:])
            raise

    def master(self) -> LabNode | None:
        """Return who says that it leads, or None."""
        return next((node for node in self.nodes.values() if node.is_well("master")), None)

    # --- links ---------------------------------------------------------------------------------

    def cut(self, source: str, target: str) -> None:
        """Lose all that goes from one place to another."""
        self.network.cut(source, target)
        if self.network.kind == LOOPBACK:
            self._hold(source, target, held=True)

    def mend(self, source: str, target: str) -> None:
        self.network.mend(source, target)
        if self.network.kind == LOOPBACK:
            self._hold(source, target, held=False)

    def _hold(self, source: str, target: str, *, held: bool) -> None:
        """On loopback the proxies hold what goes that way; between nodes they know no source."""
        if target in self.nodes:
            by = proxy.ANY if source in self.nodes else source
            self.behave(by, target, proxy.Conduct(hold_up=held))
        if source in self.nodes:
            by = proxy.ANY if target in self.nodes else target
            self.behave(by, source, proxy.Conduct(hold_down=held))

    def behave(self, source: str, target: str, conduct: proxy.Conduct) -> None:
        """Let the link from a source to a node behave like this."""
        assert self._proxies is not None
        self._proxies.behave(source, target, conduct)

    def _start_proxies(self) -> None:
        place = self.network.join("proxies")
        listeners = tuple(self._listeners(place))
        links = proxy.Links(self.options.seed, listeners, self.network.names())
        self._proxies = Proxies(links, self.options.folder / "proxies.out", place.prefix)

    def _listeners(self, place: Place) -> list[proxy.Listener]:
        found = []
        for name, node in self.nodes.items():
            there = (node.place.address, node.port)
            if self.network.kind != LOOPBACK:
                here = (self.network.alias(name, place), PORT)
                found.append(proxy.Listener(name, here, there))
                self._reached |= {(client, name): here for client in self.client_names}
                node.published = f"http://{here[0]}:{here[1]}"
                continue
            for source in ("", *self.client_names):
                here = (place.address, free_port())
                found.append(proxy.Listener(name, here, there, source))
                self._reached[source, name] = here
            node.published = "http://{}:{}".format(*self._reached["", name])
        return found

    # --- what goes on ----------------------------------------------------------------------------

    def _deploy(self) -> None:
        folder = self.options.folder
        watched = {
            "checkRunning.command": "true",
            "softwareProcess.serviceProcessIsRunningPollPeriod": "1h",
            "launch.command": "true", "stop.command": "true",
        }  # fmt: skip
        services = [
            {"type": "org.apache.brooklyn.entity.stock.BasicEntity", "name": name}
            for name in (*SHELVES, *RACKS)
        ] + [{"type": "lab.Noting", "name": name, "brooklyn.config": watched} for name in MACHINES]
        plan = {
            "name": "lab", "location": "localhost", "services": services,
            "brooklyn.config": {"onbox.base.dir": str(folder / "box")},
        }  # fmt: skip
        once = {"Idempotency-Key": "lab"}  # a machine that stands still for seconds loses answers

        def deployed() -> str | None:
            node = self.master()
            reply = node and node.ask(
                "POST", "/v1/applications", json.dumps(plan), kind="application/yaml", headers=once
            )
            return str(reply.json["entityId"]) if reply and reply.status == 201 else None

        self.app = eventually("it is deployed", deployed)
        path = f"/v1/applications/{self.app}/entities"

        def running() -> list[Any] | None:
            node = self.master()
            if node is None:
                return None
            runs = node.ask("GET", f"{path}/{self.app}/sensors/service.state").body == b'"RUNNING"'
            return list(node.ask("GET", path).json) if runs else None

        children = eventually("the application runs", running)
        self.entities = {one["name"]: one["id"] for one in children}

    def _start_client(self, number: int, place: Place) -> None:
        folder, name = self.options.folder, place.name
        orders = Orders(
            name=name, seed=self.options.seed * 1000 + number, began=self.began,
            nodes={node: self._reached[name, node] for node in self.node_names},
            app=self.app, entities=self.entities, shelves=SHELVES, racks=RACKS, machines=MACHINES,
            account=str(folder / f"{name}.account"), ended=str(folder / "enough"),
            pause_s=self.options.pause_s,
        )  # fmt: skip
        command = [*place.prefix, sys.executable, "-m", "tests.lab.client"]
        with (folder / f"{name}.out").open("ab") as out:
            self._clients.append(
                subprocess.Popen(
                    [*command, msgspec.json.encode(orders).decode()],
                    stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                    cwd=Path(__file__).parents[2],
                )
            )  # fmt: skip

    def _start_watchers(self) -> None:
        for node in self.nodes.values():
            thread = threading.Thread(target=self._watch, args=(node,), daemon=True)
            thread.start()
            self._watchers.append(thread)

    def _watch(self, node: LabNode) -> None:
        before = ""
        while not self._over.is_set():
            at = self.now()
            reply = node.says("ready", timeout_s=0.4)
            state = reply.body.decode().strip().strip('"') if reply else "silent"
            if state != before:
                self.sights.append(Sight(at, node.name, state))
                before = state
            self._over.wait(_LOOK_S)

    def accounts(self) -> tuple[Op, ...]:
        """Return what the clients did so far."""
        ops: list[Op] = []
        for name in self.client_names:
            path = self.options.folder / f"{name}.account"
            lines = path.read_bytes().splitlines() if path.exists() else ()
            for line in lines:
                with contextlib.suppress(msgspec.DecodeError):  # the last may be half there
                    ops.append(msgspec.json.decode(line, type=Op))
        return tuple(ops)

    def written_after(self, moment: float) -> float | None:
        """Return when the first write was done that began after a moment."""
        ends = [
            one.end for op in self.accounts() if op.item for one in op.tries
            if one.outcome == DONE and one.begin > moment
        ]  # fmt: skip
        return min(ends, default=None)

    def end_clients(self) -> None:
        (self.options.folder / "enough").touch()
        for client in self._clients:
            assert client.wait(60) == 0, "a client has failed"
        self._over.set()
        for watcher in self._watchers:
            watcher.join()

    def log_of(self, node: LabNode) -> str:
        """Return all that a node said."""
        path = self.options.folder / f"{node.name}.out"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End everything."""
        self._over.set()
        self.store.close()
        if self._proxies is not None:
            self._proxies.close()
        for process in self._clients:
            if process.poll() is None:
                process.kill()
            process.wait()
        for node in self.nodes.values():
            node.close()
        self.network.close()
