"""The product under another version, to upgrade to: there is one release so far."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import brookline

NEXT = "9.9.0"
"""A version that is above any that is being worked on."""


def build(folder: Path, version: str = NEXT) -> Path:
    """Copy the product, and let it be of another version.

    Args:
        folder: For the copy; it must not exist yet.
        version: Which it says it is.

    Returns:
        What goes into ``PYTHONPATH``, so that ``brookline`` is this copy.
    """
    # With its bytecode, which is valid there too: times of files are copied.
    shutil.copytree(Path(brookline.__file__).parent, folder / "brookline")
    installed = metadata.distribution("brookline")
    about = folder / f"brookline-{version}.dist-info"
    about.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        text = installed.read_text(name) or ""
        said, says = (f"\nVersion: {number}\n" for number in (installed.version, version))
        (about / name).write_text(text.replace(said, says, 1))
    return folder
