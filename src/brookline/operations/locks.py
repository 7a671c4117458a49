"""Locks: what changes an entity's life does not interleave, also across a change of masters.

Who holds a lock is recorded as ``lock/<what>``: ``{holder, operation, turn}``, ids of tasks and the
number of times that the holder came to take it. Nothing is recorded when it is given up: a record
counts only while its holder has not ended, and goes with the end of its operation, see `holdings`.

The holder's own record says to which of its turns it came. So code that is run again from its
beginning does not wait for a lock that it had before and has given up since, nor gives up what it
took later: all that it did in that turn has its outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brookline.operations.marks import TURN
from brookline.operations.task import DONE, Status
from brookline.operations.task import KIND as TASK
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator

    from brookline.journal.records import View
    from brookline.operations.ledger import Ledger
    from brookline.operations.operation import Operation
    from brookline.wire.changes import Value

KIND = "lock"
"""Kind of the records."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    operation: Operation
    ends: Collection[str]
    turn: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class Reserved:
    """A lock that its holder had when the last master ended.

    Attributes:
        holder: Id of the task that had it.
        operation: Id of the operation of which that is a part.
        turn: How often the holder had come to take it.
        name: Of the holder, for people.
    """

    holder: str
    operation: str
    turn: int
    name: str


class Locks:
    """One holder a lock, in the order of asking; the holder's own parts may hold it too.

    Args:
        ledger: Records who holds what.
        cancel: Has a holder end, if who waits asks for that.
    """

    def __init__(self, ledger: Ledger, cancel: Callable[[Operation], None]) -> None:
        self._ledger = ledger
        self._cancel = cancel
        self._holders: dict[str, Operation] = {}
        self._waiting: dict[str, list[_Waiter]] = {}
        self._reserved: dict[str, Reserved] = {}
        self._past: dict[str, list[Operation]] = {}

    def reserve(self, held: dict[str, Reserved]) -> None:
        """Give these locks to nobody but those who had them, until they have ended."""
        self._reserved = dict(held)

    def free(self, operation_id: str) -> None:
        """Reserve nothing any more for an operation: it has ended, or does not go on by itself."""
        freed = [what for what, one in self._reserved.items() if one.operation == operation_id]
        for what in freed:
            del self._reserved[what]
            if what not in self._holders:
                self._next(what)

    @contextlib.asynccontextmanager
    async def hold(
        self, what: str, operation: Operation, *, turn: int, ends: Collection[str] = ()
    ) -> AsyncIterator[None]:
        """Hold a lock.

        Args:
            what: Id of an entity, or what else is locked.
            operation: Who will hold it; it passes if one of those above it holds it already.
            turn: How often its code has come to take this lock.
            ends: Effectors that are cancelled, and awaited, if one of them holds it.
        """
        holder = self._holders.get(what)
        if holder is not None and operation.belongs_to(holder):
            yield
            return
        if any(operation.belongs_to(one) for one in self._past.get(what, ())):
            yield  # inside of a section that is past, as a whole
            return
        had = self._claim_reserved(what, operation, turn)
        if not had and turn_key(what, turn) in operation.task.done:
            with self._is_past(what, operation):
                yield
            return
        if not had:
            if holder is None and what not in self._reserved:
                self._holders[what] = operation
            else:
                await self._wait(what, holder, operation, ends=ends)
        before = operation.parts()
        try:
            if not had:
                await self._ledger.hold(operation, what, turn)
            yield
        except BaseException:
            # What was begun under the lock, and not awaited, has to end before another has it.
            await operation.end_parts(besides=before)
            raise
        finally:
            self._pass_on(what)

    @contextlib.contextmanager
    def _is_past(self, what: str, operation: Operation) -> Iterator[None]:
        """Note that code comes again through a section of a lock that it had left before."""
        past = self._past.setdefault(what, [])
        past.append(operation)
        try:
            yield
        finally:
            past.remove(operation)
            if not past:
                self._past.pop(what, None)

    def _claim_reserved(self, what: str, operation: Operation, turn: int) -> bool:
        reserved = self._reserved.get(what)
        if reserved is None or reserved.holder != operation.task.id:
            return False
        if reserved.turn != turn and turn_key(what, turn) in operation.task.done:
            return False
        del self._reserved[what]
        self._holders[what] = operation
        self._end_if_asked(what, operation)
        return True

    async def _wait(
        self,
        what: str,
        holder: Operation | None,
        operation: Operation,
        *,
        ends: Collection[str],
    ) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiter = _Waiter(operation, ends, turn)
        self._waiting.setdefault(what, []).append(waiter)
        if holder is not None and holder.task.effector in ends:
            self._cancel(holder)
        try:
            with operation.waiting(self._waited_for(what, holder), holder.task if holder else None):
                await turn
        except asyncio.CancelledError:
            if self._holders.get(what) is operation:
                self._pass_on(what)  # its turn came as it was cancelled
            elif waiter in self._waiting.get(what, ()):
                self._waiting[what].remove(waiter)
            raise

    def _waited_for(self, what: str, holder: Operation | None) -> str:
        if holder is None:
            return f"for {self._reserved[what].name} to be taken up and to end"
        return f"for {holder.task.name} of {holder.task.entity_name or what} to end"

    def _pass_on(self, what: str) -> None:
        del self._holders[what]
        self._next(what)

    def _next(self, what: str) -> None:
        """Give a lock to the next in line; cancel that one at once if another ends it."""
        waiting = self._waiting.get(what)
        while waiting and waiting[0].turn.cancelled():
            del waiting[0]  # it has not noticed yet
        if not waiting:
            self._waiting.pop(what, None)
            return
        chosen = waiting.pop(0)
        self._holders[what] = chosen.operation
        chosen.turn.set_result(None)
        self._end_if_asked(what, chosen.operation)

    def _end_if_asked(self, what: str, holder: Operation) -> None:
        waiting = self._waiting.get(what, ())
        if any(holder.task.effector in one.ends for one in waiting):
            self._cancel(holder)


