"""What a command is made of, as data for the guard: no byte of it is ever a word of a shell.

The form is ``KIND LINES`` and so many lines, again and again; after ``go 0`` the script follows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from brookline.errors import InvalidInput

if TYPE_CHECKING:
    from brookline.locations.command import Command

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

# Variables that some shell makes something of, or needs itself. They are set by `env` instead.
_SPECIAL = re.compile(
    r"_|g_.*|BASH.*|KSH.*|EPOCH.*|HIST.*|LC_.*|LANG|LANGUAGE|PATH|IFS|ENV|CDPATH|PWD|OLDPWD|OPT.*"
    r"|P?PID|PPID|UID|EUID|GID|EGID|GROUPS|USER_ID|RANDOM|SRANDOM|SECONDS|LINENO|SHELLOPTS|SHLVL"
    r"|FUNCNAME|PIPESTATUS|DIRSTACK|HOST.*|MACHTYPE|OSTYPE|POSIXLY_CORRECT|TMOUT|TIMEFORMAT"
    r"|COLUMNS|LINES|PS[0-9]|MAIL.*|FCEDIT|FPATH|VISUAL|EDITOR|JOBMAX|SH_.*|TERM|REPLY|COPROC|MAPFILE"
)


def encode(command: Command) -> bytes:
    """Return a command as the guard reads it.

    Raises:
        InvalidInput: If it has a NUL character, or a variable no possible name.
    """
    script = command.script.rstrip("\n") + "\n"
    # The user comes first, since he reads the rest.
    texts = [("user", command.user)] if command.user else []
    texts += [("cwd", command.cwd)] if command.cwd else []
    texts += [("make", path) for path in (command.cwd, *command.makes) if path]
    texts += [(_kind(name), f"{name}={value}") for name, value in command.env.items()]
    for text in (script, *(text for _, text in texts)):
        if "\0" in text:
            raise InvalidInput(f"{command.name} cannot be started: it has a NUL character")
    for name in command.env:
        if not name or "=" in name:
            raise InvalidInput(f"{command.name} cannot be started: no variable is named '{name}'")
    if not re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9._-]*)?", command.user, re.ASCII):
        raise InvalidInput(f"{command.name} cannot be started: no user is named '{command.user}'")
    records = b"".join(_record(kind, text) for kind, text in texts)
    return records + b"go 0\n" + script.encode("utf-8", "surrogateescape")


def _record(kind: str, text: str) -> bytes:
    content = text.encode("utf-8", "surrogateescape")
    return b"%s %d\n%s\n" % (kind.encode(), content.count(b"\n") + 1, content)


def _kind(name: str) -> str:
    return "env" if _NAME.fullmatch(name) and not _SPECIAL.fullmatch(name) else "odd"
