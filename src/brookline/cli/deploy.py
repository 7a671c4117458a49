"""brookline deploy."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.blocks import Heading
from brookline.cli.exits import Exit
from brookline.cli.moments import duration
from brookline.cli.tool import with_tool
from brookline.client import calls
from brookline.errors import (
    BrooklineError,
    InvalidInput,
    NotFound,
    Outcome,
    Unavailable,
)
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from brookline.cli.tool import Tool
    from brookline.client.client import Client

BAD_STATUSES = ("ERROR", "DESTROYED")
LOST_S = 3.0
"""How long an application is looked for whose deploy was not answered: a failover takes less."""

SETTLED = ("RUNNING", "STOPPED", "UNKNOWN", "ACCEPTED")
"""Statuses of an application whose start task has ended in which nothing more is to come."""


@click.command()
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--wait", "-w", is_flag=True, help="Wait until it runs, and show its progress.")
@click.option("--timeout", default="15m", show_default=True, help="How long to wait.")
@click.option("--id", "app_id", default="", help="Id for the application: 10 to 63 of a-z and 0-9.")
@with_tool
def deploy(tool: Tool, file: str, *, wait: bool, timeout: str, app_id: str) -> None:
    """Deploy the blueprint in FILE (- for standard input).

    With --wait the command ends with 0 when the application runs, 11 when it does not in time, 12
    when it failed, 17 when a failover cut its start off. The wait goes on through failovers.
    """
    from brookline.cli.waiting import seconds_of

    timeout_s = seconds_of(timeout)
    plan = _read(file)
    started = tool.pace.monotonic()
    task = deploy_once(tool, plan, app_id=app_id or new_id(), file=file)
    app = str(task["entityId"])
    name = str(task.get("entityDisplayName") or app)
    tool.out.tell(f"{name}  {app}  STARTING")
    if wait:
        _wait(tool, task, name=name, timeout_s=timeout_s)
    took_ms = (tool.pace.monotonic() - started) * 1000
    result = _result(tool, app, name=name, task=task)
    tool.out.emit(result, lambda: [_heading(result, took_ms if wait else None)])


def deploy_once(tool: Tool, plan: str, *, app_id: str, file: str) -> dict[str, Any]:
    """Deploy under an id of our own, by which it is found if the answer is lost.

    Returns:
        The task that starts it.

    Raises:
        InvalidInput: If the blueprint has faults; each with its place in `file`.
        Conflict: If there is an application of that id.
        Ended: If the answer is lost, and nothing tells that it was deployed. It is not sent again.
    """
    try:
        task: dict[str, Any] = tool.do(calls.deploy(plan, app_id=app_id))
    except Unavailable as error:
        if error.outcome is not Outcome.UNKNOWN:
            raise
        tool.out.tell(f"{error.message}; looking whether it was")
        return _found_start(tool, app_id, file)
    except InvalidInput as error:
        raise InvalidInput(
            _with_file(error.message, file),
            details=_with_file(error.details, file),
            data=error.data,
        ) from error
    for warning in task.get("warnings") or ():
        tool.out.tell(f"warning: {_with_file(warning, file)}")
    return {**task, "entityId": task.get("entityId") or app_id}


def _found_start(tool: Tool, app_id: str, file: str) -> dict[str, Any]:
    """Return the start task of an application that may have been deployed."""
    from brookline.cli.waiting import POLL_S, Deadline, Ended

    deadline = Deadline(tool.pace, LOST_S)
    while True:
        start = _find_start(tool, app_id)
        if start is not None:
            return {**start, "entityId": app_id}
        if deadline.left_s <= 0:
            raise Ended(
                f"application {app_id} is not there, and may be deployed yet\n"
                f"Next: brookline tree shows whether it has come; brookline deploy {file} --id"
                f" {app_id} deploys it if it has not, and never twice",
                Exit.INTERRUPTED,
            )
        tool.pace.sleep(POLL_S)


def _find_start(tool: Tool, app_id: str) -> dict[str, Any] | None:
    try:
        tasks = tool.do(calls.activities(app_id, app_id))
    except (NotFound, Unavailable):
        return None
    return next((task for task in reversed(tasks) if task.get("displayName") == "start"), None)


def _wait(tool: Tool, task: dict[str, Any], *, name: str, timeout_s: float) -> None:
    from brookline.cli.waiting import Deadline, Ended, follow_to_end, patient_client

    app = str(task["entityId"])
    deadline = Deadline(tool.pace, timeout_s)
    follow_to_end(
        tool, task, timeout_s=timeout_s, is_hopeless=lambda client: _hopeless(client, app)
    )
    with (
        patient_client(tool, deadline) as client,
        client.ear(f"topics=applications&application={app}", "changes") as ear,
    ):
        while True:
            status = _status(client, app)
            if status in BAD_STATUSES:
                raise Ended(_on_fire(client, app, status), Exit.UNHEALTHY)
            if status in SETTLED:
                return
            deadline.pause(0.2, what=f"{name} is {status}\nNext: brookline show {app}", ear=ear)


def _hopeless(client: Client, app: str) -> str:
    """Say why the application will not come to run, or nothing while it may."""
    status = _status(client, app)
    return _on_fire(client, app, status) if status == "ERROR" else ""


def _on_fire(client: Client, app: str, status: str) -> str:
    return f"application {app} is {status}: {_problems(client, app)}\nNext: brookline show {app}"


def _status(client: Client, app: str) -> str:
    try:
        return str(client.do(calls.application(app)).get("status") or "UNKNOWN")
    except NotFound:
        return "DESTROYED"


def _problems(client: Client, app: str) -> str:
    for sensor in ("service.problems", "service.notUp.indicators"):
        try:
            value = client.do(calls.sensor(app, app, sensor))
        except BrooklineError:
            continue
        if value:
            return "; ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
    return "it does not say why"


def _result(tool: Tool, app: str, *, name: str, task: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": app,
        "name": name,
        "task": task.get("id"),
        "status": _status(tool.client, app),
        "uri": _uri(tool, app),
    }


def _uri(tool: Tool, app: str) -> str | None:
    """Return where the application, or the first of its entities that says so, can be opened."""
    found = tool.do(calls.descendants_sensor(app, "main.uri"))
    return next((str(uri) for uri in found.values() if uri), None)


def _heading(result: dict[str, Any], took_ms: float | None) -> Heading:
    words = [result["id"], result["status"]]
    if took_ms is None:
        words.append(f"task {result['task']}")
    else:
        words.append(f"in {duration(took_ms)}")
        words += [result["uri"]] if result["uri"] else []
    return Heading(result["name"], words)


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror or error}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not UTF-8: byte {error.start} is none of it") from error


def _with_file(text: str, file: str) -> str:
    """Put the file's name before the places in it, for editors that jump to them."""
    name = "<stdin>" if file == "-" else file
    return re.sub(r"\bblueprint:(?=\d+:\d+)", lambda _: f"{name}:", text)
