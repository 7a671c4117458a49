"""Runs many seeds on all cores, and one again to look at it.

python -m tests.simulation.run 1000             # seeds 0 to 999
python -m tests.simulation.run 100 --first 5000
python -m tests.simulation.run --seed 4711      # one seed, with its transcript
python -m tests.simulation.run 100 --without keep_fences
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import multiprocessing
import os
import sys
import time
from typing import TYPE_CHECKING

from tests.simulation.minute import Verdict, run_seed

from brookline.journal.rules import ALL_RULES, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3
"""Failing seeds whose transcripts are printed; the others are only named."""


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(description="Run planes under a nemesis, one minute a seed.")
    parser.add_argument("seeds", type=int, nargs="?", default=100, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its transcript")
    names = [field.name for field in dataclasses.fields(Rules)]
    parser.add_argument("--without", choices=names, help="switch a protective rule off")
    asked = parser.parse_args(arguments)
    rules = dataclasses.replace(ALL_RULES, **({asked.without: False} if asked.without else {}))
    if asked.seed is not None:
        verdict = run_seed(asked.seed, rules)
        print(verdict.transcript)
        print(summary(verdict))
        return bool(verdict.violations)
    return run_many(range(asked.first, asked.first + asked.seeds), rules)


def run_many(seeds: Sequence[int], rules: Rules) -> int:
    """Run seeds on all cores, tell of those that fail, and return 0 if none does."""
    began, failed, writes, epochs = time.perf_counter(), 0, 0, 0
    # Spawned, so that nothing of this process matters; some memory of each run stays with it.
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=100) as pool:
        for verdict in pool.imap(functools.partial(run_seed, rules=rules), seeds, chunksize=5):
            writes += verdict.acknowledged
            epochs += verdict.epochs
            if verdict.violations:
                failed += 1
                print(verdict.transcript if failed <= _SHOWN else "")
                print(summary(verdict), flush=True)
    took = time.perf_counter() - began
    print(
        f"{len(seeds)} simulated minutes in {took:.0f} s: {writes:,} writes acknowledged,"
        f" {epochs:,} masterships, {failed or 'no'} seeds failed"
    )
    return bool(failed)


def summary(verdict: Verdict) -> str:
    """Return what came of a seed, and how to see it again."""
    what = "".join(f"\n    {violation}" for violation in verdict.violations) or " nothing wrong"
    return f"seed {verdict.seed}:{what}\n    again: python -m tests.simulation.run --seed {verdict.seed}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
