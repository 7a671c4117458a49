"""What the conformance probe tries, one property after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import StoreError
from brookline.stores.keeping import Keeper, note_keeping
from brookline.stores.report import Property
from brookline.stores.store import Created, CreateOutcome, Undecided

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.stores.notes import Notes
    from brookline.stores.store import Store

_TRIES = 4
_FIRST_PAUSE_S = 0.02


class Size(NamedTuple):
    """How much is tried.

    Attributes:
        name: For people.
        racers: Creates of one key at the same time.
        rounds: How often each thing is tried.
    """

    name: str
    racers: int
    rounds: int


WHOLE = Size("whole", 16, 20)
"""When a plane is created, by `brookline doctor`, and after a change of the store."""

QUICK = Size("quick", 4, 2)
"""At any other start, in the background."""


class Trials:
    """The trials of one probe, over two connections to the same store.

    Args:
        store: One connection.
        other: Another.
        notes: Where the findings go; its clock waits between looks.
        size: How much is tried.
        prefix: Beneath which all keys of these trials lie.
    """

    def __init__(
        self, store: Store, other: Store, *, notes: Notes, size: Size, prefix: str
    ) -> None:
        self._store = store
        self._other = other
        self._notes = notes
        self._size = size
        self._prefix = prefix
        self._keys: list[str] = []

    async def run(self) -> None:
        """Try everything.

        Raises:
            Failed: At the first property that does not hold.
            StoreError: If the store gives no answer.
        """
        await self._race()
        await self._live()
        await self._show_creates()
        await self._show_puts()
        if isinstance(self._store, Keeper):
            note_keeping(await self._store.keeping(), self._notes)

    async def clean_up(self) -> int:
        """Remove the keys of these trials; return how many stay behind."""
        left = 0
        for key in self._keys:
            try:
                await self._store.delete(key)
            except StoreError:
                left += 1
        return left

    async def _race(self) -> None:
        """Race for several keys, all side by side.

        A server may let those who want one key wait for a second each: one key after the other
        would take minutes.
        """
        rounds = [(self._key(f"race-{n:02d}"), self._bids(n)) for n in range(self._size.rounds)]
        async with asyncio.TaskGroup() as group:
            races = [group.create_task(self._race_for(key, bids)) for key, bids in rounds]
        for number, ((key, bids), race) in enumerate(zip(rounds, races, strict=True)):
            self._judge(number + 1, bids, race.result(), held=await self._store.get(key))
        tried = f"{self._size.rounds} rounds of {self._size.racers} racers"
        for each in (Property.DEFINITE, Property.ONE_WINNER, Property.WINNERS_BYTES):
            self._notes.hold(each, tried)

    async def _race_for(self, key: str, bids: list[bytes]) -> list[CreateOutcome]:
        connections = (self._store, self._other)
        racing = [self._decided(connections[n % 2], key, bid) for n, bid in enumerate(bids)]
        return await asyncio.gather(*racing)

    def _bids(self, number: int) -> list[bytes]:
        return [f"round {number} racer {racer}".encode() for racer in range(self._size.racers)]

    def _judge(
        self, number: int, bids: list[bytes], outcomes: list[CreateOutcome], *, held: bytes | None
    ) -> None:
        for outcome in outcomes:
            self._require_definite(outcome)
        won = [bid for bid, told in zip(bids, outcomes, strict=True) if isinstance(told, Created)]
        if len(won) > 1:
            seen = f"in round {number}, {len(won)} of {len(bids)} racers were told that they won"
            self._notes.fail(Property.ONE_WINNER, seen)
        # Nobody was told so if the winner's answer got lost, and its next try found the key taken.
        if held not in (won or bids):
            seen = "nothing" if held is None else "other bytes"
            self._notes.fail(Property.WINNERS_BYTES, f"in round {number}, the key held {seen}")

    async def _live(self) -> None:
        """Follow keys, alone, from their creation to their deletion and back."""
        for number in range(self._size.rounds):
            key, data = self._key(f"life-{number:02d}"), f"first {number}".encode()
            await self._create(key, data)
            await self._refuse(key, data)
            await self._follow_listing(Property.LISTS_NEW, key, listed=True)
            await self._store.delete(key)
            await self._follow_listing(Property.LISTS_GONE, key, listed=False)
            await self._recreate(key, f"second {number}".encode())
        for each in (Property.READS_OWN, Property.REFUSES, Property.RECREATES):
            self._notes.hold(each, f"{self._size.rounds} keys")

    async def _create(self, key: str, data: bytes) -> None:
        outcome = await self._notes.time("create", self._decided(self._store, key, data))
        self._require_definite(outcome)
        if await self._notes.time("get", self._store.get(key)) != data:
            self._notes.fail(Property.READS_OWN, "it was absent, or held other bytes")

    async def _refuse(self, key: str, data: bytes) -> None:
        for connection in (self._store, self._other):
            if isinstance(await self._decided(connection, key, b"another"), Created):
                self._notes.fail(Property.REFUSES, "a second create was told that it won")
            if await self._store.get(key) != data:
                self._notes.fail(Property.REFUSES, "a create that was refused changed the key")

    async def _recreate(self, key: str, data: bytes) -> None:
        if await self._store.get(key) is not None:
            self._notes.fail(Property.RECREATES, "a key could be read after its deletion")
        self._require_definite(await self._decided(self._store, key, data))
        if await self._store.get(key) != data:
            self._notes.fail(Property.RECREATES, "a second life of the key was refused")

    async def _follow_listing(self, wanted: Property, key: str, *, listed: bool) -> None:
        async def shown() -> bool:
            keys = await self._notes.time("list", self._store.list(self._prefix))
            return (key in keys) is listed

        await self._notes.follow(wanted, shown)

    async def _show_creates(self) -> None:
        """Measure when the other connection, having found keys absent, sees them created."""
        for number in range(self._size.rounds):
            key, data = self._key(f"seen-{number:02d}"), f"seen {number}".encode()
            await self._other.get(key)
            await self._create(key, data)
            await self._notes.follow(Property.SHOWS_CREATE, self._reader(key, data))

    async def _show_puts(self) -> None:
        """Measure when the other connection sees a key overwritten, as it must see heartbeats."""
        key = self._key("put")
        for number in range(self._size.rounds):
            data = f"beat {number}".encode()
            await self._store.put(key, data)
            await self._notes.follow(Property.SHOWS_PUT, self._reader(key, data))

    def _reader(self, key: str, data: bytes) -> Callable[[], Awaitable[bool]]:
        async def shown() -> bool:
            return await self._notes.time("get", self._other.get(key)) == data

        return shown

    async def _decided(self, store: Store, key: str, data: bytes) -> CreateOutcome:
        """Create, with the same bytes, until the answer is definite, or after some tries."""
        outcome = await store.create(key, data)
        pause = _FIRST_PAUSE_S
        for _ in range(_TRIES - 1):
            if not isinstance(outcome, Undecided):
                break
            await self._notes.clock.sleep(pause)
            pause *= 4
            outcome = await store.create(key, data)
        return outcome

    def _require_definite(self, outcome: CreateOutcome) -> None:
        if isinstance(outcome, Undecided):
            self._notes.fail(Property.DEFINITE, outcome.reason, remedy=outcome.remedy)

    def _key(self, name: str) -> str:
        self._keys.append(self._prefix + name)
        return self._keys[-1]
