"""Reading config in an operation: as it is kept for the next master."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.blueprint.evaluate import NotReady
from brookline.blueprint.waiting import GaveUp
from brookline.errors import BrooklineError, NotFound, Unavailable
from brookline.model.deferred import has_deferred
from brookline.model.entity import Entity
from brookline.model.location import Location
from brookline.operations.storing import error_of, failure_of

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from brookline.model.live import Live
    from brookline.wire.changes import Value

_VALUE, _FAILURE = "value", "failure"
_ENTITY, _LOCATION = "brookline:entity", "brookline:location"
_OURS: dict[str, type[BrooklineError]] = {"GaveUp": GaveUp, "NotReady": NotReady}


def may_change(entity: Entity, name: str) -> bool:
    """Tell whether what an entity has for a key may change without anybody setting it."""
    found = entity.find_config(name)
    if found is not None:
        return has_deferred(found.value)
    declared = entity.KEYS.get(name)
    return declared is not None and has_deferred(declared.default)


async def reading_of(look: Awaitable[Any]) -> Value:
    """Return what a look finds, be it a value or an error, as it is kept.

    Raises:
        NotMaster: If this node does not lead any more.
        Fenced: Likewise.
    """
    try:
        return {_VALUE: _packed(await look)}
    except Unavailable:
        raise
    except BrooklineError as error:
        return {_FAILURE: failure_of(error)}


def value_of(reading: Value, live: Live) -> Any:
    """Return the value that was found.

    Raises:
        NotFound: If it was an entity or location that is gone.
        BrooklineError: What was raised instead.
    """
    if _FAILURE not in reading:
        return _unpacked(reading[_VALUE], live)
    failure = reading[_FAILURE]
    ours = _OURS.get(failure["class"])
    raise error_of(failure) if ours is None else ours(failure["message"])


def _packed(value: Any) -> Any:
    match value:
        case Entity():
            return {_ENTITY: value.id}
        case Location():
            return {_LOCATION: value.id}
        case dict():
            return {key: _packed(item) for key, item in value.items()}
        case list():
            return [_packed(item) for item in value]
        case _:
            return value


def _unpacked(value: Any, live: Live) -> Any:
    match value:
        case {"brookline:entity": one}:
            return _there(live.entity(one), one)
        case {"brookline:location": one}:
            return _there(live.location(one), one)
        case dict():
            return {key: _unpacked(item, live) for key, item in value.items()}
        case list():
            return [_unpacked(item, live) for item in value]
        case _:
            return value


def _there(found: Any, one: str) -> Any:
    if found is None:
        raise NotFound(f"{one} does not exist any more")
    return found
