"""What a user does with two servers on one folder: by hand, as in AMP's document."""

from __future__ import annotations

import signal

import pytest
from tests.e2e.servers import QUICK, Writer, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]


def states_of(server, name):
    nodes = server.get("/v1/server/ha/states")["nodes"].values()
    return sorted(node["status"] for node in nodes if node["name"] == name)


def test_a_standby_takes_over_from_a_killed_master_and_nothing_acknowledged_is_lost(cluster):
    n1, n2 = cluster.pair(first=("--ha", "master"))
    states = n2.get("/v1/server/ha/states")
    assert sorted(n["status"] for n in states["nodes"].values()) == ["HOT_STANDBY", "MASTER"]
    app = cluster.deploy(n2)

    with Writer([n1, n2], app) as writer:
        killed = n1.pid
        n1.kill()
        writer.writes(50)

    assert n2.state() == "MASTER"
    assert writer.lost(n2) == []
    newest, first = n2.history()
    assert (newest["name"], newest["reason"], newest["guess"]) == ("n2", "process gone", False)
    assert newest["from"] == first["node"]

    n1.start("--ha", "auto").becomes("standby").becomes("read")
    assert n1.pid != killed
    assert n1.state() == "HOT_STANDBY"
    assert writer.lost(n1) == []
    eventually("both", lambda: states_of(n2, "n1") == ["HOT_STANDBY", "TERMINATED"])


def test_the_same_settings_work_from_the_documents_files(cluster):
    for name, mode in (("n1", "MASTER"), ("n2", "AUTO")):
        etc = cluster.folder / name / "etc"
        etc.mkdir(parents=True)
        (etc / "org.apache.brooklyn.osgilauncher.cfg").write_text(
            f"highAvailabilityMode: {mode}\npersistMode: AUTO\npersistenceDir: {cluster.store}\n"
        )
        (etc / "brooklyn.cfg").write_text("brooklyn.ha.heartbeatTimeout=40s\nfoo.bar=1\n")
    settings = cluster.folder / "user" / ".brooklyn"
    settings.mkdir()
    (settings / "brooklyn.properties").write_text("brooklyn.ha.heartbeatTimeout=20s\n")

    n1 = cluster["n1"].start(store=False).becomes("master")
    n2 = cluster["n2"].start(store=False).becomes("standby")

    assert n1.get("/v1/server/ha/metrics")["highAvailability"]["heartbeatTimeout"] == 20_000
    assert n2.get("/v1/server/ha/states")["masterId"] == n1.get("/v1/server/ha/states")["ownId"]
    assert "etc/brooklyn.cfg:2: unknown key foo.bar" in n1.log()


def test_users_of_amps_properties_log_in(cluster):
    etc = cluster.folder / "n1" / "etc"
    etc.mkdir(parents=True)
    (etc / "brooklyn.cfg").write_text(
        "brooklyn.webconsole.security.users=ann\n"
        "brooklyn.webconsole.security.user.ann.password=secret\n"
    )
    n1 = cluster["n1"].start().becomes("master")

    def status(token: str) -> int:
        headers = {"authorization": f"Basic {token}"}
        return n1.ask("GET", "/v1/server/user", login=False, headers=headers).status

    assert status("YW5uOnNlY3JldA==") == 200  # ann:secret
    assert status("YW5uOndyb25n") == 401  # ann:wrong
    assert status("YWRtaW46YWRtaW4=") == 401  # admin:admin
    assert not (n1.home / "admin-password").exists()


def test_a_cold_standby_follows_the_users_and_forwards_writes_but_shows_nothing(cluster):
    n1 = cluster["n1"].start().becomes("master")
    n2 = cluster["n2"].start("--ha", "standby").becomes("standby")

    assert n2.state() == "STANDBY"
    eventually("n2 keeps the users", (n2.home / "data" / "users.json").exists)
    app = cluster.deploy(n2)
    assert [found["id"] for found in n1.get("/v1/applications")] == [app]
    assert n2.ask("GET", "/v1/applications").status == 403


def test_https_listens_with_a_certificate_of_its_own_and_nodes_talk_by_it(cluster):
    n1 = cluster["n1"].start("--https").becomes("master")
    n2 = cluster["n2"].start("--https").becomes("read")
    app = cluster.deploy(n2)

    with Writer([n2], app) as writer:
        pass

    assert n1.state() == "MASTER"
    assert writer.errors == []
    assert writer.lost(n1) == []


