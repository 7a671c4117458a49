"""Entries of the journal: header and payload, as they lie in the store."""

from __future__ import annotations

from typing import Any

import msgspec

from brookline.wire.changes import Item

FORMAT = 1
"""Version of keys, entries and snapshots. A node refuses a store with a higher one."""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """First line of an entry.

    Attributes:
        format: Version of the layout.
        plane: Id of the plane.
        seq: Number of the entry, from 1, without gaps.
        epoch: Number of the mastership that wrote it.
        node: Instance id of the writer.
        nonce: Random text that makes the bytes unlike those of any other writer.
        wall_ms: Writer's wall clock, for people.
        prev: Hash of the entry before, which chains the log; empty at the first.
        blob: Key under which a large payload lies, or empty.
        size: Length of the payload in bytes.
        digest: SHA-256 of a payload in a blob, in hex, or empty.
    """

    format: int
    plane: str
    seq: int
    epoch: int
    node: str
    nonce: str
    wall_ms: int
    prev: str
    size: int
    blob: str = ""
    digest: str = ""


class Fence(msgspec.Struct, frozen=True, tag="fence", tag_field="kind", omit_defaults=True):
    """Starts an epoch: the node in the header leads from here.

    Attributes:
        name: Persistent name of the node.
        reason: Why, as one of the words of `plane.vacancy.Reason`.
        replaces: Instance that led before, or empty.
        evidence: What the node had seen, for people and for the history.
        detect_ms: From the last sign of life of the one replaced to the decision.
        elect_ms: From the decision to this entry.
        guess: Whether the death of the one replaced was concluded, not proved.
        unsettled: Whether some master before may still act in the world, until its lease runs out.
        moved: Where the plane goes on, or empty. If it is not, nobody leads here, and nothing follows.
        target: The mark of the store in which it goes on; another store may have the same name.
    """

    name: str
    reason: str
    replaces: str = ""
    evidence: str = ""
    detect_ms: int = 0
    elect_ms: int = 0
    guess: bool = False
    unsettled: bool = False
    moved: str = ""
    target: str = ""


class Active(msgspec.Struct, frozen=True, tag="active", tag_field="kind", omit_defaults=True):
    """The promotion is finished: state is replayed and the node takes writes.

    Attributes:
        replay_ms: From the fence to this entry.
        items: Changes that belong to the start of the epoch, such as the first user.
        interrupted: Display names of what the change of mastership cut off.
    """

    replay_ms: int = 0
    items: tuple[Item, ...] = ()
    interrupted: tuple[str, ...] = ()


class Batch(msgspec.Struct, frozen=True, tag="batch", tag_field="kind"):
    """Changes of records, committed together."""

    items: tuple[Item, ...]


class SnapshotTaken(msgspec.Struct, frozen=True, tag="snapshot", tag_field="kind"):
    """Announces a snapshot.

    Attributes:
        key: Where it lies.
        seq: The last entry that it contains.
        size: Its length in bytes.
    """

    key: str
    seq: int
    size: int


class Collect(msgspec.Struct, frozen=True, tag="collect", tag_field="kind"):
    """Announces what will be deleted once the grace is over.

    Attributes:
        through: Entries up to this number, other than fences.
        blobs: Keys of blobs.
        snapshots: Keys of snapshots.
    """

    through: int
    blobs: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()


class Resign(msgspec.Struct, frozen=True, tag="resign", tag_field="kind", omit_defaults=True):
    """The last entry of a master that leaves.

    Attributes:
        to: Instance that should follow, or empty for whoever is first in line.
        reason: Why, for people.
        failed: Whether it leaves because its promotion failed.
    """

    to: str = ""
    reason: str = ""
    failed: bool = False


class Import(msgspec.Struct, frozen=True, tag="import", tag_field="kind"):
    """Changes that came from outside, such as an export of another plane."""

    source: str
    items: tuple[Item, ...]


Payload = Fence | Active | Batch | SnapshotTaken | Collect | Resign | Import


class SnapshotHeader(msgspec.Struct, frozen=True):
    """First line of a snapshot; each further line is one record as ``[kind, id, value]``.

    Attributes:
        format: Version of the layout.
        plane: Id of the plane.
        seq: The last entry that is contained.
        epoch: The epoch of that entry.
        hash: The hash of that entry, which the next entry's `prev` must equal.
        records: How many lines follow.
        state: What the replica knows beside records (who leads, what was announced).
    """

    format: int
    plane: str
    seq: int
    epoch: int
    hash: str
    records: int
    state: dict[str, Any]
