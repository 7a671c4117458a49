"""The content of a memory store: keys and bytes that several handles share."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from brookline.stores.store import CREATED, EXISTS, Created, Exists

if TYPE_CHECKING:
    from brookline.values.clock import Clock


class Shelf:
    """Keys and bytes, all of it at once and in order; what `MemoryStore` handles point at.

    Args:
        clock: The store's own time, which no node's clock faults touch.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._held: dict[str, bytes] = {}
        self._order: list[str] = []
        self._since: dict[str, float] = {}
        self._veils: dict[str, tuple[float, bool]] = {}  # until when a list shows which presence

    def __len__(self) -> int:
        return len(self._held)

    def create(self, key: str, data: bytes, *, list_lag_s: float = 0.0) -> Created | Exists:
        """Put bytes under a key that is absent."""
        if key in self._held:
            return EXISTS
        self.put(key, data, list_lag_s=list_lag_s)
        return CREATED

    def since(self, key: str) -> float:
        """Return when a key that is held was created, by the store's own time."""
        return self._since[key]

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None."""
        return self._held.get(key)

    def put(self, key: str, data: bytes, *, list_lag_s: float = 0.0) -> None:
        """Put bytes under a key; a new name stays unseen in lists for `list_lag_s` seconds."""
        if key not in self._held:
            bisect.insort(self._order, key)
            self._since[key] = self.clock.monotonic()
            if list_lag_s > 0.0 or self._veils:
                self._veil(key, list_lag_s, was_there=False)
        self._held[key] = data

    def delete(self, key: str, *, list_lag_s: float = 0.0) -> None:
        """Take a key away; lists go on to show its name for `list_lag_s` seconds."""
        if self._held.pop(key, None) is not None:
            del self._since[key]
            del self._order[bisect.bisect_left(self._order, key)]
            if list_lag_s > 0.0 or self._veils:
                self._veil(key, list_lag_s, was_there=True)

    def keys(self, prefix: str, after: str) -> list[str]:
        """Return keys in bytewise order (of ASCII names, that is Python's order of texts)."""
        start = bisect.bisect_left(self._order, prefix)
        if after >= prefix:
            start = bisect.bisect_right(self._order, after, lo=start)
        stop = start
        while stop < len(self._order) and self._order[stop].startswith(prefix):
            stop += 1
        found = self._order[start:stop]
        return self._veiled(found, prefix, after) if self._veils else found

    def _veil(self, key: str, lag_s: float, *, was_there: bool) -> None:
        """Let lists go on to show what they show of a key now, for `lag_s` seconds."""
        now = self.clock.monotonic()
        until, shown = self._veils.pop(key, (now, was_there))
        if lag_s > 0.0:
            self._veils[key] = (now + lag_s, shown if until > now else was_there)

    def _veiled(self, found: list[str], prefix: str, after: str) -> list[str]:
        now = self.clock.monotonic()
        self._veils = {key: veil for key, veil in self._veils.items() if veil[0] > now}
        seen = set(found)
        for key, (_, was_there) in self._veils.items():
            if key.startswith(prefix) and key > after:
                (seen.add if was_there else seen.discard)(key)
        return sorted(seen)
