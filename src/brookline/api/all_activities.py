"""REST resource: what was done and is being done on the whole plane."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from brookline.api import task_view
from brookline.api.answers import Answer, json
from brookline.api.routes import Param, Place, read
from brookline.errors import InvalidInput
from brookline.wire.rest import TaskSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.operations.task import Task

_LIMIT = 200
_MOST = 2000


async def list_all(call: Call) -> Answer:
    """List tasks that are part of no other: those that run, then the latest."""
    limit = call.number("limit", _LIMIT)
    if not 0 <= limit <= _MOST:
        raise InvalidInput(f"limit must be from 0 to {_MOST}")
    tops = call.ports.management.tasks.top_level()
    if call.flag("running"):
        tops = (task for task in tops if not task.status.ended)
    found = heapq.nlargest(limit, tops, key=_interest)
    live = call.ports.management.live
    return json([task_view.in_short(task, live) for task in found])


def _interest(task: Task) -> tuple[bool, int]:
    return not task.status.ended, task.started_ms or task.submitted_ms


OPERATIONS = (
    read(
        "/activities",
        list_all,
        returns=list[TaskSummary],
        place=Place.SHOWN,
        params=(Param("limit", int, _LIMIT), Param("running", bool, default=False)),
        beyond=True,
    ),
)
