"""The root of all commands, and the edge where errors become sentences and exit statuses."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.blocks import visible
from brookline.cli.complaints import complaint
from brookline.cli.exits import Exit, exit_of
from brookline.cli.tool import common_options
from brookline.errors import BrooklineError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "server": "brookline.cli.server:server",
    "deploy": "brookline.cli.deploy:deploy",
    "apps": "brookline.cli.apps:apps",
    "show": "brookline.cli.apps:show",
    "tree": "brookline.cli.apps:tree",
    "delete": "brookline.cli.apps:delete",
    "sensors": "brookline.cli.entities:sensors",
    "config": "brookline.cli.entities:config",
    "effectors": "brookline.cli.entities:effectors",
    "invoke": "brookline.cli.invoke:invoke",
    "activity": "brookline.cli.activity:activity",
    "interrupted": "brookline.cli.interrupted:interrupted",
    "ha": "brookline.cli.ha:ha",
    "journal": "brookline.cli.journal:journal",
    "backup": "brookline.cli.backup:backup",
    "store": "brookline.cli.store:store",
    "copy-state": "brookline.cli.store:copy_state",
    "doctor": "brookline.cli.doctor:doctor",
    "version": "brookline.cli.version:version",
}
"""Where each command is; a module is imported when its command is used."""

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Errors of a file or device that takes no more output."""


def _statuses() -> str:
    """Return the table of exit statuses for the help, which is not to be wrapped."""
    rows = (f"  {status:<4}  {status.meaning}" for status in Exit)
    return "\b\n" + "\n".join(("Exit statuses:", *rows))


class LazyGroup(click.Group):
    """A group whose commands are imported by name when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for a name that is none, say which one may be meant."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(_no_such_command(args[0]), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_statuses()
)
@common_options
@click.pass_context
def root(ctx: click.Context, /, **common: Any) -> None:
    """Deploy applications from blueprints, and keep managing them when servers die.

    `brookline server` runs a node. All other commands talk to any node of a plane and follow its
    master: they find it by --url, BROOKLINE_URL, or the files that a node writes to its home.
    """
    ctx.obj = common


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where there is no ✓, a ? is better than an end
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    try:
        ended = root.main(
            args=None if arguments is None else list(arguments),
            prog_name="brookline",
            standalone_mode=False,
        )
    except click.UsageError as error:
        error.show()
        return Exit.USAGE
    except click.ClickException as error:
        error.show()
        status: Exit = getattr(error, "status", Exit.FAILED)
        return status
    except (click.Abort, KeyboardInterrupt):
        click.echo("Aborted.", err=True)
        return Exit.ABORTED
    except BrooklineError as error:
        click.echo(visible(complaint(error)), err=True)
        return exit_of(error)
    except SystemExit:
        if "PacifyFlush" in type(sys.stdout).__name__:  # click has met a broken pipe
            return Exit.BROKEN_PIPE
        raise
    except Exception as error:  # noqa: BLE001  # the edge: nobody shows a traceback to a user
        return _fallen(error)
    return ended if isinstance(ended, int) else Exit.OK


def _no_such_command(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    return f"there is no command {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def _fallen(error: Exception) -> Exit:
    """Say why a command fell; return its status."""
    if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
        _leave_output()
        click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        return Exit.FAILED
    _own_fault(error)
    return Exit.INTERNAL


def _leave_output() -> None:
    """Let what could not be written go, or the interpreter would try again at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _own_fault(error: Exception) -> None:
    click.echo(f"Error: brookline itself failed: {type(error).__name__}: {error}", err=True)
    if os.environ.get("BROOKLINE_DEBUG"):
        import traceback

        traceback.print_exception(error)
    else:
        click.echo("Next: repeat it with BROOKLINE_DEBUG=1, and report what it shows", err=True)


if __name__ == "__main__":
    main()
