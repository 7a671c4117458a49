"""A channel: all clients that want to hear the same get the same bytes, encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from brookline.api.event_frames import EventId, frame
from brookline.api.event_shapes import changes, coalesced
from brookline.api.progress import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.api.event_filter import Filter
    from brookline.api.progress import Known
    from brookline.api.ring import Ring, Told
    from brookline.management.herald import Fact

AT_ONCE = 64
"""Entries that are sent one by one to a client that is behind; more become one event."""

_MOST_FRAMES = 512


class Part(NamedTuple):
    """What a client is to be sent next.

    Attributes:
        data: Whole events; may be empty.
        seq: The entry after which the client has all, once it has these.
        more: Whether there is more already.
    """

    data: bytes
    seq: int
    more: bool = False


class Channel:
    """The clients of one filter.

    Args:
        wanted: The filter.
        ring: What was told lately.
        plane: Returns the id of the plane.

    Attributes:
        members: How many clients there are.
        due: Whether they are to be woken.
        progress: How often it was told how running tasks get on.
        progress_data: That event.
    """

    def __init__(self, wanted: Filter, ring: Ring[Fact], plane: Callable[[], str]) -> None:
        self.wanted = wanted
        self.members = 0
        self.due = False
        self.progress = 0
        self.progress_data = b""
        self._ring = ring
        self._plane = plane
        self._frames: dict[int, bytes] = {}
        self._last: tuple[int, int, Part] = (-1, -1, Part(b"", -1))

    def wants(self, seq: int, facts: Sequence[Fact]) -> bool:
        """Tell whether an entry tells anything that is wanted."""
        wanted = any(self.wanted.wants(fact) for fact in facts)
        if not wanted:
            self._keep(seq, b"")
        return wanted

    def next(self, cursor: int, last: int, *, patient: bool) -> Part:
        """Return what comes after an entry, which the ring reaches.

        Args:
            cursor: The client has all up to this entry.
            last: The last entry that this node has applied.
            patient: Whether the client is catching up, and gets every entry by itself.
        """
        asked_from, asked_to, part = self._last
        if (asked_from, asked_to) == (cursor, last):
            return part
        entries = self._ring.after(cursor)
        if len(entries) <= AT_ONCE:
            part = Part(b"".join(map(self._frame, entries)), max(cursor, last))
        elif patient:
            first = entries[:AT_ONCE]
            return Part(b"".join(map(self._frame, first)), first[-1].seq, more=True)
        else:
            part = Part(self._coalesced(entries), max(cursor, last))
        self._last = (cursor, last, part)
        return part

    def tell_progress(self, known: Sequence[Known]) -> bool:
        """Take in how running tasks get on; tell whether that is news for the clients."""
        found = {
            task.id: shown(task)
            for task, above, application in known
            if self.wanted.wants_progress((task.id, *above), task.entity_id, application)
        }
        data = frame("progress", {"tasks": found})
        if data == self.progress_data or not (found or self.progress_data):
            return False
        self.progress, self.progress_data = self.progress + 1, data
        return True

    def forget(self) -> None:
        """Forget what was encoded: the numbers of entries begin anew."""
        self._frames.clear()
        self._last = (-1, -1, Part(b"", -1))

    def _frame(self, told: Told[Fact]) -> bytes:
        kept = self._frames.get(told.seq)
        return self._keep(told.seq, self._encoded(told)) if kept is None else kept

    def _encoded(self, told: Told[Fact]) -> bytes:
        shapes = changes(told.facts, self.wanted)
        if not shapes:
            return b""
        body = {"seq": told.seq, "changes": shapes}
        return frame("changes", body, EventId(told.seq, self._plane()))

    def _coalesced(self, entries: Sequence[Told[Fact]]) -> bytes:
        shapes, last = coalesced(entries, self.wanted), entries[-1].seq
        if not shapes:
            return b""
        body = {"seq": last, "coalesced": len(entries), "changes": shapes}
        return frame("changes", body, EventId(last, self._plane()))

    def _keep(self, seq: int, data: bytes) -> bytes:
        if len(self._frames) >= _MOST_FRAMES:
            del self._frames[next(iter(self._frames))]
        self._frames[seq] = data
        return data
