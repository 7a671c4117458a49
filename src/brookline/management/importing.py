"""Importing: which records of an archive are taken into a running plane, and whether they fit.

Taken are applications, with their entities, sensors, blueprints and locations. All is checked
before anything is changed, and what is taken is one decision: all of it, or nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from brookline.blueprint.assembly import ENTITY, LOCATION
from brookline.entities.health import SENSORS
from brookline.entities.unmanage import SPEC
from brookline.errors import Conflict, InvalidInput
from brookline.journal.queue import Decision
from brookline.journal.records import Records
from brookline.locations.guard import GUARD
from brookline.management.archive import counts
from brookline.management.opening import opening
from brookline.values.ids import is_id
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brookline.journal.records import View
    from brookline.management.archive import Line
    from brookline.operations.recorder import Decide
    from brookline.wire.changes import Value

TAKEN = (LOCATION, ENTITY, SENSORS, SPEC)
"""Kinds that are taken, in the order in which they are put.

Not taken are tasks, which are of no use without the work, and the history of another plane.
"""

_MOST_NAMED = 10


class _Entity(msgspec.Struct):
    """What the value of an entity must be like; fields that are not named may be anything."""

    type: str
    name: str
    app: str
    parent: str
    created: int = 0
    planId: str = ""  # noqa: N815 - as it is recorded
    catalogItemId: str = ""  # noqa: N815
    config: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    tags: list[Any] = []
    locations: list[str] = []


class _Location(msgspec.Struct):
    """What the value of a location must be like."""

    name: str = ""
    spec: str = ""
    type: str = ""
    parent: str = ""
    config: dict[str, Any] = {}


class _Spec(msgspec.Struct):
    """What the value of a blueprint must be like."""

    format: str
    text: str


_SHAPES: dict[str, Any] = {
    ENTITY: _Entity,
    LOCATION: _Location,
    SPEC: _Spec,
    SENSORS: dict[str, Any],
}


class Fit(NamedTuple):
    """What an archive would add.

    Attributes:
        records: What is taken, by kind and id; parents before their children.
        passed_over: How many records of other kinds are not.
    """

    records: Records
    passed_over: Mapping[str, int]

    def applications(self) -> Iterator[tuple[str, str]]:
        """Yield ids and names of the applications."""
        for record_id, value in self.records.all(ENTITY).items():
            if not value["parent"]:
                yield record_id, value["name"]


def fitting(lines: Sequence[Line]) -> Fit:
    """Return what is taken of an archive's records, if it is whole in itself.

    Slow: call it in a thread.

    Raises:
        InvalidInput: With all that is wrong.
    """
    records = Records()
    faults: list[str] = []
    for line in lines:
        if line.kind in TAKEN:
            if records.get(line.kind, line.id) is not None:
                faults.append(f"{line.kind} {line.id} is there twice")
            records.put(line.kind, line.id, _strange(line.kind, line.value))
    faults += _misshapen(records)
    if not faults:
        faults += _dangling(records)
    if faults:
        raise InvalidInput(
            _told("the archive does not hold together", faults), details=_all(faults)
        )
    passed_over = {k: n for k, n in counts(lines).items() if k not in TAKEN}
    return Fit(records, passed_over)


def merged(fit: Fit, now_ms: int, answer: Any) -> Decide:
    """Return how an archive is taken in, on the records as they are then.

    What was starting or stopping when the archive was made is on fire afterwards, as after a change
    of mastership: nobody is at work on it.

    Args:
        fit: What is taken.
        now_ms: Wall time.
        answer: What is told of it.
    """
    puts = [
        Put(kind, record_id, value)
        for kind in TAKEN
        for record_id, value in fit.records.all(kind).items()
    ]
    more = [change for item in opening(fit.records, now_ms).items for change in item.changes]

    def decide(view: View) -> Decision:
        taken = list(_in_use(view, fit.records))
        if taken:
            raise Conflict(
                _told("nothing was imported, for these are here already", taken),
                details=_all(taken),
            )
        new = [put for put in puts if view.get(put.kind, put.id) is None]
        return Decision([*new, *more], answer)

    return decide


def _misshapen(records: Records) -> Iterator[str]:
    for kind, shape in _SHAPES.items():
        for record_id, value in records.all(kind).items():
            if not is_id(record_id):
                yield f"{kind} {record_id[:80]!r} has an id that is none"
            try:
                msgspec.convert(value, shape)
            except msgspec.ValidationError as error:
                yield f"{kind} {record_id}: {error}"


def _dangling(records: Records) -> Iterator[str]:
    """Yield what refers to something that is not in the archive, or comes before its parent."""
    seen: dict[str, Value] = {}
    for record_id, value in records.all(ENTITY).items():
        app, parent = value["app"], value["parent"]
        if not parent and app != record_id:
            yield f"entity {record_id} has no parent, and is not its own application"
        elif parent and parent not in seen:
            yield f"entity {record_id} comes before its parent {parent}, or without it"
        elif parent and seen[parent]["app"] != app:
            yield f"entity {record_id} belongs to another application than its parent"
        for location in value.get("locations", ()):
            if records.get(LOCATION, location) is None:
                yield f"entity {record_id} is in location {location}, which is not there"
        seen[record_id] = value
    for kind in (SENSORS, SPEC):
        for record_id in records.ids(kind):
            if record_id not in seen:
                yield f"{kind} {record_id} is of no entity"


def _in_use(view: View, records: Records) -> Iterator[str]:
    """Yield what is on the plane already; a location that is the very same does not count."""
    for record_id, value in records.all(ENTITY).items():
        if view.get(ENTITY, record_id) is not None:
            what = "entity" if value["parent"] else "application"
            yield f"{what} {value['name']} ({record_id})"
    for record_id, value in records.all(LOCATION).items():
        here = view.get(LOCATION, record_id)
        if here is not None and _strange(LOCATION, here) != value:
            yield f"location {value.get('name') or record_id} ({record_id})"


def _strange(kind: str, value: Value) -> Value:
    """Return a record as another plane may have it: it does not know what machines know of this one.

    The guard of a machine has seen the epochs of the plane that used it, and refuses lower ones.
    """
    config = value.get("config")
    if kind != LOCATION or not isinstance(config, dict) or GUARD not in config:
        return value
    return {**value, "config": {name: item for name, item in config.items() if name != GUARD}}


def _told(what: str, all_of_it: Sequence[str]) -> str:
    more = len(all_of_it) - _MOST_NAMED
    named = ", ".join(all_of_it[:_MOST_NAMED])
    return f"{what}: {named}" + (f", and {more} more" if more > 0 else "")


def _all(listed: Sequence[str]) -> str:
    return "\n".join(listed)
