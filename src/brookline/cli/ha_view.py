"""High availability as people read it: pure functions from what a node tells to lines."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.cli.blocks import Table
from brookline.cli.moments import duration, moment
from brookline.client.states import GONE, SILENT_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brookline.client.states import Mastership, Member, PlaneStates

HEADERS = ("NODE", "ID", "HOST", "URI", "ROLE", "HEARTBEAT", "LAG", "PRIO", "NEXT")

HISTORY_HEADERS = (
    "EPOCH",
    "WHEN",
    "FROM→TO",
    "WHY",
    "DETECT",
    "ELECT",
    "REPLAY",
    "LED FOR",
    "INTERRUPTED",
    "EVIDENCE",
)

FIRST_IN_LINE = "★ first in line"

RESIGNED = "resigned"
"""Word of the history for a master that left by itself: there was nothing to detect."""


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at before an action.

    Attributes:
        text: What was found.
        level: ``ok``, ``warn`` or ``fail``.
    """

    text: str
    level: str = "ok"


def headline(states: PlaneStates, history: Sequence[Mastership], now_ms: int) -> str:
    """Return who leads, since when and why."""
    plane = f"Plane {states.plane or '?'}"
    leader = states.leader()
    if leader is None:
        return f"{plane}   nobody leads"
    row = next((row for row in history if row.node == leader.instance), None)
    if row is None or row.active is None:
        return f"{plane}   master {leader.name}" + (
            f" (epoch {leader.epoch})" if leader.epoch else ""
        )
    since, why = moment(row.active, now_ms), _why(row, _names(states, history))
    return f"{plane}   master {leader.name} since {since} (epoch {row.epoch}, {why})"


def member_table(states: PlaneStates) -> Table:
    """Return a row for each node: the master, who would follow it, the others, those that are gone."""
    rows = [_member_row(states, member) for member in sorted(states.members, key=_order)]
    return Table(HEADERS, rows, folds=("URI",), spare=("HOST", "ID", "URI"))


def warnings(states: PlaneStates) -> list[str]:
    """Return what is not as it should be, in sentences."""
    lines = []
    leader = states.leader()
    if leader is None:
        lines.append(_why_nobody_leads(states))
    elif is_silent(leader):
        lines.append(silence(leader, states))
    if leader is not None and states.first_in_line() is None:
        lines.append("nobody stands by: if the master dies, nothing takes over")
    lines += [f"{each.name}: {each.alarm}" for each in states.members if each.alarm]
    lines += _cut_off(states, leader)
    versions = sorted({each.version for each in states.members if each.version and _is_here(each)})
    if len(versions) > 1:
        lines.append(f"nodes of different versions: {', '.join(versions)}")
    return lines


def _cut_off(states: PlaneStates, leader: Member | None) -> Iterator[str]:
    """Yield which nodes do not reach the master, whose clients' writes they would carry there."""
    cut_off = [m.name for m in states.members if m.reaches_master is False and _is_here(m)]
    if leader is not None and cut_off:
        verb = "does" if len(cut_off) == 1 else "do"
        yield f"{', '.join(cut_off)} {verb} not reach {leader.name}, the master, at its address"


def events(before: PlaneStates, after: PlaneStates) -> Iterator[str]:
    """Yield what has changed between two looks, in sentences."""
    old, new = before.leader(), after.leader()
    if old is not None and (new is None or new.instance != old.instance):
        yield f"{old.name} leads no more"
    if new is not None and (old is None or new.instance != old.instance):
        yield f"{new.name} leads" + (f" (epoch {new.epoch})" if new.epoch else "")
    for member in after.members:
        yield from _member_events(before.by_instance(member.instance), member, after)
    for member in before.members:
        if after.by_instance(member.instance) is None:
            yield f"{member.name} ({member.instance}) is no longer listed"


