"""brookline ha drill on real servers: every way to end a mastership, and what it leaves behind."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from tests.e2e.servers import QUICK, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]

REASONS = {"--graceful": "resigned", "--kill": "process gone", "--pause": "heartbeat timeout"}


@pytest.mark.parametrize("how", REASONS)
def test_a_drill_loses_nothing_says_what_it_cost_and_cleans_up(cluster, how):
    n1, n2 = cluster.pair(*QUICK)
    app = cluster.deploy(n1)
    ran = cluster.typed("ha", "drill", how, "--yes", "-o", "json", "--home", str(n1.home))
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["sound"]
    assert (report["lost"], report["doubled"], report["refused"]) == ([], [], [])
    assert report["acknowledged"] >= 20
    assert [row["reason"] for row in report["changes"]] == [REASONS[how]]
    n2.becomes("master")
    if how == "--kill":
        assert n1.wait() == -9
        assert f"start n1 again: brookline server --home {n1.home}" in ran.stderr
    else:
        eventually("n1 stands by", lambda: n1.is_well("standby"))
    (left,) = n2.get("/v1/applications")
    assert left["id"] == app


PATIENT = ("--set", "brooklyn.ha.pollPeriod=200ms", "--ha-timeout", "30s", "--write-wait", "3s")
"""Nobody else leads before the drill is ended."""


def is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_drill_that_is_ended_lets_the_master_go_on_and_removes_what_it_made(cluster, number):
    n1, _ = cluster.pair(*PATIENT)
    drill = cluster.typing("ha", "drill", "--pause", "--yes", "--home", str(n1.home))
    try:
        eventually("n1 is paused", lambda: is_stopped(n1.pid))
        drill.send_signal(number)
        _, err = drill.communicate(timeout=90)
        assert drill.returncode == 130, err
        assert not is_stopped(n1.pid)
    finally:
        n1.resume()
        drill.kill()
        drill.communicate()
    eventually("the drill's application is gone", lambda: n1.get("/v1/applications") == [])
