"""brookline doctor: what stands between this machine and a plane, or a store and a plane."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from brookline.cli.blocks import Table
from brookline.cli.exits import Exit
from brookline.cli.tool import with_tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.cli.blocks import Block
    from brookline.cli.findings import Finding
    from brookline.cli.tool import Tool


@click.command()
@click.option(
    "--store", default=None, metavar="URL", help="Examine a store instead: a folder, or its URL."
)
@with_tool
def doctor(tool: Tool, *, store: str | None) -> None:
    """Check the way to a plane, or whether a store can carry one.

    The way: addresses, certificates, login, clocks, versions, who leads. With --store, whether a
    store can carry a plane of several nodes; nothing in it is changed but for keys of the check's
    own, which are removed. A folder or table that is not there is not made: another one beside it is
    tried, and removed. Ends with 2 if a check fails.
    """
    if store is not None:
        from brookline.cli.doctor_store import examine_store

        found = examine_store(store)
    else:
        from brookline.cli.findings import examine_plane

        found = examine_plane(tool)
    value = [dataclasses.asdict(each) for each in found]
    tool.out.emit(value, lambda: _report(found))
    if any(each.result == "fail" for each in found):
        raise click.exceptions.Exit(Exit.FAILED)


def _report(found: Sequence[Finding]) -> list[Block]:
    rows = [(each.result, each.check, _said(each)) for each in found]
    table = Table(("RESULT", "CHECK", "FOUND"), rows, folds=("CHECK", "FOUND"))
    counts = {
        each: sum(1 for one in found if one.result == each) for each in ("pass", "warn", "fail")
    }
    return [table, "", ", ".join(f"{count} {word}" for word, count in counts.items() if count)]


def _said(finding: Finding) -> str:
    return f"{finding.found}; {finding.fix}" if finding.fix else finding.found
