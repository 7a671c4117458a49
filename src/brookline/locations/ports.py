"""Ports of a host: who has which, as the records of its machines say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brookline.journal.records import View
    from brookline.locations.machine import Machine
    from brookline.values.ports import PortRange

LOCATION = "location"
"""Kind of the records of locations."""

PORTS = "ports"
"""Config of a machine's record: by entity and sensor name, the ports that are taken there."""

HOST = "host"
"""Config of a machine's record: the key of its host."""

_CANDIDATES = 25


def ports_of_host(machines: Iterable[Mapping[str, Any]], host_key: str) -> set[int]:
    """Return the ports that entities have on a host.

    Args:
        machines: Values of records of locations; those of other hosts count for nothing.
        host_key: Of the host.
    """
    configs = [record.get("config", {}) for record in machines]
    return {
        port
        for config in configs
        if config.get(HOST) == host_key
        for ports in config.get(PORTS, {}).values()
        for port in ports.values()
    }


def machines_in(view: View) -> Iterator[Mapping[str, Any]]:
    """Yield the values of the records of all locations. A new master knows them, too."""
    return (view.get(LOCATION, one) or {} for one in view.ids(LOCATION))


def with_port(config: Mapping[str, Any], entity_id: str, name: str, *, port: int) -> dict[str, Any]:
    """Return a machine's config with one more port of an entity, under the name of its sensor."""
    ports = config.get(PORTS, {})
    return {**config, PORTS: {**ports, entity_id: {**ports.get(entity_id, {}), name: port}}}


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
