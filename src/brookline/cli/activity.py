"""brookline activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from brookline.cli.blocks import Heading, Table
from brookline.cli.defaults import DefaultGroup
from brookline.cli.moments import ago, duration, moment
from brookline.cli.tool import with_tool
from brookline.cli.trees import find_application, walk
from brookline.cli.waiting import was_interrupted
from brookline.client import calls
from brookline.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brookline.cli.blocks import Block
    from brookline.cli.tool import Tool

Task = dict[str, Any]

MOST_ENTITIES = 200
"""Entities that are asked for their tasks in one listing: there is no call for all at once."""


@click.group(cls=DefaultGroup)
def activity() -> None:
    """Show what was done and is being done, or end it. `show` need not be named."""


@activity.command()
@click.argument("task", required=False)
@click.option(
    "--stream",
    "-s",
    default="",
    metavar="NAME",
    help="What TASK wrote: stdout, stderr, stdin or env.",
)
@click.option(
    "--follow",
    "-f",
    is_flag=True,
    help="Go on until TASK ends, and print what it and its parts write.",
)
@click.option("--app", default="", help="Without TASK: only the tasks of this application.")
@click.option("--entity", default="", help="With --app: only those of this entity of it.")
@click.option("--all", "with_parts", is_flag=True, help="Without TASK: the parts of tasks too.")
@click.option(
    "--limit", default=50, show_default=True, help="How many tasks of each entity to list."
)
@with_tool
def show(
    tool: Tool,
    task: str | None,
    *,
    stream: str,
    follow: bool,
    app: str,
    entity: str,
    with_parts: bool,
    limit: int,
) -> None:
    """List what was done and is being done, or show one task.

    A task is shown with its parts, such as the steps of a start. With --follow, lines of parts
    have their entity and name in front, and those of stderr a "!". It goes on through failovers:
    no line is missing, none comes twice. It ends with 12 if TASK fails, and 17 if it is interrupted.
    """
    if (stream or follow) and not task:
        raise click.UsageError("say which task: brookline activity TASK --stream stdout")
    if follow and tool.out.form != "table":
        raise click.UsageError("what is followed is printed as it comes: leave out -o")
    if entity and not app:
        raise click.UsageError("say of which application: --app APP --entity ENTITY")
    if task and follow:
        from brookline.cli.following import follow as print_all

        print_all(tool, task, stream)
    elif task and stream:
        _print_stream(tool, task, stream)
    elif task:
        _show(tool, task)
    else:
        asked = [(app, entity)] if entity else _entities(tool, app)
        _list(tool, asked, with_parts=with_parts, limit=limit)


@activity.command()
@click.argument("task")
@with_tool
def cancel(tool: Tool, task: str) -> None:
    """End TASK with all its parts; commands that they run on machines are killed, of a machine out of reach once it answers.

    It does not matter which master began it. Ends with 16 if it had ended before.
    """
    cancelled = tool.do(calls.cancel(task))
    if not cancelled:
        found = tool.do(calls.task(task))
        step = f"\nNext: brookline interrupted {task}" if was_interrupted(found) else ""
        raise Conflict(f"task {task} was not cancelled: it is {_status(found)}{step}")
    tool.out.emit(cancelled, lambda: [f"task {task} is cancelled"])


def _entities(tool: Tool, app: str) -> list[tuple[str, str]]:
    """Return the entities of an application, or of all of them, each with its application."""
    roots = tool.do(calls.tree())
    chosen = [find_application(roots, app)] if app else roots
    found = [(root["id"], node["id"]) for root in chosen for _, node in walk(root)]
    if len(found) > MOST_ENTITIES:
        tool.out.tell(f"of {MOST_ENTITIES} entities of {len(found)}; --app and --entity choose")
    return found[:MOST_ENTITIES]


def _list(tool: Tool, asked: Iterable[tuple[str, str]], *, with_parts: bool, limit: int) -> None:
    tasks: dict[str, Task] = {}
    for app, entity in asked:
        tasks |= {each["id"]: each for each in tool.do(calls.activities(app, entity, limit=limit))}
    shown = [each for each in tasks.values() if with_parts or _parent(each) not in tasks]
    ordered = sorted(shown, key=lambda task: task.get("submitTimeUtc") or 0, reverse=True)
    now_ms = tool.pace.wall_ms()
    rows = [_row(task, now_ms) for task in ordered]
    tool.out.emit(ordered, lambda: [_table("WHAT", rows)])


def _parent(task: Task) -> str:
    """Return the id of the task that this is a part of, or nothing."""
    return str((task.get("submittedByTask") or {}).get("metadata", {}).get("id", ""))


def _show(tool: Tool, task_id: str) -> None:
    task = tool.do(calls.task(task_id))
    below = tool.do(calls.task_descendants(task_id))
    value = {**task, "descendants": below}
    tool.out.emit(value, lambda: _detail(task, below, tool.pace.wall_ms()))


def _detail(task: Task, below: dict[str, Task], now_ms: int) -> Iterator[Block]:
    yield Heading(str(task.get("displayName")), (task["id"], _status(task)))
    for title, text in (
        ("entity", task.get("entityDisplayName")),
        ("what", task.get("description")),
        ("submitted", _when(task.get("submitTimeUtc"), now_ms)),
        ("part of", _parent(task)),
        ("waits for", task.get("blockingDetails")),
        ("streams", ", ".join(_streams(task))),
    ):
        if text:
            yield f"  {title.ljust(10)}{text}"
    for line in str(task.get("detailedStatus") or "").splitlines():
        yield f"  {line}".rstrip()
    if below:
        yield ""
        parts = list(_parts(task, below))
        rows = [_row(part, now_ms) for _, part in parts]
        yield _table("PART", rows, depths=[depth for depth, _ in parts])


def _parts(task: Task, below: dict[str, Task], depth: int = 0) -> Iterator[tuple[int, Task]]:
    for link in task.get("children") or ():
        part = below.get((link.get("metadata") or {}).get("id", ""))
        if part is not None:
            yield depth, part
            yield from _parts(part, below, depth + 1)


def _table(title: str, rows: Sequence[Sequence[str]], depths: Sequence[int] = ()) -> Table:
    headers = (title, "TASK", "ENTITY", "STATUS", "TOOK", "WHEN")
    return Table(headers, rows, depths=depths, folds=("WHAT", "ENTITY"))


def _row(task: Task, now_ms: int) -> tuple[str, ...]:
    started, ended = task.get("startTimeUtc"), task.get("endTimeUtc") or -1
    took = (ended if ended > 0 else now_ms) - started if started else None
    return (
        str(task.get("displayName") or task["id"]),
        task["id"],
        str(task.get("entityDisplayName") or "-"),
        _status(task),
        duration(took),
        ago(task.get("submitTimeUtc"), now_ms),
    )


def _status(task: Task) -> str:
    if was_interrupted(task):
        return "Interrupted"
    return str(task.get("currentStatus") or "-")


def _streams(task: Task) -> list[str]:
    streams: dict[str, Any] = task.get("streams") or {}
    return [
        f"{name} ({(link.get('metadata') or {}).get('sizeText', '?')})"
        for name, link in streams.items()
    ]


def _when(ms: int | None, now_ms: int) -> str:
    return f"{moment(ms, now_ms)} ({ago(ms, now_ms)})" if ms else ""


def _print_stream(tool: Tool, task_id: str, stream: str) -> None:
    written = tool.do(calls.task_stream(task_id, stream))
    if tool.out.form == "table":
        click.echo(written, nl=False, color=True)
    else:
        tool.out.emit(written, list)
