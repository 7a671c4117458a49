"""A store that is taken away from servers that run, and given back."""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextlib.contextmanager
def no_store(folder: Path) -> Iterator[None]:
    """Have every call of a directory store fail; all is as it was at the end of the block.

    Each thing in the folder changes places with a link to itself, in one step: no server can make
    it anew in between, as it would if it were moved away. Servers hold the folder itself open, so
    that to rename that would change nothing, and root may read and write whatever the mode is.
    """
    aside = folder.parent / "aside"
    aside.mkdir()
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    for name in names:
        (aside / name).symlink_to(name)
        _exchange(aside / name, folder / name)
    try:
        yield
    finally:
        for name in names:
            _exchange(aside / name, folder / name)
            (aside / name).unlink()
        aside.rmdir()


def _exchange(one: Path, other: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    places = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    if libc.renameat2(*places, _RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), "the two cannot change places")
