"""The parts that everything in a node shares."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brookline.journal.reader import Reader
    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.plane.identity import Identity
    from brookline.plane.peers import Peers
    from brookline.plane.settings import PlaneSettings
    from brookline.stores.store import Store
    from brookline.values.clock import Clock
    from brookline.values.ids import Randomness


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a node is made of.

    Attributes:
        store: The main loop's connection to the plane's store.
        replica: The records of this node.
        reader: Moves the replica on while this node does not lead.
        peers: Calls to other nodes.
        clock: Time.
        randomness: For ids, nonces and jitter.
        identity: Who this node is.
        settings: Times and bounds.
        rules: Protective rules; all on but in simulations.
    """

    store: Store
    replica: Replica
    reader: Reader
    peers: Peers
    clock: Clock
    randomness: Randomness
    identity: Identity
    settings: PlaneSettings
    rules: Rules
