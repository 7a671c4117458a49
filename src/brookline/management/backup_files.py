"""Files of backups: how they are named, which there are in a folder, and which may go.

Source of the names: Brooklyn's ``backups/<date-time>-<node id>-<promotion|demotion|custom>-<salt>``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import BrooklineError
from brookline.journal.backups import PART, SUFFIX, Backup
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from brookline.journal.backups import Manifest

PROMOTION, DEMOTION, CUSTOM = "promotion", "demotion", "custom"
AUTOMATIC = (PROMOTION, DEMOTION)

ABANDONED_S = 3600.0
"""Nothing was added to a part of a backup for so long: nobody writes it any more."""

_SALT = 4


class File(NamedTuple):
    """A backup in a folder.

    Attributes:
        path: Where it is.
        size: In bytes.
        manifest: What it is, or None if it cannot be read.
        trouble: Why it cannot, or empty.
    """

    path: Path
    size: int
    manifest: Manifest | None
    trouble: str = ""


def name_of(now_ms: int, who: str, why: str) -> str:
    """Return the name of a new backup.

    Args:
        now_ms: The wall clock.
        who: The node that makes it, else the plane.
        why: `PROMOTION`, `DEMOTION` or `CUSTOM`.
    """
    at = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
    return f"{at:%Y%m%d-%H%M%S}-{who}-{why}-{new_id(length=_SALT)}{SUFFIX}"


def listed(folders: Iterable[Path]) -> list[File]:
    """Return the backups in some folders, oldest first; other zips are passed over."""
    found: list[File] = []
    for path in sorted({path for folder in folders for path in folder.glob(f"*{SUFFIX}")}):
        try:
            backup = Backup.open(path)
        except BrooklineError as error:
            if _looks_so(path):
                found.append(File(path, path.stat().st_size, None, error.message))
            continue
        backup.close()
        found.append(File(path, path.stat().st_size, backup.manifest))
    return sorted(found, key=lambda one: one.manifest.created_utc if one.manifest else 0)


def superfluous(files: Sequence[Path], *, keep: int, most_bytes: int) -> list[Path]:
    """Return the automatic backups to delete: all but the newest, so many and so large at most.

    Args:
        files: Of a folder; what is no automatic backup is never returned.
        keep: How many stay.
        most_bytes: How large these may be together; the newest stays, however large it is.
    """
    ours = sorted((path for path in files if is_automatic(path)), reverse=True)
    total, over = 0, []
    for number, path in enumerate(ours):
        total += path.stat().st_size
        if number and (number >= keep or total > most_bytes):
            over.append(path)
    return over


def abandoned(written: Path) -> list[Path]:
    """Return the parts of backups, beside one that has just been written, that nobody writes any more.

    Their writers have died. The file server's own clock says so, by which all were written.
    """
    found = []
    with contextlib.suppress(FileNotFoundError):  # another node's, which has finished it
        old = written.stat().st_mtime - ABANDONED_S
        for part in written.parent.glob(f".*{SUFFIX}{PART}"):
            becomes = part.with_name(part.name.removeprefix(".").removesuffix(PART))
            if _looks_so(becomes) and part.stat().st_mtime < old:
                found.append(part)
    return found


def is_automatic(path: Path) -> bool:
    """Tell by its name whether a file is a backup that a node made by itself."""
    return _looks_so(path) and any(f"-{why}-" in path.name for why in AUTOMATIC)


def _looks_so(path: Path) -> bool:
    parts = path.name.removesuffix(SUFFIX).split("-")
    dated = len(parts) >= 5 and [len(part) for part in parts[:2]] == [8, 6]
    return path.name.endswith(SUFFIX) and dated and all(part.isdecimal() for part in parts[:2])
