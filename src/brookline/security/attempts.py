"""How often a client may guess: a bucket of tokens for each address."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brookline.values.clock import Clock

BURST = 20.0
"""Wrong passwords that an address may send at once."""

PER_SECOND = 0.5
"""Wrong passwords that it may send for long."""

_MOST_ADDRESSES = 10_000


@dataclasses.dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Attempts:
    """Counts wrong passwords by address. Right ones cost nothing, so nobody is locked out for good."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, address: str) -> float:
        """Take a token before a password is looked at; return seconds to wait, 0 if it was there."""
        bucket = self._filled(address)
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / PER_SECOND
        bucket.tokens -= 1
        return 0.0

    def give_back(self, address: str) -> None:
        """Return the token of an attempt that was right."""
        bucket = self._filled(address)
        bucket.tokens = min(BURST, bucket.tokens + 1)

    def _filled(self, address: str) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.get(address)
        if bucket is None:
            self._make_room()
            bucket = self._buckets[address] = _Bucket(BURST, now)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.at) * PER_SECOND)
        bucket.at = now
        return bucket

    def _make_room(self) -> None:
        """Forget the address that was heard of longest ago."""
        if len(self._buckets) >= _MOST_ADDRESSES:
            del self._buckets[min(self._buckets, key=lambda address: self._buckets[address].at)]
