"""Commands about high availability: who leads, who led, and who should."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.blocks import Heading
from brookline.cli.ha_view import headline, history_table, member_table, warnings
from brookline.cli.tool import with_tool
from brookline.client import calls
from brookline.client.states import GONE, Mastership, PlaneStates
from brookline.errors import BrooklineError, Conflict, NotAllowed, NotFound

if TYPE_CHECKING:
    from brookline.cli.blocks import Block
    from brookline.cli.tool import Tool
    from brookline.client.client import Client
    from brookline.client.states import Member

MODES = ("AUTO", "MASTER", "STANDBY", "HOT_STANDBY", "HOT_BACKUP", "DISABLED")

_REASON = click.option("--reason", default="", help="Why; it is kept in the history.")

CHANGE_S = 60.0
"""How long a node may take for a change of its mode: the work is done within the request."""

_SEEN_S, _LOOK_S = 5.0, 0.1
"""How long, and how often, it is looked whether a node is seen in its new mode by another one."""


@click.group()
def ha() -> None:
    """Show and change which node leads. NODE is a node's name or its id."""


@ha.command()
@click.option("--watch", "-w", is_flag=True, help="Go on, and show what changes.")
@with_tool
def status(tool: Tool, *, watch: bool) -> None:
    """Show the nodes of the plane, who leads, and who would be next."""
    if watch:
        from brookline.cli.ha_watch import watch_states

        watch_states(tool)
        return
    states, raw = look(tool.client)
    tool.out.emit(raw, lambda: status_blocks(tool, states, find_history(tool.client)))


@ha.command()
@with_tool
def history(tool: Tool) -> None:
    """Show who led, since when, why, and what each change cost."""
    raw = tool.do(calls.history_json())
    rows = [Mastership.from_json(row) for row in raw]
    states, _ = look(tool.client)
    tool.out.emit(raw, lambda: [history_table(rows, states, tool.pace.wall_ms())])


@ha.command()
@click.option("--to", default="", metavar="NODE", help="Who shall lead.  [default: first in line]")
@_REASON
@click.option("--at", default="", metavar="TIME", help="Not now: 22:10, 2026-11-25T22:10, 10m.")
@click.option("--call-off", is_flag=True, help="Call off what is planned.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--timeout", default="30s", show_default=True, help="How long to wait.")
@with_tool
def switchover(tool: Tool, *, to: str, reason: str, at: str, call_off: bool, **more: Any) -> None:
    """Hand the mastership over in an orderly way.

    Nothing is lost, and nothing is refused. With --at the plane keeps it as a plan, which `ha status`
    shows, and whoever leads at that time hands over, if it can be done then or in the ten minutes after.
    """
    from brookline.cli import ha_planned
    from brookline.cli.ha_change import hand_over
    from brookline.cli.waiting import seconds_of

    if call_off:
        ha_planned.call_off(tool)
    elif at:
        ha_planned.plan(tool, at, to=to, reason=reason, yes=more["yes"])
    else:
        timeout_s = seconds_of(more["timeout"])
        hand_over(tool, to, reason=reason, yes=more["yes"], timeout_s=timeout_s)


@ha.command()
@click.argument("node", required=False)
@_REASON
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--timeout", default="60s", show_default=True, help="How long to wait.")
@with_tool
def promote(tool: Tool, node: str | None, *, reason: str, yes: bool, timeout: str) -> None:
    """Make NODE the master, by force if need be.

    Without NODE, the first in line. If the present master answers, it hands over; if it does not,
    it is replaced.
    """
    from brookline.cli.ha_change import take_over
    from brookline.cli.waiting import seconds_of

    take_over(tool, node or "", reason=reason, yes=yes, timeout_s=seconds_of(timeout))


@ha.command()
@click.argument("node")
@click.argument("number", type=int)
@with_tool
def priority(tool: Tool, node: str, *, number: int) -> None:
    """Set the priority of NODE: the highest is elected first. It lasts until the node restarts."""
    from brookline.cli.ha_node import ask_node

    member = tool.do(calls.states()).get(node)
    before = ask_node(tool.client, member, functools.partial(calls.set_priority, number)).answer
    result = {"node": member.name, "id": member.instance, "before": before, "priority": number}
    tool.out.emit(result, lambda: [f"{member.name}: priority {before} → {number}"])


@ha.command()
@click.argument("node")
@click.argument("mode", type=click.Choice(MODES, case_sensitive=False), metavar="MODE")
@_REASON
@with_tool
def mode(tool: Tool, node: str, *, mode: str, reason: str) -> None:
    """Change what NODE shall be.

    MODE is auto, master, standby, hot_standby, hot_backup or disabled. A master that is made
    something else hands over.
    """
    from brookline.cli.ha_node import ask_node

    member = tool.do(calls.states()).get(node)
    about = functools.partial(calls.set_mode, mode, reason=reason)
    told = ask_node(tool.client, member, about, timeout_s=CHANGE_S)
    after = _seen_in(tool, member, mode, at=told.at)
    now = after.status if after else "?"
    result = {"node": member.name, "id": member.instance, "before": told.answer, "state": now}
    tool.out.emit(result, lambda: [f"{member.name}: {told.answer} → {now} (mode {mode})"])


