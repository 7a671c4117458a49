"""Removing the temp files that crashed writers have left in a directory store."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from brookline.stores.durable import TEMP, Durable, inside
from brookline.stores.files import words
from brookline.stores.names import is_segment

if TYPE_CHECKING:
    from brookline.stores.files import Files

log = logging.getLogger("brookline.stores")

LEFT_OVER_S = 3600.0
"""Age in seconds from which a temp file belongs to nobody: no write hangs that long and lives.

Should one do so all the same, its `link` fails, and it tries again with a new temp file.
"""


def sweep(files: Files) -> int:
    """Remove all temp files older than an hour; return how many there were.

    Their age is taken against a file that is written now, so the file server's clock decides
    alone. A failure is logged; the next start tries again.
    """
    disk = Durable(files)
    try:
        fresh = disk.write_temp("", b"", durable=False)
        now = files.modified(fresh)
        disk.discard(fresh)
        swept = _sweep(files, "", before=now - LEFT_OVER_S)
    except OSError as problem:
        log.warning("sweep failed", extra={"fields": {"reason": words(problem)}})
        return 0
    if swept:
        log.info("temp files swept", extra={"fields": {"count": swept}})
    return swept


def _sweep(files: Files, folder: str, *, before: float) -> int:
    swept = 0
    with contextlib.suppress(FileNotFoundError):  # others remove folders and temp files too
        for name, is_folder in files.names(folder):
            path = inside(folder, name)
            if is_folder and is_segment(name):
                swept += _sweep(files, path, before=before)
            elif name.startswith(TEMP):
                swept += _remove_older(files, path, before=before)
    return swept


def _remove_older(files: Files, path: str, *, before: float) -> int:
    with contextlib.suppress(FileNotFoundError):
        if files.modified(path) < before:
            files.unlink(path)
            return 1
    return 0
