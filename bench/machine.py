"""What a figure depends on besides the product."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe(folder: Path) -> dict[str, str]:
    """Describe this machine, and the disk that holds a folder."""
    return {
        "processor": f"{os.cpu_count()} x {_named(Path('/proc/cpuinfo'), 'model name')}",
        "memory": f"{int(_named(Path('/proc/meminfo'), 'MemTotal').split()[0]) / 1e6:.0f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "file system": file_system(folder),
    }


def load() -> str:
    """Return how many processes wanted to run in the last minute, on average."""
    return f"{os.getloadavg()[0]:.1f}"


def file_system(folder: Path) -> str:
    """Return the type of the file system that holds a folder."""
    found = ("", "unknown")
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind = line.split()[:3]
        inside = folder.resolve().is_relative_to(place)
        if inside and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def _named(file: Path, name: str) -> str:
    for line in file.read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
