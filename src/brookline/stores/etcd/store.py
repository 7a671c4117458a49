"""The etcd store: keys beneath a prefix; create is a transaction on a key that has no revision."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from brookline.errors import StoreError, StoreUnfit
from brookline.stores.admission import refuse_stranger
from brookline.stores.etcd.address import Address, read_address
from brookline.stores.etcd.compaction import Compaction
from brookline.stores.etcd.gateway import FAILURES, Gateway, refused, remedy, said
from brookline.stores.etcd.keyspace import (
    PART_BYTES,
    Keyspace,
    Range,
    Upload,
    is_part,
    read_value,
    value_in_parts,
    value_of,
)
from brookline.stores.etcd.parts import Parts
from brookline.stores.etcd.watching import Watching
from brookline.stores.names import PLANE, check_key, check_prefix
from brookline.stores.store import CREATED, EXISTS, CreateOutcome, Undecided
from brookline.stores.times import create_limit_s, limit_s, list_limit_s, read_limit_s

if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncIterator

    from brookline.values.clock import Clock

_PAGE = 2000
_LOOKS = 3
_OLDEST = (3, 4)


class EtcdStore:
    """The five calls on a prefix. Get one by `open`.

    Args:
        address: Of the cluster.
        gateway: To it.
        clock: For compaction.
    """

    def __init__(self, address: Address, gateway: Gateway, clock: Clock) -> None:
        self._address = address
        self._gateway = gateway
        self._keys = Keyspace(address.prefix)
        self._parts = Parts(gateway, self._keys)
        self._compaction = Compaction(gateway, clock) if address.compacts else None

    @classmethod
    async def open(cls, url: str, clock: Clock) -> EtcdStore:
        """Open the store in a cluster.

        Raises:
            StoreUnfit: If it cannot hold a plane, or the prefix holds something else.
            StoreError: If there is no answer.
        """
        address = read_address(url)
        gateway = Gateway(address)
        store = cls(address, gateway, clock)
        try:
            await store._check()
        except FAILURES as problem:
            await gateway.close()
            raise refused(address, problem) from problem
        except BaseException:
            await gateway.close()
            raise
        return store

    @property
    def broken(self) -> str:
        """Nothing: what etcd has answered is durable on most of its members."""
        return ""

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent; durable once it says `Created`."""
        check_key(key)
        try:
            async with asyncio.timeout(create_limit_s(len(data))):
                if len(data) > PART_BYTES:
                    return await self._create_in_parts(key, data)
                answer = await self._commit(*self._creation(key, value_of(data)))
        except FAILURES as problem:
            return Undecided(said(problem), remedy(problem))
        return CREATED if answer.get("succeeded") else EXISTS

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        check_key(key)
        try:
            async with asyncio.timeout(read_limit_s(key)):
                return await self._get(key)
        except (*FAILURES, ValueError) as problem:
            raise self._error("read", key, problem) from problem

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer."""
        check_key(key)
        try:
            async with asyncio.timeout(limit_s(len(data))):
                revision = await self._put(key, data)
        except FAILURES as problem:
            raise self._error("write", key, problem) from problem
        if self._compaction is not None:
            await self._compaction.consider(revision)

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        check_prefix(prefix)
        try:
            async with asyncio.timeout(list_limit_s(prefix)):
                return await self._list(prefix, after)
        except FAILURES as problem:
            raise self._error("list", prefix, problem) from problem

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        check_key(key)
        gone = [
            {"request_delete_range": {"key": self._keys.name(key)}},
            {"request_delete_range": self._keys.parts(key).body()},
        ]
        try:
            await self._gateway.ask("/v3/kv/txn", {"success": gone})
        except FAILURES as problem:
            raise self._error("delete", key, problem) from problem

    async def settle(self, key: str) -> None:
        """Do nothing: what can be read is durable, for reads ask most members."""
        check_key(key)

    async def watch(self, prefix: str) -> AsyncIterator[None]:
        """Tell each time that a key with this prefix may have been created; a hint.

        Raises:
            StoreError: If there is no connection, or it broke; ask again.
        """
        wanted = self._keys.listed(prefix, "").body(filters=["NODELETE"])
        try:
            async for _ in Watching(self._gateway, wanted).hints():
                yield
        except FAILURES as problem:
            raise self._error("watch", prefix, problem) from problem

    async def close(self) -> None:
        """End the connections."""
        await self._gateway.close()

    async def _check(self) -> None:
        version = str((await self._gateway.ask("/version", None)).get("etcdserver", "?"))
        numbers = version.split(".")[:2]
        if not all(map(str.isdecimal, numbers)) or tuple(map(int, numbers)) < _OLDEST:
            raise StoreUnfit(f"{self._address.place}: etcd {version} is too old: 3.4 is the oldest")
        first = await self._page("", "", limit=1000)
        names = {(key.partition("/")[0], "/" in key) for key in first}
        if (PLANE, False) not in names and await self._get(PLANE) is not None:
            return
        refuse_stranger(self._address.place, names)

    async def _create_in_parts(self, key: str, data: bytes) -> CreateOutcome:
        upload, revision = await self._parts.upload(key, data)
        value = value_in_parts(upload)
        whole = {
            "target": "MOD",
            "key": self._keys.part(key, upload.id, 0),
            "mod_revision": revision,
        }
        compare, success = self._creation(key, value)
        answer = await self._commit([*compare, whole], success, key)
        self._parts.forget(upload)
        if answer.get("succeeded"):
            return CREATED
        held = answer["responses"][0]["response_range"].get("kvs")
        if held and held[0].get("value") == value:
            return EXISTS
        await self._gateway.ask("/v3/kv/deleterange", self._keys.parts(key, upload.id).body())
        return EXISTS if held else Undecided("the key was deleted while its value was sent")

    async def _get(self, key: str) -> bytes | None:
        for _ in range(_LOOKS):
            answer = await self._gateway.ask(
                "/v3/kv/range", {"key": self._keys.name(key)}, allowed_s=read_limit_s(key)
            )
            if not answer.get("kvs"):
                return None
            held = read_value(answer["kvs"][0]["value"])
            if not isinstance(held, Upload):
                return held
            if (found := await self._parts.download(key, held)) is not None:
                return found
        raise ValueError("parts of its value are missing")

    async def _put(self, key: str, data: bytes) -> int:
        """Write a key and remove the parts of its former value; return the revision."""
        old: tuple[Range, ...] = (self._keys.parts(key),)
        if len(data) > PART_BYTES:
            upload, _ = await self._parts.upload(key, data)
            self._parts.forget(upload)
            value, old = value_in_parts(upload), self._keys.other_parts(key, upload.id)
        else:
            value = value_of(data)
        done: list[Any] = [{"request_put": {"key": self._keys.name(key), "value": value}}]
        done += [{"request_delete_range": each.body()} for each in old]
        answer = await self._gateway.ask(
            "/v3/kv/txn", {"success": done}, allowed_s=limit_s(len(data)), safe=False
        )
        return int(answer["header"]["revision"])

    async def _list(self, prefix: str, after: str) -> builtins.list[str]:
        found: list[str] = []
        while True:
            page = await self._page(prefix, after, limit=_PAGE)
            found += [key for key in page if not is_part(key)]
            if len(page) < _PAGE:
                return found
            after = page[-1]

    async def _page(self, prefix: str, after: str, *, limit: int) -> builtins.list[str]:
        wanted = self._keys.listed(prefix, after).body(limit=limit, keys_only=True)
        answer = await self._gateway.ask("/v3/kv/range", wanted)
        return [self._keys.key(each["key"]) for each in answer.get("kvs", ())]

    def _creation(self, key: str, value: str) -> tuple[builtins.list[Any], builtins.list[Any]]:
        """Return the condition, and what is done if it holds."""
        name = self._keys.name(key)
        return (
            [{"target": "CREATE", "key": name, "create_revision": "0"}],
            [{"request_put": {"key": name, "value": value}}],
        )

    async def _commit(
        self, compare: builtins.list[Any], success: builtins.list[Any], shown: str = ""
    ) -> Any:
        """Do something if a condition holds; else return what a key holds, if one is named."""
        body = {"compare": compare, "success": success}
        if shown:
            body["failure"] = [{"request_range": {"key": self._keys.name(shown)}}]
        return await self._gateway.ask(
            "/v3/kv/txn", body, allowed_s=create_limit_s(PART_BYTES), safe=False
        )

    def _error(self, operation: str, key: str, problem: BaseException) -> StoreError:
        return StoreError(
            f"cannot {operation} {key or 'the store'} in {self._address.place}: {said(problem)}"
        )
