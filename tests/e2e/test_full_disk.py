"""The disk of the store is full, as HTTP shows it: what is refused, what is read, and what goes on with room."""

from __future__ import annotations

import pytest
from tests.backends.fixtures import served
from tests.backends.small_disk import SmallDisk
from tests.e2e.servers import QUICK, Writer, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]

DISK_BYTES = 8 << 20
OUTCOMES = {"not-done", "unknown"}


@pytest.fixture
def disk(tmp_path):
    with served(lambda: SmallDisk(tmp_path / "disk", DISK_BYTES)) as made:
        yield made


@pytest.fixture
def pair(disk, cluster):
    """A master and a standby whose store is on the small disk."""
    cluster.store = disk.path / "plane"
    return cluster.pair(*QUICK)


class Asked:
    """Writes of sensors of one application, and what became of them."""

    def __init__(self, app):
        self.path = f"/v1/applications/{app}/entities/{app}/sensors"
        self.outcomes = {}

    def write(self, server):
        """Set a sensor that was not set before; return the answer."""
        name = f"asked{len(self.outcomes)}"
        answer = server.ask("POST", f"{self.path}/{name}", {"some": "value"})
        self.outcomes[name] = "done" if is_done(answer) else answer.json["data"]["outcome"]
        return answer

    def refused(self, server):
        answer = self.write(server)
        return None if is_done(answer) else answer

    def is_told_why(self, server):
        """Tell whether a write is refused because the disk is full, and says so."""
        refused = self.refused(server)
        return refused is not None and "No space left on device" in refused.json["message"]

    def wrong(self, server):
        """Return what is not as it was answered."""
        found = server.get(f"{self.path}/current-state")
        known = {name: outcome for name, outcome in self.outcomes.items() if outcome != "unknown"}
        return [name for name, outcome in known.items() if (name in found) != (outcome == "done")]


def is_done(answer):
    return answer.status in (200, 204)


def test_a_full_disk_refuses_writes_and_loses_none_and_all_goes_on_when_there_is_room(
    pair, disk, cluster
):
    n1 = pair[0]
    app = cluster.deploy(n1)
    asked = Asked(app)

    with Writer([n1], app) as writer:
        disk.fill()
        for server in pair:
            # The little that is freed now and then may be enough for some.
            refused = eventually("a write is refused", lambda s=server: asked.refused(s))
            assert refused.status == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.json["error"] == 503
            assert refused.json["message"]
            assert refused.json["data"]["outcome"] in OUTCOMES
        eventually("a writer is refused", lambda: writer.errors)
        for server in pair:
            assert server.get(f"/v1/applications/{app}")["id"] == app
            assert server.is_well("live")
            said = eventually("why", lambda s=server: s.get("/v1/server/store")["trouble"])
            assert "No space left on device" in said
            eventually("its client is told why", lambda s=server: asked.is_told_why(s))
        assert writer.lost(n1) == []

        disk.make_room()
        for server in pair:
            eventually("a write is done", lambda s=server: is_done(asked.write(s)))
        writer.writes(20)

    assert {error.rpartition(": ")[2] for error in writer.errors} == {"503"}
    for server in pair:
        server.kill()
    for server in pair:
        server.start(*QUICK)
    for server in pair:
        server.becomes("read")
        eventually("all is there", lambda s=server: not writer.lost(s) and not asked.wrong(s))
