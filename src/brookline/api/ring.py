"""The ring: what was told lately, kept so that a client goes on where it was cut off. Pure.

What is kept is a piece of the log's story without a hole: everything told after the entry `floor`,
up to the entry `last`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Told(NamedTuple, Generic[T]):
    """One entry of the log.

    Attributes:
        seq: Its number.
        facts: What it changed; at least one.
    """

    seq: int
    facts: Sequence[T]


class Ring(Generic[T]):
    """Keeps the latest entries.

    Args:
        most: Facts that are kept. The newest entry is, however large it is.

    Attributes:
        floor: All that was told after this entry is here.
        last: The last entry that was heard of, whether it told anything or not.
    """

    def __init__(self, most: int) -> None:
        self.floor = 0
        self.last = 0
        self._most = most
        self._kept: deque[Told[T]] = deque()
        self._facts = 0

    def __len__(self) -> int:
        return len(self._kept)

    def push(self, seq: int, facts: Sequence[T]) -> None:
        """Take in an entry; they come in rising order, and those that tell nothing may be left out."""
        self.last = seq
        if not facts:
            return
        self._kept.append(Told(seq, facts))
        self._facts += len(facts)
        while self._facts > self._most and len(self._kept) > 1:
            oldest = self._kept.popleft()
            self._facts -= len(oldest.facts)
            self.floor = oldest.seq

    def reset(self, seq: int) -> None:
        """Begin anew after this entry; what lies before it is not known."""
        self._kept.clear()
        self._facts = 0
        self.floor = self.last = seq

    def reaches(self, seq: int) -> bool:
        """Tell whether all that was told after this entry is here."""
        return seq >= self.floor

    def after(self, seq: int, most: int | None = None) -> list[Told[T]]:
        """Return what was told after an entry that the ring reaches; at most so many, the oldest.

        An entry that is still to come is no matter: nothing was told after it yet.
        """
        found: list[Told[T]] = []
        for told in reversed(self._kept):
            if told.seq <= seq:
                break
            found.append(told)
        found.reverse()
        return found if most is None else found[:most]
