"""brookline invoke."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.entities import assigned, shown
from brookline.cli.tool import with_tool
from brookline.client import calls

if TYPE_CHECKING:
    from brookline.cli.tool import Tool


@click.command()
@click.argument("target", nargs=-1, metavar="APP [ENTITY] EFFECTOR")
@click.option(
    "--param",
    "-P",
    "parameters",
    multiple=True,
    metavar="KEY=VALUE",
    help="A parameter; KEY=@FILE takes the file's text. Several times for several.",
)
@click.option("--no-wait", is_flag=True, help="Return at once, with the task's id.")
@click.option("--timeout", default="", help="How long to wait.  [default: as long as it takes]")
@with_tool
def invoke(
    tool: Tool,
    target: tuple[str, ...],
    *,
    parameters: tuple[str, ...],
    no_wait: bool,
    timeout: str,
) -> None:
    """Call an effector, and wait for its result.

    Without ENTITY it is one of the application itself. The wait goes on through failovers; the
    command ends with 17 if one cut the call off.
    """
    from brookline.cli.waiting import follow_to_end, seconds_of

    if len(target) not in (2, 3):
        raise click.UsageError(
            "say which application, which entity of it (or none), and which effector"
        )
    app, effector = target[0], target[-1]
    entity = target[1] if len(target) == 3 else app
    given = dict(assigned(text) for text in parameters)
    timeout_s = seconds_of(timeout) if timeout else math.inf
    task = tool.do(calls.invoke(app, entity, effector=effector, parameters=given))
    if no_wait:
        tool.out.emit(task, lambda: [f"task {task['id']}"])
        return
    what = f"{effector} of {task.get('entityDisplayName') or entity}"
    tool.out.tell(f"{what}: task {task['id']}")
    last = follow_to_end(tool, task, timeout_s=timeout_s)
    tool.out.tell(f"{what} has ended well")
    result: Any = last.get("result")
    tool.out.emit(result, lambda: [] if result is None else [shown(result)])
