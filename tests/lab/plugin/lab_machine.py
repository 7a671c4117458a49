"""In the servers of the lab: an entity whose effector runs a guarded command that leaves a trace."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.entities import boxes
from brookline.entities.vanilla import VanillaSoftwareProcess
from brookline.locations.command import Command
from brookline.model.effectors import effector

if TYPE_CHECKING:
    from brookline.operations.operation import Operation

TRACE = Path(os.environ["BROOKLINE_LAB_TRACE"])

# What it writes to is a file in the folder of its claim, which says under which epoch that was made.
SCRIPT = """\
claim=$(dirname "$(readlink /proc/$$/fd/1)")/claim
read -r epoch _ <"$claim"
printf '%s %s %s %s\\n' {item} {where} "$epoch" "$(stat -c %.9Y "$claim")" >>{trace}
sleep {seconds}
"""


class Noting(VanillaSoftwareProcess):
    """A process on a machine on which commands note that they ran."""

    __slots__ = ()

    TYPE = "lab.Noting"

    @effector
    async def note(self, op: Operation, item: str, seconds: float = 0.05) -> str:
        """Run a command that writes its item down."""
        words = {"item": item, "where": self.name, "trace": str(TRACE), "seconds": str(seconds)}
        script = SCRIPT.format_map({name: shlex.quote(word) for name, word in words.items()})
        await op.step("note", self.machine.run, Command("note", script, boxes.known(self).env))
        return item
