"""Restoring: a point of one plane's log becomes the beginning of another plane's.

The new log begins with a snapshot of that point under the new plane's id, its announcement, and an
`import` entry that says where it is from and what was changed on the way. The key ``moving``
comes first: of several restores and moves into one store, that one goes on which wrote it. The key ``plane`` comes
last: until then no node begins there.

The epoch goes up: to the present second, if that is higher. Machines remember the highest epoch that
commanded them; so they obey the restored plane, and no longer one that was left behind, however far
that had come since the point.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from brookline.errors import Conflict, Damaged, StoreError
from brookline.journal import append, snapshot
from brookline.journal.entry import Entry, encode_payload, seal
from brookline.journal.keys import BLOB, JOURNAL, MOVING, NODE, PLANE, SNAPSHOT, blob_key, entry_key
from brookline.journal.planekey import Mark, PlaneKey
from brookline.journal.replica import Prefix, Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.sealing import MOST_BYTES
from brookline.journal.standing import HISTORY, Standing
from brookline.values.ids import SYSTEM_RANDOM, new_id
from brookline.wire.changes import Item, Put
from brookline.wire.entries import FORMAT, Header, Import, SnapshotTaken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.stores.store import Store
    from brookline.values.clock import Clock
    from brookline.wire.entries import Payload

WRITER = "restore"
"""Stands in the entries in place of a node."""


_MOST_TRIES = 8
"""Of a write whose outcome the store does not say; the pauses between them add up to four seconds."""


class Plan(NamedTuple):
    """What the new plane begins with.

    Attributes:
        plane: Its id.
        epoch: Of its first entries; the first master's is higher.
        source: Where it is from, for people.
        items: What is changed on the way.
        interrupted: Names of the operations that are cut off by it, for the history.
    """

    plane: str
    epoch: int
    source: str
    items: Sequence[Item]
    interrupted: Sequence[str] = ()


def next_epoch(epoch: int, wall_ms: int) -> int:
    """Return an epoch above all that the plane had, and those of earlier restores from it."""
    return max(epoch + 1, wall_ms // 1000)


async def require_empty(store: Store, url: str) -> None:
    """Refuse a store that holds anything of a plane.

    Raises:
        Conflict: If it does.
        StoreError: If it does not answer.
    """
    held = await _held(store) or (MOVING if await store.get(MOVING) is not None else "")
    if held == PLANE:
        raise Conflict(f"{url} holds a plane already: name an empty store, or a new folder in it")
    if held:
        raise Conflict(
            f"{url} is not empty: it holds {held}, perhaps of a copy that was cut short;"
            " empty it, or name another"
        )


async def _held(store: Store) -> str:
    """Return a key that a store holds of a plane, apart from a claim on it; else nothing."""
    if await store.get(PLANE) is not None:
        return PLANE
    for prefix in (JOURNAL, SNAPSHOT, BLOB, NODE):
        if found := await store.list(prefix):
            return found[0]
    return ""


async def _claim(store: Store, plane: str, clock: Clock) -> None:
    """Take an empty store for a plane.

    Raises:
        Conflict: If something else comes there, or came before this.
    """
    mark = msgspec.json.encode(Mark(plane, new_id()))
    try:
        await write(store, MOVING, mark, clock)
    except Conflict as refusal:
        raise Conflict(
            "something else is being restored or copied to that store: name another"
        ) from refusal
    if held := await _held(store):  # of a node that has begun there meanwhile
        raise Conflict(f"the store is not empty any more: it holds {held}; name another")


async def plant(store: Store, point: Replica, plan: Plan, clock: Clock) -> int:
    """Begin a plane in an empty store with what another one was at a point.

    Returns:
        The last entry of the new log.

    Raises:
        StoreError: If the store does not do it; what is there by then is no plane.
        Conflict: If somebody else writes there; no entry of this one is left there then.
    """
    before = Standing(unsettled=True, collected=point.seq)
    replica = Replica(plan.plane, Prefix(point.seq, point.hash, plan.epoch, before))
    replica.records = point.records
    key, data = await snapshot.encode(replica, clock)
    await _claim(store, plan.plane, clock)
    # An entry first: who finds one, and no key `plane`, begins no plane of its own there.
    await _append(store, replica, SnapshotTaken(key, point.seq, len(data)), clock)
    await write(store, key, data, clock)
    items = (*plan.items, _history(plan, clock.wall_ms()))
    await _append(store, replica, Import(plan.source, items), clock)
    await write(store, PLANE, msgspec.json.encode(PlaneKey(FORMAT, plan.plane)), clock)
    return replica.seq


def _history(plan: Plan, now_ms: int) -> Item:
    """Return what the history of masterships says of the restore, which led for no time."""
    row = {
        "epoch": plan.epoch, "node": WRITER, "name": WRITER, "from": "", "reason": "restored",
        "evidence": plan.source, "detectMs": 0, "electMs": 0, "guess": False,
        "interrupted": list(plan.interrupted), "startedUtc": now_ms, "endedUtc": now_ms,
    }  # fmt: skip
    return Item((Put(HISTORY, str(plan.epoch), row),))


async def write(store: Store, key: str, data: bytes, clock: Clock) -> None:
    """Have a key hold these bytes, durably.

    Raises:
        Conflict: If it holds something else.
        StoreError: If that cannot be made durable.
    """
    settled = await append.settle(
        store, key, data, clock=clock, rules=ALL_RULES, on_undecided=_Impatience(key)
    )
    match settled:
        case append.Mine():
            return
        case append.Taken():
            raise Conflict(
                f"{key} is there already and holds something else: somebody writes there"
            )
        case append.InDoubt(reason=reason):
            raise StoreError(reason)
        case append.GivenUp():
            raise StoreError(f"the store did not say whether {key} was written")


class _Impatience:
    """Gives up when a store has not answered definitely for some time; people wait for it."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._tries = 0

    def __call__(self, reason: str) -> None:
        self._tries += 1
        if self._tries >= _MOST_TRIES:
            raise StoreError(f"{self._key} cannot be written: {reason}")


async def _append(store: Store, replica: Replica, payload: Payload, clock: Clock) -> None:
    """Write the entry that follows a replica, and move that on."""
    body = encode_payload(payload)
    blob = body if len(body) > MOST_BYTES else b""
    digest = hashlib.sha256(blob).hexdigest() if blob else ""
    header = Header(
        format=FORMAT,
        plane=replica.plane,
        seq=replica.seq + 1,
        epoch=replica.epoch,
        node=WRITER,
        nonce=new_id(SYSTEM_RANDOM, 16),
        wall_ms=clock.wall_ms(),
        prev=replica.hash,
        size=len(body),
        digest=digest,
        blob=blob_key(replica.epoch, digest) if blob else "",
    )
    data, found = seal(header, b"null" if blob else body)
    if blob:
        await write(store, header.blob, blob, clock)
    await write(store, entry_key(header.seq), data, clock)
    try:
        await replica.apply(Entry(header, payload, found, len(data) + len(blob)))
    except Damaged as error:  # pragma: no cover - it was made to follow
        raise StoreError(error.message) from error
