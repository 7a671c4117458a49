"""Probes for load balancers and supervisors: no login, tiny bodies, 200 or 503."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.answers import TEXT, Answer
from brookline.api.plane_view import is_hot, state_now
from brookline.api.routes import Operation, Place
from brookline.plane.states import ELECTABLE, NodeState

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.api.routes import Handler

_IDLE = frozenset({NodeState.INITIALIZING, NodeState.FAILED, NodeState.TERMINATED})


async def live(call: Call) -> Answer:
    """Tell whether the process serves requests at all."""
    return _verdict(call, well=True)


async def ready(call: Call) -> Answer:
    """Tell whether the node takes part in the plane, so that clients may be sent to it."""
    return _verdict(call, well=call.ports.control.up and state_now(call.ports.node) not in _IDLE)


async def master(call: Call) -> Answer:
    """Tell whether the node is the master, its lease asked at this very moment."""
    return _verdict(call, well=call.ports.node.leads())


async def standby(call: Call) -> Answer:
    """Tell whether the node would follow the master in an election."""
    return _verdict(call, well=state_now(call.ports.node) in ELECTABLE)


async def read(call: Call) -> Answer:
    """Tell whether the node answers reads of applications."""
    return _verdict(call, well=is_hot(call.ports.node))


def _verdict(call: Call, *, well: bool) -> Answer:
    state = state_now(call.ports.node).value
    return Answer(200 if well else 503, state.encode(), TEXT)


def _probe(name: str, handler: Handler) -> Operation:
    return Operation(
        method="GET",
        path=f"/healthz/{name}",
        handler=handler,
        place=Place.ANY,
        produces=("text/plain",),
        always=True,
        answers={200: str, 503: str},
        beyond=True,
        login=False,
    )


OPERATIONS = (
    _probe("live", live),
    _probe("ready", ready),
    _probe("master", master),
    _probe("standby", standby),
    _probe("read", read),
)
