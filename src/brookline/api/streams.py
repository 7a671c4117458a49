"""REST resource: streams of tasks, from whichever node or machine has them.

What a command wrote is kept on the node that ran it, and for a while on its machine. Who takes a command over
has all of its output. Of what had ended before, a node that is asked gets it from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api import finding
from brookline.api.answers import TEXT, Answer
from brookline.api.routes import Param, Place, read
from brookline.errors import InvalidInput, NotFound, Outcome, Unavailable
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from brookline.api.calls import Call
    from brookline.management.outputs import Outputs
    from brookline.operations.streams import Piece
    from brookline.operations.task import Task

END = "brookline-stream-end"
"""Header: how much the stream has got in all, in bytes; the place from which to read on."""

KEPT = "brookline-stream-kept"
"""Header: which parts of the whole are kept, as ``0-4194304, 104857600-106888911``."""

_LIVING = (NodeState.MASTER, NodeState.HOT_STANDBY, NodeState.STANDBY, NodeState.HOT_BACKUP)


async def get_stream(call: Call) -> Answer:
    """Return what is kept of a stream of a task, as text."""
    task, name = finding.task(call), call.path["stream"]
    start = call.number("offset", 0)
    limit = call.number("limit", 0)
    if start < 0 or limit < 0:
        raise InvalidInput("offset and limit must not be below 0")
    wanted = task.streams.get(name)
    piece = await _found(call, task, name, start=start)
    if wanted is None and not piece.end and name not in await _outputs(call).names(task.id):
        raise NotFound(f"task {task.id} has no stream '{name}'")
    if wanted and not piece.end:
        _refuse(call, task, name, wanted)
    content, end, kept = piece
    if task.status.ended and wanted is not None and end < wanted:
        lost = wanted - max(end, start)
        content += b"\n[... %d bytes are not here ...]\n" % lost if lost > 0 else b""
        end = wanted
    known = ", ".join(f"{begin}-{behind}" for begin, behind in kept)
    headers = ((END, str(max(end, start))), (KEPT, known))
    return Answer(200, content[:limit] if limit else content, TEXT, headers=headers)


async def _found(call: Call, task: Task, name: str, *, start: int) -> Piece:
    """Return what is known of a stream: by this node, or else by who knows more."""
    best = await _outputs(call).here(task.id, name, start)
    if _is_whole(call, task, name, best):
        return best
    async for piece in _elsewhere(call, task, name, start=start):
        best = max(best, piece, key=lambda one: one.end)
        if _is_whole(call, task, name, best) and task.status.ended:
            break
    return best


async def _elsewhere(call: Call, task: Task, name: str, *, start: int) -> AsyncIterator[Piece]:
    """Yield what others have of a stream: the master, the machine, the other nodes."""
    node, others = call.ports.node, call.ports.others
    master = node.master()
    me = node.identity.instance
    if master is not None and master.instance != me:
        piece = await others.piece(master, task.id, name, start)
        yield piece
        if not task.status.ended and (piece.end or name not in task.streams):
            return  # it is the one that runs it
    elif name not in task.streams:
        return
    yield await _outputs(call).on_machine(task, name, start)
    for member in node.members():
        leads = master is not None and member.heartbeat.instance == master.instance
        if member.state in _LIVING and not member.is_me and not leads:
            yield await others.piece(member.heartbeat, task.id, name, start)


def _is_whole(call: Call, task: Task, name: str, piece: Piece) -> bool:
    """Tell whether nobody knows more of a stream."""
    if task.owned and call.ports.node.leads() and piece.end:
        return True
    return task.status.ended and piece.end >= task.streams.get(name, 0)


def _refuse(call: Call, task: Task, name: str, wanted: int) -> None:
    """Say that a stream of which the size is known is nowhere to be found.

    Raises:
        NotFound: If the task has ended.
        Unavailable: If it runs: whoever goes on with it will have its output.
    """
    if not task.status.ended and not (task.owned and call.ports.node.leads()):
        raise Unavailable(
            f"nobody who answers has the stream '{name}' of task {task.id} yet", Outcome.NOT_DONE
        )
    if task.status.ended:
        raise NotFound(
            f"the stream '{name}' of task {task.id}, of {wanted} bytes, is kept on the node that ran "
            "it, and that does not answer"
        )


def _outputs(call: Call) -> Outputs:
    return call.ports.management.outputs


OPERATIONS = (
    read(
        "/activities/{task}/stream/{stream}",
        get_stream,
        returns=str,
        place=Place.SHOWN,
        params=(Param("offset", int, 0), Param("limit", int, 0)),
        produces=("text/plain",),
    ),
)
