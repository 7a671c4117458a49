"""How long a call to a store over the network may take."""

from __future__ import annotations

from brookline.stores.names import BLOB, ENTRIES, LARGE

ANSWER_S = 5.0
"""Without an answer for so long, a small request counts as lost: a sixth of the default heartbeat
timeout, so that a heartbeat has time for more than one try, and far above any honest latency."""

CREATE_S = 10.0
"""The same for a create: servers that lock a key let those who want it wait for seconds."""

SLOWEST_BYTES_A_S = 1 << 20
"""A large value has a second more for each MiB."""


LARGEST_BYTES = 64 << 20
"""What a key that may be large is taken to hold, when it is read."""

QUIET_S = 20.0
"""After so long without a word it is asked whether who is listened to is there still."""

LIST_S = 30.0
"""The same for a list that may be long: a hundred thousand keys come in a hundred pages."""

_MANY = ("", ENTRIES, BLOB)


def limit_s(size: int = 0) -> float:
    """Return how many seconds a call may take that sends so many bytes."""
    return ANSWER_S + size / SLOWEST_BYTES_A_S


def create_limit_s(size: int) -> float:
    """Return how many seconds a create of so many bytes may take."""
    return limit_s(size) + CREATE_S - ANSWER_S


def read_limit_s(key: str) -> float:
    """Return how many seconds it may take to read a key, whose size nobody knows yet."""
    return limit_s(LARGEST_BYTES if key.startswith(LARGE) else 0)


def list_limit_s(prefix: str) -> float:
    """Return how many seconds it may take to list the keys beneath a prefix."""
    return LIST_S if prefix in _MANY else limit_s()
