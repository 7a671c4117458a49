"""The empty software process: a machine without software of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.entities.software import Answer, SoftwareProcess
from brookline.locations.command import Command
from brookline.model.declarations import config

if TYPE_CHECKING:
    from brookline.entities.phases import Box
    from brookline.entities.platform import Platform
    from brookline.operations.operation import Operation


class EmptySoftwareProcess(SoftwareProcess):
    """A machine on which nothing is launched; it runs as long as the machine can be reached."""

    __slots__ = ()

    TYPE = "org.apache.brooklyn.entity.software.base.EmptySoftwareProcess"
    ALIASES = ("server",)

    monitored = config(
        "sshMonitoring.enabled",
        bool,
        default=True,
        description="Whether it is looked at whether the machine can be reached",
    )

    async def bring_up(self, op: Operation, box: Box, *, installs: bool) -> Box:  # noqa: ARG002
        """Do nothing."""
        return box

    async def ask_running(self, platform: Platform, box: Box) -> Answer:  # noqa: ARG002
        """Tell whether the machine runs a command."""
        if not self.monitored:
            return Answer(None)
        ask = Command("check-reachable", "true", timeout_s=30.0, survives=False)
        return Answer.of(await self.machine_on(platform).run(ask))

    async def bring_down(self, op: Operation, box: Box) -> None:
        """Do nothing."""
