"""brookline ha drill on real servers: every way to end a mastership, and what it leaves behind."""

from __future__ import annotations

import json

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
