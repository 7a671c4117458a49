"""Kinds of locations: how specs become records, and records machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from brookline.errors import InvalidInput, RemoteError
from brookline.locations.specs import Spec, read_spec
from brookline.model.types import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brookline.locations.machine import Machine
    from brookline.model.location import Location
    from brookline.wire.changes import Value


@dataclass(frozen=True, slots=True)
class Need:
    """What an entity needs of a machine.

    Attributes:
        entity_id: Who will have it.
        properties: Value of ``provisioning.properties``.
        ports: That must be reachable.
        base_dir: Folder for all that it puts there; empty for the machine's default.
    """

    entity_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    base_dir: str = ""


class Kind(Protocol):
    """A kind of location.

    Attributes:
        names: Words with which its specs begin.
        type: AMP's type of a location that gives machines.
        machine_type: AMP's type of a machine that it gave.
    """

    names: tuple[str, ...]
    type: str
    machine_type: str

    def record(self, spec: Spec) -> Value:
        """Return the value of the record of a location.

        Raises:
            InvalidInput: If the spec asks for what there is not.
        """
        ...

    async def obtain(self, location: Location, need: Need) -> Value:
        """Get a machine; return the value of its record.

        Raises:
            RemoteError: If there is none to be had.
        """
        ...

    async def release(self, machine: Location) -> None:
        """Give a machine back; its record goes afterwards."""
        ...

    def machine(self, machine: Location) -> Machine:
        """Return the machine of a record."""
        ...

    def begin(self) -> None:
        """Take each machine for what its record says, as the node begins to lead.

        What was found out in an earlier mastership may be old: another node has led since.
        """
        ...


class Locations:
    """The kinds of locations that this server has."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = tuple(kinds)

    def names(self) -> list[str]:
        """Return the words with which specs may begin."""
        return sorted(name for kind in self._kinds for name in kind.names)

    def resolve(self, given: Any) -> Value:
        """Return the value of the record that a spec, text or map, stands for.

        Raises:
            InvalidInput: If no kind of location is meant, or it is given in a wrong way.
        """
        spec = read_spec(given)
        for kind in self._kinds:
            if spec.name in kind.names:
                return kind.record(spec)
        known = self.names()
        meant = did_you_mean(spec.name, known) or f"; known are: {', '.join(known)}"
        raise InvalidInput(f"unknown location '{spec.text}'{meant}")

    def gives_machines(self, location: Location) -> bool:
        """Tell whether machines can be obtained from a location."""
        return any(kind.type == location.type for kind in self._kinds)

    def is_machine(self, location: Location) -> bool:
        """Tell whether a location is a machine."""
        return any(kind.machine_type == location.type for kind in self._kinds)

    async def obtain(self, location: Location, need: Need) -> Value:
        """Get a machine from a location; return the value of its record.

        Raises:
            RemoteError: If there is none to be had.
        """
        return await self._kind(location).obtain(location, need)

    async def release(self, machine: Location) -> None:
        """Give a machine back; its record goes afterwards."""
        await self._kind(machine).release(machine)

    def machine(self, machine: Location) -> Machine:
        """Return the machine of a record.

        Raises:
            RemoteError: If it is of no kind that this server has.
        """
        return self._kind(machine).machine(machine)

    def begin(self) -> None:
        """Take each machine for what its record says, as the node begins to lead."""
        for kind in self._kinds:
            kind.begin()

    def _kind(self, location: Location) -> Kind:
        for kind in self._kinds:
            if location.type in (kind.type, kind.machine_type):
                return kind
        raise RemoteError(
            f"location '{location.name}' is of type '{location.type}', which this server has not"
        )
