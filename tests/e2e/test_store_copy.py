"""Moving planes between stores, with real servers and clients that write all the time."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import etcd, postgresql, seaweedfs
from tests.e2e.servers import PATIENCE_S, Writer, eventually

__all__ = ["etcd", "postgresql", "seaweedfs"]

SERVERS = ("postgresql", "etcd", "seaweedfs")

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]


def ended(server):
    return server.process.wait(PATIENCE_S)


def start_on(server, store):
    """Start a server of the cluster on another store."""
    return server.start("--persistence-dir", str(store), store=False)


@pytest.fixture(
    params=[
        "directory",
        *(pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in SERVERS),
    ]
)
def new(request, cluster):
    """The URL of an empty store."""
    if request.param == "directory":
        return str(cluster.folder / "new")
    return request.getfixturevalue(request.param).place()


def test_a_plane_moves_while_it_is_written_to_and_nothing_acknowledged_is_lost(cluster, new):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n1)
    refused = cluster.typed("store", "copy", str(cluster.store), str(new), "--yes")
    assert refused.returncode == 16
    assert "lives: node" in refused.stderr
    with Writer([n1, n2], app, keeps=True) as writer:
        ran = cluster.typed("store", "copy", str(cluster.store), str(new), "--online", "--yes")
        assert ran.returncode == 0, ran.stderr
        assert (ended(n1), ended(n2)) == (16, 16)
        assert "the plane has moved to " in n1.log()
        before = len(writer.acknowledged)
        assert before > 20
        start_on(n1, new).becomes("master")
        start_on(n2, new)
        writer.writes(20)
    assert writer.lost(n1) == []
    n2.becomes("read")
    assert n1.ask("GET", "/v1/server/planeid").body == n2.ask("GET", "/v1/server/planeid").body
    verdict = cluster.typed("journal", "verify", "--persistence-dir", str(new))
    assert verdict.returncode == 0, verdict.stdout
    assert "s3same-open" not in ran.stdout + ran.stderr + n1.log() + n2.log()


def test_the_old_store_is_never_led_again_and_the_new_one_at_once(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)
    n1.kill()
    new = cluster.folder / "new"
    ran = cluster.typed("store", "copy", str(cluster.store), str(new), "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "is closed; between its end and the new beginning" in ran.stdout
    start_on(n1, new).becomes("master")
    assert n1.ask("GET", f"/v1/applications/{app}").status == 200
    (latest, *_) = n1.get("/v1/server/ha/history")
    assert latest["reason"] == "own former process"
    n1.kill()
    for options in ((), ("--ha", "master")):
        n1.launch(*options)
        assert ended(n1) == 16
    assert f"start this node with --persistence-dir {new}" in n1.log()
    again = cluster.typed("store", "copy", str(cluster.store), str(new), "--yes")
    assert again.returncode == 16


def test_a_copy_leaves_the_plane_where_it_is(cluster):
    n1 = cluster["n1"].start().becomes("master")
    cluster.deploy(n1)
    copy = cluster.folder / "copy"
    names = ("--persistenceDir", str(cluster.store), "--destinationDir", str(copy))
    ran = cluster.typed("copy-state", *names)
    assert ran.returncode == 0, ran.stderr
    assert "was left as it is" in ran.stdout
    assert n1.is_well("master")
    assert cluster.deploy(n1, "later")
    n1.kill()
    n1.start().becomes("master")
    assert cluster.typed("journal", "verify", "--persistence-dir", str(copy)).returncode == 0


def test_a_paused_master_learns_that_its_plane_has_moved(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)
    n1.pause()
    new = cluster.folder / "new"
    try:
        ran = cluster.typed("store", "copy", str(cluster.store), str(new), "--yes")
        assert ran.returncode == 0, ran.stderr
        start_on(cluster["n2"], new)
    finally:
        n1.resume()
    eventually("n1 ends", lambda: n1.process.poll() is not None)
    assert ended(n1) == 16
    cluster["n2"].becomes("master")
    assert cluster["n2"].ask("GET", f"/v1/applications/{app}").status == 200


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("store", "copy", "{old}", "{old}", "--yes"), 16, "the same store"),
        (("store", "copy", "nowhere", "{new}", "--yes"), 2, "/nowhere"),
        (("store", "copy", "{old}", "{new}"), 1, "give --yes"),
        (("store", "copy", "{old}", "smb:x", "--yes"), 2, "there is no store for 'smb:'"),
        (("store", "copy", "{old}", "{home}", "--yes"), 2, "nothing was touched"),
        (("copy-state", "--persistenceDir", "{old}"), 1, "--destinationDir"),
        (
            ("copy-state", "--persistenceDir", "{old}", "--transformations", "x"),
            2,
            "can only be copied as it is",
        ),
        (
            ("copy-state", "--persistenceLocation", "ftp", "--destinationDir", "{new}"),
            2,
            "ftp is no object store that is known here",
        ),
    ],
)
def test_bad_input(cluster, arguments, status, said):
    n1 = cluster["n1"].start().becomes("master")
    n1.kill()
    names = {"old": cluster.store, "new": cluster.folder / "new", "home": n1.home}
    ran = cluster.typed(*(one.format(**names) for one in arguments))
    assert ran.returncode == status, ran.stderr
    assert said in ran.stderr
    n1.start().becomes("master")
