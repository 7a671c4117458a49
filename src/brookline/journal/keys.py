"""Keys of the journal in the store; their bytewise order is the order of their numbers."""

from __future__ import annotations

import re

from brookline.stores.names import BLOB, MAIL, MOVING, NODE, PLANE, SNAPSHOT
from brookline.stores.names import ENTRIES as JOURNAL

__all__ = ["BLOB", "JOURNAL", "MAIL", "MOVING", "NODE", "PLANE", "SNAPSHOT"]

_SHARD = 1000


def entry_key(seq: int) -> str:
    """Return the key of entry `seq`; a thousand entries share a shard."""
    return f"{JOURNAL}{seq // _SHARD:07d}/{seq:010d}"


def entry_seq(key: str) -> int:
    """Return the number of the entry under `key`.

    Raises:
        ValueError: If it is no key of an entry.
    """
    return int(key.rpartition("/")[2])


def is_entry_key(key: str) -> bool:
    """Tell whether it is the key of an entry; other things may lie about in a directory."""
    name = key.rpartition("/")[2]
    return name.isdecimal() and key == entry_key(int(name))


def snapshot_key(seq: int, digest: str) -> str:
    """Return the key of a snapshot of entries up to `seq`, whose bytes have this SHA-256."""
    return f"{SNAPSHOT}{seq:010d}-{digest}"


def snapshot_seq(key: str) -> int:
    """Return the last entry that the snapshot under `key` contains."""
    return int(key[len(SNAPSHOT) :].partition("-")[0])


def is_snapshot_key(key: str) -> bool:
    """Tell whether it is the key of a snapshot; other things may lie about in a directory."""
    return re.fullmatch(rf"{SNAPSHOT}[0-9]{{10,}}-[0-9a-f]{{64}}", key) is not None


def blob_key(epoch: int, digest: str) -> str:
    """Return the key of a large payload written in `epoch`."""
    return f"{BLOB}{epoch:010d}-{digest}"


def node_key(instance: str) -> str:
    """Return the key of a node's heartbeat."""
    return f"{NODE}{instance}"


def mail_prefix(to: str) -> str:
    """Return the prefix of the mail of an instance."""
    return f"{MAIL}{to}/"


def mail_key(to: str, sender: str, number: int) -> str:
    """Return the key of a letter."""
    return f"{MAIL}{to}/{sender}-{number:06d}"
