"""Which ended tasks are kept: bounded by count, age and bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brookline.operations.streams import LIMIT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from brookline.operations.task import Task

_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept of the past. Only ended top-level tasks count, each with its parts.

    What is interrupted, and waits for a decision, counts for none of the limits but its own: it is not
    forgotten because it is old, or because much else was done since.

    Attributes:
        per_name: Of the same name about the same entity.
        per_entity: About the same entity.
        total: At all, parts included.
        age_s: Since their end, in seconds.
        total_bytes: Size of records and streams together.
        undecided: Of what is interrupted and waits for a decision.
        period_s: How often it is looked whether there is more, in seconds.

    Source: the defaults of Brooklyn's ``brooklyn.gc.*``; it has no bound in bytes.
    """

    per_name: int = 10
    per_entity: int = 1000
    total: int = 100_000
    age_s: float = 30 * _DAY_S
    total_bytes: int = 1024**3
    undecided: int = 10_000
    period_s: float = 60.0


class _Kept:
    """What is kept so far."""

    def __init__(self, limits: Limits, now_ms: int) -> None:
        self._limits = limits
        self._now_ms = now_ms
        self._names: Counter[tuple[str, str]] = Counter()
        self._entities: Counter[str] = Counter()
        self._count = self._size_bytes = self._undecided = 0

    def keeps(self, task: Task) -> bool:
        """Tell whether there is room for a top-level task with its parts; it is taken then."""
        return self._keeps_undecided() if task.undecided else self._keeps_decided(task)

    def _keeps_undecided(self) -> bool:
        self._undecided += 1
        return self._undecided <= self._limits.undecided

    def _keeps_decided(self, task: Task) -> bool:
        limits, name = self._limits, (task.entity_id, task.name)
        if (
            self._names[name] >= limits.per_name
            or self._entities[task.entity_id] >= limits.per_entity
            or self._now_ms - (task.ended_ms or 0) > limits.age_s * 1000
        ):
            return False
        family = list(with_parts(task))
        count, size_bytes = self._count + len(family), self._size_bytes + sum(map(_weight, family))
        if count > limits.total or size_bytes > limits.total_bytes:
            return False
        self._count, self._size_bytes = count, size_bytes
        self._names[name] += 1
        self._entities[task.entity_id] += 1
        return True


def outdated(tasks: Iterable[Task], limits: Limits, now_ms: int) -> list[Task]:
    """Return the top-level tasks to forget, with all their parts; the newest are kept.

    Args:
        tasks: All top-level tasks, in the order in which they began.
        limits: What is kept.
        now_ms: The wall clock.
    """
    ended = [task for task in tasks if task.status.ended]
    ended.reverse()  # of those that ended in the same millisecond, the one that began last is newest
    ended.sort(key=lambda task: task.ended_ms or 0, reverse=True)
    kept = _Kept(limits, now_ms)
    return [task for task in ended if not kept.keeps(task)]


def with_parts(task: Task) -> Iterator[Task]:
    """Yield a task and all its parts, at any depth."""
    yield task
    for child in task.children:
        yield from with_parts(child)


def _weight(task: Task) -> int:
    """Return how much a task takes, in bytes: its record, and what is kept of its streams."""
    return task.record_bytes() + sum(min(size, LIMIT_BYTES) for size in task.streams.values())
