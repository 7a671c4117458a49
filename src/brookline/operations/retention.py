"""Which ended tasks are kept: bounded by count, age and bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brookline.operations.streams import LIMIT_BYTES
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from brookline.operations.task import Task

_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept of the past. Only ended top-level tasks count, each with its parts.

    What is interrupted, and waits for a decision, counts neither for its name nor for its entity.

    Attributes:
        per_name: Of the same name about the same entity.
        per_entity: About the same entity.
        total: At all, parts included.
        age_s: Since their end, in seconds.
        total_bytes: Size of records and streams together.
        period_s: How often it is looked whether there is more, in seconds.

    Source: the defaults of Brooklyn's ``brooklyn.gc.*``; it has no bound in bytes.
    """

    per_name: int = 10
    per_entity: int = 1000
    total: int = 100_000
    age_s: float = 30 * _DAY_S
    total_bytes: int = 1024**3
    period_s: float = 60.0


@dataclass(slots=True)
class _Kept:
    count: int = 0
    size_bytes: int = 0


def outdated(tasks: Iterable[Task], limits: Limits, now_ms: int) -> list[Task]:
    """Return the top-level tasks to forget, with all their parts; the newest are kept.

    Args:
        tasks: All top-level tasks.
        limits: What is kept.
        now_ms: The wall clock.
    """
    ended = [task for task in tasks if task.status.ended]
    ended.sort(key=lambda task: task.ended_ms or 0, reverse=True)
    names: Counter[tuple[str, str]] = Counter()
    entities: Counter[str] = Counter()
    kept, dropped = _Kept(), []
    for task in ended:
        family = list(with_parts(task))
        size = sum(map(_weight, family))
        waits = task.status is Status.INTERRUPTED and not task.interruption.get("resolved")
        crowded = (
            names[task.entity_id, task.name] >= limits.per_name
            or entities[task.entity_id] >= limits.per_entity
        )
        too_much = (
            (crowded and not waits)
            or kept.count + len(family) > limits.total
            or kept.size_bytes + size > limits.total_bytes
            or now_ms - (task.ended_ms or 0) > limits.age_s * 1000
        )
        if too_much:
            dropped.append(task)
            continue
        names[task.entity_id, task.name] += not waits
        entities[task.entity_id] += not waits
        kept.count += len(family)
        kept.size_bytes += size
    return dropped


def with_parts(task: Task) -> Iterator[Task]:
    """Yield a task and all its parts, at any depth."""
    yield task
    for child in task.children:
        yield from with_parts(child)


def _weight(task: Task) -> int:
    text = len(task.error) + len(str(task.params)) + len(str(task.result))
    return 500 + text + sum(min(size, LIMIT_BYTES) for size in task.streams.values())
