"""The plane as a node shows it: who is in it, who leads, who would be next, who led before."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

GONE = ("TERMINATED", "FAILED")

SILENT_MS = 3000
"""Age of a heartbeat from which on something may be wrong with its node."""


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One node, as in ``nodes{}`` of ``GET /v1/server/ha/states``.

    Fields that only a Brookline server fills are empty when another product answers.

    Attributes:
        instance: AMP's node id, new with each start.
        status: AMP's state.
        uri: Where users reach it, without a trailing slash, or empty.
        priority: Higher is preferred.
        name: Persistent name, or the instance if the server tells none.
        host: Name of its machine.
        mode: The mode that was asked for.
        version: Of the product.
        epoch: Under which it leads, or 0.
        tail: The last entry of the journal that it has applied.
        heartbeat_age_ms: How long ago its heartbeat was last seen to rise, or None.
        lag_ms: How long ago its copy was last known to be current, or None.
        ready: Whether it could lead at once.
        next: Its place in the succession, 0 for the first, or None if it stands in no election.
        alarm: What is wrong with it, for people, or empty.
        reaches_master: Whether it reaches the master; None if it does not try, or does not tell.
    """

    instance: str
    status: str
    uri: str = ""
    priority: int = 0
    name: str = ""
    host: str = ""
    mode: str = ""
    version: str = ""
    epoch: int = 0
    tail: int = 0
    heartbeat_age_ms: int | None = None
    lag_ms: int | None = None
    ready: bool = False
    next: int | None = None
    alarm: str = ""
    reaches_master: bool | None = None

    @property
    def silent(self) -> bool:
        """Whether it was last heard longer ago than nodes that are well."""
        return self.heartbeat_age_ms is not None and self.heartbeat_age_ms > SILENT_MS

    @classmethod
    def from_json(cls, node: Mapping[str, Any]) -> Member:
        """Read one value of ``nodes{}``."""
        instance = str(node.get("nodeId") or "")
        return cls(
            instance=instance,
            status=str(node.get("status") or "FAILED"),
            uri=str(node.get("nodeUri") or node.get("address") or "").rstrip("/"),
            priority=int(node.get("priority") or 0),
            name=str(node.get("name") or instance),
            host=str(node.get("host") or ""),
            mode=str(node.get("mode") or ""),
            version=str(node.get("version") or ""),
            epoch=int(node.get("epoch") or 0),
            tail=int(node.get("tail") or 0),
            heartbeat_age_ms=_number(node.get("heartbeatAgeMs")),
            lag_ms=_number(node.get("lagMs")),
            ready=bool(node.get("ready")),
            next=_number(node.get("next")),
            alarm=str(node.get("alarm") or ""),
            reaches_master=node.get("reachesMaster"),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Planned:
    """A hand-over that is to be done at a time.

    Attributes:
        at: When, in milliseconds since 1970.
        to: Who shall lead; empty for the next in line.
        by: Who wants it.
        reason: Why.
        failed: Why it was not done, or empty.
    """

    at: int
    to: str = ""
    by: str = ""
    reason: str = ""
    failed: str = ""

    @classmethod
    def from_json(cls, told: Mapping[str, Any] | None) -> Planned | None:
        """Read what a node tells; it may be nothing."""
        if not told:
            return None
        words = {name: str(told.get(name) or "") for name in ("to", "by", "reason", "failed")}
        return cls(int(told.get("atUtc") or 0), **words)


@dataclasses.dataclass(frozen=True, slots=True)
class PlaneStates:
    """``GET /v1/server/ha/states``.

    Attributes:
        plane: Id of the plane, or empty.
        own: Instance of the node that answered.
        master: Instance of the master, or empty while nobody leads.
        members: All nodes that are known.
        timeout_ms: Silence after which a master is replaced, or None if the server does not say.
        planned: The hand-over that is planned, or None.
    """

    plane: str
    own: str
    master: str
    members: tuple[Member, ...]
    timeout_ms: int | None = None
    planned: Planned | None = None

    @classmethod
    def from_json(cls, states: Mapping[str, Any] | None) -> PlaneStates:
        """Read the answer; a node that knows nothing yet answers without a body."""
        states = states or {}
        nodes: Mapping[str, Any] = states.get("nodes") or {}
        return cls(
            plane=str(states.get("planeId") or ""),
            own=str(states.get("ownId") or ""),
            master=str(states.get("masterId") or ""),
            members=tuple(Member.from_json(node) for node in nodes.values()),
            timeout_ms=_number(states.get("heartbeatTimeoutMs")),
            planned=Planned.from_json(states.get("planned")),
        )

    def by_instance(self, instance: str) -> Member | None:
        """Return the member of that instance id, or None."""
        return next((each for each in self.members if each.instance == instance), None)

    def leader(self) -> Member | None:
        """Return the master, or None while nobody leads."""
        found = self.by_instance(self.master)
        return found if found is not None and found.status == "MASTER" else None

    def first_in_line(self) -> Member | None:
        """Return who would be master next, or None if nobody stands by."""
        ranked = [each for each in self.members if each.next is not None]
        return min(ranked, key=lambda each: each.next or 0, default=None)

    def get(self, node: str) -> Member:
        """Return the member that a user means by a name or an instance id.

        Of several starts of one node, the living one is meant.

        Raises:
            NotFound: If there is none; the message lists those there are.
            InvalidInput: If two living nodes have that name.
        """
        exact = self.by_instance(node)
        if exact is not None:
            return exact
        named = [each for each in self.members if each.name == node]
        living = [each for each in named if each.status not in GONE]
        if len(living) > 1:
            ids = ", ".join(each.instance for each in living)
            raise InvalidInput(f"several nodes are called {node!r}: say which by its id ({ids})")
        if living or named:
            return (living or named)[0]
        known = ", ".join(sorted({each.name for each in self.members})) or "none"
        raise NotFound(f"there is no node {node!r} in this plane; its nodes: {known}")


@dataclasses.dataclass(frozen=True, slots=True)
class Mastership:
    """One row of ``GET /v1/server/ha/history``: who led, since when and why.

    Durations are milliseconds, or None where they are not known; times are milliseconds since 1970.

    Attributes:
        epoch: Number of the mastership.
        node: Instance of the master.
        name: Its name.
        predecessor: Name or instance of the master before, or empty.
        reason: Why it took over, such as ``heartbeat timeout``.
        evidence: What it knew of its predecessor's end.
        detect_ms: From the last sign of life to the vacancy.
        elect_ms: From the vacancy to the fence.
        replay_ms: From the fence to MASTER.
        guess: Whether it could not be sure that its predecessor had ended.
        interrupted: Names of the work that was cut off.
        started: When its fence was written.
        active: When it led, or None if it never did.
        ended: When it was seen to have ended, or None.
        end_reason: Why it ended.
    """

    epoch: int
    node: str
    name: str
    predecessor: str = ""
    reason: str = ""
    evidence: str = ""
    detect_ms: int | None = None
    elect_ms: int | None = None
    replay_ms: int | None = None
    guess: bool = False
    interrupted: tuple[str, ...] = ()
    started: int | None = None
    active: int | None = None
    ended: int | None = None
    end_reason: str = ""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Mastership:
        """Read one element of the list."""
        return cls(
            epoch=int(row.get("epoch") or 0),
            node=str(row.get("node") or ""),
            name=str(row.get("name") or row.get("node") or ""),
            predecessor=str(row.get("from") or ""),
            reason=str(row.get("reason") or ""),
            evidence=str(row.get("evidence") or ""),
            detect_ms=_number(row.get("detectMs")),
            elect_ms=_number(row.get("electMs")),
            replay_ms=_number(row.get("replayMs")),
            guess=bool(row.get("guess")),
            interrupted=tuple(map(str, row.get("interrupted") or ())),
            started=_number(row.get("startedUtc")),
            active=_number(row.get("activeUtc")),
            ended=_number(row.get("endedUtc")),
            end_reason=str(row.get("endReason") or ""),
        )


def _number(value: Any) -> int | None:
    """Return a whole number that is zero or more; servers write -1 for unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return int(value)
