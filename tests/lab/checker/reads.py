"""Reads: a client that shows its sequence never goes back in time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.lab.checker.violation import Violation
from tests.lab.history import ADD, DONE, READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.history import History, Op


def nothing_seen_goes_away(history: History) -> Iterator[Violation]:
    """What a client has read at a place, it reads there ever after."""
    for op in _reads(history):
        if op.gone:
            text = f"does not see {', '.join(op.gone[:5])} at {op.where} any more"
            yield Violation(
                "went back", f"{op.client} {text}, which it saw before", op.client, op.end
            )


def own_writes_are_seen(history: History) -> Iterator[Violation]:
    """What a client was told is done, it reads ever after."""
    seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    own: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for op in history.ops:
        place = (op.client, op.where)
        if op.kind == ADD and op.outcome == DONE:
            own[place].add(op.item)
        if op.kind == READ and op.outcome == DONE:
            seen[place] |= set(op.new)
            seen[place] -= set(op.gone)
            if missing := sorted(own[place] - seen[place]):
                text = f"does not see its own {', '.join(missing[:5])} at {op.where}"
                yield Violation("own write unseen", f"{op.client} {text}", op.client, op.end)
                own[place] -= set(missing)


def sequences_are_heeded(history: History) -> Iterator[Violation]:
    """An answer is no older than the sequence that the client showed."""
    for op in _reads(history):
        for one in op.tries:
            if one.outcome == DONE and one.seq < op.token:
                text = f"{one.node} answered as of {one.seq} to a client that showed {op.token}"
                yield Violation("old answer", text, op.client, one.end)


def _reads(history: History) -> Iterator[Op]:
    return (op for op in history.ops if op.kind == READ and op.tries)
