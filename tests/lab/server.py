"""A lab build of the server, which leaves out one protection: the lab must notice.

    python -m tests.lab.server WEAKNESS [options of brookline server]

The product has no switch for this: what is left out is replaced here, before the server is made.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.api.writes import Writes
from brookline.cli.main import main
from brookline.journal.keys import JOURNAL
from brookline.journal.rules import ALL_RULES, Rules
from brookline.locations.guard import Guard, Step
from brookline.plane.node import PlaneNode
from brookline.server import assembly
from brookline.stores.registry import open_store
from brookline.stores.store import CREATED, CreateOutcome
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from brookline.plane.peers import Request
    from brookline.stores.store import Store
    from brookline.values.clock import Clock


class Overwriting:
    """A store on which an entry replaces what is in its slot: fences stop nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        if not key.startswith(JOURNAL):
            return await self._store.create(key, data)
        await self._store.put(key, data)
        return CREATED


async def open_overwriting(url: str, clock: Clock) -> Any:
    return Overwriting(await open_store(url, clock))


def heed(rules: Rules) -> None:
    """Have the server heed these rules, and no others."""
    make = PlaneNode.__init__

    def made(node: PlaneNode, *args: Any, **more: Any) -> None:
        make(node, *args, **more, rules=rules)

    PlaneNode.__init__ = made  # type: ignore[method-assign, assignment]
    assembly.ALL_RULES = rules  # type: ignore[attr-defined]


def without_fences() -> None:
    heed(
        dataclasses.replace(
            ALL_RULES,
            confirm_heartbeats=False,
            validate_after_fence=False,
            close_connections_after_stop=False,
        )
    )
    assembly.open_store = open_overwriting  # type: ignore[attr-defined]


def without_memory() -> None:
    execute = Writes.execute

    async def forgetful(writes: Writes, request: Request) -> Any:
        return await execute(writes, msgspec.structs.replace(request, id=new_id()))

    Writes.execute = forgetful  # type: ignore[method-assign, assignment]


def without_guard() -> None:
    run_once = Guard._run_once

    async def forgetful(guard: Guard, place: Any, step: Step, *args: Any, **more: Any) -> Any:
        unknown = dataclasses.replace(step, id=new_id(), epoch=0, fresh=True)
        return await run_once(guard, place, unknown, *args, **more)

    Guard._run_once = forgetful  # type: ignore[method-assign, assignment]


WEAKNESSES = {"fences": without_fences, "memory": without_memory, "guard": without_guard}

if __name__ == "__main__":
    weakness, *options = sys.argv[1:]
    WEAKNESSES[weakness]()
    main(["server", *options])
