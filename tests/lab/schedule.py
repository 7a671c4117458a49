"""What the nemesis will do, drawn from a seed: the same seed and menu, the same schedule."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from tests.lab.store_faults import (
    CUT,
    FULL,
    KILL_STORE,
    LOSSY_STORE,
    READ_ONLY,
    SLOW_STORE,
    STOP,
    UNHEARD,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MASTER, OTHER = "master", "other"
"""Stand for the node that leads at that moment, and for one that does not."""

KILL, TERM, PAUSE, KILL_ALL, ROLL = (
    "kill -9",
    "SIGTERM",
    "SIGSTOP",
    "kill -9 of all",
    "rolling restart",
)
SWITCH, UPGRADE = "switchover", "upgrade"
NODE_NODE, NODE_CLIENT, ISOLATE = "cut between nodes", "cut from a client", "isolated"
CLIENTS = "cut from all clients"
SLOW, LOSSY = "slow link", "lost packets"
CLOCK = "clock jump"

DRAWS: dict[str, tuple[int, float, float]] = {
    KILL: (8, 0.1, 4.0), TERM: (3, 0.1, 3.0), PAUSE: (8, 0.3, 6.0), KILL_ALL: (1, 0.1, 2.0),
    ROLL: (1, 0.0, 0.0), SWITCH: (3, 0.0, 0.0), UPGRADE: (2, 0.0, 0.0),
    NODE_NODE: (4, 0.5, 6.0), NODE_CLIENT: (3, 0.5, 5.0), CLIENTS: (1, 0.5, 5.0), ISOLATE: (4, 1.0, 7.0),
    SLOW: (3, 1.0, 5.0), LOSSY: (3, 1.0, 5.0), CLOCK: (2, 1.0, 6.0),
    CUT: (5, 0.5, 6.0), READ_ONLY: (4, 0.5, 6.0), STOP: (3, 0.3, 5.0), FULL: (3, 0.5, 5.0),
    UNHEARD: (4, 0.5, 6.0), SLOW_STORE: (2, 1.0, 5.0), LOSSY_STORE: (2, 1.0, 5.0), KILL_STORE: (1, 0.2, 2.0),
}  # fmt: skip
"""For each kind of fault: how often it comes among the others, and how long it lasts."""


STAYS = 20
"""A seed whose half minute has each kind of fault, on every store."""

_TOGETHER, _APART_S = 0.35, 2.5
"""Faults come in bunches, so that they befall one another, with calm between them to be seen in."""


class Deed(NamedTuple):
    """One fault to come.

    Attributes:
        at: Seconds from the beginning.
        what: Kind of fault.
        who: A node, `MASTER` or `OTHER`.
        lasts: Seconds.
        way: ``both``, ``out`` (what it sends is lost) or ``in`` (what is sent to it is).
        amount: Of what there is an amount of: seconds of a clock, of a delay, or a chance.
    """

    at: float
    what: str
    who: str
    lasts: float
    way: str = "both"
    amount: float = 0.0

    def __str__(self) -> str:
        way = "" if self.way == "both" else f" ({self.way})"
        amount = f" {self.amount:g}" if self.amount else ""
        return f"{self.at:6.2f} s: {self.what} {self.who}{way}{amount} for {self.lasts:.2f} s"


def draw(seed: int, seconds: float, menu: Sequence[str], nodes: Sequence[str]) -> list[Deed]:
    """Return the deeds of a run; each kind comes once before any comes again.

    Args:
        seed: Of the dice.
        seconds: How long the nemesis rages.
        menu: Kinds of faults that can be had.
        nodes: Names of the nodes.
    """
    dice = random.Random(f"schedule {seed}")
    kinds = [kind for kind in DRAWS if kind in menu]
    missing = list(kinds)
    deeds = []
    at = 0.3
    while at < seconds:
        what = _kind(dice, missing or kinds)
        missing = [kind for kind in missing if kind != what]
        who = dice.choice((MASTER, MASTER, OTHER, dice.choice(list(nodes))))
        _, shortest, longest = DRAWS[what]
        lasts = min(dice.uniform(shortest, longest), max(seconds - at, 0.1))
        way = dice.choice(("both", "both", "out", "in"))
        deeds.append(Deed(round(at, 2), what, who, round(lasts, 2), way, _amount(dice, what)))
        at += (
            dice.uniform(0.0, 0.4) if dice.random() < _TOGETHER else dice.expovariate(1 / _APART_S)
        )
    return deeds


def _kind(dice: random.Random, kinds: Sequence[str]) -> str:
    return dice.choices(kinds, [DRAWS[kind][0] for kind in kinds])[0]


def _amount(dice: random.Random, what: str) -> float:
    amounts = {
        CLOCK: (-86_400.0, -600.0, -5.0, 5.0, 600.0, 86_400.0),
        SLOW: (0.02, 0.1, 0.4), LOSSY: (0.1, 0.3, 0.6),
    }  # fmt: skip
    return dice.choice(amounts[what]) if what in amounts else 0.0
