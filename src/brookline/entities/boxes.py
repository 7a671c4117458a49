"""Boxes: the folders and variables of software processes on their machines."""

from __future__ import annotations

import hashlib
import json
import posixpath
from typing import TYPE_CHECKING, Any

from brookline.blueprint.evaluate import config_now
from brookline.entities import places
from brookline.entities.health import Report
from brookline.entities.phases import Box, env_texts
from brookline.entities.platform import platform_of
from brookline.errors import InvalidInput, RemoteError
from brookline.model.config import config_names
from brookline.model.deferred import has_deferred
from brookline.values.coercion import Uncoercible, coerce
from brookline.values.patterns import matching
from brookline.values.ports import PortRange

if TYPE_CHECKING:
    from brookline.entities.software_keys import SoftwareKeys
    from brookline.model.location import Location
    from brookline.operations.operation import Operation

_SCHEMES = {"http.port": "http", "https.port": "https"}


async def provide(op: Operation, entity: SoftwareKeys) -> Box:
    """Give an entity a machine, ports and folders on it; publish them as sensors.

    Raises:
        Conflict: If it has no location, or a range no free port.
        InvalidInput: If what must be ports is something else.
        RemoteError: If no machine is to be had.
    """
    platform = platform_of(op)
    await entity.await_latch(op, "latch.provision")
    base_dir = await platform.config(op, entity, type(entity).onbox_base_dir)
    properties = await platform.config(op, entity, type(entity).provisioning_properties)
    location = await places.obtain(op, entity, properties=properties or {}, base_dir=base_dir or "")
    machine = platform.locations.machine(location)
    named = await platform.config(op, entity, type(entity).run_dir)
    run_dir = machine.path(named) if named else default_run_dir(entity, machine.base_dir)
    sensors = places.host_sensors(machine.host, location.parent)
    await platform.report(op, entity, Report({**sensors, "run.dir": run_dir}))
    await _claim(op, entity, location)
    await entity.await_latch(op, "latch.setup")
    box = Box("", run_dir, {})
    await platform.report(op, entity, Report({"softwareprocess.pid.file": box.pid_file}))
    return box


def known(entity: SoftwareKeys) -> Box:
    """Return the box of an entity that was started, as its sensors and config say now.

    Variables whose expressions are not ready any more are left out: what they named may be
    gone, and a process must be stoppable all the same.

    Raises:
        RemoteError: If it was not started.
    """
    run_dir = entity.sensors.get("run.dir")
    if not run_dir:
        raise RemoteError(f"{entity.name} has no folder on a machine: it was not started")
    env = config_now(entity, "shell.env")
    env = env if isinstance(env, dict) else {}  # a single expression for the whole map
    ready = {name: value for name, value in env.items() if not has_deferred(value)}
    return Box(entity.sensors.get("install.dir") or "", run_dir, env_texts(ready))


def default_run_dir(entity: SoftwareKeys, base_dir: str) -> str:
    """Return the folder of an entity below a machine's folder, as AMP names it."""
    kind = type(entity).TYPE.rpartition(".")[2]
    return f"{base_dir}/apps/{entity.application_id}/entities/{kind}_{entity.id}"


def install_dir(entity: SoftwareKeys, base_dir: str, salt: Any) -> str:
    """Return the folder of an installation; what installs the same has the same.

    Args:
        entity: Whose type the name begins with.
        base_dir: Of the machine.
        salt: What makes one installation unlike another.
    """
    digest = hashlib.sha256(json.dumps(salt, sort_keys=True, default=str).encode()).hexdigest()
    label = f"{type(entity).TYPE.rpartition('.')[2]}_{digest[:12]}"
    return f"{base_dir}/installs/{label}"


def destination(folder: str, path: str) -> str:
    """Return where a file goes: below a folder, unless its path is absolute.

    Raises:
        InvalidInput: If there is no path.
    """
    if not path.strip() or path.endswith("/"):
        raise InvalidInput(f"'{path}' is not the path of a file")
    return posixpath.normpath(posixpath.join(folder, path))


async def _claim(op: Operation, entity: SoftwareKeys, location: Location) -> None:
    """Claim the ports that its config speaks of; each becomes a sensor of the same name."""
    wanted = await _port_ranges(op, entity)
    claimed = await places.claim_ports(op, entity, location, wanted=wanted)
    host = platform_of(op).locations.machine(location).host
    for name, scheme in _SCHEMES.items():
        if name in claimed:
            uri = f"{scheme}://{host.address}:{claimed[name]}/"
            await platform_of(op).report(op, entity, Report({"main.uri": uri}))


async def _port_ranges(op: Operation, entity: SoftwareKeys) -> dict[str, PortRange]:
    """Return ranges of ports by key: declared ones, and by name where a range is written.

    A single number is claimed only under the names that make an address of the entity; under
    another undeclared name it may be the port of another.

    Raises:
        InvalidInput: If such a name has something else than ports: whoever waits for the sensor
            would wait for ever.
    """
    platform = platform_of(op)
    declared = [key for key in entity.KEYS.values() if key.type is PortRange]
    ranges = {key.name: await platform.config(op, entity, key) for key in declared}
    if entity.infers_ports:
        for name in await platform.read(op, entity, "*ports", lambda: _named_as_ports(entity)):
            value = await platform.value(op, entity, name)
            ranges[name] = _own_range(name, value) if name in _SCHEMES else _range(value)
    return {name: found for name, found in ranges.items() if found is not None}


async def _named_as_ports(entity: SoftwareKeys) -> list[str]:
    """Return the undeclared keys whose names say that they hold ports.

    Raises:
        InvalidInput: If the pattern of such names is none.
    """
    names = [name for name in config_names(entity) if name not in entity.KEYS]
    key = type(entity).port_names
    try:
        found = matching(entity.port_names or "", names)
    except ValueError as fault:
        raise InvalidInput(f"config '{key.name}' {entity.port_names!r}: {fault}") from fault
    return [name for name in names if name in found]


def _own_range(name: str, value: Any) -> PortRange | None:
    if value is None or value == "":
        return None
    try:
        found: PortRange | None = coerce(value, PortRange)
    except Uncoercible as fault:
        raise InvalidInput(f"config '{name}': {fault}") from fault
    return found


def _range(value: Any) -> PortRange | None:
    if isinstance(value, int) or (isinstance(value, str) and value.strip().isdigit()):
        return None
    try:
        found = coerce(value, PortRange)
    except Uncoercible:
        return None
    return found if isinstance(found, PortRange) else None
