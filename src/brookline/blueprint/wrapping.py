"""Applications around services: made where needed, merged away where they say nothing.

Source: observed on a running Brooklyn 1.1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.spec import WRAPPER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.blueprint.spec import EntitySpec


def unwrapped_application(wrapper: EntitySpec) -> EntitySpec:
    """Return the only service of a plan, if it is an application and can take over the rest."""
    if len(wrapper.children) != 1:
        return wrapper
    [child] = wrapper.children
    if not child.cls.APPLICATION or not _can_merge(wrapper, child):
        return wrapper
    return _merged(wrapper, child)


def unwrapped_children(wrapper: EntitySpec) -> Sequence[EntitySpec]:
    """Return what a plan adds below an entity: its services, unless it says more than those."""
    if len(wrapper.children) == 1 and _can_merge(wrapper, wrapper.children[0]):
        return [_merged(wrapper, wrapper.children[0])]
    own = {key for key in wrapper.config if key != WRAPPER}
    says_more = wrapper.name or wrapper.plan_id or own or wrapper.locations or wrapper.tags
    return [wrapper] if says_more or wrapper.adjuncts else wrapper.children


def _can_merge(wrapper: EntitySpec, child: EntitySpec) -> bool:
    if wrapper.adjuncts or (wrapper.name and child.name) or (wrapper.plan_id and child.plan_id):
        return False
    return all(
        child.config[key] == value for key, value in wrapper.config.items() if key in child.config
    )


def _merged(wrapper: EntitySpec, child: EntitySpec) -> EntitySpec:
    child.name = child.name or wrapper.name
    child.plan_id = child.plan_id or wrapper.plan_id
    for key, value in wrapper.config.items():
        if key != WRAPPER:
            child.config.setdefault(key, value)
    child.flags = {**wrapper.flags, **child.flags}
    child.tags = [*wrapper.tags, *child.tags]
    if not child.locations and not child.no_locations:
        child.locations, child.no_locations = wrapper.locations, wrapper.no_locations
    return child
