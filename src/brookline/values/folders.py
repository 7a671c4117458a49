"""The current folder, which may be removed while a process is in it, and paths that count from it."""

from __future__ import annotations

import os
from pathlib import Path


def here() -> Path:
    """Return the current folder; if it was removed, a path that nothing can lie under."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.devnull)


def absolute(path: Path) -> Path:
    """Return a path that means the same from any folder, also once the current one is removed.

    What goes up (`..`) is followed now as the operating system follows it: from where a link leads,
    not from the folder that holds the link. Links after the last `..` stay links, so that they can
    lead elsewhere later.

    Raises:
        ValueError: If it counts from the current folder, and that was removed.
    """
    try:
        parts = path.absolute().parts
    except FileNotFoundError as error:
        raise ValueError(
            f"'{path}' counts from the current folder, which was removed: name it from / on"
        ) from error
    if ".." not in parts:
        return Path(*parts)
    after = len(parts) - parts[::-1].index("..")
    return Path(os.path.realpath(Path(*parts[:after])), *parts[after:])
