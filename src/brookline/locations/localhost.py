"""The location ``localhost``: the server's own host, given as often as it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.errors import InvalidInput
from brookline.locations import here
from brookline.locations.guard import GUARD, Guard, Place
from brookline.locations.local import LocalMachine, default_base_dir, guard_home
from brookline.locations.machine import Host
from brookline.locations.ports import HOST, PORTS
from brookline.locations.processes import Turns
from brookline.locations.recorded import RecordedGuard
from brookline.locations.shells import LocalShell

if TYPE_CHECKING:
    from brookline.locations.kinds import Need
    from brookline.locations.machine import Machine
    from brookline.locations.specs import Spec
    from brookline.model.location import Location
    from brookline.values.clock import Clock
    from brookline.wire.changes import Value

_TYPE = "org.apache.brooklyn.location.localhost.LocalhostMachineProvisioningLocation"

BASE_DIR = "onbox.base.dir"


class Localhost:
    """This host, by direct execution; AMP logs in to itself by SSH instead.

    Args:
        clock: For time-outs of commands.
        enabled: Value of ``brooklyn.location.localhost.enabled``.
    """

    names: tuple[str, ...] = ("localhost",)
    type = _TYPE
    machine_type = f"{_TYPE}$LocalhostMachine"

    def __init__(self, clock: Clock, *, enabled: bool = True) -> None:
        self._clock = clock
        self._turns = Turns(clock)
        self._enabled = enabled
        self._shell = LocalShell(clock, self._turns)
        self._guards: dict[str, Guard] = {}

    def record(self, spec: Spec) -> Value:
        """Return the value of the record of a location.

        Raises:
            InvalidInput: If this location is switched off.
        """
        if not self._enabled:
            raise InvalidInput(
                "location 'localhost' is switched off by brooklyn.location.localhost.enabled"
            )
        config = dict(spec.config)
        name = config.pop("displayName", None) or config.pop("name", None) or "localhost"
        return {
            "name": str(name),
            "spec": spec.text,
            "type": self.type,
            "parent": "",
            "config": config,
        }

    async def obtain(self, location: Location, need: Need) -> Value:
        """Return the value of the record of this host as one more machine.

        Raises:
            RemoteError: If the folder of its guard cannot be made.
        """
        given = need.base_dir or location.config.get(BASE_DIR)
        address = str(location.config.get("address") or "127.0.0.1")
        base_dir = here.seen_from_login(str(given)) if given else default_base_dir()
        home = guard_home(base_dir)
        place = await Guard(self._shell, home, f"{home}/{need.entity_id}").init()
        config: Value = {
            HOST: here.host_key(),
            "address": address,
            "user": here.login_user(),
            "entity": need.entity_id,
            BASE_DIR: base_dir,
            PORTS: {},
            GUARD: place.to_value(),
        }
        return {
            "name": address,
            "spec": "",
            "type": self.machine_type,
            "parent": location.id,
            "config": config,
        }

    async def release(self, machine: Location) -> None:
        """Give it back: this host stays, and the folder of the guard goes.

        Raises:
            RemoteError: If it cannot be deleted.
        """
        if machine.config[HOST] == here.host_key():
            await self._guard(machine).remove()
        self._guards.pop(machine.id, None)

    def machine(self, machine: Location) -> Machine:
        """Return the machine of a record."""
        config = machine.config
        address = config["address"]
        host = Host(config[HOST], address, address, address, address, config["user"])
        guard = RecordedGuard(self._guard(machine), machine)
        return LocalMachine(host, config[BASE_DIR], self._clock, turns=self._turns, guard=guard)

    def begin(self) -> None:
        """Take each machine for what its record says, as the node begins to lead."""
        self._guards.clear()

    def _guard(self, machine: Location) -> Guard:
        """Return the guard of a machine; one for all who use it in a mastership."""
        found = self._guards.get(machine.id)
        if found is None:
            place = Place.of(machine.config)
            home = guard_home(machine.config[BASE_DIR])
            folder = place.folder if place else f"{home}/{machine.id}"
            found = self._guards[machine.id] = Guard(self._shell, home, folder, place)
        return found