def held(view: View) -> dict[str, Reserved]:
    """Return the locks whose holders have not ended, as a new master finds them."""
    found = {}
    for what in view.ids(KIND):
        lock = view.get(KIND, what) or {}
        operation = view.get(TASK, lock.get("operation", ""))
        holder = view.get(TASK, lock.get("holder", ""))
        if operation is None or Status(operation["status"]).ended:
            continue
        if holder is None or Status(holder["status"]).ended:
            continue
        if DONE + turn_key(what, lock["turn"]) not in holder:
            continue  # somebody resumed it, and it has not come there again
        name = lock.get("name", "")
        found[what] = Reserved(lock["holder"], lock["operation"], lock["turn"], name)
    return found


def by_operation(view: View) -> dict[str, list[str]]:
    """Return, by operation, the locks that it holds, or held last: all, in one pass."""
    found: dict[str, list[str]] = {}
    for what in view.ids(KIND):
        lock = view.get(KIND, what) or {}
        found.setdefault(lock.get("operation", ""), []).append(what)
    return found


def turn_key(what: str, turn: int) -> str:
    """Return under which key the holder's record says that it took a lock."""
    return f"{TURN}{what}#{turn}"


def turns_of(holder: Value) -> list[str]:
    """Return the fields of a record that say which locks it took."""
    return [name for name in holder if name.startswith(DONE + TURN)]


def taken(operation: Operation, what: str, turn: int) -> Put:
    """Return the change that records who holds a lock."""
    task, root = operation.task, operation.root.task
    name = f"{task.name} of {task.entity_name}" if task.entity_name else task.name
    lock = {"holder": task.id, "operation": root.id, "turn": turn, "name": name}
    return Put(KIND, what, lock)
