"""How often a client may guess: a bucket for each address, and growing waits for each user there."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brookline.values.clock import Clock

BURST = 20.0
"""Wrong passwords that an address may send at once."""

PER_SECOND = 0.5
"""Wrong passwords that it may send for long."""

FREE = 5
"""Wrong passwords for one user, from one address, after which there is no wait yet."""

FIRST_WAIT_S = 1.0
MOST_WAIT_S = 300.0
"""The wait doubles with each further one, up to this."""

_FORGOTTEN_S = 2 * MOST_WAIT_S
_MOST_ADDRESSES = 10_000
_MOST_PAIRS = 10_000


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


@dataclasses.dataclass(slots=True)
class _Failures:
    count: int
    at: float

    @property
    def wait_s(self) -> float:
        """How long the next attempt has to wait after the last."""
        if self.count < FREE:
            return 0.0
        return float(min(MOST_WAIT_S, FIRST_WAIT_S * 2 ** min(self.count - FREE, 30)))


class Waits:
    """Has who guesses a user's password wait, longer each time.

    It is counted by address and user, so that nobody can lock a user out who comes from elsewhere.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}

    def left_s(self, address: str, user: str) -> float:
        """Return how long this address has to wait before the next attempt; 0 if it need not."""
        failures = self._failures.get((address, user))
        if failures is None:
            return 0.0
        return max(0.0, failures.at + failures.wait_s - self._clock.monotonic())

    def failed(self, address: str, user: str) -> None:
        """Note that a password was wrong."""
        now, pair = self._clock.monotonic(), (address, user)
        failures = self._failures.pop(pair, None)
        if failures is None or now - failures.at > _FORGOTTEN_S:
            failures = _Failures(0, now)
        self._failures[pair] = _Failures(failures.count + 1, now)
        if len(self._failures) > _MOST_PAIRS:
            del self._failures[next(iter(self._failures))]  # the one that failed longest ago

    def succeeded(self, address: str, user: str) -> None:
        """Note that the password was right."""
        self._failures.pop((address, user), None)
