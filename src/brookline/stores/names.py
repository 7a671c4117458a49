"""Names of keys: what one may look like, and which lie at the top of a plane's store."""

from __future__ import annotations

import re

PLANE = "plane"
"""The key that marks a store as a plane's; the journal owns its content."""

MOVING = "moving"
"""The key that marks a store as the target of a move, copy or restore; the journal owns its content, too."""

PROBE = "probe/"
"""Where the conformance probe works, and nowhere else."""

ENTRIES = "journal/"
"""Where the log's entries are: the one place in which there are many keys."""

SNAPSHOT = "snapshot/"
BLOB = "blob/"
LARGE = (SNAPSHOT, BLOB)
"""Where values may be large."""

NODE = "node/"
MAIL = "mail/"

TOP_LEVEL = frozenset(
    each.rstrip("/") for each in (PLANE, MOVING, ENTRIES, SNAPSHOT, BLOB, NODE, MAIL, PROBE)
)
"""First segments of all keys that a plane writes."""

LONGEST_SEGMENT = 200
"""Characters; file systems take 255 bytes."""

LONGEST_KEY = 900
"""Characters; object stores take 1024 bytes, with a prefix of their own before the key."""

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_SEGMENTS = re.compile(_SEGMENT, re.ASCII)
_ENTRY = re.compile(f"{ENTRIES}[0-9]{{7}}/[0-9]{{10}}", re.ASCII)
_KEY = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*", re.ASCII)
_PREFIX = re.compile(f"(?:{_SEGMENT}/)*(?:{_SEGMENT})?", re.ASCII)


def is_entry(key: str) -> bool:
    """Tell whether this is the key of an entry of the log, all of which are equally long."""
    return _ENTRY.fullmatch(key) is not None


def is_segment(name: str) -> bool:
    """Tell whether this may be one segment of a key; `lost+found` and ``.nfs…`` may not."""
    return _SEGMENTS.fullmatch(name) is not None and len(name) <= LONGEST_SEGMENT


def check_key(key: str) -> None:
    """Refuse what is no key: a way out of the store, a hidden name, an empty segment.

    Raises:
        ValueError: If it is none; the caller has a bug.
    """
    if _KEY.fullmatch(key) is None or not _fits(key):
        raise ValueError(f"{key!r} is no key of a store")


def check_prefix(prefix: str) -> None:
    """Refuse what no key can begin with.

    Raises:
        ValueError: If no key can; the caller has a bug.
    """
    if _PREFIX.fullmatch(prefix) is None or not _fits(prefix):
        raise ValueError(f"{prefix!r} is no prefix of keys of a store")


def _fits(key: str) -> bool:
    if len(key) <= LONGEST_SEGMENT:
        return True
    return len(key) <= LONGEST_KEY and max(map(len, key.split("/"))) <= LONGEST_SEGMENT
