"""Runs of the lab, one after the other, until the time is over or one finds something.

    python -m tests.lab.soak --minutes N [--store NAME] [--seed N] [--folder DIR]

Each run has a seed of its own, counted up from the first, which is random unless it is given.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.lab.history import DONE, READ, History, load

RUN_MINUTES = 10.0


def main() -> int:
    """Run; return 1 if a run found something."""
    given = parse()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="brookline-soak-"))
    ends = time.monotonic() + given.minutes * 60
    totals: Counter[str] = Counter()
    seed, bad = given.seed, 0
    while (left := (ends - time.monotonic()) / 60) > 0.2:
        run_folder = folder / str(seed)
        command = [
            sys.executable, "-m", "tests.lab", "--seed", str(seed), "--store", given.store,
            "--minutes", str(min(left, RUN_MINUTES)), "--folder", str(run_folder),
        ]  # fmt: skip
        bad = subprocess.run(command, check=False).returncode
        if (run_folder / "history.json").exists():
            totals += counted(load(run_folder / "history.json"))
        if bad:
            break
        seed += 1
    told = ", ".join(f"{count:,} {what}" for what, count in totals.items())
    sys.stdout.write(f"soak on {given.store}: {told}; {'FAILED' if bad else 'all kept'}\n")
    return 1 if bad else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--store", default="directory")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def counted(history: History) -> Counter[str]:
    """Return what is told of a run in the sum over all."""
    return Counter(
        {
            "runs": 1,
            "faults": len(history.faults),
            "epochs": max((entry.epoch for entry in history.log), default=0),
            "writes acknowledged": sum(o.outcome == DONE for o in history.ops if o.kind != READ),
            "reads": sum(o.outcome == DONE for o in history.ops if o.kind == READ),
            "commands run": len(history.ran),
        }
    )


if __name__ == "__main__":
    sys.exit(main())
