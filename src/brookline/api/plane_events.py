"""The plane as events tell of it: who leads, as a fact to be shown, and how old all that is."""

from __future__ import annotations

import dataclasses
import enum
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.api.answers import encode
from brookline.api.plane_view import ha_summary
from brookline.journal.standing import HISTORY
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from brookline.api.node_port import Node
    from brookline.api.ports import Ports
    from brookline.plane.members import Member
    from brookline.wire.rest_server import HaNodeSummary, HighAvailabilitySummary

_SILENT_POLLS = 3
"""A master that has not been heard for so many polls is called silent; the store likewise."""

_LIVING = frozenset(
    {NodeState.MASTER, NodeState.HOT_STANDBY, NodeState.STANDBY, NodeState.HOT_BACKUP}
)


class Phase(enum.Enum):
    """Where the plane is between one master and the next, as a node sees it."""

    LED = "led"
    SILENT = "silent"
    GONE = "gone"
    TAKING_OVER = "taking-over"
    VACANT = "vacant"
    ALONE = "alone"
    CUT_OFF = "cut-off"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """Who leads, as a node sees it. Times are milliseconds.

    Attributes:
        phase: Where the plane is.
        node: Instance that it is about, or empty.
        name: Its name.
        epoch: The last that is known.
        since_ms: Wall time at which it began to lead, or to take over, or since which this node has
            no store; or None.
        silent_ms: For how long it has not been heard.
        to: Name of the one from which it takes over, or to which it was handed; or empty.
    """

    phase: Phase
    node: str = ""
    name: str = ""
    epoch: int = 0
    since_ms: int | None = None
    silent_ms: int = 0
    to: str = ""

    def says(self) -> str:
        """Return it as a sentence."""
        match self.phase:
            case Phase.LED:
                since = "" if self.since_ms is None else f" since {_moment(self.since_ms)}"
                return f"{self.name} leads{since}"
            case Phase.SILENT:
                return f"{self.name}, the master, silent for {self.silent_ms // 1000} s"
            case Phase.GONE:
                return f"{self.name}, the master, has ended"
            case Phase.TAKING_OVER:
                return f"{self.name} takes over" + (f" from {self.to}" if self.to else "")
            case Phase.VACANT:
                return f"{self.name} has left" + (f"; {self.to} is next" if self.to else "")
            case Phase.CUT_OFF:
                since = _moment(self.since_ms or 0)
                return f"this node has had no answer from the store since {since}" + (
                    f"; {self.name} led then" if self.name else ""
                )
            case Phase.ALONE:
                return "nobody leads, and nobody has yet"
            case Phase.UNKNOWN:
                return "this node has not read the store yet"

    def told(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "phase": self.phase.value,
            "node": self.node,
            "name": self.name,
            "epoch": self.epoch,
            "sinceMs": self.since_ms,
            "silentMs": self.silent_ms,
            "to": self.to,
            "says": self.says(),
        }

    def lasting(self) -> View:
        """Return it without what changes by itself as time goes by."""
        return dataclasses.replace(self, silent_ms=0)


def view_of(node: Node, poll_s: float, now_ms: int) -> View:
    """Return what a node knows of who leads.

    Args:
        node: The node.
        poll_s: Time between heartbeats, in seconds.
        now_ms: Wall time.
    """
    standing, epoch = node.replica.standing, node.epoch
    if not node.plane_id:
        return View(Phase.UNKNOWN)
    lost_ms = node.cut_off_since_ms
    if lost_ms and now_ms - lost_ms >= _SILENT_POLLS * poll_s * 1000:
        return View(Phase.CUT_OFF, standing.owner, standing.owner_name, epoch, lost_ms)
    if not standing.owner:
        return View(Phase.ALONE)
    members = {member.heartbeat.instance: member for member in node.members()}
    owner, name = members.get(standing.owner), standing.owner_name or standing.owner
    row = node.replica.records.get(HISTORY, str(epoch)) or {}
    base = View(Phase.LED, standing.owner, name, epoch)
    if standing.resigned:
        return dataclasses.replace(base, phase=Phase.VACANT, to=_next(members, standing.heir))
    if not standing.active:
        former = _name(members, standing.replaced)
        since = row.get("startedUtc")
        return dataclasses.replace(base, phase=Phase.TAKING_OVER, since_ms=since, to=former)
    base = dataclasses.replace(base, since_ms=row.get("activeUtc"))
    if owner is None:
        return base
    phase = _own_phase(node) if owner.is_me else _phase_of(owner, poll_s)
    silent_ms = owner.age_ms if phase in (Phase.SILENT, Phase.GONE) else 0
    return dataclasses.replace(base, phase=phase, silent_ms=silent_ms)


