"""The plane as the answering node sees it, in AMP's shapes and beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.planned import planned_switchover
from brookline.errors import Outcome, Unavailable
from brookline.plane.states import HOT, NodeState
from brookline.wire.rest_server import HaNodeSummary, HighAvailabilitySummary

if TYPE_CHECKING:
    from brookline.api.node_port import Node
    from brookline.api.ports import Ports
    from brookline.plane.members import Member
    from brookline.wire.heartbeats import Heartbeat

_HAS_COPY = HOT | {NodeState.INITIALIZING}


def state_now(node: Node) -> NodeState:
    """Return the node's state; a master whose lease does not hold now is not called one.

    It still has its copy and answers reads, as a hot standby does.
    """
    if node.state is NodeState.MASTER and not node.leads():
        return NodeState.HOT_STANDBY
    return node.state


def is_hot(node: Node) -> bool:
    """Tell whether the node has a copy of the state and may answer reads from it.

    A hot standby that is about to lead goes on to answer: a failover costs no read. Under AMP's
    rule for INITIALIZING falls only a node that has no copy yet.
    """
    return node.readable and node.state in _HAS_COPY


def check_shown(node: Node, outcome: Outcome = Outcome.NOT_DONE) -> None:
    """Make sure that what is not found on this node is not there, and not merely not shown.

    Args:
        node: Who was asked.
        outcome: What became of the request, if it is not shown.

    Raises:
        Unavailable: If this node shows nothing of the plane's state now.
    """
    if not is_hot(node):
        raise Unavailable(
            f"node {node.identity.name} is {node.state.value} and shows no activities now; ask the"
            " master or a hot standby",
            outcome,
        )


def ha_summary(ports: Ports) -> HighAvailabilitySummary:
    """Return what `ha/states` says."""
    node = ports.node
    members = {member.heartbeat.instance: member for member in node.members()}
    # A web page looks this id up among the nodes, so it is one of them or empty.
    master_id = next((i for i, member in members.items() if member.is_master), "")
    return HighAvailabilitySummary(
        plane_id=node.plane_id or None,
        own_id=node.identity.instance,
        master_id=master_id,
        nodes={i: _node_summary(node, member, master_id) for i, member in members.items()},
        links={},
        heartbeat_timeout_ms=round(ports.settings.timeout_s * 1000),
        planned=planned_switchover(node),
        non_master_writes=ports.settings.non_master_writes.value,
    )


def _node_summary(node: Node, member: Member, master_id: str) -> HaNodeSummary:
    said, me = member.heartbeat, member.is_me
    return HaNodeSummary(
        node_id=said.instance,
        node_uri=said.uri or None,
        status=(state_now(node) if me else member.state).value,
        local_timestamp=said.wall_ms,
        remote_timestamp=member.risen_wall_ms,
        priority=node.priority if me else said.priority,
        name=said.name,
        host=said.host,
        mode=node.mode.value if me else said.mode,
        version=said.version,
        epoch=node.epoch if me and node.leads() else said.epoch,
        tail=node.replica.seq if me else said.tail,
        heartbeat_age_ms=member.age_ms,
        lag_ms=said.lag_ms,
        ready=said.ready,
        next=member.rank,
        address=said.address,
        this_node=me,
        is_master=member.is_master,
        leaving=said.leaving,
        alarm=(node.alarm or node.trouble) if me else said.alarm,
        reaches_master=_reaches(said) if said.line and said.line == master_id else None,
    )


def _reaches(said: Heartbeat) -> bool:
    """Tell whether a node reaches the master, as far as it is known.

    One that has just begun is missed for a moment, until the master has read who it is.
    """
    return said.unreached_ms <= said.poll_ms
