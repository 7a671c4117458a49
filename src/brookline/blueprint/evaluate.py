"""Evaluation: from expressions to values, on live entities.

`resolve` waits for sensors that are not ready; `resolve_now` gives what can be had at once. An
expression means what it means to the entity on which it was written, also when a descendant
inherits it.
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from brookline.blueprint import lookup
from brookline.blueprint.dsl import (
    Call,
    DslError,
    Expression,
    Index,
    Property,
    parse,
    problem,
    shown,
)
from brookline.blueprint.formatting import format_string, java_text
from brookline.blueprint.waiting import Waiting, WhenReady, when_ready
from brookline.errors import BrooklineError, InvalidInput, NotFound
from brookline.model.deferred import is_deferred
from brookline.model.entity import Entity
from brookline.model.inheritance import deep_merged
from brookline.model.location import Location
from brookline.values.coercion import plain
from brookline.values.patterns import replaced

if TYPE_CHECKING:
    from collections.abc import Coroutine

_PROPERTIES = ("id", "name", "spec", "type")


class NotReady(BrooklineError):
    """A value cannot be had at once."""

    code = "not-ready"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is evaluated.

    Attributes:
        entity: On which it was written.
        waiting: How to wait for sensors.
        reading: Entity ids and keys whose evaluation led here; a circle would never end.
    """

    entity: Entity
    waiting: Waiting
    reading: tuple[tuple[str, str], ...] = ()


async def resolve(entity: Entity, value: Any, waiting: Waiting) -> Any:
    """Return a value with all expressions in it evaluated, waiting for what they need.

    Raises:
        InvalidInput: If an expression is wrong or runs in a circle.
        NotFound: If an entity that it names does not exist.
        GaveUp: If a sensor does not become ready.
    """
    return await _tree(value, Scope(entity, waiting))


async def resolve_config(entity: Entity, name: str, waiting: Waiting) -> Any:
    """Return an entity's value for a key, or the default, evaluated, as JSON of its type.

    Raises:
        InvalidInput: As `resolve`, or if the result does not fit the key's type.
        NotFound: As `resolve`.
        GaveUp: As `resolve`.
    """
    return await _config(entity, name, Scope(entity, waiting))


def resolve_now(entity: Entity, value: Any) -> Any:
    """Return a value evaluated as far as that needs no waiting.

    If one part of it is not ready, or cannot be evaluated, the whole comes back as it was
    written, with its expressions as text; a reader is never made to wait or fail.
    """
    try:
        return _at_once(_tree(value, Scope(entity, _Never())))
    except BrooklineError:
        return shown(value)


def config_now(entity: Entity, name: str) -> Any:
    """Return an entity's value for a key, own or inherited, without the default, as `resolve_now`."""
    found = entity.find_config(name)
    if found is None:
        return None
    try:
        return _at_once(_config(entity, name, Scope(entity, _Never())))
    except BrooklineError:
        return shown(found.value)


def presentable(value: Any) -> Any:
    """Return an evaluated value as JSON; entities and locations as their type and id, as in AMP."""
    match value:
        case Entity() | Location():
            return {"type": value.type, "id": value.id}
        case dict():
            return {key: presentable(item) for key, item in value.items()}
        case list():
            return [presentable(item) for item in value]
        case _:
            return value


class _Never:
    """Waits for nothing."""

    async def sensor(self, waiter: Entity, producer: Entity, name: str, options: WhenReady) -> Any:
        del waiter
        value = producer.sensors.get(name)
        if not options.ready(value):
            raise NotReady(f"sensor '{name}' of {producer.name} is not ready")
        return value


def _at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    work.close()
    raise AssertionError("an evaluation that must not wait did")


