"""Progress of a task on stderr: a line an entity on a terminal, a line an event elsewhere."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from brookline.cli.moments import duration
from brookline.cli.screen import Screen, is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.values.pace import Pace

Task = dict[str, Any]

_MOST_LINES = 20
"""Entities shown at once on a terminal; the rest is counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Phase:
    """One step of one entity, such as *install*.

    Attributes:
        task: Id of its task.
        entity: Display name of the entity.
        name: Of the step.
        started: Milliseconds since 1970, or None.
        ended: Milliseconds since 1970, or None while it runs.
        failed: Whether it ended badly.
    """

    task: str
    entity: str
    name: str
    started: int | None
    ended: int | None
    failed: bool

    def text(self, now_ms: int) -> str:
        """Return it as a word, a sign and how long it took."""
        if self.ended is None:
            so_far = duration(max(0, now_ms - self.started)) if self.started else ""
            return f"{self.name} … {so_far}".rstrip()
        took = duration(self.ended - self.started) if self.started else ""
        return f"{self.name} {'✗' if self.failed else '✓'} {took}".rstrip()


def phases_of(below: Iterable[Task]) -> list[Phase]:
    """Return the steps of entities among the tasks below another.

    A step is a direct part of an effector's call that is no such call itself; what lies deeper
    (single commands) is left out.
    """
    tasks = {task["id"]: task for task in below}
    found = []
    for task in tasks.values():
        parent = (task.get("submittedByTask") or {}).get("metadata", {}).get("id", "")
        of_a_call = parent not in tasks or is_effector_call(tasks[parent])
        if of_a_call and not is_effector_call(task):
            found.append(_phase(task))
    return found


def is_effector_call(task: Task) -> bool:
    """Tell whether a task is the call of an effector."""
    return "EFFECTOR" in (task.get("tags") or ())


def _phase(task: Task) -> Phase:
    ended = task.get("endTimeUtc") or -1
    return Phase(
        task=task["id"],
        entity=str(task.get("entityDisplayName") or ""),
        name=str(task.get("displayName") or task["id"]),
        started=task.get("startTimeUtc"),
        ended=ended if ended > 0 else None,
        failed=bool(task.get("isError")),
    )


class Progress:
    """Shows how far a task is."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._screen = Screen(sys.stderr) if is_terminal(sys.stderr) else None
        self._said: set[tuple[str, bool]] = set()
        self._lines: list[str] = []

    def show(self, task: Task, below: Iterable[Task]) -> None:
        """Show the present state."""
        now_ms = self._pace.wall_ms()
        phases = phases_of(below)
        if self._screen is None:
            self._append(phases, now_ms)
        else:
            self._screen.draw(_by_entity(task, phases, now_ms))

    def finish(self) -> None:
        """Leave the last state on the screen."""
        self._screen = None

    def _append(self, phases: Iterable[Phase], now_ms: int) -> None:
        for phase in phases:
            event = (phase.task, phase.ended is not None)
            if event in self._said or phase.started is None:
                continue
            self._said.add(event)
            print(f"  {phase.entity}  {phase.text(now_ms)}", file=sys.stderr, flush=True)  # noqa: T201


def _by_entity(task: Task, phases: Iterable[Phase], now_ms: int) -> list[str]:
    rows: dict[str, list[str]] = {}
    for phase in phases:
        rows.setdefault(phase.entity, []).append(phase.text(now_ms))
    wide = max(map(len, rows), default=0)
    lines = [f"  {entity.ljust(wide)}  {'   '.join(texts)}" for entity, texts in rows.items()]
    if len(lines) > _MOST_LINES:
        lines = [*lines[-_MOST_LINES:], f"  … and {len(lines) - _MOST_LINES} more entities"]
    return lines or [f"  {task.get('displayName') or 'task'} … {task.get('currentStatus', '')}"]
