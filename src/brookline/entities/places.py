"""Where entities run: locations that they are given, machines that they obtain, ports there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.entities.health import Report, recorded, reported
from brookline.entities.platform import platform_of
from brookline.errors import Conflict, InvalidInput
from brookline.journal.queue import Decision
from brookline.locations import ports
from brookline.locations.kinds import Need
from brookline.operations.safety import repeatable
from brookline.wire.changes import Change, Drop, Merge, Put, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brookline.journal.records import View
    from brookline.locations.kinds import Locations
    from brookline.locations.machine import Host
    from brookline.model.entity import Entity
    from brookline.model.location import Location
    from brookline.operations.operation import Operation
    from brookline.values.ports import PortRange

PROVISIONING_LOCATION = "softwareservice.provisioningLocation"
_GONE_WITH_THE_MACHINE = (
    "host.address",
    "host.name",
    "host.subnet.address",
    "host.subnet.hostname",
    PROVISIONING_LOCATION,
)


async def adopt(op: Operation, entity: Entity, given: Any) -> None:
    """Give an entity locations of its own: specs, or ids of locations that exist.

    Raises:
        InvalidInput: If one is unknown.
    """
    platform = platform_of(op)
    items = given if isinstance(given, list) else [given]
    made: list[Put] = []
    ids: list[str] = []
    for item in items:
        if isinstance(item, str) and platform.live.location(item) is not None:
            ids.append(item)
        else:
            place = op.new_id("location")
            made.append(Put(ports.LOCATION, place, platform.locations.resolve(item)))
            ids.append(made[-1].id)

    def decide(view: View) -> Decision:
        return Decision([*made, *_located(view, entity, add=ids)])

    await op.record(decide, name="adopt")


def own_machine(op: Operation, entity: Entity) -> Location | None:
    """Return the machine that was obtained for an entity, or None."""
    return _machine_among(op, entity.locations)


def machine_of(op: Operation, entity: Entity) -> Location | None:
    """Return the machine on which an entity runs, its own or that of one above it; or None."""
    return _machine_among(op, entity.effective_locations())


async def obtain(
    op: Operation, entity: Entity, *, properties: Mapping[str, Any], base_dir: str
) -> Location:
    """Return the machine of an entity, or of one above it; else one from its nearest locations.

    Raises:
        Conflict: If it has no location that gives machines.
        RemoteError: If none is to be had.
    """
    platform = platform_of(op)
    machine_id = await op.remember("machine", lambda: _id_of(machine_of(op, entity)))
    if not machine_id:
        machine_id = await _obtain(op, entity, Need(entity.id, properties, base_dir=base_dir))
    machine = platform.live.location(machine_id)
    if machine is None:
        raise Conflict(f"the machine of {entity.name} was released meanwhile")
    return machine


async def _obtain(op: Operation, entity: Entity, need: Need) -> str:
    """Obtain a machine, and have the entity own it; return its id."""
    record = await op.step("provision", _obtained, op, entity, need)
    machine_id = op.new_id("machine")

    def decide(view: View) -> Decision:
        if view.get("entity", entity.id) is None:
            raise Conflict(f"{entity.name} was removed meanwhile")
        located = _located(view, entity, add=[machine_id])
        return Decision([Put(ports.LOCATION, machine_id, record), *located])

    await op.record(decide, name="obtain")
    return machine_id


async def release(op: Operation, entity: Entity) -> None:
    """Give the entity's own machine back, if it has one; its addresses go with it.

    Raises:
        RemoteError: If it cannot be released.
    """
    platform = platform_of(op)
    machine_id = await op.remember("own machine", lambda: _id_of(own_machine(op, entity)))
    if not machine_id:
        return
    # It is gone from the records if this is done again, and then the step is not.
    machine = platform.live.location(machine_id)
    await op.step("release", _released, platform.locations, machine)

    def decide(view: View) -> Decision:
        report = Report(unset=_GONE_WITH_THE_MACHINE)
        located = _located(view, entity, remove=machine_id)
        changes = reported(recorded(view), entity, report)
        return Decision([*located, Drop(ports.LOCATION, machine_id), *changes])

    await op.record(decide, name="release")


def host_sensors(host: Host, provisioning_location: str) -> dict[str, Any]:
    """Return the sensors that tell where an entity runs."""
    return {
        "host.name": host.name,
        "host.address": host.address,
        "host.subnet.hostname": host.subnet_name,
        "host.subnet.address": host.subnet_address,
        "host.sshAddress": f"{host.user}@{host.address}:{host.ssh_port}",
        PROVISIONING_LOCATION: provisioning_location,
    }


async def claim_ports(
    op: Operation, entity: Entity, location: Location, *, wanted: Mapping[str, PortRange]
) -> dict[str, int]:
    """Have ports of the machine's host, one from each range; return them by sensor name.

    Which one it gets is decided on the records of all machines of the host, so that nobody else
    has it, whichever server is master.

    Raises:
        Conflict: If a range has none that is free.
    """
    claimed: dict[str, int] = dict(location.config.get(ports.PORTS, {}).get(entity.id, {}))
    for name, wanted_range in wanted.items():
        if name not in claimed:
            claimed[name] = await _claim(op, entity, location, name=name, wanted=wanted_range)
    return {name: claimed[name] for name in wanted}


async def _claim(
    op: Operation, entity: Entity, location: Location, *, name: str, wanted: PortRange
) -> int:
    live = platform_of(op).live
    machine = platform_of(op).locations.machine(location)
    host = machine.host
    while True:
        used = ports.ports_of_host((one.record for one in live.locations()), host.key)
        candidates = await ports.free_ports(machine, wanted, used)
        if not candidates:
            raise ports.none_free(name, wanted, host.name)

        def decide(view: View, candidates: list[int] = candidates) -> Decision:
            record = view.get(ports.LOCATION, location.id)
            if record is None:
                raise Conflict(f"the machine of {entity.name} was released meanwhile")
            port = ports.first_free(
                candidates, ports.ports_of_host(ports.machines_in(view), host.key)
            )
            if port is None:
                return Decision([])
            config = ports.with_port(record["config"], entity.id, name, port=port)
            sensor = reported(recorded(view), entity, Report({name: port}))
            merge = Merge(ports.LOCATION, location.id, {"config": config})
            return Decision([merge, *sensor], port)

        # Who comes again finds it claimed, and comes not to this.
        port = await op.record(decide, name=f"claim {name}", by_chance=True)
        if port is not None:
            return int(port)


# A kind of location finds out by itself what it has given, or given back, for the same need.
@repeatable
async def _obtained(op: Operation, entity: Entity, need: Need) -> Value:
    # Looked for in the step: once it is done, the machine is among the entity's locations.
    return await platform_of(op).locations.obtain(_source(op, entity), need)


@repeatable
async def _released(locations: Locations, machine: Location) -> None:
    await locations.release(machine)


def _id_of(location: Location | None) -> str:
    return "" if location is None else location.id


def _machine_among(op: Operation, ids: Sequence[str]) -> Location | None:
    platform = platform_of(op)
    found = (platform.live.location(one) for one in ids)
    return next((one for one in found if one and platform.locations.is_machine(one)), None)


def _source(op: Operation, entity: Entity) -> Location:
    """Return the first of an entity's locations that gives machines."""
    platform = platform_of(op)
    ids = entity.effective_locations()
    found = [one for one in map(platform.live.location, ids) if one is not None]
    if not found:
        raise Conflict(
            f"No locations specified for {entity.name}: give one in the blueprint, such as "
            "'location: localhost', or to the effector start"
        )
    for one in found:
        if platform.locations.gives_machines(one):
            return one
    names = ", ".join(one.name for one in found)
    raise InvalidInput(f"no location of {entity.name} gives machines: {names}")


def _located(
    view: View, entity: Entity, *, add: list[str] | None = None, remove: str = ""
) -> list[Change]:
    record = view.get("entity", entity.id)
    if record is None:
        return []
    # Decided again, as it may be while the store does not answer, it adds nothing twice.
    kept = [one for one in record.get("locations", ()) if one != remove]
    locations = list(dict.fromkeys([*kept, *(add or ())]))
    return [Merge("entity", entity.id, {"locations": locations})]
