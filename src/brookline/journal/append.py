"""One append, until its answer is definite: never skip a slot, never reuse one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.stores.store import Created, Exists, FsyncFailed, Undecided

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.rules import Rules
    from brookline.stores.store import Store
    from brookline.values.clock import Clock

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Mine:
    """The slot holds these very bytes, durably."""


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """The slot holds something else.

    Attributes:
        data: What.
    """

    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class InDoubt:
    """The slot was taken and then absent, or the disk failed to say what is durable: stop.

    Attributes:
        reason: For people.
    """

    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class GivenUp:
    """No definite answer, and nothing more is tried: only with the rule switched off."""


Settled = Mine | Taken | InDoubt | GivenUp


async def settle(
    store: Store,
    key: str,
    mine: bytes,
    *,
    clock: Clock,
    rules: Rules,
    on_undecided: Callable[[str], object] = str,
) -> Settled:
    """Create `key`, with the same bytes again and again, until it is known what it holds.

    Args:
        store: Where.
        key: The slot.
        mine: The bytes; they hold a nonce, so that nobody else's are equal.
        clock: For the pauses between tries.
        rules: Protective rules.
        on_undecided: Told why, after each try without a definite answer.
    """
    pause = _FIRST_PAUSE_S
    while True:
        match await store.create(key, mine):
            case Created():
                return Mine()
            case Exists():
                found = await _held(store, key, clock)
                if found is None:
                    return InDoubt(f"{key} was taken and then absent")
                if found != mine:
                    return Taken(found)
                # Not `Created`: an earlier try of these bytes won; make sure that it is durable.
                if await _durable(store, key):
                    return Mine()
            case FsyncFailed(reason=reason):
                return InDoubt(reason)
            case Undecided(reason=reason):
                on_undecided(reason)
                if not rules.same_bytes_on_undecided:
                    return GivenUp()
        await clock.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


async def _held(store: Store, key: str, clock: Clock) -> bytes | None:
    """Return what a key holds that exists; None if it is absent in two looks."""
    looks, pause = 2, _FIRST_PAUSE_S
    while looks:
        try:
            found = await store.get(key)
        except StoreError:
            await clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            continue
        if found is not None:
            return found
        looks -= 1
        await clock.sleep(_FIRST_PAUSE_S)
    return None


async def _durable(store: Store, key: str) -> bool:
    try:
        await store.settle(key)
    except StoreError:
        return False
    return True
