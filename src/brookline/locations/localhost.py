"""The location ``localhost``: the server's own host, given as often as it is asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.errors import InvalidInput
from brookline.locations import here
from brookline.locations.local import LocalMachine
from brookline.locations.machine import Host
from brookline.locations.ports import HOST, PORTS
from brookline.locations.processes import Turns

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
        """Return the value of the record of this host as one more machine."""
        given = need.base_dir or location.config.get(BASE_DIR)
        address = str(location.config.get("address") or "127.0.0.1")
        config: Value = {
            HOST: here.host_key(),
            "address": address,
            "user": here.login_user(),
            "entity": need.entity_id,
            BASE_DIR: here.seen_from_login(str(given)) if given else default_base_dir(),
            PORTS: {},
        }
        return {
            "name": address,
            "spec": "",
            "type": self.machine_type,
            "parent": location.id,
            "config": config,
        }

    async def release(self, machine: Location) -> None:
        """Give it back, which takes nothing: this host stays."""

    def machine(self, machine: Location) -> Machine:
        """Return the machine of a record."""
        config = machine.config
        address = config["address"]
        host = Host(config[HOST], address, address, address, address, config["user"])
        return LocalMachine(host, config[BASE_DIR], self._clock, turns=self._turns)


def default_base_dir() -> str:
    """Return AMP's default folder on the server's own host."""
    return str(Path(tempfile.gettempdir()) / f"brooklyn-{here.login_user()}")
