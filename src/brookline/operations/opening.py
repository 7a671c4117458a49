"""What a new master says of the operations that its predecessor left unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from brookline.journal.records import View
    from brookline.wire.changes import Value

INTERRUPTED = (
    "interrupted: the server that ran it stopped leading before it ended. Its last command may "
    "still run on the machine. Call the effector again, or delete the entity"
)


class Interrupted(NamedTuple):
    """Unfinished work, as found by a new master.

    Attributes:
        changes: That mark it as interrupted.
        names: Of the operations, for people.
    """

    changes: list[Merge]
    names: list[str]


def interrupted(view: View, now_ms: int) -> Interrupted:
    """Return how unfinished work is marked.

    Args:
        view: The records as the new master found them.
        now_ms: Its wall clock.
    """
    cut_off = {"status": Status.INTERRUPTED.value, "ended": now_ms, "error": INTERRUPTED}
    found = Interrupted([], [])
    for task_id in view.ids(KIND):
        value = view.get(KIND, task_id)
        if value is None or Status(value["status"]).ended:
            continue
        whole = _whole(view, value)
        if whole["status"] == Status.COMPLETED.value:
            # Its end was a note that did not last; the whole cannot have completed without it.
            end = {"status": whole["status"], "ended": whole["ended"]}
            found.changes.append(Merge(KIND, task_id, end))
            continue
        found.changes.append(Merge(KIND, task_id, cut_off))
        if not value.get("parent"):
            of = f" of {value['entityName']}" if value.get("entityName") else ""
            found.names.append(f"{value['name']}{of}")
    return found


def _whole(view: View, value: Value) -> Value:
    """Return the record of the operation that a task is a part of."""
    while (parent := view.get(KIND, value.get("parent", ""))) is not None:
        value = parent
    return value
