"""REST resource: mode and priority of any node, asked for at whichever node.

AMP's calls for that act where they arrive, so who asks has to reach the very node. Here the node that
is asked passes the request on to the one that it is meant for, by a signed call. That one carries it
out as if it had come to it, by its own rules, and passes it no further.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from brookline.api import ha
from brookline.api.answers import Answer
from brookline.api.calls import Call, parse_query
from brookline.api.here import OVERRIDE, check_here
from brookline.api.internode import CallUnknown
from brookline.api.negotiation import check_media
from brookline.api.problems import Refused
from brookline.api.routes import Place, write
from brookline.api.writes import shown_here
from brookline.errors import Conflict, InvalidInput, Outcome, Unavailable
from brookline.plane.peers import Lost, Misdirected, NotSent, Reply, Request
from brookline.plane.settings import BEATS_BEHIND
from brookline.plane.states import NodeState
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.api.ports import Ports
    from brookline.plane.members import Member
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.api")

ANSWER_S = 55.0
"""How long another node may take, which may have to hand over or to take over first. Clients wait
for a minute, so that they are told."""

_PASSED = {one.path: one for one in ha.OPERATIONS if one.place is Place.HERE}
_KEPT = ("content-type", OVERRIDE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Passed(Answer):
    """The answer of another node, which goes to the client as it is.

    Attributes:
        reply: That answer.
    """

    reply: Reply


async def set_state(call: Call) -> Answer:
    """Ask a node, by name or id, to be something else; return its state of before, once it is done."""
    return await _done(call, "state")


async def set_priority(call: Call) -> Answer:
    """Set the priority of a node, by name or id, in elections; return the one of before."""
    return await _done(call, "priority")


def find(node: str, members: Sequence[Member]) -> Member:
    """Return the node of that name or instance id.

    Args:
        node: Of several nodes of that name the one that lives is meant.
        members: Those of the plane.

    Raises:
        InvalidInput: If there is none, or it is not clear which is meant.
        Conflict: If it does not live.
    """
    found = [one for one in members if one.heartbeat.instance == node] or [
        one for one in members if one.heartbeat.name == node
    ]
    if not found:
        names = ", ".join(dict.fromkeys(one.heartbeat.name for one in members))
        raise InvalidInput(f"there is no node {node!r}; there are {names}")
    living = [one for one in found if _lives(one)]
    if not living:
        raise Conflict(_end_of(max(found, key=lambda one: one.heartbeat.wall_ms)))
    if len(living) > 1:
        ids = ", ".join(one.heartbeat.instance for one in living)
        raise InvalidInput(f"{len(living)} nodes are called {node!r}; name one by its id: {ids}")
    return living[0]


class Arrivals:
    """What other nodes pass on to this one.

    Args:
        ports: What the API asks.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._came: dict[str, int] = {}

    def admit(self, request: Request) -> None:
        """Note that a request came: one that somebody has recorded is not carried out again.

        Its signature is refused once it is old enough to be forgotten here.

        Raises:
            Refused: 409, if it came before.
        """
        me = self._ports.node.find_member(self._ports.node.identity.instance)
        now = me.counter if me else 0
        self._came = {one: at for one, at in self._came.items() if now - at <= BEATS_BEHIND}
        if request.id in self._came:
            raise Refused(409, f"request {request.id} came before")
        self._came[request.id] = now

    async def carry_out(self, request: Request, sender: str) -> Answer:
        """Do what another node passes on, as if its client had asked here.

        Args:
            request: What is asked for.
            sender: Instance of the node.

        Raises:
            Refused: If nothing of that kind is passed on, or it is of no type that is taken here.
            BrooklineError: As the operation itself.
        """
        path, _, query = request.path.partition("?")
        operation = _PASSED.get(path) if request.method == "POST" else None
        if operation is None:
            raise Refused(404, f"this node takes no {request.method} {path} from another")
        headers = dict(request.headers)
        call = Call(
            ports=self._ports, path={}, query=parse_query(query.encode()), headers=headers,
            body=request.body, user=request.user,
        )  # fmt: skip
        check_here(self._ports, path, headers)
        check_media(operation.consumes, call.media)
        through = self._ports.node.find_member(sender)
        log.info(
            "asked through another node",
            extra={
                "fields": {
                    "path": path, "user": call.user, "through": through.name if through else sender,
                    "wants": call.field("mode") or call.field("priority") or "",
                    "reason": call.field("reason") or "",
                }
            },
        )  # fmt: skip
        answer = await operation.handler(call)
        assert isinstance(answer, Answer), "only the master follows a task"
        return answer


async def _done(call: Call, what: str) -> Answer:
    """Have the node that the path names do what AMP's call of that name does."""
    member = find(call.path["node"], call.ports.node.members())
    operation = _PASSED[f"/v1/server/ha/{what}"]
    if member.is_me:
        answer = await operation.handler(call)
        assert isinstance(answer, Answer), "only the master follows a task"
        return answer
    path = f"{operation.path}?{urlencode(call.query)}" if call.query else operation.path
    kept = tuple((name, call.headers[name]) for name in _KEPT if name in call.headers)
    request = Request(
        id=new_id(), method="POST", path=path, headers=kept, body=call.body, user=call.user
    )
    reply = await _passed(call.ports, member.heartbeat, request)
    return Passed(reply.status, reply=await shown_here(call.ports.node, reply))


async def _passed(ports: Ports, there: Heartbeat, request: Request) -> Reply:
    """Have another node carry a request out, and return its answer.

    Raises:
        Conflict: It runs a version that takes none from others.
        Unavailable: It did not take it, or has not answered.
    """
    name, where = there.name, there.uri or there.address
    try:
        return await ports.others.relay(there, request, ANSWER_S)
    except CallUnknown as old:
        raise Conflict(
            f"{name} runs version {there.version}, which takes no changes from another node; ask it"
            f" itself, at {where}"
        ) from old
    except Misdirected as refused:
        raise Unavailable(
            f"{name} has not taken it, and done nothing: {refused}", Outcome.NOT_DONE
        ) from refused
    except NotSent as silent:
        raise Unavailable(
            f"{name} does not answer; nothing was sent to it: {silent}", Outcome.NOT_DONE
        ) from silent
    except Lost as lost:
        raise Unavailable(
            f"{name} was asked and has not answered; it may have been done: {lost}", Outcome.UNKNOWN
        ) from lost


def _lives(member: Member) -> bool:
    """Tell whether a node can be asked, as far as its heartbeats show.

    One that says itself that it has failed, such as one that is disabled, can.
    """
    if member.is_me:
        return True
    if member.state is NodeState.FAILED:
        return member.heartbeat.state == NodeState.FAILED.value
    return member.state is not NodeState.TERMINATED


def _end_of(member: Member) -> str:
    name = member.heartbeat.name
    if member.state is NodeState.TERMINATED:
        return f"{name} has ended; it has to be started where it runs"
    return (
        f"{name} counts as failed: its last heartbeat was seen {member.age_ms / 1000:.0f} s ago;"
        " nothing was sent to it"
    )


OPERATIONS = tuple(
    write(
        f"POST {path}",
        handler,
        returns=plain.answers,
        place=Place.HERE,
        params=plain.params,
        consumes=plain.consumes,
        beyond=True,
    )
    for path, handler, plain in (
        ("/server/ha/nodes/{node}/state", set_state, _PASSED["/v1/server/ha/state"]),
        ("/server/ha/nodes/{node}/priority", set_priority, _PASSED["/v1/server/ha/priority"]),
    )
)
