"""A transcript: what happened in a simulation, who did it and when, to read and to compare."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.testing.host import current_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Event(NamedTuple):
    """One line.

    Attributes:
        time_s: True time.
        who: Name of the host, or empty for the simulation itself.
        text: What happened.
        fields: More about it, in the order in which it is shown.
    """

    time_s: float
    who: str
    text: str
    fields: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        fields = "".join(f" {name}={value}" for name, value in self.fields)
        return f"{self.time_s:9.3f} {self.who or '*':<4} {self.text}{fields}"


class Transcript:
    """Events, in order.

    Args:
        time: Returns true time.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._events: list[Event] = []

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __str__(self) -> str:
        return "\n".join(map(str, self._events))

    def note(self, text: str, **fields: Any) -> None:
        """Add an event of the current host."""
        host = current_host()
        who = host.name if host is not None else ""
        self._events.append(Event(self._time(), who, text, tuple(fields.items())))

    def since(self, count: int) -> list[Event]:
        """Return the events after the first `count`."""
        return self._events[count:]

    def digest(self) -> str:
        """Return a hash of everything; two runs of one seed have the same."""
        return hashlib.sha256(str(self).encode()).hexdigest()


class TranscriptHandler(logging.Handler):
    """Adds what the product logs to a transcript.

    Args:
        transcript: Where to.
        level: Of the lines that are added, and above.
    """

    def __init__(self, transcript: Transcript, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._transcript = transcript

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line."""
        fields = getattr(record, "fields", None)
        more = {str(name): value for name, value in fields.items()} if fields else {}
        if record.exc_info is not None and record.exc_info[1] is not None:
            more["error"] = repr(record.exc_info[1])
        self._transcript.note(record.getMessage(), **more)