def _own_phase(node: Node) -> Phase:
    """Return the phase of a plane of which the log says that this node leads it."""
    if node.leads():
        return Phase.LED
    return Phase.SILENT if node.state is NodeState.MASTER else Phase.TAKING_OVER


def _phase_of(master: Member, poll_s: float) -> Phase:
    late = master.age_ms >= _SILENT_POLLS * poll_s * 1000
    if master.state is NodeState.FAILED or master.state is NodeState.TERMINATED:
        return Phase.SILENT if late and master.state is NodeState.FAILED else Phase.GONE
    return Phase.SILENT if late else Phase.LED


def _next(members: dict[str, Member], heir: str) -> str:
    if heir:
        return _name(members, heir)
    ranked = [member for member in members.values() if member.rank is not None]
    first = min(ranked, key=lambda member: member.rank or 0, default=None)
    return "" if first is None else first.heartbeat.name


def _name(members: dict[str, Member], instance: str) -> str:
    member = members.get(instance)
    return instance if member is None else member.heartbeat.name


def _moment(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class PlaneSight:
    """What a node sees of its plane, encoded when it has changed.

    Attributes:
        version: Rises with each change that is more than the passing of time.
        body: JSON of the event.
    """

    def __init__(self, ports: Ports) -> None:
        self.version = 0
        self.body = b""
        self._ports = ports
        self._key = b""

    def look(self) -> bool:
        """Look again; tell whether anything has changed."""
        node, settings = self._ports.node, self._ports.settings
        summary, view = (
            ha_summary(self._ports),
            view_of(node, settings.poll_s, self._ports.clock.wall_ms()),
        )
        key = encode([_lasting(summary), view.lasting().told()])
        if key == self._key:
            return False
        self._key = key
        self.version += 1
        self.body = encode({**msgspec.to_builtins(summary), "view": view.told()})
        return True

    def pulse(self) -> bytes:
        """Return JSON of the ages of all nodes now, and of the last entry of the log."""
        nodes = ha_summary(self._ports).nodes
        ages = {i: [one.heartbeat_age_ms, one.lag_ms, one.tail] for i, one in nodes.items()}
        told = {"nodes": ages, "at": self._ports.clock.wall_ms()}
        last = last_entry(self._ports.node)
        return encode(told if last is None else {**told, "last": last})


def last_entry(node: Node) -> dict[str, int] | None:
    """Return the last entry that the master has written, and when, as its last heartbeat said."""
    for member in node.members():
        said = member.heartbeat
        if member.is_master and said.commit_age_ms >= 0:
            return {"seq": said.tail, "at": said.wall_ms - said.commit_age_ms}
    return None


def living(ports: Ports) -> list[dict[str, Any]]:
    """Return the other nodes at which a client may go on, the best first."""
    others = [m for m in ports.node.members() if not m.is_me and m.state in _LIVING]
    others.sort(key=lambda m: (not m.is_master, m.rank is None, m.rank or 0))
    return [
        {
            "node": member.heartbeat.instance,
            "name": member.heartbeat.name,
            "uri": member.heartbeat.uri or member.heartbeat.address,
            "status": member.state.value,
            "isMaster": member.is_master,
        }
        for member in others
    ]


def _lasting(summary: HighAvailabilitySummary) -> HighAvailabilitySummary:
    nodes = {i: _ageless(node) for i, node in summary.nodes.items()}
    return msgspec.structs.replace(summary, nodes=nodes)


def _ageless(node: HaNodeSummary) -> HaNodeSummary:
    return msgspec.structs.replace(
        node,
        local_timestamp=None,
        remote_timestamp=None,
        tail=0,
        heartbeat_age_ms=None,
        lag_ms=None,
    )
