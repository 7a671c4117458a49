"""Commands about one entity: sensors, config, effectors. Without ENTITY, APP itself is meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.blocks import Table
from brookline.cli.tool import with_tool
from brookline.cli.trees import short_type
from brookline.client import calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.cli.tool import Tool


@click.command()
@click.argument("app")
@click.argument("entity", required=False)
@click.option("--name", "-n", default="", help="Only the value of this sensor, bare.")
@with_tool
def sensors(tool: Tool, app: str, *, entity: str | None, name: str) -> None:
    """Show the sensors of an entity and their values."""
    if name:
        _emit_one(tool, tool.do(calls.sensor(app, entity or app, name)), f"sensor {name}")
        return
    values = tool.do(calls.sensor_values(app, entity or app))
    tool.out.emit(values, lambda: [_value_table("SENSOR", values)])


@click.command()
@click.argument("app")
@click.argument("entity", required=False)
@click.option("--name", "-n", default="", help="Only the value of this key, bare.")
@click.option("--set", "assignment", default="", metavar="KEY=VALUE", help="Change a value.")
@with_tool
def config(tool: Tool, app: str, *, entity: str | None, name: str, assignment: str) -> None:
    """Show the configuration of an entity, or change a value of it."""
    if assignment:
        key, value = assigned(assignment)
        tool.do(calls.set_config(app, entity or app, key=key, value=value))
        tool.out.emit({key: value}, lambda: [f"{key} = {shown(value)}"])
        return
    if name:
        _emit_one(tool, tool.do(calls.config(app, entity or app, name)), f"key {name}")
        return
    values = tool.do(calls.config_values(app, entity or app))
    tool.out.emit(values, lambda: [_value_table("KEY", values)])


@click.command()
@click.argument("app")
@click.argument("entity", required=False)
@with_tool
def effectors(tool: Tool, app: str, *, entity: str | None) -> None:
    """List what can be done with an entity."""
    found = tool.do(calls.effectors(app, entity or app))
    rows = [(each["name"], _parameters(each), str(each.get("description") or "")) for each in found]
    headers = ("EFFECTOR", "PARAMETERS", "DESCRIPTION")
    tool.out.emit(found, lambda: [Table(headers, rows, folds=headers[1:])])


def assigned(text: str) -> tuple[str, Any]:
    """Split ``key=value``; ``key=@file`` takes the file's text.

    A value that is a JSON object or list is taken as such; all else is text, which the server
    turns into what the key or parameter wants.

    Raises:
        click.UsageError: If there is no ``=``, or the file cannot be read.
    """
    from pathlib import Path

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"{text!r} is not KEY=VALUE")
    if value.startswith("@"):
        try:
            value = Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"{key}: {value[1:]} cannot be read: {error}") from error
    if value[:1] in ("{", "["):
        try:
            return key, json.loads(value)
        except ValueError:
            return key, value
    return key, value


def shown(value: Any) -> str:
    """Return a value as people read it: text bare, all else as JSON, nothing as ``-``."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _emit_one(tool: Tool, value: Any, what: str) -> None:
    """Print a value bare; where there is none, nothing."""
    if value is None:
        tool.out.tell(f"{what} has no value")
    tool.out.emit(value, lambda: [] if value is None else [shown(value)])


def _value_table(title: str, values: Mapping[str, Any]) -> Table:
    rows = [(name, shown(value)) for name, value in sorted(values.items())]
    return Table((title, "VALUE"), rows, folds=(title, "VALUE"))


def _parameters(effector: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{each['name']} ({short_type(str(each.get('type')))})"
        for each in effector.get("parameters") or ()
    )
