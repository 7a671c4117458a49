"""What may become of a request to a memory store: the ways in which real stores and networks fail."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from brookline.values.ids import Randomness

NEVER = math.inf


@dataclasses.dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one request. Once sent, it is out of its sender's hands.

    Attributes:
        lands_s: Seconds until it takes effect, also if its sender is gone by then; `NEVER` if it
            is lost on the way.
        heard: Whether the sender gets the answer; if not, it is told that none came.
        answer_s: Seconds that the answer travels.
        gives_up_s: Seconds after which the sender of a request without answer is told so. What
            lands later than this lands late.
        again_s: Seconds after landing at which a copy of the request lands, or `NEVER`.
        echo: Whether the answer that the sender hears is the copy's: a create that succeeded then
            finds its own bytes.
    """

    lands_s: float = 0.0
    heard: bool = True
    answer_s: float = 0.0
    gives_up_s: float = 0.0
    again_s: float = NEVER
    echo: bool = False

    def __post_init__(self) -> None:
        waits_for = self.lands_s + (self.again_s if self.echo else 0.0)
        if self.heard and waits_for == NEVER:
            raise ValueError("a request that never lands has no answer that could be heard")


PROMPT = Fate()
"""All is well."""


class Faults(Protocol):
    """Decides what goes wrong; asked once a request, so that a seed gives one story."""

    def fate(self, handle: str, operation: str, key: str) -> Fate:
        """Return what becomes of a request.

        Args:
            handle: Name of the store handle that sends it.
            operation: ``create``, ``get``, ``put``, ``list`` or ``delete``.
            key: The key, or the prefix that is listed.
        """
        ...

    def list_lag_s(self, key: str) -> float:
        """Return for how many seconds a change of this key's presence stays unseen in lists."""
        ...

    def absence_lag_s(self, handle: str, key: str) -> float:
        """Return for how many seconds a handle that found a key absent goes on to say so.

        NFS clients keep negative lookups like that, up to a minute.
        """
        ...

    def conflicts(self, handle: str, key: str) -> bool:
        """Tell whether a create is told nothing definite that met another one of its key."""
        ...


@dataclasses.dataclass(slots=True, kw_only=True)
class Odds:
    """How often things go wrong, as probabilities from 0 to 1, and how long they take at most.

    Attributes:
        travel_s: Longest time that a request, and its answer, travel as a rule.
        patience_s: Seconds after which a sender gives up on an answer.
        lost_answer: It happens, but the sender does not hear of it.
        lost_request: It never happens, and the sender hears nothing.
        late: It happens after the sender has given up.
        late_s: How long after that, at most.
        again: A copy of it lands later.
        again_s: How much later, at most.
        echo: The answer is that of the copy, given that there is one.
        list_lag: A change of a key's presence is unseen in lists for a while.
        list_lag_s: For how long, at most.
        absence: A handle remembers that a key was absent.
        absence_s: For how long, at most.
        conflict: A create that finds its key created while it was on its way is told neither: S3's
            409.
    """

    travel_s: float = 0.0
    patience_s: float = 1.0
    lost_answer: float = 0.0
    lost_request: float = 0.0
    late: float = 0.0
    late_s: float = 30.0
    again: float = 0.0
    again_s: float = 30.0
    echo: float = 0.5
    list_lag: float = 0.0
    list_lag_s: float = 2.0
    absence: float = 0.0
    absence_s: float = 2.0
    conflict: float = 0.0


class RandomFaults:
    """Faults by odds and a source of randomness, with cuts that a schedule makes and mends.

    Attributes:
        odds: May be exchanged at any time.
        down: The store answers nobody.
        unreachable: Handles whose requests do not arrive.
        unheard: Handles that hear no answer, though their requests arrive.
    """

    def __init__(self, randomness: Randomness, odds: Odds | None = None) -> None:
        self._randomness = randomness
        self.odds = odds or Odds()
        self.down = False
        self.unreachable: set[str] = set()
        self.unheard: set[str] = set()

    def mend(self) -> None:
        """End all faults; what is under way still lands."""
        self.odds = Odds(travel_s=self.odds.travel_s)
        self.down = False
        self.unreachable.clear()
        self.unheard.clear()

    def fate(self, handle: str, operation: str, key: str) -> Fate:  # noqa: ARG002
        """Return what becomes of a request; keys and operations are all alike here."""
        odds = self.odds
        if self.down or handle in self.unreachable:
            return Fate(NEVER, heard=False, gives_up_s=odds.patience_s)
        travel = self._up_to(odds.travel_s)
        if handle in self.unheard or self._happens(odds.lost_answer):
            return Fate(travel, heard=False, gives_up_s=max(travel, odds.patience_s))
        if self._happens(odds.lost_request):
            return Fate(NEVER, heard=False, gives_up_s=odds.patience_s)
        if self._happens(odds.late):
            lands = odds.patience_s + self._up_to(odds.late_s)
            return Fate(lands, heard=False, gives_up_s=odds.patience_s)
        answer = self._up_to(odds.travel_s)
        if self._happens(odds.again):
            again, echo = self._up_to(odds.again_s), self._happens(odds.echo)
            return Fate(travel, answer_s=answer, again_s=again, echo=echo)
        return Fate(travel, answer_s=answer) if travel or answer else PROMPT

    def list_lag_s(self, key: str) -> float:  # noqa: ARG002
        """Return for how long a change stays unseen in lists."""
        return self._up_to(self.odds.list_lag_s) if self._happens(self.odds.list_lag) else 0.0

    def absence_lag_s(self, handle: str, key: str) -> float:  # noqa: ARG002
        """Return for how long a handle remembers that a key was absent."""
        return self._up_to(self.odds.absence_s) if self._happens(self.odds.absence) else 0.0

    def conflicts(self, handle: str, key: str) -> bool:  # noqa: ARG002
        """Tell whether a create is told nothing definite that met another one of its key."""
        return self._happens(self.odds.conflict)

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self._randomness.random() < probability

    def _up_to(self, longest: float) -> float:
        return longest * self._randomness.random() if longest > 0.0 else 0.0
