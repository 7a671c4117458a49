"""REST resource: activities, which are tasks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from brookline.api import finding, following, task_view
from brookline.api.answers import Answer, json
from brookline.api.asking import Follows
from brookline.api.plane_view import check_shown
from brookline.api.routes import Param, Place, change, read
from brookline.errors import InvalidInput, NotFound
from brookline.operations.task import Status
from brookline.values.durations import Duration
from brookline.wire.rest import TaskSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.operations.task import Task

_FOR_EVER = ("never", "forever")
_AT_ONCE = ("", "0", "always")
_AGAIN_S = 0.2
"""Between two tries to cancel a task that this node does not run yet."""


async def get_activity(call: Call) -> Answer:
    """Return a task; 202 while it has not ended."""
    task = finding.task(call)
    wait_s = wait_time(call.query.get("timeout", "0"))
    if wait_s and not task.status.ended:
        await task.wait(None if math.isinf(wait_s) else wait_s)
        if not task.status.ended:
            check_shown(call.ports.node)  # it waits in vain where nothing is shown any more
    return json(shown(call, task), status=200 if task.status.ended else 202)


async def get_children(call: Call) -> Answer:
    """Return the parts of a task."""
    task = finding.task(call)
    return json(listed(call, task.children))


async def get_descendants(call: Call) -> Answer:
    """Return all that is below a task, by id."""
    depth = call.number("maxDepth", -1)
    found: dict[str, TaskSummary] = {}
    level = finding.task(call).children
    limit, live = call.number("limit", 200), call.ports.management.live
    while level and depth != 0 and (limit < 0 or len(found) < limit):
        found.update((part.id, task_view.in_short(part, live)) for part in level)
        level = [below for part in level for below in part.children]
        depth -= 1
    kept = list(found.items())
    return json(dict(kept if limit < 0 else kept[:limit]))


async def cancel(call: Call) -> Answer | Follows:
    """Cancel a task; false if it had ended."""
    asked = finding.asked(call, lambda task: Follows(task.id) if task else json(value=False))
    await call.ports.management.begin_cancel(finding.task(call), asked)
    return asked.answer


async def cancelled(call: Call, follows: Follows) -> Answer:
    """Answer once the task has ended, here or on a later master."""
    task = following.found(call, follows.task)
    while not task.status.ended:
        if not await call.ports.management.cancel(task):
            # It is not taken up yet, or ends by itself.
            await following.ended(call, task, _AGAIN_S)
        task = following.found(call, follows.task)
    return json(task.status is Status.CANCELLED)


async def get_of_entity(call: Call) -> Answer:
    """Return the tasks of an entity, those that run first, then the latest."""
    tasks = call.ports.management.tasks.of_entity(finding.entity(call).id)
    return json(listed(call, tasks))


async def get_one_of_entity(call: Call) -> Answer:
    """Return a task of an entity."""
    entity, task = finding.entity(call), finding.task(call)
    if task.entity_id != entity.id:
        raise NotFound(f"entity '{entity.name}' has no task '{task.id}'")
    answer = json(shown(call, task))
    return Answer(answer.status, answer.body, "text/json")


def listed(call: Call, tasks: list[Task]) -> list[TaskSummary]:
    """Return tasks as a list shows them, as many as the client wants."""
    chosen = task_view.most_interesting(tasks, call.number("limit", 200))
    if call.flag("recurse"):
        chosen = task_view.with_parts(chosen)
    live = call.ports.management.live
    return [task_view.in_short(task, live) for task in chosen]


def shown(call: Call, task: Task, entity_link: str = "") -> TaskSummary:
    """Return a task by itself; its entity's link may be known before the entity is shown."""
    live, now = call.ports.management.live, call.ports.clock.wall_ms()
    return task_view.in_detail(task, live, now, entity_link=entity_link)


def wait_time(text: str) -> float:
    """Return how many seconds a client wants to wait for an end; infinity for as long as it takes.

    Raises:
        InvalidInput: If the text is no duration.
    """
    word = text.strip().lower()
    if word in _FOR_EVER:
        return math.inf
    if word in _AT_ONCE:
        return 0.0
    try:
        return max(Duration.of(int(word) if word.isdigit() else word).seconds, 0.0)
    except ValueError as fault:
        raise InvalidInput(f"timeout: {fault}") from fault


_SECRETS = Param("suppressSecrets", bool, default=False)
_LIMIT = Param("limit", int, 200)
_OF_ENTITY = "/applications/{app}/entities/{e}/activities"

OPERATIONS = (
    read(
        "/activities/{task}",
        get_activity,
        returns={200: TaskSummary, 202: TaskSummary},
        place=Place.SHOWN,
        params=(Param("timeout", str, "0"), _SECRETS),
    ),
    read(
        "/activities/{task}/children",
        get_children,
        returns=list[TaskSummary],
        place=Place.SHOWN,
        params=(Param("includeBackground", bool, default=False), _LIMIT, _SECRETS),
    ),
    read(
        "/activities/{task}/children/recurse",
        get_descendants,
        returns=dict[str, TaskSummary],
        place=Place.SHOWN,
        params=(_LIMIT, Param("maxDepth", int, -1), _SECRETS),
    ),
    change(
        "POST /activities/{task}/cancel",
        cancel,
        returns={200: bool},
        follow=cancelled,
        params=(Param("noInterrupt", bool, default=False),),
    ),
    read(
        _OF_ENTITY,
        get_of_entity,
        returns=list[TaskSummary],
        place=Place.HOT,
        params=(_LIMIT, Param("recurse", bool, default=False), _SECRETS),
    ),
    read(
        _OF_ENTITY + "/{task}",
        get_one_of_entity,
        returns=TaskSummary,
        place=Place.HOT,
        params=(_SECRETS,),
        produces=("application/json", "text/json"),
    ),
)
