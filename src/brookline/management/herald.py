"""The herald: tells, entry by entry, what the log has changed, once that is shown.

What it tells follows from the log alone: every node tells the same of the same entry.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from brookline.blueprint.assembly import ENTITY
from brookline.entities.health import SENSORS
from brookline.journal.records import Records
from brookline.journal.standing import HISTORY
from brookline.model import service
from brookline.operations.task import KIND as TASK
from brookline.operations.task import Status
from brookline.wire.changes import Drop, Merge, Put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from brookline.model.live import Live
    from brookline.operations.task import Task
    from brookline.operations.tasks import Tasks
    from brookline.wire.changes import Change

_NOTHING: Mapping[str, Any] = {}
_SERVICE = frozenset({service.STATE, service.IS_UP})
_OWN = frozenset({"entity.id", "application.id", "catalog.id"})
"""Sensors that every entity shows and that are in no record of them; they never change."""

_DEEPEST = 100
"""Parts of parts of a task that are followed up."""


class Subject(enum.Enum):
    """What a fact is about; the values are the kinds of the records."""

    ENTITY = ENTITY
    SENSORS = SENSORS
    TASK = TASK
    MASTERSHIP = HISTORY


class What(enum.Enum):
    """What has become of it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class Fact(NamedTuple):
    """What one entry made of one record.

    Attributes:
        subject: What it is about.
        id: Of the entity, of the task; the epoch of a mastership.
        what: What has become of it.
        application: Of the entity, or of the task's; empty if it is not known any more.
        above: A task: those of which it is a part, the nearest first. An entity: its parent.
        entity: A task: the entity that it is about, or empty.
        value: Its record; empty if it is gone. Sensors: new values of those that changed.
        gone: Names of sensors that are not set any more.
        service: Of an entity, and of sensors if they are among these: `service.state` and
            `service.isUp`. Not more, or what is kept of the past would keep all other readings too.
        config: Of an entity that was there before: names of what changed of its own config.
        undecided: Of an operation that this interrupts or settles: whether it waits for a
            decision from now on. None for everything else.
    """

    subject: Subject
    id: str
    what: What
    application: str = ""
    above: tuple[str, ...] = ()
    entity: str = ""
    value: Mapping[str, Any] = _NOTHING
    gone: tuple[str, ...] = ()
    service: Mapping[str, Any] = _NOTHING
    config: tuple[str, ...] = ()
    undecided: bool | None = None


class Listener(Protocol):
    """Whoever is told. It must not block or raise."""

    def told(self, facts: Sequence[Fact], seq: int) -> None:
        """Take in what the entry `seq` has changed; entries come in order, not all of them."""
        ...

    def anew(self, seq: int) -> None:
        """Take in that all is shown anew as of `seq`; what lies between was not told."""
        ...

    def nothing(self) -> None:
        """Take in that nothing is shown any more."""
        ...


