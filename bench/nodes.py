"""Servers under measurement: real processes, started as users start them."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PORTS = range(18_100, 19_000)
LOOK_S = 0.005
PATIENCE_S = 180.0

_ports = itertools.cycle(PORTS)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a node has answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One kept connection to one node."""

    def __init__(self, port: int, password: str, timeout_s: float = 60.0) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        self.login: dict[str, str] = {}
        if password:
            word = base64.b64encode(f"admin:{password}".encode()).decode()
            self.login = {"Authorization": f"Basic {word}"}

    @property
    def sock(self) -> socket.socket | None:
        return self._http.sock

    def connect(self) -> None:
        self._http.connect()

    def ask(self, method: str, path: str, body: bytes | None = None, media: str = "") -> Answer:
        headers = {**self.login, **({"Content-Type": media} if media else {})}
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        data = answer.read()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)

    def close(self) -> None:
        self._http.close()


class Node:
    """One server process and its home."""

    def __init__(self, folder: Path, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self.home = folder / name
        self.shared = folder / "shared"
        self.store = str(self.shared)
        self.started = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was not started"
        return self._process

    @property
    def password(self) -> str:
        """That of the plane, from the home of any of its nodes."""
        for path in self.home.parent.glob("*/admin-password"):
            if word := path.read_text().strip():
                return word
        return ""

    def start(self, *options: str) -> Self:
        """Start the process; it goes on until it is ended here."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [str(Path(sys.executable).with_name("brookline")), "server"]
        command += ["--home", str(self.home), "--persistence-dir", self.store]
        command += ["--port", str(self.port), "--no-global-properties", *options]
        with (self.home / "console.log").open("ab") as console:
            self.started = time.perf_counter()
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
            )
        return self

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait(10)

    def end(self) -> None:
        """End it, gracefully if it can."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def connection(self, timeout_s: float = 60.0) -> Connection:
        return Connection(self.port, self.password, timeout_s)

    def ask(self, method: str, path: str, body: bytes | None = None, media: str = "") -> Answer:
        """Make one call, on a connection of its own."""
        connection = self.connection(PATIENCE_S)
        with contextlib.closing(connection):
            return connection.ask(method, path, body, media)

    def state(self) -> str:
        """Return its own word for what it is; empty while it does not answer."""
        try:
            answer = self.ask("GET", "/v1/server/ha/state")
        except (OSError, http.client.HTTPException):
            return ""
        return str(answer.json()) if answer.status == 200 else ""

    def is_up(self) -> bool:
        try:
            answer = self.ask("GET", "/v1/server/up")
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == 200 and answer.json() is True

    def wait_for_state(self, *states: str) -> float:
        """Return how many seconds after its start the node is up and in one of these states."""
        wait_until(lambda: self._lives() and self.is_up() and self.state() in states)
        return time.perf_counter() - self.started

    def memory_mb(self) -> float:
        """Return the resident memory, in millions of bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)

    def _lives(self) -> bool:
        if self.process.poll() is not None:
            said = (self.home / "console.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.name} has ended: {said}")
        return True


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Look every few milliseconds until something holds."""
    deadline = time.perf_counter() + patience_s
    while not holds():
        if time.perf_counter() > deadline:
            raise TimeoutError("what was waited for did not come")
        time.sleep(LOOK_S)


@contextlib.contextmanager
def plane(folder: Path, *names: str) -> Iterator[list[Node]]:
    """Give nodes of one plane that are not started yet; all end with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = [
        Node(folder, name, port) for name, port in zip(names, free_ports(len(names)), strict=True)
    ]
    try:
        yield nodes
    finally:
        for node in reversed(nodes):
            node.end()


def start_all(nodes: list[Node], *options: str) -> None:
    """Start the first as master, then the others as hot standbys."""
    nodes[0].start(*options).wait_for_state("MASTER")
    for node in nodes[1:]:
        node.start(*options).wait_for_state("HOT_STANDBY")


def deploy(node: Node, plan: str) -> str:
    """Deploy a blueprint and return the application's id."""
    answer = node.ask("POST", "/v1/applications", plan.encode(), "text/yaml")
    assert answer.status == 201, answer.body[:500]
    return str(answer.json()["entityId"])


def many(count: int) -> str:
    """Return a blueprint of so many entities."""
    return (
        "name: many\nservices:\n" + "- type: org.apache.brooklyn.entity.stock.BasicEntity\n" * count
    )


def entities(node: Node, app: str) -> list[str]:
    """Return the ids of an application's children."""
    answer = node.ask("GET", f"/v1/applications/{app}/entities")
    return [str(entity["id"]) for entity in answer.json()]


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, each time others, away from those of other tools."""
    found: list[int] = []
    while len(found) < count:
        port = next(_ports)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                sock.bind(("127.0.0.1", port))
                found.append(port)
    return found
