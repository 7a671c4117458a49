"""Following what a task and its parts write: each byte once, whichever node tells of it.

A part is read on from the place to which it was read before. The bytes at a place are the same on all nodes
and before and after a failover, so that nothing is missing and nothing comes twice.
"""

from __future__ import annotations

import codecs
import dataclasses
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.waiting import POLL_S, Deadline, has_ended, patient_client, refuse_failure
from brookline.client import calls
from brookline.client.course import Patience
from brookline.errors import BrooklineError, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brookline.cli.tool import Tool
    from brookline.client.client import Client

Task = dict[str, Any]

OUTPUTS = ("stdout", "stderr")
_MARKS = {"stdout": "|", "stderr": "!"}
_STREAM_S = 1.0
"""How long to try for one stream while nobody has it: others may go on meanwhile."""


def follow(tool: Tool, task_id: str, stream: str) -> None:
    """Print what a task writes until it ends, with what its parts write, line by line.

    Args:
        tool: Of the command.
        task_id: The task.
        stream: Name of the only stream that is printed; empty for both outputs.

    Raises:
        Ended: If the task fails, is cancelled, or is cut off by a failover.
    """
    deadline = Deadline(tool.pace, float("inf"))
    quick = tool.make_client(Patience(budget_s=_STREAM_S, absent_s=0.0))
    with patient_client(tool, deadline) as client, quick:
        printer = _Printer(tool, quick, (stream,) if stream else OUTPUTS, bare=bool(stream))
        while True:
            task = client.do(calls.task(task_id))
            below = _below(client, task_id)
            if printer.print_new(task, below) and has_ended(task):
                refuse_failure(client, task, below)
                return
            deadline.pause(POLL_S, what="")


def _below(client: Client, task_id: str) -> list[Task]:
    """Return all that is below a task; servers of others may not tell."""
    try:
        found = list(client.do(calls.task_descendants(task_id)).values())
    except BrooklineError:
        return []
    return sorted(found, key=lambda each: each.get("submitTimeUtc") or 0)


@dataclasses.dataclass(slots=True)
class _Channel:
    """One stream of one task.

    Attributes:
        prefix: Of each line; None for text that is printed as it comes.
        place: How many bytes were read.
        rest: What has come of a line whose end has not.
        done: Whether nothing follows.
    """

    task: str
    stream: str
    prefix: str | None
    place: int = 0
    rest: str = ""
    done: bool = False
    decoder: codecs.IncrementalDecoder = dataclasses.field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    def take(self, content: bytes) -> Iterator[str]:
        """Yield what can be printed now: whole lines, or all of it if there is no prefix."""
        text = self.rest + self.decoder.decode(content, final=self.done)
        if self.prefix is None:
            self.rest = ""
            if text:
                yield text
            return
        *lines, self.rest = text.split("\n")
        yield from lines
        if self.done and self.rest:
            yield self.rest
            self.rest = ""


class _Printer:
    """Prints what is new.

    Args:
        tool: Of the command.
        client: For streams.
        streams: Names of those that are printed.
        bare: Whether the task's own is printed as it is, without a prefix.
    """

    def __init__(self, tool: Tool, client: Client, streams: Sequence[str], *, bare: bool) -> None:
        self._tool = tool
        self._client = client
        self._streams = streams
        self._bare = bare
        self._channels: dict[tuple[str, str], _Channel] = {}

    def print_new(self, task: Task, below: Sequence[Task]) -> bool:
        """Print what has come since the last time; tell whether it is all of what was written."""
        whole = True
        for one in (task, *below):
            for name in self._streams:
                listed = name in (one.get("streams") or {})
                if listed or (self._bare and one is task and not below):
                    whole &= self._read(self._channel(one, name, own=one is task), one)
        return whole

    def _channel(self, task: Task, name: str, *, own: bool) -> _Channel:
        key = (task["id"], name)
        if key not in self._channels:
            words = (task.get("entityDisplayName"), task.get("displayName"), _MARKS.get(name, ":"))
            prefix = None if self._bare and own else " ".join(filter(None, words)) + " "
            self._channels[key] = _Channel(*key, prefix)
        return self._channels[key]

    def _read(self, channel: _Channel, task: Task) -> bool:
        """Print what is new of one stream; tell whether all of it has been printed."""
        if channel.done:
            return True
        told = _size(task, channel.stream)
        if not has_ended(task) and 0 < told <= channel.place:
            return False  # there is nothing new
        try:
            piece = self._client.do(
                calls.task_stream_piece(channel.task, channel.stream, channel.place)
            )
        except NotFound as error:
            return self._is_nowhere(channel, task, error)
        except Unavailable:
            return False
        channel.place = piece.end
        channel.done = has_ended(task) and piece.end >= told
        for text in channel.take(piece.content):
            self._say(channel, text)
        return channel.done

    def _is_nowhere(self, channel: _Channel, task: Task, error: NotFound) -> bool:
        if not has_ended(task):
            return False
        channel.done = True
        if channel.stream in (task.get("streams") or {}):
            self._tool.out.tell(f"{channel.prefix or ''}{error.message}")
        return True

    def _say(self, channel: _Channel, text: str) -> None:
        if channel.prefix is None:
            click.echo(text, nl=False, color=True)
        else:
            self._tool.out.show(f"{channel.prefix}{text}")


def _size(task: Task, stream: str) -> int:
    link = (task.get("streams") or {}).get(stream) or {}
    return int((link.get("metadata") or {}).get("size") or 0)
