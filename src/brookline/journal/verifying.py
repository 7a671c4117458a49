"""Verifying: whether what is retained of a journal is what was written, and says one thing.

Looked at is each entry (its checksum, its place in the chain of hashes, its epoch, its blob), each snapshot (its
checksum, and that it says the same as the entries before it), and that nothing is missing but what
the log itself announced for collection.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.errors import Damaged
from brookline.journal import scan, snapshot
from brookline.journal.keys import JOURNAL, PLANE, SNAPSHOT, entry_key, entry_seq, snapshot_seq
from brookline.journal.planekey import find_plane
from brookline.journal.replica import Replica

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.entry import Entry
    from brookline.journal.scan import Retained, Source
    from brookline.values.clock import Clock

_ENTRY = (
    "put that very file back from a backup; if there is none and it is the last entry, move it"
    " aside: only what it held is lost. Or restore a point before it into an empty store"
)
_ANY = "restore a point before it into an empty store"
_SNAPSHOT = "move it aside: an older snapshot and the entries after it say the same"


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written.

    Attributes:
        key: Where.
        what: A sentence.
        advice: What to do.
    """

    key: str
    what: str
    advice: str


@dataclasses.dataclass(slots=True)
class Verdict:
    """What was found.

    Attributes:
        plane: Id of the plane, or empty if its key cannot be read.
        entries: How many were read.
        first: The first of them.
        last: The last of them.
        epochs: How many masterships wrote them.
        epoch: Of the newest that was read.
        snapshots: How many were read.
        compared: How many of these were compared with the entries before them.
        blobs: How many entries have their payload in a blob.
        faults: In the order of the log.
        notes: What is odd and harms nothing.
    """

    plane: str = ""
    entries: int = 0
    first: int = 0
    last: int = 0
    epochs: int = 0
    epoch: int = 0
    snapshots: int = 0
    compared: int = 0
    blobs: int = 0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


