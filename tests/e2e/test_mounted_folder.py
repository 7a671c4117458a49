"""Two servers on a folder that each mounts for itself, with the caches that network file systems have."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import served
from tests.backends.juicefs import Juicefs
from tests.e2e import successions
from tests.e2e.servers import QUICK, Writer, eventually

pytestmark = [
    pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("juicefs"),
]  # fmt: skip

REMEMBERS_S = 1.0
"""As an NFS client with `actimeo=1`, which the documentation asks for."""


@pytest.fixture(scope="module")
def system():
    with served(lambda: Juicefs(REMEMBERS_S)) as made:
        yield made


class Pair:
    """Two nodes, each with a mount of its own."""

    def __init__(self, cluster, system):
        self._options = {
            name: ("--persistence-dir", str(path))
            for name, path in zip(("n1", "n2"), system.places(), strict=True)
        }
        self.cluster = cluster
        self.mounts = dict(zip(("n1", "n2"), system.mounts, strict=True))

    def start(self, name, *options):
        return self.cluster[name].start(*self._options[name], *options, store=False)

    def both(self, *options):
        n1 = self.start("n1", *options).becomes("master")
        n2 = self.start("n2", *options).becomes("standby").becomes("read")
        eventually("the master knows its heir", lambda: self.cluster.heir(n1) == "n2")
        return n1, n2


@pytest.fixture
def pair(cluster, system):
    return Pair(cluster, system)


def test_a_standby_takes_over_from_a_killed_master_and_nothing_acknowledged_is_lost(pair):
    n1, n2 = pair.both()
    writer = successions.is_killed(n1, n2, pair.cluster.deploy(n2))

    pair.start("n1").becomes("standby").becomes("read")
    assert writer.lost(n1) == []


def test_a_master_that_is_told_to_end_hands_over_and_no_write_is_refused(pair):
    n1, n2 = pair.both()
    successions.is_told_to_end(n1, n2, pair.cluster.deploy(n1))


def test_a_paused_master_is_replaced_and_acknowledges_nothing_when_it_wakes(pair):
    n1, n2 = pair.both(*QUICK)
    app = pair.cluster.deploy(n1)

    with Writer([n2], app) as writer:
        n1.pause()
        eventually("another leads", lambda: n2.is_well("master"))
        writer.writes(20)
        n1.resume()
        eventually("it stands by", lambda: n1.state() == "HOT_STANDBY")

    assert writer.lost(n2) == []
    eventually("all is there", lambda: writer.lost(n1) == [])


def test_a_master_whose_mount_breaks_is_replaced_and_comes_back_with_it(pair):
    n1, n2 = pair.both(*QUICK)
    app = pair.cluster.deploy(n1)

    with Writer([n2], app) as writer:
        pair.mounts["n1"].kill()
        try:
            eventually("another leads", lambda: n2.is_well("master"))
            writer.writes(20)
            assert n1.state() != "MASTER"
            assert "not connected" in str(n1.get("/v1/server/store")["trouble"])
        finally:
            pair.mounts["n1"].restart()

    assert writer.lost(n2) == []
    # It holds the folder open, so as not to write into an empty one where the mount is missing.
    n1.kill()
    pair.start("n1", *QUICK).becomes("standby").becomes("read")
    assert writer.lost(n1) == []


def test_a_master_stays_whose_standby_loses_its_mount(pair):
    n1, n2 = pair.both(*QUICK)
    app = pair.cluster.deploy(n1)
    before = n1.history()

    with Writer([n1], app) as writer:
        pair.mounts["n2"].kill()
        try:
            eventually("the trouble", lambda: n2.get("/v1/server/store")["trouble"])
            writer.writes(50)
            assert n2.get(f"/v1/applications/{app}")["id"] == app
        finally:
            pair.mounts["n2"].restart()

    assert writer.errors == []
    assert n1.history() == before
    assert n1.state() == "MASTER"
