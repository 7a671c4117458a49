"""The key ``plane``: format version and plane id, written once when a plane begins; and ``moving``, before it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Conflict, Damaged, StoreError, StoreUnfit
from brookline.journal.keys import JOURNAL, MOVING, PLANE, is_entry_key
from brookline.stores.store import Created, Undecided
from brookline.values.ids import Randomness, new_id
from brookline.wire.entries import FORMAT

if TYPE_CHECKING:
    from brookline.journal.scan import Source
    from brookline.stores.store import Store


class PlaneKey(msgspec.Struct, frozen=True):
    """What the key holds.

    Attributes:
        format: Version of the layout of all keys.
        plane: Id of the plane.
    """

    format: int
    plane: str


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a store is the target of, as its key ``moving`` says: written once, before all else.

    Attributes:
        plane: Id of the plane that is copied or restored there.
        mark: Random text by which a closing fence names this store.
        keep: Whether it is only a copy, and the plane stays where it is.
    """

    plane: str
    mark: str
    keep: bool = False


async def find_mark(store: Source) -> Mark | None:
    """Return what a store is, or was, the target of; None if of nothing, or if that cannot be read."""
    data = await store.get(MOVING)
    try:
        return None if data is None else msgspec.json.decode(data, type=Mark)
    except msgspec.DecodeError:
        return None


async def find_plane(store: Source) -> str | None:
    """Return the id of the plane in this store, or None if there is none yet.

    Raises:
        StoreError: If the store gives no answer.
        StoreUnfit: If the store has a format that this version does not know.
        Damaged: If the key cannot be read, or is missing although there is a journal.
    """
    data = await store.get(PLANE)
    if data is None and await _has_entries(store):
        data = await store.get(PLANE)  # the plane may have begun meanwhile
        if data is None:
            raise Damaged("key 'plane' of the store is missing, but there are entries of a journal")
    if data is None:
        return None
    try:
        found = msgspec.json.decode(data, type=PlaneKey)
    except msgspec.DecodeError as error:
        raise Damaged(f"key 'plane' of the store cannot be read ({error})") from error
    if found.format > FORMAT:
        raise StoreUnfit(
            f"the store has format {found.format}; this version reads up to {FORMAT}: use a newer one"
        )
    return found.plane


async def ensure_plane(store: Store, randomness: Randomness) -> str:
    """Return the id of the plane in this store, which begins now if there is none.

    Raises:
        StoreError: If the store gives no answer.
        StoreUnfit: If the store has a format that this version does not know.
        Damaged: If the key cannot be read, or is missing although there is a journal.
        Conflict: If another plane is to come here, by a move or a restore that has not ended.
    """
    found = await find_plane(store)
    if found is not None:
        return found
    await _require_unclaimed(store)
    mine = PlaneKey(FORMAT, new_id(randomness))
    outcome = await store.create(PLANE, msgspec.json.encode(mine))
    if isinstance(outcome, Undecided):
        raise StoreError(f"the store did not say whether the plane was created: {outcome.reason}")
    if isinstance(outcome, Created):
        await _require_unclaimed(store)  # who claims it looks for a plane after that, as this does
    found = await find_plane(store)
    if found is None:
        raise StoreError("the store does not show the key 'plane' that was just written")
    return found


async def _require_unclaimed(store: Store) -> None:
    if await store.get(MOVING) is not None:
        raise Conflict(
            "the store is the target of a move, copy or restore that has not ended: the same command"
            " finishes a move or a copy; else empty the store"
        )


async def _has_entries(store: Source) -> bool:
    return any(is_entry_key(key) for key in await store.list(JOURNAL))
