"""Ways in which a master ceases to lead while pages are open."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.e2e.servers import QUICK, eventually

if TYPE_CHECKING:
    from tests.e2e.servers import Cluster, Server

_FORM = {"content-type": "application/x-www-form-urlencoded"}


class Fall:
    """One of the ways, and the way back.

    Attributes:
        way: ``kill`` (-9), ``pause`` (SIGSTOP, and SIGCONT later), ``switchover`` (it stays as a
            standby), ``end`` (SIGTERM, with a hand-over).
        options: With which nodes notice it soon.
    """

    def __init__(self, way: str, cluster: Cluster) -> None:
        self.way = way
        self.options = (*QUICK, "--events-beat", "300ms") if way == "pause" else ()
        self._cluster = cluster

    def of(self, master: Server, heir: Server) -> None:
        """Have a master cease to lead, and another one lead."""
        self.begin(master, heir)
        heir.becomes("master")

    def begin(self, master: Server, heir: Server) -> None:
        """Have a master cease to lead, and do not wait for the next one."""
        if self.way == "kill":
            master.kill()
        elif self.way == "pause":
            master.pause()
        elif self.way == "end":
            master.signal(signal.SIGTERM)
        else:
            form = f"to={heir.name}"
            answer = master.ask("POST", "/v1/server/ha/switchover", form, headers=_FORM)
            assert answer.status == 200, answer

    def up(self, node: Server) -> None:
        """Have it run again."""
        if self.way == "pause":
            node.resume()
        elif self.way != "switchover":
            if self.way == "end":
                assert node.wait() == 0
            node.start(*self.options)

    def back(self, node: Server, master: Server) -> None:
        """Have it stand by again, as the one that is next."""
        self.up(node)
        node.becomes("standby").becomes("read")
        eventually(f"{node.name} is next", lambda: self._cluster.heir(master) == node.name)
