"""Entity types: applications, stock entities, software processes.

Start reading at `startable` (what start and stop mean), then `software` (a process on a machine)
and `health` (how states are recorded).
"""

from __future__ import annotations

from brookline.entities.empty import EmptySoftwareProcess
from brookline.entities.stock import BasicApplication, BasicEntity, BasicStartable
from brookline.entities.vanilla import VanillaSoftwareProcess

__all__ = [
    "BasicApplication",
    "BasicEntity",
    "BasicStartable",
    "EmptySoftwareProcess",
    "VanillaSoftwareProcess",
]
