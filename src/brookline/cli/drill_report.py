"""The report of a drill: what clients saw, pure functions from their calls to lines."""

from __future__ import annotations

import collections
import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from brookline.cli.blocks import Table
from brookline.cli.drill_load import READ, WRITE
from brookline.cli.ha_view import history_table
from brookline.cli.moments import duration
from brookline.errors import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brookline.cli.blocks import Block
    from brookline.cli.drill_load import Seen
    from brookline.client.states import Mastership, PlaneStates

_MOST_NAMED = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of the writes.

    Attributes:
        acknowledged: How many were.
        longest_gap_ms: The longest time without an acknowledged write of anybody.
        slowest_write_ms: The longest that a write took.
        slowest_read_ms: The longest that a read took.
        again: How many calls were asked for at more than one node.
        errors: How many calls were given up.
        lost: Names of what was acknowledged and is not there.
        doubled: Names of what is there twice.
        refused: Names of what was refused as not done, and is there.
    """

    acknowledged: int
    longest_gap_ms: int
    slowest_write_ms: int
    slowest_read_ms: int
    again: int
    errors: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether what is promised held."""
        return not (self.lost or self.doubled or self.refused)


def judge(seen: Sequence[Seen], there: Iterable[str]) -> Verdict:
    """Return what was found.

    Args:
        seen: All calls.
        there: Names of the entities that are there in the end, each as often as it is.
    """
    counts = collections.Counter(there)
    writes = [one for one in seen if one.kind == WRITE]
    acknowledged = [one for one in writes if not one.error]
    given_up = [one for one in writes if one.error]
    return Verdict(
        acknowledged=len(acknowledged),
        longest_gap_ms=longest_gap_ms(acknowledged),
        slowest_write_ms=_slowest(writes),
        slowest_read_ms=_slowest(one for one in seen if one.kind == READ),
        again=sum(1 for one in seen if one.tries > 1),
        errors=sum(1 for one in seen if one.error),
        lost=tuple(one.name for one in acknowledged if not counts[one.name]),
        doubled=tuple(name for name, count in counts.items() if count > 1),
        refused=tuple(
            one.name for one in given_up if one.outcome is Outcome.NOT_DONE and counts[one.name]
        ),
    )


def longest_gap_ms(acknowledged: Iterable[Seen]) -> int:
    """Return the longest time between two writes that were acknowledged one after the other."""
    ends = sorted(one.ended for one in acknowledged)
    return _ms(max((b - a for a, b in itertools.pairwise(ends)), default=0.0))


def to_value(
    verdict: Verdict, seen: Sequence[Seen], changes: Sequence[Mastership]
) -> dict[str, Any]:
    """Return the report for programs."""
    doors = [
        {
            "door": door,
            "kind": kind,
            "calls": len(of),
            "slowestMs": _slowest(of),
            "errors": _errors(of),
        }
        for (door, kind), of in _by_door(seen).items()
    ]
    told = dataclasses.asdict(verdict) | {"sound": verdict.sound}
    return {**told, "doors": doors, "changes": [dataclasses.asdict(row) for row in changes]}


def screen(
    verdict: Verdict,
    seen: Sequence[Seen],
    changes: Sequence[Mastership],
    *,
    states: PlaneStates,
    now_ms: int,
) -> Iterator[Block]:
    """Yield the report for people."""
    headers = ("CLIENTS OF", "DO", "CALLS", "MEDIAN", "SLOWEST", "ASKED AGAIN", "GIVEN UP")
    yield Table(headers, [_row(door, kind, of) for (door, kind), of in _by_door(seen).items()])
    yield ""
    if changes:
        yield history_table(list(changes), states, now_ms)
        yield ""
    yield f"writes acknowledged: {verdict.acknowledged}"
    yield f"longest time without an acknowledged write: {duration(verdict.longest_gap_ms)}"
    yield f"slowest write {duration(verdict.slowest_write_ms)}, slowest read {duration(verdict.slowest_read_ms)}"
    yield _counted("lost, though acknowledged", verdict.lost)
    yield _counted("done twice", verdict.doubled)
    yield _counted("done, though called not done", verdict.refused)
    errors = collections.Counter(one.error for one in seen if one.error)
    yield f"errors that clients saw: {verdict.errors}"
    yield from (f"  {count}x {why}" for why, count in errors.most_common(_MOST_NAMED))
    yield "what is promised held" if verdict.sound else "WHAT IS PROMISED DID NOT HOLD"


def _row(door: str, kind: str, of: Sequence[Seen]) -> list[str]:
    times = sorted(one.ended - one.began for one in of)
    again = sum(1 for one in of if one.tries > 1)
    median = _ms(times[len(times) // 2])
    return [
        door, f"{kind}s", str(len(of)), duration(median), duration(_slowest(of)), str(again),
        str(_errors(of)),
    ]  # fmt: skip


def _by_door(seen: Sequence[Seen]) -> dict[tuple[str, str], list[Seen]]:
    found: dict[tuple[str, str], list[Seen]] = {}
    for one in sorted(seen, key=lambda one: (one.door, one.kind)):
        found.setdefault((one.door, one.kind), []).append(one)
    return found


def _counted(what: str, names: Sequence[str]) -> str:
    named = f" ({', '.join(names[:_MOST_NAMED])}{' …' if len(names) > _MOST_NAMED else ''})"
    return f"{what}: {len(names)}{named if names else ''}"


def _errors(of: Iterable[Seen]) -> int:
    return sum(1 for one in of if one.error)


def _slowest(of: Iterable[Seen]) -> int:
    return _ms(max((one.ended - one.began for one in of), default=0.0))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
