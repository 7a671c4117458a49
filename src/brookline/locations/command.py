"""Commands as data: what a shell on a machine is to run, and how it ended."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import CommandFailed
from brookline.operations.storing import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

TAIL_BYTES = 64 * 1024
"""How much of the end of an output is told at most."""

_TAIL_CHARS = 2000
_MOST_STORED = MOST_BYTES // 2 - 1024
"""How large each of two outputs may be in the result of a step."""


@dataclass(frozen=True, slots=True)
class Command:
    """A script for a shell: bash where there is one, else sh; it ends at the first failure.

    Attributes:
        name: What people read, such as ``install``.
        script: Text for the shell. Whatever comes from elsewhere is quoted, as by `words`.
        env: Variables that it gets beside those of a login.
        cwd: Absolute path of the folder in which it runs, made if absent; empty for the
            login folder.
        timeout_s: Seconds after which it is killed with all that it started; None for never.
        survives: Whether it goes on when the server dies. Mere questions need not.
        makes: Absolute paths of more folders that are made if absent.
        user: Who runs it and makes the folders, such as ``root``, by ``sudo`` without a password,
            or by ``su`` for a login as root; empty for the login user. Not for questions.

    Source: Brooklyn runs scripts under ``#!/bin/bash -e``.
    """

    name: str
    script: str
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""
    timeout_s: float | None = None
    survives: bool = True
    makes: tuple[str, ...] = ()
    user: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended.

    Attributes:
        exit_code: Of the shell; negative for a signal.
        stdout: The end of what it wrote there.
        stderr: The end of what it wrote there.
        timed_out: Whether it was killed because its time was over.
    """

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended with 0."""
        return self.exit_code == 0 and not self.timed_out

    def checked(self, command: Command) -> Finished:
        """Return itself if all is well.

        Raises:
            CommandFailed: If it did not end with 0; has the end of its output.
        """
        if self.ok:
            return self
        how = f"ended with exit code {self.exit_code}"
        if self.timed_out:
            how = f"did not end within {command.timeout_s:g}s and was killed"
        elif self.exit_code < 0:
            how = f"was killed by signal {-self.exit_code}"
        tail = (self.stderr.strip() or self.stdout.strip())[-_TAIL_CHARS:]
        last = tail.rpartition("\n")[2].strip()
        reason = f": {last}" if last else ""
        raise CommandFailed(f"{command.name} {how}{reason}", self.exit_code, details=tail)


def told(content: bytes) -> str:
    """Return the end of an output as a text that a step can return, with one of the other output.

    What is no text becomes up to six times as long when it is stored.
    """
    text = content[-TAIL_BYTES:].decode("utf-8", "replace")
    while len(msgspec.json.encode(text)) > _MOST_STORED:
        text = text[len(text) // 2 :]
    return text


def words(*argv: str) -> str:
    """Return program and arguments as a line that a POSIX shell takes literally."""
    return shlex.join(argv)
