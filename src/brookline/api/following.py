"""Answers that follow from a task: whoever leads gives them once it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.plane_view import check_shown
from brookline.errors import NotFound, Outcome

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.operations.task import Task

_LOOK_AGAIN_S = 5.0
"""How often a wait without end makes sure that there is still something to wait for."""


async def ended(call: Call, task: Task, wait_s: float) -> bool:
    """Wait for the end of a task; tell whether it has come.

    Raises:
        NotFound: If it was forgotten meanwhile.
    """
    clock = call.ports.clock
    deadline = clock.monotonic() + wait_s
    while not task.status.ended:
        left_s = deadline - clock.monotonic()
        if left_s <= 0:
            return False
        await task.wait(min(left_s, _LOOK_AGAIN_S))
        if not task.status.ended:
            task = found(call, task.id)
    return True


def found(call: Call, task_id: str) -> Task:
    """Return the task that a request has begun.

    Raises:
        NotFound: If it is not kept any more.
        Unavailable: If this node shows no tasks any more; whoever leads goes on with it.
    """
    task = call.ports.management.tasks.find(task_id)
    if task is None:
        check_shown(call.ports.node, Outcome.UNKNOWN)
        raise NotFound(f"this request was carried out; its task '{task_id}' is not kept any more")
    return task
