"""Work that is cut off in the midst of what must not be done twice."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from tests.e2e.servers import QUICK, eventually

PLUGIN = Path(__file__).parent / "plugin"
TILL = "name: shop\nservices:\n- {type: cut_off.Till, name: till}\n"


class Till:
    """A master that is killed while it charges, and the node that follows it."""

    def __init__(self, cluster):
        self.folder = cluster.folder / "till"
        self.folder.mkdir()
        installed = cluster.folder / "installed"
        shutil.copytree(PLUGIN, installed, ignore=shutil.ignore_patterns("__pycache__"))
        about = installed / "cut_off-0.dist-info"
        about.mkdir()
        (about / "entry_points.txt").write_text("[brookline.entities]\ncut-off = cut_off\n")
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cut-off\nVersion: 0\n")
        before = cluster.environment.get("PYTHONPATH", "")
        cluster.environment["PYTHONPATH"] = f"{installed}:{before}".rstrip(":")
        cluster.environment["CUT_OFF"] = str(self.folder)
        self.cluster = cluster

    def is_cut_off(self):
        """Kill the master while it charges; return its follower and the task."""
        first, second = self.cluster.pair(*QUICK)
        app = deployed(first, TILL)
        self.path = f"/v1/applications/{app}/entities/till"
        eventually("it runs", lambda: self.sensors(first).get("service.state") == "RUNNING")
        told = first.ask("POST", f"{self.path}/effectors/charge?timeout=0", {"amount": 7})
        eventually("it pays", lambda: "pay 7" in self.trace())
        first.kill()
        second.becomes("master")
        return second, told.json["id"]

    def trace(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "trace").read_text().splitlines()
        return []

    def open_gate(self):
        (self.folder / "gate").touch()

    def problems(self, server):
        return self.sensors(server)["service.problems"]

    def sensors(self, server):
        return server.get(f"{self.path}/sensors/current-state")


def deployed(server, plan):
    answer = server.ask(
        "POST", "/v1/applications", plan, headers={"content-type": "application/yaml"}
    )
    assert answer.status == 201, answer
    return answer.json["entityId"]
