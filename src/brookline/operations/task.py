"""A task: what is known of one piece of work, while it runs and afterwards."""

from __future__ import annotations

import asyncio
import enum
import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brookline.wire.changes import Value

KIND = "task"
"""Kind of the records that hold tasks."""


class Status(enum.Enum):
    """How far a task is. The values are those of its record."""

    SUBMITTED = "submitted"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Cut off by a change of mastership; it neither failed nor was it cancelled."""

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return self not in (Status.SUBMITTED, Status.RUNNING)


NOTHING: Mapping[str, Any] = MappingProxyType({})
"""What most fields of most tasks hold; one for all of them."""


@dataclass(slots=True, eq=False)
class Task:
    """One piece of work, top-level or a part of another.

    Attributes:
        id: Unique; that of a part follows from its parent's id and its place in it.
        name: Short name, such as ``start``.
        description: A sentence, or empty.
        entity_id: Entity that it is about, or empty.
        entity_name: Display name of that entity when the task began.
        effector: Name of the effector that it runs, or empty.
        params: Parameters of the effector.
        parent: The task that this one is a part of; None at the top, or if it is not kept.
        parent_id: Its id, or empty.
        children: Its parts, in order of their beginning.
        submitted_ms: When it was asked for, as wall time.
        started_ms: When it began, or None.
        ended_ms: When it ended, or None.
        status: How far it is.
        result: What it returned, as JSON.
        error: Why it did not complete: a line, then perhaps a blank one and more; or empty.
        tags: Words that say what it is, such as ``EFFECTOR``.
        streams: Number of bytes that were written to each of its streams.
        waits_for: What it is waiting for, as text; empty while it waits for nothing.
        blocked_by: The task that it waits for, if it is one.
        owned: Whether this process is running it, and so knows more than its record says.
        recorded: Whether there is a record of it.
        work: What an operation is made of, so that any master makes it again; see `works`.
        key: Name and number of a part among those of the same name, such as ``install#1``.
        place: Which part of its parent it is, counted from 0 in the order of their beginning.
        once: Whether the start of a step was committed that must not be done twice.
        again: How often somebody had a part done again whose command was lost with its machine.
        commands: Of a step: ids of the records of the machines on which its commands were begun, in
            order; empty where there is no record.
        anew: Whether it is done again now: nobody can have begun it.
        failure: The error of a part, as `storing` makes it again.
        done: What was recorded on the way, by key; see `Operation.record`.
        taken: How often an operation was taken up by another master, and when.
        settled: Whether it came to rest since, such as at a command on a machine.
        cancelling: Whether somebody asked for its end.
        interruption: Why it does not go on by itself, and what became of that.
        resets: Of an operation: ids of machines that have lost since it began what was done there.
    """

    id: str
    name: str
    description: str = ""
    entity_id: str = ""
    entity_name: str = ""
    effector: str = ""
    params: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    parent: Task | None = None
    parent_id: str = ""
    children: list[Task] = field(default_factory=list)
    submitted_ms: int = 0
    started_ms: int | None = None
    ended_ms: int | None = None
    status: Status = Status.SUBMITTED
    result: Any = None
    error: str = ""
    tags: tuple[str, ...] = ()
    streams: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    waits_for: str = ""
    blocked_by: Task | None = None
    owned: bool = False
    recorded: bool = False
    work: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    key: str = ""
    place: int = -1
    once: bool = False
    again: int = 0
    commands: Sequence[str] = ()
    anew: bool = False
    failure: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    done: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    taken: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    settled: bool = False
    cancelling: bool = False
    interruption: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    resets: Sequence[str] = ()
    _end: asyncio.Event | None = None

    @property
    def undecided(self) -> bool:
        """Whether it was interrupted, and nobody has decided yet what is to become of it."""
        return self.status is Status.INTERRUPTED and not self.interruption.get("resolved")

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end.

        Args:
            timeout_s: Seconds to wait at most; None waits for ever.

        Returns:
            Whether it has ended. If not, the time is over, or this node has handed it over.
        """
        if self.status.ended:
            return True
        if self._end is None:
            self._end = asyncio.Event()
        try:
            async with asyncio.timeout(timeout_s):
                await self._end.wait()
        except TimeoutError:
            return False
        return self.status.ended

    def announce(self) -> None:
        """Wake whoever waits for the end, if it has come."""
        if self.status.ended:
            self.release()

    def release(self) -> None:
        """Wake whoever waits for the end, for here it will not come."""
        if self._end is not None:
            self._end.set()
            self._end = None

    def take(self, value: Value) -> None:
        """Become what a record says."""
        for attribute, (name, nothing) in _FIELDS.items():
            setattr(self, attribute, value.get(name, nothing))
        self.status = Status(value["status"])
        self.tags = tuple(value.get("tags", ()))
        done = {name[1:]: item for name, item in value.items() if name.startswith(DONE)}
        self.done = done or NOTHING
        self.recorded = True
        self.announce()

    def to_value(self) -> Value:
        """Return the value of the record of this task; what is empty is left out."""
        value: Value = {}
        for attribute, (name, nothing) in _FIELDS.items():
            item = getattr(self, attribute)
            if item != nothing:
                value[name] = item
        value["status"] = self.status.value
        if self.tags:
            value["tags"] = list(self.tags)
        return value

    def record_bytes(self) -> int:
        """Return how large its record is, encoded, with all that was recorded on the way."""
        done = {DONE + name: item for name, item in self.done.items()}
        return len(msgspec.json.encode({**self.to_value(), **done}, enc_hook=str))


