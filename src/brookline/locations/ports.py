"""Ports of a host: who has which, as the records of its machines say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.journal.records import View
    from brookline.locations.machine import Machine
    from brookline.values.ports import PortRange

LOCATION = "location"
"""Kind of the records of locations."""

PORTS = "ports"
"""Config of a machine's record: by sensor name, the ports that it has."""

HOST = "host"
"""Config of a machine's record: the key of its host."""

_CANDIDATES = 25


def ports_of_host(view: View, host_key: str) -> set[int]:
    """Return the ports that machines of a host have. A new master so knows them too."""
    used: set[int] = set()
    for location_id in view.ids(LOCATION):
        config = (view.get(LOCATION, location_id) or {}).get("config", {})
        if config.get(HOST) == host_key:
            used.update(config.get(PORTS, {}).values())
    return used


async def free_ports(machine: Machine, wanted: PortRange, used: set[int]) -> list[int]:
    """Return some ports of a range that seem free, in order of the range.

    More than one, since another operation may take the first before this one has it.

    Args:
        machine: Asked whether anybody listens there.
        wanted: The range; 0 stands for none that could be tried.
        used: Ports that are not even tried.
    """
    found: list[int] = []
    for port in wanted:
        if port and port not in used and await machine.is_free(port):
            found.append(port)
            if len(found) >= _CANDIDATES:
                break
    return found


def first_free(candidates: Iterable[int], used: set[int]) -> int | None:
    """Return the first of some ports that is not used, or None."""
    return next((port for port in candidates if port not in used), None)


def none_free(name: str, wanted: Any, host_name: str) -> Conflict:
    """Return what the user is told if a range has no free port."""
    return Conflict(f"no port of {name} = {wanted} is free on {host_name}")
