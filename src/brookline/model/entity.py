"""Entities: live objects over the records from which they are built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from brookline.model.config import Found, find_config
from brookline.model.declarations import ConfigKey, Sensor, sensor
from brookline.model.effectors import Effector, declared_effector

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from brookline.model.live import Live
    from brookline.wire.changes import Value

_NOTHING: Mapping[str, Any] = {}
_NOBODY: tuple[Entity, ...] = ()


class Entity:
    """Something that is managed. Its state is that of its records; nothing is kept beside them.

    Attributes:
        TYPE: AMP's full type name; the class's own qualified name if a subclass gives none.
        ALIASES: Other names under which a blueprint may ask for it.
        ABSTRACT: Whether it is only a base of types; said by ``class X(Entity, abstract=True)``.
        APPLICATION: Whether it may be the root of a blueprint by itself.
        INERT: Names of keys, declared or not, that AMP acts on and this version does not yet; who
            writes them is warned.
        KEYS: Declared config keys by name.
        FLAGS: Declared config keys by flag and deprecated name.
        SENSORS: Declared sensors by name.
        EFFECTORS: Declared effectors by name.
        id: Id of the entity and of its records.
        record: Value of ``entity/<id>``.
        parent: None for an application.
        children: In order of creation; read only.
        live: The model that it belongs to.
        version: Number of the model's last change that concerned this entity.
    """

    __slots__ = ("__weakref__", "_sensors", "children", "id", "live", "parent", "record", "version")

    TYPE: ClassVar[str] = ""
    ALIASES: ClassVar[tuple[str, ...]] = ()
    ABSTRACT: ClassVar[bool] = True
    APPLICATION: ClassVar[bool] = False
    INERT: ClassVar[Collection[str]] = ()
    KEYS: ClassVar[Mapping[str, ConfigKey[Any]]] = {}
    FLAGS: ClassVar[Mapping[str, ConfigKey[Any]]] = {}
    SENSORS: ClassVar[Mapping[str, Sensor[Any]]] = {}
    EFFECTORS: ClassVar[Mapping[str, Effector]] = {}

    own_id = sensor("entity.id", str, description="ID of the entity")
    application_of_it = sensor("application.id", str, description="ID of its application")
    catalog_item = sensor("catalog.id", str, description="Catalog item that it was made from")

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Collect what the class and its bases declare; a subclass's word is last."""
        super().__init_subclass__(**kwargs)
        cls.ABSTRACT = abstract
        if "TYPE" not in cls.__dict__:
            cls.TYPE = f"{cls.__module__}.{cls.__qualname__}"
        if "ALIASES" not in cls.__dict__:
            cls.ALIASES = ()
        keys, sensors, effectors = dict(cls.KEYS), dict(cls.SENSORS), dict(cls.EFFECTORS)
        for base in reversed(cls.__mro__):
            for attribute, declared in vars(base).items():
                if isinstance(declared, ConfigKey):
                    keys[declared.name] = declared
                elif isinstance(declared, Sensor):
                    sensors[declared.name] = declared
                elif (found := declared_effector(attribute, declared)) is not None:
                    effectors[found.name] = found
        cls.KEYS, cls.SENSORS, cls.EFFECTORS = keys, sensors, effectors
        cls.FLAGS = {flag: key for key in keys.values() for flag in (*key.flags, *key.deprecated)}

    def __init__(self, live: Live, entity_id: str, record: Value, sensors: Value) -> None:
        self.live = live
        self.id = entity_id
        self.record = record
        self.sensors = sensors
        self.parent: Entity | None = None
        self.children: Sequence[Entity] = _NOBODY
        self.version = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.name!r}>"

    def __str__(self) -> str:
        """Return the text that stands for it in formatted texts, in AMP's form."""
        return f"{self.type.rpartition('.')[2]}{{id={self.id}}}"

    @property
    def sensors(self) -> Mapping[str, Any]:
        """Value of ``sensors/<id>``, and what the entity is, which is recorded once; read only."""
        return self._sensors

    @sensors.setter
    def sensors(self, recorded: Mapping[str, Any]) -> None:
        self._sensors = {**recorded, **self._identity()}

    def _identity(self) -> dict[str, str]:
        found = {"entity.id": self.id, "application.id": self.application_id}
        if self.catalog_item_id:
            found["catalog.id"] = self.catalog_item_id
        return found

    @property
    def type(self) -> str:
        """AMP's full type name, as recorded."""
        return self.record["type"]  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        """Display name."""
        return self.record["name"]  # type: ignore[no-any-return]

    @property
    def plan_id(self) -> str:
        """The id that the blueprint gives it (``camp.plan.id``), or empty."""
        return self.record.get("planId", "")  # type: ignore[no-any-return]

    @property
    def catalog_item_id(self) -> str:
        """Catalog item and version that it was made from, or empty."""
        return self.record.get("catalogItemId", "")  # type: ignore[no-any-return]

    @property
    def config(self) -> Mapping[str, Any]:
        """Config written on this very entity, expressions as written; read only."""
        return self.record.get("config", _NOTHING)  # type: ignore[no-any-return]

    @property
    def flags(self) -> Mapping[str, Any]:
        """Internal flags of construction (``brooklyn.flags``); read only."""
        return self.record.get("flags", _NOTHING)  # type: ignore[no-any-return]

    @property
    def tags(self) -> Sequence[Any]:
        """Tags, any JSON; read only."""
        return self.record.get("tags", ())  # type: ignore[no-any-return]

    @property
    def locations(self) -> Sequence[str]:
        """Ids of its own locations, not of inherited ones."""
        return self.record.get("locations", ())  # type: ignore[no-any-return]

    @property
    def created_ms(self) -> int:
        """When it was made, in milliseconds since 1970."""
        return self.record.get("created", 0)  # type: ignore[no-any-return]

    @property
    def application_id(self) -> str:
        """Id of the application that it belongs to."""
        return self.record.get("app") or self.id

    @property
    def application(self) -> Entity:
        """The root of its tree."""
        entity = self
        while entity.parent is not None:
            entity = entity.parent
        return entity

    def ancestors(self) -> Iterator[Entity]:
        """Return parent, grandparent and so on up to the application."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def descendants(self) -> Iterator[Entity]:
        """Return all below, depth first, each parent before its children."""
        waiting = list(reversed(self.children))
        while waiting:
            entity = waiting.pop()
            yield entity
            waiting.extend(reversed(entity.children))

    def effective_locations(self) -> Sequence[str]:
        """Return ids of the nearest locations: its own, else those of the nearest ancestor.

        A list that the blueprint left empty on purpose (``noLocations``) ends the search.
        """
        for entity in (self, *self.ancestors()):
            if entity.locations or entity.record.get("noLocations"):
                return entity.locations
        return ()

    def find_config(self, name: str) -> Found | None:
        """Return what it has for a key, own or inherited, without the default; or None."""
        return find_config(self, name)
