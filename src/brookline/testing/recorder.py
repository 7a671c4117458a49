"""A recorder without a plane: what is committed or noted is applied in memory at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, NotMaster, Outcome, Unavailable
from brookline.journal.entry import decode_item, encode_item
from brookline.journal.queue import Committed
from brookline.journal.records import Records
from brookline.wire.changes import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.operations.recorder import Decide
    from brookline.wire.changes import Change


class MemoryRecorder:
    """Records, and those who follow them.

    Attributes:
        records: What was committed and noted so far.
        leads: Whether it takes commits.
        acts: What `may_act` answers.
        away: Whether the store does not answer.
        said: Set while who commits is told that it is done.
        followers: Told of changes after they were applied, those of a commit together.
    """

    def __init__(self) -> None:
        self.records = Records()
        self.leads = True
        self.acts = True
        self.away = False
        self.said = asyncio.Event()
        self.said.set()
        self.followers: list[Callable[[Sequence[Change]], None]] = []
        self._seq = 0

    async def commit(self, decide: Decide, *, request: str = "", user: str = "") -> Committed:  # noqa: ARG002
        """Apply a decision.

        Raises:
            NotMaster: If it does not lead.
            Unavailable: If the store does not answer.
            BrooklineError: If what is decided cannot be encoded.
        """
        if not self.leads:
            raise NotMaster
        if self.away:
            raise Unavailable("the store does not answer", Outcome.NOT_DONE)
        decision = decide(self.records)
        self._apply(_as_read(decision.changes))
        self._seq += 1
        if not self.said.is_set():
            await self.said.wait()
        return Committed(decision.answer, self._seq, 1)

    def note(self, change: Change) -> None:
        """Apply a change."""
        self._apply([change])

    def may_act(self, *, guarded: bool = False) -> bool:  # noqa: ARG002
        """Tell what the test says."""
        return self.acts

    def _apply(self, changes: Sequence[Change]) -> None:
        self.records.apply(changes)
        for follower in self.followers:
            follower(changes)


def _as_read(changes: Sequence[Change]) -> Sequence[Change]:
    """Return changes as all would read them."""
    if not changes:
        return changes
    try:
        return decode_item(encode_item(Item(tuple(changes)))).changes
    except (TypeError, ValueError, RecursionError) as error:
        raise BrooklineError(f"it could not be decided: {error!r}") from error
