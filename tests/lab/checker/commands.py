"""Commands on machines: each once, none that is called not done, none of an epoch that is past."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tests.lab.checker.violation import Violation
from tests.lab.history import COMMAND, DONE, NOT_DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.history import History, Op, Ran


def none_runs_twice(history: History) -> Iterator[Violation]:
    """No command is run more than once, and those that are answered were run."""
    times = Counter(ran.item for ran in history.ran)
    ops = _commands(history)
    for item, count in times.items():
        if count > 1:
            yield _about(ops.get(item), item, "ran twice", f"was run {count} times")
    for item, op in ops.items():
        if op.outcome == DONE and not times[item]:
            yield _about(op, item, "never ran", "was acknowledged, and was not run")
        if op.outcome == NOT_DONE and times[item]:
            yield _about(op, item, "done all the same", "was run, though it was called not done")


def nothing_runs_from_nowhere(history: History) -> Iterator[Violation]:
    """No command is run that nobody asked for."""
    ops = _commands(history)
    for ran in history.ran:
        if ran.item not in ops:
            yield _about(None, ran.item, "from nowhere", "was run, and was asked for by nobody")


def no_past_epoch_acts(history: History) -> Iterator[Violation]:
    """On no machine a command is claimed under a lower epoch than one before it."""
    ops = _commands(history)
    for where, claimed in _by_machine(history).items():
        highest = claimed[0]
        for ran in claimed[1:]:
            # Claims of one tick of the file system's clock have no order.
            if ran.epoch < highest.epoch and ran.claimed > highest.claimed:
                text = (
                    f"was claimed at {where} under epoch {ran.epoch},"
                    f" after {highest.item} under epoch {highest.epoch}"
                )
                yield _about(ops.get(ran.item), ran.item, "past epoch", text)
            if ran.epoch > highest.epoch:
                highest = ran


def _by_machine(history: History) -> dict[str, list[Ran]]:
    found: defaultdict[str, list[Ran]] = defaultdict(list)
    for ran in sorted(history.ran, key=lambda one: one.claimed):
        found[ran.where].append(ran)
    return found


def _commands(history: History) -> dict[str, Op]:
    return {op.item: op for op in history.ops if op.kind == COMMAND and op.tries}


def _about(op: Op | None, item: str, rule: str, text: str) -> Violation:
    if op is None:
        return Violation(rule, f"command {item} {text}")
    return Violation(rule, f"command {item} {text}", op.client, op.end)
