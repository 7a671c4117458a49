"""REST resource: high availability. States, modes, priorities, history, switchover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from brookline.api.answers import EMPTY, Answer, json
from brookline.api.calls import FORM, MULTIPART, whole_number
from brookline.api.plane_view import ha_summary, state_now
from brookline.api.planned import told_reason
from brookline.api.routes import Param, Place, read, write
from brookline.errors import InvalidInput
from brookline.plane.states import parse_mode
from brookline.wire.rest_server import (
    Figures,
    HaFigures,
    HaMetrics,
    HighAvailabilitySummary,
    Mastership,
    StateChange,
)

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.api.node_port import Node


async def get_state(call: Call) -> Answer:
    """Return the state of this node; it says MASTER only while the lease holds."""
    return json(state_now(call.ports.node).value)


async def set_state(call: Call) -> Answer:
    """Ask this node to be something else; return the state of before, once it is done."""
    mode = parse_mode(_required(call, "mode"))
    before = await call.ports.node.set_mode(mode, call.user, reason=told_reason(call))
    return json(before.value)


async def get_states(call: Call) -> Answer:
    """Return all nodes of the plane."""
    return json(ha_summary(call.ports))


async def clear_states(call: Call) -> Answer:
    """Forget all nodes that have ended; those that live stay."""
    await call.ports.node.clear(None)
    return EMPTY


async def clear_node(call: Call) -> Answer:
    """Forget one node; one that lives stays."""
    await call.ports.node.clear(_required(call, "nodeId"))
    return EMPTY


async def get_priority(call: Call) -> Answer:
    """Return the priority of this node."""
    return json(call.ports.node.priority)


async def set_priority(call: Call) -> Answer:
    """Set the priority of this node in elections; return the one of before."""
    value = (call.field("priority") or "").strip()
    priority = whole_number("priority", value) if value else 0
    return json(await call.ports.node.set_priority(priority))


async def get_metrics(call: Call) -> Answer:
    """Return figures of this node: its times, settings, masterships and last commit."""
    node, settings, now = call.ports.node, call.ports.settings, call.ports.clock.wall_ms()
    started, me = call.ports.control.started_ms, node.identity.instance
    led = [one for one in masterships(node) if one.node == me]
    figures = HaFigures(
        priority=node.priority,
        poll_period=round(settings.poll_s * 1000),
        heartbeat_timeout=round(settings.timeout_s * 1000),
        history=[StateChange(state.value, since_ms) for state, since_ms in node.moves],
    )
    return json(
        HaMetrics(
            state=state_now(node).value,
            uptime=now - started,
            current_time_utc=now,
            start_time_utc=started,
            high_availability=figures,
            rebind=_rebinds(led, now),
            persist=_commits(node, now),
            management_state_persistence={"read": _read(node, now), "write": _beats(node, now)},
            epoch=node.epoch,
            sequence=node.replica.seq,
        )
    )


def masterships(node: Node) -> list[Mastership]:
    """Return the masterships of the plane, the newest first."""
    return [msgspec.convert(one, Mastership) for one in node.history()]


def _rebinds(led: list[Mastership], now: int) -> Figures:
    """Return how this node took over."""
    done = [one for one in led if one.active_utc]
    if not done:
        return Figures(count=0)
    last = done[0]
    return Figures(
        count=len(done),
        last_success_time_utc=last.active_utc,
        last_success_time_millis_since=now - (last.active_utc or now),
        last_duration=last.replay_ms,
    )


def _commits(node: Node, now: int) -> Figures:
    """Return what this node has written to the log lately."""
    said = node.find_member(node.identity.instance)
    if said is None or said.commit_age_ms < 0:
        return Figures(count=0)
    age = said.commit_age_ms + now - said.wall_ms
    return Figures(
        count=node.replica.seq, last_success_time_utc=now - age, last_success_time_millis_since=age
    )


def _read(node: Node, now: int) -> Figures:
    """Return how much of the log this node has applied, and when it last was at its end."""
    said = node.find_member(node.identity.instance)
    if said is None:
        return Figures(count=node.replica.seq)
    age = said.lag_ms + now - said.wall_ms
    return Figures(
        count=node.replica.seq, last_success_time_utc=now - age, last_success_time_millis_since=age
    )


def _beats(node: Node, now: int) -> Figures:
    """Return how often this node has said of itself in the store that it lives."""
    said = node.find_member(node.identity.instance)
    if said is None:
        return Figures(count=0)
    return Figures(
        count=said.counter,
        last_success_time_utc=said.wall_ms,
        last_success_time_millis_since=now - said.wall_ms,
    )


async def get_history(call: Call) -> Answer:
    """Return every mastership with its reason, its durations and what it cut off."""
    return json(masterships(call.ports.node))


async def switchover(call: Call) -> Answer:
    """Hand the mastership over, to a node by name or id, else to the next; return the new master."""
    to = (call.field("to") or "").strip()
    return json(await call.ports.node.switchover(to, call.user, reason=told_reason(call)))


def _required(call: Call, name: str) -> str:
    value = (call.field(name) or "").strip()
    if not value:
        raise InvalidInput(f"{name} is missing; send it as a field of a form")
    return value


_MODE = Param("mode", form=True)
_REASON = Param("reason", form=True)

OPERATIONS = (
    read("/server/ha/state", get_state, returns=str, place=Place.ANY),
    write(
        "POST /server/ha/state",
        set_state,
        returns={200: str},
        place=Place.HERE,
        params=(_MODE, _REASON),
    ),
    read("/server/ha/states", get_states, returns=HighAvailabilitySummary, place=Place.ANY),
    write("POST /server/ha/states/clear", clear_states, returns={200: None}, place=Place.MASTER),
    write(
        "POST /server/ha/states/clear/node",
        clear_node,
        returns={200: None},
        place=Place.MASTER,
        params=(Param("nodeId", form=True),),
    ),
    read("/server/ha/priority", get_priority, returns=int, place=Place.ANY),
    write(
        "POST /server/ha/priority",
        set_priority,
        returns={200: int},
        place=Place.HERE,
        params=(Param("priority", int, 0, form=True),),
        # A body of another type would count as no value, which sets it to 0.
        consumes=("", FORM, MULTIPART),
    ),
    read("/server/ha/metrics", get_metrics, returns=HaMetrics, place=Place.ANY),
    read("/server/ha/history", get_history, returns=list[Mastership], place=Place.ANY, beyond=True),
    write(
        "POST /server/ha/switchover",
        switchover,
        returns={200: str},
        place=Place.MASTER,
        params=(Param("to", form=True), _REASON),
        beyond=True,
    ),
)
