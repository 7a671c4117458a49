"""What the API asks of the plane's node in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from brookline.journal.queue import Committed, Decision
    from brookline.journal.records import View
    from brookline.journal.standing import Standing
    from brookline.plane.identity import Identity
    from brookline.plane.members import Member
    from brookline.plane.memory import Memory
    from brookline.plane.peers import Reply, Request
    from brookline.plane.states import Mode, NodeState
    from brookline.wire.heartbeats import Heartbeat


class Replica(Protocol):
    """The node's copy of the log's state."""

    @property
    def seq(self) -> int:
        """The last entry applied."""
        ...

    @property
    def records(self) -> View:
        """All records as of it."""
        ...

    @property
    def standing(self) -> Standing:
        """Who leads, as the log says."""
        ...


class Door(Protocol):
    """Where writes go: they are executed here, forwarded, or held while nobody leads."""

    execute: Callable[[Request], Awaitable[Reply]]
    """Carries out a write on the master; set by the API."""

    memory: Memory
    """What is known of requests that were made before."""

    async def submit(self, request: Request, is_wanted: Callable[[], bool] = lambda: True) -> Reply:
        """Have the master carry out a write; `Unavailable` says what became of one that was not."""
        ...

    async def accept(self, request: Request, instance_epoch: int) -> Reply:
        """Carry out a write that another node forwarded to this one as the master of that epoch.

        Raises:
            Misdirected: This node does not lead under that epoch; nothing was done.
            Lost: It began, and leads no more.
            BrooklineError: As `submit`.
        """
        ...

    def while_leading(self) -> AbstractAsyncContextManager[None]:
        """Break off what waits in the block once this mastership has ended, by `Unavailable`."""
        ...


class Line(Protocol):
    """What the master says to nodes that listen."""

    def watch(self) -> AsyncIterator[int]:
        """Yield the tail after each commit, and once a poll; ends when the node leaves."""
        ...


class Node(Protocol):
    """The plane's node in this process."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        ...

    @property
    def state(self) -> NodeState:
        """AMP's state."""
        ...

    @property
    def mode(self) -> Mode:
        """What it was asked to be."""
        ...

    @property
    def priority(self) -> int:
        """Its place in AMP's order of candidates."""
        ...

    @property
    def epoch(self) -> int:
        """The epoch that it knows of."""
        ...

    @property
    def plane_id(self) -> str:
        """Id of the plane, or empty while the store has not answered."""
        ...

    @property
    def replica(self) -> Replica:
        """Its copy of the state."""
        ...

    @property
    def door(self) -> Door:
        """Where its clients' writes go."""
        ...

    @property
    def line(self) -> Line:
        """What it says to others."""
        ...

    @property
    def readable(self) -> bool:
        """Whether it shows records."""
        ...

    @property
    def alarm(self) -> str:
        """What people must look at, or empty."""
        ...

    @property
    def trouble(self) -> str:
        """Why its heartbeats cannot be confirmed now, or empty."""
        ...

    @property
    def cut_off_since_ms(self) -> int:
        """Wall time since which the store confirms none, or 0."""
        ...

    @property
    def moves(self) -> Sequence[tuple[NodeState, int]]:
        """The last states that it took, the oldest first, and the wall time of each in milliseconds."""
        ...

    def leads(self) -> bool:
        """Tell whether it is the master and its lease holds at this very moment."""
        ...

    def members(self) -> Sequence[Member]:
        """Return all nodes that are known, itself included."""
        ...

    def find_member(self, instance: str) -> Heartbeat | None:
        """Return what an instance last said, or None."""
        ...

    def master(self) -> Heartbeat | None:
        """Return what the master last said, or None if there is none."""
        ...

    def history(self) -> Sequence[Mapping[str, Any]]:
        """Return the masterships, the newest first."""
        ...

    async def set_mode(self, mode: Mode, user: str = "", *, reason: str = "") -> NodeState:
        """Become what is asked for; return the state of before."""
        ...

    async def set_priority(self, priority: int) -> int:
        """Set the priority; return the one of before."""
        ...

    async def clear(self, instance: str | None) -> None:
        """Forget one node, or all but the living master."""
        ...

    async def switchover(self, to: str = "", user: str = "", *, reason: str = "") -> str:
        """Hand over to a node, by name or instance, else to the next; return the new master."""
        ...

    async def wait_applied(self, seq: int, timeout_s: float) -> bool:
        """Wait until an entry has been applied; tell whether it came in time."""
        ...

    def nudge(self) -> None:
        """Look at the journal now."""
        ...

    async def commit(
        self, decide: Callable[[View], Decision], *, request: str = "", user: str = ""
    ) -> Committed:
        """Change records, durably; `NotMaster` if this node does not lead."""
        ...
