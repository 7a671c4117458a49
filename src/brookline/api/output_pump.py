"""The pump: brings one client what a task writes, as it comes, from the node that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.event_frames import frame

if TYPE_CHECKING:
    from brookline.api.event_client import EventClient
    from brookline.api.ports import Ports
    from brookline.operations.streams import Piece
    from brookline.operations.task import Task

_LOOK_S = 0.25
_LOOK_AWAY_S = 0.5
"""Between two looks at what another node has."""

_MOST_BYTES = 256 << 10
"""Of one event."""


class OutputPump:
    """Sends pieces of streams until the task has ended.

    Args:
        ports: What the API asks.
        task_id: The task.
        places: Names of streams, and how much of each the client has, in bytes.
    """

    def __init__(self, ports: Ports, task_id: str, places: dict[str, int]) -> None:
        self._ports = ports
        self._task_id = task_id
        self._places = places

    async def run(self, client: EventClient) -> None:
        """Send what comes; a client that does not take it is not sent more."""
        clock = self._ports.clock
        while True:
            task = self._ports.management.tasks.find(self._task_id)
            # A node that shows nothing, or is behind what the client has seen, denies no task.
            over = client.is_shown_all if task is None else task.status.ended
            if client.is_drained:
                news = [await self._look(client, name, task) for name in self._places]
                if over and not any(news):
                    self._end(client)
                    return
            await clock.sleep(_LOOK_S if task is not None and task.owned else _LOOK_AWAY_S)

    async def _look(self, client: EventClient, name: str, task: Task | None) -> bool:
        """Send what there is of a stream; tell whether there was anything."""
        start = self._places[name]
        content, end, _ = await self._piece(name, start, task)
        if len(content) == end - start:
            content = content[:_MOST_BYTES]
            end = start + len(content)
        else:
            content = content[-_MOST_BYTES:]  # not all of it is kept: the newest counts
        whole = _whole(content, last=task is None or task.status.ended)
        if not whole:
            return False
        end -= len(content) - len(whole)
        self._places[name] = end
        self._tell(client, name, end - len(whole), whole)
        return True

    async def _piece(self, name: str, start: int, task: Task | None) -> Piece:
        outputs, node = self._ports.management.outputs, self._ports.node
        master = node.master()
        here = await outputs.here(self._task_id, name, start)
        away = master is not None and master.instance != node.identity.instance
        if here.content or not away or (task is not None and task.owned):
            return here
        assert master is not None
        return await self._ports.others.piece(master, self._task_id, name, start)

    def _tell(self, client: EventClient, name: str, start: int, content: bytes) -> None:
        body = {
            "task": self._task_id,
            "stream": name,
            "start": start,
            "end": start + len(content),
            "text": content.decode(errors="replace"),
            "ended": False,
        }
        client.put(frame("output", body))

    def _end(self, client: EventClient) -> None:
        for name, place in self._places.items():
            body = {"start": place, "end": place, "text": "", "ended": True}
            client.put(frame("output", {"task": self._task_id, "stream": name, **body}))


def _whole(content: bytes, *, last: bool) -> bytes:
    """Return bytes without the beginning of a character at their end, unless nothing follows."""
    if last:
        return content
    for back in range(1, min(4, len(content)) + 1):
        byte = content[-back]
        if byte & 0xC0 == 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return content[:-back] if needed > back else content
        if byte & 0x80 == 0:
            break
    return content
