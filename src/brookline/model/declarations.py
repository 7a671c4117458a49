"""What a type declares: config keys, sensors and effectors.

class Cache(SoftwareProcess):
    memory = config("cache.memory", Size, default="64mb", description="Memory for items")
    hit_ratio = sensor("cache.hitRatio", float)

    @effector
    async def flush(self, op: Operation) -> None:
        \"\"\"Drop all cached items.\"\"\"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from brookline.errors import InvalidInput
from brookline.model.deferred import is_deferred
from brookline.model.inheritance import Inheritance
from brookline.values.coercion import Uncoercible, coerce, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.model.entity import Entity

T = TypeVar("T")


class ConfigKey(Generic[T]):
    """A declared config key; read on an entity, its value there, coerced, else the default.

    Attributes:
        name: AMP's name, such as ``launch.command``.
        type: What a value is coerced to when it is set.
        default: Coerced, or None.
        description: For people.
        flags: Other names under which the key may be written on an entity of the type.
        deprecated: Old names, read on the entity and its ancestors.
        inheritance: How far a value reaches.
        reconfigurable: Whether a user may change it after deployment.
    """

    __slots__ = (
        "default",
        "deprecated",
        "description",
        "flags",
        "inheritance",
        "name",
        "reconfigurable",
        "type",
    )

    def __init__(
        self,
        name: str,
        type: Any,  # noqa: A002 - AMP's word
        *,
        default: Any = None,
        description: str = "",
        flags: Sequence[str] = (),
        deprecated: Sequence[str] = (),
        inheritance: Inheritance = Inheritance.OVERWRITE,
        reconfigurable: bool = True,
    ) -> None:
        self.name = name
        self.type = type
        self.default: T | None = default if is_deferred(default) else coerce(default, type)
        self.description = description
        self.flags = tuple(flags)
        self.deprecated = tuple(deprecated)
        self.inheritance = inheritance
        self.reconfigurable = reconfigurable

    @overload
    def __get__(self, entity: None, owner: type) -> ConfigKey[T]: ...

    @overload
    def __get__(self, entity: Entity, owner: type) -> T: ...

    def __get__(self, entity: Entity | None, owner: type) -> ConfigKey[T] | T:
        if entity is None:
            return self
        found = entity.find_config(self.name)
        value: Any = self.default if found is None else found.value
        typed: Any = value if is_deferred(value) else self.typed(value)
        return typed  # type: ignore[no-any-return]

    def stored(self, value: Any) -> Any:
        """Return what a record holds for a value; an expression is kept as it is written.

        Raises:
            InvalidInput: If the value does not fit the type.
        """
        if is_deferred(value):
            return value
        try:
            return stored(value, self.type)
        except Uncoercible as error:
            raise InvalidInput(f"config '{self.name}': {error}") from error

    def typed(self, value: Any) -> T | None:
        """Return a resolved value as the declared type.

        Raises:
            InvalidInput: If the value does not fit the type.
        """
        try:
            typed: T | None = coerce(value, self.type)
        except Uncoercible as error:
            raise InvalidInput(f"config '{self.name}': {error}") from error
        return typed


class Sensor(Generic[T]):
    """A declared sensor; read on an entity, its current value, coerced, or None.

    Attributes:
        name: AMP's name, such as ``service.isUp``.
        type: What its value is.
        description: For people.
    """

    __slots__ = ("description", "name", "type")

    def __init__(self, name: str, type: Any, *, description: str = "") -> None:  # noqa: A002
        self.name = name
        self.type = type
        self.description = description

    @overload
    def __get__(self, entity: None, owner: type) -> Sensor[T]: ...

    @overload
    def __get__(self, entity: Entity, owner: type) -> T | None: ...

    def __get__(self, entity: Entity | None, owner: type) -> Sensor[T] | T | None:
        if entity is None:
            return self
        value: T | None = coerce(entity.sensors.get(self.name), self.type)
        return value


@overload
def config(
    name: str,
    type: type[T],
    *,
    default: Any = None,
    description: str = "",
    flags: Sequence[str] = (),
    deprecated: Sequence[str] = (),
    inheritance: Inheritance = Inheritance.OVERWRITE,
    reconfigurable: bool = True,
) -> ConfigKey[T]: ...


@overload
def config(
    name: str,
    type: Any,
    *,
    default: Any = None,
    description: str = "",
    flags: Sequence[str] = (),
    deprecated: Sequence[str] = (),
    inheritance: Inheritance = Inheritance.OVERWRITE,
    reconfigurable: bool = True,
) -> ConfigKey[Any]: ...


def config(
    name: str,
    type: Any,  # noqa: A002 - AMP's word
    *,
    default: Any = None,
    description: str = "",
    flags: Sequence[str] = (),
    deprecated: Sequence[str] = (),
    inheritance: Inheritance = Inheritance.OVERWRITE,
    reconfigurable: bool = True,
) -> ConfigKey[Any]:
    """Declare a config key; see `ConfigKey` for the arguments."""
    return ConfigKey(
        name,
        type,
        default=default,
        description=description,
        flags=flags,
        deprecated=deprecated,
        inheritance=inheritance,
        reconfigurable=reconfigurable,
    )


def sensor(name: str, type: type[T], *, description: str = "") -> Sensor[T]:  # noqa: A002
    """Declare a sensor."""
    return Sensor(name, type, description=description)
