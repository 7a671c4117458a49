"""The oracle of a simulation: sees every entry land, and knows what must never happen.

It stands beside the store, where no node can see it. What it checks at once: entries continue the
log; no entry of an epoch follows a higher one; an epoch is active once; nothing is done twice, nor
done although it was called not done; what is acknowledged is in the log by then, and is answered as
it was done however often it is asked; what a node shows is the replay of a prefix; no unprotected
action of an old epoch follows one of a newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.errors import Damaged
from brookline.journal import standing
from brookline.journal.entry import NO_HASH, Entry, decode, open_entry
from brookline.journal.keys import JOURNAL, entry_seq
from brookline.journal.records import Records
from brookline.stores.shelf import Shelf
from brookline.stores.store import Created, Exists
from brookline.wire.entries import Active, Fence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.testing.transcript import Transcript
    from brookline.values.clock import Clock
    from brookline.wire.changes import Value

LISTS = "list"
"""Kind of the records to which the clients of a simulation append items."""


class Violation(Exception):
    """Something happened that must never happen."""


class WatchedShelf(Shelf):
    """The content of the store, which tells the oracle of every entry."""

    def __init__(self, clock: Clock, oracle: Oracle) -> None:
        super().__init__(clock)
        self._oracle = oracle

    def create(self, key: str, data: bytes, *, list_lag_s: float = 0.0) -> Created | Exists:
        """Put bytes under a key that is absent."""
        outcome = super().create(key, data, list_lag_s=list_lag_s)
        if isinstance(outcome, Created) and key.startswith(JOURNAL):
            self._oracle.landed(key, data, self)
        return outcome


class Oracle:
    """The truth about the log.

    Args:
        transcript: Where violations are noted.
        plane: Any; the oracle takes the plane id of the first entry.

    Attributes:
        violations: What went wrong, first things first.
        entries: The history: which entry was first in each slot.
        records: The records as of the last of them.
        closed: The last fence of a log that the plane has left for another store, or None.
        lease_is_sound: Whether clocks are such that unprotected actions cannot overlap.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.violations: list[str] = []
        self.entries: list[Entry] = []
        self.records = Records()
        self.lease_is_sound = True
        self.closed: Entry | None = None
        self._left: Shelf | None = None
        self._last_state: Mapping[str, Mapping[str, Value]] = {}
        self._transcript = transcript
        self._states: list[Mapping[str, Mapping[str, Value]]] = [{}]
        self._ahead: dict[int, Entry] = {}
        self._done: dict[str, int] = {}
        self._not_done: dict[str, str] = {}
        self._answers: dict[str, str] = {}
        self._active: set[int] = set()
        self._acted = 0

    @property
    def seq(self) -> int:
        """The last entry."""
        return len(self.entries)

    def wrong(self, what: str) -> None:
        """Note a violation; the simulation goes on, so that the transcript shows what follows."""
        self.violations.append(what)
        self._transcript.note(f"VIOLATION: {what}")

    # --- what the store tells ----------------------------------------------------------------

    def landed(self, key: str, data: bytes, shelf: Shelf) -> None:
        """Take note of an entry that was created."""
        seq = entry_seq(key)
        opened = open_entry(data, key)
        if shelf is self._left:
            self._landed_behind(seq)
            return
        if seq <= self.seq:
            if opened.hash != self.entries[seq - 1].hash:
                self._transcript.note("entry in a collected slot", seq=seq)
            return
        blob = shelf.get(opened.header.blob) if opened.header.blob else None
        try:
            self._ahead[seq] = decode(opened, key, blob)
        except Damaged as error:
            self.wrong(f"entry {seq} landed without its blob: {error.message}")
            return
        while (entry := self._ahead.pop(self.seq + 1, None)) is not None:
            epoch = self._check_order(entry)
            if isinstance(entry.payload, Fence) and entry.payload.moved:
                self._close(entry, epoch)
                self._left = shelf
                return
            self._append(entry, epoch)

    def _landed_behind(self, seq: int) -> None:
        """Take note of an entry in a log that the plane has left: at most a slot that was collected."""
        assert self.closed is not None
        if seq > self.closed.seq:
            self.wrong(f"entry {seq} is written to a log that its plane has left")
        else:
            self._transcript.note("entry in a collected slot", seq=seq)

    def _check_order(self, entry: Entry) -> int:
        """See that an entry continues the log; return the epoch before it."""
        before = self.entries[-1] if self.entries else None
        epoch = before.epoch if before else 0
        if entry.header.prev != (before.hash if before else NO_HASH):
            self.wrong(f"entry {entry.seq} does not continue the log")
        if not (entry.epoch > epoch if entry.is_fence else entry.epoch == epoch):
            self.wrong(f"entry {entry.seq} has epoch {entry.epoch} after epoch {epoch}")
        return epoch

    def _close(self, entry: Entry, epoch: int) -> None:
        """Take note of the last fence of a log that the plane leaves: it is in no other log."""
        records = Records()
        for kind, of in self._states[-1].items():
            for record_id, value in of.items():
                records.put(kind, record_id, value)
        records.apply(standing.history_changes(entry, epoch))
        self.closed = entry
        self._last_state = {kind: dict(of) for kind, of in records.kinds().items() if of}

    def _append(self, entry: Entry, epoch: int) -> None:
        if isinstance(entry.payload, Active):
            if entry.epoch in self._active:
                self.wrong(f"epoch {entry.epoch} is active twice")
            self._active.add(entry.epoch)
        for item in entry.items():
            self._do(item.request, entry.seq)
            for change in item.changes:
                if change.kind == LISTS:
                    self._check_list(item.request, change.id, getattr(change, "value", {}))
                self.records.apply([change])
        self.records.apply(standing.history_changes(entry, epoch))
        self.entries.append(entry)
        self._states.append({kind: dict(of) for kind, of in self.records.kinds().items() if of})

    def _do(self, request: str, seq: int) -> None:
        if not request:
            return
        if request in self._done:
            self.wrong(f"{request} is done twice, in entries {self._done[request]} and {seq}")
        self._done[request] = seq
        if request in self._not_done:
            self.wrong(f"{request} is done in entry {seq}, but {self._not_done[request]}")

    def _check_list(self, request: str, name: str, value: Value) -> None:
        """A write appends to what is there; else it was decided on records that are out of date."""
        before = (self.records.get(LISTS, name) or {}).get("items", [])
        self._answers[request] = str(len(before) + 1)
        if value.get("items") != [*before, request]:
            self.wrong(f"{request} was decided on records that were out of date: a write is lost")

    # --- what nodes and clients tell ------------------------------------------------------------

    def acknowledged(self, request: str) -> None:
        """A client was told that it is done."""
        if request not in self._done:
            self.wrong(f"{request} was acknowledged, but is not in the log")

    def answered(self, request: str, body: str) -> None:
        """A client, or one of several that sent it, was told how long the list is by its item."""
        true = self._answers.get(request, body)
        if body != true:
            self.wrong(f"{request} was answered with {body}, but it was done as {true}")

    def is_called_not_done(self, request: str) -> bool:
        """Tell whether somebody relies on its not being done."""
        return request in self._not_done

    def not_done(self, request: str, why: str) -> None:
        """A client was told that it is not done, or must be able to rely on it."""
        self._not_done[request] = why
        if request in self._done:
            self.wrong(f"{request} is done in entry {self._done[request]}, but {why}")

    def is_done(self, request: str) -> bool:
        """Tell whether it is in the log."""
        return request in self._done

    def shown(self, node: str, seq: int, records: Records) -> None:
        """A node shows these records as of entry `seq`."""
        kinds = {kind: of for kind, of in records.kinds().items() if of}
        if self.closed is not None and seq == self.closed.seq and kinds == self._last_state:
            return  # that node is in the log that the plane has left
        if seq > self.seq:
            self.wrong(f"{node} shows entry {seq}, which is not in the log")
            return
        if kinds != self._states[seq]:
            self.wrong(f"{node} shows at entry {seq} {_difference(kinds, self._states[seq])}")

    def acts(self, node: str, epoch: int) -> None:
        """A node acts in the world in a way that nothing but its lease protects."""
        if epoch < self._acted and self.lease_is_sound:
            self.wrong(f"{node} acts under epoch {epoch} after epoch {self._acted} has acted")
        self._acted = max(self._acted, epoch)

    def items(self, name: str) -> list[Any]:
        """Return a list as the log has it."""
        found = self.records.get(LISTS, name) or {}
        return list(found.get("items", []))


def _difference(
    shown: Mapping[str, Mapping[str, Value]], true: Mapping[str, Mapping[str, Value]]
) -> str:
    """Return in words where two sets of records begin to differ."""
    for kind in sorted(shown.keys() | true.keys()):
        here, there = shown.get(kind, {}), true.get(kind, {})
        for record_id in sorted(here.keys() | there.keys()):
            if here.get(record_id) != there.get(record_id):
                place = f"{kind}/{record_id}"
                return f"{place} as {here.get(record_id)}, but it is {there.get(record_id)}"
    return "kinds in another order"
