"""The five calls: all that Brookline asks of a place where keys live."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclasses.dataclass(frozen=True, slots=True)
class Created:
    """The key was absent; it now holds these bytes, durably."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exists:
    """The key holds something; maybe these very bytes, from an earlier try of the same call."""


@dataclasses.dataclass(frozen=True, slots=True)
class Undecided:
    """No definite answer: it may have happened, or may happen later.

    Attributes:
        reason: What was heard instead of an answer, for people.
        remedy: What to do about it, where the store itself knows; else empty.
    """

    reason: str
    remedy: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class FsyncFailed(Undecided):
    """The disk failed to make something durable; whoever leads on it must stop leading.

    After a failed fsync the kernel may have dropped the pages and call the next fsync good, so
    trying again proves nothing.
    """


CreateOutcome = Created | Exists | Undecided

CREATED = Created()
EXISTS = Exists()


class Store(Protocol):
    """Keys and bytes in a place that several nodes share.

    A key is a path of segments of ``[A-Za-z0-9._-]``, joined by ``/``; no segment begins with a
    dot (`names.check_key`: another key is a ValueError), and no key is the beginning of another's
    path. Only `create` must be atomic. `get`, `put`, `list` and `delete` raise `StoreError` when
    they get no answer; after that error a `put` or `delete` may still happen.
    """

    @property
    def broken(self) -> str:
        """Why nothing more is created or settled here, after a failed fsync; else empty."""
        ...

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent: atomic among all nodes, durable once it says `Created`.

        It never raises for what the store does: a failure whose effect is not known is `Undecided`.
        """
        ...

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        ...

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer (heartbeats); readers see the old bytes or the new."""
        ...

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        ...

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        ...

    async def settle(self, key: str) -> None:
        """Make durable what `get(key)` answers, if the store can show a key that is not yet so.

        A directory may show the last entry of a writer that died between `link` and `fsync`.
        Stores whose reads are always durable do nothing.
        """
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...


@runtime_checkable
class Watchable(Protocol):
    """A store that tells of new keys: PostgreSQL and etcd do."""

    def watch(self, prefix: str) -> AsyncIterator[None]:
        """Tell each time that a key with this prefix may have been created, and once at first.

        A hint: it may come late, for nothing, or never.

        Raises:
            StoreError: If there is no connection, or it broke; ask again.
        """
        ...
