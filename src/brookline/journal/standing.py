"""Standing: who leads, and what was announced, as the log says; a function of a prefix of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from brookline.wire.changes import Change, Drop, Merge, Put
from brookline.wire.entries import Active, Collect, Fence, Resign, SnapshotTaken

if TYPE_CHECKING:
    from brookline.journal.entry import Entry
    from brookline.journal.records import Records
    from brookline.wire.changes import Value

HISTORY = "mastership"
"""Kind of the records that tell the history of masterships, by epoch."""

HISTORY_KEPT = 200
"""How many masterships the history remembers; Brooklyn keeps as many state changes."""


class Taken(msgspec.Struct, frozen=True):
    """A snapshot that was announced.

    Attributes:
        seq: The last entry that it contains.
        key: Where it lies.
        wall_ms: When it was announced.
        size: Its length in bytes.
    """

    seq: int
    key: str
    wall_ms: int
    size: int


class Standing(msgspec.Struct, frozen=True):
    """Who leads and what was announced.

    Attributes:
        owner: Instance whose fence is the last, or empty when there is none.
        owner_name: Its node's name.
        fence: Number of that fence entry.
        active: Number of its `active` entry, or 0 while the promotion is not finished.
        resigned: Whether the owner has left.
        heir: Instance that its `resign` names, or empty.
        failed: Whether it left because its promotion failed.
        guess: Whether the one before was replaced on a guess.
        unsettled: Whether some master before this epoch might still act when it began.
        replaced: Instance that it replaced.
        replaced_epoch: Epoch of the one that it replaced.
        snapshots: Those announced and not yet announced for collection, oldest first.
        snapshot_log: Bytes of entries since the last snapshot.
        blobs: Keys of blobs to the last entry that refers to each.
        collect: The last announcement of a collection.
        collected: Entries up to this number were announced for collection.
        moved: Where the plane goes on, if it has left this log; else empty.
        target: The mark of that store; empty if a version closed the log that wrote none.
    """

    owner: str = ""
    owner_name: str = ""
    fence: int = 0
    active: int = 0
    resigned: bool = False
    heir: str = ""
    failed: bool = False
    guess: bool = False
    unsettled: bool = False
    replaced: str = ""
    replaced_epoch: int = 0
    snapshots: tuple[Taken, ...] = ()
    snapshot_log: int = 0
    blobs: dict[str, int] = {}
    collect: Collect | None = None
    collected: int = 0
    moved: str = ""
    target: str = ""


def after(standing: Standing, entry: Entry, epoch_before: int) -> Standing:
    """Return the standing once `entry` is applied."""
    header, payload = entry.header, entry.payload
    changes: dict[str, object] = {"snapshot_log": standing.snapshot_log + entry.size}
    if header.blob:
        changes["blobs"] = {**standing.blobs, header.blob: header.seq}
    match payload:
        case Fence():
            changes.update(
                owner=header.node,
                owner_name=payload.name,
                fence=header.seq,
                active=0,
                resigned=False,
                heir="",
                failed=False,
                guess=payload.guess,
                unsettled=payload.unsettled,
                replaced=payload.replaces,
                replaced_epoch=epoch_before,
                moved=payload.moved,
                target=payload.target,
            )
        case Active():
            changes["active"] = header.seq
        case Resign():
            changes.update(resigned=True, heir=payload.to, failed=payload.failed)
        case SnapshotTaken():
            taken = Taken(payload.seq, payload.key, header.wall_ms, payload.size)
            changes.update(snapshots=(*standing.snapshots, taken), snapshot_log=0)
        case Collect():
            gone = set(payload.snapshots)
            changes.update(
                collect=payload,
                collected=payload.through,
                snapshots=tuple(t for t in standing.snapshots if t.key not in gone),
                blobs={k: s for k, s in standing.blobs.items() if k not in payload.blobs},
            )
        case _:
            pass
    return msgspec.structs.replace(standing, **changes)


def history_changes(entry: Entry, epoch_before: int) -> list[Change]:
    """Return what an entry adds to the history of masterships."""
    header, payload = entry.header, entry.payload
    here = str(header.epoch)
    match payload:
        case Fence():
            return _begun(entry, payload, epoch_before)
        case Active():
            facts = {
                "activeUtc": header.wall_ms,
                "replayMs": payload.replay_ms,
                "interrupted": list(payload.interrupted),
            }
            return [Merge(HISTORY, here, facts)]
        case Resign():
            ended = "promotion failed" if payload.failed else (payload.reason or "resigned")
            return [Merge(HISTORY, here, {"endedUtc": header.wall_ms, "endReason": ended})]
        case _:
            return []


def _begun(entry: Entry, fence: Fence, epoch_before: int) -> list[Change]:
    header = entry.header
    changes: list[Change] = [
        Put(
            HISTORY,
            str(header.epoch),
            {
                "epoch": header.epoch,
                "node": header.node,
                "name": fence.name,
                "from": fence.replaces,
                "reason": fence.reason,
                "evidence": fence.evidence,
                "detectMs": fence.detect_ms,
                "electMs": fence.elect_ms,
                "guess": fence.guess,
                "startedUtc": header.wall_ms,
            },
        ),
        Drop(HISTORY, str(header.epoch - HISTORY_KEPT)),
    ]
    if epoch_before and fence.reason != "resigned":
        replaced = {"endedUtc": header.wall_ms, "endReason": f"replaced: {fence.reason}"}
        changes.append(Merge(HISTORY, str(epoch_before), replaced))
    return changes


def masterships(records: Records) -> list[Value]:
    """Return the masterships that the log tells of, newest first."""
    return sorted(records.all(HISTORY).values(), key=lambda value: -int(value.get("epoch", 0)))
