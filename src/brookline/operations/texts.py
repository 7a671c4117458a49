"""What AMP's clients read about a task: its status in words, and its tags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from brookline.operations.storing import shown
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.operations.task import Task

_WORDS = {
    Status.SUBMITTED: "Submitted for execution",
    Status.RUNNING: "In progress",
    Status.COMPLETED: "Completed",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Cancelled",
    # AMP has no word for it. Its clients wait for one of those above, and `isError` is true.
    Status.INTERRUPTED: "Failed",
}

_SHORT_CHARS = 200
_SAID = ("interrupted: ", "interrupted, and ")
"""With what the error of an interrupted task begins; its status says it already."""

_STEPS = ("finished", "attached", "resumed")

ENTITY_TYPE = "org.apache.brooklyn.api.entity.Entity"


def current_status(task: Task) -> str:
    """Return one of AMP's words, such as ``In progress``."""
    return _WORDS[task.status]


def is_error(task: Task) -> bool:
    """Tell whether AMP would call it an error; it counts cancelled tasks among them."""
    return task.status in (Status.FAILED, Status.CANCELLED, Status.INTERRUPTED)


def detailed_status(task: Task, now_ms: int) -> str:
    """Return several lines: how it stands, how long it took, and its result or error.

    Args:
        task: The task.
        now_ms: The wall clock, for one that runs.
    """
    word = "Interrupted" if task.status is Status.INTERRUPTED else current_status(task)
    if task.status is Status.SUBMITTED:
        return word
    if task.status is Status.RUNNING:
        since = duration_text(now_ms - (task.started_ms or now_ms))
        waits = f", waiting {task.waits_for}" if task.waits_for else ""
        return f"{word} for {since}{waits}{_taken_text(task, now_ms)}"
    took = duration_text((task.ended_ms or now_ms) - (task.started_ms or task.submitted_ms))
    if task.status is Status.COMPLETED:
        return f"{word} after {took}\n\n{_result_text(task.result)}{_taken_text(task, now_ms)}"
    reason, _, rest = task.error.partition("\n\n")
    for prefix in _SAID if task.status is Status.INTERRUPTED else ():
        reason = reason.removeprefix(prefix)
    why = (f": {reason}" if reason else "") + (rest and f"\n\n{rest}")
    return f"{word} after {took}{why}{_taken_text(task, now_ms)}"


def _taken_text(task: Task, now_ms: int) -> str:
    """Return a paragraph that says how often it was taken up, if it was."""
    taken = task.taken
    if not taken:
        return ""
    count, at = taken.get("count", 0), taken.get("at", now_ms)
    times = {1: "once", 2: "twice"}.get(count, f"{count} times")
    who = f" (resumed by {taken['by'] or 'somebody'})" if "by" in taken else ""
    steps = ", ".join(f"{taken[how]} {how}" for how in _STEPS if taken.get(how))
    ago = duration_text(now_ms - at)
    return f"\n\nTaken up {times}, {ago} ago{who}" + (f"; its steps: {steps}" if steps else "")


def result_of(task: Task) -> Any:
    """Return what AMP shows as the result: of a task that did not complete, the reason."""
    return task.result if task.status is Status.COMPLETED else task.error or None


def tags_of(task: Task) -> list[Any]:
    """Return the tags by which AMP's console finds out what a task is."""
    tags: list[Any] = list(task.tags)
    if task.entity_id:
        entity = {"type": ENTITY_TYPE, "id": task.entity_id}
        role = "targetEntity" if task.effector else "contextEntity"
        tags.append({"wrappingType": role, "entity": entity})
    if task.effector:
        call = {"entityId": task.entity_id, "effectorName": task.effector}
        tags.append({**call, "effectorParams": dict(task.params)})
    return tags


def describe_call(task: Task, effector: str, params: Mapping[str, Any], *tags: str) -> None:
    """Make a task that of an effector's call on its entity."""
    task.effector, task.params, task.tags = effector, params, tags
    task.description = effector_description(effector, task.entity_name, params)


def storable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as they can be recorded; what cannot is a remark."""
    return {name: shown(value) for name, value in params.items()}


def effector_description(effector: str, entity_name: str, params: Mapping[str, Any]) -> str:
    """Return the description of a call, in AMP's words."""
    shown = ", ".join(f"{name}={_short(value)}" for name, value in params.items())
    return f"Invoking effector {effector} on {entity_name} with parameters {{{shown}}}"


def duration_text(ms: int) -> str:
    """Return a length of time as people read it: ``20ms``, ``1.05s``, ``2m 3s``, ``1h 5m``."""
    ms = max(ms, 0)
    if ms < 1000:
        return f"{ms}ms"
    if ms < 60_000:
        return f"{ms / 1000:.2f}".rstrip("0").rstrip(".") + "s"
    seconds = ms // 1000
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60}s"
    minutes = seconds // 60
    if minutes < 24 * 60:
        return f"{minutes // 60}h {minutes % 60}m"
    return f"{minutes // (24 * 60)}d {minutes // 60 % 24}h"


def _result_text(result: Any) -> str:
    return "No return value (null)" if result is None else f"Result: {_short(result)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _SHORT_CHARS else text[:_SHORT_CHARS] + "..."
