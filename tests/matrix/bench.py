"""Two real servers that lead in turn, and what is done on them."""

from __future__ import annotations

import contextlib
import json
import shutil
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.servers import Cluster, Server, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

PLUGIN = Path(__file__).parent / "plugin"
OPTIONS = ("--set", "brooklyn.ha.pollPeriod=200ms", "--ha-timeout", "3s")

WATCHED = {
    "checkRunning.command": "test -e running",
    "softwareProcess.serviceProcessIsRunningPollPeriod": "1h",
}

_ENTRY_POINTS = "[brookline.entities]\nfailover-matrix = failover_matrix\n"
_METADATA = "Metadata-Version: 2.1\nName: failover-matrix\nVersion: 0\n"


def with_plugin(cluster: Cluster) -> Path:
    """Have the servers of a cluster load the plugin; return the folder in which they are held."""
    installed, holds = cluster.folder / "installed", cluster.folder / "holds"
    shutil.copytree(PLUGIN, installed, ignore=shutil.ignore_patterns("__pycache__"))
    about = installed / "failover_matrix-0.dist-info"
    about.mkdir()
    (about / "entry_points.txt").write_text(_ENTRY_POINTS)
    (about / "METADATA").write_text(_METADATA)
    holds.mkdir()
    before = cluster.environment.get("PYTHONPATH", "")
    cluster.environment["PYTHONPATH"] = f"{installed}:{before}".rstrip(":")
    cluster.environment["FAILOVER_MATRIX"] = str(holds)
    return holds


class Holds:
    """Where servers are held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hold(self, server: Server, moment: str, step: str) -> None:
        """Have a server wait at a moment of every step of this name."""
        for before in self._held(server):
            before.unlink()
        part = self._folder / "part"
        part.write_text(f"{moment} {step}")
        part.rename(self._sign(server.pid))

    def held(self, server: Server) -> int:
        """Return how many steps wait."""
        return len(self._held(server))

    def release(self, pid: int) -> None:
        self._sign(pid).unlink(missing_ok=True)

    def _held(self, server: Server) -> list[Path]:
        return list(self._folder.glob(f"held.{server.pid}.*"))

    def _sign(self, pid: int) -> Path:
        return self._folder / f"hold.{pid}"


class Bench:
    """A pair of servers that is used again and again: who ended is started anew."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.cluster = Cluster(folder)
        self.holds = Holds(with_plugin(self.cluster))
        self._servers = [self.cluster["n1"], self.cluster["n2"]]

    def ready(self) -> tuple[Server, Server]:
        """Return a master, and a standby that is ready to follow it."""
        for server in self._servers:
            if server.process is None or server.process.poll() is not None:
                server.start(*OPTIONS)
        master = eventually("somebody leads", self.master)
        other = next(one for one in self._servers if one is not master)
        other.becomes("standby").becomes("read")
        eventually("the master knows its heir", lambda: self.cluster.heir(master) == other.name)
        return master, other

    def master(self) -> Server | None:
        """Return who leads, or None."""
        return next((one for one in self._servers if self._leads(one)), None)

    def log(self) -> str:
        """Return the ends of what the servers said."""
        return "\n".join(f"{one.name}:\n{one.log()[-6000:]}" for one in self._servers)

    def close(self) -> None:
        self.cluster.close()

    @staticmethod
    def _leads(server: Server) -> bool:
        with contextlib.suppress(OSError, HTTPException):
            return server.is_well("master")
        return False


class App:
    """An application whose commands write down when they begin and end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.trace = folder / "trace"
        self.trace.touch()
        self.task = ""
        self._gates = folder / "gates"
        self._gates.mkdir()
        self._app = ""

    def close_gates(self, commands: Sequence[str]) -> None:
        """Have commands wait once they have begun."""
        for command in commands:
            (self._gates / command).touch()

    def open_gates(self) -> None:
        for gate in self._gates.iterdir():
            gate.unlink()

    def open_gate(self, command: str) -> None:
        (self._gates / command).unlink()

    def lines(self) -> list[str]:
        """Return what the commands wrote down."""
        return self.trace.read_text().splitlines()

    def plan(self, commands: Sequence[str]) -> dict[str, Any]:
        """Return a blueprint with one process, which runs these commands, and one herd."""
        given = {f"{one.replace('-', '.')}.command": self.script(one) for one in commands}
        config = {**WATCHED, **given}
        services = [
            {"type": "failover_matrix.Traced", "name": "process", "brooklyn.config": config},
            {"type": "failover_matrix.Herd", "name": "herd"},
        ]
        return {
            "name": self.folder.name,
            "location": "localhost",
            "services": services,
            "brooklyn.config": {"onbox.base.dir": str(self.folder / "box")},
        }

    def deploy(self, server: Server, commands: Sequence[str]) -> None:
        """Begin to deploy it."""
        headers = {"content-type": "application/yaml"}
        plan = json.dumps(self.plan(commands))
        answer = server.ask("POST", "/v1/applications", plan, headers=headers)
        assert answer.status == 201, answer
        self.follow(answer.json)

    def follow(self, task: dict[str, Any]) -> None:
        """Have to do with the application that a task starts."""
        self._app, self.task = task["entityId"], task["id"]

    def call(self, server: Server, entity: str, effector: str, params: dict[str, Any]) -> None:
        """Begin an effector."""
        path = f"{self.path(entity)}/effectors/{effector}?timeout=0"
        answer = server.ask("POST", path, params)
        assert answer.status == 202, answer
        self.task = answer.json["id"]

    def path(self, entity: str) -> str:
        return f"/v1/applications/{self._app}/entities/{entity}"

    def config(self, command: str) -> dict[str, Any]:
        """Return the config of a process whose launch is this command."""
        return {**WATCHED, "launch.command": self.script(command)}

    def script(self, command: str) -> str:
        """Return a command that writes down its begin and its end, and waits in between."""
        does = {"launch": "touch running", "child": "touch running", "stop": "rm running"}
        done = does.get(command.rstrip("-0123456789"), "")
        return (
            f'say() {{ echo "$1 {command}" >>"{self.trace}"; echo "$1"; }}\n'
            f'say begin\nwhile test -e "{self._gates / command}"; do sleep 0.02; done\n'
            f"{done}\nsay end\n"
        )

    def finished(self, server: Server) -> dict[str, Any]:
        """Wait for the end of the task; return it."""

        def look() -> dict[str, Any] | None:
            answer = server.ask("GET", f"/v1/activities/{self.task}")
            assert answer.status in (200, 202), answer
            return answer.json if answer.status == 200 else None

        found: dict[str, Any] = eventually("the task ends", look)
        return found

    def streams(self, server: Server, step: str) -> list[str]:
        """Return what each step of this name has written so far, as a server shows it."""
        below = server.get(f"/v1/activities/{self.task}/children/recurse?limit=-1")
        found = []
        for task in below.values():
            if task["displayName"] == step and "stdout" in task["streams"]:
                answer = server.ask("GET", f"/v1/activities/{task['id']}/stream/stdout")
                found.append(answer.body.decode() if answer.status == 200 else "")
        return found
