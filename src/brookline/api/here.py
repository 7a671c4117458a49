"""Requests about a node itself: when one that does not lead refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.settings import NonMasterWrites
from brookline.errors import NotAllowed
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.node_port import Node
    from brookline.api.ports import Ports

OVERRIDE = "brooklyn-allow-non-master-access"

_ALWAYS = ("/v1/server/shutdown", "/v1/login", "/v1/logout")


def overrides(headers: Mapping[str, str]) -> bool:
    """Tell whether the client wants it done also by a node that does not lead."""
    return headers.get(OVERRIDE, "").strip().lower() == "true"


def check_here(ports: Ports, path: str, headers: Mapping[str, str]) -> None:
    """Make sure that this node takes a request about itself. Source: AMP's rule.

    Args:
        ports: What the API asks.
        path: Of the operation.
        headers: Of the request, in lower case.

    Raises:
        NotAllowed: If it refuses it.
    """
    if ports.settings.non_master_writes is not NonMasterWrites.REFUSE or path.startswith(_ALWAYS):
        return
    if ports.node.state is not NodeState.MASTER and not overrides(headers):
        raise not_here(ports.node, "an active primary server")


def not_here(node: Node, where: str) -> NotAllowed:
    """Return AMP's refusal of a node that may not answer in its state, which is no word on the caller.

    Args:
        node: Who refuses.
        where: What kind of server may answer.
    """
    return NotAllowed(
        f"this request is permitted only against {where}", data={"state": node.state.value}
    )
