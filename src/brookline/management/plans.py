"""Plans made ready to commit: read, checked and turned into records in a thread."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brookline.blueprint.assembly import LOCATION, assemble
from brookline.blueprint.planner import plan_application, plan_children
from brookline.entities.unmanage import SPEC
from brookline.values.garbage import uncollected
from brookline.values.ids import new_id
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.blueprint.spec import EntitySpec, KnownLocations, LocationSpec, Plan
    from brookline.errors import Fault
    from brookline.model.types import Types

FORMAT = "brooklyn-camp"
"""AMP's name of the format of blueprints."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a plan will add.

    Attributes:
        roots: Ids of the application, or of the entities that are added below another.
        changes: All records, parents before their children.
        warnings: What in the plan has no effect.
    """

    roots: Sequence[str]
    changes: Sequence[Put]
    warnings: Sequence[Fault]

    @property
    def told(self) -> list[str]:
        """The warnings as texts, each with its place."""
        return [f"{fault.where()}{fault.message}" for fault in self.warnings]


class Plans:
    """Makes plans ready.

    Args:
        types: The entity types that are installed.
        locations: The locations that there are.
    """

    def __init__(self, types: Types, locations: KnownLocations) -> None:
        self._types = types
        self._locations = locations

    async def application(self, text: str, app_id: str, now_ms: int) -> Ready:
        """Return what a plan adds as an application; the event loop runs meanwhile.

        Raises:
            BlueprintInvalid: With all that is wrong.
        """
        return await asyncio.to_thread(self._application, text, app_id, now_ms)

    async def children(self, text: str, parent_id: str, app_id: str, now_ms: int) -> Ready:
        """Return what a plan adds below an entity.

        Raises:
            BlueprintInvalid: With all that is wrong.
        """
        return await asyncio.to_thread(self._children, text, parent_id, app_id, now_ms)

    def _application(self, text: str, app_id: str, now_ms: int) -> Ready:
        plan = plan_application(text, self._types, self._locations)
        with uncollected():
            making = _Making(now_ms)
            making.add(plan.roots[0], app_id, app_id=app_id, parent_id="")
        spec: dict[str, Any] = {"format": FORMAT, "text": text}
        if plan.warnings:
            spec["warnings"] = [f"{fault.where()}{fault.message}" for fault in plan.warnings]
        return making.ready(plan, Put(SPEC, app_id, spec))

    def _children(self, text: str, parent_id: str, app_id: str, now_ms: int) -> Ready:
        plan = plan_children(text, self._types, self._locations)
        with uncollected():
            making = _Making(now_ms)
            for root in plan.roots:
                making.add(root, making.new_id(), app_id=app_id, parent_id=parent_id)
        return making.ready(plan)


class _Making:
    """Records in the making; equal locations of one plan become one."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        # Ids need to be unique, not secret; the system's own randomness takes a call for each.
        self._random = random.Random()  # noqa: S311
        self._roots: list[str] = []
        self._entities: list[Put] = []
        self._locations: dict[str, Put] = {}

    def new_id(self) -> str:
        return new_id(self._random)

    def add(self, root: EntitySpec, root_id: str, *, app_id: str, parent_id: str) -> None:
        self._roots.append(root_id)
        self._entities.extend(
            assemble(
                root,
                root_id=root_id,
                application_id=app_id,
                parent_id=parent_id,
                created_ms=self._now_ms,
                new_id=self.new_id,
                location_id=self._location,
            )
        )

    def ready(self, plan: Plan, *more: Put) -> Ready:
        changes = (*self._locations.values(), *self._entities, *more)
        return Ready(self._roots, changes, plan.warnings)

    def _location(self, location: LocationSpec) -> str:
        written = json.dumps([location.spec, location.config], sort_keys=True)
        put = self._locations.get(written)
        if put is None:
            put = Put(LOCATION, self.new_id(), dict(location.record))
            self._locations[written] = put
        return put.id