def _member_events(earlier: Member | None, member: Member, states: PlaneStates) -> Iterator[str]:
    if earlier is None:
        yield f"{member.name} has come: {member.status}"
        return
    if member.status not in (earlier.status, "MASTER"):
        yield f"{member.name}: {earlier.status} → {member.status}"
    if is_silent(member) and not is_silent(earlier):
        yield silence(member, states)
    if member.alarm and member.alarm != earlier.alarm:
        yield f"{member.name}: {member.alarm}"
    if earlier.priority != member.priority:
        yield f"{member.name}: priority {earlier.priority} → {member.priority}"


def history_table(history: Sequence[Mastership], states: PlaneStates, now_ms: int) -> Table:
    """Return a row for each mastership, in the order given."""
    names = _names(states, history)
    rows = [_history_row(row, names, now_ms) for row in history]
    folds = ("FROM→TO", "WHY", "INTERRUPTED", "EVIDENCE")
    return Table(HISTORY_HEADERS, rows, folds=folds, spare=("EVIDENCE", "LED FOR"))


def hand_over_checks(states: PlaneStates, target: Member) -> list[Check]:
    """Return what speaks for and against making `target` the master."""
    checks = []
    leader = states.leader()
    if target.status not in ("HOT_STANDBY", "STANDBY"):
        checks.append(Check(f"{target.name} is {target.status}: it cannot follow", "fail"))
    elif target.status == "STANDBY":
        checks.append(Check(f"{target.name} is a cold standby: it has to load everything", "warn"))
    else:
        checks.append(Check(f"{target.name} is a hot standby"))
    checks.append(_lag_check(target, leader))
    if is_silent(target):
        age = duration(target.heartbeat_age_ms)
        checks.append(Check(f"{target.name} has been silent for {age}", "fail"))
    if leader is not None and leader.version != target.version:
        text = f"versions differ: {leader.name} {leader.version}, {target.name} {target.version}"
        checks.append(Check(text, "warn"))
    elif target.version:
        checks.append(Check("same version"))
    return checks


def is_silent(member: Member) -> bool:
    """Tell whether a node that should beat has not been heard for a while."""
    return _is_here(member) and member.silent


def silence(member: Member, states: PlaneStates) -> str:
    """Return how long a node has been silent, and when a master is replaced for it."""
    age_ms, timeout_ms = member.heartbeat_age_ms or 0, states.timeout_ms
    silent = f"{member.name} has been silent for {duration(age_ms)}"
    if timeout_ms is None:
        return silent
    if member.instance != states.master:
        return f"{silent} (limit {duration(timeout_ms)})"
    if age_ms >= timeout_ms:
        return f"{silent}: it is being replaced"
    limit, left = duration(timeout_ms), duration(timeout_ms - age_ms)
    return f"{silent} (limit {limit}): replaced in {left}"


def without_master_ms(history: Sequence[Mastership], epoch: int) -> int | None:
    """Return how long nobody led before that epoch, by the nodes' own clocks, or None.

    If the one before resigned, that is from then on. Else it may have stood still since its last
    sign of life, and that is when its clients began to wait.
    """
    row = next((row for row in history if row.epoch == epoch), None)
    if row is None or row.active is None or not row.predecessor:
        return None
    if row.reason != RESIGNED:
        taking_over = row.active - (row.started or row.active)
        return (row.detect_ms or 0) + (row.elect_ms or 0) + max(0, taking_over)
    before = next((row for row in history if row.epoch < epoch and row.ended is not None), None)
    if before is None or before.ended is None:
        return None
    return max(0, row.active - before.ended)


def told_gap(history: Sequence[Mastership], epoch: int) -> str:
    """Return a sentence about the time that nobody led before that epoch, or nothing."""
    gap_ms = without_master_ms(history, epoch)
    row = next((row for row in history if row.epoch == epoch), None)
    if gap_ms is None or row is None:
        return ""
    if row.reason == RESIGNED:
        return f"For {duration(gap_ms)} of it nobody led."
    name = next((old.name for old in history if old.node == row.predecessor), row.predecessor)
    return (
        f"{name} was last heard {duration(row.detect_ms or 0)} before it was replaced, so clients"
        f" may have waited {duration(gap_ms)}."
    )


