"""Rows: how much the simulations, the model and the matrix try, how long they take, and what they find."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import CannotMeasure, Row, at_most, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figures import Figure, Setting

PLANES, OPERATIONS = 1000, 2000
_SEEDS = re.compile(
    r"(?P<tried>\d+) simulated minutes.* in (?P<took>\d+) s:.* (?P<failed>no|\d+) seeds"
)
_CELLS = re.compile(
    r"^matrix: (?P<tried>\d+) of (?P<all>\d+) cells in (?P<took>\d+) s", re.MULTILINE
)
_BROKEN = re.compile(r"^FAILED tests/matrix/", re.MULTILINE)


def planes(_setting: Setting) -> Sequence[Figure]:
    """A thousand seeds of whole planes under all faults, in virtual time, once."""
    took, failed = _simulated("tests.simulation.run", PLANES)
    return [
        at_most(f"{PLANES:,} seeds of whole planes, on all cores", [took], 240, form="{:.0f} s"),
        at_most("the same: seeds in which a promise was broken", [failed], 0, form="{:.0f}"),
    ]


def model(setting: Setting) -> Sequence[Figure]:
    """The model of the journal, explored exhaustively within its small bounds."""
    rounds = []
    for _ in range(setting.rounds):
        began = time.perf_counter()
        status, said = _run("-m", "tests.protocol.explore")
        rounds.append(time.perf_counter() - began)
        if status:
            raise CannotMeasure(said)
    what = "the model of the journal, small bounds, and each rule left out in turn"
    return [at_most(what, rounds, 20, form="{:.1f} s")]


def interrupted_work(_setting: Setting) -> Sequence[Figure]:
    """Masters that end at every moment of every phase, on real servers, and in 2,000 simulated minutes."""
    took, failed = _simulated("tests.simulation.operations", OPERATIONS)
    status, said = _run(
        "-m", "pytest", "tests/matrix", "-n", "2", "--dist", "loadgroup", MATRIX="all"
    )
    cells, broken = _CELLS.search(said), len(_BROKEN.findall(said))
    if cells is None or (status and not broken):
        raise CannotMeasure(said)
    what = f"{OPERATIONS:,} seeds of operations"
    return [
        at_most(f"{what}: in which a step was done twice or lost", [failed], 0, form="{:.0f}"),
        told("the same, on all cores", [took], form="{:.0f} s"),
        at_most(
            f"{cells['tried']} of {cells['all']} cells of the matrix, and the suspects: not done once",
            [broken], 0, form="{:.0f}",
        ),
        told("the same, two at a time", [float(cells["took"])], form="{:.0f} s"),
    ]  # fmt: skip


def _simulated(module: str, seeds: int) -> tuple[float, float]:
    """Return how many seconds so many seeds took, and how many of them failed."""
    _, said = _run("-m", module, str(seeds))
    found = _SEEDS.search(said)
    if found is None or int(found["tried"]) != seeds:
        raise CannotMeasure(said)
    return float(found["took"]), 0.0 if found["failed"] == "no" else float(found["failed"])


def _run(*words: str, **variables: str) -> tuple[int, str]:
    """Run a program of the tests to its end; return its status and what it said."""
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=Path(__file__).parents[1], env=os.environ | variables,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


ROWS = (Row("planes", planes), Row("model", model), Row("interrupted-work", interrupted_work))
