"""Management: what users can ask for. Each wish becomes one commit; work becomes tasks."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from brookline.blueprint.assembly import ENTITY
from brookline.blueprint.evaluate import config_now, presentable, resolve_now
from brookline.errors import Conflict, InvalidInput, NotFound
from brookline.journal.queue import Decision
from brookline.management import editing, work
from brookline.management.as_read import AsRead
from brookline.management.beginning import recorded
from brookline.management.context import Added, Deployed, Repeated
from brookline.management.interruptions import Interruptions
from brookline.management.outputs import Outputs
from brookline.management.work import START
from brookline.operations.effectors import effector_body, no_effector
from brookline.operations.task import Task, begun
from brookline.operations.texts import describe_call
from brookline.operations.works import EFFECTOR
from brookline.operations.works import work as does
from brookline.plane.requests import Known
from brookline.values.ids import SYSTEM_RANDOM, is_id, new_id
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brookline.journal.records import View
    from brookline.management.context import Asking
    from brookline.management.plans import Plans, Ready
    from brookline.management.tagging import Edit
    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.operations.recorder import Decide, Recorder
    from brookline.operations.supervisor import Supervisor
    from brookline.operations.tasks import Tasks
    from brookline.values.clock import Clock
    from brookline.values.ids import Randomness
    from brookline.wire.changes import Change, Value

log = logging.getLogger("brookline.management")

DESTROYING = "[DESTROYING] "
_TAKEN_UP_S = 5.0


class Management:
    """Applications, and what can be done with them.

    Args:
        live: What is shown; kept in step by the stage.
        supervisor: Who runs tasks.
        plans: Who reads blueprints.
        recorder: Where changes go.
        clock: Time.
        randomness: For ids.

    Attributes:
        interruptions: Operations that do not go on by themselves.
        outputs: What commands of tasks wrote and read.
    """

    def __init__(
        self,
        live: Live,
        supervisor: Supervisor,
        *,
        plans: Plans,
        recorder: Recorder,
        clock: Clock,
        randomness: Randomness = SYSTEM_RANDOM,
    ) -> None:
        self._live = live
        self._supervisor = supervisor
        self._plans = plans
        self._recorder = recorder
        self._clock = clock
        self._randomness = randomness
        self.outputs = Outputs(supervisor.streams, supervisor.platform)
        self.interruptions = Interruptions(
            supervisor, supervisor.platform, commit=self._commit, new_id=self._new_id
        )

    @property
    def live(self) -> Live:
        """Applications, entities, locations."""
        return self._live

    @property
    def tasks(self) -> Tasks:
        """Tasks that are known."""
        return self._supervisor.tasks

    async def deploy(self, plan: str, *, app_id: str = "", ctx: Asking) -> Task:
        """Make an application of a plan and begin to start it; return its start.

        It exists, durably, when this returns.

        Args:
            plan: A blueprint: YAML, or JSON.
            app_id: Id that the caller chose, or empty.
            ctx: Who asks.

        Raises:
            BlueprintInvalid: With all that is wrong; nothing was deployed.
            InvalidInput: If the chosen id has not AMP's form.
            Conflict: If the chosen id is in use.
        """
        if app_id and not is_id(app_id):
            raise InvalidInput(f"'{app_id}' is no id: 10 to 63 lower-case letters and digits")
        chosen = app_id or self._new_id()
        ready = await self._plans.application(plan, chosen, self._clock.wall_ms())
        root = next(put for put in ready.changes if put.id == chosen and put.kind == ENTITY)
        task = self._task(START, chosen, root.value["name"], does(EFFECTOR))
        describe_call(task, START, {"locations": []}, "EFFECTOR", "NON-TRANSIENT")

        def decide(view: View) -> Decision:
            if view.get(ENTITY, chosen) is not None:
                raise Conflict(f"the id '{chosen}' is in use")
            return Decision([*ready.changes, begun(task)], Deployed(task, ready.told))

        task = await self._begin(task, decide, ctx)
        _log_warnings(chosen, ready)
        return task

    async def add_children(
        self, parent: Entity, plan: str, *, start: bool | None, ctx: Asking
    ) -> tuple[list[Entity], Task | None]:
        """Add the entities of a plan below another, and begin to start them unless told not to.

        Raises:
            BlueprintInvalid: With all that is wrong; nothing was added.
            NotFound: If the parent is gone meanwhile.
        """
        ready = await self._plans.children(
            plan, parent.id, parent.application_id, self._clock.wall_ms()
        )
        roots = does(work.STARTING, roots=list(ready.roots))
        task = self._task("add children", parent.id, parent.name, roots)
        starts = start is not False

        def decide(view: View) -> Decision:
            editing.existing(view, parent)
            more: list[Change] = [begun(task)] if starts else []
            added = Added(parent, ready.roots, task if starts else None)
            return Decision([*ready.changes, *more], added)

        begun_task = None
        if starts:
            begun_task = await self._begin(task, decide, ctx)
        else:
            await self._commit(decide, ctx)
        _log_warnings(parent.application_id, ready)
        return work.present(self._live, ready.roots), begun_task

    async def delete(self, app: Entity, ctx: Asking) -> Task:
        """Stop an application and forget it; return the task that does so.

        Raises:
            NotFound: If it is gone meanwhile.
        """
        removes = does(work.REMOVING, entity=app.id, release=True)
        task = self._task(f"destroying {app.name}", work=removes)
        return await self._begin(task, _with_entity(app, task), ctx)

    async def expunge(self, entity: Entity, *, release: bool, ctx: Asking) -> Task:
        """Forget an entity and all below it, whatever state it is in.

        Args:
            entity: The entity.
            release: Whether to stop it first, and so to give its machines back.
            ctx: Who asks.

        Raises:
            NotFound: If it is gone meanwhile.
        """
        removes = does(work.REMOVING, entity=entity.id, release=release)
        task = self._task(f"expunging {entity.name}", work=removes)
        name = DESTROYING + entity.name.removeprefix(DESTROYING)
        shown = Merge(ENTITY, entity.id, {"name": name})
        decide = _with_entity(entity, task, shown)
        return await self._begin(task, decide, ctx)

    async def rename(self, entity: Entity, name: str, ctx: Asking) -> None:
        """Set the display name.

        Raises:
            InvalidInput: If it is empty.
            NotFound: If the entity is gone meanwhile.
        """
        await self._commit(editing.rename(entity, name), ctx)

    async def set_tags(self, entity: Entity, tags: Sequence[Any], ctx: Asking) -> None:
        """Set the tags.

        Raises:
            NotFound: If the entity is gone meanwhile.
        """
        await self._commit(editing.set_tags(entity, tags), ctx)

    async def edit_tags(self, entity: Entity, edit: Edit, ctx: Asking) -> None:
        """Edit the tags; what is decided is whether that changes anything.

        Raises:
            NotFound: If the entity is gone meanwhile.
        """
        await self._commit(editing.edit_tags(entity, edit), ctx)

    async def set_config(
        self, entity: Entity, values: Mapping[str, Any], *, recurse: bool, ctx: Asking
    ) -> None:
        """Set config, on all below too if asked; None unsets a key.

        Operations that have read it go on with what they read. After a failover it waits until they
        have come to where they were, and so have read it again.

        Raises:
            InvalidInput: If a value does not fit its key.
            NotFound: If the entity is gone meanwhile.
        """
        entities = [entity, *(entity.descendants() if recurse else ())]
        await self._supervisor.taken_up(_TAKEN_UP_S)
        read = AsRead(self._supervisor, entities, values)
        await self._commit(read.besides(editing.set_config(entities, values)), ctx)
        await read.complete()

    async def set_sensors(self, entity: Entity, values: Mapping[str, Any], ctx: Asking) -> None:
        """Set sensors; durable when this returns.

        Raises:
            NotFound: If the entity is gone meanwhile.
        """
        await self._commit(editing.set_sensors(entity, values), ctx)

    async def remove_sensor(self, entity: Entity, name: str, ctx: Asking) -> None:
        """Remove a sensor; one that is not there is no error.

        Raises:
            NotFound: If the entity is gone meanwhile.
        """
        await self._commit(editing.remove_sensor(entity, name), ctx)

    async def invoke(
        self, entity: Entity, effector: str, params: Mapping[str, Any], ctx: Asking
    ) -> Task:
        """Begin an effector; its task is durable when this returns.

        Raises:
            NotFound: If there is no such effector, or the entity is gone meanwhile.
            InvalidInput: If a parameter does not fit.
        """
        if effector not in entity.EFFECTORS:
            raise NotFound(no_effector(entity, effector))
        effector_body(entity, effector, params)
        task = self._supervisor.effector_task(self._new_id(), entity, effector, params=params)
        decide = _with_entity(entity, task)
        return await self._begin(task, decide, ctx)

    async def begin_cancel(self, task: Task, ctx: Asking) -> None:
        """Commit that somebody asks for the end of a task; `cancel` brings it about.

        What is decided is the task, or None if it had ended.

        Raises:
            Repeated: If the request was made before.
        """
        log.info("cancel", extra={"fields": {"task": task.id, "user": ctx.user}})
        await self._commit(lambda _: Decision((), None if task.status.ended else task), ctx)

    async def cancel(self, task: Task) -> bool:
        """Cancel a task and all its parts; tell whether it was still running."""
        return await self._supervisor.cancel(task)

    def config_now(self, entity: Entity, key: str) -> Any:
        """Return a config value, without the default, as far as it needs no waiting."""
        return presentable(config_now(entity, key))

    def resolve_now(self, entity: Entity, value: Any) -> Any:
        """Return any value so."""
        return presentable(resolve_now(entity, value))

    async def _commit(self, decide: Decide, ctx: Asking) -> None:
        """Commit what a request changes, and that it was made.

        Raises:
            Repeated: If it was made before; nothing is done.
            BrooklineError: As `Recorder.commit`.
        """
        done = await self._recorder.commit(ctx.once(decide), request=ctx.request, user=ctx.user)
        if isinstance(done.answer, Known):
            raise Repeated(done.answer.record)

    async def _begin(self, task: Task, decide: Decide, ctx: Asking) -> Task:
        """Commit what begins a task, and run it.

        Raises:
            Repeated: If the request was made before; its task is another.
            Unavailable: If it was not committed in time. If that is not known, it is run all the
                same once it turns out that it was: nothing is in progress that nobody runs.
        """
        perhaps = functools.partial(self._supervisor.submit_if_recorded, task)
        await recorded(self._commit(decide, ctx), perhaps)
        return self._supervisor.submit(task)

    def _task(
        self, name: str, entity_id: str = "", entity_name: str = "", work: Value | None = None
    ) -> Task:
        return Task(
            id=self._new_id(),
            name=name,
            entity_id=entity_id,
            entity_name=entity_name,
            tags=("NON-TRANSIENT",),
            submitted_ms=self._clock.wall_ms(),
            work=work or {},
        )

    def _new_id(self) -> str:
        return new_id(self._randomness)


def _with_entity(entity: Entity, task: Task, *changes: Change) -> Decide:
    """Return how a task about an entity begins, if the entity is still there."""

    def decide(view: View) -> Decision:
        editing.existing(view, entity)
        return Decision((*changes, begun(task)), task)

    return decide


def _log_warnings(app_id: str, ready: Ready) -> None:
    for fault in ready.warnings:
        fields = {
            "application": app_id,
            "at": fault.where().removesuffix(": "),
            "what": fault.message,
        }
        log.warning("blueprint", extra={"fields": fields})
