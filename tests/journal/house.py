"""A journal on a shelf under virtual time, with a store that does as it is told."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, TypeVar

from brookline.errors import StoreError
from brookline.journal.entry import Entry, decode, encode_payload, open_entry, seal
from brookline.journal.fencing import Fencer, Won
from brookline.journal.keys import JOURNAL, entry_key
from brookline.journal.queue import Decision
from brookline.journal.reader import Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.writer import Writer
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf
from brookline.testing.clock import SimClock
from brookline.testing.loop import SimLoop
from brookline.wire.changes import Change, Put
from brookline.wire.entries import FORMAT, Active, Fence, Header, Payload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from brookline.stores.store import CreateOutcome

T = TypeVar("T")
PLANE = "plane-1"


def sim(story: Callable[[Journal], Coroutine[Any, Any, T]]) -> T:
    """Run a story about a journal under virtual time; nothing may go wrong unseen."""
    loop = SimLoop()
    told = loop.run(_told(loop, story))
    assert loop.accidents == []
    return told


async def _told(loop: SimLoop, story: Callable[[Journal], Awaitable[T]]) -> T:
    return await story(Journal(SimClock(loop.true_time)))


class ScriptedStore(MemoryStore):
    """A store without faults of its own; tests put some of their own into its way.

    Attributes:
        calls: What was asked, as in ``create journal/0000000/0000000001``.
        before: Called before each call takes effect; may raise or wait.
        outcomes: What the next creates answer after they took effect, or instead of it.
    """

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        self.shelf = shelf
        self.calls: list[str] = []
        self.before: Callable[[str], Awaitable[None]] | None = None
        self.outcomes: list[tuple[bool, CreateOutcome]] = []
        self.unsettled: list[str] = []

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        await self._asked(f"create {key}")
        if self.outcomes and key.startswith(JOURNAL):
            lands, outcome = self.outcomes.pop(0)
            if lands:
                self.shelf.create(key, data)
            return outcome
        return await super().create(key, data)

    async def get(self, key: str) -> bytes | None:
        await self._asked(f"get {key}")
        return await super().get(key)

    async def put(self, key: str, data: bytes) -> None:
        await self._asked(f"put {key}")
        await super().put(key, data)

    async def list(self, prefix: str, after: str = "") -> list[str]:
        await self._asked(f"list {prefix}")
        return await super().list(prefix, after)

    async def delete(self, key: str) -> None:
        await self._asked(f"delete {key}")
        await super().delete(key)

    async def settle(self, key: str) -> None:
        await self._asked(f"settle {key}")
        if key in self.unsettled:
            raise StoreError(f"cannot settle {key}")

    async def _asked(self, call: str) -> None:
        self.calls.append(call)
        if self.before is not None:
            await self.before(call)

    def asked(self, call: str) -> int:
        """Return how often something was asked."""
        return sum(1 for one in self.calls if one.startswith(call))


class Journal:
    """A shelf, and what it takes to read and write a log on it."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.shelf = Shelf(clock)
        self.random = random.Random(1)

    def store(self) -> ScriptedStore:
        return ScriptedStore(self.shelf)

    def reader(self, replica: Replica, store: Any = None, **more: Any) -> Reader:
        return Reader(
            store or self.store(), replica, clock=self.clock, rules=ALL_RULES,
            **{"gap_alarm_s": 60.0, **more},
        )  # fmt: skip

    async def read(self) -> Replica:
        """Return what somebody sees who reads the whole log now."""
        replica = Replica(PLANE)
        reader = self.reader(replica)
        await reader.load()
        await reader.catch_up()
        return replica

    def fencer(self, replica: Replica, node: str = "n1", store: Any = None) -> Fencer:
        store = store or self.store()
        return Fencer(
            store, self.reader(replica, store), replica, node=node, clock=self.clock,
            randomness=self.random, rules=ALL_RULES,
        )  # fmt: skip

    async def fence(self, replica: Replica, node: str = "n1", store: Any = None) -> None:
        outcome = await self.fencer(replica, node, store).fence(draft, lambda: True)
        assert isinstance(outcome, Won), outcome

    def writer(self, replica: Replica, store: Any = None, **more: Any) -> Writer:
        options = {"node": "n1", "wait_s": 10.0, "rules": ALL_RULES, **more}
        return Writer(
            store or self.store(), replica, clock=self.clock, randomness=self.random, **options
        )

    async def leads(self, node: str = "n1", **more: Any) -> Mastership:
        """Return a master that has fenced and writes."""
        store = self.store()
        replica = Replica(PLANE)
        await self.fence(replica, node, store)
        return Mastership(store, replica, self.writer(replica, store, node=node, **more))

    def entries(self) -> list[Entry]:
        """Return all entries that are on the shelf, decoded."""
        return [self.entry(key) for key in self.shelf.keys(JOURNAL, "")]

    def entry(self, key: str) -> Entry:
        opened = open_entry(self.shelf.get(key) or b"", key)
        return decode(opened, key, self.shelf.get(opened.header.blob or "none"))

    def append(self, replica: Replica, payload: Payload, **more: Any) -> Entry:
        """Put an entry on the shelf that follows `replica`, without moving it on."""
        entry, data = made(replica, payload, **more)
        self.shelf.create(entry_key(entry.seq), data)
        return entry


class Mastership:
    """One that writes, until it is told to end."""

    def __init__(self, store: ScriptedStore, replica: Replica, writer: Writer) -> None:
        self.store = store
        self.replica = replica
        self.writer = writer
        self.running = asyncio.ensure_future(writer.run())

    async def put(self, record_id: str, **value: Any) -> Any:
        return await self.writer.commit(
            lambda _: Decision([Put("item", record_id, value)], record_id), request=record_id
        )

    async def end(self) -> None:
        self.writer.close("the test is over")
        await self.running


def draft() -> Fence:
    return Fence(name="n1", reason="first start")


def made(replica: Replica, payload: Payload, **more: Any) -> tuple[Entry, bytes]:
    """Return an entry that follows `replica`, and its bytes; `more` is put into its header."""
    body = encode_payload(payload)
    step = 1 if isinstance(payload, Fence) else 0
    fields = {
        "format": FORMAT, "plane": replica.plane, "seq": replica.seq + 1,
        "epoch": replica.epoch + step, "node": "n1", "nonce": "nonce", "wall_ms": 1,
        "prev": replica.hash, "size": len(body), **more,
    }  # fmt: skip
    header = Header(**fields)
    data, digest = seal(header, body)
    return Entry(header, payload, digest, len(data)), data


async def grow(replica: Replica, *payloads: Payload) -> None:
    """Apply entries of these payloads."""
    for payload in payloads:
        await replica.apply(made(replica, payload)[0])


def fenced(payload: Payload | None = None) -> list[Payload]:
    return [draft(), payload or Active()]


def put(record_id: str, **value: Any) -> Change:
    return Put("item", record_id, value)


class Gate:
    """Holds creates of entries until it is opened."""

    def __init__(self, master: Mastership) -> None:
        self.open = asyncio.Event()
        self.waiting = 0
        self.most = 0
        master.store.before = self._before

    async def _before(self, call: str) -> None:
        if call.startswith(f"create {JOURNAL}"):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self.open.wait()
            self.waiting -= 1


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)
