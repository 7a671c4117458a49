"""The planner: from the text of a blueprint to specs, or to all that is wrong with it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint import plan_keys as keys
from brookline.blueprint.composer import compose
from brookline.blueprint.configs import add_config, add_value, tree
from brookline.blueprint.nodes import Mapping, Node, Scalar, Sequence
from brookline.blueprint.placing import read_locations
from brookline.blueprint.source import Source, ordered, place
from brookline.blueprint.spec import PLAN_ID, WRAPPER, EntitySpec, Plan
from brookline.blueprint.wrapping import unwrapped_application, unwrapped_children
from brookline.errors import InvalidInput
from brookline.model.deferred import has_deferred
from brookline.model.types import did_you_mean
from brookline.values.garbage import uncollected
from brookline.values.names import fault_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as MappingOf

    from brookline.blueprint.spec import KnownLocations
    from brookline.model.entity import Entity
    from brookline.model.types import Types

APPLICATION = "org.apache.brooklyn.entity.stock.BasicApplication"
"""Type of the application that is made around the services of a plan."""

_ALL_KEYS = keys.USED | keys.INERT | keys.METADATA
_LEGACY = frozenset({"name", "type", "entities", "locations", "config"})


def plan_application(
    text: str, types: Types, known: KnownLocations, *, name: str = "blueprint"
) -> Plan:
    """Return the application that a text asks for.

    Takes a CAMP plan with ``services``, a spec with a ``type``, and AMP's older JSON with
    ``entities``. Runs in a thread: it may take seconds for thousands of entities.

    Args:
        text: YAML or JSON.
        types: The entity types that are installed.
        known: The locations that exist.
        name: How people call the text.

    Raises:
        BlueprintInvalid: With everything that is wrong.
    """
    source = Source(text, name)
    with uncollected():
        root = _Planner(types, known, source).root(compose(source))
    source.check()
    assert root is not None
    return Plan([root], ordered(source.warnings))


def plan_children(
    text: str, types: Types, known: KnownLocations, *, name: str = "blueprint"
) -> Plan:
    """Return the entities that a text asks to add below another: a plan, a spec, or a list.

    Raises:
        BlueprintInvalid: With everything that is wrong.
    """
    source = Source(text, name)
    with uncollected():
        roots = _Planner(types, known, source).added(compose(source))
    source.check()
    return Plan(roots, ordered(source.warnings))


class _Planner:
    def __init__(self, types: Types, known: KnownLocations, source: Source) -> None:
        self._types = types
        self._known = known
        self._source = source
        self._classes: dict[str, type[Entity] | InvalidInput] = {}

    def root(self, node: Node | None) -> EntitySpec | None:
        plan = self._plan_map(node)
        if plan is None:
            return None
        if "entities" in plan.entries and set(plan.entries) <= _LEGACY:
            return self._legacy(plan)
        if plan.get(*keys.TYPE) is not None:
            return self._typed_root(plan)
        if keys.SERVICES in plan.entries:
            wrapper = self._wrapper(plan)
            return wrapper if _keeps_wrapper(plan) else unwrapped_application(wrapper)
        at = next(iter(plan.places.values()), plan.at)
        self._source.fault(at, "a blueprint needs 'services': a list of what to deploy")
        return None

    def added(self, node: Node | None) -> list[EntitySpec]:
        if isinstance(node, Sequence):
            return self._services(node, keys.SERVICES)
        plan = self._plan_map(node)
        if plan is None:
            return []
        if keys.SERVICES in plan.entries and plan.get(*keys.TYPE) is None:
            return list(unwrapped_children(self._wrapper(plan)))
        spec = self._entity(plan)
        return [spec] if spec is not None else []

    def _plan_map(self, node: Node | None) -> Mapping | None:
        if isinstance(node, Mapping):
            return node
        at = node.at if node is not None else place(0, 0)
        what = "empty" if node is None or node.plain() is None else f"a {node.kind}"
        self._source.fault(at, f"a blueprint is a map with 'services', and this is {what}")
        return None

    def _wrapper(self, plan: Mapping) -> EntitySpec:
        wrapper = self._filled(EntitySpec(self._application(), plan.at), plan, top=True)
        wrapper.config[WRAPPER] = True
        services = plan.entries[keys.SERVICES]
        none = services.value is None if isinstance(services, Scalar) else False
        if none or (isinstance(services, Sequence) and not services.items):
            self._source.fault(plan.places[keys.SERVICES], "'services' must be a list of entities")
        return wrapper

    def _typed_root(self, plan: Mapping) -> EntitySpec | None:
        """Return what a plan with a type asks for: that application, or one around that entity."""
        spec = self._entity(plan)
        if spec is None or spec.cls.APPLICATION:
            return spec
        wrapper = EntitySpec(self._application(), plan.at, name=spec.name)
        wrapper.config[WRAPPER] = True
        wrapper.locations, spec.locations = spec.locations, ()
        wrapper.children = [spec]
        return wrapper

    def _legacy(self, plan: Mapping) -> EntitySpec:
        """Return what AMP's older JSON form asks for."""
        root = EntitySpec(self._application(), plan.at)
        root.name = self._text(plan, "name")
        read_locations(root, plan, self._known, self._source)
        if (config := plan.get("config")) is not None:
            add_config(root.config, config, root.cls, self._source)
        root.config[WRAPPER] = True
        entities = plan.entries["entities"]
        for node in self._list(entities, "entities"):
            if isinstance(node, Mapping) and "config" in node.entries:
                node.entries[keys.CONFIG] = node.entries.pop("config")
                node.places[keys.CONFIG] = node.places.pop("config")
        root.children = self._services(entities, "entities")
        return root

    def _services(self, node: Node, what: str) -> list[EntitySpec]:
        specs = (self._entity(item) for item in self._list(node, what))
        return [spec for spec in specs if spec is not None]

    def _entity(self, node: Node) -> EntitySpec | None:
        if not isinstance(node, Mapping):
            self._source.fault(node.at, f"an entity is a map with a 'type', not a {node.kind}")
            return None
        typed = node.get(*keys.TYPE)
        if typed is None:
            self._source.fault(node.at, f"an entity needs a 'type'{_mistyped(node.entries)}")
        cls = self._class(typed) if typed is not None else None
        # One of an unknown type is read all the same, for what else is wrong in it.
        spec = self._filled(EntitySpec(cls or self._application(), node.at), node, top=False)
        return spec if cls is not None else None

    def _filled(self, spec: EntitySpec, node: Mapping, *, top: bool) -> EntitySpec:
        entries = node.entries
        spec.name = self._text(node, "name")
        spec.plan_id = self._text(node, "id")
        if (config := entries.get(keys.CONFIG)) is not None:
            add_config(spec.config, config, spec.cls, self._source)
        if spec.plan_id:
            spec.config[PLAN_ID] = spec.plan_id
        read_locations(spec, node, self._known, self._source)
        for name, item in entries.items():
            if name not in keys.USED:
                self._other(spec, name, item, at=node.places[name], top=top)
        if keys.TAGS in entries or keys.ICON in entries or keys.FLAGS in entries:
            self._rare(spec, entries)
        for name in (keys.SERVICES, keys.CHILDREN):
            if name in entries:
                spec.children.extend(self._services(entries[name], name))
        return spec

    def _rare(self, spec: EntitySpec, entries: MappingOf[str, Node]) -> None:
        if (tags := entries.get(keys.TAGS)) is not None:
            for tag in self._list(tags, keys.TAGS):
                value = tree(tag, self._source)
                if has_deferred(value):
                    self._source.fault(tag.at, "tags cannot hold expressions")
                spec.tags.append(value)
        if (icon := entries.get(keys.ICON)) is not None:
            spec.tags.append({"kind": "icon_url", "contents": icon.plain()})
        if (flags := entries.get(keys.FLAGS)) is not None:
            value = tree(flags, self._source)
            if isinstance(value, dict):
                spec.flags.update(value)
            else:
                self._source.fault(flags.at, "brooklyn.flags must be a map")

    def _other(self, spec: EntitySpec, name: str, node: Node, *, at: int, top: bool) -> None:
        """Take a bare key of the type, or say that a key has no effect."""
        cls = spec.cls
        if name in cls.KEYS or name in cls.FLAGS or name in cls.INERT:
            add_value(spec.config, name, node, cls, source=self._source, at=at)
        elif name in keys.INERT:
            spec.adjuncts = spec.adjuncts or name in keys.ADJUNCTS
            self._source.warn(at, f"'{name}' is known but has no effect in this version yet")
        elif name not in keys.METADATA:
            known = (*_ALL_KEYS, *cls.KEYS, *cls.FLAGS)
            where = "of the plan " if top else ""
            hint = did_you_mean(name, known)
            self._source.warn(at, f"the key '{name}' {where}is unknown and has no effect{hint}")

    def _text(self, node: Mapping, key: str) -> str:
        value = node.entries.get(key)
        if value is None or (isinstance(value, Scalar) and value.value is None):
            return ""
        if not isinstance(value, Scalar):
            self._source.fault(value.at, f"'{key}' must be a text, not a {value.kind}")
            return ""
        text = value.name().rstrip("\n")  # which a block of text ends with
        if fault := fault_of(text):
            self._source.fault(value.at, f"'{key}' {fault}")
        return text

    def _list(self, node: Node, what: str) -> list[Node]:
        if isinstance(node, Sequence):
            return node.items
        if not (isinstance(node, Scalar) and node.value is None):
            self._source.fault(node.at, f"'{what}' must be a list, not a {node.kind}")
        return []

    def _application(self) -> type[Entity]:
        return self._types.get(APPLICATION)

    def _class(self, node: Node) -> type[Entity] | None:
        name = node.value if isinstance(node, Scalar) else None
        if not isinstance(name, str) or not name.strip():
            self._source.fault(node.at, f"'type' must be the name of a type, not a {node.kind}")
            return None
        found = self._classes.get(name)
        if found is None:
            found = self._classes[name] = self._looked_up(name.strip())
        if isinstance(found, InvalidInput):
            self._source.fault(node.at, found.message)
            return None
        return found

    def _looked_up(self, name: str) -> type[Entity] | InvalidInput:
        try:
            return self._types.get(name)
        except InvalidInput as error:
            return error


def _keeps_wrapper(plan: Mapping) -> bool:
    wrapped = plan.get("wrappedApp")
    return isinstance(wrapped, Scalar) and wrapped.value is True


def _mistyped(names: Iterable[str]) -> str:
    """Say which unknown key may be meant as the type, or nothing; warnings are not shown with faults."""
    for name in names:
        known = name in keys.USED or name in keys.INERT or name in keys.METADATA
        if not known and (hint := did_you_mean(name, keys.TYPE)):
            return f", and '{name}' is unknown{hint}"
    return ""
