"""Who serves a page: the process that listens on its port."""

from __future__ import annotations

import re

from brookline.server.port_holder import port_holder


def listener_pid(port: int) -> int:
    """Return the id of the process that listens on a port of this machine, 0 if it is unknown."""
    found = re.match(r"process (\d+) ", port_holder(port))
    return int(found[1]) if found else 0
