"""Running many seeds on all cores, telling of those that fail, and one again to look at it."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import multiprocessing
import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a seed.

    Attributes:
        seed: Which.
        violations: What went wrong, first things first.
        transcript: What happened.
        epochs: Masterships.
    """

    seed: int
    violations: tuple[str, ...]
    transcript: str
    epochs: int


V = TypeVar("V", bound=Verdict)


class Seeds:
    """The seeds that somebody asks for.

    Args:
        module: That is asked, as ``python -m`` names it.
        description: Of what a seed is.
    """

    def __init__(self, module: str, description: str) -> None:
        self._module = module
        self.parser = argparse.ArgumentParser(description=description)
        self.parser.add_argument("seeds", type=int, nargs="?", default=100, help="how many")
        self.parser.add_argument("--first", type=int, default=0, help="the first of them")
        self.parser.add_argument("--seed", type=int, help="only this one, with its transcript")
        self.parser.add_argument("--shown", type=int, default=3, help="transcripts of failures")

    def run(self, asked: argparse.Namespace, run_seed: Callable[[int], V]) -> Iterator[V]:
        """Yield what comes of each seed that was asked for, and print what should be seen of it."""
        if asked.seed is not None:
            verdict = run_seed(asked.seed)
            print(verdict.transcript)
            print(self._summary(verdict))
            yield verdict
            return
        failed = 0
        # Spawned, so that nothing of this process matters; some memory of each run stays with it.
        # What is imported by then is no garbage, and need not be looked through at the end of each.
        context = multiprocessing.get_context("spawn")
        with context.Pool(os.cpu_count(), gc.freeze, maxtasksperchild=100) as pool:
            every = range(asked.first, asked.first + asked.seeds)
            for verdict in pool.imap(run_seed, every, chunksize=5):
                if verdict.violations:
                    failed += 1
                    print(verdict.transcript if failed <= asked.shown else "")
                    print(self._summary(verdict), flush=True)
                yield verdict

    def _summary(self, verdict: Verdict) -> str:
        """Return what came of a seed, and how to see it again."""
        what = "".join(f"\n    {one}" for one in verdict.violations) or " nothing wrong"
        again = f"python -m {self._module} --seed {verdict.seed}"
        return f"seed {verdict.seed}:{what}\n    again: {again}"
