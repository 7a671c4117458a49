"""The calls to a bucket, blocking, in the words of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import obstore

from brookline.stores.names import ENTRIES, LARGE, TOP_LEVEL, is_entry
from brookline.stores.objects import answers
from brookline.stores.objects.client import make_client
from brookline.stores.times import LARGEST_BYTES, create_limit_s

if TYPE_CHECKING:
    from brookline.stores.objects.address import Address

_PAGE = 1000
_SMALL_BYTES = 1 << 20


class Bucket:
    """The calls to one bucket. All raise `answers.FAILURES`.

    Two clients of it: a thread whose caller has given up on a small call is free again soon, and
    large values have the time that they need.

    Args:
        address: Of the bucket.

    Raises:
        StoreUnfit: If no client can be made from what is configured.
    """

    def __init__(self, address: Address) -> None:
        self._provider = address.provider
        self._client = make_client(address, patience_s=create_limit_s(0))
        self._patient = make_client(address, patience_s=2 * create_limit_s(LARGEST_BYTES))

    def top(self) -> list[tuple[str, bool]]:
        """Return the names at the top, each with whether it is a folder, which may have keys in it.

        Folders without keys do not count: servers that keep folders leave them behind when their
        last key is deleted, and consoles make them, that of the prefix itself as well.
        """
        found = obstore.list_with_delimiter(self._client)
        folders = [_last(path) for path in found["common_prefixes"]]
        names = [_last(each["path"]) for each in found["objects"]]
        ours = [name for name in folders if name in TOP_LEVEL]
        others = self._without_empty([name for name in folders if name not in TOP_LEVEL])
        return [(name, True) for name in ours + others] + [(name, False) for name in names if name]

    def _without_empty(self, folders: list[str]) -> list[str]:
        """Leave out the folders without keys before the first that has one: it decides."""
        for number, folder in enumerate(folders):
            if self._has_keys(folder):
                return folders[number:]
        return []

    def _has_keys(self, folder: str) -> bool:
        """Tell whether there are keys in a folder; an empty one of its own name is its marker."""
        pages = obstore.list(self._client, folder, chunk_size=_PAGE)
        return any(each["size"] or each["path"] != folder for page in pages for each in page)

    def create(self, key: str, data: bytes) -> None:
        """Write a key if it is absent; in one piece, for an upload in parts knows no condition."""
        obstore.put(self._for(data), key, data, mode="create", use_multipart=False)

    def put(self, key: str, data: bytes) -> None:
        """Write a key."""
        obstore.put(self._for(data), key, data, use_multipart=False)

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if the provider says that it is absent."""
        client = self._patient if key.startswith(LARGE) else self._client
        try:
            return bytes(obstore.get(client, key).bytes())
        except FileNotFoundError as problem:
            if answers.is_absent(self._provider, problem):
                return None
            raise

    def keys(self, prefix: str, after: str) -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order.

        Servers that keep folders go through them in another order, so that "begin after" would
        leave keys out; but not where all names beside each other are digits of one length.
        """
        folder = prefix.rpartition("/")[0] or None
        offset = after if is_entry(after) and prefix.startswith(ENTRIES) else None
        pages = obstore.list(self._client, folder, offset=offset, chunk_size=_PAGE)
        found = [each["path"] for page in pages for each in page]
        return sorted(key for key in found if key.startswith(prefix) and key > after)

    def delete(self, key: str) -> None:
        """Remove a key."""
        try:
            obstore.delete(self._client, key)
        except FileNotFoundError as problem:
            if not answers.need_not_delete(self._provider, problem):
                raise

    def _for(self, data: bytes) -> obstore.store.ObjectStore:
        return self._client if len(data) <= _SMALL_BYTES else self._patient


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
