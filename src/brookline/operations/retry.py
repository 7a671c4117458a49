"""Retry policies, as data: how often a step is tried, after which pauses, on which errors."""

from __future__ import annotations

from dataclasses import dataclass

from brookline.errors import RemoteError


@dataclass(frozen=True, slots=True)
class Retry:
    """How often something is tried.

    Attributes:
        attempts: At most, the first one included.
        first_s: Pause after the first failure, in seconds.
        factor: By which each pause is longer than the one before.
        longest_s: No pause is longer.
        errors: What is tried again; other errors end it at once.
    """

    attempts: int = 3
    first_s: float = 1.0
    factor: float = 2.0
    longest_s: float = 60.0
    errors: tuple[type[Exception], ...] = (RemoteError,)

    def goes_on(self, attempt: int, error: Exception) -> bool:
        """Tell whether there is another attempt after one that failed; the first one is 1."""
        return attempt < self.attempts and isinstance(error, self.errors)

    def pause_s(self, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt; the first one is 1."""
        return min(self.longest_s, self.first_s * self.factor ** (attempt - 1))
