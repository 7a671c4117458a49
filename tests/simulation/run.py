"""Runs many seeds on all cores, and one again to look at it.

python -m tests.simulation.run 1000             # seeds 0 to 999
python -m tests.simulation.run 100 --first 5000
python -m tests.simulation.run --seed 4711      # one seed, with its transcript
python -m tests.simulation.run 100 --store s3   # all on one kind of store; see `models`
python -m tests.simulation.run 100 --without keep_fences
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation.minute import run_seed
from tests.simulation.models import MODELS, model_named
from tests.simulation.seeds import Seeds

from brookline.journal.rules import ALL_RULES, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return 0 if nothing went wrong."""
    seeds = Seeds("tests.simulation.run", "Run planes under a nemesis, one minute a seed.")
    names = [field.name for field in dataclasses.fields(Rules)]
    seeds.parser.add_argument("--without", choices=names, help="switch a protective rule off")
    stores = [model.name for model in MODELS]
    seeds.parser.add_argument("--store", choices=stores, help="how the store answers")
    asked = seeds.parser.parse_args(arguments)
    rules = dataclasses.replace(ALL_RULES, **({asked.without: False} if asked.without else {}))
    store = model_named(asked.store) if asked.store else None
    one = functools.partial(run_seed, rules=rules, store=store)
    began = time.perf_counter()
    seen: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for verdict in seeds.run(asked, one):
        kinds[verdict.store] += 1
        seen.update(writes=verdict.acknowledged, epochs=verdict.epochs, minutes=1)
        seen.update(failed=bool(verdict.violations))
    took = time.perf_counter() - began
    print(
        f"{seen['minutes']} simulated minutes in {took:.0f} s: {seen['writes']:,} writes acknowledged,"
        f" {seen['epochs']:,} masterships, {seen['failed'] or 'no'} seeds failed"
    )
    print("stores: " + ", ".join(f"{name} {kinds[name]}" for name in stores if kinds[name]))
    return bool(seen["failed"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
