"""Runs many seeds of operations on all cores, and one again to look at it.

python -m tests.simulation.operations 1000             # seeds 0 to 999
python -m tests.simulation.operations 100 --first 5000
python -m tests.simulation.operations --seed 4711      # one seed, with its transcript
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation.operations.minute import run_seed
from tests.simulation.seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEEN = ("steps", "epochs", "waits", "given_up")


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return 0 if nothing went wrong."""
    seeds = Seeds("tests.simulation.operations", "Run operations on planes under a nemesis.")
    asked = seeds.parser.parse_args(arguments)
    began = time.perf_counter()
    ended: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for verdict in seeds.run(asked, run_seed):
        ended.update(verdict.ended)
        seen.update({name: getattr(verdict, name) for name in _SEEN})
        seen.update(minutes=1, failed=bool(verdict.violations))
    took = time.perf_counter() - began
    ends = ", ".join(f"{count:,} {end}" for end, count in ended.most_common())
    print(
        f"{seen['minutes']} simulated minutes of operations in {took:.0f} s: {seen['steps']:,} steps"
        f" begun in {seen['epochs']:,} masterships, {seen['waits']:,} waits for machines out of reach,"
        f" {seen['given_up']:,} commands given up there; operations: {ends};"
        f" {seen['failed'] or 'no'} seeds failed"
    )
    return bool(seen["failed"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
