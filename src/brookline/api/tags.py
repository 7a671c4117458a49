"""REST resource: tags of entities. Some are kept with an entity, others tell where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api import finding
from brookline.api.answers import JSON, NO_CONTENT, Answer, json
from brookline.api.rendering import bare
from brookline.api.routes import Place, change, read
from brookline.errors import InvalidInput
from brookline.management.tagging import added, removed, with_key

if TYPE_CHECKING:
    from brookline.api.asking import Follows
    from brookline.api.calls import Call
    from brookline.model.entity import Entity

SPEC_FORMAT = "brooklyn-camp"


async def get_tags(call: Call) -> Answer:
    """Return the tags of an entity."""
    return json(_tags(call, finding.entity(call)))


async def get_tag(call: Call) -> Answer:
    """Return the value of a tag that is a map with this one key."""
    key = call.path["key"]
    for tag in _tags(call, finding.entity(call)):
        if isinstance(tag, dict) and list(tag) == [key]:
            return bare(tag[key])
    return NO_CONTENT


async def add_tag(call: Call) -> Answer | Follows:
    """Add a tag to an entity, unless it has an equal one."""
    asked = finding.asked(call, NO_CONTENT)
    await call.ports.management.edit_tags(finding.entity(call), added(_tag(call)), asked)
    return asked.answer


async def delete_tag(call: Call) -> Answer | Follows:
    """Remove a tag from an entity; tell whether it had it."""
    asked = finding.asked(call, json)
    await call.ports.management.edit_tags(finding.entity(call), removed(_tag(call)), asked)
    return asked.answer


async def upsert_tag(call: Call) -> Answer | Follows:
    """Set the tag that is a map with this one key, in the place of the one there was."""
    asked = finding.asked(call, NO_CONTENT)
    edit = with_key(call.path["key"], call.json())
    await call.ports.management.edit_tags(finding.entity(call), edit, asked)
    return asked.answer


def spec_of(call: Call, entity: Entity) -> dict[str, Any] | None:
    """Return what an entity was deployed from, or None for what is below it."""
    return call.ports.node.replica.records.get("spec", entity.id)


def _tag(call: Call) -> Any:
    tag = call.json()
    if tag is None:
        raise InvalidInput("null is no tag")
    return tag


def _tags(call: Call, entity: Entity) -> list[Any]:
    tags = [tag for tag in entity.tags if tag is not None]
    spec = spec_of(call, entity)
    if spec is not None:
        tags.append({"kind": "yaml_spec", "contents": spec["text"]})
        tags.append({"spec_hierarchy": [{"format": SPEC_FORMAT, "contents": spec["text"]}]})
    elif entity.parent is not None:
        tags.append({"depth_in_ancestor": _depth(call, entity)})
    return tags


def _depth(call: Call, entity: Entity) -> int:
    """Return how far below the entity that was deployed this one is."""
    depth, above = 1, entity.parent
    while above is not None and above.parent is not None and spec_of(call, above) is None:
        depth, above = depth + 1, above.parent
    return depth


_E = "/applications/{app}/entities/{e}"

OPERATIONS = (
    read(f"{_E}/tags", get_tags, returns=list[Any], place=Place.HOT),
    read(f"{_E}/tag/get/{{key}}", get_tag, returns={200: Any, 204: None}, place=Place.HOT),
    change(f"POST {_E}/tag/add", add_tag, returns={204: None}, consumes=(JSON,)),
    change(f"POST {_E}/tag/delete", delete_tag, returns={200: bool}, consumes=(JSON,)),
    change(f"POST {_E}/tag/upsert/{{key}}", upsert_tag, returns={204: None}, consumes=(JSON,)),
)
