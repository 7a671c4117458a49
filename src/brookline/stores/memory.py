"""The memory store: for simulations and tests, with every fault that a real store may have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, TypeVar

from brookline.errors import StoreError
from brookline.stores.faults import NEVER, PROMPT, Fate, Faults
from brookline.stores.names import check_key, check_prefix
from brookline.stores.store import CreateOutcome, Exists, Undecided

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.stores.shelf import Shelf

T = TypeVar("T")

_NO_ANSWER = "the store did not answer"
_CONFLICT = "409 ConditionalRequestConflict"


class Later(Protocol):
    """Calls back after some seconds, as `loop.call_later` does.

    A simulation binds it to the store's side, so that requests land though their sender crashed.
    """

    def __call__(self, delay_s: float, callback: Callable[[], None], /) -> object:
        """Arrange for a call."""
        ...


class _NoAnswer(Exception):
    """The sender waited in vain; the request may have landed, or may yet."""


class MemoryStore:
    """One handle, as a node's connection, on a shelf that several handles share.

    Without faults a call yields to the loop once and then takes effect at once. Durable as long as
    the process: `settle` has nothing to do.

    Args:
        shelf: The content.
        name: Of this handle, by which faults know it.
        faults: What goes wrong; None if nothing does.
        later: Carries requests that take time; the running loop's `call_later` if None.
    """

    def __init__(
        self,
        shelf: Shelf,
        name: str = "",
        *,
        faults: Faults | None = None,
        later: Later | None = None,
    ) -> None:
        self.name = name
        self._shelf = shelf
        self._clock = shelf.clock
        self._faults = faults
        self._later = later
        self._absent: dict[str, float] = {}  # until when this handle takes a key for absent

    @property
    def broken(self) -> str:
        """Nothing: there is no fsync that could fail."""
        return ""

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent."""
        check_key(key)
        if self._faults is None:
            await self._clock.sleep(0)
            return self._shelf.create(key, data)
        effect = self._creating(key, data, self._faults)
        try:
            outcome = await self._send("create", key, effect)
        except _NoAnswer:
            return Undecided(_NO_ANSWER)
        self._absent.pop(key, None)
        return outcome

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        check_key(key)
        if self._faults is None:
            await self._clock.sleep(0)
            return self._shelf.get(key)
        found = await self._ask("get", key, lambda: self._shelf.get(key))
        return self._seen(key, found, self._faults)

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer."""
        check_key(key)
        if self._faults is None:
            await self._clock.sleep(0)
            self._shelf.put(key, data)
            return
        lag = self._faults.list_lag_s(key)
        await self._ask("put", key, lambda: self._shelf.put(key, data, list_lag_s=lag))
        self._absent.pop(key, None)

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        check_prefix(prefix)
        if self._faults is None:
            await self._clock.sleep(0)
            return self._shelf.keys(prefix, after)
        return await self._ask("list", prefix, lambda: self._shelf.keys(prefix, after))

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        check_key(key)
        if self._faults is None:
            await self._clock.sleep(0)
            self._shelf.delete(key)
            return
        lag = self._faults.list_lag_s(key)
        await self._ask("delete", key, lambda: self._shelf.delete(key, list_lag_s=lag))

    async def settle(self, key: str) -> None:
        """Do nothing: what can be read is as durable as it will ever be."""
        check_key(key)

    async def close(self) -> None:
        """Do nothing; the shelf stays as long as somebody holds it."""

    def _creating(self, key: str, data: bytes, faults: Faults) -> Callable[[], CreateOutcome]:
        """Return what a create does when it lands."""
        lag, sent = faults.list_lag_s(key), self._clock.monotonic()

        def land() -> CreateOutcome:
            outcome = self._shelf.create(key, data, list_lag_s=lag)
            met = isinstance(outcome, Exists) and self._shelf.since(key) > sent
            return Undecided(_CONFLICT) if met and faults.conflicts(self.name, key) else outcome

        return land

    def _seen(self, key: str, found: bytes | None, faults: Faults) -> bytes | None:
        """Return what this handle sees of an answer, which may be an absence that it remembers."""
        now = self._clock.monotonic()
        if self._absent.get(key, now) > now:
            return None
        self._absent.pop(key, None)
        if found is None and (lag := faults.absence_lag_s(self.name, key)) > 0.0:
            self._absent[key] = now + lag
        return found

    async def _ask(self, operation: str, key: str, effect: Callable[[], T]) -> T:
        try:
            return await self._send(operation, key, effect)
        except _NoAnswer as problem:
            raise StoreError(f"cannot {operation} {key or 'the store'}: {_NO_ANSWER}") from problem

    async def _send(self, operation: str, key: str, effect: Callable[[], T]) -> T:
        assert self._faults is not None
        fate = self._faults.fate(self.name, operation, key)
        if fate is PROMPT:
            await self._clock.sleep(0)
            return effect()
        answer = self._carry(fate, effect)
        if not fate.heard:
            await self._clock.sleep(fate.gives_up_s)
            raise _NoAnswer
        heard = await answer
        if fate.answer_s > 0.0:
            await self._clock.sleep(fate.answer_s)
        return heard

    def _carry(self, fate: Fate, effect: Callable[[], T]) -> asyncio.Future[T]:
        """Let a request, and its copy, land when they do; return the answer to be heard."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        later = self._later or loop.call_later

        def land(*, audible: bool) -> None:
            result = effect()
            if audible and not answer.done():
                answer.set_result(result)

        if fate.lands_s != NEVER:
            later(fate.lands_s, lambda: land(audible=not fate.echo))
            if fate.again_s != NEVER:
                later(fate.lands_s + fate.again_s, lambda: land(audible=fate.echo))
        return answer
