"""A toy that lives on a simulated plane: lists to which clients append, and actions in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.journal.queue import Decision
from brookline.journal.records import Records
from brookline.journal.sealing import MOST_BYTES
from brookline.plane.peers import Reply, Request
from brookline.plane.requests import Known
from brookline.plane.tenant import Opening
from brookline.testing.oracle import LISTS
from brookline.values.crew import Crew
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.journal.records import View
    from brookline.plane.node import PlaneNode
    from brookline.testing.oracle import Oracle
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change

BIG = b"big"
"""Body of a request whose entry is so large that its payload goes to a blob."""

_ACT_EACH_S = 0.3


class ToyTenant:
    """Shows lists on hot nodes; acts in the world while its node may.

    Args:
        name: Of the node.
        clock: Of the node.
        oracle: Checks what is shown and done.

    Attributes:
        node: Set once the node exists.
        fails: What the next promotions fail with, for tests of that.
    """

    def __init__(self, name: str, clock: Clock, oracle: Oracle) -> None:
        self.node: PlaneNode | None = None
        self.fails: list[Exception] = []
        self._name = name
        self._clock = clock
        self._oracle = oracle
        self._shown = Records()
        self._acting: Crew | None = None

    def plug(self, node: PlaneNode) -> None:
        """Take note of the node on which it lives."""
        self.node = node

    # As an audience.

    async def prepare(self, changes: Sequence[Change]) -> Any:
        """Build nothing."""

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:  # noqa: ARG002
        """Show what was just applied."""
        self._shown.apply(changes)
        self._oracle.shown(self._name, seq, self._shown)

    async def reset(self, records: Records, seq: int) -> None:
        """Show these records instead."""
        await self._clock.sleep(0)
        shown = Records()
        for kind, of in records.kinds().items():
            for record_id, value in of.items():
                shown.put(kind, record_id, value)
        self._shown = shown
        self._oracle.shown(self._name, seq, shown)

    def forget(self) -> None:
        """Show nothing any more."""
        self._shown = Records()

    # As a tenant.

    def opening(self, view: View) -> Opening:  # noqa: ARG002
        """Begin an epoch without changes."""
        if self.fails:
            raise self.fails.pop(0)
        return Opening()

    async def activate(self, epoch: int) -> None:
        """Begin to act."""
        await self.deactivate()
        self._acting = Crew(f"toy {self._name}")
        self._acting.spawn(self._act(epoch), "acts")

    async def deactivate(self) -> None:
        """Cease to act."""
        acting, self._acting = self._acting, None
        if acting is not None:
            await acting.disband()

    async def _act(self, epoch: int) -> None:
        assert self.node is not None
        while True:
            if self.node.may_act():
                self._oracle.acts(self._name, epoch)
            await self._clock.sleep(_ACT_EACH_S)

    # As the carrier of requests.

    async def execute(self, request: Request) -> Reply:
        """Append the request's id to the list that its path names, once.

        The answer says how long the list is then.
        """
        assert self.node is not None
        memory, name = self.node.door.memory, request.path.rpartition("/")[2]
        known = memory.find(request)
        if known is not None:
            return _reply(known["body"], self.node.replica.seq)

        def decide(view: View) -> Decision:
            before = (view.get(LISTS, name) or {}).get("items", [])
            changes = [Put(LISTS, name, {"items": [*before, request.id]})]
            if request.body == BIG:
                changes.append(Put("big", name, {"text": "x" * (MOST_BYTES + 1)}))
            return Decision(changes, str(len(before) + 1))

        once = memory.once(request, decide, lambda body: {"body": body})
        committed = await self.node.commit(once, request=request.id, user=request.user)
        answer = committed.answer
        body = answer.record["body"] if isinstance(answer, Known) else answer
        return _reply(body, committed.seq)

    def items(self, name: str) -> list[str]:
        """Return a list as this node shows it."""
        found: list[str] = (self._shown.get(LISTS, name) or {}).get("items", [])
        return found


def _reply(body: str, seq: int) -> Reply:
    return Reply(status=200, headers=(("seq", str(seq)),), body=body.encode())
