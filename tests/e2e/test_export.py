"""The state of one plane, exported and imported into another, with real servers and a process."""

from __future__ import annotations

import pytest
from tests.e2e.servers import Cluster, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

PLAN = """
name: site
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: sleeper
  brooklyn.config:
    launch.command: |
      sleep 600 & echo $! > pid.txt
"""


def test_an_application_moves_to_another_plane_and_is_managed_there(cluster, tmp_path):
    (tmp_path / "second").mkdir()
    second = Cluster(tmp_path / "second")
    try:
        here = cluster["n1"].start().becomes("master")
        there = second["m1"].start().becomes("master")
        told = here.ask(
            "POST", "/v1/applications", PLAN, headers={"content-type": "application/yaml"}
        )
        app = told.headers["location"].rpartition("/")[2]
        sleeper = here.get(f"/v1/applications/{app}/entities")[0]["id"]
        path = f"/v1/applications/{app}/entities/{sleeper}/sensors"
        state = f"{path}/service.state"
        eventually("it runs", lambda: here.ask("GET", state).json == "RUNNING")
        exported = here.ask("GET", "/v1/server/ha/persist/export")
        here.signal(15)
        here.wait()

        imported = there.ask("POST", "/v1/server/ha/persist/import", exported.body)

        assert imported.status == 200, imported
        assert there.get(state) == "RUNNING"
        kill = f"/v1/applications/{app}/entities/{sleeper}/effectors/stop?timeout=20s"
        assert there.ask("POST", kill, {}).status in (200, 202, 204)
        eventually("it stopped", lambda: there.ask("GET", state).json == "STOPPED")
    finally:
        second.close()
