"""brookline ha drill: end a mastership while clients write and read, and say what they saw of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from brookline.cli.asking import ask
from brookline.cli.drill_faults import GRACEFUL, KILL, PAUSE, Process, ended, tidied_up
from brookline.cli.drill_load import Door, Load
from brookline.cli.drill_report import judge, screen, to_value
from brookline.cli.exits import Exit
from brookline.cli.ha import find_history, look
from brookline.cli.waiting import Deadline, patient_client
from brookline.client import calls
from brookline.errors import BrooklineError, Conflict, NotFound
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.cli.tool import Tool
    from brookline.client.client import Client
    from brookline.client.states import Member, PlaneStates

_PLAN = "name: {name}\nservices: [{{type: org.apache.brooklyn.entity.stock.BasicEntity, name: first}}]\n"
_LOOK_S = 0.1
_BEFORE_WRITES = 10
_CLEAN_UP_S = 120.0

_WHAT = {
    KILL: "kill -9 process {pid} of {name}, which leads; it is not started again",
    PAUSE: "pause process {pid} of {name}, which leads, until another node leads",
    GRACEFUL: "have {name}, which leads, hand over",
}


def drill(tool: Tool, how: str, *, home: str, yes: bool, timeout_s: float | None) -> None:
    """Provoke a failover, and report.

    Args:
        tool: Of the command.
        how: `KILL`, `PAUSE` or `GRACEFUL`.
        home: Of the master's node, or empty.
        yes: Whether nobody is to be asked.
        timeout_s: How long to wait for another master; None for what the plane's times ask for.

    Raises:
        Conflict: If nobody leads or stands by, or the master's process is not here.
    """
    states, _ = look(tool.client)
    master = _master(states)
    process = None if how == GRACEFUL else Process.find(master, home)
    what = _WHAT[how].format(name=master.name, pid=process.pid if process else 0)
    ask(f"This will {what}. Go on?", yes=yes)
    doors = _doors(tool.client, states)
    patience = Deadline(tool.pace, timeout_s or (states.timeout_ms or 30_000) / 1000 + 30.0)
    with tidied_up(), _application(tool) as app:
        load = Load(tool, doors, app)
        load.begin()
        try:
            _until_written(load, _BEFORE_WRITES, patience)
            with ended(tool, how, process):
                tool.out.tell(f"{how} at {master.name}; waiting for another master")
                _until_led(tool, master, patience)
                _until_written(load, _BEFORE_WRITES, patience)
            _until_written(load, _BEFORE_WRITES, patience)
        finally:
            load.end()
        sound = _report(tool, load, app, master)
    if how == KILL and process is not None:
        again = f"brookline server --home {process.home}, with the options that it had"
        tool.out.tell(f"Next: start {master.name} again: {again}")
    if not sound:
        raise click.exceptions.Exit(Exit.UNHEALTHY)


def _master(states: PlaneStates) -> Member:
    """Return the master, if somebody could follow it.

    Raises:
        Conflict: If nobody leads, or stands by.
    """
    leader = states.leader()
    if leader is None:
        raise Conflict("nobody leads: there is nothing to drill; see brookline ha status")
    if states.first_in_line() is None:
        raise Conflict("no node stands by: the plane would stand still; start a second one first")
    return leader


def _doors(client: Client, states: PlaneStates) -> list[Door]:
    """Return the nodes that answer reads and writes of applications."""
    found = [
        Door(member.name, client.nodes.address_of(member.instance))
        for member in states.members
        if member.status in ("MASTER", "HOT_STANDBY", "HOT_BACKUP")
    ]
    return [door for door in found if door.url]


@contextlib.contextmanager
def _application(tool: Tool) -> Iterator[str]:
    """Deploy an application for the drill, and remove it in the end."""
    app = new_id()
    with patient_client(tool, Deadline(tool.pace, _CLEAN_UP_S)) as client:
        try:
            client.do(calls.deploy(_PLAN.format(name=f"brookline-drill-{app}"), app_id=app))
            yield app
        finally:
            try:
                _remove(tool, client, app)
            except BrooklineError as error:
                tool.out.tell(
                    f"! the drill's application {app} is still there: {error.message}",
                    f"Next: brookline delete {app}",
                )


def _remove(tool: Tool, client: Client, app: str) -> None:
    deadline = Deadline(tool.pace, _CLEAN_UP_S)
    with contextlib.suppress(NotFound):
        client.do(calls.delete(app))
        while True:
            client.do(calls.application(app))
            deadline.pause(_LOOK_S, what=f"application {app} is still there")


def _until_written(load: Load, more: int, patience: Deadline) -> None:
    goal = load.written() + more
    while load.written() < goal:
        patience.pause(_LOOK_S, what=f"only {load.written()} writes were acknowledged")


def _until_led(tool: Tool, former: Member, patience: Deadline) -> None:
    """Wait until another instance leads."""
    with patient_client(tool, patience) as client:
        while True:
            with contextlib.suppress(BrooklineError):
                leader = client.do(calls.states()).leader()
                if leader is not None and leader.instance != former.instance:
                    tool.out.tell(f"{leader.name} leads")
                    return
            patience.pause(_LOOK_S, what="nobody else leads yet\nNext: brookline ha status")


def _report(tool: Tool, load: Load, app: str, former: Member) -> bool:
    """Show what was seen; return whether what is promised held."""
    with patient_client(tool, Deadline(tool.pace, _CLEAN_UP_S)) as client:
        there = [str(one.get("name")) for one in client.do(calls.children(app, app))]
        states = client.do(calls.states())
    changes = [row for row in find_history(tool.client) if row.epoch > former.epoch]
    verdict = judge(load.seen, there)
    now = tool.pace.wall_ms()
    tool.out.emit(
        to_value(verdict, load.seen, changes),
        lambda: screen(verdict, load.seen, changes, states=states, now_ms=now),
    )
    return verdict.sound
