"""What was measured, kept: figures.json for machines, the table of README.md for people."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).resolve().parent
FIGURES, README = HERE / "figures.json", HERE / "README.md"
BEGIN, END = "<!-- figures: written by run.py -->", "<!-- end of figures -->"


def keep(row: str, figures: Sequence[Figure], *, load: str, described: Mapping[str, str]) -> None:
    """Put a row's figures in the place of those of before."""
    kept = _kept()
    kept["machine"] = dict(described)
    kept.setdefault("rows", {})[row] = {
        "measured": dt.datetime.now(dt.UTC).date().isoformat(),
        "load": load,
        "figures": [dataclasses.asdict(figure) for figure in figures],
    }
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def renew_readme(order: Sequence[str]) -> None:
    """Write the table of all figures that are kept into the README."""
    kept = _kept()
    rows: dict[str, Any] = kept["rows"]
    figures = [
        Figure(**{**figure, "rounds": tuple(figure["rounds"])})
        for name in order
        if name in rows
        for figure in rows[name]["figures"]
    ]
    where = ", ".join(kept["machine"].values())
    text = README.read_text()
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{where}\n\n```\n{table(figures)}\n```\n{END}{after}")


def _kept() -> dict[str, Any]:
    return json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
