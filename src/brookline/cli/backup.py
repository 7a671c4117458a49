"""brookline backup: make, list and verify backups of a plane, and restore any point of one."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from brookline.cli.blocks import Table
from brookline.cli.exits import Exit
from brookline.cli.stores import NOTE, STORE_OPTION, find_store, offline, offline_without_home, run
from brookline.cli.times import past_moment_of, stamp
from brookline.errors import NotFound
from brookline.values.clock import SystemClock
from brookline.values.folders import here

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brookline.cli.blocks import Block
    from brookline.cli.output import Output
    from brookline.management.backup_files import File

BACKUPS = Path("data") / "backups"
"""Folder of a home in which its node keeps the backups that it makes by itself."""

_MIB = 1 << 20


@click.group()
def backup() -> None:
    """Make, list, verify and restore backups. Servers may run or not; none is asked."""


@backup.command()
@STORE_OPTION
@click.option(
    "--to", default=".", metavar="FILE", help="File to write, or folder.  [default: this folder]"
)
@offline
def create(out: Output, *, home: str, store: str, to: str) -> None:
    """Write all that the store retains of a plane to a file: any point of it can be restored.

    The file is verified before it gets its name. It holds secrets as the store does; only its
    owner may read it.
    """
    from brookline.cli.backup_work import make

    url = find_store(store, home)
    made = run(make(url, Path(to)))
    value = {"file": str(made.path), "size": made.size, **msgspec.to_builtins(made.manifest)}
    out.emit(value, lambda: [f"{made.path}: {_described(made)}"])


@backup.command(name="list")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@offline
def list_(out: Output, *, home: str, folders: tuple[str, ...]) -> None:
    """List the backups in folders: this one's and its homes', unless others are named."""
    from brookline.management.backup_files import listed

    for folder in folders:
        if not Path(folder).is_dir():
            raise NotFound(f"there is no folder {folder}")
    found = listed([Path(one) for one in folders] if folders else _usual_folders(home))
    out.emit([_value(one) for one in found], lambda: [_table(found)])


@backup.command()
@click.argument("file")
@offline_without_home
def verify(out: Output, *, file: str) -> None:
    """Check all that is in the backup FILE: that nothing is missing, and every hash.

    Ends with 3 if something is not as it was written.
    """
    from brookline.cli.backup_work import verified
    from brookline.cli.journal_verdict import verdict_lines

    verdict = run(verified(Path(file)))
    out.emit({"file": file, **dataclasses.asdict(verdict)}, lambda: verdict_lines(file, verdict))
    if verdict.faults:
        raise click.exceptions.Exit(Exit.INTERNAL)


@backup.command()
@click.argument("source")
@click.argument("into", required=False)
@click.option("--at", default="", metavar="TIME", help="The plane as it was then: 22:10, 2h (ago).")
@click.option("--seq", type=int, metavar="N", help="The plane as of this entry.")
@click.option(
    "--beside", is_flag=True, help="The plane that it is from goes on: leave its machines to it."
)
@click.option(
    "--although-unseen",
    is_flag=True,
    help="No node of the plane that it is from runs, though its store cannot be looked at.",
)
@click.option("--dry-run", is_flag=True, help="Only say what it would do; INTO may be left out.")
@offline_without_home
def restore(
    out: Output,
    *,
    source: str,
    into: str | None,
    at: str,
    seq: int | None,
    **choice: bool,
) -> None:
    """Begin a new plane in the empty store INTO as SOURCE was: a backup, or a store.

    By default as of the newest entry. The new plane has an id of its own. What ran is interrupted, and
    people decide. It takes the place of the old one: machines obey it, and the old one no more.
    So it is refused while a node of the old one runs, also where that one has moved to, and where
    that cannot be seen. With --beside, both go on; mind that both then manage the same processes.
    """
    from brookline.cli.restore_work import Wish, restored, screen

    if at and seq is not None:
        raise click.UsageError("give --at or --seq, not both")
    if into is None and not choice["dry_run"]:
        raise click.UsageError("say INTO which store, or give --dry-run")
    at_ms = past_moment_of(at, SystemClock().wall_ms()) if at else None
    wish = Wish(source, into or "", at_ms=at_ms, seq=seq, **choice)
    found = run(restored(wish, out.tell))
    out.emit(found.to_value(), lambda: screen(wish, found))


def _usual_folders(home: str) -> list[Path]:
    folder = Path(home) if home else here()
    homes = [folder, *(note.parents[1] for note in folder.glob(f"*/{NOTE}"))]
    return [*([] if home else [folder]), *(one / BACKUPS for one in homes)]


def _value(file: File) -> dict[str, Any]:
    told = msgspec.to_builtins(file.manifest) if file.manifest else {"trouble": file.trouble}
    return {"file": str(file.path), "size": file.size, **told}


def _table(files: Sequence[File]) -> Block:
    headers = ("FILE", "MADE", "PLANE", "WHY", "NODE", "UP TO", "SIZE")
    return Table(headers, list(map(list, map(tuple, map(_row, files)))), folds=("FILE",))


def _row(file: File) -> Iterator[str]:
    yield str(file.path)
    manifest = file.manifest
    if manifest is None:
        yield from ("?", "?", f"! {file.trouble}", "", "")
    else:
        yield stamp(manifest.created_utc)
        yield manifest.plane_id
        yield manifest.why
        yield manifest.node or "-"
        yield f"{manifest.sequence}"
    yield _size(file.size)


def _described(file: File) -> str:
    manifest = file.manifest
    assert manifest is not None
    return (
        f"plane {manifest.plane_id} up to entry {manifest.sequence} (epoch {manifest.epoch}),"
        f" {manifest.keys} keys, {_size(file.size)}; verified"
    )


def _size(size: int) -> str:
    return f"{size / _MIB:.1f} MiB" if size >= _MIB else f"{size / 1024:.1f} KiB"
