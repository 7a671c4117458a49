"""Explores all that the protocol can do, breadth first, and tells the shortest way to a violation.

python -m tests.protocol.explore            # small bounds, and each rule switched off in turn
python -m tests.protocol.explore --large    # larger bounds: four minutes, 3 GB
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import sys
import time
from typing import TYPE_CHECKING

from tests.protocol.model import Machine
from tests.protocol.rules import Bounds, Rules
from tests.protocol.world import State, broken, start

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = {
    "two nodes, five slots": Bounds(nodes=2, slots=5, in_flight=2),
    "three nodes, five slots": Bounds(nodes=3, slots=5, in_flight=1),
    "two nodes that restart": Bounds(nodes=2, lives=2, slots=5, in_flight=1),
    "blobs": Bounds(nodes=2, slots=5, in_flight=1, blobs=True),
}
LARGE = {
    "two nodes, five slots, three requests": Bounds(nodes=2, slots=5, in_flight=3),
    "two nodes, six slots": Bounds(nodes=2, slots=6, in_flight=2),
    "three nodes, two requests": Bounds(nodes=3, slots=4, in_flight=2),
    "three nodes, six slots": Bounds(nodes=3, slots=6, in_flight=1),
    "two nodes that restart": Bounds(nodes=2, lives=2, slots=5, in_flight=2),
    "blobs": Bounds(nodes=2, slots=5, in_flight=2, blobs=True),
}
BITES = dict.fromkeys(Rules.names(), SMALL["two nodes, five slots"]) | {
    "announce_collection": SMALL["blobs"],
    "deletes_cannot_hit": SMALL["blobs"],
}
"""Bounds in which the lack of each rule shows."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What an exploration found.

    Attributes:
        states: How many worlds were seen.
        broken: The invariant that does not hold, or empty.
        story: The shortest way to it, one event a line.
    """

    states: int
    broken: str = ""
    story: tuple[str, ...] = ()


def explore(rules: Rules, bounds: Bounds, sought: Callable[[State], str] = broken) -> Result:
    """Visit every reachable world, nearest first, until one is as sought or none is left.

    Args:
        rules: What nodes heed.
        bounds: How far to go.
        sought: Says what is wrong with a world; "" if nothing is.
    """
    machine = Machine(rules, bounds)
    first = start(bounds)
    came_from = {hash(first): 0}  # worlds by their hashes, which spares gigabytes
    frontier = collections.deque([first])
    while frontier:
        state = frontier.popleft()
        here = hash(state)
        for step in machine.steps(state):
            there = hash(step.state)
            if there in came_from and not step.broken:
                continue
            came_from.setdefault(there, here)
            wrong = step.broken or sought(step.state)
            if wrong:
                return Result(len(came_from), wrong, tell(machine, came_from, [here, there]))
            frontier.append(step.state)
    return Result(len(came_from))


def tell(machine: Machine, came_from: dict[int, int], path: list[int]) -> tuple[str, ...]:
    """Return the story of a path that ends with these hashes, by going it once more."""
    while came_from[path[0]]:
        path.insert(0, came_from[path[0]])
    state: State = start(machine.bounds)
    lines = []
    for there in path[1:]:
        step = next(step for step in machine.steps(state) if hash(step.state) == there)
        lines.append(str(step.story[0]).format(*step.story[1:]))
        state = step.state
    return tuple(lines)


def report(title: str, rules: Rules, bounds: Bounds) -> Result:
    """Explore, and print what was found."""
    began = time.perf_counter()
    result = explore(rules, bounds)
    took = time.perf_counter() - began
    print(f"{title}: {result.broken or 'no violation'} ({result.states:,} states, {took:.1f} s)")
    for number, line in enumerate(result.story, 1):
        print(f"    {number:2}. {line}")
    return result


def main(arguments: list[str]) -> int:
    """Explore with all rules, then with each rule off; return 0 if all is as it should be."""
    parser = argparse.ArgumentParser(
        description="Explore the protocol of the journal exhaustively."
    )
    parser.add_argument("--large", action="store_true", help="with larger bounds")
    large = parser.parse_args(arguments).large
    as_it_should = True
    for title, bounds in (LARGE if large else SMALL).items():
        as_it_should &= not report(f"all rules, {title}", Rules(), bounds).broken
    for name, bounds in BITES.items():
        as_it_should &= bool(report(f"without {name}", Rules().without(name), bounds).broken)
    return 0 if as_it_should else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
