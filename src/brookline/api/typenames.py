"""Names of types as AMP's clients know them: those of Java."""

from __future__ import annotations

import enum
import types
import typing
from typing import Any

from brookline.values.durations import Duration
from brookline.values.ports import PortRange
from brookline.values.sizes import Size

OBJECT = "java.lang.Object"

_NAMES: dict[Any, str] = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    list: "java.util.List",
    tuple: "java.util.List",
    set: "java.util.Set",
    frozenset: "java.util.Set",
    dict: "java.util.Map",
    type(None): "java.lang.Void",
    Duration: "org.apache.brooklyn.util.time.Duration",
    PortRange: "org.apache.brooklyn.api.location.PortRange",
    Size: "java.lang.Integer",
}


def java_name(declared: Any) -> str:
    """Return the name of a declared type."""
    origin = typing.get_origin(declared)
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(declared) if kind is not type(None)]
        return java_name(kinds[0]) if len(kinds) == 1 else OBJECT
    kind = origin or declared
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "java.lang.Enum"
    return _NAMES.get(kind, OBJECT)


def java_name_of_value(value: Any) -> str:
    """Return the name of the type of a value whose type nobody declared."""
    return OBJECT if value is None else _NAMES.get(type(value), OBJECT)
