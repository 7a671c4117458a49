"""Commands about applications: apps, show, tree, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from brookline.cli.blocks import Heading, Table
from brookline.cli.tool import with_tool
from brookline.cli.trees import find_application, short_type, state_of, up_of, walk
from brookline.client import calls
from brookline.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brookline.cli.blocks import Block
    from brookline.cli.tool import Tool
    from brookline.cli.trees import Node

SHOWN_SENSORS = ("webapp.url", "host.address", "service.problems")
"""Sensors that `show` prints for an application when it has them."""

HEADERS = ("ENTITY", "ID", "TYPE", "STATE", "UP")


@click.command()
@with_tool
def apps(tool: Tool) -> None:
    """List the applications."""
    found = tool.do(calls.applications())
    rows = [(app["id"], _name(app), str(app.get("status") or "-")) for app in found]
    tool.out.emit(found, lambda: [Table(("ID", "NAME", "STATUS"), rows, folds=("NAME",))])


@click.command()
@click.argument("app")
@with_tool
def show(tool: Tool, app: str) -> None:
    """Show an application: its state, its entities, where it runs."""
    root = find_application(tool.do(calls.tree()), app)
    summary = tool.do(calls.application(root["id"]))
    sensors = tool.do(calls.sensor_values(root["id"], root["id"]))
    places = [_place(place) for place in tool.do(calls.locations(root["id"], root["id"]))]
    uris = tool.do(calls.descendants_sensor(root["id"], "main.uri"))
    value = {**summary, "locations": places, "sensors": sensors, "tree": root, "uris": uris}
    tool.out.emit(value, lambda: _screen(value))


@click.command()
@click.argument("app", required=False)
@with_tool
def tree(tool: Tool, app: str | None) -> None:
    """Show all applications, or one, as trees of entities."""
    roots = tool.do(calls.tree())
    shown = [find_application(roots, app)] if app else roots
    tool.out.emit(shown, lambda: [_tree_table(shown)])


@click.command()
@click.argument("app")
@click.option("--wait", "-w", is_flag=True, help="Wait until it is gone.")
@click.option("--timeout", default="10m", show_default=True, help="How long to wait.")
@with_tool
def delete(tool: Tool, app: str, *, wait: bool, timeout: str) -> None:
    """Stop an application and remove it, with all that it runs."""
    from brookline.cli.waiting import follow_to_end, seconds_of

    timeout_s = seconds_of(timeout)
    root = find_application(tool.do(calls.tree()), app)
    count = sum(1 for _ in walk(root))
    task = tool.do(calls.delete(root["id"]))
    tool.out.tell(f"Deleting {root['name']} ({root['id']}), {count} entities")
    if wait:
        follow_to_end(tool, task, timeout_s=timeout_s)
        _wait_until_gone(tool, root["id"], task, timeout_s=timeout_s)
    result = {"id": root["id"], "name": root["name"], "task": task.get("id"), "deleted": wait}
    tool.out.emit(result, lambda: [_deleted(result)])


def _deleted(result: dict[str, Any]) -> str:
    if result["deleted"]:
        return f"{result['name']} is gone."
    return f"{result['name']} is being removed: task {result['task']}"


def _wait_until_gone(tool: Tool, app_id: str, task: dict[str, Any], *, timeout_s: float) -> None:
    from brookline.cli.waiting import Deadline, patient_client

    deadline = Deadline(tool.pace, timeout_s)
    what = f"application {app_id} is still there\nNext: brookline activity {task['id']}"
    with patient_client(tool, deadline) as client:
        while True:
            try:
                client.do(calls.application(app_id))
            except NotFound:
                return
            deadline.pause(0.2, what=what)


def _screen(value: dict[str, Any]) -> Iterator[Block]:
    root = value["tree"]
    yield Heading(str(root["name"]), (root["id"], str(value.get("status") or "-")))
    if value["locations"]:
        yield "  location  " + ", ".join(value["locations"])
    for name in SHOWN_SENSORS:
        yield from (f"  {name}  {reason}" for reason in _reasons(value["sensors"].get(name)))
    yield ""
    yield _tree_table([root], value["uris"])


def _reasons(value: Any) -> list[str]:
    """Return each entry of a map of reasons as a line."""
    if isinstance(value, dict):
        return [f"{key}: {reason}" for key, reason in value.items()]
    return [str(value)] if value not in (None, "", []) else []


def _tree_table(roots: Sequence[Node], uris: Mapping[str, Any] | None = None) -> Table:
    """Return a row for each entity; with a column of addresses if there may be some."""
    nodes = [pair for root in roots for pair in walk(root)]
    rows = [_row(node, uris) for _, node in nodes]
    depths = [depth for depth, _ in nodes]
    headers = HEADERS if uris is None else (*HEADERS, "URI")
    return Table(headers, rows, depths=depths, folds=("URI",), spare=("TYPE",))


def _row(node: Node, uris: Mapping[str, Any] | None) -> tuple[str, ...]:
    kind = short_type(str(node.get("type")))
    row = (str(node.get("name")), node["id"], kind, state_of(node), up_of(node))
    return row if uris is None else (*row, str(uris.get(node["id"]) or ""))


def _name(app: dict[str, Any]) -> str:
    return str((app.get("spec") or {}).get("name") or app["id"])


def _place(location: dict[str, Any]) -> str:
    return str(location.get("name") or location.get("id"))
