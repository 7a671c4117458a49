"""Retry policies, as data: how often a step is tried, after which pauses, on which errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brookline.errors import RemoteError
from brookline.operations.storing import can_be_made_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.operations.operation import Operation
    from brookline.operations.running import Body


@dataclass(frozen=True, slots=True)
class Retry:
    """How often something is tried.

    Attributes:
        attempts: At most, the first one included.
        first_s: Pause after the first failure, in seconds.
        factor: By which each pause is longer than the one before.
        longest_s: No pause is longer.
        errors: What is tried again; other errors end it at once.

    Raises:
        ValueError: If one of the errors does not come from a step as what it is.
    """

    attempts: int = 3
    first_s: float = 1.0
    factor: float = 2.0
    longest_s: float = 60.0
    errors: tuple[type[Exception], ...] = (RemoteError,)

    def __post_init__(self) -> None:
        for kind in self.errors:
            if not can_be_made_again(kind):
                message = (
                    f"{kind.__name__} cannot be tried again: a step raises StepFailed in its place;"
                    " name an error of Brookline or of Python itself"
                )
                raise ValueError(message)

    def goes_on(self, attempt: int, error: Exception) -> bool:
        """Tell whether there is another attempt after one that failed; the first one is 1."""
        return attempt < self.attempts and isinstance(error, self.errors)

    def pause_s(self, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt; the first one is 1."""
        return min(self.longest_s, self.first_s * self.factor ** (attempt - 1))


def retrying(retry: Retry, action: Callable[..., Any]) -> Body:
    """Return the code of a step that is tried several times; each attempt is a part of it."""

    async def body(op: Operation) -> Any:
        attempt = 1
        while True:
            try:
                return await op.step("attempt", action)
            except Exception as error:
                if not retry.goes_on(attempt, error):
                    raise
            await op.sleep(retry.pause_s(attempt))
            attempt += 1

    return body
