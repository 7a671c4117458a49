"""How a client of the stream is greeted: where it goes on, and if not where it was, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from brookline.api.event_frames import EventId, frame, read_id

if TYPE_CHECKING:
    from brookline.api.hub import Hub
    from brookline.api.node_port import Node
    from brookline.api.ports import Ports


class Place(NamedTuple):
    """Where a client goes on.

    Attributes:
        cursor: It is told what comes after this entry.
        resumes: Whether that is where it was before.
        reason: Why it is not, or empty.
    """

    cursor: int
    resumes: bool = False
    reason: str = ""


def find_place(hub: Hub, node: Node, last_id: str) -> Place:
    """Return where a client goes on that has all up to an id; empty if it has nothing."""
    here = hub.seq or 0
    if not last_id:
        return Place(here)
    last = read_id(last_id)
    if last is None:
        return Place(here, reason="bad-id")
    if last.plane != node.plane_id:
        return Place(here, reason="other-plane")
    if hub.seq is None:
        return Place(here, reason="not-readable")
    if not hub.ring.reaches(last.seq):
        return Place(here, reason="too-far-back")
    if last.seq > here:
        node.nudge()  # another node told of more than is known here yet
    return Place(last.seq, resumes=True)


def hello(hub: Hub, ports: Ports, place: Place, user: str) -> bytes:
    """Return the first event of a connection."""
    node, settings = ports.node, ports.settings
    body = {
        "node": node.identity.instance,
        "name": node.identity.name,
        "plane": node.plane_id,
        "seq": node.replica.seq,
        "epoch": node.epoch,
        "readable": hub.seq is not None,
        "resumed": place.resumes,
        "user": user,
        "beatMs": round(settings.events_beat_s * 1000),
        "pollMs": round(settings.poll_s * 1000),
        "at": ports.clock.wall_ms(),
    }
    begins = hub.seq is not None and not place.resumes
    return frame("hello", body, EventId(place.cursor, node.plane_id) if begins else None)
