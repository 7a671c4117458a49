"""A small management on a real plane, for tests of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.blueprint.assembly import assemble
from brookline.blueprint.planner import plan_application, plan_children
from brookline.errors import Conflict
from brookline.journal.queue import Decision
from brookline.model.live import Live
from brookline.operations.streams import Streams
from brookline.operations.supervisor import Supervisor, begun
from brookline.operations.task import KIND, Task
from brookline.operations.tasks import Tasks
from brookline.plane.tenant import Opening
from brookline.values.clock import SystemClock
from brookline.values.ids import new_id
from brookline.wire.changes import Drop, Merge, Put
from tests.api.types import NoLocations, types

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.journal.records import Records
    from brookline.model.entity import Entity
    from brookline.plane.node import PlaneNode


class SmallManagement:
    def __init__(self, folder: Path) -> None:
        self.live = Live(types())
        self.tasks = Tasks()
        self.streams = Streams(folder)
        self.node: PlaneNode
        self.supervisor: Supervisor

    def attach(self, node: PlaneNode) -> None:
        self.node = node
        self.supervisor = Supervisor(self.tasks, self.streams, recorder=node, clock=SystemClock())

    # The plane's tenant.

    def opening(self, view: Any) -> Opening:
        return Opening()

    async def activate(self, epoch: int) -> None:
        pass

    async def deactivate(self) -> None:
        await self.supervisor.deactivate()

    async def prepare(self, changes: Any) -> Any:
        return None

    def publish(self, changes: Any, prepared: Any, seq: int) -> None:
        records = self.node.replica.records
        for change in changes:
            self._show(records, change.kind, change.id)

    async def reset(self, records: Records, seq: int) -> None:
        self.live.clear()
        for kind in ("location", "entity", "task"):
            for one in list(records.ids(kind)):
                self._show(records, kind, one)

    def forget(self) -> None:
        self.live.clear()

    def _show(self, records: Any, kind: str, one: str) -> None:
        value = records.get(kind, one)
        match kind:
            case "entity" if value is not None:
                self.live.build(one, value, records.get("sensors", one) or {})
            case "entity":
                self.live.remove(one)
            case "sensors":
                self.live.set_sensors(one, value or {})
            case "location" if value is not None:
                self.live.build_location(one, value)
            case "task":
                self.tasks.refresh(one, value)

    # What the API asks.

    async def deploy(self, plan: str, *, app_id: str = "", ctx: Any) -> Task:
        app_id = app_id or new_id()
        spec = plan_application(plan, types(), NoLocations()).roots[0]
        changes: list[Any] = []

        def location(wanted: Any) -> str:
            changes.append(Put("location", one := new_id(), dict(wanted.record)))
            return one

        assembled = list(
            assemble(
                spec,
                root_id=app_id,
                application_id=app_id,
                parent_id="",
                created_ms=1,
                new_id=new_id,
                location_id=location,
            )
        )
        changes += assembled
        changes.append(Put("spec", app_id, {"format": "brooklyn-camp", "text": plan}))
        return await self._begin(changes, app_id, spec.name, "start", {}, ctx)

    async def add_children(self, parent: Entity, plan: str, *, start: bool | None, ctx: Any) -> Any:
        ids = []
        for spec in plan_children(plan, types(), NoLocations()).roots:
            ids.append(new_id())
            records = assemble(
                spec,
                root_id=ids[-1],
                application_id=parent.application_id,
                parent_id=parent.id,
                created_ms=1,
                new_id=new_id,
                location_id=lambda _: "",
            )
            await self._commit(list(records), ctx)
        return [self.live.entity(one) for one in ids], None

    async def delete(self, app: Entity, ctx: Any) -> Task:
        return await self.expunge(app, release=True, ctx=ctx)

    async def expunge(self, entity: Entity, *, release: bool, ctx: Any) -> Task:
        gone = [entity.id, *(one.id for one in entity.descendants())]
        task = await self._begin([], entity.id, entity.name, "start", {}, ctx)
        await task.wait()
        await self._commit([Drop("entity", one) for one in reversed(gone)], ctx)
        return task

    async def rename(self, entity: Entity, name: str, ctx: Any) -> None:
        await self._commit([Merge("entity", entity.id, {"name": name})], ctx)

    async def set_config(self, entity: Entity, values: Any, *, recurse: bool, ctx: Any) -> None:
        stored = {k: entity.KEYS[k].stored(v) if k in entity.KEYS else v for k, v in values.items()}

        def decide(view: Any) -> Decision:
            config = {**view.get("entity", entity.id).get("config", {}), **stored}
            kept = {k: v for k, v in config.items() if v is not None}
            return Decision([Merge("entity", entity.id, {"config": kept})])

        await self.node.commit(decide, request=ctx.request, user=ctx.user)

    async def set_sensors(self, entity: Entity, values: Any, ctx: Any) -> None:
        await self._commit([Merge("sensors", entity.id, dict(values))], ctx)

    async def remove_sensor(self, entity: Entity, name: str, ctx: Any) -> None:
        await self._commit([Merge("sensors", entity.id, {}, (name,))], ctx)

    async def invoke(self, entity: Entity, effector: str, params: Any, ctx: Any) -> Task:
        return await self._begin([], entity.id, entity.name, effector, params, ctx)

    async def cancel(self, task: Task, ctx: Any) -> bool:
        return await self.supervisor.cancel(task)

    def config_now(self, entity: Entity, key: str) -> Any:
        found = entity.find_config(key)
        return None if found is None else found.value

    def resolve_now(self, entity: Entity, value: Any) -> Any:
        return value

    async def _commit(self, changes: list[Any], ctx: Any) -> None:
        await self.node.commit(lambda _: Decision(changes), request=ctx.request, user=ctx.user)

    async def _begin(
        self, changes: Any, entity_id: str, name: str, effector: str, params: Any, ctx: Any
    ) -> Task:
        task = Task(
            id=new_id(),
            name=effector,
            entity_id=entity_id,
            entity_name=name,
            effector=effector,
            params=params,
            submitted_ms=SystemClock().wall_ms(),
            tags=("EFFECTOR",),
        )

        def decide(view: Any) -> Decision:
            if changes and view.get("entity", entity_id) is not None:
                raise Conflict(f"there is an application {entity_id} already")
            return Decision([*changes, begun(task)])

        await self.node.commit(decide, request=ctx.request, user=ctx.user)
        entity = self.live.entity(entity_id)
        assert entity is not None
        assert KIND == "task"
        return self.supervisor.submit(task, self.supervisor.effector_body(entity, effector, params))
