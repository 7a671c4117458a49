"""REST resource: a hand-over that is planned for a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from brookline.api import finding
from brookline.api.answers import NO_CONTENT, Answer, json
from brookline.api.calls import whole_number
from brookline.api.routes import Param, Place, change, read
from brookline.errors import InvalidInput
from brookline.management import planned
from brookline.management.context import Repeated
from brookline.plane.requests import Known
from brookline.wire.rest_server import PlannedSwitchover

if TYPE_CHECKING:
    from brookline.api.asking import Asked, Follows
    from brookline.api.calls import Call
    from brookline.api.node_port import Node
    from brookline.operations.recorder import Decide
    from brookline.wire.changes import Value

_LONGEST_REASON = 500
_FARTHEST_MS = 90 * 86_400_000


async def get_planned(call: Call) -> Answer:
    """Return the hand-over that is planned; 204 if none is."""
    summary = planned_switchover(call.ports.node)
    return NO_CONTENT if summary is None else json(summary)


async def plan(call: Call) -> Answer | Follows:
    """Have whoever leads at a time hand over then; a plan that was made before is replaced."""
    made = _plan(call)
    asked = finding.asked(call, json(_summary(made)))
    return await _commit(call, planned.planning(made), asked)


async def call_off(call: Call) -> Answer | Follows:
    """Call the planned hand-over off, or forget one that was not done."""
    return await _commit(call, planned.calling_off, finding.asked(call, NO_CONTENT))


def planned_switchover(node: Node) -> PlannedSwitchover | None:
    """Return what is planned, as far as this node has read the log."""
    made = planned.found(node.replica.records)
    return None if made is None else _summary(made)


def told_reason(call: Call) -> str:
    """Return why somebody wants a change of masters, on one line: it is kept in the history.

    Raises:
        InvalidInput: If it is too long.
    """
    reason = " ".join((call.field("reason") or "").split())
    if len(reason) > _LONGEST_REASON:
        raise InvalidInput(f"a reason has at most {_LONGEST_REASON} characters")
    return reason


async def _commit(call: Call, decide: Decide, asked: Asked) -> Answer | Follows:
    done = await call.ports.node.commit(asked.once(decide), request=asked.request, user=asked.user)
    if isinstance(done.answer, Known):
        raise Repeated(done.answer.record)
    return asked.answer


def _plan(call: Call) -> Value:
    """Return the plan that a form describes.

    Raises:
        InvalidInput: If its time is none, is past or far away; or nobody has that name.
    """
    now, at = call.ports.clock.wall_ms(), whole_number("at", (call.field("at") or "").strip())
    if not now < at < now + _FARTHEST_MS:
        raise InvalidInput("at is a time in milliseconds since 1970, within the next 90 days")
    to = (call.field("to") or "").strip()
    known = [member.heartbeat for member in call.ports.node.members()]
    if to and not any(to in (one.name, one.instance) for one in known):
        names = ", ".join(dict.fromkeys(one.name for one in known))
        raise InvalidInput(f"there is no node {to!r}; there are {names}")
    return {"at": at, "to": to, "reason": told_reason(call), "by": call.user}


def _summary(made: Value) -> PlannedSwitchover:
    failed = made.get("failed", UNSET)
    return PlannedSwitchover(made["at"], made["to"], made["by"], made["reason"], failed)


_PATH = "/server/ha/switchover/planned"

OPERATIONS = (
    read(
        _PATH,
        get_planned,
        returns={200: PlannedSwitchover, 204: None},
        place=Place.ANY,
        beyond=True,
    ),
    change(
        f"POST {_PATH}",
        plan,
        returns={200: PlannedSwitchover},
        params=(Param("at", int, form=True), Param("to", form=True), Param("reason", form=True)),
        beyond=True,
    ),
    change(f"DELETE {_PATH}", call_off, returns={204: None}, beyond=True),
)
