"""brookline ha switchover and promote: before, checks, a question, the change, after."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from brookline.cli.asking import ask
from brookline.cli.ha import find_history, look, status_blocks
from brookline.cli.ha_node import ask_node
from brookline.cli.ha_view import hand_over_checks, told_gap, without_master_ms
from brookline.cli.moments import duration
from brookline.cli.waiting import Deadline, patient_client
from brookline.client import calls
from brookline.errors import Conflict, Outcome, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.cli.ha_view import Check
    from brookline.cli.tool import Tool
    from brookline.client.states import Member, PlaneStates

LOOK_S = 0.05

NEWCOMER_S = 5.0
"""How long a node that stands by and is in no line yet is waited for; servers of others tell none."""


def hand_over(tool: Tool, to: str, *, reason: str, yes: bool, timeout_s: float) -> None:
    """Have the master hand over to a node, or to the first in line.

    Raises:
        Conflict: If that node leads already or cannot follow, or nobody leads.
    """
    states, target = _before(tool, to)
    leader = states.leader()
    if leader is None:
        raise Conflict("nobody leads, so nobody can hand over; brookline ha promote makes a master")
    _check(tool, states, target)
    ask(f"Hand over from {leader.name} to {target.name}?", yes=yes)
    _change(
        tool,
        target,
        lambda: tool.client.do(
            calls.switchover(target.instance, reason=reason), timeout_s=timeout_s
        ),
        timeout_s=timeout_s,
    )


def take_over(tool: Tool, node: str, *, reason: str, yes: bool, timeout_s: float) -> None:
    """Make a node the master, whatever the present one says to it.

    Raises:
        Conflict: If it leads already, or nobody could.
    """
    states, target = _before(tool, node)
    leader = states.leader()
    now = f"{leader.name} leads now" if leader else "nobody leads now"
    ask(f"Make {target.name} the master ({now})?", yes=yes)
    about = functools.partial(calls.set_mode, "MASTER", reason=reason)
    _change(
        tool,
        target,
        lambda: ask_node(tool.client, target, about, timeout_s=timeout_s),
        timeout_s=timeout_s,
    )


def _before(tool: Tool, node: str) -> tuple[PlaneStates, Member]:
    """Show the plane as it is, and return it with the node that shall lead."""
    states, target = _target(tool, node)
    _show(tool, "Before:", states)
    if target is None:
        raise Conflict("no node stands by: start one, or make one AUTO with brookline ha mode")
    leader = states.leader()
    if leader is not None and leader.instance == target.instance:
        raise Conflict(f"{target.name} leads already")
    return states, target


def _target(tool: Tool, node: str) -> tuple[PlaneStates, Member | None]:
    """Return the node that is meant; one that has just come is waited for until it is in line."""
    deadline = Deadline(tool.pace, NEWCOMER_S)
    told = False
    while True:
        states, _ = look(tool.client)
        target = states.get(node) if node else states.first_in_line()
        comes = _newcomers(states) if target is None else [target] if is_new(target) else []
        if not comes or deadline.left_s <= 0:
            return states, target
        if not told:
            tool.out.tell(f"{comes[0].name} has just come; waiting until it stands in line")
            told = True
        tool.pace.sleep(LOOK_S)


def _newcomers(states: PlaneStates) -> list[Member]:
    return [member for member in states.members if is_new(member)]


def is_new(member: Member) -> bool:
    """Tell whether a node stands by and is in no line yet: others have not seen it beat twice."""
    return member.status in ("HOT_STANDBY", "STANDBY") and member.next is None


def _check(tool: Tool, states: PlaneStates, target: Member) -> None:
    checks = hand_over_checks(states, target)
    tool.out.tell("Checks: " + " · ".join(map(_worded, checks)))
    failed = [check.text for check in checks if check.level == "fail"]
    if failed:
        raise Conflict("; ".join(failed))


def _change(tool: Tool, target: Member, change: Callable[[], object], *, timeout_s: float) -> None:
    """Make the change, wait until the node leads, and show what it cost."""
    deadline = Deadline(tool.pace, timeout_s)
    try:
        change()
    except Unavailable as error:
        if error.outcome is not Outcome.UNKNOWN:
            raise
        tool.out.tell(f"{error.message}; looking who leads")
    with (
        patient_client(tool, deadline) as client,
        client.ear("topics=plane", "plane") as ear,
    ):
        while True:
            states = client.do(calls.states())
            leader = states.leader()
            if leader is not None and leader.instance == target.instance:
                break
            who = leader.name if leader else "nobody"
            what = f"{who} leads\nNext: brookline ha status --watch"
            deadline.pause(LOOK_S, what=what, ear=ear)
    took = duration(deadline.elapsed_s * 1000)
    history = find_history(tool.client)
    gap_ms = without_master_ms(history, leader.epoch)
    gap = told_gap(history, leader.epoch)
    after, raw = look(tool.client)
    _show(tool, "After:", after)
    tool.out.emit(
        {"master": target.instance, "name": target.name, "withoutMasterMs": gap_ms, "states": raw},
        lambda: [f"{target.name} leads. Done in {took}. {gap}".rstrip()],
    )


def _show(tool: Tool, title: str, states: PlaneStates) -> None:
    tool.out.tell(title, *status_blocks(tool, states, find_history(tool.client)), "")


def _worded(check: Check) -> str:
    return check.text + {"ok": " ✓", "warn": " (!)", "fail": " ✗"}[check.level]
