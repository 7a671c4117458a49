"""Shapes of the REST API, to the letter of AMP's: names, nulls and what is left out.

A field whose default is `UNSET` is left out of the JSON when nothing is known; one that is None
is written as ``null``. Field names are written in camel case on the wire.

Source: the DTOs of Apache Brooklyn's REST API, version 1.1.0.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Links = dict[str, str]
"""Relation to path-only URI, such as ``{"self": "/v1/applications/abc"}``."""


class Shape(msgspec.Struct, rename="camel", frozen=True):
    """What all shapes share."""


class ApiError(Shape, frozen=True):
    """Body of every refusal.

    Attributes:
        message: For people; always a text.
        error: The HTTP status.
        details: More text.
        data: Structured payload for programs.
    """

    message: str
    error: int
    details: str | UnsetType = UNSET
    data: dict[str, Any] | UnsetType = UNSET


# --- applications and entities ------------------------------------------------------------------


class EntitySpec(Shape, frozen=True):
    """An entity of a legacy application spec."""

    name: str | None = None
    type: str | None = None
    config: dict[str, str] = {}


class ApplicationSpec(Shape, frozen=True):
    """What an application was made from, built back from the running one."""

    name: str
    type: str | UnsetType = UNSET
    entities: list[EntitySpec] | UnsetType = UNSET
    locations: list[str] = []
    config: dict[str, str] | UnsetType = UNSET


class ApplicationSummary(Shape, frozen=True):
    """An application in a list, or by itself."""

    id: str
    spec: ApplicationSpec
    status: str
    links: Links


class EntitySummary(Shape, frozen=True):
    """An entity in a list, or by itself."""

    id: str
    name: str
    type: str
    links: Links
    catalog_item_id: str | UnsetType = UNSET


class EntityRef(Shape, frozen=True):
    """An entity as a member of a group."""

    id: str
    name: str


class RelationType(Shape, frozen=True):
    """What a relation is called."""

    name: str
    target: str
    source: str


class RelationSummary(Shape, frozen=True):
    """A relation of an entity to others."""

    type: RelationType
    targets: list[str]


class EntityDetail(Shape, frozen=True):
    """An entity in the tree of `applications/fetch` and `applications/details`."""

    id: str
    name: str
    type: str
    links: Links
    application_id: str
    parent_id: str | None
    group_ids: list[str]
    members: list[EntityRef]
    service_up: bool | None
    service_state: str | None
    icon_url: str | None
    creation_time_utc: int
    relations: list[RelationSummary]
    catalog_item_id: str | UnsetType = UNSET
    children: list[Any] | UnsetType = UNSET
    tags: list[Any] | UnsetType = UNSET
    sensors: dict[str, Any] | UnsetType = UNSET
    config: dict[str, Any] | UnsetType = UNSET


class SpecSummary(Shape, frozen=True):
    """One form of what an entity was made from."""

    summary: str
    format: str
    contents: str


# --- what entities have ---------------------------------------------------------------------------


class SensorSummary(Shape, frozen=True):
    """A sensor of an entity."""

    name: str
    type: str
    links: Links
    description: str | UnsetType = UNSET


class PossibleValue(Shape, frozen=True):
    """One of the values that a config key may have."""

    value: str
    description: str


class ConfigSummary(Shape, frozen=True):
    """A config key of an entity."""

    name: str
    type: str
    reconfigurable: bool
    links: Links
    constraints: list[Any] = []
    default_value: Any | UnsetType = UNSET
    description: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    priority: float | UnsetType = UNSET
    possible_values: list[PossibleValue] | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET


class ParameterSummary(Shape, frozen=True):
    """A parameter of an effector."""

    name: str
    type: str
    default_value: Any
    should_sanitize: bool
    description: str | UnsetType = UNSET


class EffectorSummary(Shape, frozen=True):
    """An effector of an entity."""

    name: str
    return_type: str
    parameters: list[ParameterSummary]
    links: Links
    description: str | UnsetType = UNSET


class LocationSummary(Shape, frozen=True):
    """A location: a definition, or one that is in use."""

    id: str
    links: Links
    name: str | UnsetType = UNSET
    spec: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    config: dict[str, Any] = {}


# --- activities -----------------------------------------------------------------------------------


class TaskMetadata(Shape, frozen=True):
    """What a link to a task says of it."""

    id: str
    task_name: str
    entity_id: str | UnsetType = UNSET
    entity_display_name: str | UnsetType = UNSET


class TaskLink(Shape, frozen=True):
    """A link to a task."""

    link: str
    metadata: TaskMetadata


class StreamMetadata(Shape, frozen=True):
    """What a link to a stream says of it."""

    name: str
    size: int
    size_text: str


class StreamLink(Shape, frozen=True):
    """A link to a stream of a task."""

    link: str
    metadata: StreamMetadata


class TakenUp(Shape, frozen=True):
    """How often another master went on with a task, or a user resumed it.

    Attributes:
        count: How often.
        last_utc: When it last was.
        by: Who resumed it, if it was a user.
        finished: How many steps were found finished the last time.
        attached: How many commands were attached to on their machine.
        resumed: How many steps were run again, as they may be.
    """

    count: int
    last_utc: int
    by: str | UnsetType = UNSET
    finished: int = 0
    attached: int = 0
    resumed: int = 0


class TaskSummary(Shape, frozen=True):
    """A task; times are integer milliseconds since 1970.

    Attributes:
        interrupted: Whether a failover cut it off, for which AMP has no status; not in AMP.
        taken_up: Whether other masters went on with it; not in AMP.
        warnings: Of a deploy: what in the blueprint has no effect; not in AMP.
    """

    id: str
    display_name: str
    description: str
    tags: list[Any]
    current_status: str
    is_error: bool
    is_cancelled: bool
    children: list[TaskLink]
    streams: dict[str, StreamLink]
    links: Links
    entity_id: str | UnsetType = UNSET
    entity_display_name: str | UnsetType = UNSET
    submit_time_utc: int | UnsetType = UNSET
    start_time_utc: int | UnsetType = UNSET
    end_time_utc: int | UnsetType = UNSET
    result: Any | UnsetType = UNSET
    submitted_by_task: TaskLink | UnsetType = UNSET
    blocking_task: TaskLink | UnsetType = UNSET
    blocking_details: str | UnsetType = UNSET
    detailed_status: str | UnsetType = UNSET
    interrupted: bool | UnsetType = UNSET
    taken_up: TakenUp | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