async def _tree(value: Any, scope: Scope) -> Any:
    if isinstance(value, Expression):
        return await _expression(value, scope)
    if is_deferred(value):
        return await _expression(_parsed(value), scope)
    if isinstance(value, dict):
        return {key: await _tree(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [await _tree(item, scope) for item in value]
    return value


def _parsed(value: Any) -> Expression:
    try:
        expression = parse(value)
    except DslError as error:
        raise InvalidInput(f"{shown(value)}: {error}") from error
    if wrong := problem(expression):
        raise InvalidInput(f"{shown(value)}: {wrong[0]}")
    return expression


async def _expression(expression: Expression, scope: Scope) -> Any:
    result: Any = scope.entity
    for number, step in enumerate(expression.steps):
        match step:
            case Call() if number == 0 or isinstance(result, Entity):
                result = await _call(step, result, scope)
            case Call(name):
                raise InvalidInput(f"'{name}' can be called only on an entity: {expression}")
            case Index(key):
                result = _indexed(result, await _tree(key, scope), expression)
            case Property(name):
                result = _property(result, name, expression)
    return result


async def _call(call: Call, on: Entity, scope: Scope) -> Any:
    if call.name == "literal":
        [arg] = call.args
        return await _tree(arg, scope) if isinstance(arg, Expression) else arg
    args = [await _tree(arg, scope) for arg in call.args]
    match call.name:
        case "formatString":
            return format_string(java_text(args[0]), args[1:])
        case "urlEncode":
            return urllib.parse.quote_plus(java_text(args[0]))
        case "regexReplacement":
            return _replaced(*map(java_text, args))
        case "config":
            return await _config(on, java_text(args[0]), scope)
        case "attributeWhenReady" | "attributeWhenReadyAllowingOnFire":
            return await _sensor(call.name, on, args, scope)
        case _:
            return _relative(call.name, on, args)


def _relative(name: str, on: Entity, args: list[Any]) -> Any:
    """Evaluate a function that looks at the model and waits for nothing."""
    if not args:
        return _around(name, on)
    match name:
        case "sensor":
            return args[-1]
        case "application":
            return lookup.application(on, _entity_id(args[0]))
        case "component" | "entity":
            scope = java_text(args[0]) if len(args) == 2 else "global"
            wanted = args[-1]
            return (
                wanted
                if isinstance(wanted, Entity)
                else lookup.component(on, java_text(wanted), scope)
            )
        case "location":
            return _location(on, int(args[0]))
        case _:
            return lookup.component(on, _entity_id(args[0]), name)


def _around(name: str, on: Entity) -> Any:
    match name:
        case "self":
            return on
        case "root" | "scopeRoot":
            return on.application
        case "entityId":
            return on.id
        case "location":
            return _location(on, 0)
        case _:
            if on.parent is None:
                raise NotFound(f"{on.name} has no {name}")
            return on.parent


async def _sensor(function: str, on: Entity, args: list[Any], scope: Scope) -> Any:
    options = when_ready(args[1] if len(args) > 1 else None)
    if function.endswith("AllowingOnFire"):
        options = replace(options, abort_if_on_fire=False)
    return await scope.waiting.sensor(scope.entity, on, java_text(args[0]), options)


async def _config(entity: Entity, name: str, scope: Scope) -> Any:
    here = (entity.id, name)
    if here in scope.reading:
        circle = " > ".join(key for _, key in (*scope.reading, here))
        raise InvalidInput(f"config is defined by itself: {circle}")
    declared = entity.KEYS.get(name) or entity.FLAGS.get(name)
    reading = (*scope.reading, here)
    found = entity.find_config(declared.name if declared else name)
    if found is None:
        value = await _tree(plain(declared.default) if declared else None, scope)
    else:
        value = None
        for number, part in enumerate(reversed(found.parts)):
            inner = await _tree(part.value, Scope(part.owner, scope.waiting, reading))
            value = deep_merged(inner, value) if number else inner
    if declared is None or isinstance(value, Entity | Location):
        return value
    return plain(declared.typed(value))


def _indexed(result: Any, key: Any, expression: Expression) -> Any:
    try:
        if isinstance(result, list):
            return result[int(key)]
        if isinstance(result, dict):
            return result[key] if key in result else result[java_text(key)]
    except (IndexError, KeyError, ValueError) as error:
        raise NotFound(f"{expression}: there is no [{key}]") from error
    raise InvalidInput(f"{expression}: only lists and maps have elements")


def _property(result: Any, name: str, expression: Expression) -> Any:
    if isinstance(result, dict) and name in result:
        return result[name]
    if isinstance(result, Entity | Location) and name in _PROPERTIES:
        return getattr(result, name, None)
    raise NotFound(f"{expression}: there is no property '{name}'")


def _location(entity: Entity, index: int) -> Location:
    ids = entity.effective_locations()
    found = entity.live.location(ids[index]) if 0 <= index < len(ids) else None
    if found is None:
        raise NotReady(f"{entity.name} has no location {index}")
    return found


def _entity_id(value: Any) -> str:
    return value.plan_id or value.id if isinstance(value, Entity) else java_text(value)


def _replaced(text: str, pattern: str, replacement: str) -> str:
    try:
        return replaced(pattern, re.sub(r"\$(\d+)", r"\\g<\1>", replacement), text)
    except ValueError as error:
        raise InvalidInput(f"regexReplacement: '{pattern}': {error}") from error
