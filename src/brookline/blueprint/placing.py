"""``location`` and ``locations`` of a plan or an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.blueprint.configs import tree
from brookline.blueprint.nodes import Mapping, Node, Scalar, Sequence
from brookline.blueprint.spec import EntitySpec, LocationSpec
from brookline.errors import InvalidInput

if TYPE_CHECKING:
    from brookline.blueprint.source import Source
    from brookline.blueprint.spec import KnownLocations


def read_locations(spec: EntitySpec, node: Mapping, known: KnownLocations, source: Source) -> None:
    """Set the locations of a spec from its map, if it gives any."""
    one, many = node.get("location"), node.get("locations")
    if one is None and many is None:
        return
    read = _listed(one, known, source)
    if one is not None and many is not None:
        other = _listed(many, known, source)
        if _plain(read) != _plain(other) or len(read) != 1:
            at = node.places["locations"]
            source.fault(at, "'location' and 'locations' are both given and do not agree")
    elif one is None:
        read = _listed(many, known, source)
    spec.locations = read
    spec.no_locations = not read and isinstance(one or many, Sequence)


def _listed(node: Node | None, known: KnownLocations, source: Source) -> list[LocationSpec]:
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return []
    found = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        given = _given(item, source)
        if given is None:
            continue
        spec, config = given
        try:
            record = known.resolve({spec: config} if config else spec)
        except InvalidInput as error:
            source.fault(item.at, error.message)
            continue
        found.append(LocationSpec(spec, config, item.at, record))
    return found


def _given(node: Node, source: Source) -> tuple[str, dict[str, Any]] | None:
    """Return the spec and the config of a location as they are written."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
        return node.value.strip(), {}
    if isinstance(node, Mapping) and len(node.entries) == 1:
        [(name, config)] = node.entries.items()
        given = tree(config, source)
        if given is None or isinstance(given, dict):
            return name, given or {}
        source.fault(config.at, f"the config of location '{name}' must be a map")
        return None
    source.fault(node.at, "a location is a text, or a map with one entry: its spec and its config")
    return None


def _plain(locations: list[LocationSpec]) -> list[tuple[str, object]]:
    return [(location.spec, location.config) for location in locations]
