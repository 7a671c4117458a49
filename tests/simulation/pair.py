"""A plane of two servers, on which stories are told: a leads, and b stands by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.testing.harness import PlaneHarness, PlaneOptions
from brookline.testing.network import NetworkOdds

if TYPE_CHECKING:
    from brookline.journal.rules import Rules
    from brookline.plane.settings import PlaneSettings


class Pair:
    """The plane, on a network that takes no time.

    Args:
        **options: Those of the plane that are not as they are by default.
    """

    def __init__(self, **options: Rules | PlaneSettings) -> None:
        self.harness = PlaneHarness(PlaneOptions(nodes=("a", "b"), **options))  # type: ignore[arg-type]
        self.harness.network.odds = NetworkOdds(latency_s=0.0, hint_late_s=0.0)
        self.a, self.b = self.harness["a"], self.harness["b"]

    async def begin_leading(self) -> None:
        """Return when a leads and b stands by."""
        self.a.start()
        await self.harness.until(self.a.leads)
        self.b.start()
        await self.pass_by(4)

    async def pass_by(self, seconds: float) -> None:
        await self.harness.sleep(seconds)
