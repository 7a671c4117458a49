"""Streams of tasks in memory: one home's, which outlive the process that wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from brookline.operations.streams import Piece, Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class MemoryStreams(Streams):
    """Implements `Streams` without files; nothing is given up, however long it is."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self._of_task: dict[str, dict[str, bytearray]] = {}

    def append(self, task_id: str, name: str, content: bytes) -> int:
        """Write to the end of a stream and return how much it has got in all, in bytes."""
        stream = self._of_task.setdefault(task_id, {}).setdefault(name, bytearray())
        stream += content
        return len(stream)

    def size(self, task_id: str, name: str) -> int:
        """Return how many bytes a stream has got in all."""
        return len(self._of_task.get(task_id, {}).get(name, b""))

    def names(self, task_id: str) -> list[str]:
        """Return the names of the streams of a task."""
        return sorted(self._of_task.get(task_id, {}))

    def piece(self, task_id: str, name: str, start: int = 0) -> Piece:
        """Return a stream from a place on, and how much it has got in all."""
        end = self.size(task_id, name)
        kept = ((0, end),) if end else ()
        return Piece(b"".join(self.read(task_id, name, start)), end, kept)

    def read(self, task_id: str, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield a stream from a place on."""
        yield bytes(self._of_task.get(task_id, {}).get(name, b"")[start:])

    def drop(self, *task_ids: str) -> None:
        """Delete all streams of some tasks."""
        for task_id in task_ids:
            self._of_task.pop(task_id, None)

    def drop_unknown(self, known: Callable[[str], bool]) -> None:
        """Delete the streams of tasks that are not known."""
        self.drop(*[task_id for task_id in self._of_task if not known(task_id)])
