"""What a client sees while one master follows another, whatever store they share."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.e2e.servers import Writer

if TYPE_CHECKING:
    from tests.e2e.servers import Server


def is_killed(n1: Server, n2: Server, app: str) -> Writer:
    """Kill the first, which leads: the second takes over, and has all that was acknowledged."""
    with Writer([n1, n2], app) as writer:
        n1.kill()
        writer.writes(50)

    assert n2.state() == "MASTER"
    assert writer.lost(n2) == []
    newest = n2.history()[0]
    assert (newest["name"], newest["reason"], newest["guess"]) == ("n2", "process gone", False)
    return writer


def is_told_to_end(n1: Server, n2: Server, app: str) -> None:
    """Tell the first, which leads, to end: the second takes over, and no write is refused."""
    with Writer([n1, n2], app) as writer:
        n1.signal(signal.SIGTERM)
        assert n1.wait() == 0
        writer.writes(50)

    assert n2.state() == "MASTER"
    assert writer.errors == []
    assert writer.lost(n2) == []
    assert n2.history()[0]["reason"] == "resigned"
