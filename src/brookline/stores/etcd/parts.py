"""Values that are too large for one request: up in parts, and down again."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.stores.etcd.keyspace import Upload, pieces, read_part
from brookline.values.ids import SYSTEM_RANDOM, new_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.stores.etcd.gateway import Gateway
    from brookline.stores.etcd.keyspace import Keyspace

_AT_ONCE = 4


class Sent(NamedTuple):
    """A value that was uploaded.

    Attributes:
        upload: Where it is.
        revision: At which its first part was put. Whatever deletes one of its parts deletes the
            first, and what is put once more, for its answer was lost and it lands late, has a
            later revision: so while the first part has this one, all are there.
    """

    upload: Upload
    revision: str


class Parts:
    """Uploads and downloads of one store.

    A create that is undecided is tried again with the same bytes; it finds its upload here, begun
    or done, so that no second one is left behind when the first turns out to have won.
    """

    def __init__(self, gateway: Gateway, keys: Keyspace) -> None:
        self._gateway = gateway
        self._keys = keys
        self._begun: dict[tuple[str, bytes], Upload] = {}
        self._done: dict[tuple[str, bytes], Sent] = {}

    async def upload(self, key: str, data: bytes) -> Sent:
        """Put the parts of a value, unless they were put before; raises as `Gateway.ask`."""
        mark = (key, hashlib.sha256(data).digest())
        if (known := self._done.get(mark)) is not None:
            return known
        values = pieces(data)
        made = self._begun.setdefault(mark, Upload(new_id(SYSTEM_RANDOM), len(values)))

        async def put(number: int) -> Any:
            body = {"key": self._keys.part(key, made.id, number), "value": values[number]}
            return await self._gateway.ask("/v3/kv/put", body)

        # The first before all others: a delete that comes between takes it, and the key's condition
        # is that it is there.
        first = await put(0)
        await _few_at_once(put, range(1, made.parts))
        self._done[mark] = Sent(made, str(first["header"]["revision"]))
        return self._done[mark]

    def forget(self, upload: Upload) -> None:
        """Upload again next time: it is known what became of this one."""
        self._begun = {mark: each for mark, each in self._begun.items() if each != upload}
        self._done = {mark: each for mark, each in self._done.items() if each.upload != upload}

    async def download(self, key: str, upload: Upload) -> bytes | None:
        """Return what was uploaded; None if it is not all there, as after a delete.

        Raises as `Gateway.ask`.
        """

        async def get(number: int) -> Any:
            body = {"key": self._keys.part(key, upload.id, number)}
            return await self._gateway.ask("/v3/kv/range", body)

        answers = await _few_at_once(get, range(upload.parts))
        found = [answer.get("kvs") for answer in answers]
        if not all(found):
            return None
        return b"".join(read_part(kvs[0].get("value", "")) for kvs in found)


async def _few_at_once(call: Callable[[int], Awaitable[Any]], numbers: range) -> list[Any]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def run(number: int) -> Any:
        async with room:
            return await call(number)

    return await asyncio.gather(*map(run, numbers))
