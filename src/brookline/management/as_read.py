"""Config that is set while operations run: those that have read it go on with what they read.

So they do under the next master, too: what they read is recorded with what is set.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from brookline.errors import Fenced, NotMaster
from brookline.journal.queue import Decision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from brookline.journal.records import View
    from brookline.model.entity import Entity
    from brookline.operations.recorder import Decide
    from brookline.operations.supervisor import Supervisor
    from brookline.wire.changes import Change


class AsRead:
    """What running operations have read of config that is about to be set.

    Args:
        supervisor: Who knows them.
        entities: On which it is set.
        names: Of what is set, in any spelling.
    """

    def __init__(
        self, supervisor: Supervisor, entities: Sequence[Entity], names: Collection[str]
    ) -> None:
        self._supervisor = supervisor
        self._names = frozenset(names)
        self._readers: Mapping[str, Entity] = {
            one.id: one for entity in entities for one in (entity, *entity.descendants())
        }
        self._told: set[tuple[str, str]] = set()

    def besides(self, decide: Decide) -> Decide:
        """Return a decision that records it, too."""

        def both(view: View) -> Decision:
            decision = decide(view)
            self._told.clear()
            return Decision([*decision.changes, *self._changes(view)], decision.answer)

        return both

    async def complete(self) -> None:
        """Record what was read while that was being committed, for the live model was behind it.

        If this node does not lead any more it says nothing: what was asked for is done.
        """
        if any(self._not_told()):
            with contextlib.suppress(NotMaster, Fenced):
                await self._supervisor.ledger.decide(
                    lambda view: Decision(list(self._changes(view)))
                )

    def _changes(self, view: View) -> Iterator[Change]:
        for running, marks in self._supervisor.unrecorded_readings(self._is_read).items():
            self._told.update((running.task.id, key) for key in marks)
            yield from self._supervisor.ledger.marking(view, running, marks)

    def _not_told(self) -> Iterator[bool]:
        for running, marks in self._supervisor.unrecorded_readings(self._is_read).items():
            yield any((running.task.id, key) not in self._told for key in marks)

    def _is_read(self, entity_id: str, name: str) -> bool:
        reader = self._readers.get(entity_id)
        if reader is None:
            return False
        key = reader.KEYS.get(name)
        spellings = {name, *key.deprecated, *key.flags} if key else {name}
        return name.startswith("*") or not self._names.isdisjoint(spellings)
