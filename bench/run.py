"""The figures: what the product takes and gives on this machine, against what it should.

    make bench                              # all rows, medians of five: half an hour
    .venv/bin/python bench/run.py --list
    .venv/bin/python bench/run.py --only start --only kill --rounds 3

A run records what it measured in figures.json and in the table of README.md; rows that were not asked for
keep what they had. The exit status is 1 if a target was missed, or a row could not be measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # for `bench` itself; it is a folder of the project, not installed

import argparse  # noqa: E402
import tempfile  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from bench.figures import CannotMeasure, Setting, table  # noqa: E402

from bench import (  # noqa: E402
    console,
    events,
    failover,
    faults,
    growth,
    guard,
    journal,
    large_pages,
    losses,
    machine,
    operations,
    probes,
    proofs,
    rates,
    record,
    repeats,
    sizes,
    startup,
    stores,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figures import Figure, Row

ROWS: tuple[Row, ...] = (
    *startup.ROWS,
    *journal.ROWS,
    *operations.ROWS,
    *guard.ROWS,
    *rates.ROWS,
    *sizes.ROWS,
    *growth.ROWS,
    *failover.ROWS,
    *probes.ROWS,
    *losses.ROWS,
    *repeats.ROWS,
    *events.ROWS,
    *stores.ROWS,
    *faults.ROWS,
    *console.ROWS,
    *large_pages.ROWS,
    *proofs.ROWS,
)


def main() -> int:
    chosen = _arguments()
    if chosen.list:
        print("\n".join(f"{row.name:18} {row.about}" for row in ROWS))
        return 0
    rows = [row for row in ROWS if not chosen.only or row.name in chosen.only]
    figures: list[Figure] = []
    lacking: list[str] = []
    with tempfile.TemporaryDirectory(prefix="brookline-bench-", dir=chosen.folder) as name:
        setting = Setting(Path(name), chosen.rounds)
        described = machine.describe(setting.folder)
        print(", ".join(described.values()), flush=True)
        try:
            for row in rows:
                figures += _measured(row, setting, described if chosen.record else None, lacking)
        finally:
            print(table(figures))
            print("".join(f"\n{lack}" for lack in lacking), end="")
    if chosen.record:
        record.renew_readme([row.name for row in ROWS])
    return 1 if lacking or any(figure.met is False for figure in figures) else 0


def _measured(
    row: Row, setting: Setting, described: dict[str, str] | None, lacking: list[str]
) -> Sequence[Figure]:
    """Measure a row, and record it if the machine is described; note what is lacking for it."""
    load = machine.load()
    print(f"{row.name} … (load {load})", file=sys.stderr, flush=True)
    try:
        figures = row.measure(setting)
    except CannotMeasure as lack:
        lacking.append(f"{row.name} was not measured: {lack}")
        return ()
    if described is not None:
        record.keep(row.name, figures, load=load, described=described)
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = [row.name for row in ROWS]
    parser.add_argument("--only", action="append", choices=names, help="this row; several times")
    parser.add_argument("--rounds", type=int, default=5, help="of each row; medians are shown")
    parser.add_argument(
        "--folder", type=Path, help="on the disk to measure; else for temporary files"
    )
    parser.add_argument("--list", action="store_true", help="show the names of the rows")
    parser.add_argument(
        "--no-record", dest="record", action="store_false", help="leave figures.json as it is"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
