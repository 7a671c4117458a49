"""What happened in a run: all that the checker sees, and all that it needs; one JSON document.

Times are seconds since the beginning of the run, by the machine's monotonic clock, which all
processes of the lab share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

DONE, NOT_DONE, UNKNOWN = "done", "not-done", "unknown"
"""What a client knows of what it asked: it happened, it never will, or nobody can tell."""

ADD, CHILD, COMMAND, READ = "add", "child", "command", "read"
"""Set a new sensor of a shared entity, add a child to one, run a command on a machine, read."""


class Try(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request to one node.

    Attributes:
        node: That was asked.
        begin: When it was sent.
        end: When the answer came, or the client gave up.
        outcome: What is known afterwards.
        status: Of the answer; 0 if there was none.
        by: Name or instance of the node that answered.
        epoch: That the answer named.
        seq: Sequence that the answer named.
        why: What went wrong, for people.
    """

    node: str
    begin: float
    end: float
    outcome: str
    status: int = 0
    by: str = ""
    epoch: int = 0
    seq: int = 0
    why: str = ""


class Op(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client wanted, and what became of it.

    Attributes:
        client: Its name.
        number: Of its operations, from 1.
        kind: One of `ADD`, `CHILD`, `COMMAND`, `READ`.
        where: Name of the shared entity.
        item: Unique; empty for a read.
        keyed: Whether every try carried the same ``Idempotency-Key``.
        token: Highest sequence that the client had seen, and showed.
        tries: One after the other.
        new: Of a read: items that this client sees there for the first time.
        gone: Of a read: items that it saw there before, and does not any more.
    """

    client: str
    number: int
    kind: str
    where: str
    item: str = ""
    keyed: bool = False
    token: int = 0
    tries: tuple[Try, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """What is known of it after all tries."""
        outcomes = {one.outcome for one in self.tries}
        for known in (DONE, UNKNOWN):
            if known in outcomes:
                return known
        return NOT_DONE

    @property
    def begin(self) -> float:
        return self.tries[0].begin

    @property
    def end(self) -> float:
        return self.tries[-1].end


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the nemesis did.

    Attributes:
        begin: When.
        end: When it was over.
        what: Kind of fault.
        where: Nodes, clients or links that it befell.
        detail: More, for people.
    """

    begin: float
    end: float
    what: str
    where: tuple[str, ...] = ()
    detail: str = ""


class Sight(msgspec.Struct, frozen=True):
    """From here on a node was seen in a state."""

    at: float
    node: str
    state: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the log, as it lay in the store at the end.

    Attributes:
        seq: Its number.
        epoch: Under which it was written.
        kind: Of its payload.
        node: Instance that wrote it.
        name: Of the node, for a fence.
        items: What was done by it, as ``kind where item``.
        chained: Whether it names the hash of the entry before.
    """

    seq: int
    epoch: int
    kind: str
    node: str = ""
    name: str = ""
    items: tuple[str, ...] = ()
    chained: bool = True


class Ran(msgspec.Struct, frozen=True):
    """A command began on a machine, by its own account.

    Attributes:
        item: Which.
        where: The machine's entity.
        epoch: Under which the machine's guard had claimed it.
        claimed: When that was, in seconds of the machine's wall clock.
    """

    item: str
    where: str
    epoch: int
    claimed: float


class View(msgspec.Struct, frozen=True):
    """What a node showed at the end, when all was mended.

    Attributes:
        node: Its name.
        seq: The sequence that it showed.
        sensors: Items of each shared entity.
        children: Names of the children of each shared entity.
    """

    node: str
    seq: int
    sensors: dict[str, tuple[str, ...]]
    children: dict[str, tuple[str, ...]]


class History(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run.

    Attributes:
        seed: Of all that was random.
        store: Its kind.
        network: ``namespaces`` or ``loopback``.
        nodes: Their names.
        clients: Their names.
        seconds: How long faults were injected.
        weak: Protection that was switched off, or empty.
        recovered_s: From the end of all faults to the first write that was done; negative if none.
        ops: What clients did.
        faults: What was done to the plane.
        sights: What the nodes said of themselves meanwhile.
        log: Of the plane, from its beginning.
        ran: What ran on machines, in the order in which it began.
        views: What the nodes showed at the end.
        faults_logged: Faults of the program itself in the nodes' logs, as ``node: line``.
    """

    seed: int
    store: str
    network: str
    nodes: tuple[str, ...]
    clients: tuple[str, ...]
    seconds: float
    weak: str = ""
    recovered_s: float = 0.0
    ops: tuple[Op, ...] = ()
    faults: tuple[Fault, ...] = ()
    sights: tuple[Sight, ...] = ()
    log: tuple[Entry, ...] = ()
    ran: tuple[Ran, ...] = ()
    views: tuple[View, ...] = ()
    faults_logged: tuple[str, ...] = ()


def mark(kind: str, where: str, item: str) -> str:
    """Return how an item of an entry is written."""
    return f"{kind} {where} {item}"


def save(history: History, path: Path) -> None:
    """Write it down, so that people can read it."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(history), indent=1))


def load(path: Path) -> History:
    """Return what was written down."""
    return msgspec.json.decode(path.read_bytes(), type=History)
