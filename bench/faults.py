"""Rows: a minute's partition and a minute's outage of the store, in the lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import CannotMeasure, Figure, Row, Setting, at_least, at_most
from tests.lab.__main__ import MISSING
from tests.lab.history import DONE, READ, load
from tests.lab.stores import STORES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.lab.history import History, Try

SETTLED_S = 0.5
"""After the beginning of an outage, what was asked just before it has been answered."""


def parted(setting: Setting) -> Sequence[Figure]:
    """The master is cut off from the store and the other nodes for a minute, not from clients."""
    figures = []
    for store in STORES:
        late = [_late(history) for history in _play(setting, "parted", store)]
        what = f"{store}: master cut off for 60 s: writes it acknowledged once another one led"
        figures.append(at_most(what, late, 0, form="{:,.0f}", combine=max))
    return figures


def outage(setting: Setting) -> Sequence[Figure]:
    """The store answers nobody for a minute."""
    figures: list[Figure] = []
    for store in STORES:
        found = list(_play(setting, "outage", store))
        told = f"{store}: store away for 60 s: "
        answered = [_answered(history) for history in found]
        elections = [max(entry.epoch for entry in history.log) - 1.0 for history in found]
        back = [_back(history) for history in found]
        figures += [
            at_least(f"{told}reads answered", answered, 1.0, form="{:.2%}"),
            at_most(f"{told}elections", elections, 0, form="{:,.0f}", combine=max),
            at_most(f"{told}from its return to the first write", back, 2.0, form="{:.2f} s"),
        ]
    return figures


def _play(setting: Setting, script: str, store: str) -> Iterator[History]:
    """Yield what happened in each round.

    Raises:
        CannotMeasure: If a program is missing, or a promise was not kept.
    """
    for number in range(setting.rounds):
        folder = setting.folder / f"{script}-{store}-{number}"
        command = [
            sys.executable, "-m", "tests.lab", "--script", script, "--store", store,
            "--timeout", "6", "--folder", str(folder),
        ]  # fmt: skip
        ran = subprocess.run(
            command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
        )
        if ran.returncode:
            said = ran.stdout if ran.returncode == MISSING else ran.stdout + ran.stderr
            raise CannotMeasure(said.strip())
        yield load(folder / "history.json")


def _late(history: History) -> int:
    """Return how many writes an older epoch acknowledged that began when a newer one already had."""
    writes = [one for one in _answers(history, reads=False) if one.epoch]
    newest = max(one.epoch for one in writes)
    led = min(one.end for one in writes if one.epoch == newest)
    return sum(one.epoch < newest and one.begin > led for one in writes)


def _answered(history: History) -> float:
    """Return which share of the reads during the fault was answered."""
    begin, end = history.faults[0].begin + SETTLED_S, history.faults[0].end
    reads = [one for op in history.ops if op.kind == READ for one in op.tries]
    meant = [one for one in reads if begin < one.begin < end]
    return sum(one.outcome == DONE for one in meant) / len(meant)


def _back(history: History) -> float:
    """Return how long after the fault the first write was acknowledged, in seconds."""
    over = history.faults[0].end
    return min(one.end for one in _answers(history, reads=False) if one.end > over) - over


def _answers(history: History, *, reads: bool) -> Iterator[Try]:
    """Yield what was answered as done."""
    for op in history.ops:
        if (op.kind == READ) is reads:
            yield from (one for one in op.tries if one.outcome == DONE)


ROWS = (Row("parted", parted), Row("outage", outage))