def _member_row(states: PlaneStates, member: Member) -> tuple[str, ...]:
    here = _is_here(member)
    return (
        member.name,
        member.instance,
        member.host or "-",
        member.uri or "-",
        _role(states, member),
        duration(member.heartbeat_age_ms) if here else "-",
        duration(member.lag_ms) if here and member.status != "MASTER" else "-",
        str(member.priority),
        _place_in_line(states, member),
    )


def _role(states: PlaneStates, member: Member) -> str:
    """Return the state; what a dead node said last is not to be taken for a second master."""
    stale = member.status == "MASTER" and states.master not in ("", member.instance)
    return "was MASTER" if stale else member.status


def _place_in_line(states: PlaneStates, member: Member) -> str:
    if member.next is None:
        return ""
    if member == states.first_in_line():
        return FIRST_IN_LINE
    return f"{member.next + 1}."


def _order(member: Member) -> tuple[int, int, str]:
    if member.status == "MASTER":
        return (0, 0, member.name)
    if member.next is not None:
        return (1, member.next, member.name)
    return (2 if _is_here(member) else 3, 0, member.name)


def _is_here(member: Member) -> bool:
    return member.status not in GONE


def _why_nobody_leads(states: PlaneStates) -> str:
    starting = [each.name for each in states.members if each.status == "INITIALIZING"]
    first = states.first_in_line()
    if first is not None:
        return f"nobody leads; {first.name} is first in line"
    if starting:
        return f"nobody leads; {', '.join(starting)} is starting"
    if any(each.alarm for each in states.members):
        return "nobody leads"  # why is told beside it
    return (
        "nobody leads and nobody stands by: start a node, or make one AUTO with brookline ha mode"
    )


def _names(states: PlaneStates, history: Sequence[Mastership]) -> dict[str, str]:
    names = {member.instance: member.name for member in states.members}
    return names | {row.node: row.name for row in history}


def _why(row: Mastership, names: Mapping[str, str]) -> str:
    """Return the reason with its subject, where the new master would be taken for that."""
    if row.predecessor and row.reason in ("resigned", "leads no more"):
        return f"{names.get(row.predecessor, row.predecessor)} {row.reason}"
    return row.reason


def _history_row(row: Mastership, names: Mapping[str, str], now_ms: int) -> tuple[str, ...]:
    came_from = names.get(row.predecessor, row.predecessor)
    return (
        str(row.epoch),
        moment(row.active or row.started, now_ms),
        f"{came_from or '-'}→{row.name}",
        row.reason + (" (a guess)" if row.guess else ""),
        duration(row.detect_ms) if came_from else "-",
        duration(row.elect_ms) if came_from else "-",
        duration(row.replay_ms),
        _led_for(row, now_ms),
        ", ".join(row.interrupted) or "-",
        row.evidence,
    )


def _led_for(row: Mastership, now_ms: int) -> str:
    if row.active is None:
        return "never"
    if row.ended is None:
        return f"{duration(max(0, now_ms - row.active))} so far"
    ended = duration(max(0, row.ended - row.active))
    return f"{ended} ({row.end_reason})" if row.end_reason else ended


def _lag_check(target: Member, leader: Member | None) -> Check:
    if leader is not None and leader.tail and target.tail >= leader.tail:
        return Check(f"{target.name} has all {target.tail} entries of the journal")
    if target.lag_ms is None:
        return Check(f"{target.name} does not tell its lag", "warn")
    level = "ok" if target.lag_ms <= SILENT_MS else "warn"
    return Check(f"{target.name} lags {duration(target.lag_ms)}", level)
