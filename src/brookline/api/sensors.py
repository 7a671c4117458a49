"""REST resource: sensors of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import finding, links, masking
from brookline.api.answers import JSON, NO_CONTENT, Answer, json
from brookline.api.rendering import hinted, readable, single
from brookline.api.routes import Param, Place, change, read
from brookline.api.typenames import java_name, java_name_of_value
from brookline.errors import InvalidInput
from brookline.wire.rest import SensorSummary

if TYPE_CHECKING:
    from brookline.api.asking import Follows
    from brookline.api.calls import Call
    from brookline.model.entity import Entity

_URLS = ("http://", "https://")


async def list_sensors(call: Call) -> Answer:
    """Return the sensors of an entity by name: those declared, and others that are set."""
    entity = finding.entity(call)
    return json([_summary(entity, name) for name in sorted(_names(entity))])


async def get_current_state(call: Call) -> Answer:
    """Return the values of all sensors; null for one that is declared and not set."""
    entity = finding.entity(call)
    if not call.query:
        return json(current_state(entity))
    return json({name: _value(call, entity, name) for name in sorted(_names(entity))})


def current_state(entity: Entity) -> dict[str, Any]:
    """Return the values of all sensors, made readable."""
    values = entity.sensors
    return {name: readable(name, values.get(name)) for name in sorted(_names(entity))}


async def get_value(call: Call) -> Answer:
    """Return the value of a sensor; 204 if it is not set."""
    entity, name = finding.entity(call), call.path["sensor"]
    return single(name, _value(call, entity, name), call)


async def set_values(call: Call) -> Answer | Follows:
    """Set several sensors."""
    values = call.json()
    if not isinstance(values, dict):
        raise InvalidInput("the body must be a JSON map of sensors to values")
    return await _set(call, values)


async def set_value(call: Call) -> Answer | Follows:
    """Set a sensor, also one that nobody declared."""
    return await _set(call, {call.path["sensor"]: call.json()})


async def remove(call: Call) -> Answer | Follows:
    """Remove the value of a sensor."""
    asked = finding.asked(call, NO_CONTENT)
    await call.ports.management.remove_sensor(finding.entity(call), call.path["sensor"], asked)
    return asked.answer


async def _set(call: Call, values: dict[str, Any]) -> Answer | Follows:
    asked = finding.asked(call, NO_CONTENT)
    await call.ports.management.set_sensors(finding.entity(call), values, asked)
    return asked.answer


def _names(entity: Entity) -> set[str]:
    return {*entity.SENSORS, *entity.sensors}


def _value(call: Call, entity: Entity, name: str) -> Any:
    value = hinted(name, entity.sensors.get(name), call)
    return masking.suppressed(name, value) if call.flag("suppressSecrets") else value


def _summary(entity: Entity, name: str) -> SensorSummary:
    declared, value = entity.SENSORS.get(name), entity.sensors.get(name)
    own = f"{links.entity(entity)}/sensors/{links.segment(name)}"
    relations = {
        "self": own,
        "application": links.application(entity.application_id),
        "entity": links.entity(entity),
        "action:json": own,
    }
    if isinstance(value, str) and value.startswith(_URLS):
        relations["action:open"] = value
    return SensorSummary(
        name=name,
        type=java_name(declared.type) if declared else java_name_of_value(value),
        links=relations,
        description=(declared.description if declared else "") or UNSET,
    )


_S = "/applications/{app}/entities/{e}/sensors"
_READING = tuple(
    Param(name, bool, default)
    for name, default in (("useDisplayHints", True), ("raw", False), ("suppressSecrets", False))
)

OPERATIONS = (
    read(_S, list_sensors, returns=list[SensorSummary], place=Place.HOT),
    read(
        f"{_S}/current-state",
        get_current_state,
        returns=dict[str, Any],
        place=Place.HOT,
        params=_READING,
    ),
    read(
        f"{_S}/{{sensor}}",
        get_value,
        returns={200: Any, 204: None},
        place=Place.HOT,
        params=_READING,
        produces=(JSON, "text/plain"),
    ),
    change(f"POST {_S}", set_values, returns={204: None}, consumes=(JSON,)),
    change(f"POST {_S}/{{sensor}}", set_value, returns={204: None}, consumes=(JSON,)),
    change(f"DELETE {_S}/{{sensor}}", remove, returns={204: None}),
)
