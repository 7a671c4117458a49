"""Progress of a task on stderr: a row an entity on a terminal, a line an event elsewhere."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from brookline.cli.blocks import Table
from brookline.cli.moments import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from brookline.cli.blocks import Block
    from brookline.cli.output import Output
    from brookline.cli.terminal import Screen
    from brookline.values.pace import Pace

Task = dict[str, Any]

_MOST_ROWS = 20
"""Entities shown at once on a terminal; the rest is counted."""

_LONG_S = 1.0
"""How long somebody waits before it is shown for what."""


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


def waits_of(below: Iterable[Task]) -> list[tuple[str, str]]:
    """Return the entities that wait for something, each with what that is."""
    return [
        (str(task.get("entityDisplayName") or ""), _uncapitalized(task["blockingDetails"]))
        for task in below
        if task.get("blockingDetails") and (task.get("endTimeUtc") or -1) <= 0
    ]


def _uncapitalized(text: str) -> str:
    return text[:1].lower() + text[1:]


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
    """Shows how far a task is: on a screen, or by appending to stderr without one."""

    def __init__(self, out: Output, pace: Pace, screen: Screen | None) -> None:
        self._out = out
        self._pace = pace
        self._screen = screen
        self._said: set[tuple[str, bool]] = set()
        self._waits: dict[tuple[str, str], float] = {}

    def show(self, task: Task, below: Sequence[Task]) -> None:
        """Show the present state."""
        now_ms = self._pace.wall_ms()
        phases, waits = phases_of(below), self._long_waits(waits_of(below))
        if self._screen is None:
            self._append(phases, now_ms)
            self._append_waits(waits)
        else:
            self._screen.draw(_by_entity(task, phases, waits, now_ms))

    def _long_waits(self, waits: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those that have lasted for a while; most waits are over before they are read."""
        now = self._pace.monotonic()
        self._waits = {wait: self._waits.get(wait, now) for wait in waits}
        return [wait for wait, since in self._waits.items() if now - since >= _LONG_S]

    def _append_waits(self, waits: Iterable[tuple[str, str]]) -> None:
        for entity, what in waits:
            event = (f"{entity} {what}", False)
            if event not in self._said:
                self._said.add(event)
                self._out.tell(f"  {entity}  {what}")

    def _append(self, phases: Iterable[Phase], now_ms: int) -> None:
        for phase in phases:
            event = (phase.task, phase.ended is not None)
            if event in self._said or phase.started is None:
                continue
            self._said.add(event)
            self._out.tell(f"  {phase.entity}  {phase.text(now_ms)}")


def _by_entity(
    task: Task, phases: Iterable[Phase], waits: Iterable[tuple[str, str]], now_ms: int
) -> list[Block]:
    steps: dict[str, list[str]] = {}
    for phase in phases:
        steps.setdefault(phase.entity, []).append(phase.text(now_ms))
    for entity, what in waits:
        steps.setdefault(entity, []).append(what)
    if not steps:
        return [f"{task.get('displayName') or 'task'} … {task.get('currentStatus', '')}"]
    rows = [(entity, "   ".join(texts)) for entity, texts in steps.items()]
    table = Table(("ENTITY", "STEPS"), rows[-_MOST_ROWS:], folds=("STEPS",))
    more = len(rows) - _MOST_ROWS
    return [table, f"… and {more} more entities"] if more > 0 else [table]
