"""brookline invoke."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.entities import assigned, shown
from brookline.cli.tool import with_tool
from brookline.client import calls
from brookline.errors import BrooklineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    if given:
        tool.out.tell(*_ignored(tool, app, entity, effector=effector, given=given))
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


def _ignored(
    tool: Tool, app: str, entity: str, *, effector: str, given: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a warning for each parameter that the effector does not have: servers say nothing."""
    try:
        listed = tool.do(calls.effectors(app, entity))
    except BrooklineError:
        return  # the call itself will say what is wrong
    found = next((each for each in listed if each.get("name") == effector), None)
    if found is None:
        return
    import difflib

    known = [str(each.get("name")) for each in found.get("parameters") or ()]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            yield f"! {effector} has no parameter '{name}', so it is ignored{hint}"
