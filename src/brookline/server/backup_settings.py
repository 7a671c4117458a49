"""Settings of the backups that a node makes by itself; they stand in `catalogue` with all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.server import kinds
from brookline.server.setting import Setting
from brookline.values.sizes import Size

if TYPE_CHECKING:
    from pathlib import Path

BACKUPS = Setting(
    "backups",
    kinds.FLAG,
    True,  # noqa: FBT003 - a default stands here
    "Whether a node writes a backup of the state when it begins to lead, and when it ceases to.",
    ("brooklyn.persistence.backups.required.promotion", "brooklyn.persistence.backups.required"),
)
"""Source of the keys: Brooklyn, which asks the first one at a demotion too; the other is old."""

BACKUPS_DIR: Setting[Path | None] = Setting(
    "backups-dir",
    kinds.PATH,
    None,
    "Folder of these backups; data/backups in the home, else.",
    ("brooklyn.persistence.backups.dir",),
)
BACKUPS_KEPT = Setting(
    "backups-kept",
    kinds.COUNT,
    10,
    "How many of these backups are kept, the newest.",
    ("brookline.backups.kept",),
)
BACKUPS_SIZE = Setting(
    "backups-size",
    kinds.SIZE,
    Size.of("1gb"),
    "How large these backups may be together; the newest is kept however large it is.",
    ("brookline.backups.size",),
)