async def verify(
    store: Source,
    clock: Clock,
    *,
    may_lack: int = 0,
    plane: str = "",
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Verdict:
    """Look at all that is retained.

    Args:
        store: May be in use; what is appended meanwhile is not looked at.
        clock: To let others run.
        may_lack: Entries up to this one need not be there; a backup may begin with a snapshot.
        plane: Its id, if its key need not be there yet.
        on_progress: Told how many entries of how many were read.

    Raises:
        StoreError: If the store does not answer.
        StoreUnfit: If it has a format that this version does not know.
    """
    verdict = Verdict()
    try:
        verdict.plane = plane or await find_plane(store) or ""
    except Damaged as error:
        verdict.faults.append(Fault(PLANE, error.message, "put it back from a backup"))
    kept = await scan.retained(store)
    await _Walk(store, kept, verdict, clock=clock, may_lack=may_lack).go(on_progress)
    if kept.strange:
        verdict.notes.append(f"{len(kept.strange)} files are none of ours: {kept.strange[0]}")
    return verdict


class _Walk:
    """One way through a journal, from its oldest key to its newest."""

    def __init__(
        self, store: Source, kept: Retained, verdict: Verdict, *, clock: Clock, may_lack: int
    ) -> None:
        self._store = store
        self._kept = kept
        self._verdict = verdict
        self._clock = clock
        self._snapshots = sorted(kept.snapshots, key=snapshot_seq, reverse=True)
        self._seq, self._hash, self._epoch = 0, "", 0
        self._fence = 0  # the last entry, if it is one
        self._replica: Replica | None = Replica(verdict.plane)
        self._gaps: list[tuple[int, int]] = []
        self._doubts: list[tuple[int, Fault]] = []
        self._collected = may_lack

    async def go(self, on_progress: Callable[[int, int], None]) -> None:
        """Look at everything."""
        total = len(self._kept.entries)
        async for key, data in scan.fetched(self._store, self._kept.entries):
            await self._pass_snapshots(entry_seq(key) - 1)
            if data is None:
                continue  # collected meanwhile, or a gap: that is seen at the next entry
            self._verdict.entries += 1
            await self._entry(key, data)
            on_progress(self._verdict.entries, total)
        await self._pass_snapshots(self._kept.last_seq)
        self._verdict.epoch = self._epoch
        self._judge_gaps()
        self._judge_doubts()
        self._judge_tail()

    async def _pass_snapshots(self, through: int) -> None:
        while self._snapshots and snapshot_seq(self._snapshots[-1]) <= through:
            key = self._snapshots.pop()
            await self._snapshot(snapshot_seq(key), key)

    async def _snapshot(self, seq: int, key: str) -> None:
        loaded = await snapshot.read(self._store, key, self._clock)
        if loaded is None:
            if await self._store.get(key) is not None:
                self._blame(key, f"snapshot {key} is damaged", _SNAPSHOT)
            return
        self._verdict.snapshots += 1
        self._collected = max(self._collected, loaded.standing.collected)
        if self._verdict.plane and loaded.plane != self._verdict.plane:
            self._blame(key, f"snapshot {key} belongs to plane {loaded.plane}", "move it aside")
            return
        if self._seq == seq and self._hash and self._hash != loaded.hash:
            self._doubt(key, f"snapshot {key} is not of entry {seq} as it is in the log", _SNAPSHOT)
            return
        if self._replica is not None and self._replica.seq == seq:
            self._verdict.compared += 1
            if _content(self._replica) != _content(loaded):
                self._blame(key, f"snapshot {key} says other than the entries before it", _SNAPSHOT)
        self._replica = loaded
        if seq >= self._seq:
            self._gap_to(seq)
            self._seq, self._hash, self._epoch = seq, loaded.hash, loaded.epoch

    async def _entry(self, key: str, data: bytes) -> None:
        try:
            entry = await scan.opened(self._store, key, data)
        except Damaged as error:
            self._gap_to(entry_seq(key) - 1)
            self._blame(key, error.message, _ENTRY)
            self._seq, self._hash, self._replica = entry_seq(key), "", None
            return
        verdict = self._verdict
        verdict.first, verdict.last = verdict.first or entry.seq, entry.seq
        verdict.blobs += bool(entry.header.blob)
        verdict.epochs += entry.is_fence
        self._gap_to(entry.seq - 1)
        wrong = self._why_foreign(entry)
        if wrong:
            self._blame(key, wrong, _ANY)
        elif wrong := self._why_wrong(entry):
            self._doubt(key, wrong, _ANY)
        self._seq, self._hash, self._epoch = entry.seq, entry.hash, entry.epoch
        self._fence = entry.seq if entry.is_fence else 0
        await self._replay(entry, sound=not wrong)

    def _why_foreign(self, entry: Entry) -> str:
        plane, own = entry.header.plane, self._verdict.plane
        if not own or plane == own:
            return ""
        return f"entry {entry_key(entry.seq)} belongs to plane {plane}, not to {own}"

    def _why_wrong(self, entry: Entry) -> str:
        """Say why an entry does not continue what is before it, as far as that is retained."""
        header, key = entry.header, entry_key(entry.seq)
        known = self._seq == entry.seq - 1 and (self._hash or entry.seq == 1)
        if known and header.prev != self._hash:
            return (
                f"entry {key} does not continue the log: it follows an entry with hash"
                f" {header.prev[:12] or 'none'}, but the one before has {self._hash[:12] or 'none'}"
            )
        higher = entry.is_fence or not known
        if header.epoch < self._epoch or (entry.is_fence and header.epoch == self._epoch):
            return f"entry {key} has epoch {header.epoch} after epoch {self._epoch}"
        if header.epoch > self._epoch and not higher:
            return f"entry {key} has epoch {header.epoch}, which no fence began"
        return ""

    async def _replay(self, entry: Entry, *, sound: bool) -> None:
        """Apply an entry to what is known, to compare it with the next snapshot."""
        if self._replica is None or self._replica.seq != entry.seq - 1 or not sound:
            self._replica = None
            return
        try:
            await self._replica.apply(entry)
        except Damaged:
            self._replica = None
            return
        self._collected = max(self._collected, self._replica.standing.collected)

    def _gap_to(self, seq: int) -> None:
        """Note that the entries up to one are missing; whether they may be is known at the end."""
        if seq > self._seq:
            self._gaps.append((self._seq + 1, seq))
            self._hash, self._replica = "", None
            self._seq = seq

    def _judge_gaps(self) -> None:
        for first, last in self._gaps:
            missing = max(first, self._collected + 1)
            if missing <= last:
                many = f"entries {missing} to {last} are" if missing < last else "it is"
                what = (
                    f"entry {entry_key(missing)} is missing: {many} not there, and later ones are"
                )
                self._blame(entry_key(missing), what, "put it back from a backup, or " + _ANY)

    def _judge_doubts(self) -> None:
        """Blame what does not follow from the fence before it, unless that came late.

        A store that was slow to take a fence may do so when the entry that had the place was
        collected: nobody reads it there any more, but what is behind it does not continue it.
        """
        for fence, fault in self._doubts:
            if fence > self._collected:
                self._verdict.faults.append(fault)
            else:
                what = f"entry {entry_key(fence)} came late, when that place had been collected"
                self._verdict.notes.append(f"{what}: nobody reads it")

    def _judge_tail(self) -> None:
        """See that the newest state can be had, and that announced snapshots are there."""
        verdict, replica = self._verdict, self._replica
        verdict.faults.sort(key=lambda fault: _place(fault.key))
        if replica is None or verdict.faults:
            return
        for taken in replica.standing.snapshots:
            if taken.key not in self._kept.snapshots:
                what = f"snapshot {taken.key} is missing, though the log announced it"
                self._blame(taken.key, what, "put it back from a backup")

    def _doubt(self, key: str, what: str, advice: str) -> None:
        """Blame what does not continue the log, or once more is known if a fence is before it."""
        if self._fence:
            self._doubts.append((self._fence, Fault(key, what, advice)))
        else:
            self._blame(key, what, advice)

    def _blame(self, key: str, what: str, advice: str) -> None:
        self._verdict.faults.append(Fault(key, what, advice))


def _content(replica: Replica) -> dict[str, list[tuple[str, object]]]:
    """Return the records with their order; a kind of which all records were dropped is no kind."""
    return {
        kind: list(values.items()) for kind, values in replica.records.kinds().items() if values
    }


def _place(key: str) -> int:
    """Return where in the log a key has its place."""
    if key.startswith(SNAPSHOT):
        return snapshot_seq(key)
    return entry_seq(key) if key.startswith(JOURNAL) else 0
