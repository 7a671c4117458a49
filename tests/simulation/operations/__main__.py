"""Runs many seeds of operations on all cores, and one again to look at it.

python -m tests.simulation.operations 1000             # seeds 0 to 999
python -m tests.simulation.operations 100 --first 5000
python -m tests.simulation.operations --seed 4711      # one seed, with its transcript
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation.operations.minute import Verdict, run_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3
"""Failing seeds whose transcripts are printed; the others are only named."""


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(description="Run operations on planes under a nemesis.")
    parser.add_argument("seeds", type=int, nargs="?", default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its transcript")
    parser.add_argument("--shown", type=int, default=_SHOWN, help="transcripts that are printed")
    asked = parser.parse_args(arguments)
    if asked.seed is not None:
        verdict = run_seed(asked.seed)
        print(verdict.transcript)
        print(summary(verdict))
        return bool(verdict.violations)
    return run_many(range(asked.first, asked.first + asked.seeds), asked.shown)


def run_many(seeds: Sequence[int], shown: int = _SHOWN) -> int:
    """Run seeds on all cores, tell of those that fail, and return 0 if none does."""
    began, failed, steps, epochs = time.perf_counter(), 0, 0, 0
    ended: Counter[str] = Counter()
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=100) as pool:
        for verdict in pool.imap(run_seed, seeds, chunksize=5):
            steps, epochs = steps + verdict.steps, epochs + verdict.epochs
            ended.update(verdict.ended)
            if verdict.violations:
                failed += 1
                print(verdict.transcript if failed <= shown else "")
                print(summary(verdict), flush=True)
    took = time.perf_counter() - began
    ends = ", ".join(f"{count:,} {end}" for end, count in ended.most_common())
    print(
        f"{len(seeds)} simulated minutes of operations in {took:.0f} s: {steps:,} steps begun in"
        f" {epochs:,} masterships; operations: {ends}; {failed or 'no'} seeds failed"
    )
    return bool(failed)


def summary(verdict: Verdict) -> str:
    """Return what came of a seed, and how to see it again."""
    what = "".join(f"\n    {violation}" for violation in verdict.violations) or " nothing wrong"
    again = f"python -m tests.simulation.operations --seed {verdict.seed}"
    return f"seed {verdict.seed} of operations:{what}\n    again: {again}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
