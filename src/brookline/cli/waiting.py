"""Waiting for a task, whichever node tells about it: it outlives nodes, and so does the wait."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from brookline.cli.exits import Exit
from brookline.cli.progress import Progress, waits_of
from brookline.client import calls
from brookline.client.course import Patience
from brookline.client.ear import QUIET_S
from brookline.errors import BrooklineError, NotAllowed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.cli.tool import Tool
    from brookline.client.client import Client
    from brookline.client.ear import Ear
    from brookline.values.pace import Pace

POLL_S = 0.2
LATER_POLL_S = 1.0
"""Between two looks after the first ten seconds."""


class Deadline:
    """The end of the user's patience."""

    def __init__(self, pace: Pace, timeout_s: float) -> None:
        self._pace = pace
        self._started = pace.monotonic()
        self.timeout_s = timeout_s

    @property
    def elapsed_s(self) -> float:
        """How long it has been."""
        return self._pace.monotonic() - self._started

    @property
    def left_s(self) -> float:
        """How long it will be."""
        return max(0.0, self.timeout_s - self.elapsed_s)

    def pause(self, seconds: float, *, what: str, ear: Ear | None = None) -> None:
        """Wait a little, or until something is heard.

        Args:
            seconds: How long, if nothing is to be heard.
            what: How things stand, and what to do next.
            ear: Hears when it is worth to look again, if a node offers that.

        Raises:
            TimedOut: If the time is up; `what` says how things stand, and what to do next.
        """
        if self.left_s <= 0:
            raise TimedOut(f"timed out after {self.timeout_s:g} s: {what}")
        if ear is None:
            self._pace.sleep(min(seconds, self.left_s))
        else:
            ear.pause(self._pace, min(seconds, self.left_s), min(QUIET_S, self.left_s))


class Ended(click.ClickException):
    """What was waited for ended, but not well.

    Attributes:
        status: What the command ends with.
    """

    def __init__(self, message: str, status: Exit) -> None:
        super().__init__(message)
        self.status = status


class TimedOut(Ended):
    """What was waited for did not come in time."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.TIMED_OUT)


def seconds_of(text: str) -> float:
    """Read a duration that a user gave.

    Raises:
        click.UsageError: If it is none.
    """
    from brookline.values.durations import Duration

    try:
        return Duration.of(text if not text.isdecimal() else f"{text}s").seconds
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def patient_client(tool: Tool, deadline: Deadline) -> Client:
    """Return a client that goes on trying through failovers and restarts until the deadline."""
    left_s = min(deadline.left_s, 365 * 86_400.0)
    return tool.make_client(Patience(budget_s=left_s, absent_s=left_s))


def follow_to_end(
    tool: Tool,
    task: dict[str, Any],
    *,
    timeout_s: float = math.inf,
    is_hopeless: Callable[[Client], str] | None = None,
) -> dict[str, Any]:
    """Show the progress of a task and return its last state.

    Args:
        tool: Of the command.
        task: A TaskSummary.
        timeout_s: How long to wait.
        is_hopeless: Says why waiting on makes no sense, or nothing.

    Raises:
        TimedOut: If it runs for longer.
        Ended: If it failed, was cancelled or was cut off by a failover, with the reason.
    """
    try:
        deadline = Deadline(tool.pace, timeout_s)
        return _follow(tool, task, deadline=deadline, is_hopeless=is_hopeless)
    except KeyboardInterrupt:
        tool.out.tell("", f"task {task['id']} goes on; see brookline activity {task['id']}")
        raise


def _follow(
    tool: Tool,
    task: dict[str, Any],
    *,
    deadline: Deadline,
    is_hopeless: Callable[[Client], str] | None,
) -> dict[str, Any]:
    with (
        patient_client(tool, deadline) as client,
        tool.out.screen(sys.stderr) as screen,
        ear_of_task(client, task["id"]) as ear,
    ):
        progress = Progress(tool.out, tool.pace, screen)
        while True:
            last, below = _look(client, task["id"])
            progress.show(last, below)
            refuse_failure(client, last, below)
            if has_ended(last):
                return last
            reason = is_hopeless(client) if is_hopeless else ""
            if reason:
                # It may have ended since, and then knows better what happened.
                refuse_failure(client, *_look(client, task["id"]))
                raise Ended(reason, Exit.UNHEALTHY)
            every_s = POLL_S if deadline.elapsed_s < 10 else LATER_POLL_S
            deadline.pause(every_s, what=_goes_on(last, below), ear=ear)


def ear_of_task(client: Client, task_id: str) -> Ear:
    """Return what hears when a task or one of its parts gets on."""
    return client.ear(f"topics=tasks&task={quote(task_id)}", "changes", "progress")


def has_ended(task: dict[str, Any]) -> bool:
    """Tell whether a TaskSummary is of a task that has ended."""
    return (task.get("endTimeUtc") or -1) > 0


def was_interrupted(task: dict[str, Any]) -> bool:
    """Tell whether a failover cut a task off: AMP has no status for that, and it is a failure."""
    return bool(task.get("interrupted"))


def _look(client: Client, task_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a task and all below it, in the order of their beginning."""
    last = client.do(calls.task(task_id))
    try:
        below = list(client.do(calls.task_descendants(task_id)).values())
    except (NotAllowed, Unavailable):
        below = []
    return last, sorted(below, key=lambda each: each.get("submitTimeUtc") or 0)


def _goes_on(task: dict[str, Any], below: list[dict[str, Any]]) -> str:
    lines = [f"task {task['id']} is {task.get('currentStatus')}, and goes on"]
    lines += [f"  {entity}: {what}" for entity, what in waits_of([task, *below])]
    return "\n".join([*lines, f"Next: brookline activity {task['id']}"])


def refuse_failure(client: Client, task: dict[str, Any], below: list[dict[str, Any]]) -> None:
    """Make sure that a task has not ended badly.

    Raises:
        Ended: If it has, with the part that failed and the reason.
    """
    if has_ended(task) and task.get("isError"):
        raise Ended(_why(client, task, below), _status_of_end(task))


def _status_of_end(task: dict[str, Any]) -> Exit:
    return Exit.INTERRUPTED if was_interrupted(task) else Exit.UNHEALTHY


def _why(client: Client, task: dict[str, Any], below: list[dict[str, Any]]) -> str:
    """Say which part failed and what it wrote to stderr."""
    failed = [each for each in below if each.get("isError")] or [task]
    culprit = failed[-1]
    where = culprit.get("entityDisplayName") or task.get("entityDisplayName") or ""
    name = culprit.get("displayName") or culprit["id"]
    verb = "was cut off by a failover" if was_interrupted(task) else "failed"
    lines = [f"{name}{' of ' + where if where else ''} {verb}"]
    detail = client.do(calls.task(culprit["id"]))
    reason = [line for line in str(detail.get("result") or "").splitlines() if line.strip()]
    lines += [f"  {line}" for line in reason[:5]]
    lines += [f"  stderr: {line}" for line in _stderr(client, detail) if line not in reason]
    next_one = (
        f"brookline interrupted {task['id']}"
        if was_interrupted(task)
        else f"brookline activity {culprit['id']}"
    )
    lines.append(f"Next: {next_one}")
    return "\n".join(lines)


def _stderr(client: Client, task: dict[str, Any]) -> list[str]:
    """Return the last lines that a task wrote to stderr; what lies on a dead node is not there."""
    if "stderr" not in (task.get("streams") or {}):
        return []
    try:
        return client.do(calls.task_stream(task["id"], "stderr")).splitlines()[-5:]
    except BrooklineError:
        return []
