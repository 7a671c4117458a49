"""The protocol of the journal as a machine that can be explored step by step.

The world is a value (`world.State`): a store with one log, and nodes that read it, fence it and
append to it. `steps` yields everything that can happen next, whoever does it: a node takes its next
step, or a request that is under way lands in the store, with its reply received or lost. A node
that "stalls" is simply one whose step does not come for a long while; a time-out is a request sent
once more.

What is left out on purpose, because it cannot matter for safety: time (anybody may try to lead at
any moment), payloads (a write is known by who wrote it, where), the `active` entry (the first append
under a fence plays its part). What is harsher than in the product: everything up to the newest
snapshot may be collected, without a grace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.protocol.world import (
    APPENDS,
    BY_SLOT,
    COLLECT,
    COMPARES,
    DATA,
    FENCE,
    FENCING,
    GONE,
    LEADS,
    READS,
    SNAPSHOT,
    VALIDATES,
    Entry,
    Log,
    Node,
    State,
    announced,
    announced_garbage,
    extended,
    names,
    needed,
    put,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.protocol.rules import Bounds, Rules


class Step(NamedTuple):
    """Something that can happen: what it is in words, the world after it, and what it breaks."""

    story: tuple[object, ...]
    state: State
    broken: str = ""


class Machine:
    """All that can happen under some rules and bounds."""

    def __init__(self, rules: Rules, bounds: Bounds) -> None:
        self.rules = rules
        self.bounds = bounds

    def steps(self, s: State) -> Iterator[Step]:
        """Yield everything that can happen next."""
        acts = {
            READS: self.read, FENCING: self.wait, VALIDATES: self.validate, LEADS: self.lead,
            APPENDS: self.wait, COMPARES: self.compare,
        }  # fmt: skip
        for i, node in enumerate(s.nodes):
            if node.phase != GONE:
                yield from acts[node.phase](s, i, node)
            if node.phase not in {GONE, READS}:  # a reader that crashes is but a slow reader
                yield Step(("{} crashes", node), self.reborn(s, i, s.snapshot))
        for entry in dict.fromkeys(s.requests):
            yield from self.land(s, entry)

    # --- the store ---------------------------------------------------------------------------

    def send(self, s: State, i: int, node: Node, entry: Entry) -> Iterator[State]:
        """Send a create, if the bounds allow one more."""
        if entry.seq <= self.bounds.slots and len(s.requests) < self.bounds.in_flight:
            requests = tuple(sorted((*s.requests, entry), key=BY_SLOT))
            yield put(s, i, node)._replace(requests=requests)

    def land(self, s: State, entry: Entry) -> Iterator[Step]:
        """Let a create reach the store; whoever waits for it may hear of it or not."""
        requests = list(s.requests)
        requests.remove(entry)
        created = s.slots[entry.seq - 1] is None
        after = s._replace(requests=tuple(requests))
        if created:
            slots = (*s.slots[: entry.seq - 1], entry, *s.slots[entry.seq :])
            after = after._replace(slots=slots, history=extended(s.history, slots))
        answer = "created" if created else "exists"
        yield Step(("{}: {}, but nobody hears of it", entry, answer), after)
        for i, node in enumerate(s.nodes):
            if node.phase in {FENCING, APPENDS} and entry in node.pending:
                heard = self.created if created else self.exists
                yield from heard(after, i, node, entry)

    # --- a candidate -------------------------------------------------------------------------

    def read(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Read the next entry, reload, or (at what looks like the tail) ask for the fence."""
        seq = len(node.view) + 1
        found = s.slots[seq - 1] if seq <= self.bounds.slots else None
        stray = found is not None and found.kind == FENCE and self.rules.readers_check_fences
        if len(s.snapshot) >= seq and (found is None or stray):
            yield Step(
                ("{} reloads {}", node, names(s.snapshot)),
                put(s, i, node._replace(view=s.snapshot)),
            )
        elif found is not None:
            yield Step(
                ("{} reads {}", node, found), put(s, i, node._replace(view=(*node.view, found)))
            )
        elif i == 0 or s.nodes[i - 1].life:
            node = node._replace(life=max(1, node.life))
            epoch = node.view[-1].epoch + 1 if node.view else 1
            fence = Entry(FENCE, seq, epoch, str(node))
            for after in self.send(s, i, node._replace(phase=FENCING, pending=(fence,)), fence):
                yield Step(("{} finds slot {} empty and asks for {}", node, seq, fence), after)

    def validate(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Look whether the fence is where it should be; only then lead."""
        (fence,) = node.pending
        last = fence.seq == self.bounds.slots or s.slots[fence.seq] is None
        newest = len(s.snapshot)
        if not self.rules.heed_unannounced_snapshots:
            newest = announced(node.view)
        if not self.rules.validate_after_fence or (last and newest < fence.seq):
            leader = node._replace(phase=LEADS, view=(*node.view, fence), pending=())
            yield Step(("{} leads under epoch {}", node, fence.epoch), put(s, i, leader))
        else:
            yield Step(
                ("{} sees that its fence is not the last and gives up", node),
                put(s, i, node._replace(phase=READS, pending=())),
            )

    # --- a writer ----------------------------------------------------------------------------

    def lead(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Append a write, a snapshot's or a collection's announcement; or collect."""
        yield from self.append(s, i, node, DATA)
        if self.bounds.blobs:
            yield from self.append_blob(s, i, node)
        if self.bounds.compaction and node.view[-1].kind != SNAPSHOT:
            newest = max(s.snapshot, node.view, key=len)
            snapshot = newest if self.rules.immutable_snapshots else node.view
            if len(node.view) > announced(node.view):
                yield from self.append(
                    s._replace(snapshot=snapshot), i, node, SNAPSHOT, len(node.view)
                )
        yield from self.collect(s, i, node)

    def append(self, s: State, i: int, node: Node, kind: str, what: object = "") -> Iterator[Step]:
        """Send the next entry."""
        seq = len(node.view) + len(node.pending) + 1
        entry = Entry(kind, seq, node.view[-1].epoch, str(node), what)
        after = node._replace(phase=APPENDS, pending=(*node.pending, entry))
        for sent in self.send(s, i, after, entry):
            yield Step(("{} sends {}", node, entry), sent)

    def wait(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Send the same bytes once more: the answer did not come in time."""
        entry = node.pending[0]
        for sent in self.send(s, i, node, entry):
            yield Step(("{} hears nothing and sends {} again", node, entry), sent)
        if node.phase == APPENDS and not self.rules.same_bytes_on_undecided:
            yield from self.reuse(s, i, node, entry)
        if node.phase == APPENDS and not self.rules.one_append_in_flight and len(node.pending) == 1:
            yield from self.append(s, i, node, DATA)

    def reuse(self, s: State, i: int, node: Node, entry: Entry) -> Iterator[Step]:
        """Do what the rule forbids: use a slot that looks empty for another write."""
        if entry.kind == DATA and entry.what == "" and s.slots[entry.seq - 1] is None:
            other = entry._replace(what="another")
            told = s._replace(failed=s.failed | {entry})
            for sent in self.send(told, i, node._replace(pending=(other,)), other):
                yield Step(("{} calls {} failed and sends {}", node, entry, other), sent)

    def created(self, s: State, i: int, node: Node, entry: Entry) -> Iterator[Step]:
        """Take it that the entry is in the log: validate a fence, acknowledge an append."""
        if entry.kind == FENCE:
            yield Step(("{}: created", entry), put(s, i, node._replace(phase=VALIDATES)))
            return
        rest = tuple(e for e in node.pending if e != entry)
        after = node._replace(
            phase=APPENDS if rest else LEADS, view=(*node.view, entry), pending=rest
        )
        seen = entry in s.history
        broken = "" if seen else f"{entry} was acknowledged, but no reader will see it"
        yield Step(("{}: created; {} acknowledges it", entry, node), put(s, i, after), broken)

    def exists(self, s: State, i: int, node: Node, entry: Entry) -> Iterator[Step]:
        """Hear that there is something in the slot."""
        if entry != node.pending[0]:
            return
        if self.rules.compare_on_exists or entry.kind == FENCE:
            yield Step(
                ("{}: exists; {} is to look", entry, node), put(s, i, node._replace(phase=COMPARES))
            )
        else:
            yield from self.fenced(
                s._replace(failed=s.failed | {entry}),
                i,
                node,
                f"hears that {entry} exists, calls it failed",
            )

    def compare(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Look whose bytes they are that exist."""
        entry = node.pending[0]
        found = s.slots[entry.seq - 1]
        if found == entry:
            yield from self.created(s, i, node, entry)
        elif entry.kind == FENCE:
            yield Step(
                ("{} finds {} and reads on", node, found),
                put(s, i, node._replace(phase=READS, pending=())),
            )
        elif found is not None:
            yield from self.fenced(s, i, node, f"finds {found}")
        elif self.rules.doubt_when_gone:
            yield from self.fenced(s, i, node, "finds nothing, is in doubt")
        else:
            told = s._replace(failed=s.failed | {entry})
            yield from self.fenced(told, i, node, f"finds nothing, calls {entry} failed")

    def fenced(self, s: State, i: int, node: Node, why: str) -> Iterator[Step]:
        """Stop leading; what the node has replayed stays true."""
        yield Step(("{} {} and stops", node, why), self.reborn(s, i, node.view))

    def reborn(self, s: State, i: int, view: Log) -> State:
        """Let a node begin its next life as a reader, if it has one."""
        node = s.nodes[i]
        if node.life == self.bounds.lives:
            return put(s, i, Node(node.name, node.life, GONE))
        return put(s, i, Node(node.name, node.life + 1, READS, view))

    # --- blobs and the collector ---------------------------------------------------------------

    def append_blob(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Append a write that refers to a blob; all blobs have the same content."""
        if self.rules.deletes_cannot_hit:
            gone = {blob for _, blobs in announced_garbage(node.view) for blob in blobs}
            own = f"blob-{node.view[-1].epoch}"
            usable = ({own} | needed(node.view, announced(node.view))) - gone
        else:
            usable = {"blob"}
        for blob in sorted(usable):
            if blob in s.blobs or self.writes(blob, node):
                yield from self.append(s._replace(blobs=s.blobs | {blob}), i, node, DATA, blob)

    def writes(self, blob: str, node: Node) -> bool:
        """Tell whether a node would write this blob if it is absent."""
        return not self.rules.deletes_cannot_hit or blob == f"blob-{node.view[-1].epoch}"

    def collect(self, s: State, i: int, node: Node) -> Iterator[Step]:
        """Announce what is garbage; delete what was announced. Whoever deletes may be long fenced."""
        through = announced(node.view)
        garbage = tuple(sorted(s.blobs - needed(node.view, through)))
        known = announced_garbage(node.view)
        if not self.rules.announce_collection:
            known.append((through, garbage))
        elif (through or garbage) and (through, garbage) not in known:
            yield from self.append(s, i, node, COLLECT, (through, garbage))
        for seq in range(1, max([t for t, _ in known], default=0) + 1):
            entry = s.slots[seq - 1]
            if entry is not None and (entry.kind != FENCE or not self.rules.keep_fences):
                slots = (*s.slots[: seq - 1], None, *s.slots[seq:])
                yield Step(("{} deletes {}", node, entry), s._replace(slots=slots))
        for blob in sorted({blob for _, blobs in known for blob in blobs} & s.blobs):
            yield Step(("{} deletes {}", node, blob), s._replace(blobs=s.blobs - {blob}))
