"""Starts that are refused, or wait, and say why."""

from __future__ import annotations

import shutil
import signal
import socket

import pytest
from tests.e2e.servers import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]


def test_a_second_start_on_a_used_home_says_so_and_where_the_running_one_is(cluster):
    n1 = cluster["n1"].start()
    first, port = n1.process, n1.port
    assert first is not None

    n1.port = 0
    n1.launch()

    assert n1.wait() == 13
    assert f"process {first.pid} at http://127.0.0.1:{port}" in n1.log()
    n1.process, n1.port = first, port
    n1.becomes("master")


def test_a_copied_home_is_refused_saying_of_what_it_is_a_copy(cluster):
    n1 = cluster["n1"].start().becomes("master")
    shutil.copytree(n1.home, cluster.folder / "n2")

    n2 = cluster["n2"]
    n2.launch()

    assert n2.wait() == 16
    assert f"this home is a copy of {n1.home}" in n2.log()


def test_a_copy_whose_original_has_moved_on_is_noticed_by_its_heartbeat(cluster):
    n1 = cluster["n1"].start().becomes("master")
    shutil.copytree(n1.home, cluster.folder / "n2")
    # As on another machine: the copy does not find its original's folder.
    n1.home.rename(cluster.folder / "elsewhere")

    n2 = cluster["n2"]
    n2.launch()

    assert n2.wait() == 16
    assert "this home is a copy of" in n2.log()
    (cluster.folder / "elsewhere").rename(n1.home)
    assert n1.is_well("master")


def test_a_second_master_is_refused_naming_the_first_and_what_to_do(cluster):
    n1 = cluster["n1"].start().becomes("master")
    n2 = cluster["n2"]
    n2.launch("--ha", "master")

    assert n2.wait() == 16
    assert "node n1" in n2.log()
    assert "--ha auto" in n2.log()
    assert "Traceback" not in n2.log()
    assert n1.is_well("master")


def test_a_standby_of_nobody_is_refused(cluster):
    n1 = cluster["n1"]
    n1.launch("--ha", "hot_standby")

    assert n1.wait() == 16
    assert "there is no plane in this store yet" in n1.log()
    assert list(cluster.store.iterdir()) == []


def test_a_port_in_use_is_refused_with_who_holds_it(cluster):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        n1 = cluster["n1"]
        n1.port = sock.getsockname()[1]
        n1.launch()

        assert n1.wait() == 2
    assert f"port {n1.port} is in use by process" in n1.log()
    assert not (n1.home / "pid.txt").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--ha", "mastr"), "did you mean MASTER?", id="unknown-mode"),
        pytest.param(("--persist", "disabled", "--ha", "standby"), "needs a store", id="modes"),
        pytest.param(("--bind", "0.0.0.0", "--no-console-security"), "loopback only", id="anyone"),
        pytest.param(("--persist", "rebind"), "there is no state in", id="rebind-nothing"),
    ],
)
def test_settings_that_make_no_sense_are_refused(cluster, options, said):
    n1 = cluster["n1"]
    n1.launch(*options)

    assert n1.wait() == 2
    assert said in n1.log()


def test_a_folder_that_holds_something_else_is_refused_and_not_touched(cluster):
    cluster.store.mkdir()
    (cluster.store / "holiday.jpg").write_text("x")
    n1 = cluster["n1"]
    n1.launch()

    assert n1.wait() == 2
    assert "holds something else (holiday.jpg)" in n1.log()
    assert [path.name for path in cluster.store.iterdir()] == ["holiday.jpg"]


