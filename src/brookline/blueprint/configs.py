"""Config as a blueprint gives it: expressions are read, declared values are coerced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.blueprint.dsl import DslError, parse, problem
from brookline.blueprint.nodes import Mapping, Node, Scalar, Sequence
from brookline.errors import InvalidInput
from brookline.model.deferred import PREFIX
from brookline.values.ports import PortRange, looks_like_ports

if TYPE_CHECKING:
    from brookline.blueprint.source import Source
    from brookline.model.entity import Entity

_PORT = ".port"
"""How the names of keys end that stand for ports; AMP's default of ``inboundPorts.configRegex``."""


def tree(node: Node, source: Source) -> Any:
    """Return a node as JSON, and note what is wrong with the expressions in it."""
    if isinstance(node, Scalar):
        value = node.value
        if type(value) is str and value.startswith(PREFIX):
            _check(value, node, source)
        return value
    if isinstance(node, Sequence):
        return [tree(item, source) for item in node.items]
    assert isinstance(node, Mapping)
    value = {key: tree(item, source) for key, item in node.entries.items()}
    if len(value) == 1:
        [key] = value
        if key.startswith(PREFIX):
            _check(value, Scalar(node.places[key], key, key, 0), source)
    return value


def add_config(into: dict[str, Any], node: Node, cls: type[Entity], source: Source) -> None:
    """Read a ``brooklyn.config`` map for a type; flags become the names of their keys."""
    if isinstance(node, Scalar) and node.value is None:
        return
    if not isinstance(node, Mapping):
        source.fault(node.at, f"brooklyn.config must be a map, not a {node.kind}")
        return
    for name, item in node.entries.items():
        add_value(into, name, item, cls, source=source, at=node.places[name])


def add_value(
    into: dict[str, Any], name: str, node: Node, cls: type[Entity], *, source: Source, at: int
) -> None:
    """Read the value of one key, whose name stands at a place."""
    value = tree(node, source)
    key = cls.KEYS.get(name) or cls.FLAGS.get(name)
    if (key.name if key else name) in cls.INERT:
        source.warn(at, f"'{name}' is known but has no effect in this version yet")
    try:
        into[key.name if key else name] = key.stored(value) if key else _undeclared(name, value)
    except InvalidInput as error:
        source.fault(node.at, error.message)


def _undeclared(name: str, value: Any) -> Any:
    """Return a value as it is; one that a software process would take for ports must be some."""
    if name.endswith(_PORT) and looks_like_ports(value):
        try:
            PortRange.of(value)
        except ValueError as error:
            raise InvalidInput(f"config '{name}': {error}") from error
    return value


def _check(value: Any, node: Scalar, source: Source) -> None:
    try:
        wrong = problem(parse(value))
    except DslError as error:
        wrong = str(error), error.offset
    if wrong is not None:
        message, offset = wrong
        # Escapes and line breaks in the scalar make columns of its inside unknowable.
        inside = node.offset + offset if node.offset >= 0 else 0
        source.fault(node.at + inside, message)
