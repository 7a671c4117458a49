"""brookline store: move a plane to another store, or copy it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from brookline.cli.asking import ask
from brookline.cli.stores import offline, offline_without_home, run
from brookline.errors import InvalidInput

if TYPE_CHECKING:
    from brookline.cli.output import Output


@click.group()
def store() -> None:
    """Move a plane to another store, or copy it. No server is asked."""


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--online", is_flag=True, help="While nodes run: they end when the plane has moved.")
@click.option(
    "--keep", is_flag=True, help="Only copy: the plane stays in FROM, which is not touched."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@offline_without_home
def copy(
    out: Output,
    *,
    source: str,
    target: str,
    online: bool,
    keep: bool,
    yes: bool,
) -> None:
    """Move the plane in the store FROM to the empty store TO, with its whole log.

    FROM is closed by a last entry that says where the plane has gone: no node can lead there any more, and
    each that is started there says so. Nothing that was acknowledged is lost. A move that was cut short is
    finished by the same command. TO is tried first, whether it can carry a plane.

    With --online nodes may run. They end when the log is closed; start them with --persistence-dir TO.
    With --keep there are two copies of one plane: never run nodes on both.
    """
    if not keep:
        ask(
            f"Move the plane in {source} to {target}? It cannot be led in {source} afterwards.",
            yes=yes,
        )
    _do(out, source, target, online=online, keep=keep)


_LOCATION = "Location of the properties that {} names a bucket of."


@click.command(name="copy-state")
@click.option(
    "--persistenceDir", "--persistence-dir", "source", default="", metavar="URL", help="The store."
)
@click.option(
    "--persistenceLocation",
    "source_spec",
    default="",
    metavar="NAME",
    help=_LOCATION.format("--persistenceDir"),
)
@click.option(
    "--destinationDir", "target", default="", metavar="URL", help="The empty store to copy to."
)
@click.option(
    "--destinationLocation",
    "target_spec",
    default="",
    metavar="NAME",
    help=_LOCATION.format("--destinationDir"),
)
@click.option(
    "--localBrooklynProperties",
    "properties",
    default="",
    metavar="FILE",
    help="Properties that come before those of the user and of --home.",
)
@click.option("--transformations", default="", metavar="FILE", help="Refused: see the guide.")
@offline
def copy_state(  # AMP's options
    out: Output,
    *,
    home: str,
    source: str,
    target: str,
    source_spec: str,
    target_spec: str,
    properties: str,
    transformations: str,
) -> None:
    """Copy the plane's store to another one, and leave it as it is: AMP's name for `store copy --keep`.

    Nodes may run. Never run nodes on both.
    """
    if transformations:
        raise InvalidInput(
            "--transformations is refused: an entry of the log holds the hash of the one before, so a"
            " log can only be copied as it is; deploy what shall be otherwise on a running plane"
        )
    if not (source or source_spec) or not (target or target_spec):
        raise click.UsageError("give --persistenceDir and --destinationDir")
    if source_spec or target_spec or properties:
        from brookline.cli.amp_stores import read_properties, url_at

        known = read_properties(properties, home)
        source, target = url_at(source_spec, source, known), url_at(target_spec, target, known)
    if not source or not target:
        raise click.UsageError("give --persistenceDir and --destinationDir, too")
    _do(out, source, target, online=True, keep=True)


def _do(out: Output, source: str, target: str, *, online: bool, keep: bool) -> None:
    from brookline.cli.store_work import Wish, moved, screen

    wish = Wish(source, target, online=online, keep=keep)
    found = run(moved(wish, out.tell))
    out.emit(found._asdict(), lambda: screen(wish, found))
