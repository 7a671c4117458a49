"""Asking people before something is done."""

from __future__ import annotations

import sys

import click


def ask(question: str, *, yes: bool) -> None:
    """Go on only if somebody at the terminal agrees, or has done so by ``--yes``.

    Raises:
        UsageError: If nobody is there to be asked.
        Abort: If the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked: give --yes")
    click.confirm(question, abort=True, err=True)
