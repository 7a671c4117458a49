"""The cells of the matrix: in which phase, at which moment, and how the master ends."""

from __future__ import annotations

import enum
import itertools
import os
from dataclasses import dataclass, field

START = (
    "pre-install", "install", "post-install", "pre-customize", "customize", "post-customize",
    "pre-launch", "launch", "post-launch",
)  # fmt: skip
RESTART = ("stop", "pre-launch", "launch", "post-launch")
CHILDREN = tuple(f"child-{number}" for number in range(10))


@dataclass(frozen=True)
class Phase:
    """What is under way when the master ends.

    Attributes:
        name: Of the phase.
        step: Name of the step that the master is about to do, does, or has done.
        commands: That the operation runs, in their order.
        at: Those of them during which it ends.
        effector: What is called; empty for the deploy itself.
        ends_in: Service state afterwards.
        beside: Whether the commands run beside each other.
    """

    name: str
    step: str
    commands: tuple[str, ...]
    at: tuple[str, ...]
    effector: str = ""
    ends_in: str = "RUNNING"
    beside: bool = field(default=False)


class Moment(enum.Enum):
    """When it ends."""

    BEFORE = "before"
    WHILE = "while"
    AFTER = "after"


class End(enum.Enum):
    """How it ends."""

    KILL = "kill"
    TERM = "term"
    STOP = "stop"


@dataclass(frozen=True)
class Cell:
    phase: Phase
    moment: Moment
    end: End

    @property
    def name(self) -> str:
        return f"{self.phase.name}-{self.moment.value}-{self.end.value}"


def _starting(name: str) -> Phase:
    step = f"{name}-command" if "-" in name else name
    return Phase(name, step, START, (name,))


PHASES = (
    *map(_starting, START),
    Phase("stop", "stop", ("stop",), ("stop",), "stop", "STOPPED"),
    Phase("restart", "launch", RESTART, ("launch",), "restart"),
    Phase("effector", "poke-command", ("poke",), ("poke",), "poke"),
    Phase("resize", "launch", CHILDREN, CHILDREN, "grow", beside=True),
)


def every() -> list[Cell]:
    """Return all cells."""
    return [Cell(*one) for one in itertools.product(PHASES, Moment, End)]


def pairwise() -> list[Cell]:
    """Return a third of them, in which any two choices come together."""
    ends = list(End)
    return [
        Cell(phase, moment, ends[(row + column) % len(ends)])
        for row, phase in enumerate(PHASES)
        for column, moment in enumerate(Moment)
    ]


def chosen() -> list[Cell]:
    """Return the cells to be tried: all with ``MATRIX=all`` in the environment."""
    return every() if os.environ.get("MATRIX") == "all" else pairwise()
