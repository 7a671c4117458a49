"""Building: how the rooms that manage applications are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brookline.entities.platform import Platform
from brookline.management import work
from brookline.management.herald import Herald
from brookline.management.management import Management
from brookline.management.outlet import Outlet
from brookline.management.plans import Plans
from brookline.management.stage import Stage
from brookline.management.tenant import ManagementTenant
from brookline.model.live import Live
from brookline.operations.supervisor import Supervisor
from brookline.operations.tasks import Tasks
from brookline.values.ids import SYSTEM_RANDOM

if TYPE_CHECKING:
    from brookline.locations.kinds import Locations
    from brookline.model.types import Types
    from brookline.operations.retention import Limits
    from brookline.operations.streams import Streams
    from brookline.values.clock import Clock
    from brookline.values.ids import Randomness


@dataclass(frozen=True, slots=True)
class Built:
    """What manages applications on one node.

    Attributes:
        management: What the API asks.
        tenant: What the plane asks.
        outlet: To be plugged into the node once that is made.
        herald: Tells who listens what the log has changed.
    """

    management: Management
    tenant: ManagementTenant
    outlet: Outlet
    herald: Herald


def build(
    types: Types,
    locations: Locations,
    *,
    streams: Streams,
    clock: Clock,
    limits: Limits | None = None,
    randomness: Randomness = SYSTEM_RANDOM,
    noticed_s: float = 60.0,
) -> Built:
    """Put management together.

    Args:
        types: The entity types that are installed.
        locations: The kinds of locations that there are.
        streams: Where streams of tasks are kept.
        clock: Time.
        limits: How many ended tasks are kept; AMP's defaults if None.
        randomness: For ids.
        noticed_s: How long the end of a master may go unnoticed, in seconds.
    """
    live, tasks, outlet = Live(types), Tasks(), Outlet()
    supervisor = Supervisor(tasks, streams, recorder=outlet, clock=clock, limits=limits)
    platform = Platform(live, outlet, locations, clock)
    supervisor.platform = platform
    work.register(live, supervisor, platform)
    management = Management(
        live,
        supervisor,
        plans=Plans(types, locations),
        recorder=outlet,
        clock=clock,
        randomness=randomness,
    )
    herald = Herald(live, tasks)
    tenant = ManagementTenant(
        Stage(live, tasks, clock), supervisor, platform,
        recorder=outlet, clock=clock, herald=herald, noticed_s=noticed_s,
    )  # fmt: skip
    return Built(management, tenant, outlet, herald)
