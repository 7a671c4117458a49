"""brookline server: a thin cover; all is decided in `brookline.server`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from brookline.server.options import server_options

if TYPE_CHECKING:
    from brookline.server.options import Option


def _click_option(option: Option) -> click.Option:
    """Return the option as click has it; its value is None if it is not given."""
    spellings = list(option.spellings)
    if option.is_flag and option.is_on:
        spellings[0] = f"{spellings[0]}/--no-{spellings[0].removeprefix('--')}"
    return click.Option(
        [*spellings, option.name.replace("-", "_")],
        is_flag=option.is_flag,
        default=None,
        metavar=None if option.is_flag else option.metavar,
        help=option.help,
    )


_SET = click.Option(
    ["--set", "set"],
    multiple=True,
    metavar="KEY=VALUE",
    help="Any key of brooklyn.cfg; several times for several.",
)


def _run(**options: Any) -> None:
    from brookline.server.command import run_server

    run_server(**options)


server = click.Command(
    "server",
    params=[*map(_click_option, server_options()), _SET],
    callback=_run,
    help="""Run a node of a plane in the foreground, until Ctrl-C.

    Nodes that are given the same --persistence-dir are one plane: one of them leads, the others
    stand by. Options win over the environment, and that over the files in etc/ of the home.
    """,
)