@ha.command()
@click.argument("node", required=False)
@with_tool
def clear(tool: Tool, node: str | None) -> None:
    """Forget NODE, or all nodes that have ended. One that lives is not forgotten."""
    states, _ = look(tool.client)
    if node is None:
        gone = [each for each in states.members if each.status in GONE]
    else:
        gone = [states.get(node)]
        if gone[0].instance == states.master:
            raise Conflict(f"{gone[0].name} leads: it cannot be forgotten")
    for each in gone:  # the call for all would forget for a moment who lives, and its place in line
        tool.do(calls.clear(each.instance))
    if node is not None and (stays := _of_master(tool, states).by_instance(gone[0].instance)):
        raise Conflict(f"{stays.name} lives ({stays.status}): end it first; nothing was forgotten")
    found = [{"node": each.name, "id": each.instance, "status": each.status} for each in gone]
    lines = [f"forgot {each.name} ({each.instance}, {each.status})" for each in gone]
    tool.out.emit(found, lambda: lines or ["no node has ended; nothing to forget"])


@ha.command()
@click.option("--kill", is_flag=True, help="End the master's process with kill -9.")
@click.option("--pause", is_flag=True, help="Pause it until another node leads.")
@click.option("--graceful", is_flag=True, help="Have the master hand over.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--timeout", default="", help="How long to wait.  [default: the heartbeat time-out and 30s]"
)
@with_tool
def drill(tool: Tool, *, yes: bool, timeout: str, **ways: bool) -> None:
    """Rehearse a failover: end the master's mastership, and see what clients notice.

    Two clients for each node write to and read an application that is made for it, and removed in the
    end. --kill and --pause need the master's node on this machine, its home being --home or in the current
    folder. Ends with 12 if a write was lost, done twice, or done though it was called not done.
    """
    from brookline.cli.ha_drill import drill as rehearse
    from brookline.cli.waiting import seconds_of

    chosen = [way for way, wanted in ways.items() if wanted]
    if len(chosen) != 1:
        one = "one of them only" if chosen else "say how"
        raise click.UsageError(f"{one}: --kill, --pause or --graceful")
    context = click.get_current_context()
    home = context.params.get("home") or (context.find_root().obj or {}).get("home") or ""
    timeout_s = seconds_of(timeout) if timeout else None
    rehearse(tool, chosen[0], home=home, yes=yes, timeout_s=timeout_s)


def look(client: Client) -> tuple[PlaneStates, dict[str, Any]]:
    """Return the plane, and the same in the server's words."""
    raw = client.do(calls.states_json()) or {}
    return with_timeout(client, PlaneStates.from_json(raw)), raw


def with_timeout(client: Client, states: PlaneStates) -> PlaneStates:
    """Add the time-out, where a server tells it only among its figures."""
    if states.timeout_ms is not None:
        return states
    try:
        figures = client.do(calls.metrics()).get("highAvailability") or {}
    except (NotFound, NotAllowed):
        return states
    timeout_ms = figures.get("heartbeatTimeout")
    whole = timeout_ms if isinstance(timeout_ms, int) else None
    return dataclasses.replace(states, timeout_ms=whole)


def find_history(client: Client) -> list[Mastership]:
    """Return the history, or nothing from a server that has none."""
    try:
        return client.do(calls.history())
    except BrooklineError:
        return []


def _seen_in(tool: Tool, member: Member, mode: str, *, at: str) -> Member | None:
    """Return a node as it is in its new mode; others see that with its next heartbeat."""
    from brookline.cli.waiting import Deadline

    deadline = Deadline(tool.pace, _SEEN_S)
    while True:
        now: Member | None = tool.do(calls.states(at=at)).by_instance(member.instance)
        if at or now is None or now.mode == mode or deadline.left_s <= 0:
            return now
        tool.pace.sleep(_LOOK_S)


def _of_master(tool: Tool, states: PlaneStates) -> PlaneStates:
    """Return the plane as its master shows it now, who sees at once what it did itself."""
    address = tool.client.nodes.address_of(states.master)
    return tool.client.do(calls.states(at=address))


def status_blocks(tool: Tool, states: PlaneStates, history: list[Mastership]) -> list[Block]:
    """Return the screen of `ha status`."""
    from brookline.cli.ha_planned import worded

    planned = worded(states, tool.pace.wall_ms())
    return [
        Heading(headline(states, history, tool.pace.wall_ms())),
        member_table(states),
        *(f"! {line}" for line in warnings(states)),
        *([f"! {planned}"] if planned else []),
    ]
