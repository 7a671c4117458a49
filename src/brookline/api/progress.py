"""How running tasks get on, as far as only the node that runs them knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.management.herald import Subject, What
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brookline.api.ports import Management
    from brookline.management.herald import Fact
    from brookline.operations.task import Task

Known = tuple["Task", tuple[str, ...], str]
"""A task that runs here, those of which it is a part, and the application that it is about."""

_MOST = 500
"""Tasks that are told of; those that began first come first."""


class Running:
    """The tasks that run, as the log tells of them; to find them does not take a look at all."""

    def __init__(self, management: Management) -> None:
        self._management = management
        self._tops: dict[str, None] = {}

    def begin(self) -> None:
        """Begin anew, with all that is shown."""
        tops = self._management.tasks.top_level()
        self._tops = {task.id: None for task in tops if not task.status.ended}

    def follow(self, facts: Sequence[Fact]) -> None:
        """Take in what an entry has changed."""
        for fact in facts:
            if fact.subject is not Subject.TASK or fact.above:
                continue
            if fact.what is What.REMOVED or Status(fact.value["status"]).ended:
                self._tops.pop(fact.id, None)
            else:
                self._tops[fact.id] = None

    def known(self) -> list[Known]:
        """Return tasks that run on this node."""
        found: list[Known] = []
        for task_id in self._tops:
            top = self._management.tasks.find(task_id)
            if top is None or not top.owned:
                continue
            for task, above in _with_parts(top):
                if len(found) >= _MOST:
                    return found
                entity = self._management.live.entity(task.entity_id)
                found.append((task, above, entity.application_id if entity else ""))
        return found


def shown(task: Task) -> Mapping[str, Any]:
    """Return how a task gets on."""
    return {
        "waitsFor": task.waits_for,
        "blockedBy": task.blocked_by.id if task.blocked_by else None,
        "status": task.status.value,
        "streams": dict(task.streams),
    }


def _with_parts(top: Task) -> Iterator[tuple[Task, tuple[str, ...]]]:
    waiting: list[tuple[Task, tuple[str, ...]]] = [(top, ())]
    while waiting:
        task, above = waiting.pop()
        yield task, above
        below = (task.id, *above)
        waiting += [(part, below) for part in task.children if not part.status.ended]
