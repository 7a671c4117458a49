"""Two servers on each kind of store that is a server of its own."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import etcd, postgresql, seaweedfs
from tests.backends.seaweedfs import BUCKET, KEY, SECRET
from tests.e2e import successions
from tests.e2e.servers import QUICK, Writer, eventually

__all__ = ["etcd", "postgresql", "seaweedfs"]

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]

SERVERS = ("postgresql", "etcd", "seaweedfs")


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SERVERS]
)
def stored(request, cluster):
    """A cluster whose store is on a server."""
    cluster.store = request.getfixturevalue(request.param).place()
    return cluster


def test_a_standby_takes_over_from_a_killed_master_and_nothing_acknowledged_is_lost(stored):
    n1, n2 = stored.pair()
    writer = successions.is_killed(n1, n2, stored.deploy(n2))

    n1.start().becomes("standby").becomes("read")
    assert writer.lost(n1) == []


def test_a_master_that_is_told_to_end_hands_over_and_no_write_is_refused(stored):
    n1, n2 = stored.pair()
    successions.is_told_to_end(n1, n2, stored.deploy(n1))


def test_while_the_store_is_away_reads_go_on_and_nobody_is_elected(stored, request):
    server = request.getfixturevalue(request.node.callspec.params["stored"])
    n1, n2 = stored.pair("--write-wait", "1s")
    app = stored.deploy(n1)
    before = n1.history()

    server.kill()
    try:
        sensor = f"/v1/applications/{app}/entities/{app}/sensors/during"
        refused = n1.ask("POST", sensor, "1", headers={"content-type": "application/json"})
        assert refused.status == 503
        assert refused.json["data"]["outcome"] in ("unknown", "not-done")
        for node in (n1, n2):
            assert node.get(f"/v1/applications/{app}")["id"] == app
            eventually("the trouble", lambda node=node: node.get("/v1/server/store")["trouble"])
    finally:
        server.start()

    with Writer([n1, n2], app) as writer:
        pass
    assert writer.lost(n1) == []
    assert n1.history() == before
    assert n1.state() == "MASTER"


@pytest.mark.xdist_group("seaweedfs")
def test_the_object_store_of_amps_files_carries_a_plane(cluster, seaweedfs):
    for name, mode in (("n1", "MASTER"), ("n2", "AUTO")):
        etc = cluster.folder / name / "etc"
        etc.mkdir(parents=True)
        (etc / "org.apache.brooklyn.osgilauncher.cfg").write_text(
            f"highAvailabilityMode: {mode}\npersistMode: AUTO\n"
            f"persistenceLocation: plane-store\npersistenceDir: {BUCKET}/from-amps-files\n"
        )
        (etc / "brooklyn.cfg").write_text(
            f"brooklyn.location.named.plane-store=jclouds:s3:{seaweedfs.endpoint}\n"
            f"brooklyn.location.named.plane-store.identity={KEY}\n"
            f"brooklyn.location.named.plane-store.credential={SECRET}\n"
        )
        (etc / "brooklyn.cfg").chmod(0o600)

    n1 = cluster["n1"].start(store=False).becomes("master")
    n2 = cluster["n2"].start(store=False).becomes("standby").becomes("read")

    assert n1.get("/v1/server/store")["url"].startswith(f"s3://{BUCKET}/from-amps-files?")
    assert n2.get("/v1/server/ha/states")["masterId"] == n1.get("/v1/server/ha/states")["ownId"]
    assert "no effect" not in n1.log()


def test_the_password_of_the_store_is_shown_nowhere(stored):
    n1 = stored["n1"].start().becomes("master")
    eventually("the banner", lambda: "plane" in n1.log())

    store = n1.get("/v1/server/store")
    assert store["probe"]["fit"]
    files = [path for path in n1.home.rglob("*") if path.is_file()]
    said = [n1.log(), str(store), *(path.read_text(errors="replace") for path in files)]
    for secret in SECRETS:
        assert not any(secret in text for text in said)


SECRETS = ("s3same-open",)


@pytest.mark.parametrize("stored", ["postgresql", "etcd"], indirect=True)
def test_a_standby_without_a_line_hears_of_entries_from_the_store(stored):
    rarely = ("--set", "brooklyn.ha.pollPeriod=1m", "--ha-timeout", "4m")
    n1 = stored["n1"].start(*rarely, "--node-address", "http://127.0.0.1:9").becomes("master")
    n2 = stored["n2"].start(*rarely).becomes("read")
    app = stored.deploy(n1)

    eventually(
        "the application on the standby",
        lambda: any(each["id"] == app for each in n2.get("/v1/applications")),
    )
    assert n2.state() == "HOT_STANDBY"


@pytest.mark.xdist_group("postgresql")
def test_a_master_whose_login_at_the_store_is_withdrawn_is_replaced_until_it_has_it_again(
    cluster, postgresql
):
    database = postgresql.url().rpartition("/")[2]
    for name in ("n1", "n2"):
        postgresql.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD 's3same-open'")

    def start(name):
        place = postgresql.url(database, user=name)
        return cluster[name].start(*QUICK, "--persistence-dir", place, store=False)

    n1 = start("n1").becomes("master")
    n2 = start("n2").becomes("standby").becomes("read")
    eventually("the master knows its heir", lambda: cluster.heir(n1) == "n2")
    app = cluster.deploy(n1)

    with Writer([n2], app) as writer:
        postgresql.execute("ALTER ROLE n1 NOLOGIN")
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'n1'"
        )
        eventually("another leads", lambda: n2.is_well("master"))
        writer.writes(20)
        assert n1.state() != "MASTER"
        assert "not permitted to log in" in str(n1.get("/v1/server/store")["trouble"])
        postgresql.execute("ALTER ROLE n1 LOGIN")
        n1.becomes("standby").becomes("read")

    assert writer.lost(n2) == []
    eventually("all is on the other one", lambda: writer.lost(n1) == [])
    newest = n2.history()[0]
    assert newest["name"] == "n2"
    assert newest["reason"] != "process gone"
