"""brookline ha switchover --at and --call-off: a hand-over that is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.cli.asking import ask
from brookline.cli.ha import look
from brookline.cli.moments import moment
from brookline.cli.times import coming_moment_of, stamp
from brookline.client import planned

if TYPE_CHECKING:
    from brookline.cli.tool import Tool
    from brookline.client.states import PlaneStates


def plan(tool: Tool, at: str, *, to: str, reason: str, yes: bool) -> None:
    """Have whoever leads at a time hand over then.

    Raises:
        NotFound: If there is no such node.
    """
    at_ms = coming_moment_of(at, tool.pace.wall_ms())
    states, _ = look(tool.client)
    target = states.get(to) if to else None
    who = target.name if target else "the next in line"
    if states.planned is not None and not states.planned.failed:
        tool.out.tell(f"this replaces: {worded(states, tool.pace.wall_ms())}")
    ask(f"Hand over to {who} at {stamp(at_ms)}?", yes=yes)
    # The name, and not this start of the node: until then it may have been started anew.
    told = tool.do(planned.plan(at_ms, to=target.name if target else "", reason=reason))
    text = f"planned: {who} leads from {stamp(at_ms)} on; brookline ha switchover --call-off"
    tool.out.emit(told, lambda: [text])


def call_off(tool: Tool) -> None:
    """Call the planned hand-over off.

    Raises:
        NotFound: If none is planned.
    """
    tool.do(planned.call_off())
    tool.out.emit({"planned": None}, lambda: ["no hand-over is planned any more"])


def worded(states: PlaneStates, now_ms: int) -> str:
    """Return what is planned, or became of it, in a sentence; empty if nothing is."""
    plan = states.planned
    if plan is None:
        return ""
    by = f", by {plan.by}" if plan.by else ""
    why = f": {plan.reason}" if plan.reason else ""
    what = f"hand-over to {plan.to or 'the next in line'} at {moment(plan.at, now_ms)}{by}{why}"
    return f"planned {what}" if not plan.failed else f"not done: {what} ({plan.failed})"
