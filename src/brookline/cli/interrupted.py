"""brookline interrupted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.asking import ask
from brookline.cli.blocks import Heading, Table
from brookline.cli.defaults import DefaultGroup
from brookline.cli.moments import ago, moment
from brookline.cli.tool import with_tool
from brookline.client import calls
from brookline.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.cli.blocks import Block
    from brookline.cli.tool import Tool

Row = dict[str, Any]

_YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what it would do.")
_WAIT = click.option("--wait", "-w", is_flag=True, help="Wait for the end, and show the progress.")
_TIMEOUT = click.option("--timeout", default="15m", show_default=True, help="How long to wait.")


@click.group(cls=DefaultGroup)
def interrupted() -> None:
    """Show the work that does not go on by itself, and decide about it.

    ID is that of its task. `show` need not be named.
    """


@interrupted.command()
@click.argument("task", required=False, metavar="[ID]")
@with_tool
def show(tool: Tool, task: str | None) -> None:
    """List what was interrupted, or show one with what can be done."""
    now_ms = tool.pace.wall_ms()
    if task:
        one = tool.do(calls.interrupted_one(task))
        tool.out.emit(one, lambda: _detail(one, now_ms))
    else:
        rows = tool.do(calls.interrupted())
        tool.out.emit(rows, lambda: [_table(rows, now_ms)])


@interrupted.command()
@click.argument("task", metavar="ID")
@_YES
@_WAIT
@_TIMEOUT
@_DRY_RUN
@with_tool
def resume(tool: Tool, task: str, *, yes: bool, wait: bool, timeout: str, dry_run: bool) -> None:
    """Go on where it stopped, as the same task.

    Finished steps are not done again; the one that may have been done is.
    """
    if _agreed(tool, task, "resume", yes=yes, dry_run=dry_run):
        _begin(tool, tool.do(calls.resume(task)), wait=wait, timeout=timeout)


@interrupted.command()
@click.argument("task", metavar="ID")
@_YES
@_WAIT
@_TIMEOUT
@_DRY_RUN
@with_tool
def replay(tool: Tool, task: str, *, yes: bool, wait: bool, timeout: str, dry_run: bool) -> None:
    """Do all of it again, as a new task with the same parameters."""
    if _agreed(tool, task, "replay", yes=yes, dry_run=dry_run):
        _begin(tool, tool.do(calls.replay(task)), wait=wait, timeout=timeout)


@interrupted.command()
@click.argument("task", metavar="ID")
@click.option("--reason", default="", help="Why; it is kept.")
@_YES
@_WAIT
@_TIMEOUT
@_DRY_RUN
@with_tool
def abandon(
    tool: Tool,
    task: str,
    *,
    reason: str,
    yes: bool,
    wait: bool,
    timeout: str,
    dry_run: bool,
) -> None:
    """Give it up, for a reason. Commands of it that still run are killed."""
    if not reason.strip() and not dry_run:
        reason = _asked_reason()
    if not _agreed(tool, task, "abandon", yes=yes, dry_run=dry_run):
        return
    done = tool.do(calls.abandon(task, reason))
    end = (done.get("ends") or {}).get("metadata") or {}
    if wait and end:
        _begin(tool, tool.do(calls.task(end["id"])), wait=True, timeout=timeout)
        return
    tool.out.emit(done, lambda: [_abandoned(task, end)])


def _abandoned(task: str, end: Row) -> str:
    ends = f"; task {end['id']} ends what still runs of it" if end else ""
    return f"{task} is abandoned{ends}"


def _asked_reason() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("say why: --reason TEXT")
    return str(click.prompt("Why is it abandoned", err=True))


def _agreed(tool: Tool, task: str, choice: str, *, yes: bool, dry_run: bool) -> bool:
    """Say what a choice will do; tell whether to do it.

    Raises:
        Conflict: If it cannot be chosen.
    """
    one = tool.do(calls.interrupted_one(task))
    told = (one.get("choices") or {}).get(choice)
    if told is None:
        raise Conflict(_resolved_text(one))
    if not told["possible"]:
        raise Conflict(f"it is not possible to {choice} {task}: {'; '.join(told['will'])}")
    if dry_run:
        tool.out.emit(told, lambda: _choice(choice, told))
        return False
    tool.out.tell(Heading(_name(one), (task,)), *_choice(choice, told))
    ask(f"{choice.capitalize()} it?", yes=yes)
    return True


def _begin(tool: Tool, task: Row, *, wait: bool, timeout: str) -> None:
    """Tell of the task that goes on or begins; wait for its end if asked."""
    from brookline.cli.waiting import follow_to_end, seconds_of

    if not wait:
        tool.out.emit(task, lambda: [f"task {task['id']}"])
        return
    tool.out.tell(f"task {task['id']}")
    last = follow_to_end(tool, task, timeout_s=seconds_of(timeout))
    tool.out.emit(last, lambda: [f"{task.get('displayName')} has ended well"])


def _table(rows: list[Row], now_ms: int) -> Table:
    headers = ("WHAT", "ID", "ENTITY", "SINCE", "FAILOVER", "WHY")
    cells = [
        (
            str(row["name"]),
            row["id"],
            str(row.get("entityDisplayName") or "-"),
            ago(row.get("sinceUtc"), now_ms),
            _failover(row),
            str(row.get("reason") or row.get("cause")),
        )
        for row in rows
    ]
    return Table(headers, cells, folds=("WHAT", "ENTITY", "WHY"), spare=("FAILOVER",))


def _detail(one: Row, now_ms: int) -> Iterator[Block]:
    yield Heading(_name(one), (one["id"], "Interrupted"))
    since = one.get("sinceUtc")
    for title, text in (
        ("why", one.get("reason")),
        ("cause", one.get("cause")),
        ("step", one.get("step")),
        ("since", f"{moment(since, now_ms)} ({ago(since, now_ms)})"),
        ("failover", _failover(one) if one.get("failover") else ""),
        ("resolved", _resolved_text(one) if one.get("resolved") else ""),
    ):
        if text:
            yield f"  {title.ljust(10)}{text}"
    for name, told in (one.get("choices") or {}).items():
        yield ""
        yield from _choice(name, told)
    if one.get("choices"):
        yield ""
        yield f"Next: brookline interrupted resume|replay|abandon {one['id']}"


def _choice(name: str, told: Row) -> Iterator[str]:
    yield f"{name}:" if told["possible"] else f"{name}: not possible"
    yield from (f"  - {text}" for text in told["will"])


def _name(one: Row) -> str:
    entity = one.get("entityDisplayName")
    return f"{one['name']} of {entity}" if entity else str(one["name"])


def _failover(row: Row) -> str:
    found = row.get("failover")
    if not found:
        return "-"
    return f"{found['from']}→{found['node']} (epoch {found['epoch']}): {found['reason']}"


def _resolved_text(one: Row) -> str:
    told = one.get("resolved") or {}
    became = f" as {told['task']}" if told.get("task") else ""
    why = f": {told['why']}" if told.get("why") else ""
    by = told.get("by") or "somebody"
    return f"{one['id']} was {told.get('how', 'resolved')} by {by}{became}{why}"
