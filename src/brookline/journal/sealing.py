"""Sealing: what waits becomes the bytes of one entry, decided in order."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from typing import TYPE_CHECKING, Any

from brookline.errors import BrooklineError, Fenced, Outcome, Unavailable
from brookline.journal import entry as entries
from brookline.journal.keys import blob_key, entry_key
from brookline.journal.queue import Committed
from brookline.journal.records import Overlay
from brookline.values.ids import Randomness, new_id
from brookline.wire.changes import Item
from brookline.wire.entries import FORMAT, Batch, Header

if TYPE_CHECKING:
    from brookline.journal.entry import Entry
    from brookline.journal.queue import Queue, Waiting
    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.values.clock import Clock
    from brookline.wire.entries import Payload

log = logging.getLogger("brookline.journal")

MOST_ITEMS = 1_000
"""Requests in one batch."""

MOST_BYTES = 1 << 20
"""Bytes of one batch, unless a single request needs more; above it a payload goes to a blob."""


@dataclasses.dataclass(slots=True)
class Sealed:
    """An entry on its way to the log. From here on its changes cannot be taken out.

    Attributes:
        entry: What is applied once it is there.
        data: Its bytes.
        blob: Its payload, to be written first under the header's key, or empty.
        view: Records as they will be once it is applied.
        callers: Who is answered, with what.
        since: Monotonic time at which it was sent, or sealed if it was not sent yet.
        trouble: Why the store has not taken it yet, as far as it said; or empty.
    """

    entry: Entry
    data: bytes
    blob: bytes
    view: Overlay
    callers: list[tuple[Waiting, Any]]
    since: float
    trouble: str = ""

    @property
    def key(self) -> str:
        """The slot."""
        return entry_key(self.entry.seq)

    def answer(self) -> None:
        """Tell the callers; what it says is durable and applied."""
        for waiting, answer in self.callers:
            if isinstance(answer, BrooklineError):
                waiting.refuse(answer)
            elif not waiting.future.done():
                committed = Committed(answer, self.entry.seq, self.entry.epoch)
                waiting.future.set_result(committed)

    def abandon(self, rules: Rules) -> None:
        """Tell the callers that the mastership ended while this was on its way."""
        for waiting, _ in self.callers:
            waiting.refuse(Fenced("the mastership ended", self.entry.epoch, _sent(rules)))

    def stumble(self, trouble: str) -> None:
        """Note why the store has not taken it yet."""
        self.trouble = trouble

    def expire(self, before: float, why: str, rules: Rules) -> None:
        """Answer the callers who have waited since `before` or longer.

        The master's own duties wait until it is known: it must not lead on behind its own `resign`.
        """
        for waiting, _ in self.callers:
            if waiting.decide is not None and waiting.since <= before:
                waiting.refuse(Unavailable(why, _sent(rules)))


def _sent(rules: Rules) -> Outcome:
    return Outcome.UNKNOWN if rules.not_done_only_when_unsent else Outcome.NOT_DONE


class Sealer:
    """Makes the entries of one epoch, each chained to the one before.

    Args:
        replica: At the fence of this epoch.
        node: Instance id that signs the entries.
        clock: For the wall time in headers.
        randomness: For nonces.
        rules: Protective rules.
        most_items: Requests in one batch.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        node: str,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
        most_items: int = MOST_ITEMS,
    ) -> None:
        self._replica = replica
        self._node = node
        self._clock = clock
        self._randomness = randomness
        self._rules = rules
        self._most_items = most_items
        self._seq, self._prev = replica.seq, replica.hash
        self._epoch = replica.epoch
        self._blobs: set[str] = set()

    def seal(self, queue: Queue, behind: Sealed | None) -> Sealed | None:
        """Take out of the queue what goes into the next entry, and decide it.

        Args:
            queue: What waits.
            behind: The append in flight, on which these decisions build, or None.

        Returns:
            The entry; None if nothing waits or all was refused.
        """
        first = queue.first()
        if first is None:
            return None
        if first.payload is not None:
            queue.pop()
            return self._entry(
                first.payload,
                entries.encode_payload(first.payload),
                self._beneath(behind),
                [(first, None)],
            )
        return self._batch(queue, behind)

    def take_back(self, sealed: Sealed) -> None:
        """Use the slot of `sealed` again; only simulations of a broken rule do so."""
        self._seq, self._prev = sealed.entry.seq - 1, sealed.entry.header.prev

    def _beneath(self, behind: Sealed | None) -> Overlay:
        if behind is None or not self._rules.decisions_see_append_in_flight:
            return Overlay(self._replica.records)
        return Overlay(behind.view)

    def _batch(self, queue: Queue, behind: Sealed | None) -> Sealed | None:
        view = self._beneath(behind)
        items: list[Item] = []
        encoded: list[bytes] = []
        callers: list[tuple[Waiting, Any]] = []
        size = 0
        while len(callers) < self._most_items and size < MOST_BYTES:
            waiting = queue.first()
            if waiting is None or waiting.decide is None:
                break
            queue.pop()
            item, data, answer = _decided(waiting, view)
            callers.append((waiting, answer))
            if item is not None:
                items.append(item)
                encoded.append(data)
                size += len(data)
        if items:
            return self._entry(Batch(tuple(items)), entries.encode_batch(encoded), view, callers)
        self._answer_without_entry(callers, behind)
        return None

    def _answer_without_entry(
        self, callers: list[tuple[Waiting, Any]], behind: Sealed | None
    ) -> None:
        """Answer decisions that change nothing: once that on which they were made is durable."""
        if behind is not None:
            behind.callers.extend(callers)
            return
        for waiting, answer in callers:
            if isinstance(answer, BrooklineError):
                waiting.refuse(answer)
            elif not waiting.future.done():
                waiting.future.set_result(Committed(answer, self._replica.seq, self._epoch))

    def _entry(
        self, payload: Payload, data: bytes, view: Overlay, callers: list[tuple[Waiting, Any]]
    ) -> Sealed:
        blob = self._fresh(data) if len(data) > MOST_BYTES else b""
        digest = hashlib.sha256(blob).hexdigest() if blob else ""
        header = Header(
            format=FORMAT,
            plane=self._replica.plane,
            seq=self._seq + 1,
            epoch=self._epoch,
            node=self._node,
            nonce=new_id(self._randomness, 16),
            wall_ms=self._clock.wall_ms(),
            prev=self._prev,
            size=len(blob or data),
            digest=digest,
            blob=blob_key(self._epoch, digest) if blob else "",
        )
        bytes_, hash_ = entries.seal(header, b"null" if blob else data)
        self._seq, self._prev = header.seq, hash_
        entry = entries.Entry(header, payload, hash_, len(bytes_) + len(blob))
        return Sealed(entry, bytes_, blob, view, callers, self._clock.monotonic())

    def _fresh(self, payload: bytes) -> bytes:
        """Return a payload whose blob has a key that this epoch has not used yet.

        An older blob of the same bytes may have been announced for collection. Deletes are not
        fenced: one may come late and hit the key again.
        """
        while (key := blob_key(self._epoch, hashlib.sha256(payload).hexdigest())) in self._blobs:
            payload += b" "
        if self._rules.deletes_cannot_hit:
            self._blobs.add(key)
        return payload


def _decided(waiting: Waiting, view: Overlay) -> tuple[Item | None, bytes, Any]:
    """Return what a request changes, laid over `view`, its bytes, and its answer or refusal."""
    assert waiting.decide is not None
    try:
        decision = waiting.decide(view)
        changes = tuple(decision.changes)
        if not changes:
            return None, b"", decision.answer
        data = entries.encode_item(Item(changes, waiting.request, waiting.user))
        # Read back, so that this node shows exactly what all others will read.
        item = entries.decode_item(data)
        view.apply(item.changes)
    except BrooklineError as error:
        return None, b"", error
    except Exception as error:
        log.exception("a request could not be decided")
        refusal = BrooklineError(f"it could not be decided: {error!r}")
        refusal.__cause__ = error
        return None, b"", refusal
    return item, data, decision.answer