def test_a_store_that_is_not_there_is_waited_for(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)
    eventually("users are kept", (n1.home / "data" / "users.json").exists)
    n1.signal(signal.SIGTERM)
    n1.wait()
    cluster.store.rename(cluster.folder / "away")
    cluster.store.mkdir()  # a mount point, and nothing is mounted

    n1.start()

    eventually("it says so", lambda: "is it mounted?" in n1.log())
    assert n1.is_well("live")
    assert not n1.is_well("ready")
    assert n1.state() == "INITIALIZING"  # its users come from its home
    assert n1.get("/v1/server/up") is False
    [me] = n1.get("/v1/server/ha/states")["nodes"].values()
    assert (me["name"], me["status"]) == ("n1", "INITIALIZING")
    assert "is it mounted?" in me["alarm"]
    assert list(cluster.store.iterdir()) == []
    cluster.store.rmdir()
    (cluster.folder / "away").rename(cluster.store)
    n1.becomes("master")
    assert [found["id"] for found in n1.get("/v1/applications")] == [app]


def test_a_store_whose_mount_point_is_not_there_is_waited_for(cluster):
    mount = cluster.folder / "mnt"
    cluster.store = mount / "shared"
    n1 = cluster["n1"].start()

    eventually("it says so", lambda: f"{mount} is no directory; is it mounted?" in n1.log())
    assert not n1.is_well("ready")
    mount.mkdir()

    n1.becomes("master")


def test_a_damaged_entry_is_named_and_nothing_is_begun_behind_it(cluster):
    n1 = cluster["n1"].start().becomes("master")
    cluster.deploy(n1)
    n1.signal(signal.SIGTERM)
    n1.wait()
    entry = sorted((cluster.store / "journal" / "0000000").iterdir())[2]
    whole = entry.read_bytes()
    entry.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    before = [path.name for path in sorted(entry.parent.iterdir())]

    for server in (n1, cluster["n2"]):
        server.launch()
        assert server.wait() == 3
        assert f"entry journal/0000000/{entry.name} is damaged" in server.log()
        assert str(cluster.store) in server.log()
    assert [path.name for path in sorted(entry.parent.iterdir())] == before
    entry.write_bytes(whole)

    n1.start().becomes("master")


def test_a_store_of_a_later_format_is_refused_by_its_path(cluster):
    cluster.store.mkdir()
    (cluster.store / "plane").write_text('{"format":99,"plane":"abcdefghij"}')
    n1 = cluster["n1"]
    n1.launch()

    assert n1.wait() == 2
    assert f"{cluster.store}: the store has format 99" in n1.log()
    assert [path.name for path in cluster.store.iterdir()] == ["plane"]


def test_nobody_is_let_in_before_any_user_is_known(cluster):
    n1 = cluster["n1"].start().becomes("master")
    n1.signal(signal.SIGTERM)
    n1.wait()
    (n1.home / "data" / "users.json").unlink(missing_ok=True)
    cluster.store.rename(cluster.folder / "away")
    cluster.store.mkdir()

    n1.start()

    assert n1.ask("GET", "/v1/server/ha/state").status == 503
    assert n1.ask("GET", "/v1/server/ha/state", login=False).status == 503


def test_a_clean_start_forgets_all_but_the_planes_story_and_spares_a_living_master(cluster):
    n1 = cluster["n1"].start().becomes("master")
    cluster.deploy(n1)
    n2 = cluster["n2"]
    n2.launch("--persist", "clean")
    assert n2.wait() == 16
    assert "is the master and lives" in n2.log()
    n1.signal(signal.SIGTERM)
    n1.wait()

    n1.start("--persist", "clean").becomes("master")

    assert n1.get("/v1/applications") == []
    assert len(n1.get("/v1/server/ha/history")) == 2


def test_without_persistence_one_node_leads_alone_and_keeps_nothing(cluster):
    n1 = cluster["n1"].start("--persist", "disabled", store=False).becomes("master")
    cluster.deploy(n1)
    n1.signal(signal.SIGTERM)
    assert n1.wait() == 0

    n1.start("--persist", "disabled", store=False).becomes("master")

    assert n1.get("/v1/applications") == []
    assert not (n1.home / "data" / "persisted-state").exists()
