"""On whose behalf something is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Context(Protocol):
    """Who asks, and by which request."""

    @property
    def user(self) -> str:
        """Who asks; empty for the platform itself."""
        ...

    @property
    def request(self) -> str:
        """Id of the request; it goes into the log with what the request changes."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """A context of one's own.

    Attributes:
        user: Who asks.
        request: Id of the request, or empty.
    """

    user: str = ""
    request: str = ""
