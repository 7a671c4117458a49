"""Leadership: what runs on the master between its promotion and its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, NotMaster, Unavailable
from brookline.journal.notes import Notes
from brookline.journal.upkeep import Upkeep, UpkeepSettings
from brookline.journal.writer import Writer
from brookline.plane.memory import Forgetting
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.queue import Committed, Decision
    from brookline.journal.records import View
    from brookline.plane.parts import Parts
    from brookline.wire.changes import Change
    from brookline.wire.entries import Payload, Resign

_VITAL = frozenset({"leadership/writer", "leadership/expiry"})

log = logging.getLogger("brookline.plane")


class Leadership:
    """The writer of one epoch, and the duties that go with it.

    Args:
        parts: Store, clock and so on.
        ended: Called once when the writer stops by itself, with the reason.

    Attributes:
        epoch: Which one.
        acting: Whether the tenant acts.
        writer: Appends.
    """

    def __init__(self, parts: Parts, ended: Callable[[Leadership, BrooklineError], None]) -> None:
        settings, clock = parts.settings, parts.clock
        self.epoch = parts.replica.epoch
        self.acting = False
        self.writer = Writer(
            parts.store, parts.replica, node=parts.identity.instance, clock=clock,
            randomness=parts.randomness, rules=parts.rules, wait_s=settings.write_wait_s,
            most_items=settings.batch_items,
        )  # fmt: skip
        self._notes = Notes(self.writer.commit, clock, settings.persist_period_s)
        self._upkeep = Upkeep(
            parts.store, parts.replica, self.writer.append, clock=clock, rules=parts.rules,
            settings=UpkeepSettings(
                entries=settings.snapshot_entries, bytes=settings.snapshot_bytes,
                age_s=settings.snapshot_age_s, grace_s=settings.grace_s,
            ),
        )  # fmt: skip
        self._forgetting = Forgetting(
            parts.replica, clock, settings=settings, commit=self.writer.commit
        )
        self._parts = parts
        self._ended = ended
        self._crew = Crew("leadership", self._faulted)

    def begin(self) -> None:
        """Start writing; duties begin with `serve`."""
        self._crew.spawn(self._write(), "writer")
        self._crew.spawn(self._expire(), "expiry")

    def serve(self) -> None:
        """Start the duties of a master that is active."""
        self._crew.spawn(self._notes.run(), "notes")
        self._crew.spawn(self._forgetting.run(), "requests")
        self._crew.spawn(self._upkeep.run(self._parts.settings.poll_s), "upkeep")

    async def commit(
        self, decide: Callable[[View], Decision], *, request: str = "", user: str = ""
    ) -> Committed:
        """Change records; as `Writer.commit`."""
        return await self.writer.commit(decide, request=request, user=user)

    def want_snapshot(self, seq: int) -> None:
        """Have a snapshot that contains entry `seq` taken and announced soon."""
        self._upkeep.want_snapshot(seq)

    def note(self, change: Change) -> None:
        """Have a reading written within the period."""
        self._notes.add(change)

    async def append(self, payload: Payload) -> Committed:
        """Write an entry of its own; as `Writer.append`."""
        return await self.writer.append(payload)

    async def resign(self, payload: Resign) -> Committed:
        """Write the last entry of this epoch; as `Writer.append_last`."""
        return await self.writer.append_last(payload)

    async def flush(self) -> None:
        """Write the readings that wait, and a snapshot without which no other could read on."""
        await self._notes.flush()
        await self._upkeep.settle()

    def stuck_s(self) -> float:
        """Return for how many seconds an append has waited for its answer."""
        since = self.writer.undecided_since
        return 0.0 if since is None else self._parts.clock.monotonic() - since

    async def end(self, reason: str) -> None:
        """Write nothing more; what waits unsent is refused as not done."""
        self.writer.close(reason)
        await self._crew.disband()

    async def _write(self) -> None:
        try:
            await self.writer.run()
        except Unavailable as error:
            log.warning(
                "mastership ended",
                extra={"fields": {"epoch": self.epoch, "why": error.message}},
            )
            self._ended(self, error)
        except BrooklineError as error:
            log.exception("mastership ended by a fault")
            self._ended(self, error)

    def _faulted(self, task: str, error: BaseException) -> None:
        """End the mastership if its writer fails; without the rest it goes on, though not for ever."""
        if task in _VITAL:
            self._ended(self, NotMaster(f"a fault: {error!r}"))

    async def _expire(self) -> None:
        while True:
            await self._parts.clock.sleep(self._parts.settings.poll_s / 2)
            self.writer.expire()
