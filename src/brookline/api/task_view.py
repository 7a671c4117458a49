"""Tasks as shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import links
from brookline.operations import texts
from brookline.operations.task import Status
from brookline.wire.rest import (
    StreamLink,
    StreamMetadata,
    TakenUp,
    TaskLink,
    TaskMetadata,
    TaskSummary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brookline.model.live import Live
    from brookline.operations.task import Task

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def in_short(task: Task, live: Live) -> TaskSummary:
    """Return a task as an element of a list: without its result and its detailed status."""
    return _summary(task, live)


def in_detail(task: Task, live: Live, now_ms: int, *, entity_link: str = "") -> TaskSummary:
    """Return a task with its result, and how it stands in several lines.

    Args:
        task: The task.
        live: Where its entity is found.
        now_ms: The wall clock, for one that runs.
        entity_link: That of its entity, if that is not shown yet.
    """
    detailed = texts.detailed_status(task, now_ms)
    return _summary(task, live, detailed=detailed, entity_link=entity_link)


def most_interesting(tasks: Iterable[Task], limit: int) -> list[Task]:
    """Return at most so many tasks: those that run, then the latest; at least one of each name.

    Args:
        tasks: Of any order.
        limit: How many; below 0 all of them.
    """
    ordered = sorted(tasks, key=_interest, reverse=True)
    if limit < 0 or len(ordered) <= limit:
        return ordered
    latest: dict[str, Task] = {}
    for task in ordered:
        latest.setdefault(task.name, task)
    kept = list(latest.values())[:limit]
    chosen = {task.id for task in kept}
    for task in ordered:
        if len(chosen) >= limit:
            break
        chosen.add(task.id)
    return [task for task in ordered if task.id in chosen]


def with_parts(tasks: list[Task]) -> list[Task]:
    """Return tasks, then their parts, then the parts of these; each once."""
    found = {task.id: task for task in tasks}
    level = tasks
    while level:
        level = [part for task in level for part in task.children if part.id not in found]
        found.update((part.id, part) for part in level)
    return list(found.values())


def link(task: Task) -> TaskLink:
    """Return a link to a task."""
    return TaskLink(
        links.activity(task.id),
        TaskMetadata(task.id, task.name, task.entity_id or UNSET, task.entity_name or UNSET),
    )


def _interest(task: Task) -> tuple[bool, int]:
    return not task.status.ended, task.started_ms or task.submitted_ms


def _summary(
    task: Task, live: Live, detailed: str | None = None, entity_link: str = ""
) -> TaskSummary:
    own = links.activity(task.id)
    relations = {"self": own, "children": f"{own}/children"}
    entity = live.entity(task.entity_id)
    if entity is not None or entity_link:
        relations["entity"] = links.entity(entity) if entity is not None else entity_link
    result = None if detailed is None else texts.result_of(task)
    return TaskSummary(
        id=task.id,
        display_name=task.name,
        description=task.description,
        entity_id=task.entity_id or UNSET,
        entity_display_name=task.entity_name or UNSET,
        tags=texts.tags_of(task),
        submit_time_utc=task.submitted_ms or UNSET,
        start_time_utc=task.started_ms or UNSET,
        end_time_utc=task.ended_ms or UNSET,
        current_status=texts.current_status(task),
        result=UNSET if result is None else result,
        is_error=texts.is_error(task),
        is_cancelled=task.status.value == "cancelled",
        children=[link(part) for part in task.children],
        submitted_by_task=link(task.parent) if task.parent else UNSET,
        blocking_task=link(task.blocked_by) if task.blocked_by else UNSET,
        blocking_details=f"Waiting {task.waits_for}" if task.waits_for else UNSET,
        detailed_status=UNSET if detailed is None else detailed,
        interrupted=True if task.status is Status.INTERRUPTED else UNSET,
        taken_up=_taken_up(task.taken) if task.taken else UNSET,
        streams={name: _stream(own, name, size) for name, size in task.streams.items()},
        links=relations,
    )


def _taken_up(taken: Mapping[str, Any]) -> TakenUp:
    counts = {name: taken.get(name, 0) for name in ("count", "finished", "attached", "resumed")}
    return TakenUp(last_utc=taken.get("at", 0), by=taken.get("by", UNSET), **counts)


def _stream(own: str, name: str, size: int) -> StreamLink:
    metadata = StreamMetadata(name, size, size_text(size))
    return StreamLink(f"{own}/stream/{links.segment(name)}", metadata)


def size_text(size: int) -> str:
    """Return a number of bytes as people read it: ``12 bytes``, ``1.5 kB``."""
    number, unit = float(size), 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{size} bytes" if unit == 0 else f"{number:.1f} {_UNITS[unit]}"
