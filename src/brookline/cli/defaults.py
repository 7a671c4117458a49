"""Groups of commands with one that is meant if none is named: ``brookline activity TASK``."""

from __future__ import annotations

import click

DEFAULT = "show"


class DefaultGroup(click.Group):
    """A group whose command `show` need not be named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; what does not begin with a command is for `show`."""
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, `show` if there is none of it."""
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, DEFAULT)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and its arguments."""
        if args[0] not in self.commands:
            args = [DEFAULT, *args]
        return super().resolve_command(ctx, args)
