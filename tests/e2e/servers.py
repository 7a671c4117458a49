"""Real servers for tests: processes on loopback, each with a home of its own and one shared store."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60.0
"""For what must happen; a test that waits longer has failed."""

BROOKLINE = Path(sys.executable).with_name("brookline")

QUICK = ("--set", "brooklyn.ha.pollPeriod=200ms", "--ha-timeout", "2s", "--write-wait", "3s")
"""Times with which a test of silences is short."""


@dataclass(frozen=True)
class Answer:
    """What a node answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def eventually(what: str, found: Callable[[], Any]) -> Any:
    """Return what `found` returns once it is true; errors of connections count as not yet."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, HTTPException):
            if (value := found()) is not None and value is not False:
                return value
        time.sleep(0.01)
    raise AssertionError(f"in vain: {what}")


class Server:
    """One node's process; may be started again on the same home and port."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.home = cluster.folder / name
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.scheme = "http"
        self.environment: dict[str, str] = {}
        self.paused = False

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, *options: str, store: bool = True) -> Server:
        """Start the process, and wait until it listens."""
        self.launch(*options, store=store)
        address = self.home / "address"
        eventually(f"{self.name} listens: {self.log()}", lambda: self._listens(address))
        self.port = urlsplit(address.read_text().strip()).port or 0
        return self

    def launch(self, *options: str, store: bool = True) -> None:
        """Start the process."""
        given = ["--home", str(self.home), "--port", str(self.port), *options]
        if store:
            given += ["--persistence-dir", str(self.cluster.store)]
        self.scheme = "https" if "--https" in options else "http"
        with (self.cluster.folder / f"{self.name}.out").open("ab") as out:
            self.process = subprocess.Popen(
                [BROOKLINE, "server", *given],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.cluster.folder,
                env=self.cluster.environment | self.environment,
            )
        self.paused = False

    def _listens(self, address: Path) -> bool:
        assert self._runs(), self.log()
        lock = self.home / "lock"
        mine = lock.exists() and f'"pid":{self.pid},' in lock.read_text()
        return mine and address.exists()

    def log(self) -> str:
        """Return all that the server has said on its terminal."""
        path = self.cluster.folder / f"{self.name}.out"
        return path.read_text() if path.exists() else ""

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        login: bool = True,
        timeout_s: float = PATIENCE_S,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = self.connect(timeout_s)
        try:
            sent = dict(headers or {})
            if login:
                sent |= self.cluster.login
            if body is not None and not isinstance(body, str | bytes):
                body = json.dumps(body)
                sent.setdefault("content-type", "application/json")
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def connect(self, timeout_s: float = PATIENCE_S) -> HTTPConnection:
        if self.scheme == "http":
            return HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return HTTPSConnection("127.0.0.1", self.port, timeout=timeout_s, context=context)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def knows(self, path: str) -> Any:
        """Return what is there; None while nothing is, or nothing of it is known."""
        answer = self.ask("GET", path)
        return (answer.status == 200 and answer.json) or None

    def is_well(self, probe: str) -> bool:
        """Ask one of the probes under ``/healthz``."""
        return self.ask("GET", f"/healthz/{probe}", login=False).status == 200

    def becomes(self, probe: str) -> Server:
        """Wait until a probe says 200."""
        try:
            eventually(f"{self.name} is {probe}", lambda: self._runs() and self.is_well(probe))
        except AssertionError as error:
            error.add_note(self.log())
            raise
        return self

    def _runs(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} has ended"
        return True

    def answers(self) -> bool:
        """Tell whether the process runs, and listens, and is not paused."""
        alive = self.process is not None and self.process.poll() is None
        return alive and not self.paused and bool(self.port)

    def has(self, app: str) -> bool:
        """Tell whether it can read an application."""
        return self.ask("GET", f"/v1/applications/{app}").status == 200

    def state(self) -> str:
        return str(self.get("/v1/server/ha/state"))

    def history(self) -> list[dict[str, Any]]:
        """Return the failovers, the last one first."""
        return list(self.get("/v1/server/ha/history"))

    def signal(self, number: signal.Signals) -> None:
        os.kill(int((self.home / "pid.txt").read_text()), number)

    def kill(self) -> None:
        """``kill -9 $(cat pid.txt)``."""
        self.signal(signal.SIGKILL)
        self.wait()
        self.paused = False

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        self.signal(signal.SIGCONT)

    def wait(self) -> int:
        """Wait for the end of the process; return its status."""
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Cluster:
    """Servers that share a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "shared"
        self.servers: dict[str, Server] = {}
        user_home = folder / "user"
        user_home.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BROOKLINE_")}
        self.environment = kept | {"HOME": str(user_home)}

    def __getitem__(self, name: str) -> Server:
        if name not in self.servers:
            self.servers[name] = Server(self, name)
        return self.servers[name]

    @property
    def login(self) -> dict[str, str]:
        """The header of the admin whose password one of the homes keeps."""
        for server in self.servers.values():
            with contextlib.suppress(FileNotFoundError):
                password = (server.home / "admin-password").read_text().strip()
                token = base64.b64encode(f"admin:{password}".encode()).decode()
                return {"Authorization": f"Basic {token}"}
        return {}

    def pair(self, *options: str, first: tuple[str, ...] = ()) -> tuple[Server, Server]:
        """Start a master and a standby that is ready to follow it."""
        master = self["n1"].start(*options, *first).becomes("master")
        second = self["n2"].start(*options).becomes("standby").becomes("read")
        eventually("the master knows its heir", lambda: self.heir(master) == "n2")
        return master, second

    def heir(self, master: Server) -> str:
        """Return the name of the node that would follow next, as the master sees it."""
        nodes = master.get("/v1/server/ha/states")["nodes"].values()
        return next((node["name"] for node in nodes if node["next"] == 0), "")

    def deploy(self, server: Server, name: str = "app") -> str:
        """Deploy an application with one entity; return its id once all that read have it."""
        plan = f"name: {name}\nservices:\n- type: org.apache.brooklyn.entity.stock.BasicEntity\n"
        answer = server.ask(
            "POST", "/v1/applications", plan, headers={"content-type": "application/yaml"}
        )
        assert answer.status == 201, answer
        app = answer.headers["location"].rpartition("/")[2]
        for other in self.servers.values():
            if other.answers() and other.is_well("read"):
                eventually(f"{other.name} has it", lambda other=other: other.has(app))
        return app

    def typed(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command, as a user types it in the folder of the homes."""
        return subprocess.run(
            [BROOKLINE, *words],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip

    def typing(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command, as a user types it in the folder of the homes."""
        return subprocess.Popen(
            [BROOKLINE, *words],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def close(self) -> None:
        for server in self.servers.values():
            server.close()


class Writer:
    """A client with all addresses that keeps writing to whichever node is up.

    Each write sets another sensor of one entity. A refused connection is tried at the next address;
    any other trouble is kept in `errors`.

    Args:
        servers: To write to.
        app: Id of the application that is written to.
        keeps: Whether connections are kept, as long as the server does.
        prefix: Of the sensors' names.
    """

    def __init__(
        self, servers: list[Server], app: str, *, keeps: bool = False, prefix: str = "w"
    ) -> None:
        self.acknowledged: list[str] = []
        self.errors: list[str] = []
        self._servers = servers
        self._path = f"/v1/applications/{app}/entities/{app}/sensors"
        self._keeps = keeps
        self._prefix = prefix
        self._at = 0
        self._connection: HTTPConnection | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        self.writes(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._hang_up()

    def writes(self, more: int) -> None:
        """Wait until so many more writes were acknowledged."""
        goal = len(self.acknowledged) + more
        eventually(
            f"{more} more writes; errors: {self.errors[:3]}",
            lambda: len(self.acknowledged) >= goal or None,
        )

    def lost(self, server: Server) -> list[str]:
        """Return what was acknowledged, and is not found on a node."""
        found = server.get(f"{self._path}/current-state")
        return [name for name in self.acknowledged if found.get(name) != f"value of {name}"]

    def _run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            name = f"{self._prefix}{number}"
            try:
                status = self._write(name)
            except ConnectionRefusedError:
                self._at += 1
                time.sleep(0.005)
            except (OSError, HTTPException) as error:
                self.errors.append(f"{name} by {self._server.name}: {error!r}")
                self._hang_up()
            else:
                if status in (200, 204):
                    self.acknowledged.append(name)
                else:
                    self.errors.append(f"{name} by {self._server.name}: {status}")

    @property
    def _server(self) -> Server:
        return self._servers[self._at % len(self._servers)]

    def _write(self, name: str) -> int:
        if self._connection is None:
            connection = self._server.connect()
            connection.connect()
            self._connection = connection
        headers = self._server.cluster.login | {"content-type": "application/json"}
        self._connection.request(
            "POST", f"{self._path}/{name}", json.dumps(f"value of {name}"), headers
        )
        response = self._connection.getresponse()
        response.read()
        if response.will_close or not self._keeps:
            self._hang_up()
        return response.status

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
