"""``location`` and ``locations`` of a plan or an entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.configs import tree
from brookline.blueprint.nodes import Mapping, Node, Scalar, Sequence
from brookline.blueprint.spec import EntitySpec, LocationSpec

if TYPE_CHECKING:
    from brookline.blueprint.source import Source
    from brookline.blueprint.spec import KnownLocations


def read_locations(spec: EntitySpec, node: Mapping, known: KnownLocations, source: Source) -> None:
    """Set the locations of a spec from its map, if it gives any."""
    one, many = node.get("location"), node.get("locations")
    if one is None and many is None:
        return
    read = _listed(one, source)
    if one is not None and many is not None:
        other = _listed(many, source)
        if _plain(read) != _plain(other) or len(read) != 1:
            at = node.places["locations"]
            source.fault(at, "'location' and 'locations' are both given and do not agree")
    elif one is None:
        read = _listed(many, source)
    for location in read:
        if wrong := known.problem(location.spec, location.config):
            source.fault(location.at, wrong)
    spec.locations = read
    spec.no_locations = not read and isinstance(one or many, Sequence)


def _listed(node: Node | None, source: Source) -> list[LocationSpec]:
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return []
    nodes = node.items if isinstance(node, Sequence) else [node]
    read = (_location(item, source) for item in nodes)
    return [location for location in read if location is not None]


def _location(node: Node, source: Source) -> LocationSpec | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
        return LocationSpec(node.value.strip(), {}, node.at)
    if isinstance(node, Mapping) and len(node.entries) == 1:
        [(name, config)] = node.entries.items()
        given = tree(config, source)
        if given is None or isinstance(given, dict):
            return LocationSpec(name, given or {}, node.at)
        source.fault(config.at, f"the config of location '{name}' must be a map")
        return None
    source.fault(node.at, "a location is a text, or a map with one entry: its spec and its config")
    return None


def _plain(locations: list[LocationSpec]) -> list[tuple[str, object]]:
    return [(location.spec, location.config) for location in locations]
