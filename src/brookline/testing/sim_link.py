"""The way to a machine of a simulation: whether it is there, and what goes wrong on it."""

from __future__ import annotations

import dataclasses
import enum


class Link(enum.Enum):
    """How the way to a machine is."""

    UP = "up"
    DOWN = "down"
    """Nobody can connect, and what is connected breaks."""
    DEAF = "deaf"
    """What is asked comes there; nothing comes back, and no connection breaks."""
    SILENT = "silent"
    """Nothing comes either way, and no connection breaks."""


@dataclasses.dataclass(slots=True, kw_only=True)
class MachineOdds:
    """How often things go wrong on the way to a machine, from 0 to 1, and how long they take at most.

    Attributes:
        travel_s: Longest time that a request, or an answer, travels as a rule.
        late: A request comes much later.
        late_s: How much later, at most.
        lost: A request never comes, and the connection breaks.
        cut: The answer to a request breaks off.
        cut_s: How long after the request came, at most.
    """

    travel_s: float = 0.01
    late: float = 0.0
    late_s: float = 60.0
    lost: float = 0.0
    cut: float = 0.0
    cut_s: float = 4.0
