"""brookline version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from brookline.cli.tool import with_tool
from brookline.client import calls
from brookline.errors import BrooklineError

if TYPE_CHECKING:
    from brookline.cli.tool import Tool


@click.command()
@click.option("--client", "client_only", is_flag=True, help="Ask no server.")
@with_tool
def version(tool: Tool, *, client_only: bool) -> None:
    """Show the version of this program, and that of the server."""
    from brookline.version import VERSION

    found: dict[str, Any] = {"client": VERSION}
    if not client_only:
        try:
            found["server"] = tool.do(calls.version()).get("version")
        except BrooklineError as error:
            found["server"] = None
            found["serverError"] = error.message
    tool.out.emit(found, lambda: _lines(found))


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"client  {found['client']}"]
    if "server" in found:
        lines.append(f"server  {found['server'] or 'not known: ' + found['serverError']}")
    return lines
