"""The nodes of a run: server processes as users start them, each in its place."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.e2e.builds import build
from tests.e2e.servers import BROOKLINE
from tests.lab.client import PASSWORD, USER

if TYPE_CHECKING:
    from tests.lab.network import Place

PORT = 8081
PLUGIN = Path(__file__).parent / "plugin"
OPTIONS = (
    "--set", "brooklyn.ha.pollPeriod=200ms", "--write-wait", "3s", "--no-global-properties",
)  # fmt: skip

_PROPERTIES = f"""\
brooklyn.webconsole.security.users={USER}
brooklyn.webconsole.security.user.{USER}.password={PASSWORD}
"""
_METADATA = "Metadata-Version: 2.1\nName: lab-machine\nVersion: 0\n"
_ENTRY_POINTS = "[brookline.entities]\nlab-machine = lab_machine\n"
_LOGIN = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}


class Reply(NamedTuple):
    """What a node answered the runner."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


class Ground:
    """What all nodes of a run have in common."""

    def __init__(
        self,
        folder: Path,
        *,
        timeout_s: float,
        unreached_s: float = 0.0,
        weak: str = "",
        faketime: str = "",
    ) -> None:
        self.options = (
            "--ha-timeout", f"{round(timeout_s * 1000)}ms",
            "--ha-unreached", f"{round(unreached_s * 1000)}ms", *OPTIONS,
        )  # fmt: skip
        self.folder = folder
        self.weak = weak
        self.faketime = faketime
        self.trace = folder / "trace"
        self.trace.touch()
        self.properties = folder / "lab.properties"
        self.properties.write_text(_PROPERTIES)
        self.properties.chmod(0o600)
        installed = folder / "installed"
        shutil.copytree(PLUGIN, installed, ignore=shutil.ignore_patterns("__pycache__"))
        about = installed / "lab_machine-0.dist-info"
        about.mkdir()
        (about / "entry_points.txt").write_text(_ENTRY_POINTS)
        (about / "METADATA").write_text(_METADATA)
        self.later = build(folder / "later")
        user_home = folder / "user"
        user_home.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BROOKLINE_")}
        self.environment = kept | {
            "HOME": str(user_home),
            "PYTHONPATH": str(installed),
            "BROOKLINE_LAB_TRACE": str(self.trace),
        }

    def environment_of(self, *, later: bool) -> dict[str, str]:
        """Return the environment of a server, of the later version or of the former."""
        if not later:
            return self.environment
        return self.environment | {"PYTHONPATH": f"{self.later}:{self.environment['PYTHONPATH']}"}

    @property
    def command(self) -> list[str]:
        """Return how a server is started: the product itself, or a build without some protection."""
        if self.weak:
            return [sys.executable, "-m", "tests.lab.server", self.weak]
        return [str(BROOKLINE), "server"]


class LabNode:
    """One node: killed, paused, ended, and started again on its home."""

    def __init__(self, name: str, ground: Ground, place: Place, *, port: int, store: str) -> None:
        self.name = name
        self.place = place
        self.port = port
        self.home = ground.folder / name
        self.lock = threading.RLock()
        self.published = ""
        self._ground = ground
        self._store = store
        self._clock = ground.folder / f"{name}.clock"
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False
        self._later = False
        self.set_clock(0)

    def change_version(self) -> None:
        """Let it be of the other version from its next start on."""
        self._later = not self._later

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process if there is none; it is not waited for."""
        with self.lock:
            if self.lives:
                return
            command = [
                *self.place.prefix, *self._ground.command, "--home", str(self.home),
                "--name", self.name, "--bind", self.place.address, "--port", str(self.port),
                "--persistence-dir", self._store, "--local-properties", str(self._ground.properties),
                "--node-address", self.published, *self._ground.options,
            ]  # fmt: skip
            with (self._ground.folder / f"{self.name}.out").open("ab") as out:
                self._process = subprocess.Popen(
                    command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                    cwd=Path(__file__).parents[2], env=self._environment(),
                )  # fmt: skip
            self._paused = False

    def _environment(self) -> dict[str, str]:
        environment = self._ground.environment_of(later=self._later)
        if not self._ground.faketime:
            return environment
        return environment | {
            "LD_PRELOAD": self._ground.faketime,
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_clock(self, seconds: float) -> None:
        """Let its wall clock be wrong by so much."""
        part = self._clock.with_suffix(".part")
        part.write_text(f"{seconds:+.0f}\n")
        part.replace(self._clock)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        with self.lock:
            if self.lives and self._process is not None:
                self._paused = {signal.SIGSTOP: True, signal.SIGCONT: False}.get(
                    number, self._paused
                )
                self._process.send_signal(number)

    def ended_within(self, seconds: float) -> bool:
        """Wait for the end of the process."""
        process = self._process
        if process is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.poll() is not None

    def ask(self, method: str, path: str, body: str = "", **more: Any) -> Reply:
        """Send a request from the runner, which nothing is cut off from."""
        timeout_s = more.get("timeout_s", 10.0)
        connection = http.client.HTTPConnection(self.place.address, self.port, timeout=timeout_s)
        try:
            headers = _LOGIN | {"Content-Type": more.get("kind", "application/json")}
            headers |= more.get("headers", {})
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, named, response.read())
        finally:
            connection.close()

    def says(self, probe: str, timeout_s: float = 0.5) -> Reply | None:
        """Return what a probe says, or None if nothing does."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("GET", f"/healthz/{probe}", timeout_s=timeout_s)
        return None

    def is_well(self, probe: str) -> bool:
        reply = self.says(probe)
        return reply is not None and reply.status == 200

    def takes_part(self) -> bool:
        """Tell whether it answers reads; one that has ended by itself is started again.

        A busy machine may stall its loop for the whole time-out, which is short here: then it ends.
        """
        self.start()
        return self.is_well("read")

    def close(self) -> None:
        with self.lock:
            if self.lives and self._process is not None:
                self._process.kill()
                self._process.send_signal(signal.SIGCONT)
                self._process.wait(10)


def eventually(what: str, found: Any, patience_s: float = 90.0) -> Any:
    """Return what `found` returns once it is true."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if value := found():
                return value
        time.sleep(0.02)
    raise AssertionError(f"in vain: {what}")
