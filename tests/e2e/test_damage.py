"""A disk that changes what was written, under a plane that goes on."""

from __future__ import annotations

from tests.e2e.servers import eventually


def test_nothing_is_lost_that_was_acknowledged_after_a_damaged_entry(cluster):
    n1, n2 = cluster.pair()
    n2.pause()
    before = cluster.deploy(n1, "before")
    last = max((cluster.store / "journal").rglob("[0-9]" * 10))
    last.write_bytes(last.read_bytes()[:-3] + b"zzz")
    n2.resume()

    eventually("n2 names it", lambda: "alarm why='entry journal/" in n2.log())
    after = cluster.deploy(n1, "after")
    eventually("n1 says the same", lambda: f"{last.name} is damaged" in n1.log())
    eventually("n2 stands by again", lambda: n2.state() == "HOT_STANDBY")
    eventually("n1 is well", lambda: n1.get("/v1/server/healthy") is True)

    n1.kill()
    n2.becomes("master")
    assert n2.has(before)
    assert n2.has(after)
    n1.start()
    eventually("n1 stands by", lambda: n1.state() == "HOT_STANDBY")
