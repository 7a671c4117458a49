"""The object store: keys as objects in a bucket; create is a PUT that fails if there is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import obstore

from brookline.errors import StoreError, StoreUnfit
from brookline.stores.admission import find_stranger
from brookline.stores.names import ENTRIES, check_key, check_prefix, is_entry
from brookline.stores.objects import answers
from brookline.stores.objects.address import Address, read_address
from brookline.stores.objects.client import make_client
from brookline.stores.store import CREATED, CreateOutcome
from brookline.stores.times import ANSWER_S, LARGEST_BYTES, create_limit_s, limit_s, read_limit_s

if TYPE_CHECKING:
    import builtins
    from collections.abc import Awaitable

    from brookline.stores.objects.client import Client

T = TypeVar("T")

_PAGE = 1000


class ObjectStore:
    """The five calls on a bucket. Get one by `open`.

    Args:
        address: Of the bucket.
        client: Of it.
    """

    def __init__(self, address: Address, client: Client) -> None:
        self._address = address
        self._provider = address.provider
        self._client = client

    @classmethod
    async def open(cls, url: str) -> ObjectStore:
        """Open the store in a bucket, which must be there.

        Raises:
            StoreUnfit: If it cannot hold a plane, or holds something else; nothing was touched.
            StoreError: If there is no answer, or no such bucket yet.
        """
        address = read_address(url)
        client = make_client(address)
        try:
            async with asyncio.timeout(ANSWER_S):
                found = await obstore.list_with_delimiter_async(client)
        except answers.FAILURES as problem:
            raise answers.refused(address, problem) from problem
        names = [(_last(path), True) for path in found["common_prefixes"]]
        names += [(_last(each["path"]), False) for each in found["objects"]]
        if problem_there := find_stranger(names):
            raise StoreUnfit(
                f"{address.place} {problem_there}; nothing was touched: name another prefix"
            )
        return cls(address, client)

    @property
    def broken(self) -> str:
        """Nothing: what a bucket has taken is durable."""
        return ""

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent; durable once it says `Created`."""
        check_key(key)
        try:
            async with asyncio.timeout(create_limit_s(len(data))):
                # In one piece: an upload in parts knows no condition.
                await obstore.put_async(self._client, key, data, mode="create", use_multipart=False)
        except answers.FAILURES as problem:
            return answers.outcome(self._provider, problem)
        return CREATED

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        check_key(key)
        try:
            async with asyncio.timeout(read_limit_s(key)):
                found = await obstore.get_async(self._client, key)
                return bytes(await found.bytes_async())
        except answers.FAILURES as problem:
            if answers.is_absent(self._provider, problem):
                return None
            raise self._error("read", key, problem) from problem

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer."""
        check_key(key)
        await self._ask(
            "write",
            key,
            obstore.put_async(self._client, key, data, use_multipart=False),
            limit_s(len(data)),
        )

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        check_prefix(prefix)
        return await self._ask("list", prefix, self._list(prefix, after), limit_s(LARGEST_BYTES))

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        check_key(key)
        try:
            async with asyncio.timeout(ANSWER_S):
                await obstore.delete_async(self._client, key)
        except answers.FAILURES as problem:
            if not answers.need_not_delete(self._provider, problem):
                raise self._error("delete", key, problem) from problem

    async def settle(self, key: str) -> None:
        """Do nothing: what can be read is durable."""
        check_key(key)

    async def close(self) -> None:
        """Do nothing: idle connections end by themselves."""

    async def _list(self, prefix: str, after: str) -> builtins.list[str]:
        folder = prefix.rpartition("/")[0]
        # Servers that keep folders go through them in another order, so that "begin after" would
        # leave keys out; but not where all names beside each other are digits of one length.
        offset = after if is_entry(after) and prefix.startswith(ENTRIES) else None
        pages = obstore.list(self._client, folder or None, offset=offset, chunk_size=_PAGE)
        found: list[str] = []
        async for page in pages:
            found += [each["path"] for each in page]
        return sorted(key for key in found if key.startswith(prefix) and key > after)

    async def _ask(self, operation: str, key: str, call: Awaitable[T], allowed_s: float) -> T:
        try:
            async with asyncio.timeout(allowed_s):
                return await call
        except answers.FAILURES as problem:
            raise self._error(operation, key, problem) from problem

    def _error(self, operation: str, key: str, problem: BaseException) -> StoreError:
        said = answers.read(problem).words
        return StoreError(
            f"cannot {operation} {key or 'the store'} in {self._address.place}: {said}"
        )


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