class Herald:
    """Finds out what changes of records mean, and tells it.

    Args:
        live: What is shown of entities.
        tasks: What is shown of tasks.
    """

    def __init__(self, live: Live, tasks: Tasks) -> None:
        self.listeners: list[Listener] = []
        self._live = live
        self._tasks = tasks
        self._records = Records()

    def facts(self, changes: Iterable[Change]) -> list[Fact]:
        """Return what changes that were just applied to the records mean.

        To be called before they are shown: what is shown still tells what was before.
        """
        if not self.listeners:
            return []
        gathered: dict[tuple[str, str], list[Change]] = {}
        for change in changes:
            if change.kind in self._finders:
                gathered.setdefault((change.kind, change.id), []).append(change)
        found = (self._finders[kind](self, i, of_it) for (kind, i), of_it in gathered.items())
        return [fact for fact in found if fact is not None]

    def tell(self, facts: Sequence[Fact], seq: int) -> None:
        """Tell what has changed; to be called once it is shown."""
        for listener in self.listeners:
            listener.told(facts, seq)

    def reset(self, records: Records, seq: int) -> None:
        """Tell of these records from now on."""
        self._records = records
        for listener in self.listeners:
            listener.anew(seq)

    def forget(self) -> None:
        """Tell that nothing is shown any more."""
        self._records = Records()
        for listener in self.listeners:
            listener.nothing()

    def _entity(self, entity_id: str, _changes: Sequence[Change]) -> Fact | None:
        value, before = self._records.get(ENTITY, entity_id), self._live.entity(entity_id)
        if value is None:
            if before is None:
                return None  # it came and went within one entry
            application = before.application_id
            above = () if before.parent is None else (before.parent.id,)
            return Fact(Subject.ENTITY, entity_id, What.REMOVED, application, above)
        parent = value.get("parent", "")
        return Fact(
            Subject.ENTITY,
            entity_id,
            What.ADDED if before is None else What.CHANGED,
            value.get("app") or entity_id,
            (parent,) if parent else (),
            value=value,
            service=_service(self._records.get(SENSORS, entity_id) or _NOTHING),
            config=() if before is None else _differing(before.config, value.get("config", {})),
        )

    def _sensors(self, entity_id: str, changes: Sequence[Change]) -> Fact | None:
        entity = self._records.get(ENTITY, entity_id)
        if entity is None:
            return None
        after = self._records.get(SENSORS, entity_id) or _NOTHING
        shown = self._live.entity(entity_id)
        before = _NOTHING if shown is None else shown.sensors
        touched = _named(changes, before, after)
        names = [n for n in touched if n not in _OWN and before.get(n) != after.get(n)]
        if not names:
            return None
        return Fact(
            Subject.SENSORS,
            entity_id,
            What.CHANGED,
            entity.get("app") or entity_id,
            value={name: after[name] for name in names if name in after},
            gone=tuple(name for name in names if name not in after),
            service=_NOTHING if _SERVICE.isdisjoint(names) else _service(after),
        )

    def _task(self, task_id: str, changes: Sequence[Change]) -> Fact | None:
        value, before = self._records.get(TASK, task_id), self._tasks.find(task_id)
        if value is None:
            return self._task_gone(task_id, changes, before)
        entity = value.get("entity", "")
        return Fact(
            Subject.TASK,
            task_id,
            What.ADDED if before is None or not before.recorded else What.CHANGED,
            self._application(entity),
            self._above(value.get("parent", "")),
            entity,
            value,
            undecided=_waits(value) if any(map(_is_about_interruption, changes)) else None,
        )

    def _task_gone(
        self, task_id: str, changes: Sequence[Change], before: Task | None
    ) -> Fact | None:
        if before is not None:
            application, above = self._application(before.entity_id), self._above(before.parent_id)
            entity = before.entity_id
            gone = Fact(Subject.TASK, task_id, What.REMOVED, application, above, entity)
            return gone._replace(undecided=False) if before.undecided else gone
        if len(changes) > 1:
            return None  # it came and went within one entry
        # The node that ran it may have let go of it already; whose it was is not known then.
        return Fact(Subject.TASK, task_id, What.REMOVED)

    def _mastership(self, epoch: str, _changes: Sequence[Change]) -> Fact | None:
        value = self._records.get(HISTORY, epoch)
        if value is None:
            return None  # the oldest ones are forgotten, of which nobody need hear
        return Fact(Subject.MASTERSHIP, epoch, What.CHANGED, value=value)

    def _above(self, parent_id: str) -> tuple[str, ...]:
        above: list[str] = []
        while parent_id and len(above) < _DEEPEST:
            above.append(parent_id)
            parent_id = (self._records.get(TASK, parent_id) or _NOTHING).get("parent", "")
        return tuple(above)

    def _application(self, entity_id: str) -> str:
        if not entity_id:
            return ""
        record = self._records.get(ENTITY, entity_id)
        if record is not None:
            return record.get("app") or entity_id
        shown = self._live.entity(entity_id)
        return "" if shown is None else shown.application_id

    _finders: ClassVar[Mapping[str, Callable[..., Fact | None]]] = {
        ENTITY: _entity,
        SENSORS: _sensors,
        TASK: _task,
        HISTORY: _mastership,
    }
    """What finds the fact of a kind of records; other kinds are not told of."""


def _service(sensors: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: sensors[name] for name in _SERVICE if name in sensors}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what is set in one only, or otherwise."""
    names = dict.fromkeys((*before, *after))
    return tuple(
        name
        for name in names
        if (name in before) != (name in after) or before.get(name) != after.get(name)
    )


def _waits(task: Mapping[str, Any]) -> bool:
    """Tell whether a task's record says that somebody has to decide about it."""
    why = task.get("interruption") or _NOTHING
    return task["status"] == Status.INTERRUPTED.value and not why.get("resolved")


def _is_about_interruption(change: Change) -> bool:
    match change:
        case Merge():
            return "interruption" in change.set or "interruption" in change.unset
        case Put():
            return "interruption" in change.value
        case _:
            return False


def _named(
    changes: Sequence[Change], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterable[str]:
    """Return the names of all sensors that changes may have touched."""
    names: dict[str, None] = {}
    for change in changes:
        match change:
            case Merge():
                names |= dict.fromkeys((*change.set, *change.unset))
            case Put() | Drop():
                names |= dict.fromkeys((*before, *after))
    return names
