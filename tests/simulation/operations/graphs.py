"""Random work: graphs of steps as data, which an effector takes as its parameter.

A graph is a list of nodes that are done one after the other; a node is a map with the word `do`.
Locks are taken in the order of entities, for operations do not find out that they wait for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

Node = dict[str, Any]

_MOST_DEPTH = 3


class Graphs:
    """Makes graphs.

    Args:
        chance: Decides.
        machines: Names of machines.
        entities: Ids of entities.
    """

    def __init__(
        self, chance: random.Random, machines: Sequence[str], entities: Sequence[str]
    ) -> None:
        self._random = chance
        self._machines = machines
        self._entities = entities

    def graph(self) -> list[Node]:
        """Return a new one."""
        return self._sequence(depth=0, floor=0, most=5)

    def _sequence(self, depth: int, floor: int, most: int = 3) -> list[Node]:
        return [self._node(depth, floor) for _ in range(self._random.randint(1, most))]

    def _node(self, depth: int, floor: int) -> Node:
        makers = [
            (8, self._command), (2, self._once), (3, self._again), (1, self._mark), (1, self._pause),
            (1, self._tries),
        ]  # fmt: skip
        if depth < _MOST_DEPTH:
            makers += [
                (3, self._lock), (2, self._call), (3, self._all), (1, self._apart),
                (2, self._attempt), (1, self._choice),
            ]  # fmt: skip
        weights = [weight for weight, _ in makers]
        (_, make) = self._random.choices(makers, weights)[0]
        return make(depth, floor)

    # Steps.

    def _command(self, depth: int, floor: int) -> Node:
        node = {"do": "command", "on": self._random.choice(self._machines), **self._step()}
        node["code"] = self._random.choice((0, 0, 0, 0, 0, 3))
        if self._random.random() < 0.15:
            node["timeout"] = self._random.choice((0.5, 3.0, 8.0))
            node["stubborn"] = self._random.random() < 0.5
        return node

    def _tries(self, depth: int, floor: int) -> Node:
        on = self._random.choice(self._machines)
        return {"do": "tries", "on": on, **self._step(), "flaky": True}

    def _once(self, depth: int, floor: int) -> Node:
        return {"do": "once", **self._step(), "fails": self._random.random() < 0.1}

    def _again(self, depth: int, floor: int) -> Node:
        return {"do": "again", **self._step(), "fails": self._random.random() < 0.1}

    def _step(self) -> Node:
        takes = self._random.choice((0.0, 0.1, 0.5, 2.0, 6.0)) * self._random.uniform(0.5, 1.0)
        return {"name": self._name(), "takes": round(takes, 2)}

    def _mark(self, depth: int, floor: int) -> Node:
        do, name = self._random.choice(("remember", "count")), self._name()
        # Seeds that found something play what they played, but for this.
        return {"do": "read" if (do, name) == ("remember", "check") else do, "name": name}

    def _pause(self, depth: int, floor: int) -> Node:
        return {"do": "sleep", "s": round(self._random.uniform(0.1, 4.0), 1)}

    # What is made of steps.

    def _lock(self, depth: int, floor: int) -> Node:
        place = self._random.randint(floor, len(self._entities) - 1)
        inside = self._sequence(depth + 1, place)
        return {"do": "lock", "what": self._entities[place], "nodes": inside}

    def _call(self, depth: int, floor: int) -> Node:
        entity = self._random.choice(self._entities)
        return {"do": "call", "entity": entity, "nodes": self._sequence(depth + 1, floor)}

    def _apart(self, depth: int, floor: int) -> Node:
        entity = self._random.choice(self._entities)
        return {"do": "apart", "entity": entity, "nodes": self._sequence(_MOST_DEPTH, 0, 2)}

    def _all(self, depth: int, floor: int) -> Node:
        makers = (self._command, self._command, self._again, self._once, self._call)
        count = self._random.randint(2, 4)
        parts = [self._random.choice(makers)(depth + 1, floor) for _ in range(count)]
        return {"do": "all", "nodes": parts}

    def _attempt(self, depth: int, floor: int) -> Node:
        other = self._sequence(depth + 1, floor, 2)
        return {"do": "attempt", "nodes": self._sequence(depth + 1, floor), "else": other}

    def _choice(self, depth: int, floor: int) -> Node:
        one, other = (self._sequence(depth + 1, floor, 2) for _ in range(2))
        of = self._random.choice((self._command, self._again, self._mark))(depth + 1, floor)
        return {"do": "choose", "of": of, "nodes": one, "else": other}

    def _name(self) -> str:
        return self._random.choice(("install", "customize", "launch", "check"))
