"""Streams of tasks: what commands read and wrote, in files of bounded size.

Each stream keeps its beginning and its end. A part lies in a file named after the place at
which it begins in the whole stream, so that nothing else needs to be remembered, but how much
was lost last to a full disk:

    <folder>/<task>/stdout.0            the beginning, up to half of the limit
    <folder>/<task>/stdout.4194304      parts of a quarter; only the last two are kept
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

log = logging.getLogger("brookline.operations")

LIMIT_BYTES = 8 * 1024 * 1024
"""How much is kept of a stream."""

_CHUNK_BYTES = 64 * 1024


class Piece(NamedTuple):
    """What is known of a stream from a place on.

    Attributes:
        content: From there on; a line stands for what is not kept.
        end: How much the stream has got in all, in bytes: the place behind the content.
        kept: Which parts of the whole are there: where each begins, and the place behind it.
    """

    content: bytes
    end: int
    kept: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    begin: int
    path: Path
    size: int

    @property
    def end(self) -> int:
        return self.begin + self.size


class Streams:
    """All streams of the tasks that ran on this node.

    Each stream has one writer. Its readers may read it while it grows.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._half = limit_bytes // 2
        self._quarter = limit_bytes // 4
        self._lost: dict[tuple[str, str], int] = {}  # where a stream ends whose end is not written

    def append(self, task_id: str, name: str, content: bytes) -> int:
        """Write to the end of a stream and return how much it has got in all, in bytes.

        A disk that is full costs what is written meanwhile, and not the work; what comes once
        there is room again stands at its own place.
        """
        parts = self._parts(task_id, name)
        place = self._end(task_id, name, parts)
        try:
            self._write(task_id, name, parts=parts, place=place, content=content)
        except OSError as error:
            fields = {"task": task_id, "stream": name, "error": str(error)}
            log.warning("stream not written", extra={"fields": fields})
            self._lost[task_id, name] = place + len(content)
        return place + len(content)

    def size(self, task_id: str, name: str) -> int:
        """Return how many bytes a stream has got in all, also those not kept."""
        return self._end(task_id, name, self._parts(task_id, name))

    def names(self, task_id: str) -> list[str]:
        """Return the names of the streams of a task."""
        found = {path.name.rpartition(".")[0] for path in self._files(task_id)}
        return sorted(found)

    def piece(self, task_id: str, name: str, start: int = 0) -> Piece:
        """Return what is kept of a stream from a place on, and where that ends."""
        parts = self._parts(task_id, name)
        end = self._end(task_id, name, parts)
        return Piece(b"".join(_read(parts, start, end)), end, _kept(parts))

    def read(self, task_id: str, name: str, start: int = 0) -> Iterator[bytes]:
        """Return what is kept of a stream from a place on, in chunks; a line stands for what is not.

        Args:
            task_id: The task.
            name: The stream, such as ``stdout``.
            start: Place in the whole stream; what a reader has got so far, in bytes.
        """
        parts = self._parts(task_id, name)
        return _read(parts, start, self._end(task_id, name, parts))

    def drop(self, *task_ids: str) -> None:
        """Delete all streams of some tasks."""
        for task_id in task_ids:
            shutil.rmtree(self._folder / task_id, ignore_errors=True)
            for lost in [one for one in self._lost if one[0] == task_id]:
                del self._lost[lost]

    def drop_unknown(self, known: Callable[[str], bool]) -> None:
        """Delete the streams of tasks that are not known, such as those forgotten elsewhere."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if not known(path.name):
                    self.drop(path.name)

    def _end(self, task_id: str, name: str, parts: list[_Part]) -> int:
        return max(parts[-1].end if parts else 0, self._lost.get((task_id, name), 0))

    def _write(
        self, task_id: str, name: str, *, parts: list[_Part], place: int, content: bytes
    ) -> None:
        folder = self._folder / task_id
        if not parts:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        begin, size = (parts[-1].begin, parts[-1].size) if parts else (place, 0)
        if place > begin + size:  # what stood between was lost
            begin, size = place, 0
            self._rotate(task_id, name)
        while content:
            room = (self._quarter if begin else self._half) - size
            if room <= 0:
                begin, size = begin + size, 0
                self._rotate(task_id, name)
                continue
            with (folder / f"{name}.{begin}").open("ab") as file:
                file.write(content[:room])
            size += len(content[:room])
            content = content[room:]

    def _rotate(self, task_id: str, name: str) -> None:
        for part in self._parts(task_id, name)[1:-1]:
            part.path.unlink(missing_ok=True)

    def _parts(self, task_id: str, name: str) -> list[_Part]:
        found = []
        for path in self._files(task_id):
            stem, _, begin = path.name.rpartition(".")
            if stem == name:
                with contextlib.suppress(FileNotFoundError):  # a part that was just given up
                    found.append(_Part(int(begin), path, path.stat().st_size))
        return sorted(found, key=lambda part: part.begin)

    def _files(self, task_id: str) -> list[Path]:
        folder = self._folder / task_id
        return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _kept(parts: list[_Part]) -> tuple[tuple[int, int], ...]:
    """Return what some parts are of the whole; those without a gap between them are one."""
    found: list[tuple[int, int]] = []
    for part in parts:
        begin = found.pop()[0] if found and found[-1][1] == part.begin else part.begin
        found.append((begin, part.end))
    return tuple(found)


def _read(parts: list[_Part], start: int, end: int) -> Iterator[bytes]:
    place = start
    for part in parts:
        if part.end <= place:
            continue
        if part.begin > place:
            yield _gap(part.begin - place)
            place = part.begin
        for chunk in _chunks(part, place):
            place += len(chunk)
            yield chunk
    if end > place:
        yield _gap(end - place)


def _gap(size: int) -> bytes:
    return b"\n[... %d bytes are not kept ...]\n" % size


def _chunks(part: _Part, place: int) -> Iterator[bytes]:
    try:
        with part.path.open("rb") as file:
            file.seek(place - part.begin)
            while chunk := file.read(min(_CHUNK_BYTES, part.end - place)):
                place += len(chunk)
                yield chunk
    except FileNotFoundError:
        return  # the stream went on meanwhile, and this part is not kept any more
