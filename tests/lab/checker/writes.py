"""Writes: what was acknowledged is there, once; what was called not done is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.lab.checker.violation import Violation
from tests.lab.history import ADD, CHILD, DONE, NOT_DONE, mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.history import History, Op, View

KINDS = {ADD, CHILD}


def none_is_lost(history: History) -> Iterator[Violation]:
    """What a client was told is done is shown by every node, and is in the log."""
    logged = _logged(history)
    for op in _writes(history):
        if op.outcome != DONE:
            continue
        missing = [view.node for view in history.views if not _shows(view, op)]
        if missing:
            yield _about(op, "lost", f"was acknowledged, and is not shown by {', '.join(missing)}")
        if _mark(op) not in logged:
            yield _about(op, "lost", "was acknowledged, and is not in the log")


def none_is_doubled(history: History) -> Iterator[Violation]:
    """No item is written by two entries, and no child is there twice."""
    ops = {_mark(op): op for op in _writes(history)}
    for known, entries in _logged(history).items():
        if len(entries) > 1 and known in ops:
            yield _about(
                ops[known], "doubled", f"is done in entries {', '.join(map(str, entries))}"
            )
    for view in history.views:
        for where, names in view.children.items():
            for name, count in Counter(names).items():
                if count > 1 and (op := ops.get(mark(CHILD, where, name))):
                    yield _about(op, "doubled", f"is there {count} times, as {view.node} shows")


def no_failure_is_done(history: History) -> Iterator[Violation]:
    """What a client was told is not done, and never will be, is nowhere."""
    logged = _logged(history)
    for op in _writes(history):
        if op.outcome != NOT_DONE:
            continue
        said = " and ".join(sorted({f"{one.why or one.status} by {one.node}" for one in op.tries}))
        if _mark(op) in logged:
            entry = logged[_mark(op)][0]
            yield _about(op, "done all the same", f"is in entry {entry}; its client heard: {said}")
        elif showing := [view.node for view in history.views if _shows(view, op)]:
            yield _about(
                op, "done all the same", f"is shown by {showing}; its client heard: {said}"
            )


def nothing_comes_from_nowhere(history: History) -> Iterator[Violation]:
    """Nothing is there that no client has asked for."""
    asked = {_mark(op) for op in _writes(history)}
    for known, entries in _logged(history).items():
        if known not in asked:
            yield Violation("from nowhere", f"'{known}' of entry {entries[0]} was asked by nobody")


def answers_name_their_entry(history: History) -> Iterator[Violation]:
    """An acknowledgement names a sequence that has what it acknowledges, and no older epoch."""
    logged = _logged(history)
    epochs = {entry.seq: entry.epoch for entry in history.log}
    for op in _writes(history):
        entries = logged.get(_mark(op))
        for one in op.tries if entries else ():
            if one.outcome == DONE and entries and one.seq < entries[0]:
                text = f"is entry {entries[0]}, and its answer says {one.seq}"
                yield _about(op, "early answer", text)
            if one.outcome == DONE and entries and one.epoch < epochs[entries[0]]:
                text = f"is of epoch {epochs[entries[0]]}, and its answer says {one.epoch}"
                yield _about(op, "early answer", text)


def _writes(history: History) -> Iterator[Op]:
    return (op for op in history.ops if op.kind in KINDS and op.tries)


def _logged(history: History) -> dict[str, list[int]]:
    """Return in which entries each item is done."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for entry in history.log:
        for item in entry.items:
            found[item].append(entry.seq)
    return found


def _shows(view: View, op: Op) -> bool:
    shown = view.sensors if op.kind == ADD else view.children
    return op.item in shown.get(op.where, ())


def _mark(op: Op) -> str:
    return mark(op.kind, op.where, op.item)


def _about(op: Op, rule: str, text: str) -> Violation:
    return Violation(rule, f"{op.item} ({op.kind} at {op.where}) {text}", op.client, op.end)