def test_a_paused_master_is_replaced_acknowledges_nothing_more_and_follows(cluster):
    n1, n2 = cluster.pair(*QUICK)
    app = cluster.deploy(n1)
    path = f"/v1/applications/{app}/entities/{app}/sensors"
    kept = n1.connect()
    kept.request("GET", "/v1/server/version", headers=cluster.login)
    kept.getresponse().read()

    with Writer([n2, n1], app) as writer:
        n1.pause()
        late = [n1.connect() for _ in range(5)]
        for number, connection in enumerate((kept, *late)):
            connection.request(
                "POST",
                f"{path}/late{number}",
                '"sent while it slept"',
                cluster.login | {"content-type": "application/json"},
            )
        n2.becomes("master")
        writer.writes(50)
        # Longer than writes are held: clients of the sleeping node have long asked another.
        slept = n2.history()[0]["activeUtc"]
        eventually(
            "writes are held no more",
            lambda: n2.get("/v1/server/ha/metrics")["currentTimeUtc"] > slept + 3_000,
        )
        n1.resume()
        for connection in (kept, *late):
            with pytest.raises((OSError, ConnectionError)):
                connection.getresponse()
            connection.close()
        n1.becomes("standby")
        writer.writes(50)

    assert n1.state() == "HOT_STANDBY"
    assert n2.state() == "MASTER"
    assert writer.lost(n2) == []
    found = n2.get(f"{path}/current-state")
    assert [name for name in found if name.startswith("late")] == []
    newest = n2.history()[0]
    assert (newest["name"], newest["reason"]) == ("n2", "heartbeat timeout")


@pytest.mark.parametrize("way", ["TERM", "INT", "shutdown", "switchover", "mode"])
def test_a_graceful_hand_over_is_a_slow_answer_and_never_an_error(cluster, way):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n1)
    form = {"content-type": "application/x-www-form-urlencoded"}

    with Writer([n1, n2], app) as fresh, Writer([n2, n1], app, keeps=True, prefix="k") as kept:
        match way:
            case "shutdown":
                assert n1.ask("POST", "/v1/server/shutdown", "", headers=form).status == 204
            case "switchover":
                answer = n2.ask("POST", "/v1/server/ha/switchover", "to=n2", headers=form)
                assert answer.status == 200
            case "mode":
                answer = n1.ask("POST", "/v1/server/ha/state", "mode=HOT_STANDBY", headers=form)
                assert (answer.status, answer.json) == (200, "MASTER")
            case _:
                n1.signal(signal.Signals[f"SIG{way}"])
        n2.becomes("master")
        fresh.writes(50)
        kept.writes(50)
        if way in ("TERM", "INT", "shutdown"):
            assert n1.wait() == 0
            fresh.writes(50)

    assert (fresh.errors, kept.errors) == ([], [])
    assert (fresh.lost(n2), kept.lost(n2)) == ([], [])
    assert n2.history()[0]["reason"] == "resigned"
    if way in ("TERM", "INT", "shutdown"):
        assert not (n1.home / "pid.txt").exists()
        eventually("n1 is terminated", lambda: states_of(n2, "n1") == ["TERMINATED"])
    else:
        eventually("n1 follows", lambda: n1.state() == "HOT_STANDBY")


def test_all_is_back_after_both_were_stopped(cluster):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n1)
    with Writer([n1], app) as writer:
        pass
    for server in (n2, n1):
        server.signal(signal.SIGTERM)
        assert server.wait() == 0

    n2.start().becomes("master")

    assert writer.lost(n2) == []
    assert [found["id"] for found in n2.get("/v1/applications")] == [app]


def test_a_lone_node_that_was_killed_leads_again_without_waiting_for_itself(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)
    n1.kill()

    n1.start().becomes("master")

    assert [found["id"] for found in n1.get("/v1/applications")] == [app]
    newest, first = n1.history()
    assert newest["from"] == first["node"]
    assert not newest["guess"]
    assert newest["activeUtc"] - newest["startedUtc"] < 30_000
    assert newest["reason"] != "heartbeat timeout"


def test_a_lone_node_that_ends_without_an_heir_ends_at_once_and_holds_nobody(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)

    with Writer([n1], app) as writer:
        n1.signal(signal.SIGTERM)
        assert n1.wait() == 0

    again = n1.start().becomes("master")
    assert writer.lost(again) == []


def test_a_node_that_starts_beside_a_dead_master_of_its_machine_does_not_wait_for_the_time_out(
    cluster,
):
    n1 = cluster["n1"].start("--ha", "master").becomes("master")
    n1.kill()

    n2 = cluster["n2"].start("--ha-timeout", "300s").becomes("master")

    newest = n2.history()[0]
    assert (newest["reason"], newest["guess"]) == ("process gone", False)
    assert "lock is free" in newest["evidence"]


def test_a_plane_that_is_stopped_at_once_does_not_wait_for_a_successor(cluster):
    n1, n2 = cluster.pair("--write-wait", "300s")

    n1.signal(signal.SIGTERM)
    n2.signal(signal.SIGTERM)

    assert (n1.wait(), n2.wait()) == (0, 0)


def test_of_two_killed_nodes_the_former_standby_leads_alone_by_proof_and_not_by_silence(cluster):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n1)
    led = n1.get("/v1/server/ha/states")["ownId"]
    n2.pause()  # so that it does not take over in between
    n1.kill()
    n2.kill()

    n2.start().becomes("master")

    newest, first = n2.history()
    assert (newest["from"], newest["guess"], first["node"]) == (led, False, led)
    assert newest["reason"] == "process gone"
    assert "its home's lock is free" in newest["evidence"]
    assert n2.get(f"/v1/applications/{app}")["id"] == app
