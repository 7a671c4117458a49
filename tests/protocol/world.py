"""The world that the protocol lives in, as a value, and what must hold in it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from tests.protocol.rules import Bounds

FENCE, DATA, SNAPSHOT, COLLECT = "fence", "data", "snapshot", "collect"
READS, FENCING, VALIDATES, LEADS, APPENDS, COMPARES, GONE = (
    "reads", "fencing", "validates", "leads", "appends", "compares", "gone",
)  # fmt: skip


class Entry(NamedTuple):
    """One entry; two are the same bytes if and only if they are equal.

    `what` is, of a snapshot, the last entry in it; of a collection, (last entry, blobs) to delete;
    of data, the blob that the one record refers to from then on, or "" for none.
    """

    kind: str
    seq: int
    epoch: int
    by: str
    what: object = ""

    def __str__(self) -> str:
        what = f" {self.epoch}" if self.kind == FENCE else f" ({self.what})" if self.what else ""
        return f"{self.seq}:{self.kind}{what} by {self.by}"


Log = tuple[Entry, ...]
BY_SLOT = operator.attrgetter("seq", "by", "kind")


class Node(NamedTuple):
    """A node in one of its lives: `view` is what it has replayed, `pending` what it has asked for.

    Nodes are alike, so names are given in the order in which they first try to lead: a node is in
    its life 0 until then. That spares most of the worlds that differ in names alone.
    """

    name: str
    life: int
    phase: str
    view: Log = ()
    pending: Log = ()

    def __str__(self) -> str:
        return self.name + "'" * (self.life - 1)


class State(NamedTuple):
    """The whole world.

    Attributes:
        slots: The store: what lies under each key of the log now.
        snapshot: The store: the newest snapshot, as the entries that it stands for.
        blobs: The store: keys of the blobs.
        requests: Creates that were sent and have not landed.
        nodes: All nodes.
        history: The truth: which entry was first in each slot, never forgotten.
        failed: The truth: writes that somebody was told are not done.
    """

    slots: tuple[Entry | None, ...]
    snapshot: Log
    blobs: frozenset[str]
    requests: Log
    nodes: tuple[Node, ...]
    history: Log
    failed: frozenset[Entry]


def start(bounds: Bounds) -> State:
    """Return the empty world."""
    nodes = tuple(Node("ABCDE"[i], 0, READS) for i in range(bounds.nodes))
    return State((None,) * bounds.slots, (), frozenset(), (), nodes, (), frozenset())


def broken(s: State) -> str:
    """Return which invariant does not hold in this world, or nothing."""
    fresh = list(s.snapshot)
    while len(fresh) < len(s.slots) and (entry := s.slots[len(fresh)]) is not None:
        fresh.append(entry)
    if tuple(fresh) != s.history:
        return (
            f"who reads the log now sees {names(tuple(fresh))}, but {names(s.history)} is written"
        )
    for node in s.nodes:
        if node.phase == READS and node.view != s.history[: len(node.view)]:
            return (
                f"{node} has replayed {names(node.view)}, which is no prefix of {names(s.history)}"
            )
    for entry in s.failed:
        if entry in s.history:
            return f"{entry} was called failed, but is in the log"
    lost = needed(s.history, len(s.snapshot)) - s.blobs
    return f"{min(lost)} is referred to, but was deleted" if lost else ""


def needed(log: Log, snapshot: int) -> set[str]:
    """Return the blobs that a reader of this log needs who begins with that snapshot."""
    last = [str(e.what) for e in log[:snapshot] if e.kind == DATA][-1:]
    later = [str(e.what) for e in log[snapshot:] if e.kind == DATA]
    return {blob for blob in last + later if blob.startswith("blob")}


def announced(log: Log) -> int:
    """Return the last entry in the newest snapshot that is announced in this log."""
    return max((int(str(e.what)) for e in log if e.kind == SNAPSHOT), default=0)


def announced_garbage(log: Log) -> list[tuple[int, tuple[str, ...]]]:
    """Return what this log says will be deleted: entries up to a number, and blobs."""
    return [cast(tuple[int, tuple[str, ...]], e.what) for e in log if e.kind == COLLECT]


def extended(history: Log, slots: tuple[Entry | None, ...]) -> Log:
    """Return the history with all that follows it without a gap."""
    while len(history) < len(slots) and (entry := slots[len(history)]) is not None:
        history = (*history, entry)
    return history


def put(s: State, i: int, node: Node) -> State:
    """Return the world with one node changed."""
    return s._replace(nodes=(*s.nodes[:i], node, *s.nodes[i + 1 :]))


def names(log: Log) -> str:
    """Return a log in words."""
    return "[" + ", ".join(str(entry) for entry in log) + "]"