_MOST_COMMANDS = 1000
"""Of a step; one that is done again counts its commands from there on."""

DONE = "+"
"""With what the fields of a record begin that say what was done on the way."""

_FIELDS: Mapping[str, tuple[str, Any]] = {
    "name": ("name", ""),
    "description": ("description", ""),
    "entity_id": ("entity", ""),
    "entity_name": ("entityName", ""),
    "effector": ("effector", ""),
    "params": ("params", NOTHING),
    "parent_id": ("parent", ""),
    "submitted_ms": ("submitted", 0),
    "started_ms": ("started", None),
    "ended_ms": ("ended", None),
    "result": ("result", None),
    "error": ("error", ""),
    "streams": ("streams", NOTHING),
    "work": ("work", NOTHING),
    "key": ("key", ""),
    "place": ("place", -1),
    "once": ("once", False),
    "again": ("again", 0),
    "commands": ("commands", ()),
    "failure": ("failure", NOTHING),
    "taken": ("taken", NOTHING),
    "settled": ("settled", False),
    "cancelling": ("cancelling", False),
    "interruption": ("interruption", NOTHING),
    "resets": ("resets", ()),
}
"""Names of attributes in the record, and what stands for a field that is not there."""


def child_id(parent_id: str, key: str) -> str:
    """Return the id of a part, which follows from its parent and from its key there.

    So code that is run again under the same parent finds the same parts.
    """
    digest = hashlib.blake2b(f"{parent_id}/{key}".encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    text = ""
    while len(text) < 11:
        number, rest = divmod(number, 36)
        text += "0123456789abcdefghijklmnopqrstuvwxyz"[rest]
    return f"t{text}"


def command_id(task_id: str, number: int, again: int = 0) -> str:
    """Return the id under which a machine knows a command of a step.

    Args:
        task_id: Of the step.
        number: Of the command among those of the step, from 1.
        again: How often somebody had the step done again with other commands.
    """
    number += again * _MOST_COMMANDS
    return task_id if number == 1 else f"{task_id}-{number}"


def begun(task: Task) -> Put:
    """Return the change that records a new operation; committed with the request for it.

    It counts as running from then on: no later change is needed until it ends.
    """
    task.status, task.started_ms = Status.RUNNING, task.submitted_ms
    return Put(KIND, task.id, task.to_value())
