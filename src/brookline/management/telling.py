"""Telling: what entries of the log say, in words for people.

Values of records are not told, only which of their fields changed: configuration may hold secrets,
and a task's record what a command wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.assembly import ENTITY, LOCATION
from brookline.entities.health import SENSORS
from brookline.entities.unmanage import SPEC
from brookline.journal.standing import HISTORY
from brookline.operations.locks import KIND as LOCK
from brookline.operations.task import KIND as TASK
from brookline.plane.requests import KIND as REQUEST
from brookline.wire.changes import Drop, Merge, Put
from brookline.wire.entries import (
    Active,
    Batch,
    Collect,
    Fence,
    Import,
    Resign,
    SnapshotTaken,
)
from brookline.wire.rest_journal import JournalChange, JournalLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brookline.journal.entry import Entry
    from brookline.journal.records import Records, View
    from brookline.wire.changes import Change, Item, Value

_MOST_FIELDS = 6
_SENSITIVE_FREE = frozenset({TASK, ENTITY, SENSORS})
"""Kinds whose names of fields tell something; of others the id is enough."""


_OF_ENTITIES = frozenset({SENSORS, SPEC, LOCK})
"""Kinds whose records have the id of an entity; a lock may have a name of its own instead."""


class Teller:
    """Tells entries, and remembers names on the way: those of what is dropped, too.

    Args:
        view: Records in which to look for names that were not met.
    """

    def __init__(self, view: View | None = None) -> None:
        self._view = view
        self._names: dict[tuple[str, str], str] = {}
        self._nodes: dict[str, str] = {}
        for epoch in view.ids(HISTORY) if view is not None else ():
            self._note_node((view and view.get(HISTORY, epoch)) or {})

    def learn(self, records: Records) -> None:
        """Take in the names that some records have."""
        for value in records.all(HISTORY).values():
            self._note_node(value)
        for kind in (ENTITY, TASK, LOCATION):
            for record_id, value in records.all(kind).items():
                self._note(kind, record_id, value)

    def tell(self, entry: Entry) -> Iterator[JournalLine]:
        """Yield what an entry says: at first of itself, if it is no batch, then by request."""
        header, payload = entry.header, entry.payload
        if isinstance(payload, Fence):
            self._nodes[header.node] = payload.name
        if not isinstance(payload, Batch):
            yield self._told(entry, self._of_itself(entry))
        for item in entry.items():
            changes = [self._changed(change) for change in item.changes]
            text = "; ".join(one.text for one in changes if one.kind != REQUEST)
            yield self._told(entry, text, item, changes)

    def _told(
        self,
        entry: Entry,
        text: str,
        item: Item | None = None,
        changes: list[JournalChange] | None = None,
    ) -> JournalLine:
        header = entry.header
        return JournalLine(
            sequence=header.seq,
            time_utc=header.wall_ms,
            epoch=header.epoch,
            node=self._nodes.get(header.node) or header.node,
            instance=header.node,
            kind=kind_of(entry),
            user=item.user if item else "",
            request=item.request if item else "",
            text=text,
            changes=changes or [],
        )

    def _of_itself(self, entry: Entry) -> str:
        match entry.payload:
            case Fence() as fence:
                return self._fence(entry, fence)
            case Active(replay_ms=took, interrupted=cut_off):
                more = f"; interrupted: {', '.join(cut_off)}" if cut_off else ""
                return f"is master, after {took} ms{more}"
            case SnapshotTaken(seq=seq, size=size):
                return f"snapshot of all up to entry {seq}, {size} bytes"
            case Collect() as collect:
                return _collect(collect)
            case Resign(to=to, reason=reason, failed=failed):
                heir = f", in favour of {self._nodes.get(to) or to}" if to else ""
                why = f": {reason}" if reason else ""
                return f"{'gives up its promotion' if failed else 'leads no more'}{heir}{why}"
            case Import(source=source):
                return f"taken in: {source}"
            case _:
                return ""

    def _fence(self, entry: Entry, fence: Fence) -> str:
        if fence.moved:
            return f"closes this log: the plane goes on in {fence.moved}"
        replaced = self._nodes.get(fence.replaces) or fence.replaces
        whom = f" in place of {replaced}" if replaced else ""
        seen = f" ({fence.evidence})" if fence.evidence else ""
        guess = ", a guess" if fence.guess else ""
        return f"leads from here{whom}, epoch {entry.epoch}: {fence.reason}{guess}{seen}"

    def _changed(self, change: Change) -> JournalChange:
        kind, record_id = change.kind, change.id
        op, fields, value = _parts(change)
        self._note(kind, record_id, value)
        name = self._name(kind, record_id)
        text = _worded(op, kind, name or record_id, fields=fields, value=value)
        return JournalChange(op, kind, record_id, name, fields, text)

    def _note_node(self, led: Value) -> None:
        self._nodes[led.get("node", "")] = led.get("name", "")

    def _note(self, kind: str, record_id: str, value: Mapping[str, object]) -> None:
        name = value.get("name")
        if isinstance(name, str) and name:
            of = value.get("entityName") if kind == TASK else None
            self._names[kind, record_id] = f"{name} of {of}" if of else name

    def _name(self, kind: str, record_id: str) -> str:
        about = ENTITY if kind in _OF_ENTITIES else kind
        if (about, record_id) not in self._names and self._view is not None:
            self._note(about, record_id, self._view.get(about, record_id) or {})
        return self._names.get((about, record_id), "")


def kind_of(entry: Entry) -> str:
    """Return the word for an entry's kind, as it stands in the log."""
    return str(entry.payload.__struct_config__.tag)


def _parts(change: Change) -> tuple[str, list[str], Value]:
    """Return what is done to a record, which of its fields change, and what is set."""
    match change:
        case Put(value=value):
            return "put", list(value), value
        case Merge(set=sets, unset=unset):
            return "merge", [*sets, *unset], sets
        case Drop():
            return "drop", [], {}


def _collect(collect: Collect) -> str:
    parts = [f"entries up to {collect.through}"]
    if collect.snapshots:
        parts.append(f"{len(collect.snapshots)} snapshots")
    if collect.blobs:
        parts.append(f"{len(collect.blobs)} blobs")
    return f"announces that it will delete {', '.join(parts)}"


def _worded(op: str, kind: str, name: str, *, fields: list[str], value: Value) -> str:
    if kind == TASK:
        status = value.get("status")
        return f"task {name}: {status}" if isinstance(status, str) else f"task {name}"
    if op == "drop":
        return f"{kind} {name} removed"
    if kind == SENSORS or (op == "merge" and kind in _SENSITIVE_FREE):
        named = ", ".join(fields[:_MOST_FIELDS])
        more = f" and {len(fields) - _MOST_FIELDS} more" if len(fields) > _MOST_FIELDS else ""
        return f"{kind} of {name}: {named}{more}" if named else f"{kind} of {name}"
    return f"{kind} {name}" + (" written" if op == "put" else " changed")
