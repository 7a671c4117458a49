"""The verdict over a run: every promise that was not kept, and a line for people."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from tests.lab.checker import commands, log, reads, writes
from tests.lab.checker.violation import Violation
from tests.lab.history import DONE, NOT_DONE, READ, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.history import History

RULES: tuple[Callable[[History], Iterator[Violation]], ...] = (
    log.one_chain,
    log.epochs_rise_by_fences,
    log.one_active_an_epoch,
    writes.none_is_lost,
    writes.none_is_doubled,
    writes.no_failure_is_done,
    writes.nothing_comes_from_nowhere,
    writes.answers_name_their_entry,
    reads.nothing_seen_goes_away,
    reads.own_writes_are_seen,
    reads.sequences_are_heeded,
    commands.none_runs_twice,
    commands.nothing_runs_from_nowhere,
    commands.no_past_epoch_acts,
)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the checker says of a history."""

    violations: tuple[Violation, ...]
    summary: str

    @property
    def good(self) -> bool:
        return not self.violations

    def __str__(self) -> str:
        return "\n".join([self.summary, *map(str, self.violations)])


def judge(history: History) -> Verdict:
    """Return all that was not as it was promised."""
    found = tuple(
        violation
        for rule in (*RULES, somebody_leads_at_the_end, nobody_fails_by_a_fault)
        for violation in rule(history)
    )
    return Verdict(found, _summary(history, len(found)))


def somebody_leads_at_the_end(history: History) -> Iterator[Violation]:
    """Once all faults are over, writes are done again, and all nodes show what there is."""
    if history.recovered_s < 0:
        yield Violation("nobody leads", "no write is done any more, though all faults are over")
    if silent := sorted(set(history.nodes) - {view.node for view in history.views}):
        yield Violation("nobody answers", f"at the end {', '.join(silent)} shows nothing")


def nobody_fails_by_a_fault(history: History) -> Iterator[Violation]:
    """Whatever happens, no server meets something that its program did not expect."""
    for line in history.faults_logged:
        yield Violation("fault of its own", line, line.partition(":")[0])


def _summary(history: History, wrong: int) -> str:
    asked = Counter(op.outcome for op in history.ops if op.kind != READ)
    answered = sum(op.outcome == DONE for op in history.ops if op.kind == READ)
    epochs = max((entry.epoch for entry in history.log), default=0)
    weak = f", without {history.weak}" if history.weak else ""
    verdict = f"{wrong} VIOLATIONS" if wrong else "all kept"
    return (
        f"seed {history.seed}, {history.store} in {history.network}{weak}:"
        f" {len(history.faults)} faults in {history.seconds:.0f} s, {epochs} epochs;"
        f" {asked[DONE]} done, {asked[NOT_DONE]} not done, {asked[UNKNOWN]} unknown,"
        f" {answered} reads, {len(history.ran)} commands run;"
        f" first write after {history.recovered_s:.1f} s; {verdict}"
    )
