"""Records: all that the plane knows, as a function of a prefix of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from brookline.wire.changes import Change, Drop, Merge, Put, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NOTHING: Mapping[str, Value] = {}


class View(Protocol):
    """Records to read, such as those on which a change is decided."""

    def get(self, kind: str, record_id: str) -> Value | None:
        """Return the value of a record, or None. It must not be changed in place."""
        ...

    def ids(self, kind: str) -> Iterator[str]:
        """Return the ids of a kind, in the order in which they were first put."""
        ...


class Records:
    """Records by kind and id. The order of ids within a kind is that of their creation."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Value]] = {}

    def __len__(self) -> int:
        return sum(len(kind) for kind in self._kinds.values())

    def get(self, kind: str, record_id: str) -> Value | None:
        """Return the value of a record, or None. It must not be changed in place."""
        return self._kinds.get(kind, _NOTHING).get(record_id)

    def ids(self, kind: str) -> Iterator[str]:
        """Return the ids of a kind, in the order in which they were first put."""
        return iter(self._kinds.get(kind, _NOTHING))

    def newest(self, kind: str) -> Iterator[tuple[str, Value]]:
        """Return the records of a kind, the last one first; quick also when many were dropped."""
        return reversed(self._kinds.get(kind, {}).items())

    def all(self, kind: str) -> Mapping[str, Value]:
        """Return the records of a kind by id, to read only."""
        return self._kinds.get(kind, _NOTHING)

    def kinds(self) -> Mapping[str, Mapping[str, Value]]:
        """Return everything, to read only."""
        return self._kinds

    def put(self, kind: str, record_id: str, value: Value) -> None:
        """Set one record; for loading a snapshot and for `apply`."""
        self._kinds.setdefault(kind, {})[record_id] = value

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply changes that were committed."""
        for change in changes:
            value = changed(self.get(change.kind, change.id), change)
            if value is None:
                self._kinds.get(change.kind, {}).pop(change.id, None)
            else:
                self.put(change.kind, change.id, value)


class Overlay:
    """What records will be once some changes are applied to those beneath."""

    def __init__(self, beneath: View) -> None:
        self._beneath = beneath
        self._over: dict[tuple[str, str], Value | None] = {}
        # Created here, in order; what was dropped and created again comes last, as in `Records`.
        self._born: dict[tuple[str, str], None] = {}

    def get(self, kind: str, record_id: str) -> Value | None:
        """Return the value of a record, or None."""
        place = (kind, record_id)
        if place in self._over:
            return self._over[place]
        return self._beneath.get(kind, record_id)

    def ids(self, kind: str) -> Iterator[str]:
        """Return the ids of a kind, those beneath first."""
        for i in self._beneath.ids(kind):
            if (kind, i) not in self._born and self._over.get((kind, i), _NOTHING) is not None:
                yield i
        yield from (i for k, i in self._born if k == kind)

    def apply(self, changes: Iterable[Change]) -> None:
        """Lay changes over the records beneath, which stay as they are."""
        for change in changes:
            place = (change.kind, change.id)
            before = self.get(*place)
            after = self._over[place] = changed(before, change)
            if after is None:
                self._born.pop(place, None)
            elif before is None:
                self._born[place] = None

    def rebase(self, beneath: View) -> None:
        """Lie over records to which all of this has been applied by now.

        Overlays that lie over this one would else form a chain as long as the mastership.
        """
        self._beneath, self._over, self._born = beneath, {}, {}


def changed(value: Value | None, change: Change) -> Value | None:
    """Return what a record's value becomes by a change; None means that it is gone."""
    match change:
        case Put():
            return change.value
        case Drop():
            return None
        case Merge():
            merged = {**(value or {}), **change.set}
            for field in change.unset:
                merged.pop(field, None)
            return merged
