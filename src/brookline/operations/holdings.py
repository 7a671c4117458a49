"""Holdings: which locks' records name which operation, so that nobody has to look through all locks.

Such a record says who has a lock, or had it last. It is of use as long as its operation has not ended, or
may be resumed; afterwards it is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.operations.locks import KIND, by_operation
from brookline.operations.task import KIND as TASK
from brookline.operations.task import Status
from brookline.wire.changes import Drop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from brookline.journal.records import View
    from brookline.wire.changes import Value


class Holdings:
    """The locks whose records name an operation, on the master."""

    def __init__(self) -> None:
        self._locks: dict[str, dict[str, None]] = {}

    def begin(self, view: View) -> list[Drop]:
        """Learn all of them, once for a mastership; return what drops the records without use."""
        found = by_operation(view)
        past = [one for one in found if is_past(view.get(TASK, one))]
        dropped = [Drop(KIND, what) for one in past for what in found.pop(one)]
        self._locks = {one: dict.fromkeys(locks) for one, locks in found.items()}
        return dropped

    def note(self, operation_id: str, what: str) -> None:
        """Note that a record of a lock is about to name an operation."""
        self._locks.setdefault(operation_id, {})[what] = None

    def of(self, view: View, operation_id: str) -> list[str]:
        """Return the locks that an operation has, or had last."""
        return [
            what for what in self._locks.get(operation_id, ()) if _names(view, what, operation_id)
        ]

    def among(self, operation_ids: Iterable[str]) -> list[str]:
        """Return those of these operations that had locks."""
        return [one for one in operation_ids if one in self._locks]

    def dropped(self, view: View, operation_ids: Iterable[str]) -> Iterator[Drop]:
        """Yield what drops the records of locks that these operations have, or had last."""
        yield from (Drop(KIND, what) for one in operation_ids for what in self.of(view, one))

    def forget(self, operation_ids: Iterable[str]) -> None:
        """Know nothing of operations any more: their records of locks are dropped."""
        for one in operation_ids:
            self._locks.pop(one, None)


def is_past(operation: Value | None) -> bool:
    """Tell of an operation's record whether it goes on never again."""
    if operation is None:
        return True
    status, why = Status(operation["status"]), operation.get("interruption") or {}
    return status.ended and (status is not Status.INTERRUPTED or bool(why.get("resolved")))


def _names(view: View, what: str, operation_id: str) -> bool:
    return (view.get(KIND, what) or {}).get("operation") == operation_id
