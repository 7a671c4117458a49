"""A software process with an effector whose command takes long."""

from pathlib import Path

from brookline.entities import VanillaSoftwareProcess
from brookline.locations.command import Command
from brookline.model.declarations import config
from brookline.model.effectors import effector

PLAN = """
name: shop
location: LOCALHOST
services:
- type: Digger
  name: web
  brooklyn.config:
    trace: TRACE
    launch.command: sleep 1000 & echo $! >$PID_FILE
"""
DIGS = "echo $$ >>{0}; trap '' TERM; while ! test -e {0}.go; do sleep 0.05; done; echo dug >>{0}"


class Digger(VanillaSoftwareProcess):
    """Digs for a long time, and fills up again."""

    TYPE = "Digger"

    trace = config("trace", str)

    @effector
    async def dig(self, op):
        """Run two commands, the first of which takes no notice of the first signal to end."""
        await op.step("dig", self.machine.run, Command("dig", DIGS.format(self.trace)))
        await op.step("fill", self.machine.run, Command("fill", f"echo filled >>{self.trace}"))


def dug(folder):
    """Return what its commands have noted."""
    path = Path(folder) / "trace"
    return path.read_text().split() if path.exists() else []
