"""Mode and priority of a node are set through another one, whose certificate is the only one known."""

from __future__ import annotations

import signal
import subprocess
from urllib.parse import urlencode

import pytest
from tests.e2e.servers import BROOKLINE, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def pair(cluster):
    """A master and a standby, each with a certificate that it has made for itself."""
    n1, n2 = cluster.pair("--https")
    eventually("n1 knows its heir", lambda: cluster.heir(n1) == "n2")
    return n1, n2


def ask(door, node, what, **form):
    path = f"/v1/server/ha/nodes/{node}/{what}"
    return door.ask("POST", path, urlencode(form), headers=FORM)


def of(server):
    return server.get("/v1/server/ha/states")["ownId"]


def test_priority_and_mode_of_either_are_set_through_the_other(pair):
    n1, n2 = pair

    assert ask(n1, "n2", "priority", priority=5).json == 0
    assert ask(n2, of(n1), "priority", priority=3).json == 0
    assert ask(n1, "n2", "state", mode="HOT_BACKUP").json == "HOT_STANDBY"

    assert [one.get("/v1/server/ha/priority") for one in (n1, n2)] == [3, 5]
    assert (n1.state(), n2.state()) == ("MASTER", "HOT_BACKUP")


def test_the_lead_goes_from_one_to_the_other_and_back_by_what_one_is_asked(pair):
    n1, n2 = pair

    assert ask(n2, "n1", "state", mode="HOT_STANDBY", reason="disk").json == "MASTER"
    n2.becomes("master")
    eventually("n1 stands by", lambda: n1.state() == "HOT_STANDBY")
    given = ask(n2, "n1", "state", mode="MASTER", reason="new disk")

    assert (given.status, n1.state()) == (200, "MASTER")
    reasons = [one["endReason"] for one in n1.history()[:3]]
    assert reasons == [
        None, "asked for by admin: new disk", "demoted to HOT_STANDBY by admin: disk",
    ]  # fmt: skip
    eventually("n2 stands by", lambda: n2.state() == "HOT_STANDBY")


def test_a_node_that_is_gone_is_not_asked(pair):
    n1, n2 = pair
    n2.kill()

    told = ask(n1, "n2", "priority", priority=5)

    assert told.status in (409, 503), told  # it may count as failed already
    if told.status == 503:
        assert told.json["data"]["outcome"] == "not-done"

    n2.start("--https").becomes("standby")
    assert n2.get("/v1/server/ha/priority") == 0
    n2.signal(signal.SIGTERM)
    assert n2.wait() == 0
    eventually("n1 knows", lambda: ask(n1, "n2", "priority", priority=5).status == 409)
    assert ask(n1, "n2", "priority", priority=5).json["message"].startswith("n2 has ended")
    assert ask(n1, "n7", "priority", priority=5).status == 400


def test_commands_that_know_one_certificate_reach_every_node(pair, cluster, tmp_path_factory):
    n1, n2 = pair
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    certificate = n1.home / "data" / "tls" / "certificate.pem"
    password = (n1.home / "admin-password").read_text().strip()

    def typed(*words):
        ran = subprocess.run(
            [BROOKLINE, "--url", n1.url, "--cacert", certificate, "--user", "admin", *words],
            cwd=elsewhere, env=cluster.environment | {"BROOKLINE_PASSWORD": password},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran
        return ran.stdout

    assert typed("ha", "priority", "n2", "4") == "n2: priority 0 → 4\n"
    assert "n2: HOT_STANDBY → HOT_BACKUP" in typed("ha", "mode", "n2", "hot_backup")
    assert "n2 leads" in typed("ha", "promote", "n2", "--yes")
    assert (n2.get("/v1/server/ha/priority"), n2.state()) == (4, "MASTER")
