"""The protective rules of the journal, each with a switch, and how far a run explores."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What keeps acknowledged writes safe; with all of them on no violation exists.

    Attributes:
        keep_fences: Fences are never deleted. Off: the collector treats them like any entry.
        validate_after_fence: Once its fence is in, a candidate looks again whether it is the last
            entry and above the newest snapshot. Off: it leads at once.
        heed_unannounced_snapshots: That look lists the snapshots that are in the store. Off: it
            knows only those that were announced in what it has read.
        readers_check_fences: A reader believes a fence only above the newest snapshot, else it
            reloads: a late candidate may have put it where an entry was collected.
        one_append_in_flight: An append waits for the one before. Off: two may be under way.
        same_bytes_on_undecided: Without an answer, the same bytes go to the same slot again. Off:
            the slot looks empty, so the write is called failed and the slot used for another.
        compare_on_exists: "Exists" is followed by a look at whose bytes they are. Off: they are
            taken for somebody else's, and the write is called failed.
        doubt_when_gone: "Exists", then absent: the writer stops and says that it does not know.
            Off: it calls the write failed.
        immutable_snapshots: A snapshot has a key of its own, made of sequence and hash. Off: the
            newest lies under one key, which is overwritten.
        announce_collection: What will be deleted is a committed entry first. Off: the collector
            deletes whatever it holds for garbage.
        deletes_cannot_hit: An epoch refers only to blobs that it wrote itself or found referred to
            in the log, and never takes up one announced for collection. Off: keys are made of
            the content alone, and whatever exists may be referred to.
    """

    keep_fences: bool = True
    validate_after_fence: bool = True
    heed_unannounced_snapshots: bool = True
    readers_check_fences: bool = True
    one_append_in_flight: bool = True
    same_bytes_on_undecided: bool = True
    compare_on_exists: bool = True
    doubt_when_gone: bool = True
    immutable_snapshots: bool = True
    announce_collection: bool = True
    deletes_cannot_hit: bool = True

    @staticmethod
    def names() -> list[str]:
        """Return the names of all switches."""
        return [field.name for field in dataclasses.fields(Rules)]

    def without(self, name: str) -> Rules:
        """Return these rules with one of them off."""
        return dataclasses.replace(self, **{name: False})


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """How much of the infinite world is explored, exhaustively.

    Attributes:
        nodes: How many there are.
        lives: How often each may start; it ends by a crash or by being fenced.
        slots: How long the log may grow.
        in_flight: How many requests may be under way at once, of the living and of the dead.
        compaction: Whether there are snapshots and the collector.
        blobs: Whether there are writes that refer to a blob.
    """

    nodes: int = 2
    lives: int = 1
    slots: int = 5
    in_flight: int = 2
    compaction: bool = True
    blobs: bool = False
