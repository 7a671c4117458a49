"""Somebody moves the folder of the store to another disk while servers run on it."""

from __future__ import annotations

import shutil

import pytest
from tests.e2e.servers import QUICK, Writer, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def disks(cluster):
    """A folder on a disk, with a link that leads to it as the path of the store."""
    made = cluster.folder / "disks"
    (made / "a").mkdir(parents=True)
    cluster.store.symlink_to(made / "a")
    return made


def leads(server):
    return server.state() == "MASTER"


def trouble(server, words):
    return words in str(server.get("/v1/server/store")["trouble"])


def write(server, app, name):
    """Set a sensor; return the status of the answer."""
    path = f"/v1/applications/{app}/entities/{app}/sensors/{name}"
    headers = {"content-type": "application/json"}
    return server.ask("POST", path, '"of the old folder"', headers=headers).status


def test_a_master_whose_path_leads_to_a_copy_stops_and_another_leads_in_the_copy(cluster, disks):
    n1, n2 = cluster.pair(*QUICK)
    app = cluster.deploy(n1)
    with Writer([n1], app, prefix="before") as before:
        before.writes(20)

    shutil.copytree(disks / "a", disks / "b")
    cluster.store.unlink()
    cluster.store.symlink_to(disks / "b")

    assert write(n1, app, "after1") == 503
    for server in (n1, n2):
        eventually("it is said", lambda s=server: trouble(s, "another folder lies at"))
    eventually("nobody leads", lambda: not leads(n1) and not leads(n2))
    n2.kill()
    n2.start(*QUICK).becomes("master")
    with Writer([n2], app, prefix="copy") as copy:
        copy.writes(20)
        assert write(n1, app, "after2") == 503
        assert not leads(n1)

    n1.kill()
    n1.start(*QUICK).becomes("standby").becomes("read")
    for server in (n1, n2):
        for writer in (before, copy):
            eventually("all is there", lambda w=writer, s=server: w.lost(s) == [])


def test_a_folder_that_is_renamed_away_stops_both_and_they_go_on_when_it_is_back(cluster, disks):
    n1, n2 = cluster.pair(*QUICK)
    app = cluster.deploy(n1)
    (disks / "a").rename(disks / "away")

    for server in (n1, n2):
        eventually("it is said", lambda s=server: trouble(s, "is gone"))
    assert write(n1, app, "away") == 503
    eventually("nobody leads", lambda: not leads(n1) and not leads(n2))

    (disks / "away").rename(disks / "a")
    with Writer([n1, n2], app, prefix="back") as back:
        back.writes(20)
    for server in (n1, n2):
        eventually("all is there", lambda s=server: back.lost(s) == [])
