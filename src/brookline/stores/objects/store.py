"""The object store: keys as objects in a bucket; create is a PUT that fails if there is one."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from brookline.errors import StoreError
from brookline.stores.admission import refuse_stranger
from brookline.stores.keeping import Keeping
from brookline.stores.names import check_key, check_prefix
from brookline.stores.objects import answers
from brookline.stores.objects.address import Address, read_address
from brookline.stores.objects.bucket import Bucket
from brookline.stores.objects.panics import without_panic
from brookline.stores.objects.rules import read_keeping
from brookline.stores.store import CREATED, CreateOutcome, Undecided
from brookline.stores.threads import Closed, Threads
from brookline.stores.times import create_limit_s, limit_s, list_limit_s, read_limit_s

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

THREADS = 32
"""Calls of one store that may be under way at the same time: as many as a reader fetches ahead."""


class ObjectStore:
    """The five calls on a bucket; a call is one hop to a thread and back. Get one by `open`.

    Not the client's own coroutines: they end on threads of the client's, which the end of the
    process may catch at that, and then it ends as a crash would.

    Args:
        address: Of the bucket.
        bucket: The calls, blocking.
        threads: In which they are made.
    """

    def __init__(self, address: Address, bucket: Bucket, threads: Threads) -> None:
        self._address = address
        self._provider = address.provider
        self._bucket = bucket
        self._threads = threads

    @classmethod
    async def open(cls, url: str) -> ObjectStore:
        """Open the store in a bucket, which must be there.

        Raises:
            StoreUnfit: If it cannot hold a plane, or holds something else; nothing was touched.
            StoreError: If there is no answer, or no such bucket yet.
        """
        address = read_address(url)
        threads = Threads(f"store-{address.bucket}", THREADS)
        try:
            bucket = await threads.run(partial(without_panic, partial(Bucket, address)))
            async with asyncio.timeout(limit_s()):
                names = await threads.run(partial(without_panic, bucket.top))
            refuse_stranger(address.place, names)
        except answers.FAILURES as problem:
            threads.close()
            raise answers.refused(address, problem) from problem
        except BaseException:
            threads.close()
            raise
        return cls(address, bucket, threads)

    @property
    def broken(self) -> str:
        """Nothing: what a bucket has taken is durable."""
        return ""

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent; durable once it says `Created`."""
        check_key(key)
        try:
            async with asyncio.timeout(create_limit_s(len(data))):
                await self._run(partial(self._bucket.create, key, data))
        except answers.FAILURES as problem:
            return answers.outcome(self._provider, problem)
        except Closed:
            return Undecided("the store is closed; nothing was sent")
        return CREATED

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        check_key(key)
        return await self._ask("read", key, partial(self._bucket.get, key), read_limit_s(key))

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer."""
        check_key(key)
        await self._ask("write", key, partial(self._bucket.put, key, data), limit_s(len(data)))

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        check_prefix(prefix)
        call = partial(self._bucket.keys, prefix, after)
        return await self._ask("list", prefix, call, list_limit_s(prefix))

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        check_key(key)
        await self._ask("delete", key, partial(self._bucket.delete, key), limit_s())

    async def keeping(self) -> Keeping:
        """Tell what the bucket does by itself with what lies in it."""
        try:
            async with asyncio.timeout(3 * limit_s()):
                return await self._run(partial(read_keeping, self._address))
        except TimeoutError:
            return Keeping(unread="no answer in time")
        except Closed as closed:
            raise StoreError(f"{self._address.place} was closed here") from closed

    async def settle(self, key: str) -> None:
        """Do nothing: what can be read is durable."""
        check_key(key)

    async def close(self) -> None:
        """Let the threads go; one that hangs is not waited for."""
        self._threads.close()

    async def _ask(self, operation: str, key: str, call: Callable[[], T], allowed_s: float) -> T:
        try:
            async with asyncio.timeout(allowed_s):
                return await self._run(call)
        except answers.FAILURES as problem:
            said = answers.read(problem).words
            raise StoreError(
                f"cannot {operation} {key or 'the store'} in {self._address.place}: {said}"
            ) from problem
        except Closed as closed:
            raise StoreError(f"{self._address.place} was closed here") from closed

    async def _run(self, call: Callable[[], T]) -> T:
        return await self._threads.run(partial(without_panic, call))
