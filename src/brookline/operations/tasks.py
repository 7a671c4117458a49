"""All tasks that are known here, found by id, by entity and by parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.errors import NotFound
from brookline.operations.retention import with_parts
from brookline.operations.task import KIND, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.journal.records import View
    from brookline.wire.changes import Value


class Tasks:
    """The tasks of the plane, a view of their records; those that run here are ahead of theirs."""

    def __init__(self) -> None:
        self._by_id: dict[str, Task] = {}
        self._by_entity: dict[str, dict[str, Task]] = {}
        self._orphans: dict[str, list[Task]] = {}
        """Parts that came before what they are a part of, by the id of that."""

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._by_id.values())

    def find(self, task_id: str) -> Task | None:
        """Return a task, or None if there is none of that id, or none any more."""
        return self._by_id.get(task_id)

    def get(self, task_id: str) -> Task:
        """Return a task.

        Raises:
            NotFound: If there is none of that id, or none any more.
        """
        task = self.find(task_id)
        if task is None:
            raise NotFound(f"there is no task '{task_id}', or it is not kept any more")
        return task

    def of_entity(self, entity_id: str) -> list[Task]:
        """Return the tasks about an entity, the one that began first at the head."""
        return list(self._by_entity.get(entity_id, {}).values())

    def top_level(self) -> Iterator[Task]:
        """Yield the tasks that are not part of another."""
        return (task for task in self._by_id.values() if not task.parent_id)

    def add(self, task: Task) -> None:
        """Take up a new task, and tie it to its parent, and its parts that came before to it."""
        self._by_id[task.id] = task
        if task.entity_id:
            self._by_entity.setdefault(task.entity_id, {})[task.id] = task
        parent = self._by_id.get(task.parent_id)
        if parent is not None and task.parent is None:
            task.parent = parent
            parent.children.append(task)
        elif parent is None and task.parent_id:
            self._orphans.setdefault(task.parent_id, []).append(task)
        for part in self._orphans.pop(task.id, ()):
            part.parent = task
            task.children.append(part)

    def refresh(self, task_id: str, value: Value | None) -> None:
        """Follow a record that has changed; None means that it is gone."""
        task = self._by_id.get(task_id)
        if value is None:
            if task is not None:
                self._forget(task)
        elif task is None:
            task = Task(id=task_id, name="")
            task.take(value)
            self.add(task)
        elif task.owned:
            task.recorded = True
        else:
            taken = task.taken.get("count")
            task.take(value)
            if task.status.ended or task.taken.get("count") != taken:
                _waits_no_more(task)

    def reset(self, view: View) -> None:
        """Follow the records as a whole. Whoever waits for a task that is still there goes on."""
        ids = list(view.ids(KIND))
        for gone in self._by_id.keys() - set(ids):
            self._forget(self._by_id[gone])
        for task_id in ids:
            self.refresh(task_id, view.get(KIND, task_id))

    def forget(self, task: Task) -> None:
        """Know nothing of a task any more; others may yet, if it has a record."""
        if self._by_id.get(task.id) is task:
            self._forget(task)

    def _forget(self, task: Task) -> None:
        del self._by_id[task.id]
        task.release()
        of_entity = self._by_entity.get(task.entity_id, {})
        of_entity.pop(task.id, None)
        if not of_entity:
            self._by_entity.pop(task.entity_id, None)
        if task.parent is not None and task in task.parent.children:
            task.parent.children.remove(task)
        orphans = self._orphans.get(task.parent_id, [])
        if task in orphans:
            orphans.remove(task)
            if not orphans:
                del self._orphans[task.parent_id]


def _waits_no_more(task: Task) -> None:
    """Forget what it waited for when it ran here, with its parts: another goes on with it, or did.

    What it waits for there is not told to others.
    """
    for one in with_parts(task):
        one.waits_for, one.blocked_by = "", None
