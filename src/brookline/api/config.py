"""REST resource: config of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import finding, links, masking
from brookline.api.answers import JSON, NO_CONTENT, Answer, json
from brookline.api.calls import decode_json
from brookline.api.rendering import hinted, single
from brookline.api.routes import Param, Place, change, read
from brookline.api.typenames import OBJECT, java_name
from brookline.errors import InvalidInput
from brookline.model.config import config_names
from brookline.values.coercion import plain
from brookline.wire.rest import ConfigSummary

if TYPE_CHECKING:
    from brookline.api.asking import Follows
    from brookline.api.calls import Call
    from brookline.model.declarations import ConfigKey
    from brookline.model.entity import Entity


async def list_keys(call: Call) -> Answer:
    """Return the config keys of an entity: those declared, and others that are set."""
    entity = finding.entity(call)
    names = dict.fromkeys([*entity.KEYS, *config_names(entity)])
    return json([_summary(entity, name, entity.KEYS.get(name)) for name in names])


async def get_current_state(call: Call) -> Answer:
    """Return all config that is set on an entity or inherited by it; defaults are not."""
    entity = finding.entity(call)
    return json({name: _value(call, entity, name) for name in config_names(entity)})


async def get_value(call: Call) -> Answer:
    """Return one config value; 204 if it is not set, also when it has a default."""
    entity, name = finding.entity(call), call.path["key"]
    return single(name, _value(call, entity, name), call)


async def set_values(call: Call) -> Answer | Follows:
    """Set several config keys."""
    values = call.json()
    if not isinstance(values, dict):
        raise InvalidInput("the body must be a JSON map of config keys to values")
    return await _set(call, values)


async def set_value(call: Call) -> Answer | Follows:
    """Set one config key; null unsets it."""
    return await _set(call, {call.path["key"]: value_of(call.body)})


async def _set(call: Call, values: dict[str, Any]) -> Answer | Follows:
    asked = finding.asked(call, NO_CONTENT)
    await call.ports.management.set_config(
        finding.entity(call), values, recurse=call.flag("recurse"), ctx=asked
    )
    return asked.answer


def value_of(body: bytes) -> Any:
    """Return the value that a body holds: JSON, a bare word, or None for an empty body.

    Source: `br … config K set VALUE` sends its argument as it is, seldom with JSON's quotes.

    Raises:
        InvalidInput: If it begins like JSON and is none.
    """
    if not body.strip():
        return None
    try:
        return decode_json(body)
    except InvalidInput:
        word = body.decode("utf-8", "replace").strip()
        if word[0] in '{["' or "\n" in word:
            raise
        return word


def _value(call: Call, entity: Entity, name: str) -> Any:
    """Return a value as far as it can be resolved without waiting, or None."""
    found = entity.find_config(name)
    if found is None:
        return None
    value = found.value
    if not call.flag("skipResolution"):
        value = plain(call.ports.management.config_now(entity, name))
    value = hinted(name, value, call)
    return masking.suppressed(name, value) if call.flag("suppressSecrets") else value


def _summary(entity: Entity, name: str, key: ConfigKey[Any] | None) -> ConfigSummary:
    own = f"{links.entity(entity)}/config/{links.segment(name)}"
    relations = {
        "self": own,
        "application": links.application(entity.application_id),
        "entity": links.entity(entity),
        "action:json": own,
    }
    if key is None:
        return ConfigSummary(name=name, type=OBJECT, reconfigurable=True, links=relations)
    return ConfigSummary(
        name=name,
        type=java_name(key.type),
        reconfigurable=key.reconfigurable,
        links=relations,
        default_value=UNSET if key.default is None else plain(key.default),
        description=key.description or UNSET,
        label=name,
    )


_C = "/applications/{app}/entities/{e}/config"
_READING = tuple(
    Param(name, bool, default)
    for name, default in (
        ("useDisplayHint", True),
        ("useDisplayHints", True),
        ("skipResolution", False),
        ("suppressSecrets", False),
        ("raw", False),
    )
)
_RECURSE = (Param("recurse", bool, default=False),)

OPERATIONS = (
    read(_C, list_keys, returns=list[ConfigSummary], place=Place.HOT),
    read(
        f"{_C}/current-state",
        get_current_state,
        returns=dict[str, Any],
        place=Place.HOT,
        params=_READING,
    ),
    read(
        f"{_C}/{{key}}",
        get_value,
        returns={200: Any, 204: None},
        place=Place.HOT,
        params=_READING,
        produces=(JSON, "text/plain"),
    ),
    change(f"POST {_C}", set_values, returns={204: None}, params=_RECURSE, consumes=(JSON,)),
    change(f"POST {_C}/{{key}}", set_value, returns={204: None}, params=_RECURSE, consumes=(JSON,)),
)
